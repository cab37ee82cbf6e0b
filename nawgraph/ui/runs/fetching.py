"""Values by digest: fetched by threads, the last ones kept within a budget of bytes."""

from __future__ import annotations

import queue
import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Any

from nawgraph.runtime.work import sentence
from nawgraph.ui.runs.messages import ValueReady
from nawgraph.values.core import nbytes

THREADS = 2
"""So that one value that takes long does not hold up all others."""


class Fetcher:
    """Answers with `ValueReady` in `drain`. All methods are the main thread's and never wait.

    Args:
        fetch: gives a value, however long it takes; whatever it raises becomes a sentence.
        budget: bytes of values kept; memory-mapped ones count in full, though they cost only what was looked at.
    """

    def __init__(self, fetch: Callable[[bytes], Any], budget: int) -> None:
        self._fetch = fetch
        self._budget = budget
        self._kept: OrderedDict[bytes, tuple[Any, int]] = OrderedDict()
        self._size = 0
        self._waiting: dict[bytes, list[int]] = {}
        self._wanted: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._found: deque[tuple[bytes, Any, int, str]] = deque()
        self._ready: list[ValueReady] = []
        self._threads: list[threading.Thread] = []

    @property
    def size(self) -> int:
        """Bytes of the values kept."""
        return self._size

    def ask(self, handle: int, digest: bytes) -> None:
        """Want a value. It comes with the next `drain` if it is at hand, else with a later one."""
        kept = self._kept.get(digest)
        if kept is not None:
            self._kept.move_to_end(digest)
            self._ready.append(ValueReady(handle, digest, kept[0]))
            return
        waiting = self._waiting.setdefault(digest, [])
        waiting.append(handle)
        if len(waiting) == 1:
            if not self._threads:
                self._threads = [
                    threading.Thread(target=self._work, name="nawgraph-fetch", daemon=True) for _ in range(THREADS)
                ]
                for thread in self._threads:
                    thread.start()
            self._wanted.put(digest)

    def at_hand(self, digest: bytes) -> Any:
        """A value that is kept, or None."""
        kept = self._kept.get(digest)
        return kept[0] if kept else None

    def drain(self) -> list[ValueReady]:
        """The answers since the last call."""
        if not self._found and not self._ready:
            return []
        ready, self._ready = self._ready, []
        while self._found:
            digest, value, size, error = self._found.popleft()
            if not error:
                self._keep(digest, value, size)
            ready += [ValueReady(handle, digest, value, error) for handle in self._waiting.pop(digest, ())]
        return ready

    def close(self) -> None:
        """Let the threads go when they are through, and the values now."""
        for _ in self._threads:
            self._wanted.put(None)
        self._kept.clear()
        self._size = 0

    def _keep(self, digest: bytes, value: Any, size: int) -> None:
        if digest in self._kept or size > self._budget:
            return
        self._kept[digest] = value, size
        self._size += size
        while self._size > self._budget:
            self._size -= self._kept.popitem(last=False)[1][1]

    def _work(self) -> None:
        while (digest := self._wanted.get()) is not None:
            try:
                value = self._fetch(digest)
                self._found.append((digest, value, nbytes(value), ""))
            except TimeoutError:
                self._found.append((digest, None, 0, "the engine is too busy to hand the value over: try again"))
            except BaseException as error:
                self._found.append((digest, None, 0, sentence(error)))
