"""Subtractive synthesis: band-limited waves in unison, a moving filter, an envelope. Most instruments are this."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from nawgraph.synth.envelopes import Envelope, hertz, knot_count, knot_times, melody, released, times
from nawgraph.synth.instrument import LAYERS, Desk, Phrase, Tone, one_by_one, one_voice
from nawgraph.synth.saturation import MARGIN, saturate
from nawgraph.synth.wavetables import tables

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

BEATS = (0.5, 1 / 3, 0.25, 0.5, 1.0, 1 / 3)
"""Lengths of a wobble in quarter notes; a note's place in its part chooses among them."""


@dataclass(frozen=True)
class Unison:
    """Several oscillators as one.

    Attributes:
        voices: how many.
        cents: half of the spread between the lowest and the highest.
        width: 0 all in the middle, 1 spread from left to right.
        drift: cents by which each wanders on its own, slowly, as players of a section do.
    """

    voices: int = 1
    cents: float = 0.0
    width: float = 0.0
    drift: float = 0.0


@dataclass(frozen=True)
class Filter:
    """Low-pass filter.

    Attributes:
        cutoff: Hz for middle C at full velocity with the envelope at rest.
        track: octaves of cutoff an octave of pitch.
        resonance: Q; 0.7 is flat.
        poles: 2 or 4 (12 or 24 dB an octave).
        envelope: how the cutoff moves while the note is held; its release is not used.
        octaves: how far the envelope opens it.
        velocity: octaves that it closes from the loudest to the softest touch.
        wobble: octaves by which it swings in time with the beat.
    """

    cutoff: float = 18_000.0
    track: float = 0.5
    resonance: float = 0.7
    poles: int = 2
    envelope: Envelope = field(default_factory=lambda: Envelope(0.001, 0.3, 0.0))
    octaves: float = 0.0
    velocity: float = 1.0
    wobble: float = 0.0


@dataclass(frozen=True)
class Vibrato:
    """A swinging pitch: depth in cents, rate in Hz, delay in seconds until it is full."""

    cents: float = 0.0
    rate: float = 5.2
    delay: float = 0.3


@dataclass(frozen=True)
class Subtractive:
    """A patch.

    Attributes:
        wave: a name in `wavetables.WAVES`.
        unison: oscillators.
        filter: low-pass.
        envelope: level.
        level: dB beside the other instruments.
        octave: transposition of the oscillators in octaves.
        sub: level of a sine an octave below the oscillators.
        noise: level of breath or bow noise that runs through the filter.
        vibrato: of all oscillators alike.
        mono: one voice that slides from note to note, in `glide` seconds.
        sweep: semitones by which the pitch begins higher; gone after `sweep_time` seconds.
        drive: dB of saturation after the filter.
        tremolo: 0–1, how much a rotating speaker swings level and pitch, left against right.
    """

    wave: str = "saw"
    unison: Unison = field(default_factory=Unison)
    filter: Filter = field(default_factory=Filter)
    envelope: Envelope = field(default_factory=Envelope)
    level: float = 0.0
    octave: int = 0
    sub: float = 0.0
    noise: float = 0.0
    vibrato: Vibrato = field(default_factory=Vibrato)
    mono: bool = False
    glide: float = 0.0
    sweep: float = 0.0
    sweep_time: float = 0.05
    drive: float = 0.0
    tremolo: float = 0.0

    def tail(self, rate: int) -> int:
        return round(self.envelope.release * rate)

    def phrases(self, tones: Sequence[Tone], rate: int) -> list[Phrase]:
        return one_voice(tones, rate) if self.mono else one_by_one(tones, rate)

    def play(self, phrase: Phrase, desk: Desk) -> F32:
        first = phrase.tones[0]
        length = phrase.end - phrase.start
        frames = length + self.tail(desk.rate)
        if len(phrase.tones) > 1:
            sound = self._sound(phrase.tones, frames, desk, ("phrase", first.index))
        else:
            take: tuple[int | str, ...] = (first.pitch, first.layer, first.index % 2)
            if self.filter.wobble:
                take = (*take, first.beat, first.index % len(BEATS))
            sound = desk.recall(take, frames, lambda n: self._sound((first,), n, desk, take))
        return released(sound, length, self.tail(desk.rate)) * np.float32(first.gain)

    def _sound(self, tones: Sequence[Tone], frames: int, desk: Desk, take: tuple[int | str, ...]) -> F32:
        """The phrase as if it were never released, [2, frames]."""
        from nawgraph.synth import kernels

        rng = desk.rng(*take)
        size = frames + (MARGIN if self.drive else 0)
        wide = self.unison.width > 0 or self.tremolo > 0
        pitch = self._pitch(tones, size, desk.rate, rng)
        out = np.zeros((2, size), np.float32)
        gains = self._gains(wide)
        phases = rng.random(len(pitch)) if len(pitch) > 1 else np.zeros(1)
        kernels.bank(tables(self.wave), hertz(pitch + 12 * self.octave) / desk.rate, phases, gains, out)
        sound = out if wide else out[:1]
        if self.sub:
            low = hertz(pitch[:1] + 12 * (self.octave - 1)) / desk.rate
            centre = np.full((2, 1), self.sub, np.float32)
            kernels.bank(tables("sine"), low, np.zeros(1), centre, out)
        if self.noise:
            sound += np.float32(self.noise) * rng.standard_normal(size, np.float32)
        self._filter(sound, pitch[0], tones[0], size, desk.rate)
        if self.tremolo:
            sound *= self._rotor(size, desk.rate)
        sound *= self.envelope.held(times(size, desk.rate)).astype(np.float32)
        if self.drive:
            sound = saturate(sound, self.drive, 2)[:, :frames]
            knots = knot_count(frames)
            kernels.svf(sound, np.full(knots, 18 / desk.rate), np.full(knots, 1.4), 2)
        return sound if wide else np.repeat(sound, 2, axis=0)

    def _pitch(self, tones: Sequence[Tone], frames: int, rate: int, rng: np.random.Generator) -> F64:
        """Pitch knots of every oscillator, [voice, knot], MIDI numbers."""
        seconds = knot_times(frames, rate)
        line = melody(tones, frames, rate, self.glide)
        if self.sweep:
            line = line + self.sweep * np.exp(-4 * seconds / self.sweep_time)
        if self.vibrato.cents:
            ramp = np.minimum(seconds / max(self.vibrato.delay, 1e-3), 1) ** 2
            swing = np.sin(2 * np.pi * (self.vibrato.rate * seconds + rng.random()))
            line = line + self.vibrato.cents / 100 * ramp * swing
        voices = self.unison.voices
        spread = np.linspace(-1, 1, voices) if voices > 1 else np.zeros(1)
        pitch = line + (self.unison.cents / 100 * spread)[:, None]
        if self.unison.drift:
            speed = 0.4 + 5 * rng.random((voices, 1))
            pitch = pitch + self.unison.drift / 100 * np.sin(2 * np.pi * (speed * seconds + rng.random((voices, 1))))
        return pitch

    def _gains(self, wide: bool) -> F32:
        """Left and right gain of every oscillator, [2, voice], of constant power together; right 0 for one channel."""
        voices = self.unison.voices
        if not wide:
            return np.array([[voices**-0.5] * voices, [0.0] * voices], np.float32)
        sides = np.where(np.arange(voices) % 2 == 0, 1.0, -1.0) * np.linspace(1, 0.4, voices)
        angle = np.pi / 4 * (1 + self.unison.width * (sides if voices > 1 else np.zeros(1)))
        return np.asarray(np.stack([np.cos(angle), np.sin(angle)]) * np.sqrt(2 / voices), np.float32)

    def _filter(self, sound: F32, pitch: F64, tone: Tone, frames: int, rate: int) -> None:
        from nawgraph.synth import kernels

        f = self.filter
        seconds = knot_times(frames, rate)
        octaves = f.track * (pitch - 60) / 12 + f.octaves * f.envelope.held(seconds)
        octaves = octaves - f.velocity * (1 - (tone.layer + 1) / LAYERS)
        if f.wobble:
            beats = seconds * rate / tone.beat / BEATS[tone.index % len(BEATS)]
            octaves = octaves - f.wobble * (0.5 + 0.5 * np.cos(2 * np.pi * beats))
        cutoff = np.clip(f.cutoff * 2**octaves / rate, 20 / rate, 0.45)
        damping = np.full(knot_count(frames), 1 / f.resonance)
        if f.poles == 4:
            kernels.svf(sound, cutoff, np.full(knot_count(frames), 1.6), 0)
        kernels.svf(sound, cutoff, damping, 0)

    def _rotor(self, frames: int, rate: int) -> F32:
        """Level of both channels under a slow rotating horn, [2, frames]."""
        knots = 0.35 * self.tremolo * np.sin(2 * np.pi * 0.9 * knot_times(frames, rate))
        swing = np.interp(times(frames, rate), knot_times(frames, rate), knots).astype(np.float32)
        return np.stack([1 + swing, 1 - swing])
