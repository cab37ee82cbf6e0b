from dataclasses import replace
from pathlib import Path

import pytest
from immutables import Map

from nawgraph.files import canonical_for_embedding, copy, dumps, load, loads
from nawgraph.graph import Graph, Node

GRAPH = load(Path(__file__).parent.parent / "golden" / "everything.nawgraph")


def test_what_an_export_depends_on_is_embedded() -> None:
    part = loads(canonical_for_embedding(GRAPH, ["hall"]))
    assert set(part.nodes) == {"prompt", "plan", "bars", "voice_1", "gain", "hall"}
    assert set(part.subgraphs) == {"voice", "level"}
    assert [entry["node"] for entry in part.form] == ["prompt", "plan", "voice_1"]
    assert part.lock == GRAPH.lock
    assert not part.ui
    assert not part.presets
    assert not any(definition.ui for definition in part.subgraphs.values())
    assert set(part.meta) == set(GRAPH.meta) - {"created", "modified"}


def test_embedding_does_not_see_layout_dates_or_other_branches() -> None:
    text = canonical_for_embedding(GRAPH, ["hall"])
    moved = replace(GRAPH, ui=Map(), meta=GRAPH.meta.set("modified", "2030-01-01"), nodes=GRAPH.nodes.delete("export"))
    assert canonical_for_embedding(moved, ["hall"]) == text
    assert canonical_for_embedding(loads(text), ["hall"]) == text


def test_a_chain_of_any_length_and_a_circle_end() -> None:
    long = {f"n{i}": Node("t", inputs=Map(x=f"n{i - 1}.x")) for i in range(1, 5000)} | {"n0": Node("t")}
    assert len(loads(canonical_for_embedding(Graph(nodes=Map(long)), ["n4999"])).nodes) == 5000
    circle = Graph(nodes=Map(a=Node("t", inputs=Map(x="b.x")), b=Node("t", inputs=Map(x="a.x"))))
    assert canonical_for_embedding(circle, ["a"]) == dumps(circle)


def test_unknown_targets_are_refused() -> None:
    with pytest.raises(KeyError, match="no node 'nobody'"):
        canonical_for_embedding(GRAPH, ["nobody"])


def test_copy_takes_nodes_places_frames_and_definitions_along() -> None:
    part = loads(copy(GRAPH, ["voice_1", "voice_2"]))
    assert part.nodes["voice_1"] == GRAPH.nodes["voice_1"]
    assert set(part.ui["nodes"]) == {"voice_1", "voice_2"}
    assert set(part.ui["frames"]) == {"voices"}
    assert set(part.subgraphs) == {"voice", "level"}
    assert "frames" not in loads(copy(GRAPH, ["voice_1"])).ui
    assert set(loads(copy(GRAPH, ["soft"], "voice")).nodes) == {"soft"}
