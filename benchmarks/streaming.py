"""What streaming buys: ``python benchmarks/streaming.py [--minutes 5] [--nodes 6]``.

The same chain of gains and high passes over a long stereo sound, once node by node and once chunk by chunk. Printed
are the seconds until it is through and of processor time that this takes (which depends less on what else the machine
does), the seconds until the last node can be heard, and the longest time that a cancel would have had to wait; each
the best of several rounds, since other programs only ever add to it.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from typing import Any

from immutables import Map

from nawgraph.graph import Graph, Node
from nawgraph.library import standard
from nawgraph.node import node
from nawgraph.runtime import events
from nawgraph.runtime.local import Runtime
from nawgraph.runtime.work import RunContext
from nawgraph.values import Audio

KINDS = (("audio.gain", {"db": -1.0}), ("audio.highpass", {"hz": 80.0}))


@node("bench.noise")
def noise(*, seconds: float = 1.0) -> Audio:
    """Stereo noise."""
    import numpy as np

    signal = np.random.default_rng(0).uniform(-0.5, 0.5, (2, round(seconds * 44_100)))
    return Audio(signal.astype(np.float32))


def chain(minutes: float, length: int) -> Graph:
    """noise → gain → high pass → gain → …"""
    nodes = {"noise": Node("bench.noise", knobs=Map({"seconds": 60.0 * minutes}))}
    last = "noise"
    for i in range(length):
        type, knobs = KINDS[i % 2]
        nodes[f"n{i}"] = Node(type, inputs=Map({"audio": f"{last}.audio"}), knobs=Map(knobs))
        last = f"n{i}"
    return Graph(nodes=Map(nodes))


def measure(runtime: Runtime, document: Graph, name: str) -> tuple[float, ...]:
    """Seconds: through, of the processor, until the last node is heard, between two looks at the cancel flag."""
    last = f"n{len(document.nodes) - 2}"
    runtime.run(document, ["noise"], document="")
    times: list[tuple[float, Any]] = []
    looks: list[float] = []
    check = RunContext.check

    def looked(context: RunContext) -> None:
        looks.append(time.perf_counter())
        check(context)

    RunContext.check = looked  # type: ignore[method-assign]
    begin, worked = time.perf_counter(), time.process_time()
    result = runtime.run(document, document=name, emit=lambda event: times.append((time.perf_counter(), event)))
    end, worked = time.perf_counter(), time.process_time() - worked
    RunContext.check = check  # type: ignore[method-assign]
    if result.status != "ok":
        raise SystemExit(str(result.errors()))
    heard = next(t for t, e in times if (isinstance(e, events.Preview) or _ran(e)) and e.id == last)
    return end - begin, worked, heard - begin, max(b - a for a, b in itertools.pairwise([begin, *looks, end]))


def _ran(event: Any) -> bool:
    return isinstance(event, events.StepEvent) and event.state == "ran"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--nodes", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    library = standard()
    library.add(noise)
    document = chain(options.minutes, options.nodes)
    found: dict[str, list[tuple[float, ...]]] = {"node by node": [], "chunk by chunk": []}
    for number in range(options.rounds + 1):
        for how, name in (("node by node", ""), ("chunk by chunk", "song")):
            with Runtime(library, None, ram_bytes=8 << 30, device="cpu") as runtime:
                times = measure(runtime, document, name)
            if number:  # the first round warms up
                found[how].append(times)
    print(f"{options.nodes} nodes, {options.minutes:g} min of stereo at 44.1 kHz, seconds:")
    print(f"{'':16}{'through':>10}{'processor':>10}{'heard':>10}{'cancel':>10}")
    for how, rounds in found.items():
        print(f"{how:16}" + "".join(f"{min(column):10.3f}" for column in zip(*rounds, strict=True)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
