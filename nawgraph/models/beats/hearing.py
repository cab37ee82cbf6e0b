"""What the beat network hears: levels and rises of mel bands, 86 times a second, whatever the sound's own level."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nawgraph.audio.check import signal
from nawgraph.audio.resample import resample
from nawgraph.audio.spectrum import frames_in, magnitudes, mel_bands
from nawgraph.heavy import importing

F32 = npt.NDArray[np.float32]

RATE = 22_050
HOP = 256
SIZE = 1024
BANDS = 40
FRAME_RATE = RATE / HOP
"""Frames a second: 86.13. Frame t is centred on t / FRAME_RATE seconds."""

_FLOOR = 1e-3
"""Share of the loudest band below which nothing counts: −60 dB."""

_BLOCK = 8192
"""Frames worked on at a time, so that hours of sound need no spectrogram of hours."""


def levels(samples: F32, rate: int) -> F32:
    """Mean magnitudes of mel bands of the mean of all channels, float32 [BANDS, frames].

    Raises:
        ValueError: NaN in it, or not [channels, frames].
    """
    x = signal(samples, rate, "the song").mean(axis=0, keepdims=True, dtype=np.float32)
    x = resample(x, rate, RATE)
    weights = mel_bands(RATE, SIZE, BANDS)
    count = frames_in(x.shape[1], HOP)
    out = np.zeros((BANDS, count), np.float32)
    edge = SIZE // HOP  # frames that a block's own borders would spoil
    for first in range(0, count, _BLOCK):
        last = min(first + _BLOCK, count)
        begin = max(first - edge, 0)
        part = x[:, begin * HOP : (last + edge) * HOP]
        made = weights @ magnitudes(part, RATE, SIZE, HOP)
        out[:, first:last] = made[:, first - begin : last - begin]
    return out


def heard(bands: F32) -> F32:
    """Levels [BANDS, frames] as the network's input, float32 [2 · BANDS, frames]: logarithms, and how they rise.

    A rise is taken against the loudest of a band and its neighbours two frames earlier, so that vibrato is none.
    """
    with importing:
        from scipy.ndimage import maximum_filter1d

    top = float(bands.max()) if bands.size else 0.0
    if top < 1e-7:
        return np.zeros((2 * BANDS, bands.shape[1]), np.float32)
    logs = np.log1p(bands / np.float32(top * _FLOOR)).astype(np.float32)
    before = maximum_filter1d(logs, 3, axis=0)
    before = np.concatenate([np.zeros((BANDS, 2), np.float32), before[:, :-2]], axis=1)[:, : logs.shape[1]]
    return np.asarray(np.concatenate([logs, np.maximum(logs - before, 0)]) / 4, np.float32)
