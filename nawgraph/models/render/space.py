"""The house render space: log-spectra of stems without phase, in few numbers a frame.

Tonal stems (bass, vocals, other): 4096-point Hann STFT, 128 bands, one for each bin up to 690 Hz, logarithmic above.
Drums: 1024-point STFT, 32 bands, four frames stacked, for their onsets. Both of the mid signal, as log10 of the power
(a full-scale sine is 0) with a floor at −75 dB. How wide a stem sounds goes along as the share of the side signal in
six bands. A principal component analysis makes latents of them; its components are scaled so that their standard
deviation is the square root of what it was: strong ones stay stronger, weak ones are not drowned in a sampler's noise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from nawgraph.audio.regions import REGIONS
from nawgraph.heavy import importing
from nawgraph.values import STEMS, Audio, Stems

F32 = npt.NDArray[np.float32]

RATE = 44_100
HOP = 1024
FRAME_RATE = RATE / HOP
"""43.07 frames a second; frame n stands for the sound around sample 1024 n."""

SIDES = 6
"""Bands in which the width is measured, a factor of about 3.3 apart."""

FLOOR = 3e-8
_SIDE_FLOOR = 1e-3
TONAL_SIZE, TONAL_BANDS = 4096, 128
DRUM_SIZE, DRUM_BANDS, DRUM_PARTS = 1024, 32, 4
LATENTS = {"drums": 32, "bass": 32, "vocals": 64, "other": 64}
"""Components kept of the spectra of each stem."""


def frames_of(samples: int) -> int:
    """Frames that cover so many samples at 44.1 kHz."""
    return -(-samples // HOP) + 1


@lru_cache(maxsize=8)
def band_edges(size: int, bands: int, linear: int, top: float = 20_000.0) -> npt.NDArray[np.int64]:
    """First bin of every band and the end of the last, int64 [bands + 1]: `linear` single bins, then logarithmic."""
    last = min(int(top / RATE * size), size // 2) + 1
    wanted = np.geomspace(linear, last, bands - linear + 1)
    edges = np.concatenate([np.arange(linear), np.maximum(np.round(wanted), linear + np.arange(len(wanted)))])
    return edges.astype(np.int64)


def edges_of(stem: str) -> npt.NDArray[np.int64]:
    """Band edges of a stem in bins of its transform."""
    return band_edges(DRUM_SIZE, DRUM_BANDS, 8) if stem == "drums" else band_edges(TONAL_SIZE, TONAL_BANDS, 64)


def spectrum(mono: F32, size: int, hop: int, frames: int) -> npt.NDArray[np.complex64]:
    """Hann STFT, complex64 [frames, size // 2 + 1]; frame n is centred on sample n · hop, a full-scale sine is 1."""
    with importing:
        from scipy.fft import rfft

    need = (frames - 1) * hop + size
    padded = np.zeros(need, np.float32)
    part = mono[: need - size // 2]
    padded[size // 2 : size // 2 + len(part)] = part
    blocks = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop]
    window = hann(size) * (2 / hann(size).sum())
    return np.asarray(rfft(blocks * window.astype(np.float32), axis=1), np.complex64)


@lru_cache(maxsize=8)
def hann(size: int) -> npt.NDArray[np.float64]:
    """The periodic Hann window."""
    return np.asarray(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size))


def features(stem: str, samples: F32, frames: int | None = None) -> F32:
    """Log-spectra and width of one stem, float32 [frames, 128 + 6].

    Args:
        stem: name; "drums" has its own transform.
        samples: float32 [2, n] at 44.1 kHz.
        frames: how many; what covers the samples by default.
    """
    count = frames_of(samples.shape[1]) if frames is None else frames
    mid, side = (samples[0] + samples[1]) / 2, (samples[0] - samples[1]) / 2
    drums = stem == "drums"
    size, hop, parts = (DRUM_SIZE, HOP // DRUM_PARTS, DRUM_PARTS) if drums else (TONAL_SIZE, HOP, 1)
    power = np.abs(spectrum(mid, size, hop, count * parts)) ** 2
    edges = edges_of(stem)
    bands = np.add.reduceat(power, edges[:-1], axis=1)
    bands[:, -1] = power[:, edges[-2] : edges[-1]].sum(axis=1)
    logs = np.log10(bands + FLOOR).reshape(count, -1)
    wide = np.abs(spectrum(side, size, hop, count * parts)) ** 2
    marks = side_edges(size)
    mids, sides = (np.add.reduceat(p[:, : marks[-1]], marks[:-1], axis=1) for p in (power, wide))
    mids, sides = (p.reshape(count, parts, SIDES).mean(axis=1) for p in (mids, sides))
    floor = 1e-7
    width = np.log10((sides + floor * _SIDE_FLOOR) / (mids + sides + floor))
    return np.concatenate([logs, np.maximum(width, -3)], axis=1).astype(np.float32)


@lru_cache(maxsize=4)
def side_edges(size: int) -> npt.NDArray[np.int64]:
    """First bin of every width band and the end of the last."""
    hertz = np.array([0, 200, 600, 1_800, 4_000, 9_000, 20_000])
    return np.round(hertz / RATE * size).astype(np.int64)


def side_share(width: F32) -> F32:
    """Amplitude of the side signal over that of the mid, from the width features."""
    share = np.clip(10.0 ** np.asarray(width, np.float64), 1e-6, 0.98)
    return np.asarray(np.sqrt(share / (1 - share)) * (np.asarray(width) > -2.9), np.float32)


@dataclass(frozen=True)
class Basis:
    """Means and components of one stem.

    Attributes:
        mean: float32 [134], of the features.
        matrix: float32 [134, latents]: features less their mean times this are latents.
        inverse: float32 [latents, 134].
    """

    mean: F32
    matrix: F32
    inverse: F32

    @property
    def size(self) -> int:
        return int(self.matrix.shape[1])


@dataclass(frozen=True)
class Space:
    """Bases of all stems, and the name of the space that they make."""

    bases: Mapping[str, Basis]
    name: str = "house-render/1"

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """Latents a frame of each standard stem."""
        return tuple(self.bases[stem].size for stem in STEMS)

    def encode(self, stem: str, features: F32) -> F32:
        """Features [frames, 134] → latents [frames, size]."""
        basis = self.bases[stem]
        return np.asarray((features - basis.mean) @ basis.matrix, np.float32)

    def encode_kept(self, stem: str, features: F32, keep: F32) -> F32:
        """Latents of what is kept of features [frames, 134]; the rest counts as the mean.

        Args:
            stem: name.
            features: of the whole spectrum.
            keep: float32 [frames, 4], 1 where a region is kept.
        """
        basis = self.bases[stem]
        return np.asarray(((features - basis.mean) * keep[:, regions_of(stem)]) @ basis.matrix, np.float32)

    def decode(self, stem: str, latents: F32) -> F32:
        """Latents [frames, size] → features [frames, 134]."""
        basis = self.bases[stem]
        return np.asarray(latents @ basis.inverse + basis.mean, np.float32)

    def encode_stems(self, stems: Stems) -> list[F32]:
        """Latents [frames, size] of the four standard stems, which must be at 44.1 kHz; absent ones are silent."""
        count = frames_of(stems.frames)
        found = []
        for name in STEMS:
            samples = stereo(stems[name]) if name in stems.names else np.zeros((2, stems.frames), np.float32)
            found.append(self.encode(name, features(name, samples, count)))
        return found

    def arrays(self) -> dict[str, F32]:
        """Everything as arrays by name, for a weights file."""
        return {
            f"space.{stem}.{part}": getattr(basis, part)
            for stem, basis in self.bases.items()
            for part in ("mean", "matrix", "inverse")
        }

    @classmethod
    def of(cls, arrays: Mapping[str, Any]) -> Space:
        """The inverse of `arrays`. Raises KeyError where one is missing."""
        return cls(
            {
                stem: Basis(*(np.asarray(arrays[f"space.{stem}.{part}"], np.float32) for part in parts))
                for stem in STEMS
                for parts in (("mean", "matrix", "inverse"),)
            }
        )


@lru_cache(maxsize=8)
def regions_of(stem: str) -> npt.NDArray[np.int64]:
    """The region of `REGIONS` in which the middle of each feature of a stem lies, int64 [134]."""
    size = DRUM_SIZE if stem == "drums" else TONAL_SIZE
    edges = edges_of(stem)
    bands = (edges[:-1] + edges[1:] - 1) / 2 * RATE / size
    marks = side_edges(size) * RATE / size
    hertz = np.concatenate([np.tile(bands, DRUM_PARTS if stem == "drums" else 1), (marks[:-1] + marks[1:]) / 2])
    return np.clip(np.searchsorted(REGIONS, hertz, side="right") - 1, 0, len(REGIONS) - 2).astype(np.int64)


def stereo(audio: Audio) -> F32:
    """The first two channels, or a mono one twice."""
    return audio.samples[:2] if audio.channels > 1 else np.repeat(audio.samples, 2, axis=0)


def fit(stem: str, rows: F32) -> Basis:
    """Principal components of features [rows, 134] of one stem."""
    spectra, width = rows[:, :-SIDES].astype(np.float64), rows[:, -SIDES:].astype(np.float64)
    size = LATENTS[stem]
    mean = spectra.mean(axis=0)
    values, vectors = np.linalg.eigh(np.cov((spectra - mean).T))
    order = np.argsort(values)[::-1][:size]
    vectors, deviation = vectors[:, order], np.sqrt(np.maximum(values[order], 1e-8))
    vectors *= np.where(vectors[np.argmax(np.abs(vectors), axis=0), np.arange(size)] < 0, -1, 1)
    scale = 1 / np.sqrt(deviation * np.sqrt(np.mean(deviation)))
    scale /= np.sqrt(np.mean((deviation * scale) ** 2))
    spread = np.maximum(width.std(axis=0), 0.1)
    total = spectra.shape[1] + SIDES
    matrix, inverse = np.zeros((total, size + SIDES)), np.zeros((size + SIDES, total))
    matrix[:-SIDES, :size], inverse[:size, :-SIDES] = vectors * scale, vectors.T / scale[:, None]
    matrix[-SIDES:, size:], inverse[size:, -SIDES:] = np.diag(0.5 / spread), np.diag(spread / 0.5)
    means = np.concatenate([mean, width.mean(axis=0)])
    return Basis(*(a.astype(np.float32) for a in (means, matrix, inverse)))
