"""What every signal function demands of its input."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nawgraph.values.signal import Float

_BLOCK = 1 << 20


def signal(samples: Any, rate: int, what: str = "the sound") -> Float:
    """`samples` as a float32 array [channels, frames] of finite numbers; no copy where it is one already.

    Raises:
        ValueError: not two-dimensional, without channels, NaN or infinite somewhere (the message says where).
    """
    x = np.asarray(samples, dtype=np.float32)
    if x.ndim != 2 or x.shape[0] < 1:
        raise ValueError(f"{what} must have the shape [channels, frames], got {x.shape}")
    bad = first_bad_frame(x)
    if bad is not None:
        raise ValueError(f"{what} is not a number or infinite at {bad / rate:.3f} s: mend or remove that place first")
    return x


def first_bad_frame(x: Float) -> int | None:
    """The first frame [channels, frames] with a NaN or an infinity, or None."""
    for start in range(0, x.shape[1], _BLOCK):
        block = x[:, start : start + _BLOCK]
        # NaN and infinity survive multiplication by zero and the sum: one pass in the good case.
        with np.errstate(invalid="ignore"):
            clean = math.isfinite(float(np.sum(block * np.float32(0))))
        if not clean:
            return start + int(np.argmax(~np.isfinite(block).all(axis=0)))
    return None


def within(value: float, low: float, high: float, what: str, unit: str = "") -> float:
    """`value` as a float between `low` and `high`.

    Raises:
        ValueError: outside, or not a number; the message names `what`.
    """
    if not low <= value <= high:
        shown = f" {unit}" if unit else ""
        raise ValueError(f"{what} must be between {low:g} and {high:g}{shown}, got {value:g}")
    return float(value)
