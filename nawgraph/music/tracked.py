"""From beats that were heard to a grid: the tempo map of a song that somebody played.

The grid begins with the recording, at sample 0. What lies before the first downbeat becomes whole bars at the first
tempo and, before them, a short bar that holds the rest. A song that keeps its tempo gets one tempo; one that drifts
gets as few tempo changes as keep every beat within `TOLERANCE` of where it was heard.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from nawgraph.heavy import importing
from nawgraph.values import PPQ, Grid, Meter, Tempo
from nawgraph.values.grid import MAX_BARS

Array = npt.NDArray[np.float64]

TOLERANCE = 0.006
"""Seconds by which a beat of the grid may miss the beat that was heard and smoothed."""

STEADY = 0.02
"""Seconds within which most beats of a steady song lie on one line."""

MOST = 0.85
"""What share of their strength does. The others were misheard, in a break for instance, and are put on the line."""

BEND = 0.012
"""Seconds by which sixteen neighbouring beats may lie off the line."""

_SPAN, _SPREAD = 32, 0.004
"""Beats over which a local tempo is taken, and how far half of these may lie from their median in a steady song."""

ROUND = 0.004
"""Seconds by which a beat may move where a tempo is rounded to a whole number."""

_SMOOTH = 30.0
"""Weight of smoothness against what was heard: a drift is kept, a late beat is evened out."""

_PART = 8
"""Parts of a beat in which the first, short bar is counted."""

_SAME = 0.0003
"""Seconds by which a beat may be off before another tempo is written."""

_SHORTEST = 0.008
"""Seconds of the shortest such bar: a 32nd at 1000 beats a minute."""


def grid_of(
    times: Sequence[float] | Array,
    places: Sequence[int],
    beats: int,
    seconds: float,
    strength: Sequence[float] | Array | None = None,
) -> Grid:
    """The grid of a song.

    Args:
        times: of the beats in seconds, rising, two or more.
        places: of each beat in its bar, 0 the first.
        beats: of a bar.
        seconds: length of the recording, which the grid covers.
        strength: how sure each beat is, 0 to 1; a weak one follows its neighbours. None for all alike.

    Raises:
        ValueError: fewer than two beats, beats that do not rise, tempi outside 1 to 1000 beats a minute.
    """
    heard = np.asarray(times, np.float64)
    if len(heard) < 2 or len(places) != len(heard):
        raise ValueError(f"a grid needs two beats or more, each with its place in a bar, got {len(heard)}")
    if heard[0] < 0 or np.diff(heard).min() <= 0:
        raise ValueError("the beats of a grid must rise from 0 on")
    sure = np.clip(np.ones(len(heard)) if strength is None else np.asarray(strength, np.float64), 1e-3, 1)
    line = _line(heard, sure)
    if line is not None:
        first, period, count = line
        placed = np.asarray(first + period * np.arange(count), np.float64)
        shift = _vote(heard, np.asarray(places), first, period, beats)
        bars = [i for i in range(count) if (i + shift) % beats == 0] or [0]
        return _built(placed, [0, count - 1], bars, beats, seconds)
    placed = _smoothed(heard, sure)
    bars = [i for i, place in enumerate(places) if place == 0] or [0]
    return _built(placed, _knots(placed), bars, beats, seconds)


def _line(heard: Array, sure: Array) -> tuple[float, float, int] | None:
    """First beat, period and number of beats of a song that keeps its tempo; a whole tempo where one fits.

    The period is the one at which the beats, folded by it, lie nearest to each other; so a beat too many in a break
    does no harm.
    """
    if len(heard) < 4:
        return None
    around = _SPAN if len(heard) > 2 * _SPAN else 1
    local = (heard[around:] - heard[:-around]) / around
    middle = float(np.median(local))
    if around > 1 and np.mean(np.abs(local / middle - 1) < _SPREAD) < 0.5:
        return None  # most stretches of it have another tempo
    step = 0.1 / len(heard)
    reach = math.ceil((_SPREAD if around > 1 else 0.02) / step)
    candidates = middle * (1 + step * np.arange(-reach, reach + 1))
    fit = [abs(sure @ np.exp(2j * np.pi * heard / p)) for p in candidates]
    period = float(candidates[int(np.argmax(fit))])
    for _ in range(3):
        phase = float(np.angle(sure @ np.exp(2j * np.pi * heard / period))) / (2 * np.pi) * period
        index = np.rint((heard - phase) / period)
        off = heard - phase - period * index
        inside = np.abs(off) <= STEADY
        if sure[inside].sum() < MOST * sure.sum():
            return None
        period, phase = (float(v) for v in np.polyfit(index[inside], heard[inside], 1, w=sure[inside]))
    off = heard[inside] - phase - period * index[inside]
    width = min(16, len(off))
    if np.abs(np.convolve(off, np.full(width, 1 / width), mode="valid")).max() > BEND:
        return None
    centre = float(index[inside].mean())
    for digits in (0, 1):
        exact = 60 / round(60 / period, digits)
        if abs(exact - period) * len(heard) / 2 <= ROUND:
            phase, period = phase + (period - exact) * centre, exact
            break
    low, high = int(index.min()), int(index.max())
    first = phase + period * low
    if first < 0:
        low, first = low + 1, first + period
    return first, period, high - low + 1


def _vote(heard: Array, places: npt.NDArray[np.int64], first: float, period: float, beats: int) -> int:
    """The place in its bar that most beats say the first one has."""
    index = np.rint((heard - first) / period).astype(np.int64)
    return int(np.bincount((places - index) % beats, minlength=beats).argmax())


def _smoothed(heard: Array, sure: Array) -> Array:
    """Beats without jitter: least squares with a penalty on third differences (Whittaker 1923)."""
    n = len(heard)
    if n < 5:
        return heard
    with importing:
        from scipy.sparse import diags_array
        from scipy.sparse.linalg import spsolve

    third = diags_array([-1.0, 3.0, -3.0, 1.0], offsets=[0, 1, 2, 3], shape=(n - 3, n))
    weight = diags_array(sure)
    made = np.asarray(spsolve((weight + _SMOOTH * third.T @ third).tocsc(), sure * heard))
    made = np.maximum(made, 0)
    return made if np.diff(made).min() > 0 else heard


def _knots(placed: Array) -> list[int]:
    """Beats at which the tempo changes: from each as far as a line stays within the tolerance."""
    knots, last = [0], len(placed) - 1
    while knots[-1] < last:
        begin, end = knots[-1], knots[-1] + 1
        for candidate in range(begin + 2, min(begin + 64, last) + 1):
            inner = np.arange(begin + 1, candidate)
            slope = (placed[candidate] - placed[begin]) / (candidate - begin)
            if np.abs(placed[begin] + slope * (inner - begin) - placed[inner]).max() > TOLERANCE:
                break
            end = candidate
        knots.append(end)
    return knots


def _built(placed: Array, knots: list[int], bars: list[int], beats: int, seconds: float) -> Grid:
    """Meters and tempi, from the recording's beginning to its end."""
    first_period = (placed[knots[1]] - placed[0]) / knots[1]
    last_period = (placed[-1] - placed[knots[-2]]) / (knots[-1] - knots[-2])
    # Before the first beat the first tempo goes on to the beginning.
    origin = bars[0]
    whole, part = _head(float(placed[0]) / first_period + origin, float(placed[0]), beats)
    lengths = [b - a for a, b in pairwise(bars)]
    after = seconds - placed[-1]
    behind = len(placed) - bars[-1] + max(0, int(np.ceil(after / last_period - 1e-6)) - 1)
    lengths += [beats] * max(1, -(-behind // beats))
    counted = [beats] * whole + lengths
    meters, lead = _meters(part, counted)
    if len(counted) + (part > 0) > MAX_BARS:
        raise ValueError(f"the song has more than {MAX_BARS:,} bars: cut it into parts")
    zero = lead + (whole * beats - origin) * PPQ  # tick of the first beat
    points = [(zero + beat * PPQ, float(placed[beat])) for beat in knots]
    if lead and whole:
        # The short bar takes what whole bars at the first tempo leave.
        points.insert(0, (lead, max(points[0][1] - first_period * (zero - lead) / PPQ, 1e-3)))
    # Its last part alone is longer or shorter: the song begins with its own tempo.
    early = points[0][0] - PPQ // _PART
    if part and early > 0 and first_period * early / PPQ < points[0][1]:
        points.insert(0, (early, first_period * early / PPQ))
    return Grid(_tempi(points), meters, len(counted) + (part > 0))


def _head(head: float, first: float, beats: int) -> tuple[int, int]:
    """Whole bars before the first downbeat, and the parts of a beat in the short bar before them.

    Args:
        head: beats from the beginning to the first downbeat.
        first: seconds to the first beat.
        beats: of a bar.
    """
    whole, rest = divmod(head, beats)
    part = round(rest * _PART)
    if part == beats * _PART:
        return int(whole) + 1, 0
    if part == 0 and whole == 0 and first >= _SHORTEST:
        part = 1
    return int(whole), part


def _meters(part: int, counted: list[int]) -> tuple[tuple[Meter, ...], int]:
    """Meters by bar, and the ticks of the short bar at the beginning."""
    meters = [_fraction(part)] if part else []
    for number, length in enumerate(counted, start=int(part > 0)):
        if not meters or (meters[-1].beats, meters[-1].unit) != (length, 4):
            meters.append(Meter(number, length, 4))
    return tuple(meters), part * PPQ // _PART


def _fraction(part: int) -> Meter:
    """A meter of so many eighths of a quarter note, in the largest unit that fits."""
    unit = 4 * _PART
    while part % 2 == 0 and unit > 4:
        part, unit = part // 2, unit // 2
    return Meter(0, part, unit)


def _tempi(points: list[tuple[int, float]]) -> tuple[Tempo, ...]:
    """Tempo changes that bring the grid to every point (tick, seconds), rounding errors made good at each."""
    tempi: list[Tempo] = []
    tick, time = 0, Fraction(0)
    for at, seconds in points:
        exact = Fraction(seconds) - time
        if at <= tick or exact <= 0:
            continue
        milli = min(max(round(Fraction((at - tick) * 60_000, PPQ) / exact), 1_000), 1_000_000)
        if tempi and abs(float(Fraction((at - tick) * 60_000, PPQ * tempi[-1].milli_bpm) - exact)) < _SAME:
            milli = tempi[-1].milli_bpm
        else:
            tempi.append(Tempo(tick, milli))
        time += Fraction((at - tick) * 60_000, PPQ * milli)
        tick = at
    return tuple(tempi)
