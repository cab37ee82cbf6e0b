"""Annotations of a folder of recordings: tempo, bars, key, chords, sections, loudness, tags, a caption, an embedding.

One JSON object a line, in the order of the files' names. A line is written when its file is done, so that an
interrupted run loses one file's work at most; files that have not changed since are not heard again.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nawgraph.audio.annotations import lines
from nawgraph.audio.files import read
from nawgraph.audio.key import key
from nawgraph.audio.loudness import integrated
from nawgraph.context import Context
from nawgraph.models import loaders
from nawgraph.music.theory import chord_name, key_name, uses_flats
from nawgraph.nodes import annotate, clap, song
from nawgraph.nodes.audio import SOUND_FILES
from nawgraph.values import Audio, Embedding, Key, ModelRef, Prompt, Score

TAGS = 6
"""Tags that a file gets."""


@dataclass
class Tally:
    """How many files were annotated, were there already, could not be read."""

    done: int = 0
    kept: int = 0
    bad: int = 0


class Annotator:
    """Hears files. Models are loaded once."""

    def __init__(self) -> None:
        self._models: dict[ModelRef, Any] = {}

    @contextmanager
    def _lend(self, ref: ModelRef) -> Iterator[Any]:
        if ref not in self._models:
            self._models[ref] = loaders.load(ref)
        yield self._models[ref]

    def heard(self, audio: Audio) -> dict[str, Any]:
        """All that is known of a sound; what cannot be found is null, with a sentence in ``notes``."""
        ctx = Context(lend=self._lend)
        found: dict[str, Any] = {
            "seconds": round(audio.seconds, 3), "rate": audio.rate, "channels": audio.channels,
            "lufs": _finite(integrated(audio.samples, audio.rate)), "tempo": None, "confidence": None, "meter": None,
            "bars": [], "key": None, "chords": [], "sections": [], "tags": [], "caption": None, "space": None,
            "embedding": None,
        }  # fmt: skip
        notes: list[str] = []
        for hear in (self._hear_music, self._hear_words):
            try:
                hear(audio, found, ctx)
            except ValueError as error:
                notes.append(str(error))
        return {**found, "notes": notes + ctx.warnings}

    def _hear_music(self, audio: Audio, found: dict[str, Any], ctx: Context) -> None:
        tonic = key(audio.samples, audio.rate)
        if tonic is not None:
            found["key"] = key_name(Key(0, tonic.tonic, tonic.mode))
        tracked = song.grid(audio, ctx=ctx)
        grid = tracked.grid
        found |= {
            "tempo": round(tracked.bpm, 2), "confidence": round(tracked.confidence, 3),
            "meter": str(grid.meter_at(grid.bars // 2)), "bars": [_time(grid.seconds(int(t))) for t in grid.bar_starts],
        }  # fmt: skip
        score = song.sections(audio, song.chords(audio, grid, ctx=ctx), ctx=ctx)
        found |= {"key": key_name(score.keys[0]), "chords": _chords(score), "sections": _sections(score)}

    def _hear_words(self, audio: Audio, found: dict[str, Any], ctx: Context) -> None:
        embedding: Embedding = clap.audio(audio, ctx=ctx)
        said = [f"{found['tempo']:.0f} bpm"] if found["tempo"] else []
        said += [found["key"]] if found["key"] else []
        prompt = Prompt.of(", ".join(said)) if said else None
        found |= {
            "tags": annotate.tags(embedding, count=TAGS, ctx=ctx).items,
            "caption": clap.prompt_(embedding, prompt, ctx=ctx).text,
            "space": embedding.space,
            "embedding": [round(float(v), 5) for v in embedding.vector],
        }


def _finite(value: float) -> float | None:
    return round(value, 2) if math.isfinite(value) and value > -200 else None


def _time(seconds: Any) -> float:
    return round(float(seconds), 3)


def _chords(score: Score) -> list[dict[str, Any]]:
    flats = uses_flats(score.keys[0])
    return [{"at": _time(score.grid.seconds(c.start)), "chord": chord_name(c, flats)} for c in score.chords]


def _sections(score: Score) -> list[dict[str, Any]]:
    return [
        {
            "at": _time(score.grid.seconds(score.grid.bar_start(s.bar))),
            "kind": s.kind,
            "label": s.label,
            "bars": s.bars,
            "energy": s.energy,
        }
        for s in score.sections
    ]


def sounds(folder: Path) -> list[Path]:
    """The sound files of a folder and of the folders in it, by name; hidden ones are left out.

    Raises:
        ValueError: there is no such folder, or no sound in it.
    """
    if not folder.is_dir():
        raise ValueError(f"{folder} is no folder")
    kinds = {f".{kind}" for kind in (*SOUND_FILES, "oga", "wave")}
    found = [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in kinds
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]
    if not found:
        raise ValueError(f"{folder} holds no sound files")
    return found


def write(folder: Path, out: Path, say: Callable[[str], None] = print) -> Tally:
    """Annotate all sound files of a folder into a file of annotations; go on where an earlier run stopped.

    Files that cannot be read get a line with their ``error``, and a sentence is said.

    Raises:
        ValueError: no such folder, no sound in it, or `out` cannot be written.
    """
    files = sounds(folder)
    done = _begun(out)
    annotator, tally = Annotator(), Tally()
    try:
        with out.open("ab") as stream:
            for number, path in enumerate(files, 1):
                name, stat = path.relative_to(folder).as_posix(), path.stat()
                stamp = {"bytes": stat.st_size, "modified": stat.st_mtime_ns}
                before = done.get(name)
                if before is not None and all(before.get(k) == v for k, v in stamp.items()):
                    tally.kept += 1
                    continue
                row = {"file": name, **stamp, **_line(annotator, path, tally, say)}
                stream.write(json.dumps(row, ensure_ascii=False, allow_nan=False).encode() + b"\n")
                stream.flush()
                say(f"{number} of {len(files)}: {name}")
    except OSError as error:
        raise ValueError(f"{out} cannot be written: {error.strerror}") from None
    _tidied(out, [path.relative_to(folder).as_posix() for path in files])
    return tally


def _line(annotator: Annotator, path: Path, tally: Tally, say: Callable[[str], None]) -> dict[str, Any]:
    try:
        found = annotator.heard(read(path))
    except ValueError as error:
        tally.bad += 1
        say(str(error))
        return {"error": str(error)}
    tally.done += 1
    return found


def _begun(out: Path) -> dict[str, dict[str, Any]]:
    """What an earlier run wrote, by file; a torn line at its end is cut off.

    Raises:
        ValueError: the file holds something else.
    """
    try:
        data = out.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ValueError(f"{out} cannot be read: {error.strerror}") from None
    rows = list(lines(data))
    if not rows and data.strip() and not data.lstrip().startswith(b'{"file"'):
        raise ValueError(f"{out} holds something else than annotations: choose another --out")
    end = rows[-1].end if rows else 0
    if end < len(data):
        with out.open("r+b") as stream:
            stream.truncate(end)
    return {row.data["file"]: row.data for row in rows}


def _tidied(out: Path, names: Sequence[str]) -> None:
    """Leave the newest line of each file that is there, in the order of the names."""
    data = out.read_bytes()
    begin, newest = 0, {}
    for row in lines(data):
        newest[row.data["file"]] = data[begin : row.end]
        begin = row.end
    wanted = b"".join(newest[name] for name in names if name in newest)
    if wanted != data:
        part = out.with_name(f".{out.name}.tmp")
        part.write_bytes(wanted)
        part.replace(out)
