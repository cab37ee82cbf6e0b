"""Spectrogram of a sound as an image; the work depends on the image, not on the length of the sound."""

from __future__ import annotations

import numpy as np

from nawgraph.audio.colours import ember
from nawgraph.heavy import importing
from nawgraph.ui.viewers.pictures import Pixels, Size
from nawgraph.values.signal import Audio, Float

LOWEST = 30.0
"""Hz at the bottom; the top is half the sample rate, at most 20 kHz."""

FLOOR = -80.0
"""dB under the loudest that are still seen."""

_LOOKS = 4
"""Spectra a column at most. A column shows the strongest of them."""


def spectrogram(audio: Audio, size: Size) -> Pixels:
    """Level over time and logarithmic frequency, uint8 [height, width, 4].

    Of a long sound it takes `_LOOKS` windows of 60 ms a column, evenly spread: an hour costs as much as a minute.
    """
    width, height = size
    window = 1 << max(round(np.log2(audio.rate * 0.06)), 5)
    top = min(audio.rate / 2, 20_000.0)
    low = min(LOWEST, top / 4)
    hertz = np.geomspace(top, low, height) if height > 1 else np.array([np.sqrt(top * low)])
    rows = _at_rows(_columns(audio, width, window), hertz * window / audio.rate)
    peak = float(rows.max(initial=0))
    if peak < 1e-18:
        return coloured(np.zeros_like(rows))
    return coloured(1 - 10 * np.log10(np.maximum(rows / peak, 1e-12)) / FLOOR)


def coloured(level: Float) -> Pixels:
    """0 to 1 [height, width] in the colours of pictures, uint8 [height, width, 4]; beyond is cut off."""
    colours = np.concatenate([ember(), np.full((256, 1), 255, np.uint8)], axis=1)
    return colours[(level.clip(0, 1) * 255).round().astype(np.uint8)]


def _columns(audio: Audio, width: int, window: int) -> Float:
    """Power [bins, width], the strongest of each column, the sum of the first two channels."""
    with importing:
        from scipy.fft import rfft

    shape = np.hanning(window + 1)[:-1].astype(np.float32)
    looks = min(max(-(-audio.frames // max(width * window // 2, 1)), 1), _LOOKS)
    centres = ((np.arange(width * looks) + 0.5) * audio.frames / (width * looks)).astype(np.int64)
    out = np.zeros((window // 2 + 1, width), np.float32)
    if audio.frames == 0:
        return out
    step = max(64 // looks, 1)
    for first in range(0, width, step):
        at = centres[first * looks : (first + step) * looks]
        power: Float = np.zeros((len(at), window // 2 + 1), np.float32)
        for channel in audio.samples[:2]:
            power += np.square(np.abs(rfft(_windows(channel, at, window) * shape, axis=1)))
        out[:, first : first + step] = power.reshape(-1, looks, window // 2 + 1).max(axis=1).T
    return out


def _windows(x: Float, centres: np.ndarray[tuple[int], np.dtype[np.int64]], size: int) -> Float:
    """Windows [centres, size] of x [frames], silence around it and in place of NaN."""
    at = centres[:, None] + np.arange(-size // 2, size - size // 2)
    found = np.where((at >= 0) & (at < len(x)), x[at.clip(0, len(x) - 1)], np.float32(0))
    return np.nan_to_num(found, copy=False, nan=0.0, posinf=0.0, neginf=0.0)


def _at_rows(power: Float, bins: Float) -> Float:
    """Power [bins, width] at falling fractional bins [rows]; a row that spans several bins shows the strongest."""
    between = np.sqrt(bins[:-1] * bins[1:])
    above, below = np.concatenate([bins[:1], between]), np.concatenate([between, bins[-1:]])
    whole = np.minimum(bins.astype(np.int64), len(power) - 2)
    part = (bins - whole).clip(0, 1)[:, None].astype(np.float32)
    out = power[whole] * (1 - part) + power[whole + 1] * part
    for row in np.flatnonzero(np.floor(above) > np.ceil(below)):
        first, last = int(np.ceil(below[row])), int(np.floor(above[row]))
        out[row] = power[first : last + 1].max(axis=0, initial=0)
    return np.asarray(out, np.float32)
