"""Short-time spectra."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nawgraph.audio.check import signal
from nawgraph.heavy import importing
from nawgraph.values.signal import Float

_CHUNK = 512


def frames_in(length: int, hop: int) -> int:
    """How many frames an analysis of so many samples has: one at sample 0 and one each hop, none for no samples."""
    return 0 if length == 0 else 1 + (length - 1) // hop


def framed(x: npt.NDArray[np.float32], size: int, hop: int) -> npt.NDArray[np.float32]:
    """Overlapping views [frames, size] of mono x [samples]; frame t is centred on sample t · hop, silence around."""
    count = frames_in(len(x), hop)
    after = max(0, (max(count, 1) - 1) * hop + size - size // 2 - len(x))
    padded = np.pad(x, (size // 2, after))
    return np.lib.stride_tricks.sliding_window_view(padded, size)[::hop][:count]


def magnitudes(samples: Float, rate: int, size: int = 2048, hop: int = 512) -> Float:
    """Magnitude spectrogram of the mean of all channels, float32 [size // 2 + 1, frames].

    Hann window, scaled so that a sine of amplitude 1 shows 1 in its bin. Bin k is k · rate / size Hz, frame t is
    centred on sample t · hop.

    Raises:
        ValueError: a size or hop below 1, NaN.
    """
    with importing:
        from scipy.fft import rfft

    if size < 2 or hop < 1:
        raise ValueError(f"a spectrum needs a size from 2 and a hop from 1, got {size} and {hop}")
    x = signal(samples, rate).mean(axis=0, dtype=np.float32)
    window = np.hanning(size + 1)[:-1].astype(np.float32)
    frames = framed(x, size, hop)
    out = np.empty((size // 2 + 1, len(frames)), np.float32)
    scale = np.float32(2 / window.sum())
    for start in range(0, len(frames), _CHUNK):
        part = rfft(frames[start : start + _CHUNK] * window, axis=1)
        out[:, start : start + _CHUNK] = np.abs(part).T * scale
    return out


def mel_bands(rate: int, size: int, bands: int = 64, low: float = 30.0, high: float | None = None) -> Float:
    """Triangular bands [bands, size // 2 + 1] evenly spaced in mel (O'Shaughnessy), each of sum 1.

    Bands too narrow for the resolution take their nearest bin.
    """
    high = min(high or rate / 2, rate / 2)
    edges = 700 * (np.exp(np.linspace(_mel(low), _mel(high), bands + 2)) - 1)
    hz = np.arange(size // 2 + 1) * rate / size
    rise = (hz - edges[:-2, None]) / np.diff(edges)[:-1, None]
    fall = (edges[2:, None] - hz) / np.diff(edges)[1:, None]
    weights = np.maximum(0, np.minimum(rise, fall))
    empty = np.flatnonzero(weights.sum(axis=1) == 0)
    weights[empty, np.rint(edges[empty + 1] * size / rate).astype(int).clip(0, size // 2)] = 1
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)


def _mel(hz: float) -> float:
    return float(np.log(1 + hz / 700))


def rms_curve(samples: Float, rate: int, seconds: float = 0.05) -> tuple[Float, float]:
    """Root mean square over all channels in windows of `seconds` (0.001 to 10), one a window.

    Returns:
        float32 [frames], and frames a second. The last window may be shorter.

    Raises:
        ValueError: a window out of range, NaN.
    """
    if not 0.001 <= seconds <= 10:
        raise ValueError(f"an RMS window must be between 0.001 and 10 s, got {seconds:g}")
    x = signal(samples, rate)
    hop = max(round(seconds * rate), 1)
    if x.shape[1] == 0:
        return np.zeros(0, np.float32), rate / hop
    starts = np.arange(0, x.shape[1], hop)
    squares = np.add.reduceat(np.square(x, dtype=np.float64).mean(axis=0), starts)
    counts = np.diff(np.append(starts, x.shape[1]))
    return np.sqrt(squares / counts).astype(np.float32), rate / hop
