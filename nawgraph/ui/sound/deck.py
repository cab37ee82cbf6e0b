"""What a player plays: tracks that run together, and the loop over them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from nawgraph.ui.sound.tape import Gain, Tape
from nawgraph.values.signal import Audio, Float, Stems

_FULL = np.float32(1)

SHORTEST_LOOP = 0.02
"""Seconds; what is shorter does not loop."""


class Deck:
    """An Audio, or Stems as one track each, at the rate of the output."""

    def __init__(self, sound: Audio | Stems, rate: int) -> None:
        self.sound = sound
        self.rate = rate
        tracks = list(sound) if isinstance(sound, Stems) else [("", sound)]
        self.names = tuple(name for name, _ in tracks)
        self.tapes = tuple(Tape(audio, rate) for _, audio in tracks)
        self.frames = self.tapes[0].frames

    def load(self, start: int, end: int) -> None:
        """Make everything that frames `start` to `end` need."""
        for tape in self.tapes:
            tape.load(start, end)

    def keep(self, spans: list[tuple[int, int]]) -> None:
        """Let go of what lies far from the spans."""
        for tape in self.tapes:
            tape.keep(spans)

    def ready(self, start: int, end: int) -> bool:
        """Whether frames `start` to `end` are there."""
        return all(tape.ready(start, end) for tape in self.tapes)


@dataclass(frozen=True, eq=False)
class Loop:
    """A range that repeats, sample-exactly: after `end` − 1 comes `start`.

    Where the last sample does not lead to the first, the last `fade` frames before the end are faded over to the
    frames that lead to the start (`seams`, [2, fade] a track). So there is no click, and the first beat of the range
    keeps its attack. Where it leads there by itself, `fade` is 0 and every sample is the sound's own.
    """

    start: int
    end: int
    fade: int = 0
    seams: tuple[Float, ...] = ()

    @classmethod
    def of(cls, deck: Deck, start: int, end: int, fade: int) -> Loop | None:
        """The loop over a deck, None for a range that is too short. Loads what its seam needs."""
        if start < 0 or end - start < SHORTEST_LOOP * deck.rate:
            return None
        deck.load(start - fade, start + fade)
        deck.load(end - fade, end + fade)
        if _leads(deck, start, end, fade):
            return cls(start, end)
        rise = (np.arange(1, fade + 1) / fade).astype(np.float32)
        seams = tuple(_read(t, end - fade, fade) * (1 - rise) + _read(t, start - fade, fade) * rise for t in deck.tapes)
        return cls(start, end, fade, seams)


def _read(tape: Tape, start: int, frames: int) -> Float:
    out = np.zeros((2, frames), np.float32)
    tape.add(out, start)
    return out


def _leads(deck: Deck, start: int, end: int, fade: int) -> bool:
    """Whether no track steps further from the last sample to the first than it does around them anyway."""
    for tape in deck.tapes:
        last, first = _read(tape, end - fade, fade), _read(tape, start, fade)
        usual = max(float(np.abs(np.diff(part)).max(initial=0)) for part in (last, first))
        if float(np.abs(first[:, 0] - last[:, -1]).max()) > usual + 1e-4:
            return False
    return True


class Voice:
    """A place on a deck that moves on."""

    def __init__(self, deck: Deck, position: int, loop: Loop | None) -> None:
        self.deck, self.position, self.loop = deck, position, loop

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self.position >= self.deck.frames and not (self.loop and self.position < self.loop.end)

    def spans(self, frames: int) -> Iterator[tuple[int, int, int]]:
        """The next frames as pieces (start, frames, place in the seam or −1)."""
        at, loop = self.position, self.loop
        while frames > 0:
            size, seam = frames, -1
            if loop is not None and at < loop.end:
                body = loop.end - loop.fade
                seam = at - body if at >= body else -1
                size = min(frames, (loop.end if seam >= 0 else body) - at)
            yield at, size, seam
            at, frames = at + size, frames - size
            if loop is not None and at == loop.end:
                at = loop.start

    def ready(self, frames: int) -> bool:
        """Whether the next frames are there."""
        return all(seam >= 0 or self.deck.ready(at, at + size) for at, size, seam in self.spans(frames))

    def read(self, out: Float, gains: Mapping[str, Gain]) -> None:
        """Add the next frames of all tracks to `out` [2, frames] and move on."""
        done, after = 0, self.position
        for at, size, seam in self.spans(out.shape[1]):
            place = slice(done, done + size)
            for track, (name, tape) in enumerate(zip(self.deck.names, self.deck.tapes, strict=True)):
                gain = gains.get(name, _FULL)
                if isinstance(gain, np.ndarray):
                    gain = gain[place]
                elif gain == 0:
                    continue
                if seam >= 0 and self.loop is not None:
                    out[:, place] += self.loop.seams[track][:, seam : seam + size] * gain
                else:
                    tape.add(out[:, place], at, gain)
            done, after = done + size, at + size
        wraps = self.loop is not None and after == self.loop.end
        self.position = self.loop.start if wraps and self.loop else after
