"""Hear any wire: what of a value can be played, and what is said where nothing can."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import singledispatch
from typing import Any

import numpy as np

from nawgraph.values import Audio, Curve, Grid, Prompt, Score, Stems, Value, type_name
from nawgraph.values.signal import Float

PREVIEW_RATE = 22_050
"""Rate at which scores and curves are made audible: half the work, and enough to judge notes by."""

_LOUD = 0.25
_LOWEST, _OCTAVES = 110.0, 3.0


@dataclass(frozen=True, eq=False)
class Playable:
    """What of a value is heard.

    Attributes:
        sound: what to give to a player, None for nothing.
        sentence: what is heard, or why nothing is.
        grid: bars of it where the value knows them.
    """

    sound: Audio | Stems | None
    sentence: str
    grid: Grid | None = None


@singledispatch
def playable(value: Any) -> Playable:
    """What of a value is heard. Scores and curves are played first, which takes time: call it on a worker."""
    return Playable(None, f"{_with_article(type_name(value))} has no sound of its own")


@playable.register
def _(value: Audio) -> Playable:
    return Playable(value, "audio") if value.frames else Playable(None, "this audio has no samples")


@playable.register
def _(value: Stems) -> Playable:
    if not value.frames:
        return Playable(None, "these stems have no samples")
    return Playable(value, f"the mix of {', '.join(value.names)}")


@playable.register
def _(value: Score) -> Playable:
    if not any(part.notes for part in value.parts):
        return Playable(None, "this score has no notes")
    from nawgraph.synth import render

    try:
        stems = render(value, PREVIEW_RATE)
    except ValueError as error:
        return Playable(None, f"this score cannot be played: {error}")
    return Playable(stems, "the score on the built-in instruments", value.grid)


@playable.register
def _(value: Curve) -> Playable:
    if value.data.size == 0:
        return Playable(None, f"this {value.kind} curve is empty")
    clean = np.nan_to_num(value.data, nan=0.0, posinf=0.0, neginf=0.0)
    made, words = _VOICES.get(value.kind, _by_shape(clean))
    return Playable(Audio(made(clean, value.frame_rate)[None], PREVIEW_RATE), f"the {value.kind} curve as {words}")


@playable.register
def _(value: Prompt) -> Playable:
    return Playable(None, "a prompt is words: wire it to a planner to hear it")


@playable.register
def _(value: tuple) -> Playable:  # type: ignore[type-arg]
    for place, item in enumerate(value, 1):
        found = playable(item)
        if found.sound is not None:
            sentence = found.sentence if len(value) == 1 else f"number {place} of {len(value)}: {found.sentence}"
            return Playable(found.sound, sentence, found.grid)
    return Playable(None, "nothing in this list can be heard" if value else "this list is empty")


def _with_article(name: str) -> str:
    """``a float``, ``an int``, ``a list[str]``, ``these latents``."""
    if name.endswith("s") and name in {cls.__name__ for cls in Value.__subclasses__()}:
        return f"a value of {name}"
    return f"{'an' if name[:1].lower() in 'aeio' else 'a'} {name}"


# ------------------------------------------------------------------------------------- curves


def _clicks(data: Float, frame_rate: float) -> Float:
    """A click at every local maximum, as loud as it is high."""
    strength = _scaled(data.max(axis=0))
    padded = np.pad(strength, 1)
    at = np.flatnonzero((strength > 0.1) & (strength >= padded[:-2]) & (strength > padded[2:]))
    out = np.zeros(_frames(data, frame_rate), np.float32)
    time = np.arange(round(0.03 * PREVIEW_RATE)) / PREVIEW_RATE
    click = (np.sin(2 * np.pi * 1500 * time) * np.exp(-time / 0.006)).astype(np.float32)
    for frame in at:
        start = round(frame / frame_rate * PREVIEW_RATE)
        part = out[start : start + len(click)]
        part += 2 * _LOUD * strength[frame] * click[: len(part)]
    return out


def _swell(data: Float, frame_rate: float) -> Float:
    """A tone as loud as the curve is high."""
    level = _stretched(_scaled(data.mean(axis=0)), frame_rate)
    return np.asarray(_LOUD * level * np.sin(2 * np.pi * 330 / PREVIEW_RATE * np.arange(len(level))), np.float32)


def _glide(data: Float, frame_rate: float) -> Float:
    """A tone as high as the curve."""
    place = _stretched(_scaled(data.mean(axis=0)), frame_rate)
    hertz = _LOWEST * 2 ** (_OCTAVES * place.astype(np.float64))
    return np.asarray(_LOUD * np.sin(2 * np.pi * np.cumsum(hertz / PREVIEW_RATE)), np.float32)


def _chords(data: Float, frame_rate: float) -> Float:
    """A tone each row, evenly over an octave from middle C on: the twelve pitch classes where there are twelve."""
    strength = _scaled(data)
    out = np.zeros(_frames(data, frame_rate), np.float32)
    time = np.arange(len(out)) / PREVIEW_RATE
    for row, level in enumerate(strength):
        hertz = 261.6256 * 2 ** (row / len(strength))
        out += _stretched(level, frame_rate) * np.sin(2 * np.pi * hertz * time).astype(np.float32)
    return out * np.float32(_LOUD / max(len(strength) ** 0.5, 1))


_VOICES: dict[str, tuple[Callable[[Float, float], Float], str]] = {
    "onsets": (_clicks, "clicks"),
    "dynamics": (_swell, "the loudness of a tone"),
    "harmony": (_chords, "chords"),
    "melody": (_glide, "the pitch of a tone"),
}


def _by_shape(data: Float) -> tuple[Callable[[Float, float], Float], str]:
    return (_chords, "chords") if len(data) == 12 else (_glide, "the pitch of a tone")


def _frames(data: Float, frame_rate: float) -> int:
    return int(max(round(data.shape[1] / frame_rate * PREVIEW_RATE), 1))


def _scaled(data: Float) -> Float:
    """0 to 1, from the lowest value (or 0) to the highest."""
    low, high = min(float(data.min()), 0.0), float(data.max())
    return (data - low) / (high - low) if high > low else np.zeros_like(data)


def _stretched(level: Float, frame_rate: float) -> Float:
    """A value a sample, straight lines between frames."""
    time = np.arange(max(round(len(level) / frame_rate * PREVIEW_RATE), 1)) / PREVIEW_RATE * frame_rate
    return np.asarray(np.interp(time, np.arange(len(level)), level), np.float32)
