"""The graphs that the executor is measured with, and a runtime that counts what it runs."""

from __future__ import annotations

import gc
import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from immutables import Map

from nawgraph.graph import Graph, Node
from nawgraph.library import Library
from nawgraph.node import node
from nawgraph.runtime.local import Runtime
from nawgraph.runtime.result import Result
from nawgraph.values import Audio

CALLS: Counter[str] = Counter()
"""Node type → calls since `run` began."""

Wires = dict[str, tuple[str, ...]]
"""Node → the nodes it reads, none for a source. The shape that all engines are given."""


@node("bench.source")
def source(*, value: float = 1.0) -> float:
    """A number."""
    CALLS["bench.source"] += 1
    return value


@node("bench.step")
def step(*, a: float = 0.0, b: float = 0.0, c: float = 0.0) -> float:
    """Next to no work, so that only the engine is measured."""
    CALLS["bench.step"] += 1
    return (0.5 * a + 0.25 * b + c + 1.0) % 1000.0


@node("bench.sign")
def sign(*, a: float = 0.0) -> float:
    """Its result rarely changes."""
    CALLS["bench.sign"] += 1
    return float(a > 0) - float(a < 0)


@node("bench.fail")
def fail(*, a: float = 0.0) -> float:
    """Never works."""
    raise ValueError("it broke")


@node("bench.wait", needs="io")
def wait(*, who: int = 0, seconds: float = 0.25) -> float:
    """Blocks, as a download does."""
    CALLS["bench.wait"] += 1
    time.sleep(seconds)
    return float(who)


@node("bench.array")
def array(*, seed: int = 0, megabytes: int = 10) -> Audio:
    """A large array."""
    CALLS["bench.array"] += 1
    return Audio(np.full((1, megabytes * 250_000), seed, np.float32), 44_100)


@node("bench.mean")
def mean(audio: Audio, *, times: float = 1.0) -> float:
    """One number of a large array."""
    CALLS["bench.mean"] += 1
    return float(audio.samples.mean()) * times


def library() -> Library:
    made = Library()
    for function in (source, step, sign, fail, wait, array, mean):
        made.add(function)
    return made


def chain(length: int) -> Wires:
    """One after another."""
    return {"n0": ()} | {f"n{i}": (f"n{i - 1}",) for i in range(1, length)}


def random_dag(count: int = 1142, seed: int = 1) -> Wires:
    """Every node reads two of those before it."""
    chance = random.Random(seed)
    return {f"n{i}": tuple(f"n{chance.randrange(i)}" for _ in range(2)) if i else () for i in range(count)}


def wide(branches: int = 500, depth: int = 10) -> Wires:
    """Independent branches from one source."""
    made: Wires = {"n0": ()}
    for branch in range(branches):
        for level in range(depth):
            made[f"b{branch}_{level}"] = (f"b{branch}_{level - 1}" if level else "n0",)
    return made


def document(wires: Wires, value: float = 1.0) -> Graph:
    """A shape as a document of ours, new in every object."""
    nodes = {}
    for place, (id, feeders) in enumerate(wires.items()):
        inputs = {knob: f"{feeder}.value" for knob, feeder in zip("ab", feeders, strict=False)}
        # each node has a knob of its own, or equal branches would be worked out once
        nodes[id] = n("bench.step", inputs, c=float(place)) if feeders else n("bench.source", value=value)
    return Graph(nodes=Map(nodes))


def n(type: str, wires: dict[str, str] | None = None, **knobs: Any) -> Node:
    """A node with wires and knobs."""
    return Node(type, inputs=Map(wires or {}), knobs=Map(knobs))


def leaves(wires: Wires) -> list[str]:
    """Nodes that no other reads."""
    read = {feeder for feeders in wires.values() for feeder in feeders}
    return [id for id in wires if id not in read]


def runtime(folder: Path, **options: Any) -> Runtime:
    """A runtime with a disk cache, as users have it."""
    return Runtime(library(), folder, device="cpu", **options)


def run(engine: Runtime, graph: Graph, **options: Any) -> Result:
    """Run with empty counters."""
    CALLS.clear()
    return engine.run(graph, **options)


def seconds(work: Callable[[], Any]) -> float:
    """How long a call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def cpu_seconds(work: Callable[[], Any]) -> float:
    """What a call costs: processor seconds of all threads of this process, whatever else the machine does."""
    gc.collect()
    start = time.process_time()
    work()
    return time.process_time() - start
