"""Phases for magnitudes: phase-gradient heap integration, and back to samples.

The phase of a Gaussian-windowed transform follows from its magnitude; a Hann window is close to a Gaussian one. The
gradient is integrated from the strongest bins to the weaker ones, frame by frame (Průša, Balazs, Søndergaard 2017,
"A Noniterative Method for Reconstruction of Phase From STFT Magnitude"; the order is that of Průša, Søndergaard 2016).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from nawgraph.heavy import importing
from nawgraph.models.render.space import hann

F32 = npt.NDArray[np.float32]

TOLERANCE = 1e-4
"""Bins weaker than this share of the strongest get a random phase."""

_HANN_GAMMA = 0.25645


@lru_cache(maxsize=1)
def _kernel() -> Any:
    with importing:
        import numba

    @numba.njit(cache=True, nogil=True)
    def push(heap, keys, count, item):  # type: ignore[no-untyped-def]
        place = count
        heap[place] = item
        while place > 0:
            above = (place - 1) // 2
            if keys[heap[above]] >= keys[heap[place]]:
                break
            heap[above], heap[place] = heap[place], heap[above]
            place = above
        return count + 1

    @numba.njit(cache=True, nogil=True)
    def pop(heap, keys, count):  # type: ignore[no-untyped-def]
        top = heap[0]
        count -= 1
        heap[0] = heap[count]
        place = 0
        while True:
            child = 2 * place + 1
            if child >= count:
                break
            if child + 1 < count and keys[heap[child + 1]] > keys[heap[child]]:
                child += 1
            if keys[heap[place]] >= keys[heap[child]]:
                break
            heap[child], heap[place] = heap[place], heap[child]
            place = child
        return top, count

    @numba.njit(cache=True, nogil=True)
    def fill(row, logs, n, by_bin, turning):  # type: ignore[no-untyped-def]
        """The change of phase a frame in a row of bins: the slope of the magnitudes and what each bin turns."""
        last = len(row) - 1
        row[0] = by_bin * (logs[n, 1] - logs[n, 0])
        row[last] = by_bin * (logs[n, last] - logs[n, last - 1]) + turning[last]
        for m in range(1, last):
            row[m] = by_bin * ((logs[n, m + 1] - logs[n, m - 1]) / 2) + turning[m]

    @numba.njit(cache=True, nogil=True)
    def integrate(logs, by_bin, by_frame, turning, floor, phase, first):  # type: ignore[no-untyped-def]
        frames, bins = logs.shape
        earlier, now, across = np.empty(bins), np.empty(bins), np.empty(bins)
        keys = np.empty(2 * bins)
        heap = np.empty(2 * bins + 2, np.int64)
        done = np.zeros(bins, np.bool_)
        for n in range(first, frames):
            if n == first and n:
                fill(now, logs, n - 1, by_bin, turning)
            earlier, now = now, earlier
            fill(now, logs, n, by_bin, turning)
            above, below = min(n + 1, frames - 1), max(n - 1, 0)
            for m in range(bins):
                across[m] = by_frame * ((logs[above, m] - logs[below, m]) / max(above - below, 1))
            count = 0
            left = 0
            for m in range(bins):
                keys[m] = logs[n - 1, m] if n else -1e9
                keys[bins + m] = logs[n, m]
                done[m] = logs[n, m] <= floor
                left += not done[m]
                if n and logs[n - 1, m] > floor:
                    count = push(heap, keys, count, m)
            while left:
                if count == 0:  # an island without a past: its strongest bin keeps its random phase
                    best = -1
                    for m in range(bins):
                        if not done[m] and (best < 0 or logs[n, m] > logs[n, best]):
                            best = m
                    done[best] = True
                    left -= 1
                    count = push(heap, keys, count, bins + best)
                item, count = pop(heap, keys, count)
                if item < bins:
                    if not done[item]:
                        step = (earlier[item] + now[item]) / 2
                        phase[n, item] = phase[n - 1, item] + step
                        done[item] = True
                        left -= 1
                        count = push(heap, keys, count, bins + item)
                    continue
                m = item - bins
                for other in (m - 1, m + 1):
                    if 0 <= other < bins and not done[other]:
                        step = (across[m] + across[other]) / 2
                        phase[n, other] = phase[n, m] + (step if other > m else -step)
                        done[other] = True
                        left -= 1
                        count = push(heap, keys, count, bins + other)
        return phase

    return integrate


def phases(
    magnitudes: F32, size: int, hop: int, rng: np.random.Generator, before: F32 | None = None, loudest: float = 0.0
) -> F32:
    """Phases of a Hann STFT whose frames are centred on n · hop, float32 [frames, size // 2 + 1], in radians.

    Args:
        magnitudes: [frames, size // 2 + 1], not negative.
        size: of the transform.
        hop: at most a quarter of the size.
        rng: for the phases that nothing decides.
        before: phases of the first frame, where they are known: the others go on from there.
        loudest: magnitude of the strongest bin of the whole sound; 0 for that of these frames.
    """
    random = rng.uniform(-np.pi, np.pi, magnitudes.shape)
    if before is not None:
        random[0] = before
    top = float(magnitudes.max(initial=0))
    if top <= 0:
        return random.astype(np.float32)
    top = loudest or top
    logs = np.log(np.maximum(magnitudes.astype(np.float64), 1e-12))
    gamma = _HANN_GAMMA * size**2
    turning = 2 * np.pi * hop * np.arange(magnitudes.shape[1]) / size
    along = hop * size / gamma, -gamma / (hop * size)
    made = _kernel()(logs, *along, turning, np.log(top * TOLERANCE), random, int(before is not None))
    return np.asarray(np.mod(made, 2 * np.pi), np.float32)


def inverse(spectrum: npt.NDArray[np.complex64], size: int, hop: int) -> F32:
    """Samples of a Hann STFT by least squares: frame n centred on sample n · hop, phases counted from there.

    Args:
        spectrum: complex [frames, size // 2 + 1], a full-scale sine has magnitude 1.
        size: of the transform.
        hop: samples between frames, which divides the size.

    Returns:
        float32 [(frames − 1) · hop + size]: all that the frames reach, from half a transform before the first on, as if
        frames went on before and after, so that pieces can be added up; where none does, `missing` makes up for it.
    """
    with importing:
        from scipy.fft import irfft

    window = hann(size)
    blocks = np.fft.fftshift(irfft(spectrum, n=size, axis=1), axes=1) * (window * (window.sum() / 2))
    count = len(spectrum) * hop
    sound = np.zeros(count - hop + size)
    for part in range(size - hop, -1, -hop):
        sound[part : part + count] += blocks[:, part : part + hop].reshape(-1)
    return np.asarray(sound / (np.sum(window**2) / hop), np.float32)


@lru_cache(maxsize=4)
def missing(size: int, hop: int) -> tuple[F32, F32]:
    """What the first and the last `size` samples of `inverse` are to be multiplied by where no frames go on before and
    after, float32 [size] each."""
    window = hann(size) ** 2
    first, last = np.zeros(size), np.zeros(size)
    for begin in range(0, size, hop):
        first[begin:] += window[: size - begin]
        last[: size - begin] += window[begin:]
    whole = window.sum() / hop
    return tuple(np.asarray(whole / np.maximum(weight, 1e-3), np.float32) for weight in (first, last))  # type: ignore[return-value]
