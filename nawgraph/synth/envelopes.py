"""Envelopes and other controls over time: how loud, how bright, how high.

Curves that are heard as level come a value a frame; those that steer kernels come as knots, see
`nawgraph.synth.kernels`.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from nawgraph.synth.instrument import Tone

HOP = 32
"""Frames between knots, as in the kernels."""

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Envelope:
    """Attack, decay, sustain and release.

    Attributes:
        attack: seconds from silence to full, at least 0.001 for level.
        decay: seconds in which the way to the sustained level is 99 % done.
        sustain: 0–1 of full.
        release: seconds from the note's end to silence.
    """

    attack: float = 0.003
    decay: float = 0.3
    sustain: float = 1.0
    release: float = 0.08

    def held(self, seconds: F64) -> F64:
        """Level while the note is held, at ascending times since its start; constant once the decay is done."""
        attack, decay = max(self.attack, 1e-6), max(self.decay, 1e-6)
        made = np.full(len(seconds), self.sustain)
        moving = int(np.searchsorted(seconds, attack + (3 * decay if self.sustain < 1 else 0)))
        since = seconds[:moving]
        rise = (1 - np.exp(-3 * np.minimum(since, attack) / attack)) / (1 - np.exp(-3))
        fall = np.exp(-4.6 * np.maximum(since - attack, 0) / decay) if self.sustain < 1 else 1.0
        made[:moving] = rise * (self.sustain + (1 - self.sustain) * fall)
        return made


def knot_count(frames: int) -> int:
    """Knots that `frames` frames need."""
    return (frames + HOP - 1) // HOP + 1


def knot_times(frames: int, rate: int) -> F64:
    """Seconds at which the knots of `frames` frames lie."""
    return np.arange(knot_count(frames), dtype=np.float64) * (HOP / rate)


def times(frames: int, rate: int) -> F64:
    """Seconds at which frames lie."""
    return np.arange(frames) / rate


def released(sound: F32, length: int, release: int) -> F32:
    """A copy of the first length + release frames that dies away from `length` on and ends in silence."""
    made = sound[:, : length + release].copy()
    frames = made.shape[1] - length
    if frames > 0:
        made[:, length:] *= _decay(release)[:frames]
    return made


def faded(sound: F32, stop: int, fade: int) -> F32:
    """The sound cut at frame `stop`, its last `fade` frames a raised cosine down to silence."""
    if stop >= sound.shape[1]:
        return sound
    made = sound[:, : max(stop, 0)].copy()
    frames = min(fade, made.shape[1])
    if frames:
        curve = 0.5 + 0.5 * np.cos(np.pi * (np.arange(fade) + 1) / fade)
        made[:, made.shape[1] - frames :] *= curve[fade - frames :].astype(np.float32)
    return made


@functools.lru_cache(maxsize=64)
def _decay(frames: int) -> F32:
    """Exponential fall by 43 dB, bent so that it ends at 0. Not to be written to."""
    x = (np.arange(frames) + 1) / frames
    return np.asarray((np.exp(-5 * x) - np.exp(-5)) / (1 - np.exp(-5)), np.float32)


def melody(tones: Sequence[Tone], frames: int, rate: int, glide: float) -> F64:
    """Pitch knots of a phrase, MIDI numbers: each tone's pitch, reached in `glide` seconds from the one before."""
    seconds = knot_times(frames, rate)
    pitch = np.full(len(seconds), float(tones[0].pitch))
    for before, tone in pairwise(tones):
        since = seconds - (tone.start - tones[0].start) / rate
        after = since >= 0
        way = 1 - np.exp(-4 * since[after] / max(glide, 1e-4))
        pitch[after] = pitch[after] + (tone.pitch - before.pitch) * way
    return pitch


def hertz(pitch: npt.ArrayLike) -> F64:
    """Frequency of MIDI numbers in equal temperament, A4 (69) = 440 Hz."""
    return np.asarray(440.0 * 2 ** ((np.asarray(pitch, np.float64) - 69) / 12))
