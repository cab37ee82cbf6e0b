"""The engine of a session is killed at random moments of a run: ``python benchmarks/session_kill.py [--kills 50]``.

A run of quick and slow steps must come to its end each time, with the right value, without a step that fails, and
with no process and no file left behind; afterwards the cache must verify clean. Exit status 1 otherwise.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from immutables import Map

from nawgraph.graph import Graph, Node
from nawgraph.runtime import events
from nawgraph.runtime.cache import Cache
from nawgraph.runtime.session import Session

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "runtime"))


def chain(length: int, start: float) -> Graph:
    """Steps that add 1, every fifth of which takes 50 ms."""
    nodes = {"n0": Node("s.next", knobs=Map({"by": start}))}
    for i in range(1, length):
        knobs = {"seconds": 0.05, "value": start + i + 1.0} if i % 5 == 0 else {"by": 1.0}
        kind = "s.sleep" if i % 5 == 0 else "s.next"
        nodes[f"n{i}"] = Node(kind, inputs=Map({"x": f"n{i - 1}.value"}), knobs=Map(knobs))
    return Graph(nodes=Map(nodes))


def trial(session: Session, length: int, start: float, moment: float) -> tuple[bool, list[str]]:
    """Kill the engine at a moment of one run, if it lasts so long; whether it was killed, and what is wrong then."""
    killed = False
    run = session.run(chain(length, start), document=f"song {start}")
    failed: dict[str, str] = {}
    begun = time.monotonic()
    while time.monotonic() - begun < 120:
        if not killed and time.monotonic() - begun > moment and session.pid:
            killed = True
            os.kill(session.pid, signal.SIGKILL)
        session.wait(0.01)
        for number, event in session.events():
            if isinstance(event, events.StepEvent) and event.state in ("failed", "blocked"):
                failed[event.id] = event.error
            if number == run and isinstance(event, events.Finished):
                found = session.value(f"n{length - 1}.value", run, timeout=60) if event.status == "ok" else None
                expected = _expected(length, start)
                right = found == expected and not failed
                return killed, [] if right else [f"{start}: {event.status} {event.error} {found} {expected} {failed}"]
    return killed, [f"{start}: the run did not end"]


def _expected(length: int, start: float) -> float:
    value = start
    for i in range(1, length):
        value = start + i + 1.0 if i % 5 == 0 else value + 1.0
    return value


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    faults: list[str] = []
    with tempfile.TemporaryDirectory() as place:
        with Session(Path(place) / "cache", nodes=("nodes_for_session",), scratch=Path(place), device="cpu") as session:
            kills = runs = 0
            while kills < options.kills:
                killed, wrong = trial(session, 41, 1000.0 * runs, float(rng.uniform(0.0, 0.5)))
                kills, runs, faults = kills + killed, runs + 1, faults + wrong
        faults += [f"{folder} was left" for folder in Path(place).glob("nawgraph-session-*")]
        with Cache(Path(place) / "cache", warn=faults.append) as cache:
            faults += cache.verify()
    print(f"{kills} kills in {runs} runs: {len(faults)} faults")
    print("\n".join(faults[:20]), end="\n" if faults else "")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
