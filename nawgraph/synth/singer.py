"""A singing voice: a band-limited glottal wave and breath through five moving formants, consonants beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nawgraph.synth.envelopes import hertz, knot_times, melody, released, times
from nawgraph.synth.instrument import Desk, Phrase, Tone, one_by_one, one_voice
from nawgraph.synth.phonemes import HUMS, NOISES, VOWELS, Formants, Noise, Sung, sung
from nawgraph.synth.wavetables import tables

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

BREATH = 0.03
"""Longest pause in seconds over which a voice keeps its legato."""

TURN = 0.022
"""Half of the seconds in which the tract goes from one sound to the next."""


@dataclass(frozen=True)
class Moment:
    """What the tract does from `begin` to `end` (seconds from the phrase's start)."""

    begin: float
    end: float
    formants: Formants
    voice: float


@dataclass(frozen=True)
class Hiss:
    """A consonant's noise at `begin` for `seconds`."""

    begin: float
    seconds: float
    noise: Noise


@dataclass(frozen=True)
class Singer:
    """A patch.

    Attributes:
        tract: a key of `phonemes.VOWELS`.
        singers: how many sing together; more than one are spread from left to right and no longer monophonic.
        spread: cents between the middle and the lowest or highest of several singers.
        vibrato: cents to either side, reached half a second into a long note.
        rate: of the vibrato, Hz.
        wander: cents by which the pitch is never quite still.
        breath: level of the noise that goes with the voice.
        glide: seconds from one note to the next of a legato.
        attack, release: seconds.
        level: dB beside the other instruments.
    """

    tract: str = "soprano"
    singers: int = 1
    spread: float = 12.0
    vibrato: float = 38.0
    rate: float = 5.6
    wander: float = 3.0
    breath: float = 0.05
    glide: float = 0.07
    attack: float = 0.035
    release: float = 0.14
    level: float = 0.0

    def tail(self, rate: int) -> int:
        return round(self.release * rate)

    def phrases(self, tones: Sequence[Tone], rate: int) -> list[Phrase]:
        return one_by_one(tones, rate) if self.singers > 1 else one_voice(tones, rate, BREATH)

    def play(self, phrase: Phrase, desk: Desk) -> F32:
        length = phrase.end - phrase.start
        if self.singers == 1:
            return self._sing(phrase.tones, length, desk, ("phrase", phrase.tones[0].index))
        tone = phrase.tones[0]
        take = (tone.pitch, tone.velocity, tone.syllable, length)
        return desk.recall_whole(take, lambda: self._sing(phrase.tones, length, desk, take)).copy()

    def _sing(self, tones: Sequence[Tone], length: int, desk: Desk, take: tuple[int | str, ...]) -> F32:
        from nawgraph.synth import kernels

        rate, rng = desk.rate, desk.rng(*take)
        frames = length + self.tail(rate)
        pitch = self._pitch(tones, frames, rate, rng)
        moments, hisses = score(tones, rate, VOWELS[self.tract])
        frequency, gain, width, voice = tracks(moments, pitch[0], frames, rate)
        source = self._source(pitch, frames, rate, rng)
        source *= np.interp(times(frames, rate), knot_times(frames, rate), voice).astype(np.float32)
        sound = np.zeros_like(source)
        kernels.formants(source, frequency / rate, width / rate, gain, sound)
        sound *= self._dynamics(tones, frames, rate)
        for hiss in hisses:
            _add_hiss(sound, hiss, tones[0].gain, rate, rng)
        sound = released(sound, length, self.tail(rate))
        return sound if len(sound) == 2 else np.repeat(sound, 2, axis=0)

    def _pitch(self, tones: Sequence[Tone], frames: int, rate: int, rng: np.random.Generator) -> F64:
        """Pitch knots of every singer, [singer, knot]."""
        seconds = knot_times(frames, rate)
        line = melody(tones, frames, rate, self.glide)
        since = seconds.copy()
        for tone in tones[1:]:
            begin = (tone.start - tones[0].start) / rate
            since = np.where(seconds >= begin, seconds - begin, since)
        depth = self.vibrato / 100 * np.clip((since - 0.12) / 0.4, 0, 1) ** 1.5
        voices = []
        for singer in range(self.singers):
            speed = self.rate * (1 + 0.08 * (rng.random() - 0.5) * (1 + 2 * (self.singers > 1)))
            swing = np.sin(2 * np.pi * (speed * seconds + rng.random()))
            wander = self.wander / 100 * np.sin(2 * np.pi * (0.7 + rng.random()) * seconds + 6 * rng.random())
            scoop = -0.35 * np.exp(-seconds / 0.035) * (self.singers == 1)
            apart = self.spread / 100 * (2 * singer / max(self.singers - 1, 1) - 1) * (self.singers > 1)
            voices.append(line + depth * swing + wander + scoop + apart)
        return np.stack(voices)

    def _source(self, pitch: F64, frames: int, rate: int, rng: np.random.Generator) -> F32:
        """Voice and breath before the tract, [1 or 2, frames]."""
        from nawgraph.synth import kernels

        out = np.zeros((2, frames), np.float32)
        if self.singers == 1:
            gains = np.array([[1.0], [0.0]], np.float32)
        else:
            angle = np.pi / 4 * (1 + 0.85 * np.linspace(-1, 1, self.singers))
            gains = (np.stack([np.cos(angle), np.sin(angle)]) * np.sqrt(2 / self.singers)).astype(np.float32)
        kernels.bank(tables("glottis"), hertz(pitch) / rate, rng.random(self.singers), gains, out)
        source = out[:1] if self.singers == 1 else out
        source += np.float32(self.breath) * rng.standard_normal(source.shape, np.float32)
        return source

    def _dynamics(self, tones: Sequence[Tone], frames: int, rate: int) -> F32:
        """Level over the phrase: each note's velocity, a little swell in each, attack of the first."""
        at, level = [], []
        for tone in tones:
            begin = (tone.start - tones[0].start) / rate
            length = tone.length / rate
            at += [begin + 0.03, begin + 0.03 + 0.45 * length, begin + max(length, 0.05) - 0.01]
            level += [tone.gain * share for share in (0.88, 1.0, 0.84)]
        seconds = times(frames, rate)
        order = np.maximum.accumulate(at)
        curve = np.interp(seconds, order, level)
        return np.asarray(curve * np.sin(np.pi / 2 * np.minimum(seconds / self.attack, 1)) ** 2, np.float32)


def score(tones: Sequence[Tone], rate: int, vowels: Mapping[str, Formants]) -> tuple[list[Moment], list[Hiss]]:
    """What tract and noise do during a phrase."""
    moments: list[Moment] = []
    hisses: list[Hiss] = []
    before = Sung("", "a", "")
    for tone in tones:
        begin = (tone.start - tones[0].start) / rate
        end = begin + tone.length / rate
        read = sung(tone.syllable)
        word = Sung("", before.vowels[-1], "") if read is None else read
        hurry = min(1.0, tone.length / rate / 0.32)
        at = begin
        for sound in word.onset:
            at = _consonant(sound, at, hurry, vowels[word.vowels[0]], moments, hisses)
        close = end - sum(_duration(sound) for sound in word.coda) * hurry
        middle = at + 0.6 * (close - at) if len(word.vowels) > 1 else close
        moments.append(Moment(at, middle, vowels[word.vowels[0]], 1.0))
        if len(word.vowels) > 1:
            moments.append(Moment(middle, close, vowels[word.vowels[1]], 0.9))
        at = close
        for sound in word.coda:
            at = _consonant(sound, at, hurry, vowels[word.vowels[-1]], moments, hisses)
        before = word
    return moments, hisses


def _duration(sound: str) -> float:
    noise = NOISES.get(sound)
    return 0.06 if noise is None else noise.gap + noise.seconds


def _consonant(
    sound: str, at: float, hurry: float, vowel: Formants, moments: list[Moment], hisses: list[Hiss]
) -> float:
    """Add one consonant from `at` on; returns where it ends."""
    end = at + hurry * _duration(sound)
    noise = NOISES.get(sound)
    if noise is None:
        moments.append(Moment(at, end, HUMS[sound], 0.75))
    else:
        moments.append(Moment(at, end, vowel, noise.voice))
        hisses.append(Hiss(at + hurry * noise.gap, hurry * noise.seconds, noise))
    return end


def tracks(moments: Sequence[Moment], pitch: F64, frames: int, rate: int) -> tuple[F64, F64, F64, F64]:
    """Knots of formant frequencies, gains and bandwidths, [5, knot] each, and of voicing, [knot].

    The first formant follows the pitch where that rises above it, as singers open the mouth for high notes
    (J. Sundberg, The Science of the Singing Voice, 1987), and every vowel is set to equal power.
    """
    seconds = knot_times(frames, rate)
    at: list[float] = []
    rows: list[F64] = []
    for moment in moments:
        turn = min(TURN, max(moment.end - moment.begin, 0.002) / 3)
        f0 = float(hertz(np.interp(0.5 * (moment.begin + moment.end), seconds, pitch)))
        row = _row(moment, f0)
        at += [moment.begin + turn, max(moment.end - turn, moment.begin + turn)]
        rows += [row, row]
    order = np.maximum.accumulate(at)
    table = np.stack(rows)
    made = np.stack([np.interp(seconds, order, column) for column in table.T])
    return np.exp(made[:5]), np.exp(made[5:10]), made[10:15], made[15]


def _row(moment: Moment, f0: float) -> F64:
    """log frequencies, log gains, bandwidths, voicing of a moment at a pitch, [16]."""
    formants = np.array(moment.formants, np.float64)
    frequency, gain, width = formants[:, 0].copy(), 10 ** (formants[:, 1] / 20), formants[:, 2].copy()
    frequency[0] = max(frequency[0], 1.03 * f0)
    frequency[1] = max(frequency[1], 1.25 * frequency[0])
    width = np.maximum(width, 0.14 * f0)
    k = np.arange(1, 41) * f0
    answer = gain[:, None] / np.sqrt(1 + ((k**2 - frequency[:, None] ** 2) / (k * width[:, None])) ** 2)
    power = np.sqrt(np.sum((np.sqrt(np.sum(answer**2, axis=0)) * f0 / k) ** 2))
    scale = 0.22 / power
    return np.concatenate([np.log(frequency), np.log(gain * scale), width, [moment.voice]])


def _add_hiss(sound: F32, hiss: Hiss, gain: float, rate: int, rng: np.random.Generator) -> None:
    """Add a consonant's noise in place."""
    from nawgraph.synth.drums import band

    count = max(round(hiss.seconds * rate), 64)
    begin = round(hiss.begin * rate)
    noise = band(rng.standard_normal(count + 256), hiss.noise.low, hiss.noise.high, rate)[256:]
    x = np.linspace(0, 1, count)
    rise = 0.08 if hiss.noise.gap else 0.35
    shape = np.minimum(x / rise, 1) * np.minimum((1 - x) / 0.5, 1)
    end = min(begin + count, sound.shape[1])
    if end > begin:
        sound[:, begin:end] += (hiss.noise.level * gain * noise * shape)[: end - begin].astype(np.float32)
