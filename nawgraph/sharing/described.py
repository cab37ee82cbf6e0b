"""A document's nodes with the descriptions of their types: what locks, licences and trust sheets go through."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nawgraph.graph import Graph, Library
from nawgraph.node import NodeSpec


def described(graph: Graph, library: Library) -> Iterator[tuple[str, Any, NodeSpec]]:
    """(id, node, type) of every node whose type is known; ``DEFINITION/NODE`` inside subgraphs."""
    for scope in ("", *sorted(graph.subgraphs)):
        nodes = graph.scope(scope).nodes
        for id in sorted(nodes):
            spec = library.get(nodes[id].type)
            if isinstance(spec, NodeSpec):
                yield f"{scope}/{id}" if scope else id, nodes[id], spec
