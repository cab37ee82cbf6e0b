from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from immutables import Map

from nawgraph.edits import AddNode, Batch, Connect, Group, Move, SetKnob, SetUi
from nawgraph.files import loads
from nawgraph.graph import Graph
from nawgraph.interface import Interfaces
from nawgraph.library import standard
from nawgraph.ui.bends import beziers
from nawgraph.ui.geometry import NOTHING, REROUTE, Hit, Scene, scene_of
from nawgraph.ui.shapes import HEAD, MOST_KNOBS, OUTSIDE

LIBRARY = standard()
TYPES = [
    "audio.tone",
    "audio.gain",
    "mix.mixer",
    "prompt.text",
    "plan.compose",
    "synth.render",
    "stems.pack",
    "math.add",
]


def scene(graph: Graph, name: str = "", before: Scene | None = None) -> Scene:
    return scene_of(graph.scope(name), Interfaces(graph, LIBRARY), before)


def built(*edits: object) -> Graph:
    return Batch(edits).apply(Graph(), LIBRARY)  # type: ignore[arg-type]


def chain() -> Graph:
    return built(
        AddNode("audio.tone", at=(0, 0)), AddNode("audio.gain", at=(400, 40)), Connect("tone.audio", "gain.audio")
    )


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.tuples(st.sampled_from(TYPES), st.booleans(), st.booleans()), min_size=1, max_size=6),
    st.sampled_from([0.5, 1.0, 2.0]),
)
def test_all_that_is_drawn_can_be_hit(nodes: list[tuple[str, bool, bool]], zoom: float) -> None:
    graph = Graph()
    for i, (type, collapsed, unfolded) in enumerate(nodes):
        graph = AddNode(type, id=f"n{i}").apply(graph, LIBRARY)
        value = {"at": [i * 600, 0], "collapsed": collapsed, "unfolded": unfolded}
        graph = SetUi("nodes", f"n{i}", value).apply(graph, LIBRARY)
    shown = scene(graph)
    for id, shape in shown.shapes.items():
        left, top, _, bottom = shown.box(id)
        assert shown.hit((left + shape.width / 2, top + 4), zoom).kind == "head"
        for (side, name), dot in shape.dots.items():
            assert shown.hit((left + dot.x, top + dot.y), zoom) == Hit("port", id, name, side)
            assert 0 <= dot.y <= shape.height
        for field in shape.fields:
            x, y = left + (field.box[0] + field.box[2]) / 2, top + (field.box[1] + field.box[3]) / 2
            assert shown.hit((x, y), zoom) == Hit("field", id, field.knob.name)
            assert field.box[3] < shape.height
        for rect, kind in ((shape.viewer, "viewer"), (shape.more, "more")):
            if rect is not None:
                x, y = left + (rect[0] + rect[2]) / 2, top + (rect[1] + rect[3]) / 2
                assert shown.hit((x, y), zoom) == Hit(kind, id)  # type: ignore[arg-type]
        assert shown.hit((left + 2, bottom + 40), zoom) == NOTHING
        assert shown.hit((left + 50, top + 9), zoom, parts=False) == Hit("node", id)


def test_wires_are_hit_along_their_whole_length_and_not_beside_it() -> None:
    shown = scene(chain())
    points = beziers(shown.stretches)[0]
    for x, y in points[3:-3]:
        assert shown.hit((x, y)) == Hit("wire", "tone.audio", "gain.audio")
        assert shown.hit((x, y + 60)) == NOTHING
    assert shown.wire_at(tuple(points[9]), 5, but={"gain"}) is None


def test_a_slash_cuts_the_wires_that_it_crosses() -> None:
    shown = scene(chain())
    (x, y) = beziers(shown.stretches)[0][10]
    assert [wire.target for wire in shown.cut((x, y - 50), (x + 5, y + 50))] == ["gain.audio"]
    assert shown.cut((x, y + 20), (x + 5, y + 50)) == []


def test_a_drag_moves_boxes_ports_and_wires_together() -> None:
    shown = scene(chain())
    moved = shown.moved({"gain"}, 30, -10)
    assert moved.position("gain") == (430, 30) and moved.position("tone") == (0, 0)
    assert np.allclose(moved.stretches - shown.stretches, [[0, 0, 30, -10]])
    x, y = moved.dot("gain", "in", "audio")
    assert moved.hit((x, y)) == Hit("port", "gain", "audio", "in")
    assert shown.hit((x, y)) != Hit("port", "gain", "audio", "in")


def test_what_did_not_change_is_taken_over() -> None:
    graph = chain()
    first = scene(graph)
    turned = scene(SetKnob("gain", "db", -6.0).apply(graph, LIBRARY), before=first)
    assert turned.hooks is first.hooks and turned.shapes["tone"] is first.shapes["tone"]
    assert turned.shapes["gain"].fields[0].value == -6.0
    moved = scene(Move({"gain": (500, 40)}).apply(graph, LIBRARY), before=first)
    assert moved.shapes["gain"] is first.shapes["gain"] and moved.wires is first.wires
    assert moved.stretches[0, 2] == first.stretches[0, 2] + 100


def test_wires_bend_at_reroutes_in_their_order() -> None:
    graph = chain()
    wire = {"source": "tone.audio", "targets": ["gain.audio"]}
    graph = SetUi("reroutes", "b", {"at": [320, 300], "after": "a", **wire}).apply(graph, LIBRARY)
    graph = SetUi("reroutes", "a", {"at": [260, 200], **wire}).apply(graph, LIBRARY)
    shown = scene(graph)
    assert shown.stretches[:, 2:].tolist()[:2] == [[260, 200], [320, 300]]
    assert len(shown.wires) == 1 and shown.owner.tolist() == [0, 0, 0]
    assert shown.hit((260, 200)) == Hit("reroute", "reroutes/a")
    assert shown.box("reroutes/a") == (260 - REROUTE, 200 - REROUTE, 260 + REROUTE, 200 + REROUTE)


def test_many_knobs_are_folded_but_not_those_that_are_set() -> None:
    graph = built(AddNode("mix.mixer", at=(0, 0)))
    folded = scene(graph).shapes["mixer"]
    assert len(folded.fields) < MOST_KNOBS and folded.hidden == 30 - len(folded.fields) and folded.more is not None
    graph = SetKnob("mixer", "loudness", -9.0).apply(graph, LIBRARY)
    assert scene(graph).shapes["mixer"].field("loudness") is not None
    graph = SetUi("nodes", "mixer", {"at": [0, 0], "unfolded": True}).apply(graph, LIBRARY)
    assert len(scene(graph).shapes["mixer"].fields) == 30


def test_nodes_without_a_place_are_tidied_below_the_others() -> None:
    graph = built(AddNode("audio.tone"), AddNode("audio.gain"), Connect("tone.audio", "gain.audio"))
    shown = scene(graph)
    assert shown.box("tone")[2] < shown.box("gain")[0]
    graph = AddNode("audio.tone", at=(0, 1000)).apply(graph, LIBRARY)
    assert scene(graph).box("tone")[1] > scene(graph).box("tone_2")[3]


def test_frames_hold_nodes_and_are_hit_by_their_title_alone() -> None:
    graph = SetUi("frames", "f", {"at": [-20, -60], "size": [800, 500], "nodes": ["gain"]}).apply(chain(), LIBRARY)
    shown = scene(graph)
    assert shown.hit((300, -40)) == Hit("frame", "frames/f")
    assert shown.hit((300, 400)) == NOTHING
    assert shown.hit((778, 438)) == Hit("corner", "frames/f")
    assert shown.hit((10, 10)).id == "tone"
    assert "frames/f" not in shown.touched((0, 0, 10, 10))
    assert shown.touched((-30, -70, 900, 600)) == {"frames/f", "tone", "gain"}


def test_notes_are_hit_and_moved() -> None:
    graph = SetUi("notes", "n", {"at": [0, 600], "size": [200, 100], "text": "hi"}).apply(chain(), LIBRARY)
    shown = scene(graph).moved({"notes/n"}, 10, 0)
    assert shown.hit((205, 650)) == Hit("note", "notes/n")
    assert shown.bounds({"notes/n"}) == (10, 600, 210, 700)


def test_a_definition_has_boxes_for_its_inputs_and_outputs() -> None:
    graph = built(
        AddNode("audio.tone", at=(0, 0)),
        AddNode("audio.gain", at=(400, 0)),
        AddNode("mix.meter", at=(800, 0)),
        Connect("tone.audio", "gain.audio"),
        Connect("gain.audio", "meter.audio"),
        Group(["gain"], name="g"),
    )
    shown = scene(graph, "g")
    assert {wire.source.partition(".")[0] for wire in shown.wires} == {"in", "gain"}
    assert OUTSIDE in shown.shapes
    assert shown.box("in")[2] < shown.box("gain")[0] < shown.box("gain")[2] < shown.box(OUTSIDE)[0]
    assert shown.touched((-1e6, -1e6, 1e6, 1e6)) == {"gain"}


def test_an_unknown_type_shows_what_is_wired() -> None:
    graph = loads(
        '{"nawgraph": 1, "nodes": {"a": {"type": "audio.tone", "version": 1},'
        ' "x": {"type": "gone.away", "version": 1, "inputs": {"sound": "a.audio"}}}}'
    )
    shown = scene(graph)
    assert shown.shapes["x"].title == "gone.away" and shown.shapes["x"].spec is None
    assert len(shown.wires) == 1
    assert shown.shapes["x"].dot("in", "sound")[1] > HEAD


def test_an_empty_scope_has_no_bounds() -> None:
    shown = scene(Graph())
    assert shown.bounds() is None and shown.hit((0, 0)) == NOTHING and shown.touched((0, 0, 1, 1)) == frozenset()


def test_layout_of_entries_is_read_with_and_without_a_size() -> None:
    graph = SetUi("nodes", "tone", {"at": [5, 6], "size": [300, 400]}).apply(chain(), LIBRARY)
    shown = scene(graph)
    assert shown.box("tone")[:3] == (5, 6, 305)
    assert shown.box("tone")[3] == pytest.approx(406, abs=4)
    assert isinstance(graph.ui["nodes"]["tone"], Map)
