"""Minima and maxima of a waveform at every zoom, for drawing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nawgraph.audio.check import signal
from nawgraph.values.signal import Float

BASE = 256
"""Frames of one pair at the finest level."""

STEP = 4
"""How many pairs one pair of the next level stands for."""


@dataclass(frozen=True)
class Peaks:
    """A pyramid: level i holds float32 [channels, 2 (min, max), pairs], each pair over `BASE` · `STEP` ** i frames."""

    samples: Float
    levels: tuple[Float, ...]

    def view(self, start: int, end: int, columns: int) -> Float:
        """What to draw of frames `start` to `end` in so many columns: float32 [channels, 2, columns].

        Reads the coarsest level that still has two pairs a column, or the samples themselves where a column is shorter
        than `2 · BASE` frames; so a pair may reach half a column too far. Columns that begin before
        or beyond the sound are 0.

        Raises:
            ValueError: no column, or an end before the start.
        """
        if columns < 1 or end < start:
            raise ValueError(f"a waveform view needs a column and an end after its start, got {start}–{end}, {columns}")
        frames = self.samples.shape[1]
        edges = np.linspace(start, end, columns + 1)
        level = self._level((end - start) / columns)
        per_pair = BASE * STEP**level if level >= 0 else 1
        low = self.levels[level][:, 0] if level >= 0 else self.samples
        high = self.levels[level][:, 1] if level >= 0 else self.samples
        out = np.zeros((len(self.samples), 2, columns), np.float32)
        first = np.floor(edges[:-1] / per_pair).astype(int)
        last = np.maximum(np.ceil(edges[1:] / per_pair).astype(int), first + 1)
        inside = np.flatnonzero((edges[:-1] >= 0) & (edges[:-1] < frames))
        if len(inside):
            begin, stop = first[inside[0]], min(last[inside[-1]], low.shape[1])
            bounds = (np.stack([first[inside], last[inside]], axis=1) - begin).clip(0, stop - begin).reshape(-1)
            # A bound at the very end is legal for the last pair only: one value more makes all legal.
            part_low = np.pad(low[:, begin:stop], ((0, 0), (0, 1)), mode="edge")
            part_high = np.pad(high[:, begin:stop], ((0, 0), (0, 1)), mode="edge")
            out[:, 0, inside] = np.minimum.reduceat(part_low, bounds, axis=1)[:, ::2]
            out[:, 1, inside] = np.maximum.reduceat(part_high, bounds, axis=1)[:, ::2]
        return out

    def _level(self, frames_a_column: float) -> int:
        level = -1
        while level + 1 < len(self.levels) and 2 * BASE * STEP ** (level + 1) <= frames_a_column:
            level += 1
        return level


def peaks(samples: Float, rate: int) -> Peaks:
    """The pyramid of [channels, frames], up to a level of at most 64 pairs; one pass over the samples.

    The last pair of a level may stand for fewer frames.
    """
    x = signal(samples, rate)
    levels = []
    if x.shape[1]:
        low, high = _reduced(x, x, BASE)
        levels.append(np.stack([low, high], axis=1))
        while low.shape[1] > 64:
            low, high = _reduced(low, high, STEP)
            levels.append(np.stack([low, high], axis=1))
    return Peaks(x, tuple(levels))


def _reduced(low: Float, high: Float, n: int) -> tuple[Float, Float]:
    """Minimum of each `n` of `low`, maximum of each `n` of `high`."""
    whole = low.shape[1] // n * n
    shape = (len(low), -1, n)
    lows, highs = low[:, :whole].reshape(shape).min(axis=2), high[:, :whole].reshape(shape).max(axis=2)
    if whole == low.shape[1]:
        return lows, highs
    rest = (low[:, whole:].min(axis=1, keepdims=True), high[:, whole:].max(axis=1, keepdims=True))
    return np.concatenate([lows, rest[0]], axis=1), np.concatenate([highs, rest[1]], axis=1)
