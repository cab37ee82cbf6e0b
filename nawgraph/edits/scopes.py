"""Steps that several edits share: look up, rewire, place and tidy the nodes of one scope."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from immutables import Map

from nawgraph.edits.base import EditError
from nawgraph.graph import EMPTY, INSIDE, Graph, Json, Node, Subgraph, source_node, valid_id
from nawgraph.problems import nearest

Scope = Graph | Subgraph
Point = tuple[float, float]
T = TypeVar("T")
FAR = 1e9
"""Positions beyond this are mistakes."""


def node_in(scope: Scope, id: str) -> Node:
    """The node. Raises EditError."""
    node = scope.nodes.get(id)
    if node is None:
        raise EditError(f"there is no node {id!r}{nearest(id, list(scope.nodes))}")
    return node


def all_in(scope: Scope, ids: Iterable[str]) -> tuple[str, ...]:
    """The ids, each once, sorted. Raises EditError if there are none or one does not exist."""
    found = tuple(sorted(set(ids)))
    for id in found:
        node_in(scope, id)
    if not found:
        raise EditError("no node is selected")
    return found


def new_id(scope: Scope, id: str) -> str:
    """`id`, checked to be free. Raises EditError."""
    if not valid_id(id):
        raise EditError(f"{id!r} cannot be an id: begin with a letter, then letters, digits, _ or -, 64 at most")
    if id in scope.nodes:
        raise EditError(f"there is a node {id!r} already")
    return id


def fresh(base: str, taken: Collection[str]) -> str:
    """`base`, or ``base_2``, ``base_3`` … : the first that is not taken; always a valid id."""
    base = base if valid_id(base) else f"node_{base}" if valid_id(f"node_{base}") else "node"
    stem, _, number = base.rpartition("_")
    stem = stem if stem and number.isdecimal() and valid_id(stem) else base
    if base not in taken:
        return base
    n = 2
    while f"{stem[:56]}_{n}" in taken:
        n += 1
    return f"{stem[:56]}_{n}"


def id_for(type: str, taken: Collection[str]) -> str:
    """A fresh id for a node of a type: ``gain`` for ``audio.gain``."""
    return fresh(type.rpartition(".")[2], taken)


def rewired(node: Node, change: Callable[[str], tuple[str, ...]]) -> Node:
    """The node with every wire's source replaced by what `change` gives for it; () cuts the wire.

    A port with one wire takes the first of several; a list takes them all in place.
    """
    inputs = node.inputs
    for port, wire in node.inputs.items():
        if isinstance(wire, str):
            sources = change(wire)
            if sources == (wire,):
                continue
            inputs = inputs.set(port, sources[0]) if sources else inputs.delete(port)
        else:
            several = tuple(new for old in wire for new in change(old))
            if several != wire:
                inputs = inputs.set(port, several) if several else inputs.delete(port)
    return node if inputs is node.inputs else replace(node, inputs=inputs)


def rewire_all(nodes: Map[str, Node], change: Callable[[str], tuple[str, ...]]) -> Map[str, Node]:
    """`rewired` for all nodes, sharing those that stay the same."""
    changed = {id: made for id, node in nodes.items() if (made := rewired(node, change)) is not node}
    return nodes.update(changed) if changed else nodes


def ancestors(nodes: Mapping[str, Node], ids: Iterable[str]) -> set[str]:
    """All nodes that feed these, themselves included; any depth."""
    seen: set[str] = set()
    todo = list(ids)
    while todo:
        id = todo.pop()
        if id in nodes and id not in seen:
            seen.add(id)
            todo += nodes[id].sources - seen
    return seen


def position(ui: Mapping[str, Json], id: str) -> Point | None:
    """Where a node is drawn, or None."""
    entry = ui.get("nodes", EMPTY).get(id)
    at = entry.get("at") if isinstance(entry, Map) else entry
    return (at[0], at[1]) if at else None


def unit(value: float) -> int:
    """A coordinate on the canvas as the document keeps it: whole, so that a hair's breadth makes no diff."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value) or abs(value) > FAR:
        raise EditError(f"a position must be a number between ±{FAR:g}, got {value!r}")
    return round(value)


def placed(ui: Map[str, Json], positions: Mapping[str, Point]) -> Map[str, Json]:
    """Layout with these nodes moved; size, colour and the like are kept."""
    nodes: Map[str, Json] = ui.get("nodes", EMPTY)
    with nodes.mutate() as draft:
        for id, (x, y) in positions.items():
            at = (unit(x), unit(y))
            entry = draft.get(id)
            draft[id] = entry.set("at", at) if isinstance(entry, Map) else at
        nodes = draft.finish()
    return ui.set("nodes", nodes) if nodes else ui


def copied_layout(ui: Map[str, Json], entries: Mapping[str, Json], offset: Point) -> Map[str, Json]:
    """Layout with entries of ``ui.nodes`` added under their new ids, moved by `offset`."""
    nodes: Map[str, Json] = ui.get("nodes", EMPTY).update(entries)
    moved = {}
    for id in entries:
        at = position(Map(nodes=nodes), id)
        if at is not None:
            moved[id] = (at[0] + offset[0], at[1] + offset[1])
    return placed(ui.set("nodes", nodes) if nodes else ui, moved)


def without(section: Mapping[str, T], keys: Iterable[str]) -> dict[str, T]:
    """The section as a dict, less some keys."""
    gone = set(keys)
    return {key: value for key, value in section.items() if key not in gone}


def set_section(ui: Map[str, Json], section: str, entries: Mapping[str, Json]) -> Map[str, Json]:
    """Layout with a section replaced; an empty one is left out."""
    if entries:
        return ui.set(section, Map(entries))
    return ui.delete(section) if section in ui else ui


def relabelled(ui: Map[str, Json], names: Mapping[str, str]) -> Map[str, Json]:
    """Layout in which nodes go by their new ids: positions, frames and reroutes."""
    if "nodes" in ui:
        ui = ui.set("nodes", Map({names.get(id, id): entry for id, entry in ui["nodes"].items()}))
    for section, fields in (("frames", ("nodes",)), ("reroutes", ("source", "targets"))):
        if section in ui:
            entries = {key: _relabelled(entry, fields, names) for key, entry in ui[section].items()}
            ui = ui.set(section, Map(entries))
    return ui


def _relabelled(entry: Map[str, Json], fields: tuple[str, ...], names: Mapping[str, str]) -> Map[str, Json]:
    for field in fields:
        value: Any = entry.get(field)
        if isinstance(value, str):
            entry = entry.set(field, renamed_end(value, names))
        elif value:
            entry = entry.set(field, tuple(renamed_end(item, names) for item in value))
    return entry


def renamed_end(end: str, names: Mapping[str, str]) -> str:
    """``node`` or ``node.port`` with the node's new id."""
    node, dot, port = end.partition(".")
    return f"{names.get(node, node)}{dot}{port}"


def tidy(scope: Scope) -> Map[str, Json]:
    """The layout of a scope without what speaks of nodes or wires that are gone."""
    ui = scope.ui
    nodes = scope.nodes
    if gone := [id for id in ui.get("nodes", EMPTY) if id not in nodes]:
        ui = set_section(ui, "nodes", without(ui["nodes"], gone))
    frames = {key: _members(frame, nodes) for key, frame in ui.get("frames", EMPTY).items()}
    if "frames" in ui:
        ui = set_section(ui, "frames", frames)
    if "reroutes" in ui:
        ui = set_section(ui, "reroutes", _reroutes(ui["reroutes"], nodes))
    return ui


def _members(frame: Map[str, Json], nodes: Mapping[str, Node]) -> Map[str, Json]:
    members = frame.get("nodes", ())
    kept = tuple(id for id in members if id in nodes)
    return frame if kept == members else frame.set("nodes", kept)


def _reroutes(reroutes: Map[str, Json], nodes: Mapping[str, Node]) -> dict[str, Json]:
    kept: dict[str, Json] = {}
    for key, entry in reroutes.items():
        targets = entry.get("targets", ())
        live = tuple(target for target in targets if _runs(nodes, entry["source"], target))
        if live:
            kept[key] = entry if live == targets else entry.set("targets", live)
    for key, entry in kept.items():
        if entry.get("after", "") not in ("", *kept):
            kept[key] = entry.delete("after")
    return kept


def _runs(nodes: Mapping[str, Node], source: str, target: str) -> bool:
    id, _, port = target.partition(".")
    wire = nodes[id].inputs.get(port, ()) if id in nodes else ()
    return source == wire if isinstance(wire, str) else source in wire


def missing_source(scope: Scope, source: str) -> bool:
    """Whether a wire would begin nowhere: its node, or its input of the definition, does not exist."""
    id = source_node(source)
    if id == INSIDE and isinstance(scope, Subgraph):
        return source.partition(".")[2] not in scope.inputs
    return id not in scope.nodes
