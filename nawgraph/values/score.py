"""Values of music on paper: notes, parts, chords, keys, sections, score, prompt.

Time is counted in **ticks**, whole numbers, `PPQ` a quarter note. The `Grid` alone turns ticks into
seconds and samples, by exact rational arithmetic, so that no error ever adds up.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from nawgraph.values.core import Value, value
from nawgraph.values.grid import PPQ, Grid, Meter, Tempo

__all__ = [
    "PPQ", "QUALITIES", "SECTION_KINDS", "Chord", "Grid", "Key", "Keyframe", "Meter", "Note", "Part", "Prompt",
    "Score", "Section", "Tempo",
]  # fmt: skip

QUALITIES = (
    "maj", "min", "dim", "aug", "7", "maj7", "min7", "m7b5", "dim7", "sus2", "sus4", "maj9", "min9", "9", "6", "min6",
    "5",
)  # fmt: skip
"""Chord qualities; their pitch classes are `nawgraph.music.theory.CHORDS`."""

SECTION_KINDS = (
    "intro", "verse", "prechorus", "chorus", "bridge", "break", "build", "drop", "solo", "theme", "outro",
)  # fmt: skip


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
        shift: humanising, in microseconds against the grid, early is negative; at most a second either way.

    Raises:
        ValueError: a field out of its range.
    """

    start: int
    length: int
    pitch: int
    velocity: int = 96
    syllable: str = ""
    shift: int = 0

    def __post_init__(self) -> None:
        if not (
            self.start >= 0
            and self.length >= 1
            and 0 <= self.pitch <= 127
            and 1 <= self.velocity <= 127
            and -1_000_000 <= self.shift <= 1_000_000
        ):
            raise ValueError(
                "a note needs start ≥ 0, length ≥ 1, pitch 0–127, velocity 1–127 and a shift within a second, got "
                f"start {self.start}, length {self.length}, pitch {self.pitch}, velocity {self.velocity}, "
                f"shift {self.shift}"
            )

    @property
    def end(self) -> int:
        return self.start + self.length


@value
@dataclass(frozen=True)
class Part(Value):
    """The notes of one instrument.

    Attributes:
        stem: drums, bass, vocals or other.
        name: what the part is (``lead``, ``pad``); unique within its stem.
        instrument: a key of the synthesiser's instruments, empty for the style's own choice.
        notes: sorted by (start, pitch); given in any order.
        pan: −1 left to 1 right.
        gain: decibels, −120 to 24.

    Raises:
        ValueError: no stem or name, pan or gain out of range.
    """

    stem: str
    name: str
    instrument: str = ""
    notes: tuple[Note, ...] = ()
    pan: float = 0.0
    gain: float = 0.0

    def __post_init__(self) -> None:
        if not self.stem or not self.name:
            raise ValueError("a part needs a stem and a name")
        if not -1 <= self.pan <= 1:
            raise ValueError(f"the pan of part {self.name} must be −1 to 1, got {self.pan!r}")
        if not -120 <= self.gain <= 24:
            raise ValueError(f"the gain of part {self.name} must be −120 to 24 dB, got {self.gain!r}")
        object.__setattr__(self, "notes", tuple(sorted(self.notes, key=lambda n: (n.start, n.pitch))))

    @cached_property
    def table(self) -> npt.NDArray[np.int64]:
        """The notes as int64 [notes, 5]: start, length, pitch, velocity, shift. Read-only."""
        rows = [(n.start, n.length, n.pitch, n.velocity, n.shift) for n in self.notes]
        table = np.array(rows, np.int64).reshape(-1, 5)
        table.setflags(write=False)
        return table

    @property
    def end(self) -> int:
        """Tick at which the last note ends, 0 without notes."""
        return max((n.end for n in self.notes), default=0)

    def spans(self, grid: Grid, rate: int) -> npt.NDArray[np.int64]:
        """First sample of every note and the one after its last, int64 [notes, 2], swing and shifts included.

        A shift moves a note as a whole; nothing begins before sample 0.
        """
        start, length, _, _, shift = self.table.T
        moved = np.floor_divide(2 * shift * rate + 1_000_000, 2_000_000)
        first = np.maximum(grid.samples(start, rate) + moved, 0)
        return np.stack([first, np.maximum(grid.samples(start + length, rate) + moved, first + 1)], axis=1)


@value
@dataclass(frozen=True)
class Chord(Value):
    """A chord from `start` for `length` ticks.

    Attributes:
        root: pitch class 0–11 (C = 0).
        quality: one of `QUALITIES`.
        bass: pitch class in the bass, −1 for the root.
        numeral: the Roman numeral it was written as, for people.

    Raises:
        ValueError: a field out of its range, an unknown quality.
    """

    start: int
    length: int
    root: int
    quality: str = "maj"
    bass: int = -1
    numeral: str = ""

    def __post_init__(self) -> None:
        if self.start < 0 or self.length < 1 or not 0 <= self.root <= 11 or not -1 <= self.bass <= 11:
            raise ValueError(
                "a chord needs start ≥ 0, length ≥ 1, a root 0–11 and a bass −1–11, got "
                f"start {self.start}, length {self.length}, root {self.root}, bass {self.bass}"
            )
        if self.quality not in QUALITIES:
            raise ValueError(f"no chord quality {self.quality!r}; there are {', '.join(QUALITIES)}")

    @property
    def end(self) -> int:
        return self.start + self.length

    @property
    def lowest(self) -> int:
        """Pitch class that the bass plays."""
        return self.root if self.bass < 0 else self.bass


@value
@dataclass(frozen=True)
class Key(Value):
    """From bar `bar` on, this key: `tonic` pitch class 0–11, `mode` a name of `nawgraph.music.theory.MODES`.

    Raises:
        ValueError: a negative bar, a tonic outside 0–11, no mode.
    """

    bar: int
    tonic: int
    mode: str = "minor"

    def __post_init__(self) -> None:
        if self.bar < 0 or not 0 <= self.tonic <= 11 or not self.mode:
            raise ValueError(
                f"a key needs bar ≥ 0, a tonic 0–11 and a mode, got bar {self.bar}, {self.tonic}, {self.mode!r}"
            )


@value
@dataclass(frozen=True)
class Section(Value):
    """A stretch of the form.

    Attributes:
        bar: first bar.
        bars: how many.
        kind: one of `SECTION_KINDS`.
        label: sections with one label repeat each other's material (``A``, ``B``).
        energy: 0–1.

    Raises:
        ValueError: no bars, an unknown kind, energy out of range.
    """

    bar: int
    bars: int
    kind: str
    label: str = ""
    energy: float = 0.5

    def __post_init__(self) -> None:
        if self.bar < 0 or self.bars < 1:
            raise ValueError(f"a section needs bar ≥ 0 and bars ≥ 1, got bar {self.bar}, bars {self.bars}")
        if self.kind not in SECTION_KINDS:
            raise ValueError(f"no section {self.kind!r}; there are {', '.join(SECTION_KINDS)}")
        if not 0 <= self.energy <= 1:
            raise ValueError(f"the energy of a section must be 0 to 1, got {self.energy!r}")

    @property
    def end(self) -> int:
        """The bar after the last."""
        return self.bar + self.bars


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

    Raises:
        ValueError: two parts of one name, keys or chords out of order, sections that leave a gap or overlap.
    """

    grid: Grid = field(default_factory=Grid)
    parts: tuple[Part, ...] = ()
    keys: tuple[Key, ...] = ()
    chords: tuple[Chord, ...] = ()
    sections: tuple[Section, ...] = ()
    style: str = ""
    title: str = ""
    seed: int = -1

    def __post_init__(self) -> None:
        for name in ("parts", "keys", "chords", "sections"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        names = [(p.stem, p.name) for p in self.parts]
        twice = next((n for n in names if names.count(n) > 1), None)
        if twice:
            raise ValueError(f"two parts of the stem {twice[0]} are called {twice[1]}: give each its own name")
        if self.keys and (self.keys[0].bar != 0 or any(b.bar <= a.bar for a, b in pairwise(self.keys))):
            raise ValueError("keys must begin at bar 0 and be in order, one a bar")
        if any(b.start < a.end for a, b in pairwise(self.chords)):
            raise ValueError("chords must be in order and not overlap")
        _check_form(self.sections, self.grid.bars)

    @property
    def bars(self) -> int:
        return self.grid.bars

    @property
    def bpm(self) -> float:
        """Tempo at the beginning."""
        return self.grid.tempi[0].bpm

    @property
    def ticks(self) -> int:
        """Length in ticks: the grid's, or to the end of the last note where one rings longer."""
        return max([self.grid.ticks, *(p.end for p in self.parts)])

    def of_stem(self, stem: str) -> tuple[Part, ...]:
        """All parts of a stem, in order."""
        return tuple(p for p in self.parts if p.stem == stem)

    def key_at(self, bar: int) -> Key | None:
        """The key that holds in a bar, None where no key is known."""
        return next((k for k in reversed(self.keys) if k.bar <= bar), None)

    def section_at(self, bar: int) -> Section | None:
        """The section that a bar belongs to."""
        return next((s for s in self.sections if s.bar <= bar < s.end), None)

    @cached_property
    def _chord_starts(self) -> npt.NDArray[np.int64]:
        return np.array([c.start for c in self.chords], np.int64)

    def chord_at(self, tick: int) -> Chord | None:
        """The chord that sounds at a tick, None in a gap."""
        index = int(np.searchsorted(self._chord_starts, tick, side="right")) - 1
        return self.chords[index] if index >= 0 and tick < self.chords[index].end else None


def _check_form(sections: Sequence[Section], bars: int) -> None:
    if sections and (sections[0].bar != 0 or sections[-1].end != bars):
        raise ValueError(f"the sections must cover all {bars} bars, got {sections[0].bar} to {sections[-1].end}")
    for a, b in pairwise(sections):
        if b.bar != a.end:
            raise ValueError(f"the section {b.kind} begins at bar {b.bar}, but the one before it ends at {a.end}")


@value
@dataclass(frozen=True)
class Keyframe(Value):
    """From bar `bar` on (interpolated in between), this text with this weight (0–1).

    Raises:
        ValueError: a bar that is negative or no number, a weight outside 0 to 1.
    """

    bar: float
    text: str
    weight: float = 1.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.bar) and self.bar >= 0):
            raise ValueError(f"a keyframe lies at bar 0 or later, got {self.bar!r}")
        if not 0 <= self.weight <= 1:
            raise ValueError(f"the weight of a keyframe must be 0 to 1, got {self.weight!r}")


@value
@dataclass(frozen=True)
class Prompt(Value):
    """What the song shall be, in words, over time: keyframes sorted by bar, the first at bar 0.

    Raises:
        ValueError: no keyframe, or two at one bar.
    """

    keyframes: tuple[Keyframe, ...]

    def __post_init__(self) -> None:
        frames = tuple(sorted(self.keyframes, key=lambda k: k.bar))
        object.__setattr__(self, "keyframes", frames)
        if not frames:
            raise ValueError("a prompt needs at least one keyframe")
        if any(a.bar == b.bar for a, b in pairwise(frames)):
            raise ValueError("a prompt has one keyframe a bar, got two at one bar")

    @classmethod
    def of(cls, text: str) -> Prompt:
        """A prompt that says one thing all the time."""
        return cls((Keyframe(0.0, text),))

    @property
    def text(self) -> str:
        """The text at the beginning."""
        return self.keyframes[0].text
