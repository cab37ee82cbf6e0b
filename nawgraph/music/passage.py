"""What the composing modules share: a section ready to be filled, and notes before they become values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from nawgraph.music.patterns import strong_ticks
from nawgraph.music.scene import Scene
from nawgraph.music.styles import Style
from nawgraph.values import Chord, Key, Meter, Note, Section

Raw = tuple[int, int, int, int]
"""A note being written: start tick, ticks, pitch, velocity."""


@dataclass(frozen=True)
class Passage:
    """One section of the song as the players see it.

    Attributes:
        index: position in the form.
        section: the section.
        repeat: how often its label was heard before.
        start: first tick.
        meter: its meter.
        key: its key.
        chords: its harmony, covering it without gaps.
        after: the chord that follows it, its own first one at the end of the song.
        styles: style by role: drums, bass, comp, lead.
        density: 0–1.
        sung: whether the voice has the melody.
        rise: energy of the following section minus its own, 0 at the end.
        final: whether it is the last.
        seed: of the song.
        scene: how its label is arranged.
    """

    index: int
    section: Section
    repeat: int
    start: int
    meter: Meter
    key: Key
    chords: tuple[Chord, ...]
    after: Chord
    styles: Mapping[str, Style]
    density: float
    sung: bool
    rise: float
    final: bool
    seed: int
    scene: Scene = field(default_factory=Scene)

    @property
    def energy(self) -> float:
        return self.section.energy

    @property
    def label(self) -> str:
        return self.section.label

    @property
    def bars(self) -> int:
        return self.section.bars

    @property
    def end(self) -> int:
        """Tick after the last."""
        return self.start + self.bars * self.meter.bar_ticks

    def bar_start(self, bar: int) -> int:
        """Tick of a bar counted from the section's first."""
        return self.start + bar * self.meter.bar_ticks

    def chord_at(self, tick: int) -> Chord:
        """The chord at a tick of the section."""
        for chord in reversed(self.chords):
            if chord.start <= tick:
                return chord
        return self.chords[0]

    def chord_after(self, tick: int) -> Chord:
        """The chord that follows the one at a tick."""
        return next((c for c in self.chords if c.start > tick), self.after)

    def is_strong(self, tick: int) -> bool:
        """Whether a tick is a strong beat or the entry of a chord."""
        return (tick - self.start) % self.meter.bar_ticks in strong_ticks(self.meter) or any(
            c.start == tick for c in self.chords
        )


def tidy(notes: Iterable[Raw], end: int) -> list[Raw]:
    """Notes in order, no two of one pitch at once, none past `end`: a later note cuts an earlier one off."""
    by_pitch: dict[int, list[Raw]] = {}
    for note in sorted(notes):
        row = by_pitch.setdefault(note[2], [])
        if row and row[-1][0] == note[0]:
            row[-1] = max(row[-1], note, key=lambda n: (n[1], n[3]))
            continue
        if row and row[-1][0] + row[-1][1] > note[0]:
            start, _, pitch, velocity = row[-1]
            row[-1] = (start, note[0] - start, pitch, velocity)
        row.append(note)
    kept = [(s, min(n, end - s), p, v) for row in by_pitch.values() for s, n, p, v in row if s < end]
    return sorted(kept, key=lambda n: (n[0], n[2]))


def performed(notes: list[Raw], loose: float, late: float, rng: np.random.Generator) -> tuple[Note, ...]:
    """Notes as values, played by a human: normally distributed timing, cut off at 2.5 deviations.

    Args:
        notes: tidy notes.
        loose: standard deviation in milliseconds.
        late: milliseconds behind the beat.
        rng: the player's stream.
    """
    if loose == 0 and late == 0:
        return tuple(Note(s, n, p, v) for s, n, p, v in notes)
    shifts = np.clip(rng.standard_normal(len(notes)), -2.5, 2.5) * loose * 1000 + late * 1000
    return tuple(Note(s, n, p, v, "", int(d)) for (s, n, p, v), d in zip(notes, shifts.round().tolist(), strict=True))


def loud(base: float, energy: float, rng: np.random.Generator, spread: float = 4.0) -> int:
    """Velocity of a note: `base` at full energy, half as hard in the quietest passage, never quite the same."""
    value = base * (0.5 + 0.5 * energy) + spread * (rng.random() - 0.5) * 2
    return max(1, min(127, round(value)))
