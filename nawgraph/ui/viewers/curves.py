"""Curves as lines, and matrices as images."""

from __future__ import annotations

import numpy as np

from nawgraph.ui.viewers.pictures import Image, Lines, Path, Size
from nawgraph.ui.viewers.spectrum import coloured
from nawgraph.values import STEMS
from nawgraph.values.signal import Float

MOST_LINES = 4
"""A curve of more dimensions than this is shown as an image."""

_MARGIN = 2.0


def lines(rows: Float, size: Size, names: tuple[str, ...] = ()) -> Lines:
    """One line for each row of [lines, frames], from the lowest to the highest value of all.

    Where frames are denser than two a pixel, a line goes through the extremes of each column: nothing is left out.
    """
    width, height = size
    clean = np.nan_to_num(rows, nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(clean.min(initial=0)), float(clean.max(initial=0))
    if clean.size:
        low, high = float(clean.min()), float(clean.max())
    room = max(height - 2 * _MARGIN, 1.0)
    paths = []
    for i, row in enumerate(clean):
        x, y = _thinned(row, width)
        up = (y - low) / (high - low) if high > low else np.full(len(y), 0.5, np.float32)
        name = names[i] if i < len(names) else ""
        points = np.stack([x, _MARGIN + room * (1 - up)], axis=1).astype(np.float32)
        paths.append(Path(name, name if name in STEMS else "", points))
    return Lines(size, tuple(paths), low, high)


def matrix(data: Float, size: Size, *, upwards: bool = True) -> Image:
    """[rows, frames] as an image, the lowest value dark; row 0 at the bottom, or at the top.

    A pixel shows the mean of what falls into it, or the nearest entry where entries are larger than pixels.
    """
    width, height = size
    clean = np.nan_to_num(data, nan=0.0, posinf=0.0, neginf=0.0)
    if clean.size == 0:
        return Image(size, coloured(np.zeros((height, width), np.float32)))
    fitted = _fitted(_fitted(clean, height, 0), width, 1)
    low, high = float(clean.min()), float(clean.max())
    level = (fitted - low) / (high - low) if high > low else np.zeros_like(fitted)
    return Image(size, coloured(level[::-1] if upwards else level))


def _thinned(row: Float, width: int) -> tuple[Float, Float]:
    frames = len(row)
    if frames <= 2 * width:
        return np.linspace(0, width, frames, dtype=np.float32), row
    first = np.arange(width) * frames // width
    low, high = np.minimum.reduceat(row, first), np.maximum.reduceat(row, first)
    rising = row[first] <= row[np.append(first[1:], frames) - 1]
    pair = np.where(rising, [low, high], [high, low])
    return np.repeat(np.arange(width, dtype=np.float32) + 0.5, 2), pair.T.reshape(-1)


def _fitted(data: Float, count: int, axis: int) -> Float:
    """`count` entries along an axis: means of many, or copies of few."""
    have = data.shape[axis]
    if have <= count:
        return np.asarray(np.take(data, np.arange(count) * have // count, axis=axis))
    first = np.arange(count) * have // count
    sizes = np.diff(np.append(first, have)).astype(np.float32)
    return np.asarray(np.add.reduceat(data, first, axis=axis) / (sizes[:, None] if axis == 0 else sizes), np.float32)
