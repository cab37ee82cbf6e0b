"""Nodes that were saved for older versions of their types, or under older names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from immutables import Map

from nawgraph import shape
from nawgraph.graph import Graph, Library, Node, definition_of, plain
from nawgraph.node import NodeSpec


def upgrade_nodes(graph: Graph, library: Library) -> tuple[Graph, list[str]]:
    """The document with every node brought to the version of its type, and a sentence about each change.

    The library may have an attribute ``renamed`` (old type id → new type id). A node of a newer version than
    the type's, and one whose migration fails, stay as they are and are reported.
    """
    renamed: Mapping[str, str] = getattr(library, "renamed", {})
    notes: list[str] = []
    for name in ("", *sorted(graph.subgraphs)):
        scope = graph.scope(name)
        changed: dict[str, Node] = {}
        for id in sorted(scope.nodes):
            node = scope.nodes[id]
            made = _upgraded(f"{name}/{id}" if name else id, node, library, renamed, notes)
            if made is not node:
                changed[id] = made
        if changed:
            graph = graph.with_scope(name, replace(scope, nodes=scope.nodes.update(changed)))
    presets = {renamed.get(type, type): named for type, named in graph.presets.items()}
    return (replace(graph, presets=Map(presets)) if presets.keys() != set(graph.presets) else graph), notes


def _upgraded(id: str, node: Node, library: Library, renamed: Mapping[str, str], notes: list[str]) -> Node:
    if definition_of(node.type) is not None:
        return node
    type = _final(node.type, renamed)
    if type != node.type and library.get(node.type) is None:
        notes.append(f"{id}: {node.type} is called {type} now")
        node = replace(node, type=type)
    spec = library.get(node.type)
    if spec is None or node.version == spec.version:
        return node
    if node.version > spec.version:
        notes.append(
            f"{id}: was saved by version {node.version} of {node.type}, and this is {spec.version}: left as it is"
        )
        return node
    return _migrated(id, node, spec, notes)


def _final(type: str, renamed: Mapping[str, str]) -> str:
    """The newest name, through at most as many renames as there are (a circle of names leads nowhere)."""
    seen = {type}
    while renamed.get(type, type) not in seen:
        type = renamed[type]
        seen.add(type)
    return type


def _migrated(id: str, node: Node, spec: NodeSpec, notes: list[str]) -> Node:
    knobs = plain(node.knobs)
    try:
        for version in range(node.version, spec.version):
            if version in spec.migrations:
                knobs = spec.migrations[version](dict(knobs))
        made = shape.knobs(knobs, f"{id}: knobs")
    except Exception as error:  # migrations come with node packs: whatever they raise, the document opens
        notes.append(f"{id}: could not be brought from version {node.version} to {spec.version} of {spec.id} ({error})")
        return node
    notes.append(f"{id}: brought from version {node.version} to {spec.version} of {spec.id}")
    return replace(node, version=spec.version, knobs=made)
