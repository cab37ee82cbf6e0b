"""What the executor does and does not do again, and how much memory it takes: counts, not times.

``python benchmarks/executor_checks.py order`` and ``… arrays FOLDER`` are the processes that two figures need.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

from executor_graphs import CALLS, chain, document, library, n, random_dag, run, runtime, seconds, step
from executor_report import Figure
from immutables import Map

from nawgraph.graph import Graph
from nawgraph.library import Library
from nawgraph.node import spec_of
from nawgraph.runtime.keys import FileDigests, Keys
from nawgraph.runtime.local import Runtime
from nawgraph.runtime.plan import Plan
from nawgraph.values import digest

MB = 1 << 20
BUDGET = 256 * MB
ARRAYS = 100


def behaviour() -> Iterator[Figure]:
    """Reruns, failures, keys, order and traffic."""
    yield from _reruns()
    yield from _branches()
    yield from _keys()
    yield from _order()
    yield from _traffic()


def _exactly(name: str, measured: object, target: object) -> Figure:
    return Figure(name, str(measured), str(target), measured == target)


def _reruns() -> Iterator[Figure]:
    wires = random_dag()
    with tempfile.TemporaryDirectory() as place:
        with runtime(Path(place)) as engine:
            run(engine, document(wires))
            run(engine, document(wires, 2.0))
            run(engine, document(wires))
            yield _exactly("A → B → A: nodes rerun", sum(CALLS.values()), 0)
        with runtime(Path(place)) as engine:
            run(engine, document(wires))
            yield _exactly("after a restart: nodes rerun", sum(CALLS.values()), 0)
    with tempfile.TemporaryDirectory() as place, runtime(Path(place)) as engine:
        run(engine, _with_sign(2.0))
        run(engine, _with_sign(3.0))
        ran = sum(CALLS.values())
        yield Figure(
            "early cutoff: 13 nodes, a changed input, an unchanged result", f"{ran} rerun", "2 rerun", ran == 2
        )


def _with_sign(value: float) -> Graph:
    """A source, its sign, and eleven nodes below it."""
    nodes = {"source": n("bench.source", value=value), "n0": n("bench.sign", {"a": "source.value"})}
    nodes |= {f"n{i}": n("bench.step", {"a": f"n{i - 1}.value"}) for i in range(1, 12)}
    return Graph(nodes=Map(nodes))


def _branches() -> Iterator[Figure]:
    waits = Graph(nodes=Map({f"w{i}": n("bench.wait", who=i) for i in range(4)}))
    taken = []
    for _ in range(3):
        with tempfile.TemporaryDirectory() as place, runtime(Path(place)) as engine:
            taken.append(seconds(lambda: run(engine, waits)))
    took = median(taken)
    yield Figure("4 blocking branches of 0.25 s", f"{took:.3f} s", "≤ 0.30 s", took <= 0.30)
    with tempfile.TemporaryDirectory() as place, runtime(Path(place)) as engine:
        result = run(engine, _failing())
        finished = sum(r.state == "ran" for id, r in result.nodes.items() if id.startswith("b") and id != "bad")
        yield _exactly("one of 11 branches fails: nodes finished in the 10 others", finished, 100)


def _failing() -> Graph:
    nodes = {
        "n0": n("bench.source"),
        "bad": n("bench.fail", {"a": "n0.value"}),
        "after": n("bench.step", {"a": "bad.value"}),
    }
    for branch in range(10):
        for level in range(10):
            feeder = f"b{branch}_{level - 1}" if level else "n0"
            nodes[f"b{branch}_{level}"] = n("bench.step", {"a": f"{feeder}.value"}, c=float(branch))
    return Graph(nodes=Map(nodes))


def _keys() -> Iterator[Figure]:
    def key(values: dict[str, Any], wired: Any = None, nodes: Library | None = None) -> bytes:
        graph = Graph(
            nodes=Map(k=n("bench.step", {"a": "s.value"} if wired is not None else {}, **values), s=n("bench.source"))
        )
        plan = Plan(graph, nodes or library())
        plan.demand(["k"])
        inputs = {"a": [digest(wired)]} if wired is not None else {}
        return Keys(Path(), Path(), "cpu", FileDigests()).key(plan.steps["k"], inputs)

    yield _exactly("1, True and 1.0 on a wire: different keys", len({key({}, x) for x in (1, True, 1.0)}), 3)
    yield _exactly(
        "an omitted default and the explicit one: different keys", len({key({}), key({"a": 0.0, "b": 0.0})}), 1
    )
    newer = Library([replace(spec_of(step), version=2), *(s for s in library().specs() if s.id != "bench.step")])
    yield _exactly("two versions of a node: different keys", len({key({}), key({}, nodes=newer)}), 2)


def _order() -> Iterator[Figure]:
    orders = set()
    for hash_seed in ("0", "1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        command = [sys.executable, __file__, "order"]
        orders.add(subprocess.run(command, env=environment, capture_output=True, check=True).stdout)
    yield _exactly("order of the steps in 3 processes: different ones", len(orders), 1)


def _traffic() -> Iterator[Figure]:
    counts = []
    for length in (100, 1000, 5000):
        with tempfile.TemporaryDirectory() as place, runtime(Path(place)) as engine:
            messages: list[Any] = []
            run(engine, document(chain(length)), emit=messages.append)
            counts.append(len(messages) / length)
    shown = " ".join(f"{count:.2f}" for count in counts)
    yield Figure("messages a node, chains of 100, 1000, 5000", shown, "≤ 3, flat", max(counts) <= 3)


# -------------------------------------------------------------------------------------- memory


def memory() -> Iterator[Figure]:
    """What the engine keeps of a run, and whether a budget holds."""
    yield from _kept()
    with tempfile.TemporaryDirectory() as place:
        command = [sys.executable, __file__, "arrays", place]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    peak, remade, first, again = json.loads(done.stdout)
    yield Figure(
        "100 arrays of 10 MB, 256 MB budget: peak of RSS over before", f"{peak:.0f} MB", "≤ 300 MB", peak <= 300
    )
    yield Figure("… cold", f"{first:.2f} s")
    yield _exactly("… all of them read again after: arrays made anew", remade, 0)
    yield Figure("… that run", f"{again:.2f} s")


def _kept() -> Iterator[Figure]:
    length = 5000
    graph = document(chain(length))
    with tempfile.TemporaryDirectory() as place, runtime(Path(place)) as engine:
        run(engine, document(chain(10)))  # what is loaded and made once is no node's
        gc.collect()
        tracemalloc.start()
        run(engine, graph)
        gc.collect()
        opened = tracemalloc.get_traced_memory()[0] / length
        del graph
        gc.collect()
        kept = tracemalloc.get_traced_memory()[0] / length
        tracemalloc.stop()
    yield Figure("kept in memory a node: keys, rows, small values", f"{kept:.0f} bytes", "≤ 1024 bytes", kept <= 1024)
    yield Figure("… and on the open document: its problems and knobs, checked once", f"{opened - kept:.0f} bytes")


def _arrays(folder: Path) -> None:
    """Run twice over more than fits, and print the peak of this process in MB and what was made again."""
    import psutil

    process = psutil.Process()
    nodes = {f"a{i}": n("bench.array", seed=i) for i in range(ARRAYS)}
    nodes |= {f"m{i}": n("bench.mean", {"audio": f"a{i}.audio"}, times=1.0) for i in range(ARRAYS)}
    changed = {id: replace(x, knobs=x.knobs.set("times", 2.0)) for id, x in nodes.items() if id.startswith("m")}
    engine = runtime(folder, ram_bytes=BUDGET)
    run(
        engine,
        Graph(nodes=Map(warm=n("bench.array", megabytes=1, seed=-1), out=n("bench.mean", {"audio": "warm.audio"}))),
    )
    gc.collect()
    before, peak, over = process.memory_info().rss, 0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not over.is_set():
            peak = max(peak, process.memory_info().rss - before)
            time.sleep(0.002)

    watcher = threading.Thread(target=watch)
    watcher.start()
    first = seconds(lambda: run(engine, Graph(nodes=Map(nodes))))
    again = seconds(lambda: _expect(engine, Graph(nodes=Map({**nodes, **changed}))))
    over.set()
    watcher.join()
    print(json.dumps([peak / MB, CALLS["bench.array"], first, again]))
    engine.close()


def _expect(engine: Runtime, graph: Graph) -> None:
    result = run(engine, graph)
    wrong = [i for i in range(ARRAYS) if result[f"m{i}.value"] != 2.0 * i]
    if wrong:
        raise AssertionError(f"wrong results: {wrong}")


if __name__ == "__main__":
    if sys.argv[1] == "order":
        plan = Plan(document(random_dag()), library())
        plan.demand(sorted(random_dag()))
        print(" ".join(plan.steps))
    else:
        _arrays(Path(sys.argv[2]))
