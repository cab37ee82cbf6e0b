"""Metal: hi-hats, cymbals, shakers, with the method that all drums have, see `drums`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nawgraph.synth.drums import band, fall, placed
from nawgraph.synth.envelopes import times

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

METAL = (205.3, 304.4, 369.6, 522.7, 540.0, 800.0)
"""Hz of the six square oscillators whose high harmonics make an analogue drum machine's cymbals."""


@dataclass(frozen=True)
class Hat:
    """Hi-hat: six squares out of tune and noise, all above `low` Hz.

    Attributes:
        decay: seconds for 60 dB.
        metal: 0 noise only, 1 squares only.
        pitch: factor for all frequencies of the squares.
    """

    decay: float = 0.09
    metal: float = 0.55
    low: float = 6_800.0
    high: float = 16_000.0
    pitch: float = 1.6
    level: float = 0.3
    pan: float = 0.18

    def hit(self, touch: float, rate: int, rng: np.random.Generator) -> F32:
        seconds = times(max(round(self.decay * 1.1 * rate), 256), rate)
        metal = squares(np.array(METAL) * self.pitch, len(seconds), rate, rng)
        noise = rng.standard_normal((2, len(seconds)))
        sound = band(self.metal * metal + (1 - self.metal) * 0.8 * noise, self.low, self.high, rate, 3)
        shape = fall(seconds, self.decay) + 0.7 * touch * np.exp(-seconds / 0.003) * np.minimum(seconds / 0.0004, 1)
        shape *= np.clip((seconds[-1] - seconds) / 0.01, 0, 1)
        return placed(self.level * (1.6 * sound * shape), self.pan)


def squares(hertz: F64, frames: int, rate: int, rng: np.random.Generator) -> F64:
    """Band-limited squares with random phases, each a little to the left or right, [2, frames]."""
    from nawgraph.synth import kernels
    from nawgraph.synth.wavetables import tables

    pitch = np.repeat(hertz[:, None] / rate, frames // kernels.HOP + 3, axis=1)
    gain = (1 + 0.4 * rng.uniform(-1, 1, (2, len(hertz)))).astype(np.float32) / np.float32(np.sqrt(len(hertz)))
    out = np.zeros((2, frames), np.float32)
    kernels.bank(tables("square"), pitch, rng.random(len(hertz)), gain, out)
    return out.astype(np.float64)


@dataclass(frozen=True)
class Cymbal:
    """A plate: many modes that spread out over time, above them noise; the high ones build up and die first.

    Attributes:
        decay: seconds for 60 dB at 1 kHz.
        low: Hz of the lowest modes that are heard.
        wash: level of the noise.
        ping: level of the stick.
        bell: level of a few clear partials, as on a ride's bell.
        swell: seconds of crescendo before the peak (rolled with mallets), 0 struck.
    """

    decay: float = 2.4
    low: float = 420.0
    high: float = 15_000.0
    wash: float = 0.7
    ping: float = 0.2
    bell: float = 0.0
    swell: float = 0.0
    level: float = 0.4
    pan: float = 0.0

    def hit(self, touch: float, rate: int, rng: np.random.Generator) -> F32:
        seconds = times(round((self.decay * 0.9 + self.swell) * rate), rate)
        since = np.maximum(seconds - self.swell, 0)
        sound = self._plate(len(seconds), rate, rng) if not self.swell else np.zeros((2, len(seconds)))
        for low, high, share, speed in ((0.7, 3, 0.4, 1.0), (3, 7, 0.8, 0.75), (7, 40, 0.9, 0.5)):
            noise = band(rng.standard_normal((2, len(seconds))), low * 1000, min(high * 1000, self.high), rate)
            dying = np.exp(-6.9 * since / (self.decay * speed))
            sound += self.wash * share * (0.5 + 0.5 * touch) * noise * dying * self._rise(seconds, since, speed)
        stick = band(rng.standard_normal(len(seconds)), 3000, 9000, rate) * np.exp(-seconds / 0.004)
        sound += (self.ping * touch) * stick * np.minimum(seconds / 0.0004, 1) * (not self.swell)
        end = np.clip((seconds[-1] - seconds) / (0.25 * seconds[-1]), 0, 1) ** 2
        return placed(self.level * band(sound, self.low, 1e9, rate) * end, self.pan)

    def _rise(self, seconds: F64, since: F64, speed: float) -> F64:
        """How the noise of a band begins: struck at once, or in a crescendo that the high bands join late."""
        if not self.swell:
            return np.asarray(1 - np.exp(-since / 0.006))
        left = self.swell - np.minimum(seconds, self.swell)
        return np.asarray(np.exp(-7 * left / (speed * self.swell)) * np.minimum(seconds / 0.05, 1))

    def _plate(self, frames: int, rate: int, rng: np.random.Generator) -> F64:
        from nawgraph.synth import kernels

        count = 90
        frequency = np.sort(self.low * (11_000 / self.low) ** rng.random(count))
        gain = rng.uniform(0.3, 1, (2, count)) / np.sqrt(count) * 0.5
        if self.bell:
            frequency[:4] = self.low * np.array([1.0, 1.51, 2.23, 3.17])
            gain[:, :4] = 0.3 * self.bell
        life = self.decay / 6.9 / (1 + (frequency / 4000) ** 1.1)
        out = np.zeros((2, frames), np.float32)
        kernels.modes(frequency / rate, life * rate, rng.random(count) * 0.02, gain.astype(np.float32), out)
        return out.astype(np.float64) * np.minimum(times(frames, rate) / 0.001, 1)


@dataclass(frozen=True)
class Shaker:
    """Grains: shaker, cabasa, maracas, and with `jingle` a tambourine."""

    decay: float = 0.11
    attack: float = 0.003
    low: float = 5_200.0
    jingle: float = 0.0
    level: float = 0.28
    pan: float = -0.3

    def hit(self, touch: float, rate: int, rng: np.random.Generator) -> F32:
        seconds = times(round((self.decay + self.attack) * 1.1 * rate), rate)
        shape = np.where(seconds < self.attack, (seconds / self.attack) ** 2, 1.0)
        shape = shape * np.exp(-6.9 * np.maximum(seconds - self.attack, 0) / self.decay)
        sound = band(rng.standard_normal((2, len(seconds))), self.low * (0.8 + 0.2 * touch), 14_000, rate)
        if self.jingle:
            ring = squares(np.array([3170.0, 4250.0, 5480.0, 6630.0]), len(seconds), rate, rng)
            sound += self.jingle * band(ring, 4500, 15_000, rate)
        return placed(self.level * sound * shape * np.clip((seconds[-1] - seconds) / 0.02, 0, 1), self.pan)
