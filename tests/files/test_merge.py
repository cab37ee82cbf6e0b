from dataclasses import replace
from pathlib import Path

from documents import Maker
from hypothesis import given
from hypothesis import strategies as st
from immutables import Map

from nawgraph.files import dumps, load, merge
from nawgraph.graph import Graph, Node
from nawgraph.problems import cycle

BASE = load(Path(__file__).parent.parent / "golden" / "first.nawgraph")


def with_node(graph: Graph, id: str, **changes: object) -> Graph:
    return replace(graph, nodes=graph.nodes.set(id, replace(graph.nodes.get(id, Node("t")), **changes)))


def merged(a: Graph, b: Graph, base: Graph = BASE) -> tuple[Graph, list[str]]:
    graph, conflicts = merge(base, a, b)
    return graph, [str(conflict) for conflict in conflicts]


@given(st.integers(0, 2**32), st.integers(0, 2**32))
def test_what_one_side_did_is_taken(seed: int, other: int) -> None:
    base, changed = Maker(seed).graph(), Maker(other).graph()
    for a, b, text in ((base, base, dumps(base)), (changed, base, dumps(changed)), (changed, changed, dumps(changed))):
        graph, conflicts = merge(base, a, b)
        assert dumps(graph) == text
        assert not conflicts


def test_different_fields_of_one_node_come_together() -> None:
    a = with_node(BASE, "plan", knobs=Map(bars=16, seed=7))
    b = with_node(with_node(BASE, "plan", knobs=Map(bars=8, seed=9), title="Plan"), "new", type="audio.gain")
    graph, conflicts = merged(a, b)
    assert graph.nodes["plan"].knobs == Map(bars=16, seed=9)
    assert graph.nodes["plan"].title == "Plan"
    assert "new" in graph.nodes
    assert conflicts == []


def test_one_field_changed_twice_is_a_conflict_and_the_first_is_kept() -> None:
    graph, conflicts = merged(
        with_node(BASE, "plan", knobs=Map(bars=16, seed=7)), with_node(BASE, "plan", knobs=Map(bars=4, seed=7))
    )
    assert graph.nodes["plan"].knobs["bars"] == 16
    assert conflicts == ["nodes.plan.knobs.bars: the first side says 16, the second 4; the first is kept"]


def test_a_node_removed_here_and_changed_there_is_kept() -> None:
    a = replace(BASE, nodes=BASE.nodes.delete("prompt"))
    b = with_node(BASE, "prompt", knobs=Map(text="techno"))
    for one, other in ((a, b), (b, a)):
        graph, conflicts = merged(one, other)
        assert graph.nodes["prompt"].knobs["text"] == "techno"
        assert len(conflicts) == 1
        assert conflicts[0].startswith("nodes.prompt: the ")


def test_a_node_removed_here_and_moved_there_is_gone_without_a_word() -> None:
    a = replace(BASE, nodes=BASE.nodes.delete("plan"), ui=Map(nodes=Map(prompt=(40, 80))))
    b = replace(BASE, ui=Map(nodes=Map(plan=(0, 0), prompt=(40, 80))))
    graph, conflicts = merged(a, b)
    assert set(graph.nodes) == set(graph.ui["nodes"]) == {"prompt"}
    assert conflicts == []


def test_a_new_wire_from_a_removed_node_is_left_out() -> None:
    a = replace(BASE, nodes=Map(prompt=BASE.nodes["prompt"]))
    b = with_node(BASE, "gain", inputs=Map(x="plan.score"))
    graph, conflicts = merged(a, b)
    assert not graph.nodes["gain"].inputs
    assert conflicts == ["nodes.gain.inputs.x: plan was removed; the wire from plan.score is left out"]


def test_wires_that_close_a_circle_together_are_left_out() -> None:
    base = Graph(nodes=Map(a=Node("t"), b=Node("t")))
    graph, conflicts = merged(
        with_node(base, "a", inputs=Map(x="b.x")), with_node(base, "b", inputs=Map(x=("a.x",))), base
    )
    assert not cycle(graph.nodes)
    assert graph.nodes["a"].inputs["x"] == "b.x"
    assert len(conflicts) == 1
    assert "closes a circle" in conflicts[0]


def test_lists_of_wires_and_the_form_take_what_both_sides_added() -> None:
    base = Graph(nodes=Map(m=Node("t", inputs=Map(x=("a.x", "b.x"))), **{id: Node("t") for id in "abcd"}))
    a = replace(with_node(base, "m", inputs=Map(x=("a.x", "b.x", "c.x"))), form=(Map(node="a", knob="k"),))
    b = replace(with_node(base, "m", inputs=Map(x=("b.x", "d.x"))), form=(Map(node="b", knob="k"),))
    graph, conflicts = merged(a, b, base)
    assert graph.nodes["m"].inputs["x"] == ("b.x", "c.x", "d.x")
    assert conflicts == [] or "form" in conflicts[0]
    assert Map(node="a", knob="k") in graph.form
