"""Edits of which nodes there are: add, remove, rename, duplicate, replace by another type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from immutables import Map

from nawgraph import shape, types
from nawgraph.edits.base import Edit, EditError, count
from nawgraph.edits.border import close, settled, unpromoted
from nawgraph.edits.scopes import (
    Point,
    Scope,
    all_in,
    copied_layout,
    fresh,
    id_for,
    new_id,
    node_in,
    placed,
    relabelled,
    renamed_end,
    rewire_all,
    rewired,
)
from nawgraph.edits.wires import item_or_whole, port_type
from nawgraph.graph import EMPTY, Graph, Library, Node, Subgraph, definition_of, readers
from nawgraph.interface import Interfaces, pass_through
from nawgraph.nesting import MAX_NESTING, too_deep, used
from nawgraph.node import NodeSpec
from nawgraph.problems import nearest


@dataclass(frozen=True)
class AddNode(Edit):
    """A new node of an installed type, or an instance (``subgraph.NAME``, ``map.NAME``).

    Attributes:
        at: where, in canvas units.
        id: made from the type where it is empty: ``gain``, ``gain_2``.
    """

    type: str
    at: Point | None = None
    id: str = ""
    knobs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def label(self) -> str:
        return f"add {self.id or self.type.rpartition('.')[2]}"

    def change(self, graph: Graph, library: Library) -> Graph:
        scope = graph.scope(self.scope)
        id = new_id(scope, self.id) if self.id else id_for(self.type, scope.nodes)
        spec = described(graph, library, self.type, self.scope)
        node = Node(
            self.type, version=spec.version, knobs=Map({k: checked(id, spec, k, v) for k, v in self.knobs.items()})
        )
        ui = placed(scope.ui, {id: self.at}) if self.at is not None else scope.ui
        made = graph.with_scope(self.scope, replace(scope, nodes=scope.nodes.set(id, node), ui=ui))
        check_nesting(made)
        return made


@dataclass(frozen=True)
class Remove(Edit):
    """Remove nodes and the wires that end in them.

    Attributes:
        heal: join what was before and after a removed node, where it has an input of the type it gave.
    """

    ids: Sequence[str]
    heal: bool = False

    @property
    def label(self) -> str:
        return f"remove {count(self.ids)}"

    def change(self, graph: Graph, library: Library) -> Graph:
        scope = graph.scope(self.scope)
        gone = set(all_in(scope, self.ids))
        bridge = _Bridge(scope, gone, Interfaces(graph, library) if self.heal else None)
        nodes = scope.nodes
        with nodes.mutate() as draft:
            for id in gone:
                del draft[id]
            nodes = draft.finish()
        made = replace(scope, nodes=rewire_all(nodes, bridge.across))
        if isinstance(made, Subgraph):
            outputs = {port: bridge.across(source) for port, source in made.outputs.items()}
            made = replace(made, outputs=Map({port: s[0] if s else made.outputs[port] for port, s in outputs.items()}))
        return settled(graph.with_scope(self.scope, made), self.scope)


class _Bridge:
    """Where the wires of removed nodes lead to, upstream."""

    def __init__(self, scope: Scope, gone: set[str], interfaces: Interfaces | None) -> None:
        self.scope = scope
        self.gone = gone
        self.interfaces = interfaces

    def across(self, source: str) -> tuple[str, ...]:
        """The sources that replace `source`, in order; none if nothing fits."""
        found: list[str] = []
        todo = [source]
        seen: set[str] = set()
        while todo:
            source = todo.pop()
            id, _, output = source.partition(".")
            if id not in self.gone:
                found.append(source)
            elif self.interfaces is not None and source not in seen:
                seen.add(source)
                wire = self._passed(self.interfaces, self.scope.nodes[id], output)
                todo += (wire,) if isinstance(wire, str) else reversed(wire)
        return tuple(found)

    def _passed(self, interfaces: Interfaces, node: Node, output: str) -> str | tuple[str, ...]:
        spec = interfaces.of(node)
        port = pass_through(spec, node, output) if spec is not None else None
        return node.inputs[port] if port is not None else ()


@dataclass(frozen=True)
class Rename(Edit):
    """Give a node another id; whatever speaks of it follows."""

    id: str
    new: str

    @property
    def label(self) -> str:
        return f"rename {self.id} to {self.new}"

    def change(self, graph: Graph, library: Library) -> Graph:
        scope = graph.scope(self.scope)
        node = node_in(scope, self.id)
        if self.new == self.id:
            return graph
        names = {self.id: new_id(scope, self.new)}
        nodes = scope.nodes.delete(self.id).set(self.new, node)
        nodes = rewire_all(nodes, lambda source: (renamed_end(source, names),))
        made = replace(scope, nodes=nodes, ui=relabelled(scope.ui, names))
        if isinstance(made, Subgraph):
            made = replace(
                made,
                outputs=Map({port: renamed_end(source, names) for port, source in made.outputs.items()}),
                knobs=Map({knob: renamed_end(target, names) for knob, target in made.knobs.items()}),
            )
        else:
            form = (e.set("node", self.new) if e["node"] == self.id else e for e in made.form)
            made = replace(made, form=tuple(form))
        return graph.with_scope(self.scope, made)


@dataclass(frozen=True)
class Duplicate(Edit):
    """Copies of nodes, with the wires among them.

    Attributes:
        outer: keep the wires that come from other nodes as well.
        offset: of the copies from the originals, in canvas units.
    """

    ids: Sequence[str]
    outer: bool = False
    offset: Point = (40, 40)

    @property
    def label(self) -> str:
        return f"duplicate {count(self.ids)}"

    def names(self, graph: Graph) -> dict[str, str]:
        """Original → id of its copy."""
        scope = graph.scope(self.scope)
        names: dict[str, str] = {}
        taken = set(scope.nodes)
        for id in all_in(scope, self.ids):
            names[id] = fresh(id, taken)
            taken.add(names[id])
        return names

    def change(self, graph: Graph, library: Library) -> Graph:
        scope = graph.scope(self.scope)
        names = self.names(graph)
        nodes = scope.nodes.update(copies(scope.nodes, names, lambda source: self.outer))
        layout = scope.ui.get("nodes", EMPTY)
        entries = {names[id]: layout[id] for id in names if id in layout}
        return graph.with_scope(
            self.scope, replace(scope, nodes=nodes, ui=copied_layout(scope.ui, entries, self.offset))
        )


@dataclass(frozen=True)
class ReplaceType(Edit):
    """Make a node one of another type. Wires and knobs are kept where the new type has a place for them:
    of the same name if it fits, else (wires) the first free one that fits. `dropped` says what had no place.
    """

    id: str
    type: str

    @property
    def label(self) -> str:
        return f"replace {self.id} by {self.type}"

    def dropped(self, graph: Graph, library: Library) -> list[str]:
        """Sentences about what is lost.

        Raises:
            EditError: as `apply`.
        """
        return self._replaced(graph, library)[1]

    def change(self, graph: Graph, library: Library) -> Graph:
        return self._replaced(graph, library)[0]

    def _replaced(self, graph: Graph, library: Library) -> tuple[Graph, list[str]]:
        scope = graph.scope(self.scope)
        old = node_in(scope, self.id)
        spec = described(graph, library, self.type, self.scope)
        lost: list[str] = []
        node = Node(self.type, version=spec.version, title=old.title, extra=old.extra)
        node = replace(node, mode="" if old.mode == "freeze" else old.mode, knobs=self._knobs(old, spec, lost))
        made = graph.with_scope(self.scope, replace(scope, nodes=scope.nodes.set(self.id, node)))
        check_nesting(made)
        made = self._wired(made, library, old, lost)
        made = self._border(graph, self._outputs(made, library, lost), library, lost)
        made = unpromoted(made, library, self.scope, self.id)
        return settled(made, self.scope), lost

    def _knobs(self, old: Node, spec: NodeSpec, lost: list[str]) -> Map[str, Any]:
        kept: dict[str, Any] = {}
        for name, value in sorted(old.knobs.items()):
            knob = spec.knob(name)
            try:
                if knob is None:
                    raise ValueError("has no place")
                kept[name] = shape.freeze(knob.coerce(value), name)
            except ValueError:
                lost.append(f"knob {name} ({shape.show(value)}) has no place in {self.type}")
        return Map(kept)

    def _wired(self, graph: Graph, library: Library, old: Node, lost: list[str]) -> Graph:
        interfaces = Interfaces(graph, library)
        scope = graph.scope(self.scope)
        spec = interfaces.of(scope.nodes[self.id])
        assert spec is not None
        inputs: dict[str, Any] = {}
        homeless: list[str] = []
        bound: dict[str, types.Type] = {}

        def fits(port: str, wire: str | tuple[str, ...]) -> bool:
            wanted = port_type(spec, port)
            if wanted is None or (isinstance(wire, tuple) and not wanted.is_list):
                return False
            several = isinstance(wire, tuple)
            kinds = [interfaces.output_type(scope, s) for s in ((wire,) if isinstance(wire, str) else wire)]
            return all(item_or_whole(wanted, kind, bound, several=several) is not None for kind in kinds)

        for port, wire in sorted(old.inputs.items()):
            if fits(port, wire):
                inputs[port] = wire
            else:
                homeless.append(port)
        for port in homeless:
            wire = old.inputs[port]
            home = next((p.name for p in spec.inputs if p.name not in inputs and fits(p.name, wire)), None)
            if home is None:
                lost.append(f"the wire into {port} has no place in {self.type}")
            else:
                inputs[home] = wire
        node = replace(scope.nodes[self.id], inputs=Map(inputs))
        return graph.with_scope(self.scope, replace(scope, nodes=scope.nodes.set(self.id, node)))

    def _outputs(self, graph: Graph, library: Library, lost: list[str]) -> Graph:
        """Readers follow to the output of the same name, else to the first that fits what they want."""
        interfaces = Interfaces(graph, library)
        scope = graph.scope(self.scope)
        spec = interfaces.of(scope.nodes[self.id])
        assert spec is not None
        nodes = scope.nodes
        for source, ends in readers(scope.nodes).items():
            id, _, output = source.partition(".")
            if id != self.id:
                continue
            for reader, port in sorted(set(ends)):
                wanted = port_type(interfaces.of(nodes[reader]), port)
                names = sorted((p.name for p in spec.outputs), key=lambda name: name != output)
                kinds = {name: interfaces.output_type(scope, f"{self.id}.{name}") for name in names}
                several = isinstance(nodes[reader].inputs[port], tuple)
                fits = (n for n in names if wanted is None or item_or_whole(wanted, kinds[n], several=several))
                new = next(fits, None)
                if new is None:
                    lost.append(f"the wire from {source} to {reader}.{port} has no output of {self.type} that fits")
                to = (f"{self.id}.{new}",) if new else ()
                nodes = nodes.set(reader, _rewired_port(nodes[reader], port, source, to))
        return graph.with_scope(self.scope, replace(scope, nodes=nodes))

    def _border(self, before: Graph, after: Graph, library: Library, lost: list[str]) -> Graph:
        """The definition's outputs follow as readers do; one that finds nothing of its type is taken off."""
        old, new = before.scope(self.scope), after.scope(self.scope)
        if not isinstance(old, Subgraph) or not isinstance(new, Subgraph):
            return after
        was, now = Interfaces(before, library), Interfaces(after, library)
        spec = now.of(new.nodes[self.id])
        outputs, gone = new.outputs, []
        for port, source in sorted(old.outputs.items()):
            id, _, output = source.partition(".")
            if id == self.id and spec is not None:
                kind = was.output_type(old, source)
                ends = sorted((f"{id}.{p.name}" for p in spec.outputs), key=lambda end: end != f"{id}.{output}")
                end = next((e for e in ends if types.accepts(kind, now.output_type(new, e))), None)
                if end is None:
                    gone.append(port)
                    lost.append(f"the output {port} of {self.scope} has no output of {self.type} that fits")
                else:
                    outputs = outputs.set(port, end)
        after, changed = close(after.with_scope(self.scope, replace(new, outputs=outputs)), self.scope, (), gone, ())
        for name in changed:
            after = settled(after, name)
        return after


def _rewired_port(node: Node, port: str, source: str, to: tuple[str, ...]) -> Node:
    only = replace(node, inputs=Map({port: node.inputs[port]}))
    made = rewired(only, lambda s: to if s == source else (s,))
    rest = node.inputs.delete(port)
    return replace(node, inputs=rest.update(made.inputs))


def copies(nodes: Mapping[str, Node], names: Mapping[str, str], outer: Any) -> dict[str, Node]:
    """Copies of nodes under new ids; wires among them follow, others stay where `outer(source)` holds."""

    def follow(source: str) -> tuple[str, ...]:
        if source.partition(".")[0] in names:
            return (renamed_end(source, names),)
        return (source,) if outer(source) else ()

    return {new: rewired(nodes[id], follow) for id, new in names.items()}


def described(graph: Graph, library: Library, type: str, scope: str) -> NodeSpec:
    """The description of a type that a new node in `scope` may have.

    Raises:
        EditError: not installed, not defined, or a definition inside itself.
    """
    instance = definition_of(type)
    if instance is not None:
        name = instance[1]
        if name not in graph.subgraphs:
            raise EditError(f"there is no subgraph {name!r}{nearest(name, list(graph.subgraphs))}")
        if scope and scope in used(graph.subgraphs, [name]):
            raise EditError(f"the subgraph {name!r} cannot be inside itself")
    spec = Interfaces(graph, library).of(Node(type))
    if spec is None:
        raise EditError(f"node type {type!r} is not installed{nearest(type, _known(library))}")
    return spec


def _known(library: Library) -> list[str]:
    return [str(type) for type in library] if hasattr(library, "__iter__") else []


def checked(id: str, spec: NodeSpec | None, name: str, value: Any) -> Any:
    """A knob's value as the document keeps it.

    Raises:
        EditError: no such knob, or a value that it refuses.
    """
    where = f"{id}.{shape.name(name, f'a knob of {id}')}"
    if spec is None:
        return shape.freeze(value, where)
    knob = spec.knob(name)
    if knob is None:
        raise EditError(f"{id} has no knob {name!r}{nearest(name, [k.name for k in spec.knobs])}")
    try:
        value = knob.coerce(value)
    except ValueError as error:
        raise EditError(f"{id}.{error}") from None
    return shape.freeze(value, where)


def check_nesting(graph: Graph) -> None:
    """Raises EditError where definitions are nested too deep."""
    if too_deep(graph):
        raise EditError(f"subgraphs may be nested at most {MAX_NESTING} deep")
