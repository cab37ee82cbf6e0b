"""Three-way merge of documents: field by field, since everything in them has a name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from nawgraph.files.diff import MISSING, same
from nawgraph.files.printer import to_json
from nawgraph.files.reader import from_json
from nawgraph.graph import EMPTY, INSIDE, Graph, Node, Subgraph, source_node
from nawgraph.problems import cycle
from nawgraph.shape import show

Path = tuple[str, ...]


@dataclass(frozen=True)
class Conflict:
    """A place that both sides changed in different ways.

    Attributes:
        where: the path in the document, such as ``nodes.plan.knobs.bars``.
        message: one sentence that says what was kept.
    """

    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


def merge(base: Graph, a: Graph, b: Graph) -> tuple[Graph, list[Conflict]]:
    """What both sides changed since `base`, together. Where they disagree, `a` is kept and a conflict reported.

    What one side removed and the other changed is kept. The result is sound: wires that lead to a removed node
    or, taken together, close a circle are left out and reported.
    """
    conflicts: list[Conflict] = []
    merged = _merge(to_json(base), to_json(a), to_json(b), (), conflicts)
    graph = from_json(merged)
    for name in ("", *sorted(graph.subgraphs)):
        ours = a.subgraphs.get(name) if name else a
        made, found = _sound(graph.scope(name), ours, f"subgraphs.{name}.nodes" if name else "nodes")
        conflicts += found
        graph = graph.with_scope(name, made)
    graph = replace(graph, form=tuple(e for e in graph.form if e["node"] in graph.nodes or e in a.form))
    places = {f"ui.nodes.{id}" for id in {*a.nodes, *b.nodes} - {*graph.nodes}}
    return graph, [conflict for conflict in conflicts if conflict.where not in places]


def _merge(base: Any, a: Any, b: Any, path: Path, conflicts: list[Conflict]) -> Any:
    """The merged value, or MISSING."""
    if same(a, b) or same(base, b):
        return a
    if same(base, a):
        return b
    if isinstance(a, dict) and isinstance(b, dict):
        old = base if isinstance(base, dict) else {}
        keys = list(dict.fromkeys((*a, *b)))
        parts = (
            (k, _merge(old.get(k, MISSING), a.get(k, MISSING), b.get(k, MISSING), (*path, k), conflicts)) for k in keys
        )
        return {key: value for key, value in parts if value is not MISSING}
    if isinstance(a, list) and isinstance(b, list) and isinstance(base, list) and _is_set(path):
        return _merge_lists(base, a, b)
    kept = b if a is MISSING else a
    conflicts.append(Conflict(".".join(path), _disagreement(a, b)))
    return kept


def _disagreement(a: Any, b: Any) -> str:
    if a is MISSING or b is MISSING:
        removed, changed = ("the first", "the second") if a is MISSING else ("the second", "the first")
        return f"{removed} side removed it and {changed} changed it; the change is kept"
    return f"the first side says {show(a)}, the second {show(b)}; the first is kept"


def _is_set(path: Path) -> bool:
    """Lists whose items have no place of their own: what each side added and removed counts."""
    return path == ("form",) or "inputs" in path[-2:-1] or path[-1:] in (("nodes",), ("targets",))


def _merge_lists(base: list[Any], a: list[Any], b: list[Any]) -> list[Any]:
    old, ours, theirs = ([json.dumps(item, sort_keys=True) for item in side] for side in (base, a, b))
    kept = [item for item, text in zip(a, ours, strict=True) if text in theirs or text not in old]
    return kept + [item for item, text in zip(b, theirs, strict=True) if text not in old and text not in ours]


def _sound(scope: Graph | Subgraph, ours: Graph | Subgraph | None, where: str) -> tuple[Any, list[Conflict]]:
    """The scope without wires that lead nowhere or close a circle, where the first side has them not."""
    mine = ours.nodes if ours is not None else EMPTY
    conflicts: list[Conflict] = []
    nodes = scope.nodes
    for id in sorted(nodes):
        for port, source in sorted(nodes[id].wires()):
            end = source_node(source)
            if end not in nodes and end != INSIDE and not _has(mine, id, port, source):
                nodes = nodes.set(id, _cut(nodes[id], port, source))
                conflicts.append(
                    Conflict(f"{where}.{id}.inputs.{port}", f"{end} was removed; the wire from {source} is left out")
                )
    while path := cycle(nodes):
        for id, port, source in _wires_along(nodes, path):
            if not _has(mine, id, port, source):
                nodes = nodes.set(id, _cut(nodes[id], port, source))
                conflicts.append(
                    Conflict(f"{where}.{id}.inputs.{port}", f"the wire from {source} closes a circle and is left out")
                )
                break
        else:
            break
    mine_places = ours.ui.get("nodes", EMPTY) if ours is not None else EMPTY
    ui = scope.ui
    if gone := [id for id in ui.get("nodes", EMPTY) if id not in nodes and id not in mine_places]:
        places = ui["nodes"]
        for id in gone:
            places = places.delete(id)
        ui = ui.set("nodes", places)
    return replace(scope, nodes=nodes, ui=ui), conflicts


def _wires_along(nodes: Any, path: list[str]) -> Iterator[tuple[str, str, str]]:
    for feeder, reader in pairwise(path):
        for port, source in sorted(nodes[reader].wires()):
            if source_node(source) == feeder:
                yield reader, port, source


def _has(nodes: Any, id: str, port: str, source: str) -> bool:
    return id in nodes and (port, source) in set(nodes[id].wires())


def _cut(node: Node, port: str, source: str) -> Node:
    wire = node.inputs[port]
    rest = () if isinstance(wire, str) else tuple(s for s in wire if s != source)
    return replace(node, inputs=node.inputs.set(port, rest) if rest else node.inputs.delete(port))
