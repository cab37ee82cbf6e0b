"""Which keys are on disk: a memory that spares a query for each one that is not.

A cold run asks for one key a node and finds none; a query costs about 10 µs each time. So once the queries in vain have
cost as much as reading all keys would, they are read, and from then on only keys that are there are asked for.
What another process adds meanwhile is not seen until `Known.refresh` notices that the file has changed: until then such
a node merely runs again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

PER_MISS = 16
"""Rows that are read in the time of one query in vain."""

LIMIT = 200_000
"""Keys that are kept in memory at most; beyond that every key is asked for."""


class Known:
    """The keys in an index, once they are worth knowing.

    Args:
        count: how many keys there are.
        load: all of them.
        version: a number that changes when another process writes.
    """

    def __init__(
        self, count: Callable[[], int], load: Callable[[], Iterable[bytes]], version: Callable[[], int]
    ) -> None:
        self._count = count
        self._load = load
        self._version = version
        self._seen = -1
        self._misses = 0
        self._keys: set[bytes] | None = None

    def may_hold(self, key: bytes) -> bool:
        """False if the key is certainly not there (as far as this process knows)."""
        return self._keys is None or key in self._keys

    def missed(self) -> None:
        """A key was asked for in vain."""
        self._misses += 1
        if self._keys is None and self._misses & 63 == 0 and self._count() <= min(LIMIT, self._misses * PER_MISS):
            self._seen = self._version()
            self._keys = set(self._load())

    def added(self, key: bytes) -> None:
        """This process records a key."""
        if self._keys is not None:
            self._keys.add(key)
            if len(self._keys) > 2 * LIMIT:
                self._keys = None

    def refresh(self) -> None:
        """Forget what was known if another process has written since."""
        if self._keys is not None and self._version() != self._seen:
            self._keys = None
            self._misses = 0
