"""Which subgraph definitions use which, and how deep they go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from nawgraph.graph import Graph, Node, Subgraph, definition_of

MAX_NESTING = 32
"""Definitions inside definitions: few enough for recursive readers."""


def definitions_in(nodes: Mapping[str, Node]) -> set[str]:
    """Names of the definitions that these nodes are instances of."""
    found = (definition_of(node.type) for node in nodes.values())
    return {instance[1] for instance in found if instance is not None}


def used(subgraphs: Mapping[str, Subgraph], names: Iterable[str]) -> set[str]:
    """`names` and every definition inside them, as far as they exist."""
    seen: set[str] = set()
    todo = [name for name in names if name in subgraphs]
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo += [inner for inner in definitions_in(subgraphs[name].nodes) if inner in subgraphs]
    return seen


def too_deep(graph: Graph) -> bool:
    """Whether definitions are nested beyond the limit. Those that contain themselves count one level each."""
    uses = {name: {i for i in definitions_in(d.nodes) if i in graph.subgraphs} for name, d in graph.subgraphs.items()}
    users: dict[str, set[str]] = {name: set() for name in uses}
    for name, inner in uses.items():
        for other in inner:
            users[other].add(name)
    ready = [name for name, inner in uses.items() if not inner]
    levels = 0
    while ready:
        levels += 1
        above: list[str] = []
        for name in ready:
            for user in users[name]:
                uses[user].discard(name)
                if not uses[user]:
                    above.append(user)
        ready = above
    circular = sum(1 for inner in uses.values() if inner)
    return levels + circular > MAX_NESTING
