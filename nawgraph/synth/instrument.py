"""What an instrument is to the renderer, and what the renderer gives it.

An instrument turns the tones of a part into phrases (one note, or several that are played in one
breath) and each phrase into stereo sound. A phrase depends on nothing but its tones, the seed and
the part's name, so that any bar can be made again without the others.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from nawgraph.values.core import digest_plain

F32 = npt.NDArray[np.float32]

LAYERS = 8
"""Velocity layers: the timbre follows velocity in steps of 16, the level follows it without steps."""

CHOKE = 0.006
"""Seconds in which a sound fades when another takes its voice."""


@dataclass(frozen=True)
class Tone:
    """A note whose time is samples.

    Attributes:
        start: frame on which it begins, from the beginning of the song.
        length: frames until it is released, at least 1.
        pitch: MIDI number.
        velocity: 1–127.
        index: place of the note in its part.
        syllable: what is sung on it.
        beat: frames a quarter note where it begins, for effects in time.
    """

    start: int
    length: int
    pitch: int
    velocity: int = 96
    index: int = 0
    syllable: str = ""
    beat: int = 22050

    @property
    def end(self) -> int:
        return self.start + self.length

    @property
    def layer(self) -> int:
        """Velocity layer, 0 to `LAYERS` − 1."""
        return self.velocity * LAYERS // 128

    @property
    def gain(self) -> float:
        """Level that velocity asks for, 1 at 127: 30 dB from 10 to 100."""
        return float((self.velocity / 127) ** 1.5)


@dataclass(frozen=True)
class Phrase:
    """Tones that are played as one.

    Attributes:
        tones: in order, not empty.
        stop: frame on which the sound has to be gone (another took its voice), or None.
    """

    tones: tuple[Tone, ...]
    stop: int | None = None

    @property
    def start(self) -> int:
        return self.tones[0].start

    @property
    def end(self) -> int:
        return max(tone.end for tone in self.tones)


@dataclass
class Desk:
    """Where a part is played: sample rate, randomness, and sounds made before.

    Attributes:
        rate: Hz.
        key: seed, stem and part: what all noise of the part is keyed by.
        budget: bytes of sounds to remember; forgetting costs time, never changes the sound.
    """

    rate: int
    key: tuple[int | str, ...] = (0,)
    budget: int = 96 << 20
    _sounds: OrderedDict[Hashable, F32] = field(default_factory=OrderedDict)
    _held: int = 0

    def rng(self, *words: int | str) -> np.random.Generator:
        """Counter-based randomness keyed by the part and `words`: the same whenever and wherever it is asked for."""
        key = int.from_bytes(digest_plain([*self.key, *words])[:16], "little")
        return np.random.Generator(np.random.Philox(key=key))

    def recall(self, key: Hashable, frames: int, make: Callable[[int], F32]) -> F32:
        """The first `frames` frames of a sound of [2, at least frames], made once and remembered.

        `make(n)` must give sounds of which a shorter one is the beginning of a longer one. Lengths are
        rounded up, by less than a quarter, so that notes of many lengths share one sound.
        """
        found = self._sounds.get(key)
        if found is None or found.shape[1] < frames:
            size = max(self.rate // 4, 1)
            while size < frames:
                size += max(size // 4, 1)
            found = self._remember(key, make(size))
        self._sounds.move_to_end(key)
        return found[:, :frames]

    def recall_whole(self, key: Hashable, make: Callable[[], F32]) -> F32:
        """A sound of its own length, made once and remembered."""
        found = self._sounds.get(key)
        if found is None:
            found = self._remember(key, make())
        self._sounds.move_to_end(key)
        return found

    def _remember(self, key: Hashable, sound: F32) -> F32:
        before = self._sounds.pop(key, None)
        sound.setflags(write=False)
        self._sounds[key] = sound
        self._held += sound.nbytes - (0 if before is None else before.nbytes)
        while self._held > self.budget and len(self._sounds) > 1:
            self._held -= self._sounds.popitem(last=False)[1].nbytes
        return sound


class Instrument(Protocol):
    """Anything that plays. Implementations are frozen dataclasses: patches are data."""

    @property
    def level(self) -> float:
        """Gain in dB that sets it beside the other instruments."""
        ...

    def tail(self, rate: int) -> int:
        """Most frames that a phrase sounds beyond the end of its last tone."""
        ...

    def phrases(self, tones: Sequence[Tone], rate: int) -> list[Phrase]:
        """Group tones, sorted by start, into phrases."""
        ...

    def play(self, phrase: Phrase, desk: Desk) -> F32:
        """The sound of a phrase from its start, [2, frames], from silence to silence; the caller's to change."""
        ...


def one_by_one(tones: Sequence[Tone], rate: int) -> list[Phrase]:
    """Each tone alone; a key struck again damps what it still sounds."""
    stops: dict[int, int] = {}
    fade = round(CHOKE * rate)
    phrases = []
    for tone in reversed(tones):
        following = stops.get(tone.pitch)
        phrases.append(Phrase((tone,), None if following is None else following + fade))
        if following is None or tone.start < following:
            stops[tone.pitch] = tone.start
    return phrases[::-1]


def one_voice(tones: Sequence[Tone], rate: int, gap: float = -1e-9) -> list[Phrase]:
    """A voice that can do one thing at a time: tones that overlap slide into each other, others cut what rings.

    Of tones that begin together the highest is played.

    Args:
        tones: sorted by start.
        rate: Hz.
        gap: tones join when the pause between them, in seconds, is at most this; negative: only if they overlap.
    """
    line: list[Tone] = []
    for tone in tones:
        if line and line[-1].start == tone.start:
            line.pop()
        line.append(tone)
    groups: list[list[Tone]] = []
    for tone in line:
        if groups and tone.start - groups[-1][-1].end <= gap * rate:
            groups[-1].append(tone)
        else:
            groups.append([tone])
    fade = round(CHOKE * rate)
    stops = [group[0].start + fade for group in groups[1:]]
    return [Phrase(tuple(group), stop) for group, stop in zip(groups, [*stops, None], strict=True)]
