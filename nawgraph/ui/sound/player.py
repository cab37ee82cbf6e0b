"""The player: gives the audio callback its blocks, and prepares them beforehand.

Three threads meet here. Commands (`load`, `play`, `seek`, …) come from anywhere and only say what is wanted. `feed`,
on the feeder thread, makes what that needs and then publishes it. `fill`, on the audio thread, takes what was
published; it never waits, and reads only pages that are in memory.

Whatever changes, nothing clicks, and nothing that plays is lost. A pause fades what follows it; playing again begins a
few milliseconds earlier, fades in, and is exact from the place of the pause on. A new result takes over at the same
sample, faded over. What plays steadily is the sound itself, bit for bit.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from nawgraph.ui.sound.deck import Deck, Loop, Voice
from nawgraph.ui.sound.gains import Mix, Slew
from nawgraph.ui.sound.meter import Meter, Reading
from nawgraph.ui.sound.tape import Gain
from nawgraph.values.signal import Audio, Float, Stems

FADE = 0.005
"""Seconds of the fades of pause, play, seek and of a loop's seam."""

SWITCH = 0.015
"""Seconds in which a new result takes over."""

AT_ONCE, AHEAD = 0.4, 3.0
"""Seconds that must be there before something begins, and that are kept ready while it plays."""

_NAP = 0.02


@dataclass(frozen=True, eq=False)
class _Aim:
    """What is wanted. A new `jump` number means: go to `target`."""

    deck: Deck | None = None
    playing: bool = False
    span: tuple[int, int] | None = None
    jump: int = 0
    target: int = 0


@dataclass(frozen=True, eq=False)
class _Ready:
    """An aim that can begin at once."""

    aim: _Aim
    loop: Loop | None = None


class Player:
    """Plays one Audio or Stems to an output of `rate` Hz. All positions are samples at that rate."""

    def __init__(self, rate: int = 48_000, say: Callable[[str], None] = lambda sentence: None) -> None:
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._say = say
        self._thread: threading.Thread | None = None
        self._closing = False
        self._aim = _Aim()
        self._ready = _Ready(self._aim)
        self.mix = Mix()
        self.volume = 1.0
        self.muted = False
        self.starved = 0
        self._set_rate(rate)

    def _set_rate(self, rate: int) -> None:
        """Everything of the audio thread at rest."""
        self.rate = rate
        self.meter = Meter(rate)
        self._heard: deque[Float] = deque(maxlen=512)
        self._current = self._ready
        self._now: Voice | None = None
        self._old: Voice | None = None
        self._rise = self._fall = (0, 0)
        self._position = 0
        self._stalled = False
        self.passed = (0, 0, False)
        self._master = Slew(rate, 0.0 if self.muted else self.volume)
        self._tracks: dict[str, Slew] = {}

    # ------------------------------------------------------------------ commands, from any thread

    def load(self, sound: Audio | Stems | None, position: int | None = None) -> None:
        """Play this from now on: at the same position, faded over, or at another. None: nothing."""
        deck = None if sound is None else Deck(sound, self.rate)
        if position is None:
            self._want(deck=deck)
        else:
            self._want(deck=deck, target=max(position, 0))

    def play(self) -> None:
        """Begin or go on; from the start of the loop or the sound if it stands at the end."""
        with self._lock:
            deck, span, position = self._aim.deck, self._aim.span, self._wanted_position()
        at_end = deck is not None and position >= deck.frames and not (span and position < span[1])
        if at_end:
            self._want(playing=True, target=span[0] if span else 0)
        else:
            self._want(playing=True)

    def pause(self) -> None:
        """Stand where it is."""
        self._want(playing=False)

    def seek(self, position: int) -> None:
        """Go to a sample."""
        self._want(target=max(position, 0))

    def stop(self, position: int = 0) -> None:
        """Stand at a sample."""
        self._want(playing=False, target=max(position, 0))

    def set_loop(self, span: tuple[int, int] | None) -> None:
        """Repeat samples (first, end), or nothing. What lies after the end when the loop is set plays on."""
        self._want(span=span)

    def set_rate(self, rate: int) -> None:
        """Go over to an output of another rate. No output may pull meanwhile."""
        with self._lock:
            aim, old = self._aim, self.rate

            def moved(sample: int) -> int:
                return (2 * sample * rate + old) // (2 * old)

            self._aim = _Aim(
                deck=Deck(aim.deck.sound, rate) if aim.deck else None,
                playing=aim.playing,
                span=(moved(aim.span[0]), moved(aim.span[1])) if aim.span else None,
                jump=aim.jump + 1,
                target=moved(self._wanted_position()),
            )
            self._ready = _Ready(_Aim(jump=aim.jump))
            self._set_rate(rate)
        self._wake.set()

    def _want(self, **changes: object) -> None:
        with self._lock:
            if "target" in changes:
                changes["jump"] = self._aim.jump + 1
            # What has run to its end stands: a longer result must not begin to play by itself.
            if self._has_ended():
                changes.setdefault("playing", False)
            self._aim = replace(self._aim, **changes)  # type: ignore[arg-type]
        self._wake.set()

    # ------------------------------------------------------------------ state, from any thread

    @property
    def playing(self) -> bool:
        """Whether it moves, or will as soon as what it needs is there."""
        with self._lock:
            return self._aim.playing and self._aim.deck is not None and not self._has_ended()

    @property
    def position(self) -> int:
        """The sample that the next block begins with, or where a jump on its way will go to."""
        with self._lock:
            return self._wanted_position()

    @property
    def length(self) -> int:
        """Samples of what plays."""
        deck = self._aim.deck
        return deck.frames if deck else 0

    @property
    def levels(self) -> Reading:
        """What the meter shows: the mix before volume and mute of the monitor."""
        return self.meter.reading

    def _wanted_position(self) -> int:
        aim = self._aim
        position = aim.target if aim.jump != self._current.aim.jump else self._position
        return min(position, max(aim.deck.frames, aim.span[1] if aim.span else 0)) if aim.deck else position

    def _has_ended(self) -> bool:
        now = self._now
        return now is not None and now.ended and self._aim.jump == self._current.aim.jump

    # ------------------------------------------------------------------ the feeder

    def start(self) -> None:
        """Feed on a thread of its own until `close`."""
        if self._thread is None:
            self._closing = False
            self._thread = threading.Thread(target=self._run, name="nawgraph-feeder", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """End the feeder thread."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._closing = True
            self._wake.set()
            thread.join()

    def _run(self) -> None:
        Meter(self.rate).feed(np.zeros((2, 1), np.float32))  # loads what measuring needs before anything plays
        while not self._closing:
            self._wake.wait(_NAP)
            self._wake.clear()
            try:
                self.feed()
            except (ValueError, OSError, MemoryError, RuntimeError) as error:
                self.load(None)
                self._say(f"this sound cannot be played: {error}")

    def feed(self) -> None:
        """Prepare what is wanted, read ahead, and measure what was heard. For the feeder, or a test in its place."""
        with self._lock:
            aim, position = self._aim, self._wanted_position()
        if aim is not self._ready.aim:
            loop = self._prepared(aim, position)
            with self._lock:
                if aim is self._aim:
                    self._ready = _Ready(aim, loop)
        self._read_ahead()
        meter, heard = self.meter, self._heard  # another rate replaces both at any time
        for _ in range(len(heard)):  # what comes meanwhile waits: commands go first
            meter.feed(heard.popleft())

    def _prepared(self, aim: _Aim, position: int) -> Loop | None:
        """The loop of an aim, with everything there that its beginning needs."""
        if aim.deck is None:
            return None
        ready = self._ready
        loop = ready.loop
        if aim.deck is not ready.aim.deck or aim.span != ready.aim.span:
            loop = Loop.of(aim.deck, *aim.span, round(FADE * self.rate)) if aim.span else None
        if aim.playing:
            self._load(Voice(aim.deck, position, loop), AT_ONCE)
        return loop

    def _read_ahead(self) -> None:
        ready = self._ready
        deck = ready.aim.deck
        if deck is not None and ready.aim is self._aim:
            kept = self._load(Voice(deck, self.position, ready.loop), AHEAD)
            if ready.loop:
                kept.append((ready.loop.start, ready.loop.start + round(AT_ONCE * self.rate)))
            deck.keep(kept)

    def _load(self, voice: Voice, seconds: float) -> list[tuple[int, int]]:
        """Load what a voice plays next, and what fades into its beginning; returns the spans."""
        before = voice.position - round(FADE * self.rate)
        spans = [(before, voice.position)]
        spans += [(at, at + size) for at, size, seam in voice.spans(round(seconds * self.rate)) if seam < 0]
        for start, end in spans:
            voice.deck.load(start, end)
        return spans

    # ------------------------------------------------------------------ the audio thread

    def block(self, frames: int) -> Float:
        """The next frames, float32 [2, frames]."""
        out = np.empty((2, frames), np.float32)
        self.fill(out)
        return out

    def fill(self, out: Float) -> None:
        """Write the next frames into `out` [2, frames]. Waits for nothing but the interpreter."""
        out[:] = 0
        frames = out.shape[1]
        begin, done = self._position, 0
        while done < frames:
            if not (self._rising or self._falling):
                self._take()
            ramps = [total - at for at, total in (self._rise, self._fall) if at < total]
            size = min([frames - done, *ramps])
            if not self._render(out[:, done : done + size]):
                break
            done += size
        self._heard.append(out.copy())
        # The place of the block's first sample: what lies before a jump inside it matters to nobody's eye.
        self.passed = (begin, frames, self._now is not None)
        gain = self._master.towards(0.0 if self.muted else self.volume, frames)
        if isinstance(gain, np.ndarray) or gain != 1:
            out *= gain

    @property
    def _rising(self) -> bool:
        return self._rise[0] < self._rise[1]

    @property
    def _falling(self) -> bool:
        return self._fall[0] < self._fall[1]

    def _take(self) -> None:
        """Go over to what was published last."""
        ready = self._ready
        if ready is self._current and not self._stalled:
            return
        was, before, self._current = self._now, self._current.aim, ready
        aim = ready.aim
        jumped = aim.jump != before.jump
        position = aim.target if jumped else self._position
        if aim.deck is None or not aim.playing:
            self._now, self._position = None, position
            self._hand_over(was, 0, FADE)
        elif was is None or jumped:
            # The fade lies before the place, so that all from there on is heard in full.
            lead = min(round(FADE * self.rate), position)
            voice = Voice(aim.deck, position - lead, ready.loop)
            if self._stalled and not voice.ready(lead + round(AT_ONCE * self.rate)):
                self._position = position
                return
            self._now = voice
            self._hand_over(was, lead, FADE)
        elif was.deck is not aim.deck or was.loop is not ready.loop:
            self._now = Voice(aim.deck, was.position, ready.loop)
            self._hand_over(was, round(SWITCH * self.rate), SWITCH)
        self._stalled = False

    def _hand_over(self, old: Voice | None, rise: int, fall: float) -> None:
        self._old = old
        self._rise = (0, rise)
        self._fall = (0, round(fall * self.rate) if old else 0)

    def _render(self, out: Float) -> bool:
        """One piece without a border in it; False, and silence, while a page is missing."""
        frames = out.shape[1]
        voices = [voice for voice in (self._now, self._old) if voice]
        if not all(voice.ready(frames) for voice in voices):
            self.starved += 1
            self._stalled = True
            self._now = self._old = None
            self._rise = self._fall = (0, 0)
            return False
        gains = self._gains(frames)
        if self._now:
            self._now.read(out, gains)
            self._position = self._now.position
            if self._rising:
                out *= _ramp(*self._rise, frames)
        if self._old:
            tail = np.zeros_like(out)
            self._old.read(tail, gains)
            at, total = self._fall
            out += tail * _ramp(total - at - 1, total, frames, -1)
        self._rise = (min(self._rise[0] + frames, self._rise[1]), self._rise[1])
        self._fall = (min(self._fall[0] + frames, self._fall[1]), self._fall[1])
        if not self._falling:
            self._old = None
        return True

    def _gains(self, frames: int) -> dict[str, Gain]:
        """The gain of each named track over the next frames; a track that is new begins where it is wanted."""
        mix = self.mix
        names = {name for voice in (self._now, self._old) if voice for name in voice.deck.names if name}
        for name in names - self._tracks.keys():
            self._tracks[name] = Slew(self.rate, mix.gain(name))
        return {name: self._tracks[name].towards(mix.gain(name), frames) for name in names}


def _ramp(at: int, total: int, frames: int, step: int = 1) -> Float:
    """A straight fade of `total` frames from its frame `at` on; one upwards and one downwards add up to 1."""
    return ((at + 1 + step * np.arange(frames)) / (total + 1)).astype(np.float32)
