"""Band-limited waves as mip-maps: each level holds the wave with fewer harmonics than the one before.

Levels are a third of an octave apart, so that a note keeps at least 79 % of the harmonics that fit below
`CEILING`, and a table is three times longer than its harmonics need at least, so that the errors of
linear interpolation stay 60 dB below the wave (measured in the tests).
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

SIZE = 4096
"""Samples a cycle."""

HARMONICS = 512
"""Harmonics of level 0: all there are above 41 Hz at 44.1 kHz; the lowest notes lose what lies above 14 kHz."""

STEPS = 3
"""Levels an octave."""

CEILING = 0.475
"""Highest harmonic, in cycles a frame."""

F64 = npt.NDArray[np.float64]

# ------------------------------------------------------------- harmonic k = 1, 2, … → amplitude


def _saw(k: F64) -> F64:
    return 2 / np.pi / k


def _square(k: F64) -> F64:
    return np.where(k % 2 == 1, 4 / np.pi / k, 0.0)


def _triangle(k: F64) -> F64:
    return np.where(k % 2 == 1, 8 / np.pi**2 / k**2 * (-1.0) ** ((k - 1) // 2), 0.0)


def _sine(k: F64) -> F64:
    return np.where(k == 1, 1.0, 0.0)


def _organ(k: F64) -> F64:
    """Drawbars 88 8 4 0 2 0 1 of a tone wheel organ over the 16′ pipe, which is the first harmonic."""
    drawbars = {1: 0.7, 3: 0.55, 2: 1.0, 4: 0.5, 6: 0.18, 8: 0.22, 12: 0.07, 16: 0.1}
    return np.array([drawbars.get(int(n), 0.0) for n in k])


def _glottis(k: F64) -> F64:
    """Harmonics of the flow's derivative of a sung tone: −6 dB an octave, a little stronger in the lowest two."""
    return 1.0 / k * np.where(k == 1, 1.3, np.where(k == 2, 1.1, 1.0)) / (1 + (k / 60.0) ** 2) ** 0.25


def _flute(k: F64) -> F64:
    return np.array([{1: 1.0, 2: 0.32, 3: 0.14, 4: 0.05, 5: 0.03, 6: 0.012}.get(int(n), 0.0) for n in k])


def _brass(k: F64) -> F64:
    return 1 / k**0.7 / (1 + (k / 12.0) ** 2)


def _reed(k: F64) -> F64:
    """A narrow pulse, 22 % wide."""
    return 4 / np.pi / k * np.sin(np.pi * k * 0.22)


WAVES: dict[str, Callable[[F64], F64]] = {
    "saw": _saw,
    "square": _square,
    "triangle": _triangle,
    "sine": _sine,
    "organ": _organ,
    "glottis": _glottis,
    "flute": _flute,
    "brass": _brass,
    "pulse": _reed,
}
"""Amplitude of each harmonic (all in sine phase) by the wave's name."""


@functools.cache
def tables(wave: str) -> npt.NDArray[np.float32]:
    """Mip-map of a wave in `WAVES`: float32 [level, SIZE + 1], its first sample repeated at the end.

    Level l holds ``HARMONICS · 2^(−l / STEPS)`` harmonics; the last holds the fundamental alone.
    """
    count = int(STEPS * np.log2(HARMONICS)) + 1
    spectrum = np.zeros(SIZE // 2 + 1, complex)
    spectrum[1 : HARMONICS + 1] = WAVES[wave](np.arange(1.0, HARMONICS + 1)) * (-0.5j * SIZE)
    made = np.empty((count, SIZE + 1), np.float32)
    for level in range(count):
        kept = int(HARMONICS * 2 ** (-level / STEPS) + 1e-9)
        part = spectrum.copy()
        part[kept + 1 :] = 0
        made[level, :SIZE] = np.fft.irfft(part, SIZE)
        made[level, SIZE] = made[level, 0]
    made.setflags(write=False)
    return made
