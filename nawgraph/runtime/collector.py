"""Python's collector of cyclic garbage, where a document's size would make it work for nothing."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


def calm_collector() -> None:
    """Let Python look for cyclic garbage less often. For processes that are nawgraph's own; not for a library.

    A plan of 5,000 nodes would otherwise pay a third of its time for looking at objects that live on anyway.
    """
    gc.freeze()
    gc.set_threshold(200_000, 20, 100)


@contextmanager
def collector_paused() -> Iterator[None]:
    """Collect nothing for the moment, in a program that has not called `calm_collector`.

    For short work that makes many objects, all of which live on, and runs no node. If a program switched the collector
    off by itself it stays off.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
