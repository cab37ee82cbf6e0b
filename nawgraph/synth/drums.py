"""Drums from scratch: swept sines, modes of a skin, noise in bands. A kit is a table of these, see `kits`.

Every class is a patch with one method, ``hit(touch, rate, rng)``, that returns [2, frames] with
`touch` from 0 to 1 for the softest to the hardest stroke. Levels are for the hardest; the kit scales them.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from nawgraph.heavy import importing
from nawgraph.synth.envelopes import times

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]


class Drum(Protocol):
    """One sound of a kit."""

    def hit(self, touch: float, rate: int, rng: np.random.Generator) -> F32: ...


def band(sound: F64, low: float, high: float, rate: int, order: int = 2) -> F64:
    """Butterworth filter over the last axis: what lies between two frequencies; 0 or above 0.45 of the rate is open."""
    with importing:
        from scipy.signal import sosfilt

    if low > 0:
        sound = sosfilt(_sections(min(low, 0.45 * rate), "highpass", order, rate), sound)
    if high < 0.45 * rate:
        sound = sosfilt(_sections(high, "lowpass", order, rate), sound)
    return np.asarray(sound)


@functools.lru_cache(maxsize=256)
def _sections(hertz: float, kind: str, order: int, rate: int) -> F64:
    with importing:
        from scipy.signal import butter

    return np.asarray(butter(order, hertz, kind, output="sos", fs=rate))


def fall(seconds: F64, decay: float) -> F64:
    """Decay by 60 dB in `decay` seconds that begins without a click and ends at 0."""
    end = seconds[-1] if len(seconds) else 1.0
    return np.asarray(
        np.exp(-6.9 * seconds / decay) * np.minimum(seconds / 0.0004, 1) * np.clip((end - seconds) / (0.2 * end), 0, 1)
    )


def placed(sound: F64, pan: float = 0.0) -> F32:
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
        body = np.sin(2 * np.pi * np.cumsum(frequency) / rate) * fall(seconds, self.decay)
        body = np.tanh(self.drive * body) / np.tanh(self.drive)
        click = band(rng.standard_normal(len(seconds)), 0.4 * self.knock, 2 * self.knock, rate)
        click *= np.exp(-seconds / 0.0035) * np.minimum(seconds / 0.0003, 1)
        sound = body + self.click * touch * click
        return placed(self.level * band(sound, 22, 1e9, rate, 1) * np.clip((seconds[-1] - seconds) / 0.01, 0, 1))


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
            head += np.sin(turn) * fall(seconds, self.ring / (1 + 0.5 * number)) / (1 + number)
        noise = band(rng.standard_normal((2, len(seconds))), self.low, self.high * (0.5 + 0.5 * touch), rate)
        wires = noise * fall(seconds, self.hiss)
        crack = band(rng.standard_normal(len(seconds)), 2500, 1e9, rate) * np.exp(-seconds / 0.003)
        crack *= np.minimum(seconds / 0.0003, 1)
        sound = 0.75 * head + self.wires * (0.6 + 0.4 * touch) * wires + self.crack * touch * crack * 0.5
        return placed(self.level * np.tanh(1.3 * sound) * np.clip((seconds[-1] - seconds) / 0.01, 0, 1))


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
            short = 0.0045 if begin != self.bursts[-1] else self.decay / 5.5
            shape += np.where(since >= 0, np.exp(-np.maximum(since, 0) / short) * np.clip(since / 0.0005, 0, 1), 0)
        noise = band(rng.standard_normal((2, len(seconds))), 0.65 * self.centre, 3.5 * self.centre, rate)
        noise += 0.35 * band(rng.standard_normal((2, len(seconds))), 4 * self.centre, 14_000, rate)
        return placed(self.level * noise * shape * np.clip((seconds[-1] - seconds) / 0.05, 0, 1) * (0.7 + 0.3 * touch))


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
            sound += loud * np.sin(self.pitch * ratio * turn) * fall(seconds, self.decay / (1 + 0.7 * number))
        noise = band(rng.standard_normal(len(seconds)), 180, 4500, rate) * np.exp(-seconds / 0.012)
        sound += self.skin * touch * noise * np.minimum(seconds / 0.0005, 1)
        return placed(self.level * 0.75 * sound * np.clip((seconds[-1] - seconds) / 0.02, 0, 1), self.pan)


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
            sound += np.sin(2 * np.pi * tone * seconds) * fall(seconds, self.decay) / (1 + 0.4 * number)
        noise = band(rng.standard_normal(len(seconds)), 1200, 9000, rate) * np.exp(-seconds / 0.002)
        sound += self.noise * touch * noise * np.minimum(seconds / 0.0003, 1)
        return placed(self.level * sound * np.clip((seconds[-1] - seconds) / 0.005, 0, 1), self.pan)
