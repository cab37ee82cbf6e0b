"""Before and after a separator: to what it hears, and back to what the song was."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nawgraph.audio import large
from nawgraph.audio.check import signal
from nawgraph.audio.levels import to_stereo
from nawgraph.audio.resample import fit, resample
from nawgraph.values.signal import Audio, Float, Stems

REST = "other"
"""The stem that takes what a separator leaves over."""


def heard(audio: Audio, rate: int) -> Float:
    """A song as a separator wants it: [2, frames] at its rate.

    Raises:
        ValueError: NaN in it, no samples, channels that cannot be folded down.
    """
    x = signal(audio.samples, audio.rate, "the song")
    if x.shape[1] == 0:
        raise ValueError("the song has no samples: there is nothing to take apart")
    return resample(to_stereo(x, audio.rate), audio.rate, rate)


def restored(found: npt.NDArray[np.float32], names: tuple[str, ...], rate: int, audio: Audio, residual: bool) -> Stems:
    """What a separator found, as stems of the song: at its rate, of its length, mono where it was mono.

    Args:
        found: [stems, 2, frames] at the separator's rate.
        names: of the stems.
        rate: Hz, the separator's.
        audio: the song.
        residual: put what the stems leave over into `REST` (the last stem, where there is no such one), so that they
            add up to the song (folded down to stereo) but for the rounding of float32.
    """
    mono = audio.channels == 1
    whole = signal(audio.samples, audio.rate) if mono else to_stereo(audio.samples, audio.rate)
    made = []
    for sound in found:
        part = sound.mean(axis=0, keepdims=True, dtype=np.float32) if mono else sound
        made.append(fit(resample(part, rate, audio.rate), audio.frames))
    if residual:
        rest, left = names.index(REST) if REST in names else len(names) - 1, large.zeros(*whole.shape)
        for span in large.blocks(audio.frames):
            total = np.sum([part[:, span] for part in made], axis=0, dtype=np.float32)
            left[:, span] = made[rest][:, span] + (whole[:, span] - total)
        made[rest] = large.done(left)
    return Stems(names, tuple(Audio(sound, audio.rate) for sound in made))
