"""Change a document from outside before it runs: knobs by ``NODE.KNOB=VALUE``, all seeds by one number."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from nawgraph.graph import Graph, Library, Node, Subgraph, deep_freeze, definition_of
from nawgraph.hints import Seed
from nawgraph.interface import Interfaces
from nawgraph.node import Knob, NodeSpec
from nawgraph.problems import nearest
from nawgraph.types import Type


class OverrideError(ValueError):
    """A node or knob that does not exist, or a value it refuses; the message is a sentence."""


def knob_of(graph: Graph, library: Library, target: str) -> tuple[str, Node, Knob]:
    """Node id, node and knob that ``NODE.KNOB`` names; promoted knobs of subgraphs are knobs like others.

    Raises:
        OverrideError: no such node or knob; the message suggests the nearest.
    """
    id, dot, name = target.rpartition(".")
    if not dot or not id or not name:
        raise OverrideError(f"{target!r} does not name a knob: write NODE.KNOB, such as gain.db")
    if id not in graph.nodes:
        inside = id.partition("/")[0] in {*graph.nodes, *graph.subgraphs} and "/" in id
        hint = " (promote the knob of a node inside a subgraph to set it)" if inside else nearest(id, list(graph.nodes))
        raise OverrideError(f"there is no node {id!r}{hint}")
    node = graph.nodes[id]
    spec = Interfaces(graph, library).of(node)
    if spec is None:
        raise OverrideError(f"{target}: node type {node.type!r} is not installed")
    knob = spec.knob(name)
    if knob is None:
        raise OverrideError(_no_knob(id, name, spec))
    return id, node, knob


def _no_knob(id: str, name: str, spec: NodeSpec) -> str:
    names = [k.name for k in spec.knobs]
    if spec.input(name) is not None:
        return f"{id}.{name} is an input: it takes a wire, not a value"
    known = f"it has {', '.join(names)}" if names else "it has none"
    return f"{id} ({spec.id}) has no knob {name!r}{nearest(name, names) or f': {known}'}"


def set_knob(graph: Graph, library: Library, target: str, value: Any) -> Graph:
    """The document with the knob ``NODE.KNOB`` set.

    Raises:
        OverrideError: no such knob, or a value of the wrong type or out of range.
    """
    id, node, knob = knob_of(graph, library, target)
    try:
        value = knob.coerce(value)
    except ValueError as error:
        raise OverrideError(f"{id}.{error}") from None
    return replace(graph, nodes=graph.nodes.set(id, replace(node, knobs=node.knobs.set(knob.name, deep_freeze(value)))))


def parse(text: str, knob: Knob) -> Any:
    """What somebody typed, as the kind of value the knob takes: text as it is, all else as JSON.

    Raises:
        OverrideError: not a value of that kind.
    """
    if knob.type == Type("str"):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        if knob.type.is_list:
            example = '["a", "b"]' if knob.type.item == Type("str") else "[1, 2]"
            raise OverrideError(f"{knob.name} wants a list such as {example}, got {text!r}") from None
        return {"True": True, "False": False}.get(text, text)


def with_seed(graph: Graph, library: Library, seed: int) -> Graph:
    """The document with every unwired Seed knob set to a number that follows from `seed` and the node.

    A node inside a subgraph is shared by all instances and is named ``DEFINITION/NODE``. A promoted seed is set on
    each instance and belongs to ``INSTANCE/NODE``, so that two instances differ.
    """
    interfaces = Interfaces(graph, library)
    for name in sorted(graph.subgraphs):
        graph = graph.with_scope(name, _reseeded(graph, graph.subgraphs[name], f"{name}/", interfaces, seed))
    return graph.with_scope("", _reseeded(graph, graph, "", interfaces, seed))


def node_seed(seed: int, id: str) -> int:
    """H(seed, node id): the first 63 bits of SHA-256 over ``SEED:ID``, big end first."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{id}".encode()).digest()[:8], "big") >> 1


def _reseeded(
    graph: Graph, scope: Graph | Subgraph, prefix: str, interfaces: Interfaces, seed: int
) -> Graph | Subgraph:
    nodes = scope.nodes
    for id, node in scope.nodes.items():
        for knob in _seeds(interfaces, node):
            value = node_seed(seed, prefix + _origin(graph, id, node, knob))
            nodes = nodes.set(id, replace(nodes[id], knobs=nodes[id].knobs.set(knob, value)))
    return replace(scope, nodes=nodes)


def _seeds(interfaces: Interfaces, node: Node) -> Iterator[str]:
    spec = interfaces.of(node)
    for knob in spec.knobs if spec else ():
        if isinstance(knob.hint, Seed) and knob.type == Type("int") and knob.name not in node.inputs:
            yield knob.name


def _origin(graph: Graph, id: str, node: Node, knob: str) -> str:
    """The id of the node that a knob is of: ``INSTANCE/NODE`` for a promoted one."""
    path = [id]
    while instance := definition_of(node.type):
        inner, _, knob = graph.subgraphs[instance[1]].knobs[knob].partition(".")
        node = graph.subgraphs[instance[1]].nodes[inner]
        path.append(inner)
    return "/".join(path)
