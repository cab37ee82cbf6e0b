"""What can be measured on a score without any model: harmony, rhythm, form, repetition."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from nawgraph.models.planner.conditions import echoes
from nawgraph.models.planner.encode import encode
from nawgraph.models.planner.vocabulary import FIRST, INDEX, STEP, Tokens, steps_a_bar
from nawgraph.music.drums import VOICES
from nawgraph.music.patterns import strong_ticks
from nawgraph.music.theory import pitch_classes
from nawgraph.values import Chord, Note, Score


@dataclass(frozen=True)
class Share:
    """So many of so many."""

    hits: int = 0
    of: int = 0

    def __add__(self, other: Share) -> Share:
        return Share(self.hits + other.hits, self.of + other.of)

    @property
    def value(self) -> float:
        """0 to 1, NaN of none."""
        return self.hits / self.of if self.of else float("nan")


def total(shares: Iterable[Share]) -> float:
    """The share over everything counted."""
    return sum(shares, Share()).value


def bass_on_root(score: Score, chords: Sequence[Chord] | None = None) -> Share:
    """Bass notes on the first beat of a bar that are the lowest note of the chord there."""
    notes = {n.start: n.pitch for p in score.of_stem("bass") for n in reversed(p.notes)}
    harmony = _harmony(score, chords)
    hits = of = 0
    for bar in range(score.bars):
        start = score.grid.bar_start(bar)
        chord = harmony.get(start // STEP)
        if start in notes and chord is not None:
            of += 1
            hits += notes[start] % 12 == chord.lowest
    return Share(hits, of)


def melody(score: Score) -> list[Note]:
    """The notes of the voice and of the lead."""
    parts = [*score.of_stem("vocals"), *(p for p in score.of_stem("other") if p.name in ("lead", "melody"))]
    return [n for p in parts for n in p.notes]


def melody_in_chord(score: Score, chords: Sequence[Chord] | None = None) -> Share:
    """Notes of the melody on strong beats that belong to the chord."""
    strong = set(strong_ticks(score.grid.meters[0]))
    size = score.grid.meters[0].bar_ticks
    harmony = _harmony(score, chords)
    hits = of = 0
    for note in melody(score):
        chord = harmony.get(note.start // STEP)
        if note.start % size in strong and chord is not None:
            of += 1
            hits += note.pitch % 12 in pitch_classes(chord)
    return Share(hits, of)


def _harmony(score: Score, chords: Sequence[Chord] | None) -> dict[int, Chord]:
    listed = score.chords if chords is None else chords
    return {s: c for c in listed for s in range(c.start // STEP, c.end // STEP)}


def recall(score: Score, columns: Sequence[str], shift: int = 0) -> Share:
    """Tokens of repeated sections that are those of the section they repeat, where either has a note (or any chord).

    Args:
        score: with labelled sections.
        columns: names of streams.
        shift: bars by which to look beside the right place, for the level of chance.
    """
    tokens, size = encode(score), steps_a_bar(score.grid.meters[0])
    source = echoes(score.sections, size)
    places = np.flatnonzero(source >= 0)
    hits = of = 0
    for name in columns:
        column = tokens[:, INDEX[name]]
        old = column[(source[places] + shift * size) % len(column)]
        new = column[places]
        counts = (old >= FIRST) | (new >= FIRST) if name != "chord" else np.ones(len(places), bool)
        of += int(counts.sum())
        hits += int((old == new)[counts].sum())
    return Share(hits, of)


def kick_with_bass(drums: Score, bass: Score) -> Share:
    """Steps at which kick and bass both begin, of those at which either does (Jaccard index)."""
    kicks = {n.start // STEP for p in drums.of_stem("drums") for n in p.notes if n.pitch == VOICES["kick"]}
    notes = {(n.start + STEP // 2) // STEP for p in bass.of_stem("bass") for n in p.notes}
    return Share(len(kicks & notes), len(kicks | notes))


def pieces(tokens: Tokens, steps_a_bar: int, bars: int = 4) -> set[bytes]:
    """Every stretch of so many bars, all streams, as bytes; silence is left out."""
    found = set()
    for bar in range(len(tokens) // steps_a_bar - bars + 1):
        piece = tokens[bar * steps_a_bar : (bar + bars) * steps_a_bar]
        if np.count_nonzero(piece[:, 1:]) > 4 * bars:
            found.add(np.ascontiguousarray(piece).tobytes())
    return found
