"""Batches for the planner: crops of songs, with what is fixed in them, what is left out and what is corrupted.

A batch is a function of the data, the seed and the number of the step alone, so that a resumed run goes on exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nawgraph.models.planner.conditions import AT, NAMES, STYLE_ROLES, echoes, features, section_of_step
from nawgraph.models.planner.config import CONDITION_OFFSETS, LAGS, TOKEN_OFFSETS
from nawgraph.models.planner.inputs import (
    NOTHING,
    delayed,
    echo_sources,
    extended,
    feature_rows,
    looked_back,
    reader_rows,
    undelayed,
)  # fmt: skip
from nawgraph.models.planner.vocabulary import COUNT, DELAYS, GROUPS, INDEX, LONGEST_DELAY, STREAMS
from nawgraph.music.streams import stream
from nawgraph.training.data import Song

Array = npt.NDArray[Any]
GROUP_OF_STREAM = np.array([GROUPS.index(s.group) for s in STREAMS])

CONSTRAINED = 0.62
"""Share of crops in which something is fixed."""

FORGET, FORGET_DENSITY, FORGET_ALL = 0.12, 0.5, 0.1
"""How often one condition, a density, all conditions are left out."""

CORRUPTED = 0.5
"""Share of crops whose history is corrupted, up to 15 % of its tokens."""

NEW, REPEATED = 1.3, 0.5
"""Weights in the loss of material that is heard for the first time, and of what repeats an earlier section."""

LATE_REPEATED, LATE_CHORDS = 1.3, 4.0
"""Towards the end of training repeats count as much, and chords more: few tokens decide on harmony and form, and a
slip in them is heard."""


@dataclass(frozen=True)
class Batch:
    """Rows of the tables (see `nawgraph.models.planner.network.Network.forward`), targets and weights.

    Attributes:
        target: int64 [B, T, streams], a token.
        weight: float32 [B, T, streams], 0 where there is nothing to learn.
    """

    tokens: Array
    features: Array
    conditions: Array
    position: Array
    fixed: Array
    reads: Array
    target: Array
    weight: Array


@dataclass(frozen=True)
class Sheet:
    """A song laid out for cropping."""

    late: Array
    echo: Array
    features: Array
    rows: Array
    steps: int
    steps_a_bar: int


def sheet(song: Song) -> Sheet:
    """A song, laid out."""
    echo = echo_sources(echoes(song.sections, song.steps_a_bar))
    told = extended(features(song.sections, song.steps_a_bar))
    sections = section_of_step(song.sections, song.steps_a_bar)
    rows = song.rows[np.concatenate([sections, np.repeat(sections[-1:], LONGEST_DELAY)])]
    return Sheet(delayed(song.tokens), echo, told, rows, len(song.tokens), song.steps_a_bar)


class Crops:
    """All crops of a list of songs."""

    def __init__(self, songs: Sequence[Song], length: int, size: int, seed: int) -> None:
        self.songs, self.length, self.size, self.seed = songs, length, size, seed
        pieces = [max(1, -(-(len(s.tokens) + LONGEST_DELAY) // length)) for s in songs]
        self._songs = np.repeat(np.arange(len(songs)), pieces)
        self.batches = max(1, len(self._songs) // size)

    def batch(self, step: int, *, plain: bool = False, late: bool = False) -> Batch:
        """The batch of a training step.

        Args:
            step: which.
            plain: nothing fixed, left out, corrupted or weighted (for validation).
            late: weights of the end of training.
        """
        epoch, index = divmod(step, self.batches)
        order = stream(self.seed, "epoch", epoch).permutation(len(self._songs))
        rng = stream(self.seed, "batch", step)
        chosen = order[index * self.size : (index + 1) * self.size]
        rows = [self._crop(sheet(self.songs[self._songs[i]]), rng, plain, late) for i in chosen]
        return Batch(*(np.stack(column) for column in zip(*rows, strict=True)))

    def between(self, index: int, bars: int, *, ahead: bool) -> Batch:
        """Crops whose middle bars are to be written and whose others are fixed; for measuring.

        Args:
            index: of the batch.
            bars: how many are to be written.
            ahead: whether the bars after them are shown; they are never weighed.
        """
        rng = stream(self.seed, "between", index)
        long = [s for s in self.songs if len(s.tokens) >= self.length]
        rows = [
            self._crop(sheet(s), rng, True, False, (bars, ahead))
            for s in (long[(index * self.size + i) % len(long)] for i in range(self.size))
        ]
        return Batch(*(np.stack(column) for column in zip(*rows, strict=True)))

    def _crop(
        self, song: Sheet, rng: np.random.Generator, plain: bool, late: bool, gap: tuple[int, bool] | None = None
    ) -> tuple[Array, ...]:
        total = song.steps + LONGEST_DELAY
        room = max(0, total - self.length)
        start = int(rng.integers(0, room + 1)) if rng.random() < 0.75 else 0
        count = min(self.length, total - start)
        at = np.arange(start, start + count)
        target = song.late[at]
        steps = at[:, None] - np.array(DELAYS)
        real = (steps >= 0) & (steps < song.steps)
        fixed = np.zeros((count + LONGEST_DELAY, COUNT), bool)
        if not plain and rng.random() < CONSTRAINED:
            fixed = fixed_places(rng, count + LONGEST_DELAY, song.steps_a_bar, start)
        shown_fixed = fixed
        if gap is not None:
            fixed = _around(count + LONGEST_DELAY, song.steps_a_bar, gap[0])
            shown_fixed = fixed.copy()
            if not gap[1]:
                shown_fixed[(count + LONGEST_DELAY) // 2 :] = False
        late_fixed = np.stack([fixed[LONGEST_DELAY - d :][:count, s] for s, d in enumerate(DELAYS)], axis=1)
        shown = looked_back(song.late, at, song.steps_a_bar, song.echo)
        if not plain:
            _corrupt(shown, target, rng)
        tokens = (shown + TOKEN_OFFSETS[:-1].reshape(len(LAGS), COUNT)).reshape(count, -1)
        asked = song.rows[at].copy()
        if not plain:
            _forget(asked, rng)
        conditions = asked + CONDITION_OFFSETS[:-1]
        now = shown_fixed[LONGEST_DELAY:]
        content = np.tile(NOTHING, (count, 1))
        inside = at < song.steps
        content[inside] = undelayed(song.late)[at[inside]]
        reads = float(bool(now.any()))
        repeated = song.echo[at] >= 0
        weight = (
            np.where(repeated, LATE_REPEATED if late else REPEATED, NEW) if not plain else np.ones_like(repeated, float)
        )
        if late:
            weight[:, INDEX["chord"]] *= LATE_CHORDS
        weight = np.where(real & ~late_fixed, weight, 0.0)
        made = (
            tokens, feature_rows(song.features[at]), conditions, at * (16 / song.steps_a_bar),
            reader_rows(content, now & inside[:, None]), np.float32(reads), np.minimum(target, NOTHING - 1), weight,
        )  # fmt: skip
        kinds = (np.int32, np.int32, np.int32, np.float32, np.int32, np.float32, np.int64, np.float32)
        return tuple(_padded(np.asarray(a, kind), self.length) for a, kind in zip(made, kinds, strict=True))


def _padded(array: Array, length: int) -> Array:
    """The array, its first axis (if it has one) filled up with its last row; weights with zeros."""
    if array.ndim == 0 or len(array) == length:
        return array
    filling = np.zeros_like if array.dtype == np.float32 and array.ndim == 2 else np.copy
    return np.concatenate([array, filling(np.repeat(array[-1:], length - len(array), axis=0))])


def fixed_places(rng: np.random.Generator, steps: int, steps_a_bar: int, start: int) -> Array:
    """What is fixed, bool [steps, streams]: whole stems, all but some bars, or both.

    Args:
        rng: the crop's.
        steps: length, beginning `LONGEST_DELAY` before `start`.
        steps_a_bar: 12 or 16.
        start: step of the song at which the crop begins.
    """
    free = np.ones((steps, len(GROUPS)), bool)
    kind = rng.random()
    if kind < 0.7:
        free &= _free_groups(rng)
    if kind >= 0.4:
        bars = int(rng.choice((1, 2, 2, 4, 4, 4, 8, 8)))
        first = int(rng.integers(-bars // 2, max(1, steps // steps_a_bar)))
        bar = (np.arange(steps) + start - LONGEST_DELAY) // steps_a_bar - start // steps_a_bar
        free &= ((bar >= first) & (bar < first + bars))[:, None]
    return ~free[:, GROUP_OF_STREAM]


def _around(steps: int, steps_a_bar: int, bars: int) -> Array:
    """Everything but so many bars in the middle, bool [steps, streams]."""
    fixed = np.ones((steps, COUNT), bool)
    first = steps // 2 - bars * steps_a_bar // 2
    fixed[first : first + bars * steps_a_bar] = False
    return fixed


def _free_groups(rng: np.random.Generator) -> Array:
    """Which groups are to be written, bool [groups]: one (half of the time), or several, never all."""
    free = np.zeros(len(GROUPS), bool)
    if rng.random() < 0.5:
        free[int(rng.choice(len(GROUPS), p=(0.08, 0.32, 0.24, 0.18, 0.18)))] = True
    else:
        while not 1 < free.sum() < len(GROUPS):
            free = rng.random(len(GROUPS)) < 0.5
    if free[0] and rng.random() < 0.5 and free.sum() > 1:
        free[0] = False
    return free


def _forget(asked: Array, rng: np.random.Generator) -> None:
    """Leave conditions out, in place."""
    if rng.random() < FORGET_ALL:
        asked[:] = 0
        return
    if rng.random() < FORGET:
        asked[:, [AT[f"{role} style"] for role in STYLE_ROLES]] = 0
    for name in NAMES:
        chance = 0.0 if name.endswith("style") else FORGET_DENSITY if name.endswith("density") else FORGET
        if rng.random() < chance:
            asked[:, AT[name]] = 0


def _corrupt(shown: Array, target: Array, rng: np.random.Generator) -> None:
    """Put tokens from elsewhere into the history, in place, so that a slip of the sampler is not the end."""
    if rng.random() < 0.1:
        shown[:, -1] = NOTHING
    if rng.random() < CORRUPTED:
        rate = 0.15 * rng.random()
        wrong = rng.random(shown.shape) < rate
        elsewhere = target[rng.integers(0, len(target), len(target))]
        shown[wrong] = np.broadcast_to(elsewhere[:, None], shown.shape)[wrong]
