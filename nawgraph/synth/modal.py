"""Modal synthesis: struck strings, bars and bells as sums of decaying sines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nawgraph.synth.envelopes import hertz, released, times
from nawgraph.synth.instrument import LAYERS, Desk, Phrase, Tone, one_by_one

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Piano:
    """A piano: stiff strings in pairs that beat, two-stage decay, hammer noise, keys from left to right.

    The partials of a stiff string are sharp, f_n = n f √(1 + B n²) (H. Fletcher, JASA 1964); B grows by an
    octave every eight keys from a minimum in the bass. Those of the fundamental are normalised, so that the
    first partial is in tune.
    """

    level: float = 0.0
    release: float = 0.22
    partials: int = 36
    brightness: float = 1.0

    def tail(self, rate: int) -> int:
        return round(self.release * rate)

    def phrases(self, tones: Sequence[Tone], rate: int) -> list[Phrase]:
        return one_by_one(tones, rate)

    def play(self, phrase: Phrase, desk: Desk) -> F32:
        tone = phrase.tones[0]
        frames = tone.length + self.tail(desk.rate)
        sound = desk.recall((tone.pitch, tone.layer), frames, lambda n: self._sound(tone, n, desk))
        return released(sound, tone.length, self.tail(desk.rate)) * np.float32(tone.gain)

    def _sound(self, tone: Tone, frames: int, desk: Desk) -> F32:
        from nawgraph.synth import kernels

        pitch, rate = tone.pitch, desk.rate
        f0 = float(hertz(pitch))
        n = np.arange(1.0, self.partials + 1)
        stiffness = 6e-5 * 2 ** ((pitch - 40) / 10) if pitch > 40 else 9e-5
        frequency = f0 * n * np.sqrt((1 + stiffness * n**2) / (1 + stiffness))
        touch = (tone.layer + 1) / LAYERS
        corner = self.brightness * (500 + 3200 * touch**1.5) * 2 ** ((pitch - 60) / 30)
        amplitude = np.abs(np.sin(np.pi * n / 7.3)) / n**0.7 / (1 + (frequency / corner) ** 2) ** 0.9
        amplitude /= np.sqrt(np.sum(amplitude**2))
        life = 5.5 * 2 ** (-(pitch - 48) / 15) / (1 + (frequency / 2600) ** 1.2)
        rng = desk.rng("piano", pitch)
        detune = 2 ** (0.35 * rng.standard_normal(len(n)) / 1200)
        balance = 0.35 * (pitch - 64) / 44
        fast = _pan(amplitude * 0.62, balance)
        slow = _pan(amplitude * 0.45, -balance * 0.6)
        out = np.zeros((2, frames), np.float32)
        start = np.zeros(len(n))
        kernels.modes(frequency / rate, life * 0.35 * rate, start, fast, out)
        kernels.modes(frequency * detune / rate, life * rate, start, slow, out)
        return out + _hammer(pitch, touch, frames, rate, rng)


def _pan(amplitude: F64, balance: float) -> F32:
    return np.stack([amplitude * (1 - balance), amplitude * (1 + balance)]).astype(np.float32)


def _hammer(pitch: int, touch: float, frames: int, rate: int, rng: np.random.Generator) -> F32:
    """Felt and key noise: a thud of 25 ms, the same in both channels."""
    count = min(frames, rate // 12)
    seconds = times(count, rate)
    noise = rng.standard_normal(rate // 12)
    reach = max(int(rate / (900 + 2600 * touch)), 1)
    thud = np.convolve(noise, np.hanning(reach + 2)[1:-1] / reach)[:count]
    thud *= np.minimum(seconds / 0.001, 1) * np.exp(-seconds / 0.012) * np.minimum((1 / 12 - seconds) / 0.02, 1)
    made = np.zeros((2, frames), np.float32)
    made[:, :count] = 0.12 * touch * (thud - np.mean(thud))
    return made


@dataclass(frozen=True)
class Bars:
    """Tuned bars: a few inharmonic modes.

    Attributes:
        ratios: frequencies of the modes in multiples of the first.
        gains: at the hardest stroke.
        lives: time constants in seconds for middle C.
        level: dB beside the other instruments.
        release: seconds.
        motor: depth of the vibraphone's motor, 0–1, at 5.5 Hz.
    """

    ratios: tuple[float, ...] = (1.0, 3.99, 9.6)
    gains: tuple[float, ...] = (1.0, 0.22, 0.05)
    lives: tuple[float, ...] = (1.6, 0.45, 0.1)
    level: float = 0.0
    release: float = 0.5
    motor: float = 0.0

    def tail(self, rate: int) -> int:
        return round(self.release * rate)

    def phrases(self, tones: Sequence[Tone], rate: int) -> list[Phrase]:
        return one_by_one(tones, rate)

    def play(self, phrase: Phrase, desk: Desk) -> F32:
        tone = phrase.tones[0]
        frames = tone.length + self.tail(desk.rate)
        sound = desk.recall((tone.pitch, tone.layer), frames, lambda n: self._sound(tone, n, desk.rate))
        return released(sound, tone.length, self.tail(desk.rate)) * np.float32(tone.gain)

    def _sound(self, tone: Tone, frames: int, rate: int) -> F32:
        from nawgraph.synth import kernels

        touch = (tone.layer + 1) / LAYERS
        ratios = np.array(self.ratios)
        gains = np.array(self.gains) * np.where(ratios == 1, 1.0, touch)
        lives = np.array(self.lives) * 2 ** (-(tone.pitch - 60) / 22)
        out = np.zeros((2, frames), np.float32)
        balance = 0.4 * (tone.pitch - 66) / 40
        kernels.modes(hertz(tone.pitch) * ratios / rate, lives * rate, np.zeros(len(ratios)), _pan(gains, balance), out)
        seconds = times(frames, rate)
        out *= np.minimum(seconds / 0.0015, 1).astype(np.float32)
        if self.motor:
            swing = (self.motor * 0.5 * np.sin(2 * np.pi * 5.5 * seconds)).astype(np.float32)
            out *= np.stack([1 + swing, 1 - 0.7 * swing])
        return out
