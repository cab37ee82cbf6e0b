"""Peaks between the samples (ITU-R BS.1770-4, annex 2)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np

from nawgraph.audio import large
from nawgraph.values.signal import Float

# The standard's 48 coefficients in four phases; the other two are the first two backwards.
_PHASE_0 = (
    0.0017089843750, 0.0109863281250, -0.0196533203125, 0.0332031250000, -0.0594482421875, 0.1373291015625,
    0.9721679687500, -0.1022949218750, 0.0476074218750, -0.0266113281250, 0.0148925781250, -0.0083007812500,
)  # fmt: skip
_PHASE_1 = (
    -0.0291748046875, 0.0292968750000, -0.0517578125000, 0.0891113281250, -0.1665039062500, 0.4650878906250,
    0.7797851562500, -0.2003173828125, 0.1015625000000, -0.0582275390625, 0.0330810546875, -0.0189208984375,
)  # fmt: skip


@cache
def standard_kernel() -> tuple[Float, int]:
    """The interpolator of the standard [4 phases, 12 taps], and how many taps lie before the frame."""
    taps = np.array([_PHASE_0, _PHASE_1, _PHASE_1[::-1], _PHASE_0[::-1]], np.float32)
    return taps, 5


@cache
def fine_kernel() -> tuple[Float, int]:
    """An eightfold interpolator [7 phases, 16 taps] (Kaiser-windowed sinc), and how many taps lie before the frame."""
    half, phases = 8, 8
    positions = np.arange(1, phases) / phases
    offsets = np.arange(-half + 1, half + 1)
    t = positions[:, None] - offsets[None, :]
    window = np.i0(5.0 * np.sqrt(np.maximum(0, 1 - (t / half) ** 2))) / np.i0(5.0)
    return (np.sinc(t) * window).astype(np.float32), half - 1


def frame_peaks(x: Float, floor: float = 0.0) -> Iterator[tuple[slice, Float]]:
    """For every frame the largest true peak next to it over all channels, linear: block by block, float32 [frames].

    The larger of the standard's interpolator and of a finer one, so that no meter shows more. Where it is below
    `floor` it may be the sample peak only.
    """
    standard, fine = peaks_by(x, standard_kernel(), floor), peaks_by(x, fine_kernel(), floor)
    for (span, a), (_, b) in zip(standard, fine, strict=True):
        yield span, np.maximum(a, b)


def peaks_by(x: Float, kernel: tuple[Float, int], floor: float) -> Iterator[tuple[slice, Float]]:
    """What `frame_peaks` gives, by one interpolator."""
    from nawgraph.audio.kernels.truepeak import BLOCK, true_peaks

    taps, before = kernel
    for span in large.blocks(x.shape[1]):
        first = max(span.start - BLOCK, 0)  # what is around a block is heard too
        around = np.ascontiguousarray(x[:, first : span.stop + BLOCK])
        yield span, true_peaks(around, taps, before, floor)[span.start - first :][: span.stop - span.start]
