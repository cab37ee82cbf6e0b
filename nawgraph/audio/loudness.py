"""Loudness (LUFS) and true peak (dBTP) after ITU-R BS.1770-4 and EBU Tech 3341, range after EBU Tech 3342."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nawgraph.audio import large
from nawgraph.audio.check import signal
from nawgraph.audio.filters import Sos, process, start
from nawgraph.audio.levels import peak, to_db
from nawgraph.audio.truepeak import peaks_by, standard_kernel
from nawgraph.values.signal import Float

Array = npt.NDArray[np.float64]

SILENCE = -70.0
"""LUFS of the absolute gate: anything quieter counts as silence (−inf)."""

_STEP = 0.1
_MOMENTARY, _SHORT = 4, 30
"""Length of the momentary and the short-term window in steps."""

_AT_ONCE = 100
"""Steps that are weighted at once."""


@dataclass(frozen=True)
class Loudness:
    """What a meter shows: `integrated`, loudest `momentary` (0.4 s) and `short_term` (3 s) in LUFS, `range` in LU,
    `true_peak` in dBTP. Silence is −inf (its range 0).
    """

    integrated: float
    momentary: float
    short_term: float
    range: float
    true_peak: float


def measure(samples: Float, rate: int) -> Loudness:
    """All figures of [channels, frames] at once."""
    x = signal(samples, rate)
    steps, part = _powers(x, rate)
    momentary, short = _lufs(_windows(steps, _MOMENTARY)), _lufs(_windows(steps, _SHORT))
    return Loudness(
        integrated=_integrated(steps, part),
        momentary=float(momentary.max(initial=-math.inf)),
        short_term=float(short.max(initial=-math.inf)),
        range=_range(_windows(steps, _SHORT)),
        true_peak=true_peak(x, rate),
    )


def integrated(samples: Float, rate: int) -> float:
    """Integrated loudness of [channels, frames] in LUFS with both gates.

    Channels count 1, from the fourth of 5.1 on as the standard says (LFE 0, surround 1.41). A sound shorter than the
    0.4 s window is measured as one window of its own length; silence and no sound give −inf.
    """
    return _integrated(*_powers(signal(samples, rate), rate))


def curve(samples: Float, rate: int, seconds: float = 3.0) -> Array:
    """Short-term loudness: LUFS of the window of `seconds` (0.1 to 60) that ends at each 0.1 s, float64 [steps].

    The first windows are as long as the sound so far; silence is −inf.

    Raises:
        ValueError: a window out of range.
    """
    if not _STEP <= seconds <= 60:
        raise ValueError(f"a loudness window must be between 0.1 and 60 s, got {seconds:g}")
    steps, _ = _powers(signal(samples, rate), rate)
    total = np.concatenate([[0.0], np.cumsum(steps)])
    n = round(seconds / _STEP)
    ends = np.arange(1, len(total))
    begins = np.maximum(ends - n, 0)
    return _lufs((total[ends] - total[begins]) / (ends - begins))


def true_peak(samples: Float, rate: int) -> float:
    """True peak of [channels, frames] in dBTP: fourfold oversampling by the standard's filter; silence is −inf."""
    x = signal(samples, rate)
    # Between the samples nothing can be above the sample peak in blocks that cannot reach it.
    parts = peaks_by(x, standard_kernel(), peak(x))
    return to_db(max((float(part.max(initial=0)) for _, part in parts), default=0.0))


def k_weighting(rate: int) -> Sos:
    """The standard's two filters at any rate: its analogue prototypes (De Man 2014) through the bilinear transform."""
    k = math.tan(math.pi * min(1681.974450955533, 0.45 * rate) / rate)
    high, q = 10 ** (3.999843853973347 / 20), 0.7071752369554196
    band = high**0.4996667741545416
    shelf = [high + band * k / q + k * k, 2 * (k * k - high), high - band * k / q + k * k]
    shelf += [1 + k / q + k * k, 2 * (k * k - 1), 1 - k / q + k * k]
    k, q = math.tan(math.pi * 38.13547087602444 / rate), 0.5003270373238773
    norm = 1 + k / q + k * k
    # The standard gives this high pass with the numerator 1, −2, 1, not normalised.
    rumble = [1.0, -2.0, 1.0, 1.0, 2 * (k * k - 1) / norm, (1 - k / q + k * k) / norm]
    return np.array([[v / shelf[3] for v in shelf], rumble])


def _weights(channels: int) -> Array:
    weights = np.ones(channels)
    if channels >= 6:
        weights[3] = 0.0
        weights[4:] = 1.41
    elif channels == 5:
        weights[3:] = 1.41
    return weights


def _powers(x: Float, rate: int) -> tuple[Array, float]:
    """Weighted mean square of each 0.1 s step, and of everything where the sound is shorter than 0.4 s (else −1)."""
    edges = np.rint(np.arange(int(x.shape[1] / (rate * _STEP) + 1e-9) + 1) * rate * _STEP).astype(int)
    sos, weights = k_weighting(rate), _weights(len(x))
    steps, state = np.zeros(len(edges) - 1), start(sos, len(x))
    for part in large.blocks(len(steps), _AT_ONCE):
        marks = edges[part.start : part.stop + 1]
        y, state = process(x[:, marks[0] : marks[-1]], rate, sos, state)
        for row, weight in zip(y, weights, strict=True):
            squares = np.square(row, dtype=np.float64) * weight
            steps[part] += np.add.reduceat(squares, marks[:-1] - marks[0]) / np.diff(marks)
    if len(steps) >= _MOMENTARY:
        return steps, -1.0
    y = np.square(process(x, rate, sos, start(sos, len(x)))[0], dtype=np.float64)
    return steps, float(weights @ y.mean(axis=1)) if x.shape[1] else 0.0


def _windows(steps: Array, n: int) -> Array:
    """Mean of every `n` steps in a row."""
    if len(steps) < n:
        return steps[:0]
    return np.asarray(np.lib.stride_tricks.sliding_window_view(steps, n).mean(axis=1))


def _lufs(power: Array) -> Array:
    with np.errstate(divide="ignore"):
        values = -0.691 + 10 * np.log10(power)
    return np.where(values < SILENCE, -np.inf, values)


def _integrated(steps: Array, part: float) -> float:
    blocks = _windows(steps, _MOMENTARY) if part < 0 else np.array([part])
    blocks = blocks[_lufs(blocks) > SILENCE]
    if len(blocks) == 0:
        return -math.inf
    gate = _lufs(blocks.mean(keepdims=True))[0] - 10
    return float(_lufs(blocks[_lufs(blocks) > gate].mean(keepdims=True))[0])


def _range(blocks: Array) -> float:
    """Loudness range of 3 s blocks: 10th to 95th percentile above −20 LU under their mean."""
    blocks = blocks[_lufs(blocks) > SILENCE]
    if len(blocks) == 0:
        return 0.0
    levels = _lufs(blocks)
    levels = levels[levels > _lufs(blocks.mean(keepdims=True))[0] - 20]
    low, high = np.percentile(levels, [10, 95])
    return float(high - low)
