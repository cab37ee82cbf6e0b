"""Waveforms and rolls as pixels: an image is one thing to draw, where columns and notes are thousands."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from nawgraph.ui.viewers.pictures import Image, Roll, Waveform

Colour = tuple[int, int, int]
Shade = npt.NDArray[np.float64]


def waveform(picture: Waveform, colour: Callable[[str], Colour]) -> Image:
    """Each lane in the colour of its tint: extremes darker, the level brighter, edges smooth, columns never empty.

    Args:
        picture: what to show.
        colour: the colour of a tint.
    """
    width, height = picture.size
    pixels = np.zeros((height, width, 4), np.uint8)
    rows = np.arange(height)[:, None]
    for lane in picture.lanes:
        middle, half = (lane.top + lane.bottom) / 2, (lane.bottom - lane.top) / 2 * 0.94
        high, low = (middle - np.clip(level / picture.scale, -1, 1) * half for level in (lane.high, lane.low))
        loud = np.clip(lane.rms / picture.scale, 0, 1) * half
        outer = _cover(rows, high - 0.5, low + 0.5)
        inner = _cover(rows, np.maximum(high, middle - loud), np.minimum(low, middle + loud))
        _paint(pixels, 0.62 * outer + 0.38 * inner, colour(lane.tint))
    return Image(picture.size, pixels)


def roll(picture: Roll, colour: Callable[[str], Colour], line: Colour) -> Image:
    """Every note a rectangle in the colour of its stem, stronger where it is louder, over the lines of the bars.

    Args:
        picture: what to show.
        colour: the colour of a tint.
        line: the colour of bar lines.
    """
    width, height = picture.size
    pixels = np.zeros((height, width, 4), np.uint8)
    for x in np.round(picture.bars).astype(int).tolist():
        if 0 <= x < width:
            pixels[:, x] = (*line, 255)
    for i, (left, top, right, bottom) in enumerate(picture.boxes.tolist()):
        x, y = max(int(left), 0), max(int(top), 0)
        strength = 0.45 + 0.55 * float(picture.strengths[i])
        tint = picture.tints[picture.stems[i]] if picture.tints else ""
        pixels[y : max(round(bottom), y + 1), x : max(round(right), x + 1)] = (*colour(tint), round(255 * strength))
    return Image(picture.size, pixels)


def _cover(rows: npt.NDArray[np.int_], high: npt.NDArray[np.floating], low: npt.NDArray[np.floating]) -> Shade:
    """How much of each pixel lies between two heights, 0 to 1."""
    covered: Shade = np.clip(np.minimum(low, rows + 1) - np.maximum(high, rows), 0.0, 1.0)
    return covered


def _paint(pixels: npt.NDArray[np.uint8], shade: Shade, colour: Colour) -> None:
    alpha = np.round(np.clip(shade, 0, 1) * 255).astype(np.uint8)
    covered = alpha > pixels[:, :, 3]
    pixels[covered] = np.concatenate(
        [np.broadcast_to(np.array(colour, np.uint8), (int(covered.sum()), 3)), alpha[covered][:, None]], axis=1
    )
