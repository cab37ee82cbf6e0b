"""Parts of a document that are documents themselves: for the clipboard, and for embedding in audio."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from immutables import Map

from nawgraph.files.printer import dumps
from nawgraph.graph import EMPTY, Graph, Node, Subgraph
from nawgraph.nesting import definitions_in, used

DATES = ("created", "modified")
"""Fields of meta that say when, not what."""


def copy(graph: Graph, ids: Collection[str], scope: str = "") -> str:
    """Some nodes as the text of a document: with the definitions they use, their places, and the frames around
    nothing else. Wires from other nodes are kept, so that pasting may take them up again.

    Raises:
        KeyError: no such node or scope.
        FormatError: they hold what a file cannot.
    """
    chosen = frozenset(ids)
    source = graph.scope(scope)
    nodes = Map({id: source.nodes[id] for id in chosen})
    ui = source.ui
    places = {id: place for id, place in ui.get("nodes", EMPTY).items() if id in chosen}
    frames = {key: f for key, f in ui.get("frames", EMPTY).items() if f.get("nodes") and chosen.issuperset(f["nodes"])}
    layout = {key: Map(entries) for key, entries in (("nodes", places), ("frames", frames)) if entries}
    return dumps(Graph(nodes=nodes, subgraphs=_definitions(graph, nodes), ui=Map(layout)))


def canonical_for_embedding(graph: Graph, targets: Iterable[str]) -> str:
    """The text of what `targets` depend on, to be carried by the files they write.

    Holds the nodes above the targets and themselves, the definitions and form entries of these, meta without
    dates, lock and unknown sections. Neither layout nor presets, so that moving a node changes no export.

    Raises:
        KeyError: no such node.
        FormatError: the document holds what a file cannot.
    """
    todo = list(targets)
    for id in todo:
        graph.node(id)
    kept: set[str] = set()
    while todo:
        id = todo.pop()
        if id in graph.nodes and id not in kept:
            kept.add(id)
            todo += graph.nodes[id].sources
    nodes = Map({id: graph.nodes[id] for id in kept})
    part = replace(
        graph,
        nodes=nodes,
        subgraphs=Map({name: replace(d, ui=EMPTY) for name, d in _definitions(graph, nodes).items()}),
        meta=Map({key: value for key, value in graph.meta.items() if key not in DATES}),
        form=tuple(entry for entry in graph.form if entry["node"] in kept),
        presets=EMPTY,
        ui=EMPTY,
    )
    return dumps(part)


def _definitions(graph: Graph, nodes: Map[str, Node]) -> Map[str, Subgraph]:
    names = used(graph.subgraphs, definitions_in(nodes))
    return Map({name: graph.subgraphs[name] for name in names})
