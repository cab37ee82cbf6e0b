"""Drums from scratch: swept sines, noise in bands, metallic partials. A kit is a table of these, see `kits`.

Every class is a patch with one method, ``hit(touch, rate, rng)``, that returns [2, frames] with
`touch` from 0 to 1 for the softest to the hardest stroke. Levels are for the hardest; the kit scales them.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from nawgraph.synth.envelopes import times

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]


class Drum(Protocol):
    """One sound of a kit."""

    def hit(self, touch: float, rate: int, rng: np.random.Generator) -> F32: ...


def band(sound: F64, low: float, high: float, rate: int, order: int = 2) -> F64:
    """Butterworth filter over the last axis: what lies between two frequencies; 0 or above 0.45 of the rate is open."""
    from scipy.signal import sosfilt

    if low > 0:
        sound = sosfilt(_sections(min(low, 0.45 * rate), "highpass", order, rate), sound)
    if high < 0.45 * rate:
        sound = sosfilt(_sections(high, "lowpass", order, rate), sound)
    return np.asarray(sound)


@functools.lru_cache(maxsize=256)
def _sections(hertz: float, kind: str, order: int, rate: int) -> F64:
    from scipy.signal import butter

    return np.asarray(butter(order, hertz, kind, output="sos", fs=rate))


def _fall(seconds: F64, decay: float) -> F64:
    """Decay by 60 dB in `decay` seconds that begins without a click and ends at 0."""
    end = seconds[-1] if len(seconds) else 1.0
    return np.asarray(
        np.exp(-6.9 * seconds / decay) * np.minimum(seconds / 0.0004, 1) * np.clip((end - seconds) / (0.2 * end), 0, 1)
    )


def _stereo(sound: F64, pan: float = 0.0) -> F32:
    """Place mono [frames] or widen stereo [2, frames] by constant power, 0 dB in the middle."""
    angle = np.pi / 4 * (1 + pan)
    sides = np.sqrt(2) * np.array([[np.cos(angle)], [np.sin(angle)]])
    return np.asarray(sides * sound, np.float32)


@dataclass(frozen=True)
class Kick:
    """A sine that falls from `start` to `end` Hz, and the beater's click.

    Attributes:
        sweep: time constant of the fall in seconds.
        decay: seconds for 60 dB.
        click: level of the beater, with energy around `knock` Hz.
        drive: gain into soft clipping, 1 clean.
    """

    start: float = 190.0
    end: float = 48.0
    sweep: float = 0.028
    decay: float = 0.42
    click: float = 0.25
    knock: float = 3_000.0
    drive: float = 1.5
    level: float = 0.85

    def hit(self, touch: float, rate: int, rng: np.random.Generator) -> F32:
        seconds = times(round(self.decay * 1.1 * rate), rate)
        frequency = self.end + (self.start - self.end) * (0.6 + 0.4 * touch) * np.exp(-seconds / self.sweep)
        body = np.sin(2 * np.pi * np.cumsum(frequency) / rate) * _fall(seconds, self.decay)
        body = np.tanh(self.drive * body) / np.tanh(self.drive)
        click = band(rng.standard_normal(len(seconds)), 0.4 * self.knock, 2 * self.knock, rate)
        click *= np.exp(-seconds / 0.0035) * np.minimum(seconds / 0.0003, 1)
        sound = body + self.click * touch * click
        return _stereo(self.level * band(sound, 22, 1e9, rate, 1) * np.clip((seconds[-1] - seconds) / 0.01, 0, 1))


@dataclass(frozen=True)
class Snare:
    """Modes of the head, and the noise of the wires through it.

    Attributes:
        tones: Hz of the head's modes.
        ring: seconds for 60 dB of the head.
        wires: level of the noise between `low` and `high` Hz, `hiss` seconds for 60 dB.
        crack: level of the first 5 ms.
    """

    tones: tuple[float, ...] = (186.0, 332.0, 455.0)
    ring: float = 0.22
    wires: float = 0.55
    low: float = 1_400.0
    high: float = 11_000.0
    hiss: float = 0.26
    crack: float = 0.5
    level: float = 0.62

    def hit(self, touch: float, rate: int, rng: np.random.Generator) -> F32:
        seconds = times(round(max(self.ring, self.hiss) * 1.1 * rate), rate)
        bend = 1 + 0.35 * np.exp(-seconds / 0.008)
        head = np.zeros(len(seconds))
        for number, tone in enumerate(self.tones):
            turn = 2 * np.pi * tone * np.cumsum(bend) / rate
            head += np.sin(turn) * _fall(seconds, self.ring / (1 + 0.5 * number)) / (1 + number)
        noise = band(rng.standard_normal((2, len(seconds))), self.low, self.high * (0.5 + 0.5 * touch), rate)
        wires = noise * _fall(seconds, self.hiss)
        crack = band(rng.standard_normal(len(seconds)), 2500, 1e9, rate) * np.exp(-seconds / 0.003)
        crack *= np.minimum(seconds / 0.0003, 1)
        sound = 0.75 * head + self.wires * (0.6 + 0.4 * touch) * wires + self.crack * touch * crack * 0.5
        return _stereo(self.level * np.tanh(1.3 * sound) * np.clip((seconds[-1] - seconds) / 0.01, 0, 1))


@dataclass(frozen=True)
class Clap:
    """Several hands: short bursts of noise and the room after them."""

    bursts: tuple[float, ...] = (0.0, 0.011, 0.021, 0.032)
    decay: float = 0.3
    centre: float = 1_250.0
    level: float = 0.55

    def hit(self, touch: float, rate: int, rng: np.random.Generator) -> F32:
        seconds = times(round((self.decay + 0.06) * rate), rate)
        shape = np.zeros(len(seconds))
        for begin in self.bursts:
            since = seconds - begin
            fall = 0.0045 if begin != self.bursts[-1] else self.decay / 5.5
            shape += np.where(since >= 0, np.exp(-np.maximum(since, 0) / fall) * np.clip(since / 0.0005, 0, 1), 0)
        noise = band(rng.standard_normal((2, len(seconds))), 0.65 * self.centre, 3.5 * self.centre, rate)
        noise += 0.35 * band(rng.standard_normal((2, len(seconds))), 4 * self.centre, 14_000, rate)
        return _stereo(self.level * noise * shape * np.clip((seconds[-1] - seconds) / 0.05, 0, 1) * (0.7 + 0.3 * touch))


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
        fall = _fall(seconds, self.decay) + 0.7 * touch * np.exp(-seconds / 0.003) * np.minimum(seconds / 0.0004, 1)
        fall *= np.clip((seconds[-1] - seconds) / 0.01, 0, 1)
        return _stereo(self.level * (1.6 * sound * fall), self.pan)


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
            fall = np.exp(-6.9 * since / (self.decay * speed))
            sound += self.wash * share * (0.5 + 0.5 * touch) * noise * fall * self._rise(seconds, since, speed)
        stick = band(rng.standard_normal(len(seconds)), 3000, 9000, rate) * np.exp(-seconds / 0.004)
        sound += (self.ping * touch) * stick * np.minimum(seconds / 0.0004, 1) * (not self.swell)
        end = np.clip((seconds[-1] - seconds) / (0.25 * seconds[-1]), 0, 1) ** 2
        return _stereo(self.level * band(sound, self.low, 1e9, rate) * end, self.pan)

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
class Membrane:
    """Tom, conga, timpano, gran cassa: modes of a membrane whose pitch falls as it calms.

    Attributes:
        pitch: Hz of the lowest mode.
        ratios: modes; a timpano's are nearly a harmonic series from the second on.
        decay: seconds for 60 dB of the lowest.
        bend: share by which the pitch begins higher.
        skin: level of the stroke's noise.
    """

    pitch: float = 110.0
    ratios: tuple[float, ...] = (1.0, 1.59, 2.14, 2.3, 2.92)
    decay: float = 0.6
    bend: float = 0.25
    skin: float = 0.2
    level: float = 0.6
    pan: float = 0.0

    def hit(self, touch: float, rate: int, rng: np.random.Generator) -> F32:
        seconds = times(round(self.decay * 1.1 * rate), rate)
        turn = 2 * np.pi * np.cumsum(1 + self.bend * touch * np.exp(-seconds / 0.035)) / rate
        sound = np.zeros(len(seconds))
        for number, ratio in enumerate(self.ratios):
            loud = (0.4 + 0.6 * touch) ** number / (1 + 1.1 * number)
            sound += loud * np.sin(self.pitch * ratio * turn) * _fall(seconds, self.decay / (1 + 0.7 * number))
        noise = band(rng.standard_normal(len(seconds)), 180, 4500, rate) * np.exp(-seconds / 0.012)
        sound += self.skin * touch * noise * np.minimum(seconds / 0.0005, 1)
        return _stereo(self.level * 0.75 * sound * np.clip((seconds[-1] - seconds) / 0.02, 0, 1), self.pan)


@dataclass(frozen=True)
class Stick:
    """Rim shot, clave, wood block, cowbell: a few short tones and a click."""

    tones: tuple[float, ...] = (1_720.0, 480.0)
    decay: float = 0.06
    noise: float = 0.3
    level: float = 0.4
    pan: float = -0.15

    def hit(self, touch: float, rate: int, rng: np.random.Generator) -> F32:
        seconds = times(max(round(self.decay * 1.1 * rate), 512), rate)
        sound = np.zeros(len(seconds))
        for number, tone in enumerate(self.tones):
            sound += np.sin(2 * np.pi * tone * seconds) * _fall(seconds, self.decay) / (1 + 0.4 * number)
        noise = band(rng.standard_normal(len(seconds)), 1200, 9000, rate) * np.exp(-seconds / 0.002)
        sound += self.noise * touch * noise * np.minimum(seconds / 0.0003, 1)
        return _stereo(self.level * sound * np.clip((seconds[-1] - seconds) / 0.005, 0, 1), self.pan)


@dataclass(frozen=True)
class Shaker:
    """Grains: shaker, cabasa, maracas, and with `jingle` a tambourine."""

    decay: float = 0.11
    attack: float = 0.018
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
        return _stereo(self.level * sound * shape * np.clip((seconds[-1] - seconds) / 0.02, 0, 1), self.pan)
