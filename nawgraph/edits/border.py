"""Changes of a definition's border, carried through to all its instances."""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import replace
from typing import Any, Literal, TypeVar

from immutables import Map

from nawgraph.edits.scopes import Scope, rewire_all, tidy
from nawgraph.graph import INSIDE, Graph, Library, Node, Subgraph, definition_of
from nawgraph.interface import OVER, Interfaces, over_of

T = TypeVar("T", bound=Any)


def settled(graph: Graph, name: str) -> Graph:
    """The document after nodes or wires of a scope have gone: what spoke of them goes as well.

    In the document itself form entries and layout; in a definition its outputs and promoted knobs, and with
    these the wires and knobs of its instances, on through definitions that hold these.
    """
    todo = [name]
    while todo:
        name = todo.pop()
        scope = graph.scope(name)
        if isinstance(scope, Graph):
            form = tuple(entry for entry in graph.form if entry["node"] in graph.nodes)
            graph = replace(graph, form=form, ui=tidy(graph))
            continue
        outputs = [port for port, source in scope.outputs.items() if _dangles(graph, scope, source, "outputs")]
        knobs = [knob for knob, target in scope.knobs.items() if _dangles(graph, scope, target, "knobs")]
        graph = graph.with_scope(name, replace(scope, ui=tidy(scope)))
        if outputs or knobs:
            graph, changed = close(graph, name, (), outputs, knobs)
            todo += changed
    return graph


def unpromoted(graph: Graph, library: Library, name: str, id: str) -> Graph:
    """Without form entries and promoted knobs that name a knob which a node of the scope `name` no longer has."""
    scope = graph.scope(name)
    spec = Interfaces(graph, library).of(scope.nodes[id])
    if spec is None:
        return graph
    if isinstance(scope, Graph):
        form = (entry for entry in graph.form if entry["node"] != id or spec.knob(entry["knob"]) is not None)
        return replace(graph, form=tuple(form))
    targets = {knob: target.partition(".") for knob, target in scope.knobs.items()}
    gone = [knob for knob, (node, _, inner) in targets.items() if node == id and spec.knob(inner) is None]
    graph, changed = close(graph, name, (), (), gone)
    for outer in changed:
        graph = settled(graph, outer)
    return graph


def _dangles(graph: Graph, definition: Subgraph, end: str, field: Literal["outputs", "knobs"]) -> bool:
    """Whether ``node.name`` inside a definition is no longer there."""
    id, _, name = end.partition(".")
    if id == INSIDE:
        return name not in definition.inputs
    node = definition.nodes.get(id)
    instance = definition_of(node.type) if node is not None else None
    if node is None or instance is None or instance[1] not in graph.subgraphs or name == OVER:
        return node is None
    return name not in getattr(graph.subgraphs[instance[1]], field)


def close(
    graph: Graph, name: str, inputs: Iterable[str], outputs: Iterable[str], knobs: Iterable[str]
) -> tuple[Graph, list[str]]:
    """Take ports and promoted knobs off a definition and off its instances; also the names of the scopes changed."""
    gone_in, gone_out, gone_knobs = set(inputs), set(outputs), set(knobs)
    dead = {f"{INSIDE}.{port}" for port in gone_in}
    definition = graph.subgraphs[name]
    graph = graph.with_scope(
        name,
        replace(
            definition,
            nodes=rewire_all(definition.nodes, lambda source: () if source in dead else (source,)),
            inputs=_less(definition.inputs, gone_in),
            outputs=_less(definition.outputs, gone_out),
            knobs=_less(definition.knobs, gone_knobs),
        ),
    )
    changed = [name] if gone_in else []
    for scope_name in ("", *graph.subgraphs):
        scope = graph.scope(scope_name)
        made = _instances_closed(scope, name, gone_in | gone_knobs, gone_out)
        if made is not scope:
            graph = graph.with_scope(scope_name, made)
            changed.append(scope_name)
    form = tuple(
        entry
        for entry in graph.form
        if entry["knob"] not in gone_knobs or not _is_instance(graph.nodes.get(entry["node"]), name)
    )
    return replace(graph, form=form), changed


def _less(entries: Map[str, T], gone: Set[str]) -> Map[str, T]:
    for key in gone:
        if key in entries:
            entries = entries.delete(key)
    return entries


def _is_instance(node: Node | None, name: str) -> bool:
    instance = definition_of(node.type) if node is not None else None
    return instance is not None and instance[1] == name


def _instances_closed(scope: Scope, name: str, ports: set[str], outputs: set[str]) -> Scope:
    instances = [id for id, node in scope.nodes.items() if _is_instance(node, name)]
    if not instances:
        return scope
    dead = {f"{id}.{output}" for id in instances for output in outputs}
    nodes = rewire_all(scope.nodes, lambda source: () if source in dead else (source,))
    nodes = nodes.update({id: _closed(nodes[id], ports) for id in instances})
    return replace(scope, nodes=nodes)


def _closed(node: Node, ports: set[str]) -> Node:
    knobs = _less(node.knobs, ports - {OVER})
    if OVER in knobs and ports & set(over_of(node)):
        knobs = knobs.set(OVER, tuple(port for port in over_of(node) if port not in ports))
    return replace(node, inputs=_less(node.inputs, ports), knobs=knobs)
