"""Where steps execute. The local engine is a pool of threads: numpy, scipy, numba and torch release the GIL,
and threads share one memory of values and one set of loaded models.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Protocol

from nawgraph.context import Context
from nawgraph.node import NodeSpec

if TYPE_CHECKING:
    from nawgraph.runtime.work import Values

Task = Callable[[], None]

HANDOVER = 200e-6
"""Seconds that it costs, roughly, to hand a task to another thread and to hear of its end."""


class Engine(Protocol):
    """Runs tasks under resource tags ("cpu", "gpu", "io")."""

    def slots(self, tag: str) -> int:
        """How many tasks of this tag run at once."""

    def quick(self, spec: NodeSpec, alone: bool) -> bool:
        """Whether the scheduler shall run a step itself, since handing it over would cost more than it gains.

        Args:
            spec: the step's node type.
            alone: nothing else is ready or running, so that nothing is kept waiting.
        """

    def took(self, spec: NodeSpec, seconds: float) -> None:
        """Learn what a call of a node cost."""

    def submit(self, tag: str, task: Task) -> None:
        """Run a task soon, on another thread. It reports its own result and never raises."""

    def call(self, spec: NodeSpec, given: Mapping[str, Any], ctx: Context, values: Values) -> Any:
        """Call a node, on the thread of its task; what it returns.

        Args:
            spec: the node type.
            given: arguments, the context not included.
            ctx: the context of this call.
            values: the cache that the arguments came from.

        Raises:
            Exception: whatever the node raises.
        """

    def close(self) -> None:
        """Let idle threads end."""


class LocalEngine:
    """Daemon threads, started when first needed: a node that does not answer never keeps the program alive.

    Args:
        slots: tag → tasks at once. By default one a core for cpu, 1 for gpu, 8 for io.
    """

    def __init__(self, slots: Mapping[str, int] | None = None) -> None:
        self._slots = {"cpu": max(2, os.cpu_count() or 1), "gpu": 1, "io": 8, **(slots or {})}
        self._queues: dict[str, SimpleQueue[Task | None]] = {tag: SimpleQueue() for tag in self._slots}
        self._threads = dict.fromkeys(self._slots, 0)
        self._cost: dict[str, float] = {}

    def slots(self, tag: str) -> int:
        return self._slots[tag]

    def quick(self, spec: NodeSpec, alone: bool) -> bool:
        return spec.needs == "cpu" and (alone or self._cost.get(spec.id, 1.0) < HANDOVER)

    def took(self, spec: NodeSpec, seconds: float) -> None:
        self._cost[spec.id] = seconds

    def submit(self, tag: str, task: Task) -> None:
        if self._threads[tag] < self._slots[tag]:
            self._threads[tag] += 1
            name = f"nawgraph-{tag}-{self._threads[tag]}"
            threading.Thread(target=_work, args=(self._queues[tag],), name=name, daemon=True).start()
        self._queues[tag].put(task)

    def call(self, spec: NodeSpec, given: Mapping[str, Any], ctx: Context, values: Values) -> Any:
        if spec.function is None:
            raise LookupError(
                f"the pack {spec.pack!r} of this node needs a process of its own, and none is set up here"
            )
        return spec.function(**given, ctx=ctx) if spec.takes_context else spec.function(**given)

    def close(self) -> None:
        for tag, count in self._threads.items():
            for _ in range(count):
                self._queues[tag].put(None)
            self._threads[tag] = 0


def _work(queue: SimpleQueue[Task | None]) -> None:
    while (task := queue.get()) is not None:
        task()
