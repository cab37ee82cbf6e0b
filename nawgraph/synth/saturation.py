"""Distortion without aliasing."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nawgraph.heavy import importing

F32 = npt.NDArray[np.float32]

MARGIN = 64
"""Frames at the end of a sound that the anti-aliasing filters may see less of than they need."""


def saturate(sound: F32, drive: float, oversampling: int = 4) -> F32:
    """Soft clipping ``tanh(g·x)``, scaled by 1/√g: a quiet sound comes out √g louder, a loud one at most 1/√g high.

    The curve is odd, so that it makes no DC; it is computed at a multiple of the rate, where the harmonics
    that it adds have room, and filtered back.

    Args:
        sound: [channels, frames].
        drive: g in dB, 0 and more.
        oversampling: 1 (for low, dull sounds) or more.
    """
    g = np.float32(10 ** (drive / 20))
    scale = np.float32(1 / np.sqrt(g))
    if oversampling == 1:
        return np.asarray(np.tanh(g * sound) * scale, np.float32)
    with importing:
        from scipy.signal import firwin, resample_poly

    taps = firwin(20 * oversampling + 1, 0.86 / oversampling, window=("kaiser", 8.0)).astype(np.float32)
    up = resample_poly(sound, oversampling, 1, axis=1, window=taps)
    return np.asarray(resample_poly(np.tanh(g * up), 1, oversampling, axis=1, window=taps) * scale, np.float32)
