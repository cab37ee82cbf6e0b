"""What the house CLAP hears of a sound: log-mel bands and semitones of windows of 10 seconds.

Windows lie evenly over a sound, always the same ones: no chance is involved, and a long sound costs no more than
`MOST` windows. A short sound is repeated until it fills one, as a loop would be.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from nawgraph.audio.chroma import constant_q
from nawgraph.audio.resample import resample
from nawgraph.models.render.space import spectrum
from nawgraph.values import Audio

F32 = npt.NDArray[np.float32]

RATE = 44_100
HOP = 1024
SIZE = 2048
SECONDS = 10
BANDS = 64
SEMITONES = 66
FRAMES = SECONDS * RATE // HOP
"""Log-mel frames of a window (430), 43.07 a second."""

PITCH_FRAMES = FRAMES // 4
"""Semitone frames of a window (107), four times as slow."""

SHORTEST = 0.5
"""Seconds below which a sound says too little."""

MOST = 60
"""Windows that are listened to, at most: ten minutes without gaps."""

LEVEL = 0.1
"""Root mean square that a sound is brought to: how loud it is says nothing about what it is."""

_LOW, _HIGH = 40.0, 16_000.0


def windows(frames: int) -> list[int]:
    """First samples of the windows of a sound at 44.1 kHz; one window if it is no longer than that."""
    size = SECONDS * RATE
    count = min(MOST, max(1, -(-frames // size)))
    if count == 1:
        return [0]
    return [int(start) for start in np.linspace(0, frames - size, count).round()]


def mono(audio: Audio) -> F32:
    """One channel at 44.1 kHz, float32 [frames].

    Raises:
        ValueError: it is too short, silent, or holds a number that is not finite.
    """
    if not np.isfinite(audio.samples).all():
        raise ValueError("the sound holds a number that is not finite (NaN or infinity): make it anew")
    if audio.seconds < SHORTEST:
        raise ValueError(f"the sound lasts {audio.seconds:.2f} s: CLAP needs at least {SHORTEST} s")
    mixed = audio.samples.mean(axis=0, keepdims=True, dtype=np.float32)
    if not float(np.abs(mixed).max(initial=0)) > 1e-5:
        raise ValueError("the sound is silent (or its channels cancel out): choose a reference that can be heard")
    return np.asarray(resample(mixed, audio.rate, RATE)[0], np.float32)


def window(samples: F32, start: int) -> tuple[F32, F32]:
    """Log-mel bands [430, 64] and semitones [107, 66] of the window that begins at a sample."""
    size = SECONDS * RATE
    piece = samples[start : start + size]
    if len(piece) < size:
        piece = np.resize(piece, size)
    bands, pitches = features(levelled(piece))
    return bands[:FRAMES], pitches[:PITCH_FRAMES]


def levelled(samples: F32) -> F32:
    """Brought to `LEVEL`; silence stays silent."""
    power = float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))
    return np.asarray(samples * (LEVEL / max(power, 1e-6)), np.float32)


def features(samples: F32) -> tuple[F32, F32]:
    """log10 of the power in mel bands [frames, 64], floor −7, and of the magnitude of semitones from C2 up
    [frames / 4, 66], floor −4."""
    frames = len(samples) // HOP + 1
    power = np.abs(spectrum(samples, SIZE, HOP, frames)) ** 2
    bands = np.log10(power @ _mel() + 1e-7)
    constant, _ = constant_q(samples[None], RATE)
    semitones = np.sqrt((constant.reshape(SEMITONES, 3, -1) ** 2).sum(axis=1)).T
    return bands.astype(np.float32), np.log10(semitones + 1e-4).astype(np.float32)


@lru_cache(maxsize=1)
def _mel() -> F32:
    """Triangles of the mel scale (HTK), float32 [bins, bands]; each sums power over its band."""
    low, high = (float(2595 * np.log10(1 + hertz / 700)) for hertz in (_LOW, _HIGH))
    marks = np.linspace(low, high, BANDS + 2)
    edges = 700 * (10 ** (marks / 2595) - 1) / RATE * SIZE
    bins = np.arange(SIZE // 2 + 1)[:, None]
    rise, fall = (bins - edges[:-2]) / np.diff(edges)[:-1], (edges[2:] - bins) / np.diff(edges)[1:]
    weights = np.maximum(0, np.minimum(rise, fall))
    empty = weights.sum(axis=0) < 1e-3
    nearest = np.round(edges[1:-1]).astype(int)
    weights[nearest[empty], np.flatnonzero(empty)] = 1
    return np.asarray(weights, np.float32)
