"""Control curves of sounds: what is sung or played, when something begins, which harmony sounds."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nawgraph.audio.check import signal
from nawgraph.audio.chroma import chroma
from nawgraph.audio.onsets import onset_envelope
from nawgraph.audio.resample import resample
from nawgraph.heavy import importing

F32 = npt.NDArray[np.float32]

RATE, SIZE, HOP = 22_050, 4096, 512
CURVE_RATE = RATE / HOP
"""43.07 frames a second; frame n stands for the sound around n / 43.07 seconds."""

LOWEST, HIGHEST, FINE = 36, 96, 5
"""MIDI notes of the lowest and the highest pitch, and steps a semitone."""

HARMONICS = 8
VOICED = 0.25
"""Share of the spectrum that a pitch's harmonics must hold for it to be one."""

SILENT = 1e-3


def melody(samples: F32, rate: int) -> F32:
    """Pitch of a single voice, float32 [2, frames]: MIDI note with fractions (0 where none sounds), and how sure it is.

    The pitch whose harmonics sum up to most (Hermes 1988); each counts a fifth less than the one below it.
    """
    with importing:
        from scipy.fft import rfft

    mono = signal(samples, rate).mean(axis=0, keepdims=True)
    x = resample(np.asarray(mono, np.float32), rate, RATE)[0]
    frames = len(x) // HOP + 1
    padded = np.pad(x, (SIZE // 2, SIZE))
    window = np.hanning(SIZE + 1)[:-1].astype(np.float32)
    notes = LOWEST + np.arange((HIGHEST - LOWEST) * FINE + 1) / FINE
    bins = 440 * 2 ** ((notes - 69) / 12) / RATE * SIZE
    made = np.zeros((2, frames), np.float32)
    for begin in range(0, frames, 256):
        count = min(256, frames - begin)
        rows = np.lib.stride_tricks.sliding_window_view(padded, SIZE)[begin * HOP :: HOP][:count]
        size = np.abs(rfft(rows * window, axis=1)) * (2 / window.sum())
        total = np.zeros((count, len(notes)))
        for number in range(1, HARMONICS + 1):
            at = bins * number
            low = np.minimum(at.astype(np.int64), SIZE // 2 - 1)
            share = at - low
            part = size[:, low] * (1 - share) + size[:, low + 1] * share
            total += np.where(at < SIZE // 2, 0.8 ** (number - 1) * part, 0)
        best = total.argmax(axis=1)
        sure = np.minimum(total.max(axis=1) / np.maximum(size.sum(axis=1), 1e-9) * 2, 1)
        heard = (sure > VOICED) & (size.max(axis=1) > SILENT)
        made[0, begin : begin + count] = np.where(heard, notes[best], 0)
        made[1, begin : begin + count] = np.where(heard, sure, 0)
    return made


def beginnings(samples: F32, rate: int) -> F32:
    """How much begins at each frame, float32 [1, frames], 1 for the strongest onset."""
    envelope, own = onset_envelope(samples, rate)
    frames = round(samples.shape[1] / rate * CURVE_RATE) + 1
    size = max(1, round(own / CURVE_RATE))
    held = np.array([envelope[max(0, i - size // 2) : i + size // 2 + 1].max(initial=0) for i in range(len(envelope))])
    made = (
        np.interp(np.arange(frames) / CURVE_RATE, np.arange(len(held)) / own, held) if len(held) else np.zeros(frames)
    )
    return np.asarray(made[None] / max(float(made.max(initial=0)), 1e-9), np.float32)


def harmony(samples: F32, rate: int) -> tuple[F32, float]:
    """Chroma from C up, float32 [12, frames], 1 for the strongest pitch class of a frame, and the frame rate."""
    found, own = chroma(samples, rate)
    top = found.max(axis=0, keepdims=True)
    return np.asarray(np.where(top > 1e-6, found / np.maximum(top, 1e-6), 0), np.float32), own
