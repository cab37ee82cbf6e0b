"""Subgraphs: one definition, any number of instances, at any depth."""

from __future__ import annotations

import pytest
from lab import Lab, graph, n, states, sub, swapped, turned

from nawgraph.graph import Graph, Subgraph
from nawgraph.runtime.local import InvalidGraphError


def twice() -> Subgraph:
    """x → x · factor + 1."""
    return sub(
        {"x": "float"},
        {"y": "plus.value"},
        {"factor": "times.b"},
        times=n("t.mul", a="@in.x", b=2.0),
        plus=n("t.add", a="@times.value", b=1.0),
    )


def document() -> Graph:
    return graph(
        twice=twice(),
        src=n("t.num", value=3.0),
        one=n("subgraph.twice", x="@src.value"),
        two=n("subgraph.twice", x="@one.y", factor=10.0),
        end=n("t.next", x="@two.y"),
    )


def test_instances_share_a_definition_and_keep_their_own_knobs(lab: Lab):
    result = lab.run(document())
    assert result["end"] == 72.0
    assert states(result, "ran") >= {"one", "two", "one/times", "one/plus", "two/times", "two/plus"}


def test_a_change_of_the_definition_reaches_every_instance(lab: Lab):
    lab.run(document())
    changed = document()
    inner = twice()
    changed = changed.with_scope("twice", turned_inside(inner, "plus", b=2.0))
    result = lab.run(changed)
    assert result["end"] == (3 * 2 + 2) * 10 + 2 + 1
    assert "one/times" in states(result, "cached")


def turned_inside(definition: Subgraph, id: str, **knobs: float) -> Subgraph:
    from dataclasses import replace

    node = definition.nodes[id]
    return replace(definition, nodes=definition.nodes.set(id, replace(node, knobs=node.knobs.update(knobs))))


def test_a_knob_of_one_instance_reruns_only_what_depends_on_it(lab: Lab):
    lab.run(document())
    result = lab.run(turned(document(), "two", factor=5.0))
    assert lab.calls == {"t.mul": 1, "t.add": 1, "t.next": 1} and result["end"] == 37.0


def test_a_promoted_knob_can_be_wired(lab: Lab):
    wired = swapped(document(), "two", n("subgraph.twice", x="@one.y", factor="@src.value"))
    assert lab.run(wired)["end"] == 7 * 3 + 1 + 1


def test_a_promoted_knob_wired_from_a_muted_node_keeps_its_own_value(lab: Lab):
    wired = swapped(document(), "two", n("subgraph.twice", x="@one.y", factor="@off.value"))
    wired = swapped(wired, "off", n("t.num", "mute"))
    assert lab.run(wired)["end"] == 7 * 2 + 1 + 1


def nested(depth: int) -> Graph:
    """``level0`` holds a node, each further level an instance of the one below, its knob promoted all the way."""
    levels = {
        "level0": sub({"x": "float"}, {"y": "a.value"}, {"by": "a.b"}, a=n("t.add", a="@in.x", b=1.0)),
        **{
            f"level{i}": sub({"x": "float"}, {"y": "i.y"}, {"by": "i.by"}, i=n(f"subgraph.level{i - 1}", x="@in.x"))
            for i in range(1, depth)
        },
    }
    return graph(**levels, src=n("t.num", value=3.0), s=n(f"subgraph.level{depth - 1}", x="@src.value"))


@pytest.mark.parametrize("depth", [1, 2, 3, 12])
def test_nested_definitions(lab: Lab, depth: int):
    assert lab.run(nested(depth))["s.y"] == 4.0


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_a_knob_promoted_through_all_levels(lab: Lab, depth: int):
    assert lab.run(turned(nested(depth), "s", by=7.0))["s.y"] == 10.0
    wired = swapped(nested(depth), "s", n(f"subgraph.level{depth - 1}", x="@src.value", by="@src.value"))
    assert lab.run(wired)["s.y"] == 6.0


def test_definitions_that_contain_themselves_are_refused(lab: Lab):
    looped = graph(
        a=sub({}, {"y": "i.y"}, i=n("subgraph.b")), b=sub({}, {"y": "i.y"}, i=n("subgraph.a")), x=n("subgraph.a")
    )
    with pytest.raises(InvalidGraphError, match="contains itself"):
        lab.run(looped)


def writer() -> Subgraph:
    return sub({"x": "float"}, {}, {"name": "w.name"}, w=n("t.write", x="@in.x"))


def test_sinks_inside_a_subgraph_are_made(lab: Lab):
    made = graph(
        writer=writer(),
        a=n("t.num", value=1.0),
        one=n("subgraph.writer", x="@a.value", name="one"),
        two=n("subgraph.writer", x="@a.value", name="two"),
        leaf=n("t.next", x="@a.value"),
    )
    result = lab.run(made)
    assert result.status == "ok" and sorted(p.name for p in lab.out.iterdir()) == ["one.txt", "two.txt"]
    assert len(result.files) == 2 and states(result, "skipped") == {"leaf"}
    lab.run(made)
    assert not lab.calls


def test_sinks_two_levels_deep_are_made(lab: Lab):
    made = graph(
        writer=writer(),
        both=sub(
            {"x": "float"},
            {"y": "more.value"},
            more=n("t.next", x="@in.x"),
            save=n("subgraph.writer", x="@more.value", name="deep"),
        ),
        a=n("t.num", value=1.0),
        b=n("subgraph.both", x="@a.value"),
    )
    result = lab.run(made)
    assert result.status == "ok" and result["b.y"] == 2.0
    assert (lab.out / "deep.txt").read_text() == "2.0"


def test_an_optional_input_may_stay_unwired(lab: Lab):
    made = graph(
        m=sub({"x": "float"}, {"y": "m.value"}, m=n("t.maybe", x="@in.x", otherwise=5.0)),
        a=n("t.num", value=1.0),
        with_=n("subgraph.m", x="@a.value"),
        without=n("subgraph.m"),
    )
    result = lab.run(made)
    assert result["with_.y"] == 1.0 and result["without.y"] == 5.0


def test_a_required_input_left_unwired_is_an_error_that_names_it(lab: Lab):
    strict = graph(s=sub({"x": "float"}, {"y": "a.value"}, a=n("t.next", x="@in.x")), one=n("subgraph.s"))
    with pytest.raises(InvalidGraphError, match=r"one\.x"):
        lab.run(strict)


def test_a_bypassed_instance_passes_its_input_on(lab: Lab):
    made = swapped(document(), "two", n("subgraph.twice", "bypass", x="@one.y", factor=10.0))
    assert lab.run(made)["end"] == 8.0


def test_a_muted_instance_gives_nothing(lab: Lab):
    made = swapped(document(), "two", n("subgraph.twice", "mute", x="@one.y"))
    result = lab.run(swapped(made, "end", n("t.maybe", x="@two.y")))
    assert result["end"] == -1.0


def test_a_frozen_instance_keeps_its_result(lab: Lab):
    kept = lab.run(document(), "two").digest("two.y")
    made = swapped(document(), "two", n("subgraph.twice", "freeze", {"y": kept}, x="@one.y"))
    lab.restart()
    assert lab.run(turned(made, "src", value=50.0))["end"] == 72.0
    assert lab.calls == {"t.next": 1} or not lab.calls


def test_an_output_may_be_an_input_passed_straight_through(lab: Lab):
    made = graph(
        wire=sub({"x": "float"}, {"y": "in.x"}),
        a=n("t.num", value=4.0),
        w=n("subgraph.wire", x="@a.value"),
        end=n("t.next", x="@w.y"),
    )
    assert lab.run(made)["end"] == 5.0


def test_several_wires_into_a_list_input_of_a_subgraph(lab: Lab):
    made = graph(
        s=sub({"xs": "list[float]"}, {"y": "t.value"}, t=n("t.total", xs="@in.xs")),
        a=n("t.num", value=4.0),
        b=n("t.num", value=5.0),
        one=n("subgraph.s", xs=["@a.value"]),
        two=n("subgraph.s", xs=["@a.value", "@b.value"]),
    )
    result = lab.run(made)
    assert result["one.y"] == 4.0 and result["two.y"] == 9.0


def test_a_failure_inside_is_a_failure_of_the_instance(lab: Lab):
    made = graph(
        f=sub({"x": "float"}, {"y": "f.value"}, f=n("t.fail", x="@in.x")),
        a=n("t.num"),
        i=n("subgraph.f", x="@a.value"),
        end=n("t.next", x="@i.y"),
    )
    result = lab.run(made)
    assert result.nodes["i"].state == "failed" and result.nodes["i"].error == "it broke"
    assert result.nodes["end"].state == "blocked"


def test_a_fault_in_a_definition_that_nothing_uses_stops_nothing(lab: Lab):
    made = graph(broken=sub({}, {"y": "a.value"}, a=n("t.add", a="high")), x=n("t.num", value=1.0))
    assert lab.run(made)["x"] == 1.0


def test_a_fault_in_a_definition_is_named_when_it_is_used(lab: Lab):
    made = graph(broken=sub({}, {"y": "a.value"}, a=n("t.add", a="high")), x=n("subgraph.broken"))
    with pytest.raises(InvalidGraphError, match=r"broken/a\.a"):
        lab.run(made)
