"""Test signals with known properties."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float32]
RATE = 44100


def sine(hz: float, seconds: float, db: float = -6.0, rate: int = RATE, channels: int = 1) -> Float:
    t = np.arange(round(seconds * rate)) / rate
    return np.repeat((10 ** (db / 20) * np.sin(2 * np.pi * hz * t))[None], channels, axis=0).astype(np.float32)


def noise(seconds: float, db: float = -12.0, seed: int = 0, rate: int = RATE, channels: int = 2) -> Float:
    """White Gaussian noise with the given RMS in dBFS."""
    x = np.random.default_rng(seed).standard_normal((channels, round(seconds * rate)))
    return (x * 10 ** (db / 20)).astype(np.float32)


def frequency(x: Float, rate: int = RATE) -> float:
    """Of the strongest partial of [1, frames], by a zero-padded spectrum."""
    n = x.shape[1]
    spectrum = np.abs(np.fft.rfft(x[0] * np.hanning(n), 1 << 21))
    return float(np.argmax(spectrum) * rate / (1 << 21))


def kick() -> npt.NDArray[np.float64]:
    t = np.arange(8000) / RATE
    return np.sin(2 * np.pi * (50 * t + 3 * (1 - np.exp(-t * 40)))) * np.exp(-t * 25)


def burst(length: float, seed: int) -> npt.NDArray[np.float64]:
    """A snare or hat: noise that decays with so many frames."""
    return np.random.default_rng(seed).standard_normal(6000) * np.exp(-np.arange(6000) / length) * 0.3


def drums(bpm: float, seconds: float, pattern: str, steps: int = 2) -> tuple[Float, list[float]]:
    """A loop and its onset times. `pattern` has a word a step: k kick, s snare, h hat, - nothing."""
    sounds = {"k": kick(), "s": burst(1500, 1), "h": burst(300, 2) * 0.5}
    words = pattern.split()
    x = np.zeros(round(seconds * RATE) + 8000)
    times = []
    for n in range(int(seconds * bpm / 60 * steps)):
        at = round(n * 60 / bpm / steps * RATE)
        hits = [sounds[c] for c in words[n % len(words)] if c != "-"]
        for hit in hits:
            x[at : at + len(hit)] += hit
        if hits:
            times.append(at / RATE)
    return x[None].astype(np.float32), times


def chord(notes: list[float], seconds: float) -> npt.NDArray[np.float64]:
    """MIDI notes with six harmonics each."""
    t = np.arange(round(seconds * RATE)) / RATE
    out = np.zeros(len(t))
    for note in notes:
        hz = 440 * 2 ** ((note - 69) / 12)
        out += 0.1 * sum(np.sin(2 * np.pi * hz * h * t) / h**1.2 for h in range(1, 7))
    return out * np.exp(-1.5 * t)


def cadence(tonic: int, mode: str, tuning: float = 0.0) -> Float:
    """I IV V I (or i iv V i), twice."""
    third = 4 if mode == "major" else 3
    chords = [(0, third, 7), (5, 5 + third, 12), (7, 11, 14), (0, third, 7)]
    parts = [chord([48 + tonic + n + tuning for n in c] + [36 + tonic + c[0] % 12 + tuning], 0.6) for c in chords * 2]
    return np.concatenate(parts)[None].astype(np.float32)
