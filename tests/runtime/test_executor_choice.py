"""Switches and lazy inputs: what is not chosen does not run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import pytest
from lab import Lab, graph, n, states, swapped, turned

from nawgraph.graph import Graph
from nawgraph.hints import Lazy


def choice(**fields: Any) -> Graph:
    return graph(
        zero=n("t.num", value=10.0),
        one=n("t.num", value=20.0),
        broken=n("t.fail"),
        s=n("switch", items=["@zero.value", "@one.value", "@broken.value"], **fields),
        end=n("t.next", x="@s.value"),
    )


@pytest.mark.parametrize(("index", "value", "ran"), [(0, 11.0, "zero"), (1, 21.0, "one")])
def test_only_the_chosen_branch_runs(lab: Lab, index: int, value: float, ran: str):
    result = lab.run(choice(index=index))
    assert result.status == "ok" and result["end"] == value
    assert {"zero", "one", "broken"} & states(result, "ran") == {ran}
    assert result.nodes["broken"].state == "skipped"


def test_the_failure_of_the_chosen_branch_is_that_of_the_switch(lab: Lab):
    result = lab.run(choice(index=2))
    assert result.nodes["broken"].state == "failed" and result.nodes["end"].state == "blocked"


def test_the_choice_may_be_wired(lab: Lab):
    document = swapped(choice(index="@i.value"), "i", n("value.int", value=1))
    assert lab.run(document)["end"] == 21.0
    result = lab.run(turned(document, "i", value=0))
    assert result["end"] == 11.0 and "one" not in states(result, "ran")


def test_switching_back_reruns_nothing(lab: Lab):
    lab.run(choice(index=0))
    lab.run(choice(index=1))
    assert lab.run(choice(index=0))["end"] == 11.0 and not lab.calls


def test_branches_with_equal_results_do_not_rerun_what_follows(lab: Lab):
    document = turned(choice(index=0), "one", value=10.0)
    lab.run(document)
    lab.run(turned(document, "s", index=1))
    assert not lab.calls  # even the branch itself is the same node with the same knob


def test_an_index_beyond_the_wires_is_a_sentence(lab: Lab):
    result = lab.run(choice(index=7))
    assert "index is 7" in (result.nodes["s"].error or "") and result.nodes["end"].state == "blocked"


@pytest.mark.parametrize(("condition", "value"), [(True, 1.0), (False, 2.0)])
def test_if(lab: Lab, condition: bool, value: float):
    document = graph(
        yes=n("t.num", value=1.0), no=n("t.num", value=2.0),
        s=n("switch.if", then="@yes.value", otherwise="@no.value", condition=condition),
    )  # fmt: skip
    assert lab.run(document)["s.value"] == value and lab.calls == {"t.num": 1}


def test_if_with_nothing_wired_where_it_chose_is_a_sentence(lab: Lab):
    document = graph(yes=n("t.num"), s=n("switch.if", then="@yes.value", condition=False))
    assert "otherwise" in (lab.run(document).nodes["s"].error or "")


def test_a_switch_of_switches(lab: Lab):
    document = graph(
        a=n("t.num", value=1.0), b=n("t.num", value=2.0), c=n("t.num", value=3.0),
        inner=n("switch", items=["@a.value", "@b.value"], index=1),
        outer=n("switch", items=["@c.value", "@inner.value"], index=1),
    )  # fmt: skip
    assert lab.run(document)["outer.value"] == 2.0 and lab.calls == {"t.num": 1}


def _wants(values: Mapping[str, Any]) -> list[str]:
    return ["dear"] if values["cheap"] < 0 else []


def _add_guard(lab: Lab, wants: Any = _wants) -> None:
    @lab.node("t.guard", wants=wants)
    def guard(cheap: float, dear: Annotated[float | None, Lazy()]) -> float:
        return cheap if dear is None else dear


def guarded(cheap: float) -> Graph:
    return graph(
        cheap=n("t.num", value=cheap),
        dear=n("t.next", x="@cheap.value"),
        g=n("t.guard", cheap="@cheap.value", dear="@dear.value"),
    )


def test_a_lazy_input_runs_only_if_it_is_wanted(lab: Lab):
    _add_guard(lab)
    result = lab.run(guarded(5.0))
    assert result["g"] == 5.0 and result.nodes["dear"].state == "skipped" and lab.calls["t.next"] == 0
    assert lab.run(guarded(-5.0))["g"] == -4.0 and lab.calls["t.next"] == 1
    assert lab.run(guarded(5.0))["g"] == 5.0 and not lab.calls


def test_what_wants_raises_is_a_failure_of_that_node_alone(lab: Lab):
    def bad(values: Mapping[str, Any]) -> list[str]:
        return values["no such thing"]

    _add_guard(lab, bad)
    document = swapped(guarded(1.0), "other", n("t.num", value=3.0))
    result = lab.run(document)
    assert result.nodes["g"].state == "failed" and result["other"] == 3.0
