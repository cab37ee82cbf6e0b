"""Regions of a song (stems, spans of time, bands of frequency), and new sound put into them.

Outside a region nothing changes: in time, samples are copied; in frequency, only the band of the difference between new
and old sound is added, cut out by a linear-phase filter (windowed sinc, Kaiser 1974) whose slopes lie inside the band.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from nawgraph.heavy import importing
from nawgraph.values import Mask

F32 = npt.NDArray[np.float32]

TOP = 384_000.0
"""Hz above which no sound reaches: the upper edge of a region without one."""

REGIONS = (0.0, 200.0, 800.0, 3_200.0, 24_000.0)
"""Edges in Hz of the parts of the spectrum that the house renderer can keep one by one."""

NARROWEST = 60.0
"""Hz that a band must be wide for its filter's slopes to lie inside."""

_SLOPE = 24.0
"""Hz from where the filter lets nothing through to where it lets everything through."""

_DEPTH = 74.0
"""dB by which it holds back what lies outside."""


def edges_of(mask: Mask) -> tuple[float, ...]:
    """Band edges of a mask, also where it has one band without any."""
    return mask.edges or (0.0, TOP)


def rebanded(mask: Mask, edges: tuple[float, ...]) -> F32:
    """A mask's values in other bands, float32 [stem, band, frame]; every edge of the mask must be among `edges`."""
    own = np.asarray(edges_of(mask))
    centres = (np.asarray(edges[:-1]) + np.asarray(edges[1:])) / 2
    at = np.searchsorted(own, centres, side="right") - 1
    inside = (at >= 0) & (at < len(own) - 1)
    made = mask.data[:, np.clip(at, 0, len(own) - 2)]
    return np.asarray(made * inside[None, :, None], np.float32)


def put(old: F32, fresh: F32, rate: int, on: npt.NDArray[np.bool_], mask: Mask, fade: float) -> F32:
    """Old sound with new sound where a mask says so.

    Args:
        old: float32 [channels, frames].
        fresh: the same shape.
        rate: of both, Hz.
        on: bool [band, mask frame], where the new sound is wanted.
        mask: whose frame rate and band edges `on` has.
        fade: seconds within the region over which the new sound comes and goes.

    Returns:
        float32 [channels, frames]; samples outside the region's time are those of `old`, bit for bit.
    """
    made = old.copy()
    edges = edges_of(mask)
    for (first, last), times in _runs(on):
        low, high = edges[first], edges[last]
        whole = low <= 0 and high >= rate / 2
        if not whole and (high - low < NARROWEST or low >= rate / 2):
            continue
        weight = weights(times, mask.frame_rate, rate, old.shape[1], fade)
        for begin, end in _spans(weight > 0):
            part = slice(begin, end)
            change = fresh[:, part] - old[:, part] if whole else _between(old, fresh, begin, end, low, high, rate)
            made[:, part] += weight[part] * change
    return made


def weights(times: npt.NDArray[np.bool_], frame_rate: float, rate: int, frames: int, fade: float) -> F32:
    """How much of the new sound is heard, float32 [frames]: 0 outside, raised cosines of `fade` seconds inside.

    A straight ramp has a corner at either end, which is heard as a change of the spectrum in quiet, steady sound.
    """
    places = np.minimum((np.arange(frames) * (frame_rate / rate)).astype(np.int64), len(times) - 1)
    inside = times[places]
    weight: F32 = inside.astype(np.float32)
    size = round(fade * rate)
    ramp = np.asarray(0.5 - 0.5 * np.cos(np.pi * (np.arange(size) + 0.5) / max(size, 1)), np.float32)
    for edge in np.flatnonzero(np.diff(inside.astype(np.int8))) if size else ():
        if inside[edge + 1]:
            part = weight[edge + 1 : edge + 1 + size]
            part *= ramp[: len(part)]
        else:
            part = weight[max(edge + 1 - size, 0) : edge + 1]
            part *= ramp[::-1][size - len(part) :]
    return weight


def _runs(on: npt.NDArray[np.bool_]) -> Iterator[tuple[tuple[int, int], npt.NDArray[np.bool_]]]:
    """Neighbouring bands that are on together, as (first, end), and the frames in which just these are."""
    patterns, of = np.unique(on, axis=1, return_inverse=True)
    found: dict[tuple[int, int], list[int]] = {}
    for index in range(patterns.shape[1]):
        for run in _spans(patterns[:, index]):
            found.setdefault(run, []).append(index)
    for run, which in sorted(found.items()):
        yield run, np.isin(of.reshape(-1), which)


def _spans(on: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and end of every stretch that is on."""
    steps = np.flatnonzero(np.diff(on.astype(np.int8), prepend=0, append=0))
    return list(zip(steps[::2].tolist(), steps[1::2].tolist(), strict=True))


def _between(old: F32, fresh: F32, begin: int, end: int, low: float, high: float, rate: int) -> F32:
    """The change from samples `begin` to `end` between two frequencies; what is around takes part in the filter."""
    with importing:
        from scipy.signal import oaconvolve

    taps = _taps(low, high, rate)
    half = len(taps) // 2
    first, last = max(begin - half, 0), min(end + half, old.shape[1])
    change = fresh[:, first:last].astype(np.float64) - old[:, first:last]
    made = oaconvolve(change, taps[None], mode="full", axes=1)[:, half + begin - first :][:, : end - begin]
    return np.asarray(made, np.float32)


def _taps(low: float, high: float, rate: int) -> npt.NDArray[np.float64]:
    """Impulse response of odd length that lets through what lies between two frequencies."""
    half = int(np.ceil((_DEPTH - 8) / (2.285 * 2 * np.pi * _SLOPE / rate) / 2))
    n = np.arange(-half, half + 1)
    cut = min(high - _SLOPE / 2, rate) * 2 / rate if high < rate / 2 else 1.0
    taps = cut * np.sinc(cut * n)
    if low > 0:
        below = (low + _SLOPE / 2) * 2 / rate
        taps -= below * np.sinc(below * n)
    return np.asarray(taps * np.kaiser(2 * half + 1, 0.1102 * (_DEPTH - 8.7)))
