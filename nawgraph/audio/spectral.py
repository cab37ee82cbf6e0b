"""How far two sounds are apart, as codecs are judged."""

from __future__ import annotations

import numpy as np

from nawgraph.values.signal import Float

_WINDOWS = (32, 64, 128, 256, 512, 1024, 2048)
_MELS = (5, 10, 20, 40, 80, 160, 320)
"""The seven resolutions of DAC's mel distance (Kumar et al. 2023)."""


def si_sdr(reference: Float, other: Float) -> float:
    """Scale-invariant signal-to-distortion ratio in dB (Le Roux et al. 2019), mean of the channels; −100 to 100.

    Args:
        reference: [channels, frames].
        other: of the same shape.
    """
    found = []
    for a, b in zip(reference.astype(np.float64), other.astype(np.float64), strict=True):
        a, b = a - a.mean(), b - b.mean()
        power = float(a @ a)
        if power < 1e-12:
            found.append(100.0 if float(b @ b) < 1e-12 else -100.0)
            continue
        true = (float(a @ b) / power) * a
        noise = b - true
        found.append(10 * np.log10((float(true @ true) + 1e-12) / (float(noise @ noise) + 1e-12)))
    return float(np.clip(np.mean(found), -100, 100))


def magnitudes(x: Float, size: int) -> Float:
    """STFT magnitudes [channels, frames, bins], periodic Hann window, hop a quarter of `size`."""
    hop = max(1, size // 4)
    padded = np.pad(x, ((0, 0), (size // 2, size // 2 + -x.shape[1] % hop)))
    rows = np.lib.stride_tricks.sliding_window_view(padded, size, axis=1)[:, ::hop]
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)).astype(np.float32)
    return np.abs(np.fft.rfft(rows * window, axis=2)).astype(np.float32)


def mel_distance(reference: Float, other: Float, rate: int) -> float:
    """Sum over seven resolutions of the mean distance of log10 mel magnitudes, as DAC's authors report it."""
    total = 0.0
    for size, count in zip(_WINDOWS, _MELS, strict=True):
        bank = mel_bank(rate, size, count)
        a, b = (np.log10(np.maximum(magnitudes(x, size) @ bank.T, 1e-5)) for x in (reference, other))
        total += float(np.abs(a - b).mean())
    return total


def stft_distance(reference: Float, other: Float) -> float:
    """Sum over two resolutions of the mean distance of log magnitudes and of magnitudes, as DAC's authors have it."""
    total = 0.0
    for size in (2048, 512):
        a, b = magnitudes(reference, size), magnitudes(other, size)
        logs = np.log10(np.maximum(a, 1e-5) ** 2) - np.log10(np.maximum(b, 1e-5) ** 2)
        total += float(np.abs(logs).mean()) + float(np.abs(a - b).mean())
    return total


def log_spectral_distance(reference: Float, other: Float, rate: int) -> float:
    """Root mean square difference of 64 mel bands in dB, over frames of 46 ms; bands below −80 dB count as −80."""
    size = 1 << max(6, round(np.log2(rate * 0.046)))
    bank = mel_bank(rate, size, 64)
    a, b = (20 * np.log10(np.maximum(magnitudes(x, size) @ bank.T / size, 1e-4)) for x in (reference, other))
    return float(np.sqrt(np.mean((a - b) ** 2)))


def mel_bank(rate: int, size: int, count: int) -> Float:
    """Triangles on Slaney's mel scale (linear to 1 kHz, then logarithmic, equal areas), [count, size / 2 + 1]."""
    step = np.log(6.4) / 27

    def mel(f: np.ndarray) -> np.ndarray:
        return np.where(f < 1000, 3 * f / 200, 15 + np.log(np.maximum(f, 1000) / 1000) / step)

    def hertz(m: np.ndarray) -> np.ndarray:
        return np.where(m < 15, 200 * m / 3, 1000 * np.exp(step * (m - 15)))

    edges = hertz(np.linspace(0, float(mel(np.array(rate / 2))), count + 2))
    bins = np.arange(size // 2 + 1) * rate / size
    rise = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    fall = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    bank = np.maximum(0, np.minimum(rise, fall)) * (2 / (edges[2:] - edges[:-2]))[:, None]
    return np.asarray(bank, np.float32)
