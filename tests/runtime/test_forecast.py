"""The forecast against the run itself: what it calls cached does not run, and what runs it did not call cached."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nawgraph import files
from nawgraph.files.reader import from_json
from nawgraph.graph import Graph
from nawgraph.library import standard
from nawgraph.overrides import set_knob
from nawgraph.runtime.explain import explain, moment, show
from nawgraph.runtime.forecast import Forecast, Outlook
from nawgraph.runtime.local import Runtime
from nawgraph.runtime.plan import Plan

GRAPHS = Path(__file__).parents[2] / "graphs"
KINDS = ("math.add", "math.min", "math.max", "math.mul")


@pytest.fixture
def runtime() -> Iterator[Runtime]:
    with Runtime(standard(), None) as made:
        yield made


def foretell(runtime: Runtime, graph: Graph, out: Path) -> Forecast:
    plan = Plan(graph, runtime.library)
    targets = [s for name in runtime.targets(graph, None) for s in plan.targets_of(name)]
    keys = runtime.keys(Path(), out)
    return Forecast(plan, targets, cache=runtime.cache, keys=keys, document="song")


def agree(runtime: Runtime, graph: Graph, out: Path) -> dict[str, Outlook]:
    """Foretell, explain, run and compare."""
    forecast = foretell(runtime, graph, out)
    for id in forecast.outlooks:
        assert explain(forecast, id)
    result = runtime.run(graph, out_dir=out, document="song")
    assert result.status == "ok"
    for id, outlook in forecast.outlooks.items():
        state = result.nodes[id].state
        assert not (outlook.verdict == "cached" and state == "ran"), id
        assert outlook.verdict not in ("fail", "blocked"), id
    ran = {id for id, node in result.nodes.items() if node.state == "ran" and id in forecast.plan.steps}
    assert all(forecast.outlooks[id].verdict in ("run", "maybe") for id in ran)
    assert all(o.verdict == "cached" for o in foretell(runtime, graph, out).outlooks.values())
    return forecast.outlooks


@st.composite
def changes(draw: st.DrawFn) -> tuple[Graph, list[tuple[str, float]]]:
    """A random graph of arithmetic, and knobs to change one after the other."""
    count = draw(st.integers(2, 12))
    nodes: dict[str, Any] = {}
    for index in range(count):
        knobs = {"a": draw(st.integers(0, 3)) * 1.0, "b": draw(st.integers(0, 3)) * 1.0}
        wired = draw(st.lists(st.sampled_from(("a", "b")), unique=True)) if index else []
        inputs = {port: f"n{draw(st.integers(0, index - 1))}.value" for port in wired}
        nodes[f"n{index}"] = {"type": draw(st.sampled_from(KINDS)), "version": 1, "knobs": knobs, "inputs": inputs}
    knob = st.tuples(st.integers(0, count - 1), st.sampled_from(("a", "b"))).map(lambda t: f"n{t[0]}.{t[1]}")
    steps = draw(st.lists(st.tuples(knob, st.integers(0, 3).map(float)), max_size=5))
    return from_json({"nawgraph": 1, "nodes": nodes}), steps


@settings(max_examples=60, deadline=None)
@given(changes())
def test_forecasts_of_random_graphs_hold(case: tuple[Graph, list[tuple[str, float]]]) -> None:
    graph, steps = case
    with Runtime(standard(), None) as runtime:
        agree(runtime, graph, Path("out"))
        for target, value in steps:
            graph = set_knob(graph, runtime.library, target, value)
            agree(runtime, graph, Path("out"))


@pytest.mark.parametrize(
    ("name", "target", "values"),
    [
        ("seed_sweep", "seeds.count", (4, 2, 4, 5)),
        ("seed_sweep", "takes.seconds", (0.5, 0.25, 0.5)),
        ("switch", "choice.index", (0, 1, 0)),
        ("subgraph", "root.frequency", (220.0, 110.0, 220.0)),
    ],
)
def test_forecasts_of_choices_maps_and_subgraphs_hold(
    runtime: Runtime, tmp_path: Path, name: str, target: str, values: tuple[float, ...]
) -> None:
    graph = files.load(GRAPHS / f"{name}.nawgraph")
    for value in values:
        graph = set_knob(graph, runtime.library, target, value)
        agree(runtime, graph, tmp_path / "out")


def test_missing_types_fail_and_block(runtime: Runtime) -> None:
    nodes = {
        "a": {"type": "made.up", "version": 1},
        "b": {"type": "math.add", "version": 1, "inputs": {"a": "a.value"}},
        "c": {"type": "math.add", "version": 1},
    }
    forecast = foretell(runtime, from_json({"nawgraph": 1, "nodes": nodes}), Path("out"))
    assert {id: o.verdict for id, o in forecast.outlooks.items()} == {"a": "fail", "b": "blocked", "c": "run"}
    assert explain(forecast, "b") == [
        "b cannot run: something that it needs cannot run.",
        "  a cannot run: node type 'made.up' is not installed.",
    ]


def test_words() -> None:
    assert [show(v) for v in (-3.0, 2, -0.00125, True, "a" * 50, (1.0, -2.0))] == [
        "−3", "2", "−0.00125", "on", f"“{'a' * 39}…”", "[1, −2]",
    ]  # fmt: skip
    now = datetime(2026, 11, 22, 23, 5)
    then = [datetime(2026, 11, 22, 0, 1), datetime(2026, 11, 21, 23, 59), datetime(2026, 3, 1, 12, 31)]
    assert [moment(t.timestamp(), now) for t in then] == [
        "00:01 today", "23:59 yesterday", "12:31 on 1 March 2026",
    ]  # fmt: skip
