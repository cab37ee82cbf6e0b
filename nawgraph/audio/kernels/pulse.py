"""The search for beats: the likeliest row of beats through probabilities, with a tempo that may drift."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from nawgraph.audio.kernels.types import Array64
from nawgraph.heavy import importing

with importing:
    from numba import njit


@njit(cache=True, nogil=True)
def likeliest_beats(
    beat: Array64, rest: Array64, shortest: int, longest: int, blur: int, stiffness: float, jerk: float, prior: Array64
) -> npt.NDArray[np.int64]:
    """Frames of the likeliest beats, by the Viterbi algorithm over pairs of a beat's frame and the interval before it.

    Args:
        beat: log-likelihood that frame t is a beat, [frames].
        rest: sums of the log-likelihoods that frames are none, [frames + 1]: rest[b] − rest[a] for frames a to b − 1.
        shortest: frames of the shortest interval, more than twice `blur`.
        longest: frames of the longest interval.
        blur: frames beside a beat that count neither as beat nor as rest.
        stiffness: price of a change of interval from d to e, times |log(e / d)|.
        jerk: price of it, times log²(e / d).
        prior: log-likelihood of each interval, [longest − shortest + 1], counted at every beat.
    """
    frames, count = len(beat), longest - shortest + 1
    ring = longest + 1
    score = np.full((ring, count), -np.inf)
    back = np.zeros((frames, count), np.uint8)
    price = np.zeros((count, count))
    low, high = np.zeros(count, np.int64), np.zeros(count, np.int64)
    for i in range(count):
        d = shortest + i
        low[i] = max(0, math.floor(d * 0.87) - shortest)
        high[i] = min(count - 1, math.ceil(d * 1.15) - shortest)
        for j in range(low[i], high[i] + 1):
            step = abs(math.log(d / (shortest + j)))
            price[i, j] = stiffness * step + jerk * step * step
    for t in range(frames):
        here = t % ring
        for i in range(count):
            d = shortest + i
            at = t - d
            if at < 0:
                # A first beat: nothing before it but rest.
                score[here, i] = beat[t] + rest[max(t - blur, 0)] + prior[i]
                back[t, i] = 255
                continue
            there = at % ring
            best, choice = -np.inf, 0
            for j in range(low[i], high[i] + 1):
                value = score[there, j] - price[i, j]
                if value > best:
                    best, choice = value, j
            score[here, i] = best + beat[t] + (rest[t - blur] - rest[at + 1 + blur]) + prior[i]
            back[t, i] = choice
    # The last beat may lie anywhere in the last interval.
    final, at, which = -np.inf, -1, 0
    for t in range(max(frames - longest, 0), frames):
        for i in range(count):
            if frames - t > shortest + i:
                continue
            value = score[t % ring, i] + (rest[frames] - rest[min(t + 1 + blur, frames)])
            if value > final:
                final, at, which = value, t, i
    path = np.zeros(frames + 1, np.int64)
    found = 0
    while at >= 0:
        path[found] = at
        found += 1
        choice = back[at, which]
        if choice == 255:
            break
        at -= shortest + which
        which = choice
    return path[:found][::-1].copy()


@njit(cache=True, nogil=True)
def likeliest_bars(first: Array64, other: Array64, beats: int, slip: float) -> npt.NDArray[np.int64]:
    """Places of beats in bars of so many beats, 0 the first, by the Viterbi algorithm.

    Args:
        first: log-likelihood that each beat is a bar's first.
        other: that it is another.
        beats: in a bar.
        slip: price of a beat that does not follow the one before it.
    """
    count = len(first)
    score = np.zeros(beats)
    back = np.zeros((count, beats), np.int64)
    for n in range(count):
        jump = 0
        for p in range(1, beats):
            if score[p] > score[jump]:
                jump = p
        new = np.zeros(beats)
        for p in range(beats):
            before = (p - 1) % beats
            back[n, p] = before
            best = score[before]
            if n and score[jump] - slip > best:
                best = score[jump] - slip
                back[n, p] = jump
            new[p] = best + (first[n] if p == 0 else other[n])
        score = new
    places = np.zeros(count, np.int64)
    at = int(np.argmax(score))
    for n in range(count - 1, -1, -1):
        places[n] = at
        at = back[n, at]
    return places
