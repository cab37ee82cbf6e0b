"""The key of a sound."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from nawgraph.audio.chroma import mean_chroma
from nawgraph.values.signal import Float

# Probe-tone ratings of Krumhansl and Kessler (1982), from the tonic up.
_MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)


class KeyEstimate(NamedTuple):
    """A key: tonic 0–11 (C = 0), ``major`` or ``minor``, and the profile's correlation with the sound (−1 to 1)."""

    tonic: int
    mode: str
    score: float


def key(samples: Float, rate: int) -> KeyEstimate | None:
    """The likeliest key of [channels, frames]; None for silence and for sound without pitch classes."""
    found = keys(mean_chroma(samples, rate))
    return found[0] if found else None


def keys(profile: npt.ArrayLike) -> list[KeyEstimate]:
    """All 24 keys for a mean chroma [12], the likeliest first; empty where all pitch classes are equal.

    Correlation with the probe-tone profiles of Krumhansl and Kessler.

    Raises:
        ValueError: not twelve finite numbers.
    """
    x = np.asarray(profile, float)
    if x.shape != (12,) or not np.isfinite(x).all():
        raise ValueError("a chroma profile needs twelve finite numbers")
    if np.ptp(x) < 1e-9:
        return []
    found = [
        KeyEstimate(tonic, mode, float(np.corrcoef(np.roll(ratings, tonic), x)[0, 1]))
        for mode, ratings in (("major", _MAJOR), ("minor", _MINOR))
        for tonic in range(12)
    ]
    return sorted(found, key=lambda k: -k.score)


def key_similarity(a: tuple[int, str], b: tuple[int, str]) -> float:
    """How near two keys are: 1 same, 0.7 relative or parallel-scale partner, 0.5 a fifth apart in one mode, else 0."""
    (tonic_a, mode_a), (tonic_b, mode_b) = a, b
    if (tonic_a, mode_a) == (tonic_b, mode_b):
        return 1.0
    if mode_a == mode_b:
        return 0.5 if (tonic_a - tonic_b) % 12 in (5, 7) else 0.0
    major, minor = (tonic_a, tonic_b) if mode_a == "major" else (tonic_b, tonic_a)
    return 0.7 if (major - minor) % 12 == 3 else 0.0
