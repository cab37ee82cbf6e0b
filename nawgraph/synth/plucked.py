"""Plucked strings as digital waveguides: guitars, upright and finger bass, pizzicato."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from nawgraph.synth.envelopes import HOP, hertz, knot_count, released, times
from nawgraph.synth.instrument import LAYERS, Desk, Phrase, Tone, one_by_one, one_voice
from nawgraph.synth.saturation import MARGIN, saturate

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Body:
    """Resonances of a body: (Hz, Q, level) each, added to the string's own sound, and a low-pass above all."""

    peaks: tuple[tuple[float, float, float], ...] = ()
    dry: float = 1.0
    low_pass: float = 9_000.0


@dataclass(frozen=True)
class Plucked:
    """A patch.

    Attributes:
        life: seconds for 60 dB at 110 Hz; shorter above.
        damping: 0–1, how much faster high partials die.
        position: where the string is plucked, share of its length.
        hardness: Hz up to which the pluck excites it at full velocity.
        body: resonances.
        level: dB beside the other instruments.
        release: seconds until a finger has stopped the string.
        width: 0 one string in the middle, 1 two takes left and right.
        drive: dB into an amplifier that saturates, with a cabinet behind it; 0 none.
        mono: one note at a time.
        scrape: level of the finger's noise.
    """

    life: float = 4.0
    damping: float = 0.3
    position: float = 0.18
    hardness: float = 5_000.0
    body: Body = Body()
    level: float = 0.0
    release: float = 0.12
    width: float = 0.0
    drive: float = 0.0
    mono: bool = False
    scrape: float = 0.0

    def tail(self, rate: int) -> int:
        return round(self.release * rate)

    def phrases(self, tones: Sequence[Tone], rate: int) -> list[Phrase]:
        if self.mono:
            return [p for phrase in one_voice(tones, rate) for p in _apart(phrase, rate)]
        return _chords(tones, rate) if self.drive else one_by_one(tones, rate)

    def play(self, phrase: Phrase, desk: Desk) -> F32:
        if self.drive:
            return self._amplified(phrase, desk)
        tone = phrase.tones[0]
        frames = tone.length + self.tail(desk.rate)
        take = (tone.pitch, tone.layer, tone.index % 3)
        sound = desk.recall(take, frames, lambda n: self._sound(tone, n, desk, take))
        return released(sound, tone.length, self.tail(desk.rate)) * np.float32(tone.gain)

    def _sound(self, tone: Tone, frames: int, desk: Desk, take: tuple[int, ...]) -> F32:
        takes = 2 if self.width else 1
        sound = np.stack([self._take(tone, frames, desk.rate, desk.rng(*take, side)) for side in range(takes)])
        if takes == 1:
            return np.repeat(sound, 2, axis=0)
        middle = sound.mean(axis=0) * np.float32(1 - self.width)
        return np.asarray(middle + np.float32(self.width) * sound, np.float32)

    def _take(self, tone: Tone, frames: int, rate: int, rng: np.random.Generator) -> F32:
        """One string through the body, [frames]."""
        from nawgraph.synth import kernels

        f0 = float(hertz(tone.pitch)) / rate
        loss = 10 ** (-3 / (max(self.life * (110 / (f0 * rate)) ** 0.55, 0.08) * f0 * rate))
        pole = min(self.damping * (0.35 + 0.65 * min(1.0, 0.012 / f0)), 0.85) * min(1.0, 44100 / rate * 1.0)
        delay, allpass = tune(f0, pole)
        dry = np.empty(frames, np.float32)
        kernels.string(delay, allpass, pole, loss, self._pluck(tone, f0, rate, rng), dry)
        wet = self.body.dry * dry
        knots = knot_count(frames)
        for hertz_, q, gain in self.body.peaks:
            band = dry[None].copy()
            kernels.svf(band, np.full(knots, min(hertz_ / rate, 0.45)), np.full(knots, 1 / q), 1)
            wet += np.float32(gain) * band[0]
        band = wet[None]
        kernels.svf(band, np.full(knots, min(self.body.low_pass / rate, 0.45)), np.full(knots, 1.4), 0)
        kernels.svf(band, np.full(knots, 28 / rate), np.full(knots, 1.4), 2)
        return np.asarray(band[0] * np.minimum(times(frames, rate) / 0.001, 1), np.float32)

    def _pluck(self, tone: Tone, f0: float, rate: int, rng: np.random.Generator) -> F32:
        """The excitation: one period of dulled noise and a ramp, combed by the plucking position, without DC."""
        from nawgraph.synth import kernels

        period = round(1 / f0)
        touch = (tone.layer + 1) / LAYERS
        size = max(period, HOP)
        burst = np.zeros((1, size), np.float32)
        noise = rng.standard_normal(period)
        shape = np.linspace(1, -1, period) * 1.2
        burst[0, :period] = (0.55 + self.scrape) * noise + shape
        knots = knot_count(size)
        corner = min(self.hardness * (0.3 + 0.7 * touch) / rate, 0.45)
        kernels.svf(burst, np.full(knots, corner), np.full(knots, 1.5), 0)
        burst[0, :period] *= np.hanning(period + 2)[1:-1] ** 0.15
        comb = max(round(self.position * period), 1)
        both = np.zeros(size + comb, np.float32)
        both[:size] += burst[0]
        both[comb:] -= 0.9 * burst[0]
        both[:size] -= np.sum(both) / size
        return both / np.float32(np.sqrt(np.mean(both**2)) * 4)

    def _amplified(self, phrase: Phrase, desk: Desk) -> F32:
        """A chord through one amplifier, so that its strings distort together, less when touched softly."""
        length = phrase.end - phrase.start
        tail = self.tail(desk.rate)
        layer = max(tone.layer for tone in phrase.tones) | 1
        take = (*(tone.pitch for tone in phrase.tones), layer, phrase.tones[0].index % 2)
        alike = [replace(tone, velocity=16 * layer + 15) for tone in phrase.tones]
        sound = desk.recall(take, length + tail, lambda n: self._chord(alike, n, desk, take[-1]))
        return released(sound, length, tail) * np.float32(max(tone.gain for tone in phrase.tones))

    def _chord(self, tones: Sequence[Tone], frames: int, desk: Desk, variant: int) -> F32:
        strings = np.zeros((2, frames + MARGIN), np.float32)
        for tone in tones:
            touch = np.float32(((tone.layer + 1) / LAYERS) ** 1.2)
            strings += touch * self._sound(tone, frames + MARGIN, desk, (tone.pitch, tone.layer, variant))
        return _cabinet(saturate(strings, self.drive), desk.rate)[:, :frames]


def tune(f0: float, pole: float) -> tuple[int, float]:
    """Delay line length and allpass coefficient that make a string loop sound at `f0` cycles a frame exactly.

    The loop's phase delay at `f0` is that of the line, plus the one-pole's, plus the allpass's; the
    allpass's coefficient for a given phase delay D is sin((1 − D)ω/2) / sin((1 + D)ω/2).
    """
    w = 2 * math.pi * f0
    smoothing = math.atan2(pole * math.sin(w), 1 - pole * math.cos(w)) / w
    rest = 1 / f0 - smoothing
    delay = int(rest - 0.4)
    d = rest - delay
    return delay, math.sin((1 - d) * w / 2) / math.sin((1 + d) * w / 2)


def _cabinet(sound: F32, rate: int) -> F32:
    """A guitar speaker: nothing below 90 Hz, a bark at 2.4 kHz, steeply down above 4.5 kHz."""
    from nawgraph.synth import kernels

    knots = knot_count(sound.shape[1])
    bark = sound.copy()
    kernels.svf(bark, np.full(knots, 2400 / rate), np.full(knots, 0.9), 1)
    sound = sound + np.float32(0.7) * bark
    for corner, damping, mode in ((90.0, 1.2, 2), (4500.0, 0.9, 0), (5200.0, 1.6, 0)):
        kernels.svf(sound, np.full(knots, corner / rate), np.full(knots, damping), mode)
    return sound


def _apart(phrase: Phrase, rate: int) -> list[Phrase]:
    """A plucked line has no slides: every tone of a phrase alone, cut by the next."""
    return [
        Phrase((tone,), after.start + round(0.006 * rate) if after else phrase.stop)
        for tone, after in zip(phrase.tones, [*phrase.tones[1:], None], strict=True)
    ]


def _chords(tones: Sequence[Tone], rate: int) -> list[Phrase]:
    """Tones that begin within 12 ms of each other as one chord; a chord that is struck while the last rings cuts it."""
    groups: list[list[Tone]] = []
    for tone in tones:
        if groups and tone.start - groups[-1][0].start <= 0.012 * rate:
            groups[-1].append(tone)
        else:
            groups.append([tone])
    stops = [group[0].start + round(0.02 * rate) for group in groups[1:]]
    return [Phrase(tuple(group), stop) for group, stop in zip(groups, [*stops, None], strict=True)]
