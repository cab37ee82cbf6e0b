"""What can be checked about a score without ears: figures for tests and for judging neural planners.

All functions are pure and take a `Score` with chords; figures are fractions from 0 to 1 unless said otherwise, and NaN
where there is nothing to judge.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from nawgraph.music.patterns import strong_ticks
from nawgraph.music.theory import pitch_classes, scale
from nawgraph.values import STEMS, Note, Part, Score

Matrix = npt.NDArray[np.float64]


def _strong(score: Score) -> set[int]:
    """Ticks of all strong beats."""
    grid = score.grid
    return {grid.bar_start(b) + t for b in range(grid.bars) for t in strong_ticks(grid.meter_at(b))}


def _ratio(hits: Iterable[bool]) -> float:
    found = list(hits)
    return sum(found) / len(found) if found else float("nan")


def bass_roots(score: Score) -> float:
    """How many bass notes on the first beat of a bar or on a new chord play the chord's root (or its written bass).

    In a bar whose first beat is silent, as in off-beat basses, its first note counts.
    """
    grid, changes = score.grid, {c.start for c in score.chords}
    hits = []
    for part in score.of_stem("bass"):
        last = -1
        for note in part.notes:
            bar, chord = grid.bar_at(note.start)[0], score.chord_at(note.start)
            if chord is not None and (bar != last or note.start in changes):
                hits.append(note.pitch % 12 == chord.lowest)
            last = bar
    return _ratio(hits)


def melody_parts(score: Score) -> tuple[Part, ...]:
    """The melody: sung parts, or the leads where nobody sings."""
    return score.of_stem("vocals") or tuple(p for p in score.of_stem("other") if p.name.startswith(("lead", "melody")))


def melody_in_chord(score: Score) -> float:
    """How many melody notes on strong beats belong to the chord."""
    strong = _strong(score)
    hits = []
    for part in melody_parts(score):
        for note in part.notes:
            chord = score.chord_at(note.start)
            if note.start in strong and chord is not None:
                hits.append(note.pitch % 12 in pitch_classes(chord))
    return _ratio(hits)


def leaps(score: Score) -> tuple[int, ...]:
    """All melodic intervals of the sung parts in semitones, absolute."""
    found: list[int] = []
    for part in score.of_stem("vocals"):
        found += [abs(b.pitch - a.pitch) for a, b in pairwise(part.notes)]
    return tuple(found)


def overlaps(score: Score) -> list[tuple[str, Note, Note]]:
    """Notes of one pitch and part that sound at once, and sung notes that overlap at all: (part, earlier, later)."""
    found = []
    for part in score.parts:
        last: dict[int, Note] = {}
        for note in part.notes:
            voice = 0 if part.stem == "vocals" else note.pitch
            before = last.get(voice)
            if before is not None and before.end > note.start:
                found.append((part.name, before, note))
            last[voice] = note
    return found


def stuck(score: Score, bars: float = 16) -> list[tuple[str, Note]]:
    """Notes that end after the song or last longer than `bars` bars of the first meter: (part, note)."""
    limit = bars * score.grid.bar_ticks(0)
    return [(p.name, n) for p in score.parts for n in p.notes if n.end > score.grid.ticks or n.length > limit]


def in_key(score: Score) -> float:
    """How many pitched notes belong to the key or the chord at their time."""
    hits = []
    for part in score.parts:
        if part.stem == "drums":
            continue
        for note in part.notes:
            key, chord = score.key_at(score.grid.bar_at(note.start)[0]), score.chord_at(note.start)
            tones = set(scale(key)) if key else set()
            hits.append(note.pitch % 12 in tones | (pitch_classes(chord) if chord else frozenset()))
    return _ratio(hits)


def locked(score: Score) -> float:
    """How many bass notes begin together with a kick, among those in bars that have kicks."""
    kicks = {n.start for p in score.of_stem("drums") for n in p.notes if n.pitch in (35, 36)}
    bars = {score.grid.bar_at(t)[0] for t in kicks}
    notes = [n for p in score.of_stem("bass") for n in p.notes]
    return _ratio(n.start in kicks for n in notes if score.grid.bar_at(n.start)[0] in bars)


# ------------------------------------------------------------------------------ repetition


@dataclass(frozen=True)
class _Bars:
    """Notes of a score by stem and bar, times counted from the bar's start: frozen sets of (start, length, pitch)."""

    content: tuple[dict[str, frozenset[tuple[int, int, int]]], ...]


def _bars(score: Score) -> _Bars:
    grid = score.grid
    content: list[dict[str, set[tuple[int, int, int]]]] = [{stem: set() for stem in STEMS} for _ in range(grid.bars)]
    for part in score.parts:
        for note in part.notes:
            bar, at = grid.bar_at(note.start)
            if bar < grid.bars:
                content[bar].setdefault(part.stem, set()).add((at, note.length, note.pitch))
    return _Bars(tuple({stem: frozenset(notes) for stem, notes in bar.items()} for bar in content))


def passages(score: Score, bars: int = 4, stems: int = 2) -> Iterator[tuple[int, bytes]]:
    """Fingerprints of all passages of `bars` bars in which at least `stems` stems sound: (first bar, fingerprint).

    Two passages have one fingerprint if every stem has the same notes (start, length, pitch) at the same places;
    velocity, humanising and tempo do not count.
    """
    content = _bars(score).content
    names = sorted({stem for bar in content for stem in bar})
    for first in range(len(content) - bars + 1):
        rows = [[sorted(content[b].get(stem, ())) for b in range(first, first + bars)] for stem in names]
        if sum(any(row) for row in rows) >= stems:
            yield first, hashlib.blake2b(repr(rows).encode(), digest_size=12).digest()


def shared_passages(scores: Iterable[Score], bars: int = 4) -> list[tuple[int, int, int, int]]:
    """Passages that two different songs have in common: (song, bar, other song, bar)."""
    seen: dict[bytes, tuple[int, int]] = {}
    found = []
    for song, score in enumerate(scores):
        for bar, mark in passages(score, bars):
            other = seen.setdefault(mark, (song, bar))
            if other[0] != song:
                found.append((*other, song, bar))
    return found


def verbatim_repeats(score: Score) -> float:
    """How many sections that come again (same label and length) are exact copies of an earlier one."""
    content = _bars(score).content
    earlier: dict[tuple[str, int], list[object]] = {}
    hits = []
    for section in score.sections:
        body = content[section.bar : section.end]
        before = earlier.setdefault((section.label, section.bars), [])
        if before:
            hits.append(body in before)
        before.append(body)
    return _ratio(hits)


# ------------------------------------------------------------------------------------ form


def bar_features(score: Score) -> Matrix:
    """What each bar is like, float64 [bars, features]: chroma of the pitched stems, onsets a sixteenth and loudness of
    every stem, each group scaled to unit variance over the song."""
    grid = score.grid
    chroma = np.zeros((grid.bars, 12))
    rhythm = np.zeros((grid.bars, len(STEMS), 16))
    level = np.zeros((grid.bars, len(STEMS)))
    for part in score.parts:
        if part.stem not in STEMS:
            continue
        stem = STEMS.index(part.stem)
        for note in part.notes:
            bar, at = grid.bar_at(note.start)
            if bar >= grid.bars:
                continue
            rhythm[bar, stem, min(15, 16 * at // grid.bar_ticks(bar))] += 1
            level[bar, stem] += note.velocity / 127
            if part.stem != "drums":
                chroma[bar, note.pitch % 12] += note.length
    chroma /= np.maximum(chroma.sum(1, keepdims=True), 1)
    groups = [chroma, np.sqrt(rhythm).reshape(grid.bars, -1), np.sqrt(level)]
    return np.concatenate([_unit(g) for g in groups], axis=1)


def _unit(group: Matrix) -> Matrix:
    centred: Matrix = group - group.mean(0)
    spread = float(np.sqrt((centred**2).sum(1).mean()))
    if spread > 0:
        centred /= spread
    return centred


def similarity(features: Matrix) -> Matrix:
    """Cosine similarity of every pair of bars, float64 [bars, bars]."""
    norm = np.linalg.norm(features, axis=1, keepdims=True)
    unit = features / np.maximum(norm, 1e-9)
    return np.asarray(unit @ unit.T, dtype=np.float64)


def planned_similarity(score: Score) -> Matrix:
    """What the plan promises, float64 [bars, bars]: the mean of three similarities of two bars, each 0 to 1: the same
    label, nearness of energy, and the chord tones that they share (cosine)."""
    sections = [s for s in score.sections for _ in range(s.bars)]
    labels = np.array([s.label or s.kind for s in sections])
    energy = np.array([s.energy for s in sections])
    tones = np.zeros((len(sections), 12))
    for chord in score.chords:
        first, last = (score.grid.bar_at(t)[0] for t in (chord.start, chord.end - 1))
        for bar in range(first, min(last + 1, len(sections))):
            tones[bar, list(pitch_classes(chord))] += 1
    same = (labels[:, None] == labels[None, :]).astype(np.float64)
    near = 1 - np.abs(energy[:, None] - energy[None, :])
    planned: Matrix = (same + near + similarity(tones)) / 3
    return planned


def form_heard(score: Score) -> float:
    """Correlation between the bars' self-similarity and the planned form, off the diagonal (−1 to 1)."""
    if score.grid.bars < 2 or len({s.label for s in score.sections}) < 2:
        return float("nan")
    above = np.triu_indices(score.grid.bars, 1)
    heard, planned = similarity(bar_features(score))[above], planned_similarity(score)[above]
    if heard.std() == 0 or planned.std() == 0:
        return float("nan")
    return float(np.corrcoef(heard, planned)[0, 1])
