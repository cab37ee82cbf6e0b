"""Map: a subgraph once an item, each of them cached for itself."""

from __future__ import annotations

from typing import Any

import pytest
from lab import Lab, graph, n, states, sub, swapped, turned

from nawgraph.graph import Graph
from nawgraph.runtime.local import InvalidGraphError


def over_numbers(values: list[float], **more: Any) -> Graph:
    return graph(
        step=sub({"x": "float"}, {"y": "a.value"}, {"by": "a.b"}, a=n("t.add", a="@in.x", b=1.0)),
        xs=n("list.numbers", values=values),
        m=n("map.step", x="@xs.items", over=["x"], **more),
        sum=n("t.total", xs="@m.y"),
    )


def test_results_come_in_the_order_of_the_items(lab: Lab):
    result = lab.run(over_numbers([3.0, 1.0, 2.0]))
    assert result["m.y"] == (4.0, 2.0, 3.0) and result["sum"] == 9.0


def test_a_new_item_runs_alone(lab: Lab):
    lab.run(over_numbers([3.0, 1.0]))
    result = lab.run(over_numbers([3.0, 1.0, 2.0]))
    assert lab.calls == {"t.add": 1, "t.total": 1} and result["m.y"] == (4.0, 2.0, 3.0)


def test_another_order_runs_no_item(lab: Lab):
    lab.run(over_numbers([3.0, 1.0]))
    assert lab.run(over_numbers([1.0, 3.0]))["m.y"] == (2.0, 4.0)
    assert lab.calls == {"t.total": 1}


def test_the_state_of_a_map_is_that_of_its_items(lab: Lab):
    assert "m" in states(lab.run(over_numbers([3.0, 1.0])), "ran")
    assert "m" in states(lab.run(over_numbers([3.0, 1.0])), "cached")


def test_a_restart_reruns_no_item(lab: Lab):
    lab.run(over_numbers([3.0, 1.0]))
    lab.restart()
    assert lab.run(over_numbers([3.0, 1.0]))["sum"] == 6.0 and not lab.calls


def test_an_empty_list_gives_an_empty_list(lab: Lab):
    result = lab.run(over_numbers([]))
    assert result["m.y"] == () and result["sum"] == 0.0


def test_a_promoted_knob_is_shared_or_mapped_over(lab: Lab):
    assert lab.run(over_numbers([1.0, 2.0], by=10.0))["m.y"] == (11.0, 12.0)
    both = over_numbers([1.0, 2.0])
    both = swapped(both, "bys", n("list.numbers", values=[10.0, 20.0]))
    both = swapped(both, "m", n("map.step", x="@xs.items", by="@bys.items", over=["x", "by"]))
    assert lab.run(both)["m.y"] == (11.0, 22.0)
    shared = swapped(both, "m", n("map.step", x="@xs.items", by="@sum1.value", over=["x"]))
    shared = swapped(shared, "sum1", n("t.num", value=100.0))
    assert lab.run(shared)["m.y"] == (101.0, 102.0)


def test_several_wires_are_a_list_too(lab: Lab):
    made = over_numbers([])
    for id, value in (("a", 1.0), ("b", 2.0)):
        made = swapped(made, id, n("t.num", value=value))
    made = swapped(made, "m", n("map.step", x=["@a.value", "@b.value"], over=["x"]))
    assert lab.run(made)["m.y"] == (2.0, 3.0)


def test_lists_of_different_length_are_a_sentence(lab: Lab):
    made = over_numbers([1.0, 2.0])
    made = swapped(made, "bys", n("list.numbers", values=[10.0]))
    made = swapped(made, "m", n("map.step", x="@xs.items", by="@bys.items", over=["x", "by"]))
    result = lab.run(made)
    error = result.nodes["m"].error or ""
    assert result.nodes["m"].state == "failed" and "by has 1" in error and "x has 2" in error
    assert result.nodes["sum"].state == "blocked"


def test_what_the_items_share_runs_once(lab: Lab):
    made = graph(
        step=sub(
            {"x": "float", "y": "float"},
            {"z": "a.value"},
            a=n("t.add", a="@in.x", b="@far.value"),
            far=n("t.next", x="@in.y"),
        ),
        xs=n("list.numbers", values=[1.0, 2.0, 3.0]),
        y=n("t.num", value=10.0),
        m=n("map.step", x="@xs.items", y="@y.value", over=["x"]),
    )
    assert lab.run(made)["m.z"] == (12.0, 13.0, 14.0)
    assert lab.calls["t.next"] == 1


def test_map_over_seeds(lab: Lab):
    made = graph(
        take=sub({}, {"sound": "t.audio"}, {"seed": "t.seed"}, t=n("audio.tone", shape="noise", seconds=0.05)),
        seeds=n("list.seeds", seed=5, count=3),
        m=n("map.take", seed="@seeds.items", over=["seed"]),
        all=n("audio.concat", sounds="@m.sound"),
    )
    sounds = lab.run(made)["m.sound"]
    assert len({s.digest() for s in sounds}) == 3
    more = lab.run(turned(made, "seeds", count=4))
    assert more["m.sound"][:3] == sounds or [s.digest() for s in more["m.sound"][:3]] == [s.digest() for s in sounds]
    assert {id for id in states(more, "ran") if "/" in id} == {"m[3]/t"}


def test_map_over_files_follows_their_content(lab: Lab):
    for name in ("a", "b"):
        (lab.folder / f"{name}.txt").write_text(name)
    made = graph(
        one=sub({}, {"text": "r.value"}, {"file": "r.file"}, r=n("t.read")),
        names=n("list.texts", values=["a.txt", "b.txt"]),
        m=n("map.one", file="@names.items", over=["file"]),
        j=n("text.join", texts="@m.text", separator="+"),
    )
    assert lab.run(made)["j"] == "a+b"
    (lab.folder / "b.txt").write_text("new")
    assert lab.run(made)["j"] == "a+new" and lab.calls == {"t.read": 1}


def test_map_of_a_subgraph_that_only_writes(lab: Lab):
    made = graph(
        save=sub({"x": "float"}, {}, {"name": "w.name"}, w=n("t.write", x="@in.x")),
        xs=n("list.numbers", values=[1.0, 2.0]),
        names=n("list.texts", values=["one", "two"]),
        m=n("map.save", x="@xs.items", name="@names.items", over=["x", "name"]),
    )
    result = lab.run(made)
    assert result.status == "ok" and {p.name: p.read_text() for p in lab.out.iterdir()} == {
        "one.txt": "1.0",
        "two.txt": "2.0",
    }
    lab.run(made)
    assert not lab.calls


def test_map_of_a_subgraph_that_writes_and_gives(lab: Lab):
    made = graph(
        save=sub(
            {"x": "float"}, {"y": "a.value"}, {"name": "w.name"}, a=n("t.next", x="@in.x"), w=n("t.write", x="@a.value")
        ),
        xs=n("list.numbers", values=[1.0, 2.0]),
        names=n("list.texts", values=["one", "two"]),
        m=n("map.save", x="@xs.items", name="@names.items", over=["x", "name"]),
    )
    result = lab.run(made)
    assert result["m.y"] == (2.0, 3.0)
    assert {p.name: p.read_text() for p in lab.out.iterdir()} == {"one.txt": "2.0", "two.txt": "3.0"}


def test_a_map_in_a_map(lab: Lab):
    made = graph(
        inner=sub({"x": "float"}, {"y": "a.value"}, {"by": "a.b"}, a=n("t.add", a="@in.x")),
        outer=sub(
            {"by": "float"},
            {"ys": "m.y"},
            m=n("map.inner", x="@xs.items", by="@in.by", over=["x"]),
            xs=n("list.numbers", values=[1.0, 2.0]),
        ),
        bys=n("list.numbers", values=[10.0, 20.0]),
        m=n("map.outer", by="@bys.items", over=["by"]),
    )
    assert lab.run(made)["m.ys"] == ((11.0, 12.0), (21.0, 22.0))


def test_a_promoted_knob_of_a_map_inside_a_subgraph(lab: Lab):
    made = graph(
        inner=sub({"x": "float"}, {"y": "a.value"}, {"by": "a.b"}, a=n("t.add", a="@in.x")),
        outer=sub({"xs": "list[float]"}, {"ys": "m.y"}, {"by": "m.by"}, m=n("map.inner", x="@in.xs", over=["x"])),
        xs=n("list.numbers", values=[1.0, 2.0]),
        ten=n("t.num", value=10.0),
        typed=n("subgraph.outer", xs="@xs.items", by=5.0),
        wired=n("subgraph.outer", xs="@xs.items", by="@ten.value"),
    )
    result = lab.run(made)
    assert result["typed.ys"] == (6.0, 7.0) and result["wired.ys"] == (11.0, 12.0)


def test_one_failing_item_fails_the_map_and_the_others_are_kept(lab: Lab):
    @lab.node("t.picky")
    def picky(x: float) -> float:
        if x == 2.0:
            raise ValueError("not two")
        return x

    made = graph(
        step=sub({"x": "float"}, {"y": "p.value"}, p=n("t.picky", x="@in.x")),
        xs=n("list.numbers", values=[1.0, 2.0, 3.0]),
        m=n("map.step", x="@xs.items", over=["x"]),
    )
    result = lab.run(made)
    assert result.status == "failed" and "m" not in states(result, "ran") | states(result, "cached")
    assert result.nodes["m[1]/p"].error == "not two"
    lab.run(turned(made, "xs", values=[1.0, 3.0]))
    assert lab.calls["t.picky"] == 0


def test_a_map_over_a_muted_list_is_a_sentence(lab: Lab):
    made = over_numbers([1.0])
    made = swapped(made, "xs", n("list.numbers", "mute", values=[1.0]))
    made = swapped(made, "bys", n("list.numbers", values=[10.0]))
    made = swapped(made, "m", n("map.step", x="@xs.items", by="@bys.items", over=["x", "by"]))
    result = lab.run(made)
    assert result.nodes["m"].state == "failed" and "x" in (result.nodes["m"].error or "")


@pytest.mark.parametrize(("over", "word"), [([], "over is empty"), (["z"], "z")])
def test_what_to_map_over_must_be_named(lab: Lab, over: list[str], word: str):
    with pytest.raises(InvalidGraphError, match=word):
        lab.run(swapped(over_numbers([1.0]), "m", n("map.step", x="@xs.items", over=over)))


def test_a_thousand_items(lab: Lab):
    result = lab.run(over_numbers([float(i) for i in range(1000)]))
    assert result["sum"] == sum(range(1000)) + 1000
