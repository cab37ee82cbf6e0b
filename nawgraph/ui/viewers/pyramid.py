"""Minima, maxima and power of a waveform at every zoom, in a time that does not depend on its length.

`nawgraph.audio.peaks` serves pictures that are made once. This one serves a view that is dragged: it also keeps the
power, reads at most a few thousand numbers a view, and shows a sound with NaN in it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nawgraph.values.signal import Float

BASE = 32
"""Frames of one entry at the finest level."""

STEP = 4
"""How many entries one of the next level stands for."""

_CHUNK = BASE * STEP**5
"""Frames read at a time: small enough for the processor's cache."""


@dataclass(frozen=True, eq=False)
class View:
    """What to draw: each float32 [channels, columns]. Columns before and after the sound are 0."""

    low: Float
    high: Float
    rms: Float


@dataclass(frozen=True, eq=False)
class Pyramid:
    """Level i has float32 [3 (min, max, mean square), channels, entries], each over `BASE` · `STEP` ** i frames.

    Attributes:
        samples: float32 [channels, frames], only read where a view is closer than the finest level.
        levels: finest first; the last entry of a level may stand for fewer frames.
    """

    samples: Float
    levels: tuple[Float, ...]

    @classmethod
    def of(cls, samples: Float, *, merged: bool = False) -> Pyramid:
        """The pyramid of [channels, frames]. `merged`: one lane with the extremes over all channels."""
        channels, frames = samples.shape
        entries = -(-frames // BASE)
        base = np.zeros((3, channels, entries), np.float32)
        for start in range(0, frames, _CHUNK):
            part = samples[:, start : start + _CHUNK]
            first = start // BASE
            _summarise(part, base[:, :, first : first + -(-part.shape[1] // BASE)])
        if not np.isfinite(base).all():
            return cls.of(np.nan_to_num(samples, nan=0.0, posinf=1.0, neginf=-1.0), merged=merged)
        if merged and channels > 1:
            base = np.stack([base[0].min(0), base[1].max(0), base[2].mean(0)])[:, None]
        levels = [base]
        while levels[-1].shape[2] > 64:
            levels.append(_coarser(levels[-1], frames, BASE * STEP ** (len(levels) - 1)))
        return cls(samples, tuple(levels))

    @property
    def channels(self) -> int:
        """Lanes: the sound's channels, or 1 where they are merged."""
        return int(self.levels[0].shape[1])

    @property
    def frames(self) -> int:
        return int(self.samples.shape[1])

    @property
    def nbytes(self) -> int:
        """Memory of the levels."""
        return sum(level.nbytes for level in self.levels)

    def view(self, start: float, end: float, columns: int) -> View:
        """Frames `start` to `end` in so many columns.

        Exact where a column is shorter than two entries of the finest level: then a column has the samples that begin
        in it, at least the one at its left edge. Otherwise a column reads every entry that touches it, so an extreme
        may show up to half a column too far.

        Raises:
            ValueError: no column, or an end that is not after the start.
        """
        if columns < 1 or not end > start:
            raise ValueError(f"a waveform view needs a column and an end after its start, got {start}–{end}, {columns}")
        edges = np.linspace(start, end, columns + 1)
        level = self._level((end - start) / columns)
        per = BASE * STEP**level if level >= 0 else 1
        count = self.levels[level].shape[2] if level >= 0 else self.frames
        inside = np.flatnonzero((edges[1:] > 0) & (edges[:-1] < self.frames))
        out = np.zeros((3, self.channels, columns), np.float32)
        if len(inside):
            left, right = edges[inside], edges[inside + 1]
            begin = np.floor(left / per) if level >= 0 else _first_sample(left, right)
            first = begin.clip(0, count - 1).astype(np.int64)
            last = np.maximum(np.ceil(right / per).clip(0, count).astype(np.int64), first + 1)
            out[:, :, inside] = self._reduced(level, first, last)
        return View(out[0], out[1], np.sqrt(out[2]))

    def line(self, start: float, end: float) -> tuple[npt.NDArray[np.int64], Float]:
        """The samples from `start` to `end` and one on either side: their frames, and values [channels, count]."""
        first = min(max(int(np.floor(start)) - 1, 0), self.frames)
        last = min(max(int(np.ceil(end)) + 1, first), self.frames)
        part = self.samples[:, first:last]
        return np.arange(first, last), part.mean(axis=0, keepdims=True) if self.channels < len(part) else part

    def _level(self, frames_a_column: float) -> int:
        level = -1
        while level + 1 < len(self.levels) and 2 * BASE * STEP ** (level + 1) <= frames_a_column:
            level += 1
        return level

    def _reduced(self, level: int, first: npt.NDArray[np.int64], last: npt.NDArray[np.int64]) -> Float:
        """[3, channels, columns] over entries `first` to `last` of a level, or over samples for level −1."""
        # reduceat takes a bound at the very end only in the last place: one entry more makes all legal.
        begin, stop = int(first[0]), int(last[-1]) + 1
        if level >= 0:
            low, high, square = self.levels[level][:, :, begin:stop]
        else:
            low = high = self.samples[:, begin:stop]
            square = np.square(low)
            if self.channels < len(low):
                low, high, square = low.min(0)[None], low.max(0)[None], square.mean(0)[None]
        if low.shape[1] < stop - begin:
            low, high, square = (np.concatenate([a, a[:, -1:]], axis=1) for a in (low, high, square))
        counts = (last - first).astype(np.float32)
        if level >= 0 and last[-1] == self.levels[level].shape[2]:
            part = self.frames / (BASE * STEP**level) - (last[-1] - 1)  # of an entry, that the last one stands for
            square = square.copy()
            square[:, last[-1] - 1 - begin] *= part
            counts[last == last[-1]] += part - 1
        bounds = np.stack([first - begin, last - begin], axis=1).reshape(-1)
        return np.stack([
            np.minimum.reduceat(low, bounds, axis=1)[:, ::2],
            np.maximum.reduceat(high, bounds, axis=1)[:, ::2],
            np.add.reduceat(square, bounds, axis=1)[:, ::2] / counts,
        ])  # fmt: skip


def _first_sample(left: npt.NDArray[np.float64], right: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The first sample that begins in a column; where none does, the one that its left edge lies in."""
    first = np.ceil(left)
    return np.where(first < right, first, np.floor(left))


def _summarise(part: Float, out: Float) -> None:
    """Minimum, maximum and mean square of each `BASE` frames into `out` [3, channels, entries]."""
    whole = part.shape[1] // BASE
    if whole:
        # Turned round, entries lie side by side, and the processor reduces many at once.
        for c, row in enumerate(part[:, : whole * BASE]):
            blocks = row.reshape(whole, BASE).T.copy()  # squared in place below
            blocks.min(axis=0, out=out[0, c, :whole])
            blocks.max(axis=0, out=out[1, c, :whole])
            np.square(blocks, out=blocks).sum(axis=0, out=out[2, c, :whole])
        out[2, :, :whole] /= BASE
    rest = part[:, whole * BASE :]
    if rest.shape[1]:
        out[0, :, whole], out[1, :, whole] = rest.min(axis=1), rest.max(axis=1)
        out[2, :, whole] = np.square(rest).mean(axis=1)


def _coarser(fine: Float, frames: int, per: int) -> Float:
    """The next level of one whose entries stand for `per` frames (the last one for what is left of `frames`)."""
    count = fine.shape[2]
    groups = -(-count // STEP)
    padded = np.concatenate([fine, np.repeat(fine[:, :, -1:], groups * STEP - count, axis=2)], axis=2)
    low, high, _ = padded.reshape(3, fine.shape[1], groups, STEP)
    weights = np.full(count, per, np.float64)
    weights[-1] = frames - (count - 1) * per
    at = np.arange(0, count, STEP)
    square = np.add.reduceat(fine[2] * weights, at, axis=1) / np.add.reduceat(weights, at)
    return np.stack([low.min(axis=2), high.max(axis=2), square.astype(np.float32)])
