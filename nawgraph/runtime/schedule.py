"""Bookkeeping of a run: what is known, what waits for what, what is ready."""

from __future__ import annotations

import heapq
from collections.abc import Iterable

from nawgraph.runtime.plan import LATER, Constant, Source, Step
from nawgraph.values import Digest


class Schedule:
    """Steps that wait for others until they are ready, in the order of the plan.

    Attributes:
        outputs: step id → digests of its results, for every step whose results are known.
        lost: ids of steps that failed, or that cannot run because of one that did.
        forced: steps that must run although their result is known, since its value is gone.
        producer: digest → id of the step that makes it.
    """

    def __init__(self) -> None:
        self.outputs: dict[str, tuple[Digest, ...]] = {}
        self.lost: set[str] = set()
        self.forced: set[str] = set()
        self.producer: dict[Digest, str] = {}
        self._waiting: dict[str, int] = {}
        self._waiters: dict[str, list[Step]] = {}
        self._ready: list[tuple[int, str, Step]] = []

    def __bool__(self) -> bool:
        return bool(self._ready)

    def add(self, steps: Iterable[Step]) -> list[Step]:
        """Enter new steps, in plan order. Returns those that are lost at once."""
        lost: list[Step] = []
        for step in steps:
            lost += self.wait(step, step.first)
        return lost

    def wait(self, step: Step, sources: Iterable[Source]) -> list[Step]:
        """Let a step wait for sources, or make it ready if they are known. Returns what is lost by it."""
        count = 0
        for source in {s[0] for s in sources if not isinstance(s, Constant)}:
            if source in self.lost:
                return self.lose(step)
            if source not in self.outputs or source in self.forced:
                self._waiters.setdefault(source, []).append(step)
                count += 1
        self._waiting[step.id] = count
        if not count:
            self.push(step)
        return []

    def push(self, step: Step) -> None:
        """Make a step ready."""
        heapq.heappush(self._ready, (step.order, step.id, step))

    def pop(self) -> Step:
        """The first ready step."""
        return heapq.heappop(self._ready)[2]

    def know(self, step: Step, outputs: tuple[Digest, ...]) -> int:
        """The results of a step are known: whoever waits only for it is ready. Returns how many waited."""
        self.outputs[step.id] = outputs
        self.forced.discard(step.id)
        for name in outputs:
            self.producer.setdefault(name, step.id)
        waiters = self._waiters.pop(step.id, ())
        for waiter in waiters:
            self._waiting[waiter.id] -= 1
            if not self._waiting[waiter.id] and waiter.id not in self.lost:
                self.push(waiter)
        return len(waiters)

    def lose(self, step: Step) -> list[Step]:
        """A step failed: all that wait for it, directly or not, are lost. Returns them, the step first."""
        lost = [step]
        self.lost.add(step.id)
        for one in lost:
            for waiter in self._waiters.pop(one.id, ()):
                if waiter.id not in self.lost:
                    self.lost.add(waiter.id)
                    lost.append(waiter)
        return lost

    def only_reader(self, step: Step) -> Step | None:
        """The step that waits for this one and for nothing else, if no other does."""
        waiters = self._waiters.get(step.id, ())
        return waiters[0] if len(waiters) == 1 and self._waiting[waiters[0].id] == 1 else None

    def knows(self, sources: Iterable[Source]) -> bool:
        """Whether sources are known."""
        return all(isinstance(s, Constant) or s[0] in self.outputs for s in sources)

    def digests(self, sources: Iterable[Source]) -> tuple[Digest, ...]:
        """Digests of known sources."""
        outputs = self.outputs
        return tuple(s.digest if isinstance(s, Constant) else outputs[s[0]][s[1]] for s in sources)

    def feeds(self, sources: Iterable[Source]) -> tuple[Digest | Constant, ...]:
        """What known sources feed a port with."""
        outputs = self.outputs
        return tuple(
            outputs[s[0]][s[1]] if not isinstance(s, Constant) else s.digest if s.value is LATER else s for s in sources
        )
