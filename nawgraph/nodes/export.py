"""Exporters: what leaves the graph as files. The document that made a sound file is embedded in it."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path
from typing import Annotated

from nawgraph.context import Context
from nawgraph.hints import Choice, Range, Seed, Text
from nawgraph.node import node
from nawgraph.values import Audio, Score, Stems

Format = Annotated[str, Choice("wav", "flac", "ogg", "opus", "mp3")]
Bits = Annotated[str, Choice("24", "16", "32-float")]
Quality = Annotated[float, Range(0, 1)]
Name = Annotated[str, Text(limit=500)]

_UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]+')
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
"""What Windows takes for a device, whatever follows the dot."""


def safe_name(text: str, otherwise: str = "Untitled") -> str:
    """A file name that every system takes: letters, digits, signs and emoji, no separators, at most 120 bytes."""
    kept = "".join(c for c in unicodedata.normalize("NFC", text) if unicodedata.category(c)[0] in "LMNPZS")
    name = _UNSAFE.sub("-", kept).strip(" .-")
    name = name.encode()[:120].decode("utf-8", "ignore").strip(" .-") or otherwise
    return f"_{name}" if _DEVICE.fullmatch(name) else name


def song_name(name: str, score: Score | None) -> str:
    """``Song_084bpm_Dmin``: name (or the score's title), tempo and key at the beginning."""
    title = safe_name(name or (score.title if score else ""), "Song").replace(" ", "_")
    if score is None:
        return title
    from nawgraph.music.theory import is_minor, note_name, uses_flats

    parts = [title, f"{round(score.grid.tempi[0].bpm):03d}bpm"]
    if score.keys:
        key = score.keys[0]
        parts.append(note_name(key.tonic, uses_flats(key)).replace("♭", "b").replace("♯", "#").replace("#", "s"))
        parts[-1] += "min" if is_minor(key.mode) else "maj"
    return "_".join(parts)


@node("export.mix", title="Export sound", needs="io", aliases=("save", "write", "bounce", "mixdown"))
def mix(
    audio: Audio,
    score: Score | None,
    *,
    name: Name = "",
    format: Format = "wav",
    bits: Bits = "24",
    quality: Quality = 0.8,
    dither_seed: Annotated[int, Seed()] = 0,
    ctx: Context,
) -> None:
    """Write a sound into the output folder, whole or not at all; the graph that made it is embedded.

    With a score wired the file is called like ``Song_084bpm_Dmin_Mix.wav``, else `name` (``Untitled_Mix`` if that is
    empty). `bits` is for WAV and FLAC (16 bit is dithered), `quality` for OGG, Opus and MP3.
    """
    stem = f"{song_name(name, score)}_Mix" if score else safe_name(name, "Untitled_Mix")
    _write(audio, stem, format, bits, quality, dither_seed, ctx)


@node("export.stems", title="Export stems", needs="io", aliases=("save", "write", "tracks", "multitrack"))
def stems(
    stems: Stems,
    score: Score | None,
    *,
    name: Name = "",
    format: Format = "wav",
    bits: Bits = "24",
    quality: Quality = 0.8,
    dither_seed: Annotated[int, Seed()] = 0,
    manifest: bool = True,
    ctx: Context,
) -> None:
    """Write every stem as a file of its own: same start, same number of samples, tails kept.

    Names are like ``Song_084bpm_Dmin_01_Drums.wav``. `manifest` adds a JSON file with tempo, key, form, seed, and the
    length and loudness of each stem.
    """
    from nawgraph.audio.check import signal
    from nawgraph.audio.loudness import integrated, true_peak

    for stem, audio in stems:  # all of them before the first file, so that none is written when one is broken
        signal(audio.samples, audio.rate, f"the stem {stem}")
    song = song_name(name, score)
    rows = []
    for number, (stem, audio) in ctx.steps(list(enumerate(stems, 1)), "writing"):
        path = _write(audio, f"{song}_{number:02d}_{stem.capitalize()}", format, bits, quality, dither_seed, ctx)
        rows.append(
            {
                "stem": stem,
                "file": path.name,
                "samples": audio.frames,
                "rate": audio.rate,
                "channels": audio.channels,
                "lufs": _finite(integrated(audio.samples, audio.rate)),
                "true_peak_dbtp": _finite(true_peak(audio.samples, audio.rate)),
            }
        )
    if manifest:
        text = json.dumps({**_facts(score), "stems": rows}, ensure_ascii=False, indent=2) + "\n"
        _save(text.encode(), f"{song}_manifest.json", ctx)


@node("export.midi", title="Export MIDI", needs="io", aliases=("save", "write", "notes"))
def midi(score: Score, *, name: Name = "", performed: bool = True, ctx: Context) -> None:
    """Write a score as a MIDI file (type 1): tempo, meter, key, sections as markers, one track a part.

    `performed` writes swing and humanised timing as they sound; without it the notes lie on the straight grid.
    """
    from nawgraph.music.midi import to_midi

    _save(to_midi(score, performed), f"{song_name(name, score)}.mid", ctx)


@node("export.text", title="Export text", needs="io", aliases=("save", "write", "notes"))
def text(text: str, *, name: Name = "Notes", ctx: Context) -> None:
    """Write a text into the output folder."""
    _save(text.encode() + b"\n" * (not text.endswith("\n")), f"{safe_name(name)}.txt", ctx)


def _write(audio: Audio, stem: str, format: str, bits: str, quality: float, seed: int, ctx: Context) -> Path:
    from nawgraph.audio.files import write

    if format == "flac" and bits == "32-float":
        raise ValueError("FLAC has no 32-float: choose 24 bits, or WAV")
    subtype = bits if format in ("wav", "flac") else None
    path = ctx.claim(f"{stem}.{format}")
    ctx.check()
    write(path, audio, format, subtype, quality=quality, seed=seed, text=ctx.provenance or None)
    ctx.wrote(path)
    return path


def _save(data: bytes, name: str, ctx: Context) -> None:
    from nawgraph.audio.files import save

    path = ctx.claim(name)
    save(path, data)
    ctx.wrote(path)


def _facts(score: Score | None) -> dict[str, object]:
    """What a manifest says of the song as a whole."""
    if score is None:
        return {}
    from nawgraph.music.theory import key_name

    grid = score.grid
    return {
        "title": score.title,
        "style": score.style,
        "seed": score.seed,
        "bpm": grid.tempi[0].bpm,
        "meter": f"{grid.meters[0].beats}/{grid.meters[0].unit}",
        "bars": grid.bars,
        "keys": [{"bar": key.bar + 1, "key": key_name(key)} for key in score.keys],
        "form": [{"bar": s.bar + 1, "bars": s.bars, "section": s.kind} for s in score.sections],
    }


def _finite(level: float) -> float | None:
    """A level for JSON, which has no infinity: silence is null."""
    return round(level, 2) if abs(level) < 1e6 else None
