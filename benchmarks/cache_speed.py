"""What the cache costs a node: ``python benchmarks/cache_speed.py [--nodes N]``.

Times are medians of several rounds, since one of them says little on a busy machine.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from nawgraph import values
from nawgraph.runtime.cache import Cache, Row
from nawgraph.values import Audio


class Clock:
    """Times by what was timed."""

    def __init__(self) -> None:
        self.found: dict[str, list[float]] = {}

    @contextmanager
    def __call__(self, what: str, unit: float) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.found.setdefault(what, []).append((time.perf_counter() - start) * unit)


def measure(nodes: int, rounds: int) -> dict[str, float]:
    """Microseconds a node, milliseconds a large value."""
    numbers = [float(i) for i in range(nodes)]
    digests = [values.digest(v) for v in numbers]
    rows = [Row((d,), ("float",), 0.001) for d in digests]
    sound = Audio(np.random.default_rng(0).standard_normal((2, 1_250_000)).astype(np.float32))
    name = values.digest(sound)
    clock, a_node = Clock(), 1e6 / nodes
    for _ in range(rounds):
        keys = [os.urandom(20) for _ in range(nodes)]
        with tempfile.TemporaryDirectory() as place:
            with Cache(Path(place), warn=print) as cache:
                with clock("miss, µs", a_node):
                    for key in keys:
                        cache.action(key)
                with clock("record + put of a number, µs", a_node):
                    for key, row, digest, number in zip(keys, rows, digests, numbers, strict=True):
                        cache.record(key, row)
                        cache.put(digest, number, 0.001)
                    cache.flush()
                with clock("row in RAM, µs", a_node):
                    for key in keys:
                        cache.action(key)
                with clock("value in RAM, µs", a_node):
                    for digest in digests:
                        cache.get(digest)
                with clock("put 10 MB, ms", 1e3):
                    cache.put(name, sound, 1.0)
            with Cache(Path(place), warn=print) as cache:
                with clock("row from SQLite, µs", a_node):
                    for key in keys:
                        cache.action(key)
                with clock("number from SQLite, µs", a_node):
                    for digest in digests:
                        cache.get(digest)
                with clock("get 10 MB from disk, ms", 1e3):
                    cache.get(name)
    return {what: statistics.median(times) for what, times in clock.found.items()}


def memory(nodes: int) -> tuple[float, float]:
    """Bytes of RAM a node: of its key and row, and of a number in the memory tier."""
    tracemalloc.start()
    with tempfile.TemporaryDirectory() as place, Cache(Path(place), warn=print) as cache:
        cache.flush()
        start = tracemalloc.get_traced_memory()[0]
        for i in range(nodes):
            digest = values.digest(float(i))
            cache.record(os.urandom(20), Row((digest,), ("float",), 0.001))
        cache.flush()
        rows = tracemalloc.get_traced_memory()[0] - start
        for i in range(nodes):
            cache.put(values.digest(float(i)), float(i), 0.001)
        cache.flush()
        numbers = tracemalloc.get_traced_memory()[0] - start - rows
    tracemalloc.stop()
    return rows / nodes, numbers / nodes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    for what, median in measure(arguments.nodes, arguments.rounds).items():
        print(f"{what:34} {median:8.2f}")
    rows, numbers = memory(arguments.nodes)
    print(f"{'key and row in RAM, bytes':34} {rows:8.0f}")
    print(f"{'a number in RAM, bytes':34} {numbers:8.0f}")


if __name__ == "__main__":
    main()
