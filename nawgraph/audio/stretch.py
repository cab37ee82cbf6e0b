"""Time-stretch and pitch-shift by Signalsmith Stretch (MIT), a spectral stretcher that keeps transients in place."""

from __future__ import annotations

import math

import numpy as np

from nawgraph.audio.check import signal, within
from nawgraph.audio.resample import fit, soxr_resample
from nawgraph.values.signal import Float

_SEED = 1
"""The stretcher blurs phases at random where it must: always the same ones."""


def time_stretch(samples: Float, rate: int, factor: float) -> Float:
    """[channels, frames] played `factor` times as long at the same pitch; exactly round(frames · factor) frames.

    Events stay where they belong: a hit at t comes out at t · factor, within a few ms. Deterministic.

    Raises:
        ValueError: a factor outside 0.25 to 4, a sample rate below 8 kHz, NaN.
    """
    x = signal(samples, rate)
    within(factor, 0.25, 4, "the stretch factor")
    return x if factor == 1 else fit(_stretched(x, rate, factor), round(x.shape[1] * factor))


def pitch_shift(samples: Float, rate: int, semitones: float) -> Float:
    """[channels, frames] transposed, of the same length; formants move along. Deterministic.

    Stretches and then resamples, which hits the pitch to 0.1 cent (a shift of spectral bins is some cents off).

    Raises:
        ValueError: more than 24 semitones up or down, a sample rate below 8 kHz, NaN.
    """
    x = signal(samples, rate)
    ratio = 2 ** (within(semitones, -24, 24, "the transposition", "semitones") / 12)
    if semitones == 0:
        return x
    return fit(soxr_resample(_stretched(x, rate, ratio), rate * ratio, rate), x.shape[1])


def _stretched(x: Float, rate: int, factor: float) -> Float:
    try:
        from python_stretch.Signalsmith import Stretch
    except ImportError:
        raise ValueError(
            "time-stretch and pitch-shift need the package python-stretch: install it with pip install python-stretch"
        ) from None
    within(rate, 8_000, 768_000, "the sample rate for stretching", "Hz")
    frames = x.shape[1]
    if frames == 0:
        return x
    stretcher = Stretch(_SEED)
    stretcher.preset(len(x), rate)
    # The library counts latency at either end: shorter sounds get silence to work with.
    short = stretcher.blockSamples() * math.ceil(max(factor, 1))
    stretcher.setTimeFactor(1 / factor)
    padded = np.pad(x, ((0, 0), (0, max(short - frames, 0))))
    return np.asarray(stretcher.process(np.ascontiguousarray(padded)), np.float32)
