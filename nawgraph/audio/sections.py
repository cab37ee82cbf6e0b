"""The form of a recording: where its sections lie, which of them repeat each other, and how strong each is."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from nawgraph.audio.check import signal
from nawgraph.audio.resample import resample
from nawgraph.audio.spectrum import magnitudes, mel_bands
from nawgraph.heavy import importing
from nawgraph.values.signal import Float

Array = npt.NDArray[np.float64]

_RATE, _SIZE, _HOP, _BANDS = 22_050, 1024, 1024, 20

_COLOUR = 0.4
"""What pitch counts beside timbre and level."""

_BORDER = 12.0
"""Price of a border, as squared distance of standardised features."""

_LONGEST = 24
"""Bars of the longest section."""

_ODD = {0: 0.0, 2: 0.5, 1: 1.2, 3: 1.2}
"""Price of a length that is no multiple of four bars, by what is left over, as a share of a border's."""

_ALIKE = 0.33
"""Distance below which two sections are the same, as a share of the largest between any two."""


class Stretch(NamedTuple):
    """Bars that belong together: from `begin` to before `end`, a letter for what repeats, strength 0 to 1."""

    begin: int
    end: int
    label: str
    energy: float


def levels(samples: Float, rate: int, marks: Sequence[float] | Array) -> Array:
    """Levels of mel bands between neighbouring marks (seconds), in decibels below the loudest, [spans, bands].

    Raises:
        ValueError: NaN in the sound.
    """
    x = signal(samples, rate, "the song").mean(axis=0, keepdims=True, dtype=np.float32)
    x = resample(x, rate, _RATE)
    weights = mel_bands(_RATE, _SIZE, _BANDS)
    rows = []
    for begin, end in pairwise(marks):
        part = x[:, round(begin * _RATE) : max(round(end * _RATE), round(begin * _RATE) + 1)]
        found = weights @ np.square(magnitudes(part, _RATE, _SIZE, _HOP)) if part.shape[1] else np.zeros((_BANDS, 1))
        rows.append(found.mean(axis=1))
    power = np.array(rows, np.float64)
    top = max(float(power.max(initial=0)), 1e-12)
    return np.asarray(10 * np.log10(np.maximum(power / top, 1e-6)))


def sections(level: Array, chroma: Array) -> list[Stretch]:
    """The sections of a song, by dynamic programming: bars that are alike, in lengths that music likes.

    Args:
        level: of the bars, decibels [bars, bands].
        chroma: of the bars, [bars, 12].
    """
    bars = len(level)
    if bars == 0:
        return []
    features = np.concatenate([_standard(level), _COLOUR * _standard(chroma)], axis=1)
    borders = _borders(features)
    means = np.array([features[a:b].mean(axis=0) for a, b in pairwise(borders)])
    labels = _labels(means)
    loud = np.array([level[a:b].mean() for a, b in pairwise(borders)])
    spread = max(float(np.ptp(loud)), 6.0)
    energy = np.clip(1 - 0.75 * (loud.max() - loud) / spread, 0.1, 1)
    return [
        Stretch(a, b, label, round(float(e), 2))
        for a, b, label, e in zip(borders[:-1], borders[1:], labels, energy, strict=True)
    ]


def _standard(x: Array) -> Array:
    """Each column around 0, all of one spread, so that their squares add up to about 10 a bar."""
    centred = x - x.mean(axis=0)
    size = float(np.sqrt(np.mean(np.sum(centred**2, axis=1))))
    return centred * (np.sqrt(10) / size) if size > 1e-9 else np.zeros_like(centred)


def _borders(features: Array) -> list[int]:
    """First bars of the sections, and the end."""
    bars = len(features)
    sums = np.concatenate([np.zeros((1, features.shape[1])), np.cumsum(features, axis=0)])
    squares = np.concatenate([[0.0], np.cumsum(np.sum(features**2, axis=1))])
    best, back = np.full(bars + 1, np.inf), np.zeros(bars + 1, np.int64)
    best[0] = 0
    for end in range(1, bars + 1):
        for begin in range(max(end - _LONGEST, 0), end):
            length = end - begin
            total = sums[end] - sums[begin]
            inside = squares[end] - squares[begin] - float(total @ total) / length
            price = _BORDER * (1 + _ODD[length % 4] + (0.5 if length < 4 else 0))
            if best[begin] + inside + price < best[end]:
                best[end], back[end] = best[begin] + inside + price, begin
    found = [bars]
    while found[-1] > 0:
        found.append(int(back[found[-1]]))
    return found[::-1]


def _labels(means: Array) -> list[str]:
    """Letters in order of appearance; sections whose groups lie near to each other share one (complete linkage)."""
    with importing:
        from scipy.cluster.hierarchy import fcluster, linkage
        from scipy.spatial.distance import pdist

    if len(means) < 2:
        return ["A"] * len(means)
    apart = pdist(means)
    groups = fcluster(linkage(apart, "complete"), _ALIKE * float(apart.max()), "distance")
    order = {group: number for number, group in enumerate(dict.fromkeys(groups.tolist()))}
    return [chr(ord("A") + order[group] % 26) for group in groups.tolist()]
