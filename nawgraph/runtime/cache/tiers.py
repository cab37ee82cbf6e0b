"""One level of the cache: values up to a budget of bytes, of which the least valuable leave first.

The order is GreedyDual-Size-Frequency: a value ranks by ``age + uses · seconds / bytes``, where `age` is
the rank of the last one that had to leave. So what is dear to make again, small and often used stays, and
what nobody asks for any more is overtaken by what comes after it. Sources: P. Cao and S. Irani,
"Cost-Aware WWW Proxy Caching Algorithms", USITS 1997 (GreedyDual-Size); L. Cherkasova, "Improving WWW
Proxies Performance with Greedy-Dual-Size-Frequency Caching Policy", HP Labs HPL-98-69R1, 1998.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterator
from typing import Any

from nawgraph.values.core import Digest

_ASIDE = -1  # ticket of an entry that is spared: not in the queue


def worth(seconds: float, size: int) -> float:
    """Seconds a byte; free things are worth a little, so that their use still counts."""
    return (seconds if seconds > 1e-6 else 1e-6) / (size or 1)


class Entry:
    """A value in a tier: its size in bytes, the seconds it cost to make, and its place in the queue."""

    __slots__ = ("gain", "rank", "seconds", "size", "ticket", "value")

    def __init__(self, value: Any, size: int, seconds: float, gain: float, rank: float, ticket: int) -> None:
        self.value = value
        self.size = size
        self.seconds = seconds
        self.gain = gain
        self.rank = rank
        self.ticket = ticket


class Tier:
    """Values within a budget. Not thread-safe: its owner holds a lock.

    Args:
        budget: bytes.
        spare: says of a digest that it must not leave now (then the budget may be exceeded).
        demote: takes what leaves: ``demote(digest, value, seconds)``.
    """

    def __init__(
        self, budget: int, spare: Callable[[Digest], bool], demote: Callable[[Digest, Any, float], None] | None = None
    ) -> None:
        self.budget = budget
        self.used = 0
        self._spare = spare
        self._demote = demote
        self._age = 0.0
        self._entries: dict[Digest, Entry] = {}
        self._queue: list[tuple[float, int, Digest]] = []
        self._tickets = itertools.count()

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, digest: Digest) -> bool:
        return digest in self._entries

    def __iter__(self) -> Iterator[Digest]:
        return iter(list(self._entries))

    def get(self, digest: Digest) -> Entry | None:
        """The entry, whose rank rises by one use; its place in the queue is corrected when it comes up."""
        entry = self._entries.get(digest)
        if entry is not None:
            # uses · gain, added up one at a time, on top of the present age
            entry.rank = max(entry.rank, self._age) + entry.gain
        return entry

    def peek(self, digest: Digest) -> Entry | None:
        """The entry, without counting as a use."""
        return self._entries.get(digest)

    def put(self, digest: Digest, value: Any, size: int, seconds: float, again: float | None = None) -> None:
        """Take a value in, and let others leave for it.

        Args:
            digest: what it is called.
            value: the value.
            size: bytes it occupies here.
            seconds: what it cost to make; handed on when it leaves.
            again: what it costs to have it here again, where that is less than making it (it is on disk).
        """
        if digest in self._entries:
            self.drop(digest)
        if self.used + size > self.budget:
            if size > self.budget and not self._spare(digest):
                if self._demote is not None:
                    self._demote(digest, value, seconds)
                return
            self.make_room(size)
        gain = worth(seconds if again is None else again, size)
        rank = self._age + gain
        ticket = next(self._tickets)
        self._entries[digest] = Entry(value, size, seconds, gain, rank, ticket)
        self.used += size
        heapq.heappush(self._queue, (rank, ticket, digest))

    def drop(self, digest: Digest) -> Entry | None:
        """Forget a value; what stands for it in the queue is skipped later."""
        entry = self._entries.pop(digest, None)
        if entry is not None:
            self.used -= entry.size
            if len(self._queue) > 2 * len(self._entries) + 1024:
                self._queue = [item for item in self._queue if self._is_current(item)]
                heapq.heapify(self._queue)
        return entry

    def reconsider(self, digest: Digest) -> None:
        """A value that was spared may be so no longer: back into the queue."""
        entry = self._entries.get(digest)
        if entry is not None and entry.ticket == _ASIDE:
            entry.ticket = next(self._tickets)
            heapq.heappush(self._queue, (entry.rank, entry.ticket, digest))

    def make_room(self, size: int) -> None:
        """Let the least valuable leave until `size` more bytes fit, or only spared ones are left."""
        while self._queue and self.used + size > self.budget:
            rank, ticket, digest = item = heapq.heappop(self._queue)
            if not self._is_current(item):
                continue
            entry = self._entries[digest]
            if entry.rank > rank:  # used since it was queued
                heapq.heappush(self._queue, (entry.rank, ticket, digest))
            elif self._spare(digest):
                entry.ticket = _ASIDE
            else:
                self._age = rank
                self.drop(digest)
                if self._demote is not None:
                    self._demote(digest, entry.value, entry.seconds)

    def clear(self) -> None:
        self._entries.clear()
        self._queue.clear()
        self.used = 0

    def _is_current(self, item: tuple[float, int, Digest]) -> bool:
        entry = self._entries.get(item[2])
        return entry is not None and entry.ticket == item[1]
