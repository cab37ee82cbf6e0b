"""Bookkeeping of a run: what is known, what waits for what, what is ready."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence

from nawgraph.runtime.plan import LATER, Constant, Source, Step
from nawgraph.values import Digest


class Schedule:
    """Steps that wait for others until they are ready, in the order of the plan.

    Attributes:
        outputs: step id → digests of its results, for every step whose results are known.
        lost: ids of steps that failed, or that cannot run because of one that did.
        forced: steps that must run although their result is known, since its value is gone.
    """

    def __init__(self) -> None:
        self.outputs: dict[str, tuple[Digest, ...]] = {}
        self.lost: set[str] = set()
        self.forced: set[str] = set()
        self._makers: dict[Digest, str] | None = None
        self._lists: dict[Digest, Digest] = {}
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
        step.waits = 0
        for source in {s[0] for s in sources if not isinstance(s, Constant)}:
            if source in self.lost:
                return self.lose(step)
            if source not in self.outputs or source in self.forced:
                self._waiters.setdefault(source, []).append(step)
                step.waits += 1
        if not step.waits:
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
        if self._makers is not None:
            self._note_maker(step.id, outputs)
        waiters = self._waiters.pop(step.id, ())
        for waiter in waiters:
            waiter.waits -= 1
            if not waiter.waits and waiter.id not in self.lost:
                self.push(waiter)
        return len(waiters)

    def maker(self, name: Digest) -> str:
        """Id of the step that makes a value, or a list that holds it; "" if none does."""
        if self._makers is None:  # few runs ever ask
            self._makers = {}
            for id, outputs in self.outputs.items():
                self._note_maker(id, outputs)
        while name not in self._makers and name in self._lists:  # a list may be an item of another
            name = self._lists[name]
        return self._makers.get(name, "")

    def taken_from(self, name: Digest, items: Iterable[Digest]) -> None:
        """Values are items of the list `name`: who makes the list makes them."""
        for item in items:
            self._lists.setdefault(item, name)

    def _note_maker(self, id: str, outputs: tuple[Digest, ...]) -> None:
        assert self._makers is not None
        for name in outputs:
            self._makers.setdefault(name, id)

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
        return waiters[0] if len(waiters) == 1 and waiters[0].waits == 1 else None

    def digests(self, sources: Iterable[Source]) -> tuple[Digest, ...]:
        """Digests of known sources."""
        outputs = self.outputs
        return tuple([s.digest if isinstance(s, Constant) else outputs[s[0]][s[1]] for s in sources])

    def feeds(self, inputs: Mapping[str, Sequence[Source]]) -> dict[str, tuple[Digest | Constant, ...]]:
        """What each port is fed with, as far as it is known."""
        outputs = self.outputs
        fed: dict[str, tuple[Digest | Constant, ...]] = {}
        for name, sources in inputs.items():
            group: list[Digest | Constant] = []
            for source in sources:
                if isinstance(source, Constant):
                    group.append(source.digest if source.value is LATER else source)
                elif source[0] in outputs:
                    group.append(outputs[source[0]][source[1]])
            if len(group) == len(sources):
                fed[name] = tuple(group)
        return fed
