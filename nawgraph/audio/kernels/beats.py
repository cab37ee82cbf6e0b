"""Dynamic programming of the beat tracker."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from nawgraph.audio.kernels.types import Array64
from nawgraph.heavy import importing

with importing:
    from numba import njit


@njit(cache=True, nogil=True)
def best_path(strength: Array64, period: float, tightness: float) -> npt.NDArray[np.int64]:
    """Frames of the beats with the greatest sum of strengths less `tightness` · log²(interval / period)."""
    frames = len(strength)
    nearest, furthest = max(int(period / 2), 1), max(int(2 * period), 2)
    score = np.zeros(frames)
    back = np.full(frames, -1, np.int64)
    penalty = np.zeros(furthest + 1)
    for d in range(nearest, furthest + 1):
        penalty[d] = tightness * math.log(d / period) ** 2
    for t in range(frames):
        best = 0.0  # a path may begin anywhere
        for d in range(nearest, min(furthest, t) + 1):
            value = score[t - d] - penalty[d]
            if value > best:
                best = value
                back[t] = t - d
        score[t] = strength[t] + best
    at = max(frames - furthest, 0) + int(np.argmax(score[max(frames - furthest, 0) :]))
    path = np.zeros(frames, np.int64)
    count = 0
    while at >= 0:
        path[count] = at
        count += 1
        at = back[at]
    return path[:count][::-1].copy()
