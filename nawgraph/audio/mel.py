"""Mel filters as published networks were trained with: triangles on the scale of HTK or of Slaney's toolbox."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

Scale = Literal["htk", "slaney"]
F64 = npt.NDArray[np.float64]

_STEP, _KNEE = 200 / 3, 1000.0
"""Slaney's scale: Hz a mel below the knee, and where it turns logarithmic."""

_GROWTH = np.log(6.4) / 27


def filters(rate: int, size: int, bands: int, low: float, high: float, *, scale: Scale, even: bool) -> F64:
    """Filters [bands, size // 2 + 1].

    Args:
        rate: sample rate, Hz.
        size: of the transform.
        bands: how many.
        low: Hz, from which on they lie.
        high: Hz, up to which they lie.
        scale: "htk" (2595 log₁₀(1 + f/700)) or "slaney" (linear to 1 kHz, then logarithmic).
        even: whether each triangle's area is 1 (per Hz), else its peak is.
    """
    to, back = (_htk, _from_htk) if scale == "htk" else (_slaney, _from_slaney)
    first, last = to(np.array([low, high], np.float64))
    corners = back(np.linspace(first, last, bands + 2))
    bins = np.linspace(0, rate / 2, size // 2 + 1)
    apart = np.maximum(np.diff(corners), 1e-9)[:, None]
    rising, falling = (bins - corners[:-2, None]) / apart[:-1], (corners[2:, None] - bins) / apart[1:]
    made: F64 = np.maximum(0, np.minimum(rising, falling))
    return made * (2 / (corners[2:] - corners[:-2]))[:, None] if even else made


def _htk(hz: F64) -> F64:
    return np.asarray(2595 * np.log10(1 + hz / 700))


def _from_htk(mel: F64) -> F64:
    return np.asarray(700 * (10 ** (mel / 2595) - 1))


def _slaney(hz: F64) -> F64:
    knee = _KNEE / _STEP
    return np.where(hz < _KNEE, hz / _STEP, knee + np.log(np.maximum(hz, 1e-9) / _KNEE) / _GROWTH)


def _from_slaney(mel: F64) -> F64:
    knee = _KNEE / _STEP
    return np.where(mel < knee, mel * _STEP, _KNEE * np.exp(_GROWTH * (mel - knee)))
