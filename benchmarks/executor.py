"""The executor's figures beside their targets: ``python benchmarks/executor.py [--quick] [--no-rivals]``.

Every figure is measured on this machine now; `docs/benchmarks.md` says what each of them means. Exit status 1
if a target is missed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import executor_rivals as rivals
from executor_checks import behaviour, memory
from executor_graphs import CALLS, Wires, chain, cpu_seconds, document, leaves, random_dag, run, runtime, wide
from executor_report import Figure, machine, table

from nawgraph.runtime.collector import calm_collector

CHAINS = (100, 500, 900, 1000, 5000, 10_000)

COMFY = {
    "chain of 100": ("76", "86"),
    "chain of 500": ("5,358", "5,521"),
    "chain of 900": ("15,627", "20,875"),
    "random DAG of 1142": ("20,053", "27,685"),
    "500 branches of 10": ("34,871", "1,004"),
}
"""ComfyUI 0.8.0 on another 2-core machine, CPU ms, as measured in November 2026."""


def times(wires: Wires, repeats: int) -> tuple[float, float, float]:
    """Median processor ms of a cold run, of one with nothing changed, and of the first one after a restart."""
    cold, warm, restarted = [], [], []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as place:
            graph = document(wires)
            with runtime(Path(place)) as engine:
                cold.append(cpu_seconds(lambda: run(engine, graph)))  # noqa: B023 - called at once
                for _ in range(3):
                    same = document(wires)  # equal, but nothing that the engine remembered on the old one helps
                    warm.append(cpu_seconds(lambda: run(engine, same)))  # noqa: B023
                    _nothing_ran()
            with runtime(Path(place)) as engine:
                same = document(wires)
                restarted.append(cpu_seconds(lambda: run(engine, same)))  # noqa: B023
                _nothing_ran()
    return median(cold) * 1000, median(warm) * 1000, median(restarted) * 1000


def _nothing_ran() -> None:
    if CALLS:
        raise AssertionError(f"a run with nothing changed called {dict(CALLS)}")


def speed(quick: bool) -> Iterator[Figure]:
    """Chains, a random graph and a wide one."""
    shapes = {f"chain of {length}": chain(length) for length in CHAINS}
    shapes |= {"random DAG of 1142": random_dag(), "500 branches of 10": wide()}
    limits = {"chain of 1000": 50.0, "chain of 5000": 250.0}
    unchanged, overhead = {}, {}
    for name, wires in shapes.items():
        cold, warm, restarted = times(wires, 1 if quick or len(wires) > 5000 else 3)
        unchanged[name], overhead[name] = warm, cold * 1000 / len(wires)
        yield Figure(f"{name}: cold", f"{cold:,.1f} ms")
        limit = limits.get(name)
        ok = None if limit is None else warm <= limit
        yield Figure(f"{name}: unchanged", f"{warm:,.1f} ms", f"≤ {limit:g} ms" if limit else "", ok)
        yield Figure(f"{name}: unchanged, first run after a restart", f"{restarted:,.1f} ms")
    ratio = unchanged["chain of 5000"] / unchanged["chain of 1000"]
    yield Figure("unchanged, t(5000) / t(1000)", f"{ratio:.2f}", "≤ 6", ratio <= 6)
    yield Figure("a chain of 10,000 nodes runs", "yes", "yes", True)
    chains = [overhead[f"chain of {length}"] for length in CHAINS if length >= 500]
    shown = " ".join(f"{cost:.0f}" for cost in chains)
    yield Figure("cold overhead a node, chains of 500 to 10,000", f"{shown} µs", "≤ 100 µs", max(chains) <= 100)
    flat = max(chains) / min(chains)
    yield Figure("… flat: largest / smallest", f"{flat:.2f}", "≤ 1.5", flat <= 1.5)


def beside(quick: bool) -> str:
    """The same graphs in Dask and Hamilton, as a table in ms."""
    head = ["cold / unchanged, ms", "nawgraph", "Dask", "Hamilton", "Hamilton, cached", "ComfyUI (published)"]
    shapes = {f"chain of {length}": chain(length) for length in (100, 500, 900, 1000, 5000)}
    shapes |= {"random DAG of 1142": random_dag(), "500 branches of 10": wide()}
    rows = []
    for name, wires in shapes.items():
        cold, warm, _ = times(wires, 1)
        row = [name, f"{cold:,.0f} / {warm:,.0f}", " / ".join(rivals.dask(wires))]
        for rival in (rivals.hamilton, rivals.hamilton_cached):
            if len(wires) > (500 if quick else 2000) and len(leaves(wires)) > 1:
                row.append("not measured (minutes)")
            else:
                row.append(" / ".join(dict.fromkeys(rival(wires))))
        print(f"  beside: {name} done", file=sys.stderr, flush=True)
        rows.append([*row, " / ".join(COMFY.get(name, ("not accepted",)))])
    return table(head, rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="every figure once, not the median of several")
    parser.add_argument("--no-rivals", action="store_true", help="leave out Dask and Hamilton")
    arguments = parser.parse_args()
    print(machine() + "\n", flush=True)
    calm_collector()  # as the command line and the engine process do; the rivals run in the same process
    figures: list[Figure] = []
    for group in (behaviour(), memory(), speed(arguments.quick)):
        for figure in group:
            print(f"  {figure.name}: {figure.measured}", file=sys.stderr, flush=True)
            figures.append(figure)
    rows = [[f.name, f.measured, f.target, {True: "pass", False: "FAIL", None: ""}[f.ok]] for f in figures]
    print(table(["figure", "measured", "target", ""], rows), flush=True)
    if not arguments.no_rivals:
        print(f"\nBeside it, in the same process: {rivals.versions() or 'nothing else is installed'}\n")
        print(beside(arguments.quick))
    missed = [f.name for f in figures if f.ok is False]
    print(f"\n{len(missed)} targets missed: {'; '.join(missed)}" if missed else "\nAll targets met.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
