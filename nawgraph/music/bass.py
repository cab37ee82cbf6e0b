"""Bass lines: the style's rhythm on the roots, locked with the kick where it wants that, led into the next chord."""

from __future__ import annotations

from bisect import bisect_left

import numpy as np

from nawgraph.music.passage import Passage, Raw, loud
from nawgraph.music.patterns import STEP, strikes
from nawgraph.music.streams import chance, pick, stream
from nawgraph.music.theory import CHORDS, scale
from nawgraph.values import Chord

LOW = 28
"""Lowest root, E1: the open E string of a bass; roots lie within the octave above."""


def bass(passage: Passage, span: tuple[int, int], kicks: list[int]) -> list[Raw]:
    """The bass part of a passage.

    Args:
        passage: what to accompany.
        span: bars of it, first and after the last.
        kicks: ticks of the bass drum, which rhythms marked ``k`` follow.
    """
    style = passage.styles["bass"]
    draw = stream(passage.seed, "bass", passage.label, style.name)
    rhythms = sorted(style.bass_rhythms, key=lambda r: len(r.replace("-", "").replace(".", "")) / len(r))
    quiet = passage.scene.level + 0.5 * (passage.density - 0.5) < 0.42
    rhythms = rhythms[: max(2, len(rhythms) // 2)] if quiet else rhythms
    rhythm = passage.scene.choose(_locking(rhythms, passage, kicks), passage.seed, "bass", style.name)
    turn = (pick(draw, (2, 4)), 3 + int(draw.random() * 13), pick(draw, ("O", "5", "")))
    live = stream(passage.seed, "bass live", passage.index)
    notes: list[Raw] = []
    for bar in range(*span):
        at = passage.bar_start(bar)
        if rhythm == "k":
            hits = _with_kick(passage, bar, kicks)
        else:
            hits = [(at + t, n, sign) for t, n, sign in _turned(rhythm, passage, bar, turn)]
        for start, length, sign in hits:
            notes += _played(passage, start, length, sign, notes, live)
    return _answered(passage, notes, live)


def _locking(rhythms: list[str], passage: Passage, kicks: list[int]) -> list[str]:
    """The half of the rhythms that has most in common with the kick (by Jaccard index over two bars), two at least."""
    bars = min(passage.bars, 2)
    wanted = {t for t in kicks if t < passage.bar_start(bars)}
    if not wanted:
        return rhythms

    def common(rhythm: str) -> float:
        if rhythm == "k":
            return 1.0
        onsets = {
            passage.bar_start(bar) + tick for bar in range(bars) for tick, _, _ in strikes(rhythm, passage.meter, bar)
        }
        return len(onsets & wanted) / max(1, len(onsets | wanted))

    return sorted(rhythms, key=common, reverse=True)[: max(2, (len(rhythms) + 1) // 2)]


def _turned(rhythm: str, passage: Passage, bar: int, turn: tuple[int, int, str]) -> list[tuple[int, int, str]]:
    """The signs of a bar; in every second or fourth one the note nearest to a step of the label's own turns away from
    the rhythm: up an octave, to the fifth, or into silence."""
    every, step, sign = turn
    hits = list(strikes(rhythm, passage.meter, bar))
    if bar % every != every - 1 or len(hits) < 2:
        return hits
    at = min(range(1, len(hits)), key=lambda i: abs(hits[i][0] - step * STEP))
    start, length, old = hits[at]
    if old in "bw":
        return hits
    return hits[:at] + ([(start, length, sign)] if sign else []) + hits[at + 1 :]


def _with_kick(passage: Passage, bar: int, kicks: list[int]) -> list[tuple[int, int, str]]:
    """A note with every kick of the bar, each held until the next one; the root on one when there is no kick."""
    begin, end = passage.bar_start(bar), passage.bar_start(bar + 1)
    ticks = kicks[bisect_left(kicks, begin) : bisect_left(kicks, end)] or [begin]
    return [(a, min(b - a, 8 * STEP), "R") for a, b in zip(ticks, [*ticks[1:], end], strict=True)]


def _played(
    passage: Passage, start: int, length: int, sign: str, before: list[Raw], rng: np.random.Generator
) -> list[Raw]:
    """One sign as notes: roots where a bar or a chord begins, cut and struck again where the chord changes."""
    notes: list[Raw] = []
    end = start + length
    while start < end:
        chord = passage.chord_at(start)
        stop = min(end, max(chord.end, start + 1))
        downbeat = start == chord.start or (start - passage.start) % passage.meter.bar_ticks == 0
        last = (notes or before)[-1][2] if notes or before else root(chord)
        pitch = root(chord) if downbeat else _pitch(passage, sign, chord, start, last, rng)
        accent = 100 if downbeat else 88 if sign != "O" else 92
        gap = STEP // 8 if stop - start > STEP // 4 else 0
        notes.append((start, stop - start - gap, pitch, loud(accent, passage.energy, rng)))
        start = stop
    return notes


def root(chord: Chord) -> int:
    """Pitch of a chord's bass note in the lowest octave of a bass."""
    return LOW + (chord.lowest - LOW) % 12


def _pitch(passage: Passage, sign: str, chord: Chord, tick: int, last: int, rng: np.random.Generator) -> int:
    low = root(chord)
    steps = [(s + chord.root - chord.lowest) % 12 for s in CHORDS[chord.quality]]
    if sign == "O":
        return low + 12
    if sign == "5":
        fifth = low + (steps[2] if len(steps) > 2 else steps[-1])
        return fifth - 12 if fifth > LOW + 16 else fifth
    if sign == "3":
        return low + (steps[1] if len(steps) > 2 else 0)
    if sign == "7":
        return low + (steps[3] if len(steps) > 3 else 10)
    if sign == "b":
        return _approach(passage, passage.chord_after(tick), last, rng)
    if sign == "w":
        return _walk(passage, chord, tick, last, rng)
    return low


def _approach(passage: Passage, target: Chord, last: int, rng: np.random.Generator) -> int:
    """A semitone or scale step below or above the next root, from the side that the line comes from."""
    goal = root(target)
    side = -1 if last <= goal else 1
    if chance(rng, 0.25):
        side = -side
    tones = scale(passage.key)
    diatonic = next((goal + side * d for d in (1, 2) if (goal + side * d) % 12 in tones), goal + side)
    return max(LOW - 3, goal + side if chance(rng, 0.5) else diatonic)


def _walk(passage: Passage, chord: Chord, tick: int, last: int, rng: np.random.Generator) -> int:
    """A step of a walking bass: a chord tone a third to a fifth away, towards the next root but not back at once."""
    goal = root(passage.chord_after(tick))
    classes = {(chord.root + s) % 12 for s in CHORDS[chord.quality]}
    options = [p for p in range(LOW, LOW + 22) if p % 12 in classes and 1 < abs(p - last) <= 9]
    if not options:
        return root(chord)
    upward = goal > last if abs(goal - last) > 4 else chance(rng, 0.6)
    ranked = sorted(options, key=lambda p: (abs(p - last) + (0 if (p > last) == upward else 4), p))
    return ranked[0] if chance(rng, 0.7) or len(ranked) == 1 else ranked[1]


def _answered(passage: Passage, notes: list[Raw], rng: np.random.Generator) -> list[Raw]:
    """A repeat of the label is not a copy: here and there a weak note jumps an octave or stays silent.

    The first note of a bar stays what it is, also in a line that leaves the beat itself free.
    """
    if passage.repeat == 0:
        return notes
    kept, bar = [], -1
    for start, length, pitch, velocity in notes:
        before, bar = bar, (start - passage.start) // passage.meter.bar_ticks
        strong = bar != before or passage.is_strong(start)
        if not strong and chance(rng, 0.06):
            continue
        if not strong and chance(rng, 0.08):
            pitch = pitch + 12 if pitch < LOW + 12 else pitch - 12
        kept.append((start, length, pitch, velocity))
    return kept
