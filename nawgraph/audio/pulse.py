"""From probabilities of beats to beats, bars and time signature."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

SLOWEST, FASTEST = 40.0, 240.0
"""Beats a minute that are looked for."""

_CENTRE, _OCTAVES, _TASTE = 118.0, 1.0, 0.6
"""The likeliest tempo, how wide it spreads, and what it weighs against what is heard."""

_STIFFNESS = 80.0
"""Price of a change of tempo, per unit of its logarithm."""

_JERK = 1000.0
"""Price of a sudden change, per squared unit."""

_CLIP = 0.03
"""Probabilities are taken no nearer to 0 and 1: a net may be wrong."""

_BLUR = 2
_SLIP = 8.0
"""Price of a bar that is longer or shorter than the others."""

BARS = (4, 3, 2, 5, 6, 7)
"""Beats a bar may have, the likelier first."""

_BAR_TASTE = (0.0, -0.02, -0.15, -0.08, -0.2, -0.22)
"""What each length of bar has against it, as log-likelihood a beat."""

_WEAK = 0.16
"""Mean probability below which the beats at the ends are none: before the music begins, and after it has ended."""


class Pulse(NamedTuple):
    """Beats, and how sure they are.

    Attributes:
        times: seconds, rising.
        places: of each beat in its bar, 0 the first.
        strength: how likely each is, 0 to 1.
        beats: of a bar.
    """

    times: Array
    places: npt.NDArray[np.int64]
    strength: Array
    beats: int

    @property
    def confidence(self) -> float:
        """The mean strength."""
        return float(self.strength.mean())


def pulse(
    probabilities: npt.NDArray[np.float32], frame_rate: float, low: float = SLOWEST, high: float = FASTEST,
    beats: int = 0,
) -> Pulse | None:  # fmt: skip
    """The beats and bars that probabilities [2, frames] of beat and first beat speak for.

    Beats are the likeliest row whose interval changes rarely and little at a time (a semi-Markov form of the bar
    pointer of Krebs, Böck and Widmer 2013 and 2015); the bar is the likeliest length whose first beats follow each
    other.

    Args:
        probabilities: of each frame, 0 to 1.
        frame_rate: frames a second.
        low: beats a minute at least.
        high: beats a minute at most.
        beats: of a bar; 0 finds it.

    Returns:
        None where there is no beat: silence, sound without onsets, or shorter than two beats.

    Raises:
        ValueError: a range that is none.
    """
    from nawgraph.audio.kernels.pulse import likeliest_beats

    if not 20 <= low < high <= 400:
        raise ValueError(f"a tempo range must lie between 20 and 400 bpm, got {low:g} to {high:g}")
    p = probabilities[0].astype(np.float64)
    shortest, longest = max(round(60 * frame_rate / high), 2 * _BLUR + 2), round(60 * frame_rate / low)
    if len(p) < 2 * shortest or longest - shortest > 250 or p.max() < 4 * _CLIP:
        return None
    p = np.clip(p, _CLIP, 1 - _CLIP)
    intervals = np.arange(shortest, longest + 1)
    prior = -0.5 * _TASTE * (np.log2(60 * frame_rate / intervals / _CENTRE) / _OCTAVES) ** 2
    rest = np.concatenate([[0.0], np.cumsum(np.log(1 - p))])
    path = likeliest_beats(np.log(p), rest, shortest, longest, _BLUR, _STIFFNESS, _JERK, prior)
    path = path[_sounding(probabilities[0], path)]
    if len(path) < 2:
        return None
    times = np.array([_vertex(probabilities[0], int(t)) for t in path]) / frame_rate
    places, found = _bars(_near(probabilities[1], path), beats)
    return Pulse(times, places, _near(probabilities[0], path), found)


def _near(curve: npt.NDArray[np.float32], path: npt.NDArray[np.int64]) -> Array:
    """The largest value of the curve within two frames of each place."""
    padded = np.pad(curve, 2)
    return np.asarray(np.max([padded[path + k] for k in range(5)], axis=0), np.float64)


def _sounding(curve: npt.NDArray[np.float32], path: npt.NDArray[np.int64]) -> slice:
    """The path without what lies before the music begins and after it has ended."""
    strength = _near(curve, path)
    smooth = np.convolve(np.pad(strength, 2, mode="edge"), np.full(5, 0.2), mode="valid")
    strong = np.flatnonzero((smooth >= _WEAK) & (strength >= _WEAK / 2))
    return slice(int(strong[0]), int(strong[-1]) + 1) if len(strong) else slice(0, 0)


def _bars(first: Array, beats: int) -> tuple[npt.NDArray[np.int64], int]:
    """Places of beats in bars, and the beats of a bar, from the probability that each beat is a first."""
    from nawgraph.audio.kernels.pulse import likeliest_bars

    p = np.clip(first, _CLIP, 1 - _CLIP)
    yes, no = np.log(p), np.log(1 - p)
    best, found = -np.inf, (np.zeros(len(p), np.int64), 4)
    for length, taste in zip(BARS, _BAR_TASTE, strict=True):
        if beats and length != beats:
            continue
        places = likeliest_bars(yes, no, length, _SLIP)
        slips = np.count_nonzero((np.diff(places) % length) != 1)
        value = np.sum(np.where(places == 0, yes, no)) - _SLIP * slips + taste * len(p)
        if value > best:
            best, found = float(value), (places, length)
    return found


def _vertex(curve: npt.NDArray[np.float32], at: int) -> float:
    """Where a peak lies, by the centre of what surrounds it."""
    first, last = max(at - 2, 0), min(at + 3, len(curve))
    weight = curve[first:last].astype(np.float64)
    total = float(weight.sum())
    return float(weight @ np.arange(first, last)) / total if total > 1e-6 else float(at)
