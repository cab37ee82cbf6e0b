"""Streaming: a chain of nodes that work chunk by chunk runs as one job, every chunk through all of them.

A node streams if it declares ``step(chunk, state, **knobs) -> (chunk | None, state)``: `state` is None before the
first chunk, `chunk` is None after the last one, when the node may give its tail. It promises that the chunks,
joined, are bit for bit what the node itself makes of the whole; so each member's whole result is cached as if it had
run alone, and a chain leaves nothing behind that tells it was one.

What it buys is time to the first sound and to a cancel: the last node of a chain can be heard as soon as a few chunks
are through, and a cancel is obeyed between two chunks instead of between two nodes. It buys no speed: chunks stay in
the processor's cache, but each member's result is joined from them, hashed and kept in any case. Six gains and high
passes over five minutes of stereo on two cores: heard after 0.02 s instead of 1.3 s, a cancel waits for 0.11 s at most
instead of 0.38 s, for 1.6 s of processor time instead of 1.1 s (``benchmarks/streaming.py``).

Chains are found by `chain`, and only among steps that never ran before: a step that did may be found in the cache
once its input turns out to be unchanged, and running it along with the one before would give that away.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nawgraph.context import Context
from nawgraph.hints import File
from nawgraph.runtime.cache import Row
from nawgraph.runtime.plan import Constant, Step
from nawgraph.runtime.schedule import Schedule
from nawgraph.runtime.work import Failed, Job, Outcome, Values, arguments, caught, results_of, store
from nawgraph.values import Audio
from nawgraph.values.core import TIME_CHUNK
from nawgraph.values.signal import Float

CHUNK = 2 * TIME_CHUNK
"""Frames that travel together: 1.5 s at 44.1 kHz, 0.5 MB of stereo."""

PREVIEW = 3.0
"""Seconds of the last member that are shown before the rest is made."""


@dataclass(frozen=True, slots=True)
class Streamed:
    """Every member of a chain returned; their results are in the cache."""

    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Unfused:
    """A member raised. Run one by one, those before it finish, and it says itself what is wrong."""


# ------------------------------------------------------------------------------------- which


def chain(first: Step, schedule: Schedule, admissible: Callable[[Step], bool]) -> list[Step]:
    """The steps that can run as one with `first`, which is about to start: itself, then each one's only reader.

    `admissible` says whether a step may be run before its key is known.
    """
    members = [first]
    while streams(members[-1]):
        reader = schedule.only_reader(members[-1])
        if reader is None or not (streams(reader) and reader.spec.needs == first.spec.needs and admissible(reader)):
            break
        members.append(reader)
    return members if streams(first) else [first]


def streams(step: Step) -> bool:
    """Whether a step makes one sound of one sound, chunk by chunk, and nothing but knobs bears on it."""
    spec = step.spec
    if step.kind != "call" or spec.step is None or not (spec.pure and spec.cutoff) or spec.wants is not None:
        return False
    if len(spec.outputs) != 1 or spec.outputs[0].type.name != "Audio" or not spec.inputs:
        return False
    ports = [port.name for port in spec.inputs if port.name in step.inputs]
    if ports != [spec.inputs[0].name] or spec.inputs[0].type.name != "Audio":
        return False
    if any(isinstance(knob.hint, File) and knob.name in step.inputs for knob in spec.knobs):
        return False
    sources = step.inputs[ports[0]]
    return len(sources) == 1 and not isinstance(sources[0], Constant)


# -------------------------------------------------------------------------------------- work


def perform_chain(jobs: Sequence[Job], values: Values, contexts: Sequence[Context]) -> Streamed | Unfused | Outcome:
    """Run a chain of jobs, of which the first has its input. Whatever the nodes do, this returns an outcome.

    Raises:
        KeyboardInterrupt: as `nawgraph.runtime.work.caught`.
    """
    try:
        given = [arguments(job, values) for job in jobs]
        sound = given[0][jobs[0].spec.inputs[0].name]
        links = [_Link(job, made, sound.frames) for job, made in zip(jobs, given, strict=True)]
        _stream(links, sound, contexts)
        results = [results_of(job, link.result()) for job, link in zip(jobs, links, strict=True)]
        rows = []
        for job, made, link, ctx in zip(jobs, results, links, contexts, strict=True):
            ctx.check()
            rows.append(store(job, made, link.spent, values, ctx))
        return Streamed(tuple(rows))
    except BaseException as error:
        outcome = caught(error)
        return Unfused() if isinstance(outcome, Failed) else outcome


def _stream(links: Sequence[_Link], sound: Audio, contexts: Sequence[Context]) -> None:
    """All of a sound through all links, with a word to the user after each chunk."""
    shown = False
    for done in flow(links, sound, CHUNK):
        for ctx in contexts:
            ctx.progress(done, sound.frames)
        if not shown and links[-1].seconds >= PREVIEW:
            shown = True
            if done < sound.frames:
                contexts[-1].preview(links[-1].beginning(PREVIEW))


def flow(links: Sequence[_Link], sound: Audio, frames: int) -> Iterator[int]:
    """Send a sound through links in chunks of `frames`; yields how many frames went in so far, after each chunk.

    An empty sound is one empty chunk, so that rate and channels are known behind it.
    """
    for start in range(0, max(sound.frames, 1), frames):
        _send(links, Audio(sound.samples[:, start : start + frames], sound.rate))
        yield min(start + frames, sound.frames)
    for index, link in enumerate(links):
        tail = link.push(None)
        if tail is not None:
            _send(links[index + 1 :], tail)
    yield sound.frames


def _send(links: Sequence[_Link], chunk: Audio | None) -> None:
    for link in links:
        if chunk is None:
            return
        chunk = link.push(chunk)


class _Link:
    """One member at work: its state, its time, and its result so far."""

    def __init__(self, job: Job, given: Mapping[str, Any], expected: int) -> None:
        assert job.spec.step is not None
        self.spent = 0.0
        self._step = job.spec.step
        self._knobs = {knob.name: given[knob.name] for knob in job.spec.knobs}
        self._state: Any = None
        self._expected = expected
        self._made: Float | None = None
        self._rate = 0
        self._frames = 0

    def push(self, chunk: Audio | None) -> Audio | None:
        """Give the node a chunk, or None at the end; what it gives in return is kept, too."""
        start = time.perf_counter()
        made: Audio | None
        made, self._state = self._step(chunk, self._state, **self._knobs)
        self.spent += time.perf_counter() - start
        if made is not None:
            self._keep(made)
        return made

    def _keep(self, chunk: Audio) -> None:
        # One array of the length that is expected: most nodes keep it, and nothing is copied at the end.
        if self._made is None:
            self._rate = chunk.rate
            self._made = np.empty((chunk.channels, max(self._expected, chunk.frames)), np.float32)
        if chunk.rate != self._rate or chunk.channels != self._made.shape[0]:
            raise ValueError("a streaming node changed rate or channels between two chunks")
        end = self._frames + chunk.frames
        if end > self._made.shape[1]:
            grown = np.empty((self._made.shape[0], end + end // 2), np.float32)
            grown[:, : self._frames] = self._made[:, : self._frames]
            self._made = grown
        self._made[:, self._frames : end] = chunk.samples
        self._frames = end

    @property
    def seconds(self) -> float:
        """Length of the result so far."""
        return self._frames / self._rate if self._rate else 0.0

    def beginning(self, seconds: float) -> Audio:
        """The first seconds of the result."""
        assert self._made is not None
        return Audio(self._made[:, : round(seconds * self._rate)].copy(), self._rate)

    def result(self) -> Audio:
        """The whole result, when all is sent."""
        if self._made is None:
            raise ValueError("a streaming node gave no chunk")
        whole = self._made if self._frames == self._made.shape[1] else self._made[:, : self._frames].copy()
        self._made = None
        return Audio(whole, self._rate)
