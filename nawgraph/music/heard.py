"""What was heard in a recording, as values of a score: keys, chords and sections on its grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from nawgraph.music.numerals import numeral_of
from nawgraph.values import Chord, Grid, Key, Score, Section

Array = npt.NDArray[np.float64]

_WEAK, _CALM = 0.62, 0.42
"""Strength below which a first or last section is an intro or outro, and one in the middle a break."""


class HeardChord(Protocol):
    """A chord from one beat to before another."""

    @property
    def begin(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def root(self) -> int: ...
    @property
    def quality(self) -> str: ...


class HeardSection(Protocol):
    """Bars that belong together."""

    @property
    def begin(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def label(self) -> str: ...
    @property
    def energy(self) -> float: ...


def beat_marks(grid: Grid) -> tuple[list[int], list[int], Array]:
    """Ticks of all written beats, the place of each in its bar, and their seconds with the end's behind them."""
    rows = list(grid.beats())
    ticks = [tick for tick, _, _ in rows]
    return ticks, [beat for _, _, beat in rows], _seconds(grid, np.array([*ticks, grid.ticks]))


def bar_marks(grid: Grid) -> Array:
    """Seconds of all bars and of the end."""
    return _seconds(grid, grid.bar_starts)


def _seconds(grid: Grid, ticks: npt.NDArray[np.int64]) -> Array:
    """Seconds of ticks, to a microsecond."""
    return np.asarray(grid.samples(ticks, 1_000_000) / 1e6)


def by_bar(rows: Array, ticks: Sequence[int], grid: Grid) -> Array:
    """The mean of the beats of each bar: [beats, n] → [bars, n]."""
    bars = np.searchsorted(grid.bar_starts, ticks, side="right") - 1
    out = np.zeros((grid.bars, rows.shape[1]))
    np.add.at(out, bars, rows)
    return np.asarray(out / np.maximum(np.bincount(bars, minlength=grid.bars), 1)[:, None])


def with_harmony(grid: Grid, keys: Sequence[tuple[int, str]], chords: Sequence[HeardChord]) -> Score:
    """A score without notes: the keys of the bars (tonic, mode) and the chords of the beats on a grid."""
    named: list[Key] = []
    for bar, (tonic, mode) in enumerate(keys):
        if not named or (named[-1].tonic, named[-1].mode) != (tonic, mode):
            named.append(Key(bar, tonic, mode))
    ticks = [*(tick for tick, _, _ in grid.beats()), grid.ticks]
    score = Score(grid, keys=tuple(named))
    found = []
    for chord in chords:
        start, end = ticks[chord.begin], ticks[chord.end]
        key = score.key_at(grid.bar_at(start)[0])
        made = Chord(start, end - start, chord.root, chord.quality)
        found.append(replace(made, numeral=numeral_of(made, key)) if key else made)
    return replace(score, chords=tuple(found))


def with_form(score: Score, found: Sequence[HeardSection]) -> Score:
    """The score with sections: the strongest of what repeats is the chorus, what comes before it the verse."""
    if not found:
        return replace(score, sections=())
    kinds = _kinds(found)
    sections = [
        Section(s.begin, s.end - s.begin, kind, s.label, s.energy) for s, kind in zip(found, kinds, strict=True)
    ]
    return replace(score, sections=tuple(sections))


def _kinds(found: Sequence[HeardSection]) -> list[str]:
    strength: dict[str, float] = {}
    for label in dict.fromkeys(s.label for s in found):
        own = [(s.energy, s.end - s.begin) for s in found if s.label == label]
        strength[label] = sum(e * n for e, n in own) / sum(n for _, n in own)
    strong = [label for label, value in strength.items() if value >= _CALM]
    chorus = max(strong, key=lambda label: strength[label]) if len(strong) > 1 else None
    kinds = []
    for number, section in enumerate(found):
        alone = sum(s.label == section.label for s in found) == 1
        if number == 0 and len(found) > 2 and section.energy < _WEAK:
            kinds.append("intro")
        elif number == len(found) - 1 and len(found) > 2 and section.energy < _WEAK:
            kinds.append("outro")
        elif section.energy < _CALM:
            kinds.append("break")
        elif section.label == chorus:
            kinds.append("chorus")
        elif chorus is None:
            kinds.append("theme")
        else:
            kinds.append("bridge" if alone and number > len(found) // 2 else "verse")
    return kinds
