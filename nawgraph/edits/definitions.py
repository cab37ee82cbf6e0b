"""Edits of a definition itself: its name, title and border."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from immutables import Map

from nawgraph import shape, types
from nawgraph.edits.base import Edit, EditError
from nawgraph.edits.border import close, settled
from nawgraph.edits.scopes import node_in
from nawgraph.edits.wires import check_source, ends
from nawgraph.graph import EMPTY, Graph, Library, Node, Subgraph, definition_of, valid_id
from nawgraph.interface import Interfaces
from nawgraph.nesting import definitions_in
from nawgraph.problems import nearest

Side = Literal["inputs", "outputs", "knobs"]


@dataclass(frozen=True)
class Expose(Edit):
    """Add to the border of the definition `scope`.

    Attributes:
        side: inputs, outputs or knobs.
        name: of the port or promoted knob.
        target: the type of an input; ``node.output`` of an output; ``node.knob`` of a knob.
    """

    side: Side
    name: str
    target: str

    @property
    def label(self) -> str:
        return f"expose {self.name}"

    def change(self, graph: Graph, library: Library) -> Graph:
        definition = _definition(graph, self.scope)
        name = shape.name(self.name, "a port")
        if name in {"inputs": definition.knobs, "knobs": definition.inputs, "outputs": EMPTY}[self.side]:
            raise EditError(f"{self.scope} has {'a knob' if self.side == 'inputs' else 'an input'} {name!r} already")
        self._check(Interfaces(graph, library), definition)
        entries: Map[str, str] = getattr(definition, self.side)
        if name in entries:
            raise EditError(f"{self.scope} has {name!r} among its {self.side} already: hide it first")
        made: Any = {self.side: entries.set(name, self.target)}
        return graph.with_scope(self.scope, replace(definition, **made))

    def _check(self, interfaces: Interfaces, definition: Subgraph) -> None:
        if self.side == "inputs":
            try:
                types.parse(self.target)
            except ValueError as error:
                raise EditError(str(error)) from None
        elif self.side == "outputs":
            check_source(interfaces, definition, self.target)
        else:
            id, knob = ends(self.target)
            spec = interfaces.of(node_in(definition, id))
            if spec is not None and spec.knob(knob) is None:
                raise EditError(f"{id} has no knob {knob!r}{nearest(knob, [k.name for k in spec.knobs])}")


@dataclass(frozen=True)
class Unexpose(Edit):
    """Take a port or promoted knob off the border of the definition `scope` and off all instances."""

    side: Side
    name: str

    @property
    def label(self) -> str:
        return f"hide {self.name}"

    def change(self, graph: Graph, library: Library) -> Graph:
        definition = _definition(graph, self.scope)
        if self.name not in getattr(definition, self.side):
            raise EditError(f"{self.scope} has nothing called {self.name!r} among its {self.side}")
        gone = {side: [self.name] if side == self.side else [] for side in ("inputs", "outputs", "knobs")}
        graph, changed = close(graph, self.scope, **gone)
        for name in changed:
            graph = settled(graph, name)
        return graph


@dataclass(frozen=True)
class RenameDefinition(Edit):
    """Give a subgraph another name; its instances and presets follow."""

    name: str
    new: str

    @property
    def label(self) -> str:
        return f"rename {self.name} to {self.new}"

    def change(self, graph: Graph, library: Library) -> Graph:
        definition = _definition(graph, self.name)
        if self.new == self.name:
            return graph
        if not valid_id(self.new) or self.new in graph.subgraphs:
            raise EditError(f"{self.new!r} is taken" if valid_id(self.new) else f"{self.new!r} cannot be a name")
        subgraphs = graph.subgraphs.delete(self.name).set(self.new, definition)
        graph = replace(graph, subgraphs=subgraphs)
        for scope_name in ("", *subgraphs):
            scope = graph.scope(scope_name)
            if self.name in definitions_in(scope.nodes):
                nodes = Map({id: self._renamed(node) for id, node in scope.nodes.items()})
                graph = graph.with_scope(scope_name, replace(scope, nodes=nodes))
        types = {f"{kind}.{self.name}": f"{kind}.{self.new}" for kind in ("subgraph", "map")}
        return replace(graph, presets=Map({types.get(type, type): named for type, named in graph.presets.items()}))

    def _renamed(self, node: Node) -> Node:
        instance = definition_of(node.type)
        return replace(node, type=f"{instance[0]}.{self.new}") if instance and instance[1] == self.name else node


@dataclass(frozen=True)
class TitleDefinition(Edit):
    """Call a subgraph something for people."""

    name: str
    title: str

    @property
    def label(self) -> str:
        return f"title of {self.name}"

    def change(self, graph: Graph, library: Library) -> Graph:
        title = shape.text(self.title, f"the title of {self.name}", shape.MAX_NAME)
        definition = replace(_definition(graph, self.name), title=title)
        return replace(graph, subgraphs=graph.subgraphs.set(self.name, definition))


@dataclass(frozen=True)
class RemoveDefinition(Edit):
    """Remove a subgraph that has no instances."""

    name: str

    @property
    def label(self) -> str:
        return f"remove subgraph {self.name}"

    def change(self, graph: Graph, library: Library) -> Graph:
        _definition(graph, self.name)
        for scope in ("", *sorted(graph.subgraphs)):
            if self.name in definitions_in(graph.scope(scope).nodes):
                place = scope or "the document"
                raise EditError(f"the subgraph {self.name!r} is used in {place}: remove its instances first")
        return replace(graph, subgraphs=graph.subgraphs.delete(self.name))


def _definition(graph: Graph, name: str) -> Subgraph:
    if name not in graph.subgraphs:
        raise EditError(f"there is no subgraph {name!r}{nearest(name, list(graph.subgraphs))}")
    return graph.subgraphs[name]
