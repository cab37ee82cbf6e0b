"""Chords as notes: close voicings within a register, each moving as little as possible from the one before."""

from __future__ import annotations

from functools import lru_cache

from nawgraph.music.theory import CHORDS
from nawgraph.values import Chord


def voices(quality: str, home: bool, rootless: bool) -> tuple[int, ...]:
    """The steps of a chord that are played, four at most.

    The tonic chord always keeps its root and fifth: without them a ninth chord on it is heard as its mediant (a
    rootless Imaj9 is iii7), and the key with it. There the ninth takes the seventh's place. Other ninth chords give
    up their fifth, and in a `rootless` part the root, which the bass has.
    """
    steps = CHORDS[quality]
    if len(steps) < 4:
        return steps
    if home:
        return steps if len(steps) == 4 else (*steps[:3], steps[4])
    if rootless:
        return steps[1:]
    return steps if len(steps) == 4 else (*steps[:2], *steps[3:])


@lru_cache(maxsize=8192)
def voiced(root: int, steps: tuple[int, ...], previous: tuple[int, ...], low: int, high: int) -> tuple[int, ...]:
    """Pitches of a chord of `steps` semitones above a root, sorted, near `previous` (empty: mid-register).

    Candidates are all inversions in close position that fit into `low`–`high`; the one with the least total motion
    wins, with a mild pull to the middle of the register so that long progressions do not drift away.
    """
    classes = [(root + step) % 12 for step in steps]
    middle = (low + high) / 2
    best: tuple[float, tuple[int, ...]] | None = None
    for first in range(low, high + 1):
        if first % 12 not in classes:
            continue
        pitches = _stack(first, classes)
        if pitches[-1] > high and best is not None:
            break
        cost = 0.35 * abs(sum(pitches) / len(pitches) - middle) + _motion(previous, pitches)
        if best is None or cost < best[0]:
            best = (cost, pitches)
    assert best is not None  # a register spans at least an octave
    return best[1]


def _stack(first: int, classes: list[int]) -> tuple[int, ...]:
    """The chord in close position above its lowest note."""
    return tuple(sorted(first + (c - first) % 12 for c in classes))


def _motion(a: tuple[int, ...], b: tuple[int, ...]) -> float:
    if not a:
        return 0.0
    return sum(min(abs(p - q) for q in a) for p in b) + sum(min(abs(p - q) for p in b) for q in a)


def power(chord: Chord, low: int) -> tuple[int, ...]:
    """Root, fifth and octave above `low`, as guitars play them; diminished chords get their own fifth."""
    root = low + (chord.root - low) % 12
    fifth = CHORDS[chord.quality][-1 if chord.quality == "5" else 2] if len(CHORDS[chord.quality]) > 2 else 7
    return (root, root + (fifth if fifth in (6, 7, 8) else 7), root + 12)


def guide_tones(chord: Chord) -> tuple[int, ...]:
    """Pitch classes that tell a chord from others: third and seventh, or third and fifth."""
    steps = CHORDS[chord.quality]
    wanted = (steps[1], steps[3]) if len(steps) > 3 else steps[1:]
    return tuple((chord.root + step) % 12 for step in wanted)
