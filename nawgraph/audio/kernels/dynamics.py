"""Sample loops of compressor and limiter."""

from __future__ import annotations

import math

import numpy as np

from nawgraph.audio.kernels.types import Array32, Array64
from nawgraph.heavy import importing

with importing:
    from numba import njit

_DB = 20 / math.log(10)


@njit(cache=True, nogil=True)
def compressor_gain(
    key: Array32, threshold: float, slope: float, knee: float, attack: float, release: float, state: Array64
) -> Array32:
    """Gain reduction of a key signal [channels, frames] as factors, float32 [frames]; `state` [2] is updated.

    `slope` is 1 − 1 / ratio, `attack` and `release` are one-pole coefficients. Reduction is smoothed in dB by the
    decoupled peak detector of Giannoulis, Massberg and Reiss (2012): release first, then attack.
    """
    channels, frames = key.shape
    out = np.ones(frames, np.float32)
    quiet = math.exp((threshold - knee / 2) / _DB)
    held, smooth = state[0], state[1]
    for n in range(frames):
        top = abs(key[0, n])
        for c in range(1, channels):
            top = max(top, abs(key[c, n]))
        wanted = 0.0
        if top > quiet:
            over = _DB * math.log(top) - threshold
            # Without a knee `over` may come out a rounding error below 0.
            curved = knee > 0 and 2 * over < knee
            wanted = slope * (over + knee / 2) ** 2 / (2 * knee) if curved else slope * max(over, 0.0)
        held = max(wanted, release * held)
        smooth = attack * smooth + (1 - attack) * held
        if smooth > 1e-7:
            out[n] = math.exp(-smooth / _DB)
        else:
            smooth = 0.0
            if held < 1e-7:
                held = 0.0
    state[0], state[1] = held, smooth
    return out


@njit(cache=True, nogil=True)
def limiter_gain(peaks: Array32, ceiling: float, ahead: int, release: float) -> Array32:
    """Smooth gain that is nowhere above ceiling / peak, float32 [frames].

    The least gain of the last `ahead` frames, released exponentially (never above that least), averaged over the last
    `ahead` frames (twice by halves) and read `ahead` frames early: every value in an average heeds the frame it is for.
    """
    frames = len(peaks)
    half = max(ahead // 2, 1)
    reach = 2 * half
    least = np.ones(frames + reach, np.float32)
    queue = np.zeros(frames + reach + 1, np.int64)
    need = np.ones(frames + reach, np.float32)
    for n in range(frames):
        if peaks[n] > ceiling:
            need[n] = ceiling / peaks[n]
    # `queue` holds the frames of the window whose need is less than that of all later ones.
    head = tail = 0
    gain = 1.0
    for m in range(frames + reach):
        while tail > head and need[queue[tail - 1]] >= need[m]:
            tail -= 1
        queue[tail] = m
        tail += 1
        while queue[head] < m - reach:
            head += 1
        gain = min(need[queue[head]], 1 - (1 - gain) * release)
        least[m] = gain
    return _average(_average(least, half), half)[reach:]


@njit(cache=True, nogil=True)
def _average(x: Array32, width: int) -> Array32:
    """Mean of the last `width` + 1 values, as if 1 had come before; never above the largest of them."""
    out = np.empty_like(x)
    total = float(width + 1)
    for n in range(len(x)):
        total += x[n] - (x[n - width - 1] if n > width else 1.0)
        out[n] = min(total / (width + 1), 1.0)
    return out
