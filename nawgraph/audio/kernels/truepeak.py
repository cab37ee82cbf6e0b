"""Peaks between the samples."""

from __future__ import annotations

import numpy as np

from nawgraph.audio.kernels.types import Array32
from nawgraph.heavy import importing

with importing:
    from numba import njit

BLOCK = 2048
"""Frames that are passed over together where they cannot reach the floor."""


@njit(cache=True, nogil=True)
def true_peaks(x: Array32, taps: Array32, before: int, floor: float) -> Array32:
    """For every frame the largest absolute interpolated value next to it, over all channels, float32 [frames].

    Phase p of `taps` [phases, taps] gives the value Σ taps[p, t] · x[n − before + t] between frames n and n + 1 and
    counts for both; the number of taps is a multiple of four. Blocks whose values cannot reach `floor` keep their
    sample peaks.
    """
    channels, frames = x.shape
    phases, length = taps.shape
    gain = np.float32(0)
    for p in range(phases):
        total = np.float32(0)
        for t in range(length):
            total += abs(taps[p, t])
        gain = max(gain, total)
    between = np.zeros(frames + 1, np.float32)
    out = np.zeros(frames, np.float32)
    padded = np.zeros(BLOCK + length, np.float32)
    acc = np.zeros(BLOCK, np.float32)
    for c in range(channels):
        row = x[c]
        for n in range(frames):
            out[n] = max(out[n], abs(row[n]))
        for begin in range(-1, frames, BLOCK):
            size = min(BLOCK, frames - begin)
            top = np.float32(0)
            for i in range(size + length - 1):
                at = begin - before + i
                value = row[at] if 0 <= at < frames else np.float32(0)
                padded[i] = value
                top = max(top, abs(value))
            if top * gain < floor:
                continue
            part = between[begin + 1 : begin + 1 + size]
            for p in range(phases):
                acc[:size] = 0
                for t in range(0, length, 4):  # four taps at a time: a third of the memory traffic
                    a, b, c4, d = taps[p, t], taps[p, t + 1], taps[p, t + 2], taps[p, t + 3]
                    p0, p1, p2, p3 = padded[t:], padded[t + 1 :], padded[t + 2 :], padded[t + 3 :]
                    for i in range(size):
                        acc[i] += a * p0[i] + b * p1[i] + c4 * p2[i] + d * p3[i]
                for i in range(size):
                    part[i] = max(part[i], abs(acc[i]))
    for n in range(frames):
        out[n] = max(out[n], between[n], between[n + 1])
    return out
