"""Edits of wires: connect, disconnect, insert a node on one."""

from __future__ import annotations

from dataclasses import dataclass, replace

from nawgraph import types
from nawgraph.edits.base import Edit, EditError
from nawgraph.edits.border import settled
from nawgraph.edits.scopes import Scope, ancestors, node_in
from nawgraph.graph import INSIDE, Graph, Library, Node, Subgraph, Wire, source_node
from nawgraph.interface import Interfaces
from nawgraph.node import NodeSpec
from nawgraph.problems import nearest
from nawgraph.types import ANY, Type


@dataclass(frozen=True)
class Connect(Edit):
    """Wire ``node.output`` (or ``in.PORT``) to ``node.port`` or ``node.knob``.

    A port for one wire gives up the one it had. A list port takes one more item, unless the source is a
    list itself, which then is the whole list. Where the node's output type follows its input, wires further
    down may not fit any more; `Graph.problems` reports these.
    """

    source: str
    target: str

    @property
    def label(self) -> str:
        return f"connect {self.source} to {self.target}"

    def change(self, graph: Graph, library: Library) -> Graph:
        scope = graph.scope(self.scope)
        interfaces = Interfaces(graph, library)
        id, port = ends(self.target)
        node = node_in(scope, id)
        check_source(interfaces, scope, self.source)
        if id in ancestors(scope.nodes, [source_node(self.source)]):
            raise EditError(f"connecting {self.source} to {self.target} would close a circle")
        if any(p == port and s == self.source for p, s in node.wires()):
            raise EditError(f"{self.source} is connected to {self.target} already")
        wire = wire_for(interfaces, scope, id, port, self.source)
        node = replace(node, inputs=node.inputs.set(port, wire))
        return settled(graph.with_scope(self.scope, replace(scope, nodes=scope.nodes.set(id, node))), self.scope)


@dataclass(frozen=True)
class Disconnect(Edit):
    """Cut the wire into ``node.port``; of a list only the one from `source`, if that is given."""

    target: str
    source: str = ""

    @property
    def label(self) -> str:
        return f"disconnect {self.target}"

    def change(self, graph: Graph, library: Library) -> Graph:
        scope = graph.scope(self.scope)
        id, port = ends(self.target)
        node = node_in(scope, id)
        wire = node.inputs.get(port)
        if wire is None or (self.source and self.source not in ((wire,) if isinstance(wire, str) else wire)):
            raise EditError(f"no wire runs {f'from {self.source} ' if self.source else ''}into {self.target}")
        rest = () if isinstance(wire, str) or not self.source else tuple(s for s in wire if s != self.source)
        inputs = node.inputs.set(port, rest) if rest else node.inputs.delete(port)
        nodes = scope.nodes.set(id, replace(node, inputs=inputs))
        return settled(graph.with_scope(self.scope, replace(scope, nodes=nodes)), self.scope)


@dataclass(frozen=True)
class Insert(Edit):
    """Put an existing node on the wire from `source` to `target`, by its first input and output that fit."""

    id: str
    source: str
    target: str

    @property
    def label(self) -> str:
        return f"insert {self.id}"

    def change(self, graph: Graph, library: Library) -> Graph:
        scope = graph.scope(self.scope)
        target_id, port = ends(self.target)
        wire = node_in(scope, target_id).inputs.get(port, ())
        if self.source not in ((wire,) if isinstance(wire, str) else wire):
            raise EditError(f"no wire runs from {self.source} to {self.target}")
        inlet, outlet = self._through(Interfaces(graph, library), scope, target_id, port)
        made = f"{self.id}.{outlet}"
        kept = made if isinstance(wire, str) else tuple(made if s == self.source else s for s in wire)
        target = scope.nodes[target_id]
        nodes = scope.nodes.set(target_id, replace(target, inputs=target.inputs.set(port, kept)))
        graph = settled(graph.with_scope(self.scope, replace(scope, nodes=nodes)), self.scope)
        return Connect(self.source, f"{self.id}.{inlet}", scope=self.scope).apply(graph, library)

    def _through(self, interfaces: Interfaces, scope: Scope, target: str, port: str) -> tuple[str, str]:
        spec = interfaces.of(node_in(scope, self.id))
        if spec is None:
            raise EditError(f"{self.id} is of a type that is not installed, so that nothing is known of its ports")
        if target in ancestors(scope.nodes, [self.id]) or self.id in ancestors(scope.nodes, [source_node(self.source)]):
            raise EditError(f"inserting {self.id} between {self.source} and {self.target} would close a circle")
        given = interfaces.output_type(scope, self.source)
        free = (p for p in spec.inputs if p.name not in scope.nodes[self.id].inputs or p.type.is_list)
        inlet = next((p for p in free if item_or_whole(p.type, given) is not None), None)
        wanted = port_type(interfaces.of(scope.nodes[target]), port) or ANY
        several = isinstance(scope.nodes[target].inputs[port], tuple)
        bound: dict[str, Type] = {}
        if inlet is not None:
            types.accepts(inlet.type, given, bound)
        outs = ((p.name, types.substitute(p.type, bound)) for p in spec.outputs)
        outlet = next((name for name, kind in outs if item_or_whole(wanted, kind, several=several) is not None), None)
        if inlet is None or outlet is None:
            raise EditError(f"{self.id} does not fit between {self.source} and {self.target}")
        return inlet.name, outlet


def ends(target: str) -> tuple[str, str]:
    """(node, port) of ``node.port``. Raises EditError."""
    id, dot, port = target.partition(".")
    if not (id and dot and port):
        raise EditError(f"a wire ends in node.port, not {target!r}")
    return id, port


def port_type(spec: NodeSpec | None, port: str) -> Type | None:
    """Type of an input or knob by name, None where it is not known."""
    found = spec and (spec.input(port) or spec.knob(port))
    return found.type if found else None


def item_or_whole(
    wanted: Type, given: Type, bound: dict[str, Type] | None = None, *, several: bool = False
) -> Type | None:
    """What of `wanted` a wire of type `given` fills: all of it, or one item of a list; None if it does not fit.

    `several`: it is one of several wires into a port, so that it can only be an item.
    """
    if wanted.item is not None and (several or not given.is_list):
        return wanted.item if types.accepts(wanted.item, given, bound) else None
    return wanted if types.accepts(wanted, given, bound) else None


def check_source(interfaces: Interfaces, scope: Scope, source: str) -> None:
    """Refuse a wire that would begin nowhere. Raises EditError."""
    id, output = ends(source)
    if id == INSIDE and isinstance(scope, Subgraph):
        if output not in scope.inputs:
            raise EditError(f"the subgraph has no input {output!r}{nearest(output, list(scope.inputs))}")
        return
    spec = interfaces.of(node_in(scope, id))
    if spec is not None and spec.output(output) is None:
        names = [p.name for p in spec.outputs]
        raise EditError(f"{id} has no output {output!r} (it has: {', '.join(names) or 'none'})")


def wire_for(interfaces: Interfaces, scope: Scope, id: str, port: str, source: str) -> Wire:
    """The wire(s) of a port after `source` was added. Raises EditError where the types do not fit."""
    node = scope.nodes[id]
    spec = interfaces.of(node)
    if spec is None:
        return _appended(node.inputs.get(port), source) if isinstance(node.inputs.get(port), tuple) else source
    wanted = port_type(spec, port)
    if wanted is None:
        names = [p.name for p in spec.inputs] + [k.name for k in spec.knobs]
        raise EditError(f"{id} has no input {port!r}{nearest(port, names)}")
    given = interfaces.output_type(scope, source)
    filled = item_or_whole(wanted, given, _bound(interfaces, scope, node, spec, port))
    if filled is None:
        raise EditError(f"{id}.{port} wants {wanted}, but {source} gives {given}")
    if filled == wanted:
        return source
    present = node.inputs.get(port)
    if isinstance(present, str) and interfaces.output_type(scope, present).is_list:
        present = None  # a whole list makes way for items
    return _appended(present, source)


def _appended(present: Wire | None, source: str) -> Wire:
    if present is None:
        return (source,)
    return (present, source) if isinstance(present, str) else (*present, source)


def _bound(interfaces: Interfaces, scope: Scope, node: Node, spec: NodeSpec, but: str) -> dict[str, Type]:
    """What the node's type variables stand for by its other wires."""
    bound: dict[str, Type] = {}
    for port, source in node.wires():
        wanted = port_type(spec, port)
        if wanted is not None and (port != but or wanted.is_list):
            item_or_whole(wanted, interfaces.output_type(scope, source), bound)
    return bound
