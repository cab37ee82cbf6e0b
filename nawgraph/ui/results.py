"""Values of results, as lines and pictures for views: asked for once, made on a worker, kept by their digest."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from nawgraph.ui.services.worker import Worker
from nawgraph.ui.viewers import Picture, Size, kinds, picture, summary

Fetch = Callable[[bytes, Callable[[Any, str], None]], None]

MOST = 600
"""Pictures that are kept."""


class Results:
    """Answers at once: with what is known, or with nothing while it is being made.

    Args:
        fetch: asks for a value; its answer is called on the main thread.
        worker: makes pictures.
    """

    def __init__(self, fetch: Fetch, worker: Worker) -> None:
        self._fetch = fetch
        self._worker = worker
        self._lines: OrderedDict[bytes, str] = OrderedDict()
        self._pictures: OrderedDict[tuple[bytes, Size, str], Picture | None] = OrderedDict()

    def summary(self, digest: bytes) -> str:
        """One line about a result, "" while it is fetched."""
        if digest not in self._lines:
            self._put(self._lines, digest, "")
            self._fetch(digest, lambda value, error: self._worker.do(lambda: self._lined(digest, value, error)))
        return self._lines[digest]

    def _lined(self, digest: bytes, value: Any, error: str) -> list[Any]:
        self._lines[digest] = error or summary(value)
        return []

    def picture(self, digest: bytes, size: Size, kind: str = "") -> Picture | None:
        """What to draw of a result in a box of so many pixels, None while it is being made.

        `kind`: one of the ways to show it; a result that has no such way is shown in its usual one.
        """
        key = (digest, size, kind)
        if key not in self._pictures:
            self._put(self._pictures, key, None)
            self._fetch(digest, lambda value, error: self._worker.do(lambda: self._drawn(key, value, error)))
        return self._pictures[key]

    def _drawn(self, key: tuple[bytes, Size, str], value: Any, error: str) -> list[Any]:
        if not error:
            kind = key[2] if key[2] in kinds(value) else ""
            self._pictures[key] = picture(value, key[1], kind)
        return []

    def _put(self, kept: OrderedDict[Any, Any], key: Any, value: Any) -> None:
        kept[key] = value
        while len(kept) > MOST:
            kept.popitem(last=False)
