"""What the house codec keeps of a sound: the power in bands, two frames a code, in few numbers."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from nawgraph.models.render.space import band_edges, spectrum

F32 = npt.NDArray[np.float32]

RATE = 44_100
SIZE, HOP = 2048, 512
STACK = 2
"""Frames of the transform in a frame of codes."""

STEP = STACK * HOP
"""Samples a frame of codes: 43.07 frames a second."""

BANDS, LINEAR = 96, 32
"""Bands of the spectra; the first are single bins, up to 690 Hz."""

LATENTS = 80
FLOOR = 1e-8
"""Power below which all is silence: −80 dB of a full-scale sine."""


def frames_of(samples: int) -> int:
    """Frames of codes of so many samples."""
    return -(-(samples // HOP + 1) // STACK)


@lru_cache(maxsize=1)
def edges() -> npt.NDArray[np.int64]:
    """First bin of every band and the end of the last."""
    return band_edges(SIZE, BANDS, LINEAR)


def bands_of(power: F32) -> F32:
    """log10 of the power in each band, [.., 96], of powers [.., bins]."""
    marks = edges()
    sums = np.add.reduceat(power[..., : marks[-1]], marks[:-1], axis=-1)
    return np.log10(sums + FLOOR).astype(np.float32)


def features(mono: F32, frames: int | None = None) -> F32:
    """Rows that are quantised: log10 powers of `STACK` frames, float32 [frames, 192].

    Args:
        mono: float32 [samples] at 44.1 kHz.
        frames: of codes; what covers the samples by default.
    """
    count = frames_of(len(mono)) if frames is None else frames
    power = np.abs(spectrum(mono, SIZE, HOP, count * STACK)) ** 2
    return bands_of(power).reshape(count, STACK * BANDS)


def principal(rows: F32, size: int = LATENTS) -> tuple[F32, F32]:
    """Mean [192] and orthonormal components [192, size] of rows, the strongest first."""
    mean = rows.mean(axis=0, dtype=np.float64)
    _, vectors = np.linalg.eigh(np.cov((rows - mean).T.astype(np.float64)))
    found = vectors[:, ::-1][:, :size]
    found = found * np.where(found[np.argmax(np.abs(found), axis=0), np.arange(size)] < 0, -1, 1)
    return mean.astype(np.float32), np.ascontiguousarray(found, np.float32)
