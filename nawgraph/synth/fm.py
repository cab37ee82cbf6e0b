"""Frequency modulation: pairs of sines, as in the electric pianos, bells and hard basses of the 1980s."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from nawgraph.synth.envelopes import Envelope, hertz, knot_times, melody, released, times
from nawgraph.synth.instrument import LAYERS, Desk, Phrase, Tone, one_by_one, one_voice

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Pair:
    """A carrier and its modulator.

    Attributes:
        carrier: frequency in multiples of the note's.
        modulator: likewise.
        index: modulation index at full velocity, radians.
        fade: seconds in which the index falls to 1/e; 0 keeps it.
        floor: share of the index that stays.
        gain: level.
        decay: seconds in which the level falls to 1/e at middle C, shorter above; 0 keeps it.
        velocity: how much the index follows velocity, 0–1.
    """

    carrier: float = 1.0
    modulator: float = 1.0
    index: float = 1.0
    fade: float = 0.0
    floor: float = 0.0
    gain: float = 1.0
    decay: float = 0.0
    velocity: float = 0.7


@dataclass(frozen=True)
class Fm:
    """A patch of pairs, each pair heard in the middle; `width` detunes a second set against the first, left to right.

    Attributes:
        pairs: operators.
        envelope: level of all.
        level: dB beside the other instruments.
        width: cents between left and right, 0 for mono.
        tremolo: 0–1, panning tremolo of a suitcase piano.
        mono: one voice that slides.
    """

    pairs: tuple[Pair, ...]
    envelope: Envelope = field(default_factory=Envelope)
    level: float = 0.0
    width: float = 0.0
    tremolo: float = 0.0
    mono: bool = False

    def tail(self, rate: int) -> int:
        return round(self.envelope.release * rate)

    def phrases(self, tones: Sequence[Tone], rate: int) -> list[Phrase]:
        return one_voice(tones, rate) if self.mono else one_by_one(tones, rate)

    def play(self, phrase: Phrase, desk: Desk) -> F32:
        first = phrase.tones[0]
        length = phrase.end - phrase.start
        frames = length + self.tail(desk.rate)
        if len(phrase.tones) > 1:
            sound = self._sound(phrase.tones, frames, desk)
        else:
            sound = desk.recall((first.pitch, first.layer), frames, lambda n: self._sound((first,), n, desk))
        return released(sound, length, self.tail(desk.rate)) * np.float32(first.gain)

    def _sound(self, tones: Sequence[Tone], frames: int, desk: Desk) -> F32:
        from nawgraph.synth import kernels

        pitch = melody(tones, frames, desk.rate, 0.03)
        sides = (-self.width / 200, self.width / 200) if self.width else (0.0,)
        sound = np.zeros((len(sides), frames), np.float32)
        for side, detune in enumerate(sides):
            steps = hertz(pitch + detune) / desk.rate
            for pair in self.pairs:
                index, gain = _knots(pair, tones[0], steps, frames, desk.rate)
                kernels.operators(steps, pair.carrier, pair.modulator, index, gain, 0.0, sound[side])
        seconds = times(frames, desk.rate)
        sound *= self.envelope.held(seconds).astype(np.float32)
        if len(sound) == 1:
            sound = np.repeat(sound, 2, axis=0)
        if self.tremolo:
            swing = (0.5 * self.tremolo * np.sin(2 * np.pi * 4.6 * seconds)).astype(np.float32)
            sound *= np.stack([1 + swing, 1 - swing])
        return sound


def _knots(pair: Pair, tone: Tone, steps: F64, frames: int, rate: int) -> tuple[F64, F64]:
    """Index and gain of a pair over time, held below what would pass the top of the spectrum.

    Sidebands lie at carrier ± n·modulator; beyond n = index + 5 they are below −70 dB (Carson's rule,
    with margin), so the index is capped where these would reach 0.48 of the rate.
    """
    seconds = knot_times(frames, rate)
    touch = 1 - pair.velocity * (1 - (tone.layer + 1) / LAYERS)
    fall = np.exp(-seconds / pair.fade) if pair.fade else np.ones(len(seconds))
    index = pair.index * touch * (pair.floor + (1 - pair.floor) * fall)
    room = (0.48 / steps - pair.carrier) / pair.modulator
    index = np.minimum(index, np.maximum(room - 5, 0.02 * np.clip(room - 2, 0, 3)))
    fits = np.clip((0.46 / steps - pair.carrier) / 2, 0, 1)
    gain = pair.gain * fits
    if pair.decay:
        scale = 2 ** (-(tone.pitch - 60) / 24)
        gain = gain * np.exp(-seconds / (pair.decay * scale))
    return index, gain
