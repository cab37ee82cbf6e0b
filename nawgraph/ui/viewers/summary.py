"""A value in one line, and in a few."""

from __future__ import annotations

import math
from functools import singledispatch
from typing import Any

from nawgraph.values import (
    Audio,
    Curve,
    Embedding,
    Grid,
    Latents,
    Mask,
    ModelRef,
    Prompt,
    Score,
    Stems,
    Tokens,
    type_name,
)

LONGEST_MEASURED = 1200
"""Seconds up to which a summary measures loudness (about 8 ms a second of stereo sound)."""

_CHANNELS = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}
_MOST_LINES = 12


@singledispatch
def summary(value: Any, *, loudness: bool = True) -> str:
    """One line: ``stereo, 44.1 kHz, 16.00 s, −14.2 LUFS``. Loudness takes time: leave it out on the main thread."""
    return type_name(value)


@summary.register
def _(value: Audio, *, loudness: bool = True) -> str:
    channels = _CHANNELS.get(value.channels, f"{value.channels} channels")
    words = [channels, _rate(value.rate), _seconds(value.seconds)]
    return ", ".join(words + ([_loudness(value)] if loudness and value.seconds <= LONGEST_MEASURED else []))


@summary.register
def _(value: Stems, *, loudness: bool = True) -> str:
    return f"{' · '.join(value.names)}, {_rate(value.rate)}, {_seconds(value.seconds)}"


@summary.register
def _(value: Score, *, loudness: bool = True) -> str:
    from nawgraph.music.theory import key_name

    notes = sum(len(part.notes) for part in value.parts)
    words = [f"{_bpm(value.bpm)} bpm", str(value.grid.meter_at(0)), _count(value.bars, "bar"), _count(notes, "note")]
    if value.keys:
        words.insert(2, key_name(value.keys[0]))
    return ", ".join(words)


@summary.register
def _(value: Grid, *, loudness: bool = True) -> str:
    tempi = {tempo.bpm for tempo in value.tempi}
    bpm = _bpm(min(tempi)) if len(tempi) == 1 else f"{_bpm(min(tempi))}–{_bpm(max(tempi))}"
    swing = "" if value.swing == 500 else f", swing {value.swing / 10:g} %"
    meters = " ".join(dict.fromkeys(str(meter) for meter in value.meters))
    return f"{bpm} bpm, {meters}, {_count(value.bars, 'bar')}, {_seconds(float(value.duration))}{swing}"


@summary.register
def _(value: Prompt, *, loudness: bool = True) -> str:
    more = len(value.keyframes) - 1
    return _shortened(value.text) + (f" (+{_count(more, 'keyframe')})" if more else "")


@summary.register
def _(value: Curve, *, loudness: bool = True) -> str:
    rows, frames = value.data.shape
    shape = f"{rows} × {frames}" if rows > 1 else str(frames)
    return f"{value.kind}, {shape} frames, {value.frame_rate:g} Hz, {_seconds(frames / value.frame_rate)}"


@summary.register
def _(value: Latents, *, loudness: bool = True) -> str:
    rows = "+".join(dict.fromkeys(str(d.shape[0]) for d in value.data))
    frames = value.data[0].shape[1]
    return f"{value.space}, {_count(len(value.names), 'stem')}, {rows} × {frames}, {value.frame_rate:g} Hz"


@summary.register
def _(value: Tokens, *, loudness: bool = True) -> str:
    stems, _, books, frames = value.codes.shape
    return f"{value.space}, {_count(stems, 'stem')}, {_count(books, 'codebook')}, {_count(frames, 'frame')}"


@summary.register
def _(value: Mask, *, loudness: bool = True) -> str:
    stems, bands, frames = value.data.shape
    part = 100 * float(value.data.mean()) if value.data.size else 0.0
    return f"{part:.0f} % anew, {_count(stems, 'stem')}, {_count(bands, 'band')}, {_seconds(frames / value.frame_rate)}"


@summary.register
def _(value: Embedding, *, loudness: bool = True) -> str:
    return f"{value.space}, {_count(len(value.vector), 'dimension')}"


@summary.register
def _(value: ModelRef, *, loudness: bool = True) -> str:
    return f"{value.kind} {value.name}" + (f" @ {value.revision[:12]}" if value.revision else "")


@summary.register
def _(value: bool, *, loudness: bool = True) -> str:
    return "on" if value else "off"


@summary.register(int)
@summary.register(float)
def _(value: float, *, loudness: bool = True) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


@summary.register
def _(value: str, *, loudness: bool = True) -> str:
    return _shortened(value) if value.strip() else "empty text"


@summary.register
def _(value: tuple, *, loudness: bool = True) -> str:  # type: ignore[type-arg]
    if not value:
        return "empty list"
    if len(value) <= 4 and all(isinstance(item, (bool, int, float, str)) for item in value):
        return ", ".join(summary(item) for item in value)
    return f"{type_name(value)} of {len(value)}"


def lines_of(value: Any) -> tuple[str, ...]:
    """A value in a few lines, the most important first, for a viewer of text."""
    if isinstance(value, str):
        return tuple(value.splitlines()[:_MOST_LINES]) or ("",)
    if isinstance(value, Prompt):
        frames = value.keyframes
        if len(frames) == 1:
            return (frames[0].text,)
        return tuple(f"bar {k.bar + 1:g}: {k.text}" for k in frames[:_MOST_LINES])
    if isinstance(value, tuple):
        shown = [f"{i}  {summary(item, loudness=False)}" for i, item in enumerate(value[: _MOST_LINES - 1], 1)]
        left = len(value) - len(shown)
        return (*shown, *([f"… {left} more"] if left else [])) or ("empty list",)
    if isinstance(value, Grid):
        return (summary(value), *(f"{_bpm(t.bpm)} bpm from bar {value.bar_at(t.tick)[0] + 1}" for t in value.tempi[1:]))
    return (summary(value),)


def _rate(rate: int) -> str:
    return f"{rate / 1000:g} kHz"


def _seconds(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.2f} s"
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d} min"


def _loudness(audio: Audio) -> str:
    from nawgraph.audio.loudness import integrated

    try:
        lufs = integrated(audio.samples, audio.rate)
    except ValueError:
        return "not a number somewhere"
    return "silence" if math.isinf(lufs) else f"{lufs:.1f} LUFS".replace("-", "−")


def _bpm(bpm: float) -> str:
    return f"{bpm:.3f}".rstrip("0").rstrip(".")


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'s' * (n != 1)}"


def _shortened(text: str, most: int = 80) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"
