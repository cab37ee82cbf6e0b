"""Values of music on paper: grid, notes, chords, sections, score, prompt.

Time is counted in **ticks**, whole numbers, `PPQ` a quarter note. The `Grid` alone turns ticks into
seconds and samples, by exact rational arithmetic, so that no error ever adds up.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from nawgraph.values.core import Value, value

PPQ = 960
"""Ticks a quarter note."""


@value
@dataclass(frozen=True)
class Tempo(Value):
    """From `tick` on, `milli_bpm` thousandths of a quarter note a minute (whole, so that time is exact)."""

    tick: int
    milli_bpm: int

    @property
    def bpm(self) -> float:
        return self.milli_bpm / 1000


@value
@dataclass(frozen=True)
class Meter(Value):
    """From bar `bar` (counted from 0) on, `beats` beats of a `unit`-th note; `groups` adds up to `beats` (7/8 = 2+2+3)."""

    bar: int
    beats: int
    unit: int
    groups: tuple[int, ...] = ()


@value
@dataclass(frozen=True)
class Grid(Value):
    """Tempo map, meters and length: the one measure of time for every layer of a song.

    Attributes:
        tempi: tempo changes by tick, the first at 0.
        meters: meter changes by bar, the first at 0.
        bars: length in bars.
        swing: where the second of each pair of `swing_unit`-th notes falls, in thousandths of the pair: 500 straight,
            667 triplet feel, at most 750.
        swing_unit: 8 or 16.
    """

    tempi: tuple[Tempo, ...] = (Tempo(0, 120_000),)
    meters: tuple[Meter, ...] = (Meter(0, 4, 4),)
    bars: int = 4
    swing: int = 500
    swing_unit: int = 8


@value
@dataclass(frozen=True)
class Note(Value):
    """One note.

    Attributes:
        start: ticks from the beginning, on the straight grid (swing is applied by the grid).
        length: ticks, at least 1.
        pitch: MIDI number 0–127 (60 = middle C); for drums the General MIDI percussion map.
        velocity: 1–127.
        syllable: what the voice sings on it.
        shift: humanising, in microseconds against the grid, early is negative.
    """

    start: int
    length: int
    pitch: int
    velocity: int = 96
    syllable: str = ""
    shift: int = 0

    @property
    def end(self) -> int:
        return self.start + self.length


@value
@dataclass(frozen=True)
class Part(Value):
    """The notes of one instrument, sorted by start and pitch.

    Attributes:
        stem: drums, bass, vocals or other.
        name: what the part is (``lead``, ``pad``); unique within its stem.
        instrument: a key of the synthesiser's instruments, empty for the style's own choice.
        notes: sorted by (start, pitch).
        pan: −1 left to 1 right.
        gain: decibels.
    """

    stem: str
    name: str
    instrument: str = ""
    notes: tuple[Note, ...] = ()
    pan: float = 0.0
    gain: float = 0.0


@value
@dataclass(frozen=True)
class Chord(Value):
    """A chord from `start` for `length` ticks.

    Attributes:
        root: pitch class 0–11 (C = 0).
        quality: "maj", "min", "dim", "aug", "7", "maj7", "min7", "m7b5", "dim7", "sus2", "sus4", "maj9", "min9", "9", "6", "min6", "5".
        bass: pitch class in the bass, −1 for the root.
        numeral: the Roman numeral it was written as, for people.
    """

    start: int
    length: int
    root: int
    quality: str = "maj"
    bass: int = -1
    numeral: str = ""


@value
@dataclass(frozen=True)
class Key(Value):
    """From bar `bar` on, this key: `tonic` pitch class 0–11, `mode` a name of `nawgraph.music.theory.MODES`."""

    bar: int
    tonic: int
    mode: str = "minor"


@value
@dataclass(frozen=True)
class Section(Value):
    """A stretch of the form: `kind` is intro, verse, prechorus, chorus, bridge, break, build, drop, solo, theme or outro.

    Attributes:
        bar: first bar.
        bars: how many.
        kind: see above.
        label: sections with one label repeat each other's material (``A``, ``B``).
        energy: 0–1.
    """

    bar: int
    bars: int
    kind: str
    label: str = ""
    energy: float = 0.5


@value
@dataclass(frozen=True)
class Score(Value):
    """A song as notes on a grid.

    Attributes:
        grid: time.
        parts: in the order of the standard stems.
        keys: by bar, the first at bar 0.
        chords: harmony, without gaps where the song has any.
        sections: the form, covering all bars.
        style: the style's name, which instruments default to.
        title: for people and file names.
        seed: the seed that made it, −1 for a score that no seed made (an imported file).
    """

    grid: Grid = field(default_factory=Grid)
    parts: tuple[Part, ...] = ()
    keys: tuple[Key, ...] = ()
    chords: tuple[Chord, ...] = ()
    sections: tuple[Section, ...] = ()
    style: str = ""
    title: str = ""
    seed: int = -1


@value
@dataclass(frozen=True)
class Keyframe(Value):
    """From bar `bar` on (interpolated in between), this text with this weight (0–1)."""

    bar: float
    text: str
    weight: float = 1.0


@value
@dataclass(frozen=True)
class Prompt(Value):
    """What the song shall be, in words, over time: keyframes sorted by bar, the first at bar 0."""

    keyframes: tuple[Keyframe, ...]

    def __post_init__(self) -> None:
        frames = tuple(sorted(self.keyframes, key=lambda k: k.bar))
        object.__setattr__(self, "keyframes", frames)
        if not frames:
            raise ValueError("a prompt needs at least one keyframe")

    @property
    def text(self) -> str:
        """The text at the beginning."""
        return self.keyframes[0].text
