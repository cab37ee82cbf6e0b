"""Sample loops of compressor and limiter."""

from __future__ import annotations

import math

import numpy as np

from nawgraph.audio.kernels.types import Array32, Array64, Ints
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


Limiter = tuple[Array32, Array64, Array32, Ints, Ints]


def limiter_start(ahead: int) -> Limiter:
    """The state of a limiter at rest: what `limiter_gain` takes last and changes in place.

    Rings of both averages [2, half + 1]; gain and both sums [3]; need of the frames in the window [reach + 1]; frames
    of the window whose need is less than that of all later ones [reach + 2]; frames so far, head and tail of these [3].
    """
    half = max(ahead // 2, 1)
    reach = 2 * half
    return (
        np.ones((2, half + 1), np.float32),
        np.array([1.0, half + 1, half + 1]),
        np.ones(reach + 1, np.float32),
        np.zeros(reach + 2, np.int64),
        np.zeros(3, np.int64),
    )


@njit(cache=True, nogil=True)
def limiter_gain(
    peaks: Array32, ceiling: float, release: float,
    rings: Array32, values: Array64, need: Array32, queue: Ints, places: Ints,
) -> Array32:  # fmt: skip
    """Smooth gain that is nowhere above ceiling / peak, float32, for the frames up to `reach` before the last so far.

    The least gain of the last `ahead` frames, released exponentially (never above that least), averaged over the last
    `ahead` frames (twice by halves) and read `ahead` frames early: every value in an average heeds the frame it is for.
    So it comes `reach` frames late, of which the first call has that many fewer to give.
    """
    width = rings.shape[1]
    reach = 2 * (width - 1)
    gain = values[0]
    begin, head, tail = places[0], places[1], places[2]
    out = np.empty(max(begin + len(peaks) - reach, 0) - max(begin - reach, 0), np.float32)
    at = 0
    for n in range(len(peaks)):
        m = begin + n
        mine = np.float32(ceiling / peaks[n]) if peaks[n] > ceiling else np.float32(1)
        need[m % len(need)] = mine
        while tail > head and need[queue[(tail - 1) % len(queue)] % len(need)] >= mine:
            tail -= 1
        queue[tail % len(queue)] = m
        tail += 1
        while queue[head % len(queue)] < m - reach:
            head += 1
        gain = min(need[queue[head % len(queue)] % len(need)], 1 - (1 - gain) * release)
        # Means of the last `width` values, as if 1 had come before; never above the largest of them.
        least = np.float32(gain)
        for k in range(2):
            values[1 + k] += np.float64(least) - np.float64(rings[k, m % width])
            rings[k, m % width] = least
            least = np.float32(min(values[1 + k] / width, 1.0))
        if m >= reach:
            out[at] = least
            at += 1
    values[0] = gain
    places[0], places[1], places[2] = begin + len(peaks), head, tail
    return out
