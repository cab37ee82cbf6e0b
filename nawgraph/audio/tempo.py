"""Tempo and beats."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from nawgraph.audio.onsets import BANDS, band_flux
from nawgraph.heavy import importing
from nawgraph.values.signal import Float

Array = npt.NDArray[np.float64]

_METRES = ((1, 2, 4, 8), (1, 2, 3, 6))
"""Beats after which music tends to repeat itself, in duple and in triple time."""

_GROUPS = (0, 6, 28, BANDS)
"""Borders of three groups of mel bands, about 190 Hz and 1.6 kHz: kick, snare and hat repeat differently."""

_OCTAVES = 0.9
_SHARPNESS = 2.0
_TIGHTNESS = 100.0
_LATENCY = 0.6


class TempoEstimate(NamedTuple):
    """A tempo: beats a minute, and how sure (0 no pulse to 1 a machine)."""

    bpm: float
    confidence: float


def tempo(
    samples: Float, rate: int, low: float = 40.0, high: float = 240.0, centre: float = 115.0
) -> TempoEstimate | None:
    """The tempo of a sound with a steady beat, by autocorrelation of its onset envelope.

    Every tempo between `low` and `high` is rated by the autocorrelation (of three bands) after the beats at which
    music in duple or triple time repeats itself, weighted by a log-normal prior around `centre` (Ellis 2007), which
    decides between a tempo, its half and its double: narrow the range where more is known. The winner is refined at
    ever larger multiples of its lag, so that the error shrinks with the length: below 0.5 % from 5 s on, typically
    0.05 %.

    Returns:
        The estimate; None for silence, and for sound without a repetition or shorter than two beats.

    Raises:
        ValueError: not 20 ≤ low < high ≤ 400, or a centre that is not positive.
    """
    if not 20 <= low < high <= 400:
        raise ValueError(f"a tempo range must lie between 20 and 400 bpm, got {low:g} to {high:g}")
    if not centre > 0:
        raise ValueError(f"the likeliest tempo must be positive, got {centre:g} bpm")
    flux, frame_rate = band_flux(samples, rate)
    return _tempo_of(flux, frame_rate, low, high, centre)


def beats(samples: Float, rate: int, bpm: float | None = None) -> Array:
    """Times of the beats in seconds, by dynamic programming (Ellis 2007): on onsets, evenly spaced.

    Args:
        samples: [channels, frames].
        rate: Hz.
        bpm: the tempo; None measures it.

    Returns:
        float64 [beats]; empty where there is no beat.
    """
    from nawgraph.audio.kernels.beats import best_path

    flux, frame_rate = band_flux(samples, rate)
    envelope = flux.mean(axis=0)
    if bpm is None:
        found = _tempo_of(flux, frame_rate, 40, 240, 115)
        bpm = found.bpm if found else None
    deviation = float(envelope.std()) if len(envelope) else 0.0
    if bpm is None or not 20 <= bpm <= 400 or deviation == 0:
        return np.zeros(0)
    period = 60 * frame_rate / bpm
    strength = _smoothed(envelope / deviation, period / 32)
    path = best_path(strength, period, _TIGHTNESS)
    keep = _trimmed(strength[path])
    return np.array([max(_vertex(strength, int(i)) + _LATENCY, 0) / frame_rate for i in path[keep]])


def _tempo_of(flux: Float, frame_rate: float, low: float, high: float, centre: float) -> TempoEstimate | None:
    correlation = _correlation(flux)
    if len(correlation) < 2 or correlation[0] <= 0:
        return None
    bpms = np.geomspace(low, high, 2 + math.ceil(600 * math.log(high / low)))
    lags = 60 * frame_rate / bpms
    bpms, lags = bpms[lags < len(correlation) - 2], lags[lags < len(correlation) - 2]
    if len(bpms) == 0:
        return None
    combs = np.array([_comb(correlation, lags, beats) for beats in _METRES]).max(axis=0)
    prior = np.exp(-0.5 * (np.log2(bpms / centre) / _OCTAVES) ** 2)
    best = int(np.argmax(np.maximum(combs, 0) ** _SHARPNESS * prior))
    if combs[best] <= 0.03:
        return None
    return TempoEstimate(60 * frame_rate / _refined_lag(correlation, lags[best]), min(float(combs[best]), 1.0))


def _correlation(flux: Float) -> Array:
    """Autocorrelation of the flux in three bands, each counting by its deviation; 1 at lag 0."""
    parts = []
    for first, last in pairwise(_GROUPS):
        part = autocorrelation(_smoothed(flux[first:last].mean(axis=0), 1.0))
        if len(part) and part[0] > 0:
            parts.append(part / math.sqrt(part[0]))
    total = np.sum(parts, axis=0) if parts else np.zeros(0)
    return total / total[0] if len(total) else total


def _comb(correlation: Array, lags: Array, beats: tuple[int, ...]) -> Array:
    """Mean correlation at multiples of each lag, as far as they lie within the correlation."""
    index = np.arange(len(correlation))
    places = lags[:, None] * np.array(beats)
    inside = places < len(correlation) - 1
    values = np.where(inside, np.interp(places, index, correlation), 0)
    return np.asarray(values.sum(axis=1) / inside.sum(axis=1))


def autocorrelation(envelope: Array) -> Array:
    """Autocorrelation of a curve without its mean, for lags up to three quarters, each per overlapping frame."""
    with importing:
        from scipy.fft import irfft, next_fast_len, rfft

    n = len(envelope)
    if n < 8:
        return np.zeros(0)
    size = next_fast_len(2 * n)
    spectrum = rfft(envelope - envelope.mean(), size)
    full = irfft(np.abs(spectrum) ** 2, size)[: 3 * n // 4]
    return np.asarray(full / (n - np.arange(len(full))))


def _refined_lag(correlation: Array, lag: float) -> float:
    """The lag, from the peaks near its multiples 1, 2, 4, …: each halves the error, as long as the pulse holds."""
    best, height, multiple = lag, 0.0, 1
    while True:
        middle = best * multiple
        first, last = math.floor(middle - 2), math.ceil(middle + 2)
        if first < 1 or last > len(correlation) - 2:
            return best
        at = first + int(np.argmax(correlation[first : last + 1]))
        height = height or correlation[at]
        inside = correlation[at - 1] <= correlation[at] >= correlation[at + 1]
        if not inside or correlation[at] < 0.4 * height:
            return best
        best = _vertex(correlation, at) / multiple
        multiple *= 2


def _vertex(curve: Array, at: int) -> float:
    """Position of the maximum of the parabola through three points."""
    if not 0 < at < len(curve) - 1:
        return float(at)
    a, b, c = curve[at - 1], curve[at], curve[at + 1]
    bend = a - 2 * b + c
    return at + float(np.clip(0.5 * (a - c) / bend, -0.5, 0.5)) if bend < 0 else float(at)


def _smoothed(curve: npt.NDArray[np.floating], sigma: float) -> Array:
    with importing:
        from scipy.ndimage import gaussian_filter1d

    return np.asarray(gaussian_filter1d(curve.astype(np.float64), sigma, mode="constant"))


def _trimmed(strength: Array) -> slice:
    """The path without weak beats at its ends: before the music begins and after it has ended."""
    if len(strength) == 0:
        return slice(0, 0)
    strong = np.flatnonzero(strength >= 0.3 * np.sqrt(np.mean(strength**2)))
    return slice(int(strong[0]), int(strong[-1]) + 1)
