"""A small listener that names styles: features of rendered audio, and a linear classifier on them. No learning library.

What it hears of a mix: where in the bar low, middle and high sounds begin (sixteen steps, folded over all bars), how
the energy lies over mel bands and how much it moves there, how wide the stereo image is, and the tempo.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from nawgraph.audio.onsets import band_flux
from nawgraph.audio.resample import resample
from nawgraph.audio.spectrum import magnitudes, mel_bands
from nawgraph.values import Audio

Array = npt.NDArray[np.float64]

RATE = 22050
STEPS = 16
_GROUPS = (0, 6, 28, 64)
_MELS = 24


def features(audio: Audio, bpm: float, beats: int = 4) -> Array:
    """What is heard of a mix, float64 [100]; the bar's length (tempo and beats) is known, nothing else."""
    x = resample(audio.samples, audio.rate, RATE)
    mono = x.mean(axis=0, keepdims=True)
    flux, frame_rate = band_flux(mono, RATE)
    position = np.arange(flux.shape[1]) / frame_rate * bpm / 60 / beats * STEPS
    steps = np.floor(position + 0.5).astype(int) % STEPS
    pattern = np.array(
        [np.bincount(steps, weights=flux[a:b].mean(axis=0), minlength=STEPS) for a, b in itertools.pairwise(_GROUPS)]
    )
    strength = pattern.sum(axis=1)
    rhythm = pattern / np.maximum(strength[:, None], 1e-9)
    bands = mel_bands(RATE, 1024, _MELS) @ magnitudes(mono, RATE, 1024, 512)
    level = 20 * np.log10(np.maximum(bands, 1e-5 * max(float(bands.max()), 1e-9)))
    spectrum, motion = level.mean(axis=1), level.std(axis=1)
    side = float(np.std(x[0] - x[-1]) / max(float(np.std(x[0] + x[-1])), 1e-9))
    return np.concatenate(
        [
            STEPS * rhythm.ravel(),
            np.log(strength / len(position) + 1e-6),
            (spectrum - spectrum.mean()) / 6,
            motion / 6,
            [side, 3 * np.log2(bpm / 100)],
        ]
    )


class Listener:
    """A ridge classifier: one linear output a style on standardised features, the largest wins.

    Args:
        examples: features [songs, n].
        styles: the style of each.
        penalty: of the weights' squares, relative to the number of songs.
    """

    def __init__(self, examples: Array, styles: Sequence[str], penalty: float = 0.5) -> None:
        self.names = sorted(set(styles))
        self._mean, self._spread = examples.mean(axis=0), examples.std(axis=0) + 1e-3
        x = self._scaled(examples)
        targets = np.array([[1.0 if style == name else 0.0 for name in self.names] for style in styles])
        # In the dual form, since there are about as many songs as features.
        gram = x @ x.T + penalty * x.shape[1] * np.eye(len(x))
        self._offset = targets.mean(axis=0)
        self._weights = x.T @ np.linalg.solve(gram, targets - self._offset)

    def _scaled(self, examples: Array) -> Array:
        return np.asarray(np.clip((examples - self._mean) / self._spread, -3, 3))

    def name(self, example: Array) -> str:
        """The style that a song sounds like."""
        return self.names[int(np.argmax(self._scaled(example[None]) @ self._weights + self._offset))]
