"""Change of sample rate."""

from __future__ import annotations

import numpy as np

from nawgraph.audio import large
from nawgraph.audio.check import signal
from nawgraph.values.signal import Float


def resampled_length(frames: int, rate: int, new_rate: int) -> int:
    """Frames after resampling: frames · new_rate / rate, halves rounded up, exact in integers."""
    return (2 * frames * new_rate + rate) // (2 * rate)


def resample(samples: Float, rate: int, new_rate: int) -> Float:
    """Resample [channels, frames] with libsoxr in its high quality (20 bit), linear phase, no delay.

    The result has exactly `resampled_length` frames; equal rates return the input. Deterministic.

    Raises:
        ValueError: a rate outside 1,000–768,000 Hz, NaN in the sound.
    """
    for value in (rate, new_rate):
        if not 1_000 <= value <= 768_000:
            raise ValueError(f"a sample rate must be between 1000 and 768000 Hz, got {value}")
    x = signal(samples, rate)
    if rate == new_rate:
        return x
    frames = resampled_length(x.shape[1], rate, new_rate)
    if large.roomy(4 * len(x) * max(frames, x.shape[1])):
        return _streamed(x, rate, new_rate, frames)
    return fit(soxr_resample(x, rate, new_rate), frames)


def _streamed(x: Float, rate: int, new_rate: int, frames: int) -> Float:
    """The same for a sound that is too large to be held twice."""
    import soxr

    made, at = large.zeros(len(x), frames), 0
    stream = soxr.ResampleStream(rate, new_rate, len(x), "float32", "HQ")
    for span in large.blocks(x.shape[1]):
        part = stream.resample_chunk(np.ascontiguousarray(x[:, span].T), last=span.stop == x.shape[1])
        count = min(len(part), frames - at)
        made[:, at : at + count] = part[:count].T
        at += count
    return large.done(made)


def soxr_resample(x: Float, rate: float, new_rate: float) -> Float:
    """libsoxr on [channels, frames]; rates may be any positive numbers; the length is libsoxr's."""
    import soxr

    if x.shape[1] == 0:
        return x
    return np.ascontiguousarray(soxr.resample(np.ascontiguousarray(x.T), rate, new_rate, quality="HQ").T)


def fit(x: Float, frames: int) -> Float:
    """[channels, frames] cut, or followed by silence, to exactly `frames`."""
    if x.shape[1] >= frames:
        return np.ascontiguousarray(x[:, :frames])
    return np.pad(x, ((0, 0), (0, frames - x.shape[1])))
