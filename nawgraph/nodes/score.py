"""Scores: MIDI in, changes, excerpts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from nawgraph.hints import Choice, File, Range, Seed
from nawgraph.node import node
from nawgraph.values import STEMS, Score

Only = Annotated[str, Choice("all", *STEMS)]
MAX_MIDI = 32 << 20


@node("score.from_midi", title="Load MIDI", needs="io", aliases=("midi", "import", "open"))
def from_midi(*, file: Annotated[str, File(("mid", "midi"))] = "") -> Score:
    """Read a MIDI file: tempo map, meters, keys, markers as sections, one part a track."""
    from nawgraph.music.midi import from_midi as read

    if not file:
        raise ValueError("file is empty: choose a MIDI file")
    path = Path(file)
    try:
        if path.stat().st_size > MAX_MIDI:
            raise ValueError(f"{path} has {path.stat().st_size >> 20} MiB; a MIDI file of at most 32 MiB can be read")
        data = path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
    try:
        return read(data)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


@node("score.transpose", title="Transpose", aliases=("pitch", "semitones"))
def transpose(
    score: Score,
    *,
    semitones: Annotated[int, Range(-48, 48, unit="st")] = 0,
    stem: Only = "all",
) -> Score:
    """Move a score, or one stem of it, up or down; drums stay."""
    from nawgraph.music.edit import transpose as move

    return move(score, semitones, _stems(stem))


@node("score.quantise", title="Quantise", aliases=("quantize", "grid", "tighten"))
def quantise(
    score: Score,
    *,
    division: Annotated[int, Range(1, 48)] = 16,
    strength: Annotated[float, Range(0, 1)] = 1.0,
    stem: Only = "all",
) -> Score:
    """Pull the starts of notes towards the grid of n-th notes; 3, 6, 12, 24 and 48 are triplets."""
    from nawgraph.music.edit import quantise as pull

    return pull(score, division, strength, _stems(stem))


@node("score.humanise", title="Humanise", aliases=("humanize", "groove", "loosen"))
def humanise(
    score: Score,
    *,
    timing: Annotated[float, Range(0, 50, unit="ms")] = 8.0,
    velocity: Annotated[float, Range(0, 40)] = 6.0,
    seed: Annotated[int, Seed()] = 0,
    stem: Only = "all",
) -> Score:
    """Play a score more loosely: starts and velocities wander by so much (standard deviation)."""
    from nawgraph.music.edit import humanise as loosen

    return loosen(score, seed, timing, velocity, _stems(stem))


@node("score.without", title="Without stem", aliases=("remove", "mute part"))
def without(score: Score, *, stem: Annotated[str, Choice(*STEMS)] = "drums") -> Score:
    """A score without the parts of one stem."""
    from dataclasses import replace

    return replace(score, parts=tuple(p for p in score.parts if p.stem != stem))


@node("score.merge", title="Merge scores", aliases=("combine", "replace stem"))
def merge(score: Score, other: Score, *, stem: Annotated[str, Choice(*STEMS)] = "drums") -> Score:
    """The first score, with the parts of one stem taken from the other.

    Both must have the same tempo, meter and length; the swing is the first one's.
    """
    from dataclasses import replace

    if any(getattr(score.grid, name) != getattr(other.grid, name) for name in ("tempi", "meters", "bars")):
        raise ValueError(
            "the two scores have different tempo, meter or length: give both planners the same bars and bpm"
        )
    kept = [p for p in score.parts if p.stem != stem]
    taken = [p for p in other.parts if p.stem == stem]
    return replace(score, parts=tuple(sorted(kept + taken, key=lambda p: STEMS.index(p.stem))))


def _stems(stem: str) -> tuple[str, ...]:
    return () if stem == "all" else (stem,)
