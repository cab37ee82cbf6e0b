"""Constant-Q spectrum, tuning and chroma."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from nawgraph.audio.check import signal
from nawgraph.audio.resample import resample
from nawgraph.audio.spectrum import framed
from nawgraph.heavy import importing
from nawgraph.values.signal import Float

RATE = 11025
HOP = 1024
_LOWEST = 24 + 12
"""MIDI note of the lowest bin's semitone: C2, 65 Hz."""

_SEMITONES = 66
"""Up to F♯7, 2960 Hz: above lie mostly harmonics."""

_PER_SEMITONE = 3
_SIZE = 1 << 13
_CHUNK = 256


def constant_q(samples: Float, rate: int) -> tuple[Float, float]:
    """Constant-Q magnitudes by sparse kernels in the frequency domain (Brown and Puckette 1992).

    Returns:
        float32 [198 bins, frames], three bins a semitone from C2 up (the middle one in tune), and the frame rate
        (10.77 Hz). Frame t is centred on t / frame rate seconds.
    """
    with importing:
        from scipy.fft import rfft

    mono = signal(samples, rate).mean(axis=0, keepdims=True, dtype=np.float64)
    if mono.shape[1]:
        mono -= mono.mean()  # a constant would be heard as the clicks at its ends
    x = resample(mono.astype(np.float32), rate, RATE)[0]
    kernel = _kernel()
    frames = framed(x, _SIZE, HOP)
    parts = [np.abs(kernel @ rfft(frames[start : start + _CHUNK], axis=1).T) for start in range(0, len(frames), _CHUNK)]
    bins = _SEMITONES * _PER_SEMITONE
    return np.concatenate(parts, axis=1) if parts else np.zeros((bins, 0), np.float32), RATE / HOP


@lru_cache(maxsize=1)
def _kernel() -> Any:
    """Spectra of windowed complex tones, sparse [bins, size // 2 + 1]: their products with a spectrum are the bins."""
    with importing:
        from scipy.fft import fft
        from scipy.sparse import csr_matrix

    steps = np.arange(_SEMITONES * _PER_SEMITONE) - 1
    hz = 440 * 2 ** ((_LOWEST - 69 + steps / _PER_SEMITONE) / 12)
    quality = 1 / (2 ** (1 / (12 * _PER_SEMITONE)) - 1)
    rows = []
    for f in hz:
        # The lowest bins would need more than a frame: they get its length, and blur a little.
        length = min(round(quality * RATE / f), _SIZE) & ~1
        tone = np.zeros(_SIZE, complex)
        n = np.arange(-length // 2, length // 2)
        window = np.hanning(length + 1)[:-1]
        tone[_SIZE // 2 + n] = window / window.sum() * 2 * np.exp(2j * np.pi * f / RATE * n)
        spectrum = np.conj(fft(tone))[: _SIZE // 2 + 1] / _SIZE
        spectrum[np.abs(spectrum) < 0.005 * np.abs(spectrum).max()] = 0
        rows.append(spectrum.astype(np.complex64))
    return csr_matrix(np.array(rows))


def tuning(cq: Float) -> float:
    """How far a constant-Q spectrum is off A = 440 Hz, in semitones from −0.5 to 0.5 (0 for silence)."""
    energy = (cq.astype(np.float64) ** 2).sum(axis=1).reshape(-1, _PER_SEMITONE).sum(axis=0)
    turn = np.sum(energy * np.exp(2j * np.pi * (np.arange(_PER_SEMITONE) - 1) / _PER_SEMITONE))
    return float(np.angle(turn) / (2 * np.pi)) if energy.sum() > 0 and abs(turn) > 1e-12 * energy.sum() else 0.0


def chroma(samples: Float, rate: int, tuned: bool = True) -> tuple[Float, float]:
    """Strength of the twelve pitch classes, C first.

    Args:
        samples: [channels, frames].
        rate: Hz.
        tuned: follow the recording's own tuning.

    Returns:
        float32 [12, frames], the largest of each frame 1 (0 where it is 60 dB below the loudest), and the frame rate.
    """
    cq, frame_rate = constant_q(samples, rate)
    return folded(cq, tuning(cq) if tuned else 0.0), frame_rate


def folded(cq: Float, offset: float = 0.0) -> Float:
    """A constant-Q spectrum [198, frames] as chroma [12, frames], see `chroma`; `offset` in semitones."""
    if cq.shape[1] == 0:
        return np.zeros((12, 0), np.float32)
    places = (np.arange(len(cq)) - 1) / _PER_SEMITONE - offset
    distance = places[None, :] - np.arange(-1, _SEMITONES + 1)[:, None]
    weights = np.maximum(0, 1 - np.abs(distance) * 1.5).astype(np.float32)
    semitones = weights @ cq
    classes = (np.arange(-1, _SEMITONES + 1) + _LOWEST) % 12
    out = np.zeros((12, cq.shape[1]), np.float32)
    np.add.at(out, classes, semitones**2)
    out = np.sqrt(out)
    top = out.max(axis=0)
    loud = top > 1e-3 * max(float(top.max()), 1e-6)
    return np.where(loud, out / np.maximum(top, 1e-12), 0).astype(np.float32)


def mean_chroma(samples: Float, rate: int) -> npt.NDArray[np.float64]:
    """The mean chroma of a sound, float64 [12]; zeros for silence."""
    c, _ = chroma(samples, rate)
    return c.mean(axis=1, dtype=np.float64) if c.shape[1] else np.zeros(12)
