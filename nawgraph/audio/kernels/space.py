"""Sample loops of reverb and delay. Buffers and positions are state: they are changed in place."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nawgraph.audio.kernels.types import Array32, Array64
from nawgraph.heavy import importing

with importing:
    from numba import njit

_TINY = np.float32(1e-10)
"""Added and taken off again: rounds what is below −340 dB to 0, since denormal numbers are slow on many processors."""

_LINES = 16
_BLOCK = 64


@njit(cache=True, nogil=True)
def allpass(x: Array32, buffer: Array32, at: int, gain: np.float32) -> int:
    """Schroeder allpass over x [frames] in place; `buffer` holds the delay, `at` its position, which is returned."""
    size = len(buffer)
    for n in range(len(x)):
        delayed = buffer[at]
        fed = (x[n] - gain * delayed + _TINY) - _TINY
        x[n] = delayed + gain * fed
        buffer[at] = fed
        at += 1
        if at == size:
            at = 0
    return at


@njit(cache=True, nogil=True)
def feedback_network(
    x: Array32,
    lines: Array32,
    lengths: Array32,
    gains: Array32,
    poles: Array32,
    lows: Array32,
    phases: Array64,
    turns: Array64,
    depth: float,
    at: int,
) -> tuple[Array32, int]:
    """Sixteen delay lines that feed each other through a Hadamard matrix; returns [2, frames] and the position.

    Works on blocks of up to 64 frames, which no delay is shorter than, so that the loops run along time.

    Args:
        x: [2, frames], left into the even lines, right into the odd ones.
        lines: buffers [16, a power of two].
        lengths: delays in frames.
        gains: of a pass through each line, matrix norm and low-pass norm included.
        poles: of each line's damping low pass.
        lows: state of the low passes.
        phases: of the slow movement of each line's length, in turns.
        turns: a frame, of the same.
        depth: of the movement, in frames.
        at: write position.
    """
    frames = x.shape[1]
    mask = lines.shape[1] - 1
    out = np.zeros((2, frames), np.float32)
    v = np.zeros((_LINES, _BLOCK), np.float32)
    n = 0
    while n < frames:
        base = at & ~(_BLOCK - 1)
        offset = at - base
        size = min(_BLOCK - offset, frames - n)
        for k in range(_LINES):
            # The movement is slow: within a block the length is a straight line.
            first = lengths[k] + depth * np.sin(2 * np.pi * (phases[k] + turns[k] * base))
            last = lengths[k] + depth * np.sin(2 * np.pi * (phases[k] + turns[k] * (base + _BLOCK)))
            whole = int(first)
            _read(lines[k], mask, at - whole, v[k], size, first - whole, (last - first) / _BLOCK, offset)
        for i in range(size):
            for k in range(_LINES):
                lows[k] = (gains[k] * v[k, i] + poles[k] * lows[k] + _TINY) - _TINY
                v[k, i] = lows[k]
        for k in range(_LINES):
            side, row = out[k & 1, n : n + size], v[k]
            sign = np.float32(-1 if k & 2 else 1)
            for i in range(size):
                side[i] += sign * row[i]
        _hadamard(v, size)
        for k in range(_LINES):
            # A block begins at a multiple of 64 in a power of two: it never wraps around.
            line, fed, row = lines[k, at & mask : (at & mask) + size], x[k & 1, n : n + size], v[k]
            for i in range(size):
                line[i] = (row[i] + fed[i] + _TINY) - _TINY
        n += size
        at += size
    return out, at


@njit(cache=True, nogil=True)
def _read(line: Array32, mask: int, begin: int, to: Array32, size: int, part: float, step: float, offset: int) -> None:
    """Interpolated reading of `size` values from `begin` back by `part` + `step` · (`offset` + i) of a frame."""
    p, s = np.float32(part), np.float32(step)
    start = (begin - 1) & mask
    if start + size <= mask:
        fars, nears = line[start : start + size], line[start + 1 : start + 1 + size]
        for i in range(size):
            to[i] = nears[i] + (p + s * np.float32(offset + i)) * (fars[i] - nears[i])
    else:
        for i in range(size):
            far, near = line[(begin + i - 1) & mask], line[(begin + i) & mask]
            to[i] = near + (p + s * np.float32(offset + i)) * (far - near)


@njit(cache=True, nogil=True)
def _hadamard(v: Array32, size: int) -> None:
    """Hadamard matrix, not normalised, times v [16, size] in place: four rounds of sums and differences."""
    half = _LINES // 2
    while half:
        for k in range(_LINES):
            if k & half == 0:
                a, b = v[k], v[k + half]
                for i in range(size):
                    s = a[i] + b[i]
                    b[i] = a[i] - b[i]
                    a[i] = s
        half //= 2


@njit(cache=True, nogil=True)
def echo(
    x: Array32, buffer: Array32, delays: npt.NDArray[np.int64], own: float, other: float, pole: float,
    lows: Array64, at: int
) -> tuple[Array32, int]:  # fmt: skip
    """Stereo delay [2, frames] with damped feedback into the own and the other side; returns the echoes, position."""
    frames = x.shape[1]
    size = buffer.shape[1]
    out = np.empty((2, frames), np.float32)
    for n in range(frames):
        for c in range(2):
            i = at - delays[c]
            echoed = buffer[c, i if i >= 0 else i + size]
            out[c, n] = echoed
            lows[c] = (1 - pole) * echoed + pole * lows[c]
            if abs(lows[c]) < 1e-20:
                lows[c] = 0.0
        buffer[0, at] = x[0, n] + own * lows[0] + other * lows[1]
        buffer[1, at] = x[1, n] + own * lows[1] + other * lows[0]
        at += 1
        if at == size:
            at = 0
    return out, at
