from pathlib import Path

import pytest
from immutables import Map

from nawgraph.files import dumps, loads, upgrade_nodes
from nawgraph.files.upgrade import STEPS, VERSION
from nawgraph.graph import Graph, Node, Subgraph
from nawgraph.library import Library
from nawgraph.node import NodeSpec

GOLDEN = Path(__file__).parent.parent / "golden"


def test_the_prototype_becomes_the_present_format_byte_for_byte() -> None:
    old = (GOLDEN / "prototype.nawgraph").read_bytes()
    assert dumps(loads(old)) == (GOLDEN / "prototype.upgraded.nawgraph").read_text(encoding="utf-8")


def test_there_is_a_step_from_every_older_version() -> None:
    assert sorted(STEPS) == list(range(VERSION))


def rename_gain(knobs: dict) -> dict:
    return {("db" if key == "gain" else key): value for key, value in knobs.items()}


def broken(knobs: dict) -> dict:
    raise RuntimeError("no such knob")


@pytest.fixture
def library() -> Library:
    specs = [
        NodeSpec("a.gain", version=3, migrations={1: rename_gain, 2: lambda knobs: knobs | {"db": knobs["db"] * 2}}),
        NodeSpec("a.broken", version=2, migrations={1: broken}),
        NodeSpec("a.odd", version=2, migrations={1: lambda knobs: {"x": object()}}),
        NodeSpec("a.fresh", version=2),
    ]
    library = Library(specs)
    library.renamed.update({"old.gain": "older.gain", "older.gain": "a.gain", "x.a": "x.b", "x.b": "x.a"})
    return library


def test_knobs_are_migrated_version_by_version(library: Library) -> None:
    node = Node("a.gain", knobs=Map(gain=-3.0, other=1))
    graph, notes = upgrade_nodes(Graph(nodes=Map(g=node), subgraphs=Map(s=Subgraph(nodes=Map(g=node)))), library)
    assert graph.nodes["g"] == graph.subgraphs["s"].nodes["g"] == Node("a.gain", 3, knobs=Map(db=-6.0, other=1))
    assert notes == ["g: brought from version 1 to 3 of a.gain", "s/g: brought from version 1 to 3 of a.gain"]


def test_a_version_without_a_migration_keeps_the_knobs(library: Library) -> None:
    graph, _ = upgrade_nodes(Graph(nodes=Map(n=Node("a.fresh", knobs=Map(k=1)))), library)
    assert graph.nodes["n"] == Node("a.fresh", 2, knobs=Map(k=1))


def test_renamed_types_are_found_through_all_their_names(library: Library) -> None:
    old = Graph(nodes=Map(n=Node("old.gain", 3)), presets=Map({"older.gain": Map(p=Map(db=1))}))
    graph, notes = upgrade_nodes(old, library)
    assert graph.nodes["n"].type == "a.gain"
    assert dict(graph.presets) == {"a.gain": Map(p=Map(db=1))}
    assert notes == ["n: old.gain is called a.gain now"]
    assert upgrade_nodes(Graph(nodes=Map(n=Node("x.a"))), library)[0].nodes["n"].type in ("x.a", "x.b")


@pytest.mark.parametrize(
    "node, word",
    [
        (Node("a.gain", 9), "left as it is"),
        (Node("a.broken", 1), "no such knob"),
        (Node("a.odd", 1), "must be JSON"),
    ],
)
def test_what_cannot_be_migrated_stays_and_is_reported(library: Library, node: Node, word: str) -> None:
    graph, notes = upgrade_nodes(Graph(nodes=Map(n=node)), library)
    assert graph.nodes["n"] == node
    assert len(notes) == 1
    assert word in notes[0]


def test_a_document_that_is_up_to_date_is_the_same_object(library: Library) -> None:
    graph = Graph(nodes=Map(n=Node("a.gain", 3), u=Node("unknown.type", 7), s=Node("subgraph.s")))
    assert upgrade_nodes(graph, library) == (graph, [])
