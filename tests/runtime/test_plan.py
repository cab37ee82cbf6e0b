"""From a document to steps."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lab import Lab, graph, n, sub

from nawgraph.graph import Graph
from nawgraph.runtime.plan import Plan, Step, list_digest
from nawgraph.values import digest


def planned(lab: Lab, document: Graph, *ids: str) -> Plan:
    plan = Plan(document, lab.library)
    plan.demand(ids)
    return plan


def order_is_topological(steps: dict[str, Step]) -> bool:
    return all(steps[s[0]].order < step.order for step in steps.values() for s in step.eager() if isinstance(s, tuple))


def test_only_ancestors_are_planned_each_after_what_it_needs(lab: Lab):
    document = graph(
        a=n("t.num"), b=n("t.next", x="@a.value"), c=n("t.next", x="@b.value"), d=n("t.next", x="@a.value"),
    )  # fmt: skip
    plan = planned(lab, document, "c")
    assert list(plan.steps) == ["a", "b", "c"] and order_is_topological(plan.steps)
    assert [s.id for s in plan.demand(["d", "c"])] == ["d"]  # what is planned already is not planned twice


@given(st.integers(0, 10_000), st.integers(1, 60))
def test_the_order_is_topological_and_does_not_depend_on_how_wires_are_stored(seed: int, count: int):
    chance = random.Random(seed)
    wires = {
        f"n{i}": {k: f"@n{chance.randrange(i)}.value" for k in ("a", "b") if i and chance.random() < 0.7}
        for i in range(count)
    }
    library = _library()
    one = Plan(graph(**{id: n("math.add", **w) for id, w in wires.items()}), library)
    ids = list(wires)
    one.demand(ids)
    backwards = {id: n("math.add", **dict(reversed(w.items()))) for id, w in reversed(wires.items())}
    two = Plan(graph(**backwards), library)
    two.demand(ids)
    assert list(one.steps) == list(two.steps) and order_is_topological(one.steps)


def _library() -> Any:
    from nawgraph.library import standard

    return standard()


def test_knobs_are_filled_in_and_coerced(lab: Lab):
    step = planned(lab, graph(k=n("t.add", a=3)), "k").steps["k"]
    assert dict(step.knobs) == {"a": 3.0, "b": 0.0} and type(step.knobs["a"]) is float
    assert step.knob_digests == (digest(3.0), digest(0.0))


def test_steps_inside_subgraphs_are_named_by_their_path(lab: Lab):
    document = graph(
        inner=sub({"x": "float"}, {"y": "a.value"}, a=n("t.next", x="@in.x")),
        outer=sub({"x": "float"}, {"y": "i.y"}, i=n("subgraph.inner", x="@in.x")),
        src=n("t.num"),
        o=n("subgraph.outer", x="@src.value"),
        end=n("t.next", x="@o.y"),
    )
    plan = planned(lab, document, "end")
    assert list(plan.steps) == ["src", "o/i/a", "end"]
    assert plan.steps["o/i/a"].inputs == {"x": (("src", 0),)}
    assert plan.targets_of("o") == ["o/i/a"]


def test_targets_of_bypassed_and_muted_nodes(lab: Lab):
    document = graph(
        a=n("t.num"), b=n("t.next", "bypass", x="@a.value"), m=n("t.next", "mute", x="@a.value"),
    )  # fmt: skip
    plan = Plan(document, lab.library)
    assert plan.targets_of("b") == ["a"] and plan.targets_of("m") == [] and plan.targets_of("a") == ["a"]


def test_the_branches_of_a_switch_are_planned_only_on_demand(lab: Lab):
    document = graph(a=n("t.num"), b=n("t.num"), s=n("switch", items=["@a.value", "@b.value"]))
    assert list(planned(lab, document, "s").steps) == ["s"]


def test_an_unknown_type_becomes_a_step_that_says_so(lab: Lab):
    assert planned(lab, graph(x=n("no.such")), "x").steps["x"].kind == "missing"


def test_deep_chains_need_no_recursion(lab: Lab):
    nodes = {"n0": n("t.num")} | {f"n{i}": n("t.next", x=f"@n{i - 1}.value") for i in range(1, 5000)}
    assert len(planned(lab, graph(**nodes), "n4999").steps) == 5000


@pytest.mark.parametrize("items", [(), (1.0,), (1.0, "a", True), ((1, 2), ())])
def test_the_digest_of_a_list_follows_from_those_of_its_items(items: tuple[Any, ...]):
    assert list_digest([digest(item) for item in items]) == digest(items)
