"""What a style is made of: plain data that the composer reads. See the other modules here for the styles themselves.

Rhythms are strings of sixteenths of a 4/4 bar (16 or 32 signs, spaces are for the eye); `nawgraph.music.patterns` fits
them to other meters. Drums: ``X`` accent, ``x`` normal, ``o`` ghost note, ``?`` sometimes. Chords: ``x`` strikes, ``-``
holds. Bass: ``R`` root, ``O`` octave, ``3`` ``5`` ``7`` chord tones, ``w`` walks, ``b`` leads into the next root, ``k``
where the kick is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Groove = Mapping[str, str]
"""Drum voice (a name of `nawgraph.music.drums.VOICES`) to its rhythm."""

BODY = ("verse", "prechorus", "chorus", "bridge", "drop", "theme", "solo")
"""Kinds of section in which a song is itself, neither opening, breathing nor closing."""


@dataclass(frozen=True)
class Layer:
    """One part of the stem `other`.

    Attributes:
        name: part name.
        role: pad (held chords), comp (struck chords), arp (broken chords), riff (an ostinato), line (guide tones moving
            slowly), lead (the melody when nobody sings, answers when somebody does), sparkle (rare high notes).
        instruments: the synthesiser's names, one is drawn.
        rhythms: strings as above, one is drawn a section label; pads and leads need none.
        low: lowest MIDI pitch of its register.
        high: highest.
        enter: energy of a section from which on it plays.
        kinds: sections it is kept to, empty for all.
        pan: −1 to 1.
        gain: decibels.
    """

    name: str
    role: str
    instruments: tuple[str, ...]
    rhythms: tuple[str, ...] = ("x---------------",)
    low: int = 55
    high: int = 76
    enter: float = 0.0
    kinds: tuple[str, ...] = ()
    pan: float = 0.0
    gain: float = 0.0


@dataclass(frozen=True)
class Style:
    """A style as data.

    Attributes:
        name: its name in scores and prompts.
        words: other names people give it.
        bpm: slowest, typical and fastest tempo in quarter notes a minute.
        swing: range of the grid's swing, thousandths.
        swing_unit: 8 or 16.
        meters: usual meters (beats, unit), the first by far the most common.
        modes: how common each mode is.
        moods: words that suit it.
        minor: progressions of Roman numerals in minor modes, one chord a bar before `harmonic_rhythm` applies.
        major: the same in modes with a major third.
        grammar: how often a section's harmony is derived from functions instead of taken from the loops.
        harmonic_rhythm: bars a chord → weight.
        colour: probability that a triad gets a seventh, and that it gets a ninth on top.
        power: chords of root and fifth for guitars.
        kit: the drum kit.
        grooves: one is drawn for quiet sections and one for loud ones.
        fill: toms, snare, hats, break or none.
        rolls: probability of a hi-hat roll in a bar.
        bass: instruments.
        bass_rhythms: strings as above.
        layers: parts of the stem other.
        vocals: probability that somebody sings when the prompt does not say.
        voices: who.
        singing: 0 long notes to 1 rapid syllables.
        forms: names of `nawgraph.music.form.FORMS`.
        looseness: standard deviation of humanised timing in milliseconds.
        laid_back: milliseconds that snare and chords sit behind the beat.
    """

    name: str
    words: tuple[str, ...]
    bpm: tuple[int, int, int]
    modes: Mapping[str, float]
    moods: tuple[str, ...]
    minor: tuple[str, ...]
    major: tuple[str, ...]
    kit: str
    grooves: tuple[Groove, ...]
    bass: tuple[str, ...]
    bass_rhythms: tuple[str, ...]
    layers: tuple[Layer, ...]
    forms: tuple[str, ...]
    swing: tuple[int, int] = (500, 500)
    swing_unit: int = 16
    meters: tuple[tuple[int, int], ...] = ((4, 4),)
    grammar: float = 0.3
    harmonic_rhythm: Mapping[float, float] = field(default_factory=lambda: {1: 1.0})
    colour: tuple[float, float] = (0.3, 0.0)
    power: bool = False
    fill: str = "snare"
    rolls: float = 0.0
    vocals: float = 0.5
    voices: tuple[str, ...] = ("voice.soprano", "voice.tenor")
    singing: float = 0.5
    looseness: float = 3.0
    laid_back: float = 0.0
