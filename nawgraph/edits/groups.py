"""Edits of subgraphs: group nodes into a definition and its instance, and take them out again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from immutables import Map

from nawgraph.edits.base import Edit, EditError, count
from nawgraph.edits.border import settled
from nawgraph.edits.nodes import check_nesting
from nawgraph.edits.scopes import (
    Point,
    Scope,
    all_in,
    ancestors,
    copied_layout,
    fresh,
    node_in,
    placed,
    position,
    relabelled,
    renamed_end,
    rewire_all,
    rewired,
    set_section,
    unit,
    without,
)
from nawgraph.edits.wires import port_type
from nawgraph.graph import (
    EMPTY,
    INSIDE,
    Graph,
    Json,
    Library,
    Node,
    Subgraph,
    Wire,
    definition_of,
    source_node,
)
from nawgraph.interface import Interfaces
from nawgraph.nesting import definitions_in


@dataclass(frozen=True)
class Group(Edit):
    """Put nodes into a new definition and an instance of it in their place.

    Wires that cross the border become ports, one for each source; outputs that nobody reads become ports as
    well. Knobs that the form shows (or the definition around promotes) are promoted.
    """

    ids: Sequence[str]
    name: str = "group"
    title: str = ""

    @property
    def label(self) -> str:
        return f"group {count(self.ids)}"

    def change(self, graph: Graph, library: Library) -> Graph:
        scope = graph.scope(self.scope)
        ids = frozenset(all_in(scope, self.ids))
        _check_closed(scope, ids)
        name = fresh(self.name, graph.subgraphs)
        id = fresh(name, without(scope.nodes, ids))
        border = _Border(Interfaces(graph, library), scope, ids)
        definition = Subgraph(
            title=self.title,
            nodes=Map({i: rewired(scope.nodes[i], border.inward) for i in sorted(ids)}),
            inputs=Map(border.types),
            outputs=Map({port: source for source, port in border.outputs.items()}),
            knobs=Map({knob: target for target, knob in border.knobs.items()}),
            ui=_inner_layout(scope, ids),
        )
        instance = Node(f"subgraph.{name}", inputs=Map({port: source for source, port in border.inputs.items()}))
        made = graph.with_scope(self.scope, _with_instance(scope, ids, id, instance, border))
        made = replace(made, subgraphs=made.subgraphs.set(name, definition))
        check_nesting(made)
        return settled(made, self.scope)


def _check_closed(scope: Scope, ids: frozenset[str]) -> None:
    """Refuse a group that something outside both reads and feeds: it would feed itself."""
    feeders = {source for id in ids for source in scope.nodes[id].sources} - ids
    for feeder in sorted(feeders):
        if not ids.isdisjoint(ancestors(scope.nodes, [feeder])):
            raise EditError(f"{feeder} lies between the nodes of the group: add it to them")


class _Border:
    """Names of the ports and knobs of a group to be, found by a walk in order of node id.

    Attributes:
        inputs: source outside → port.
        types: port → type.
        outputs: ``node.output`` inside → port.
        knobs: ``node.knob`` inside → knob.
    """

    def __init__(self, interfaces: Interfaces, scope: Scope, ids: frozenset[str]) -> None:
        self.inputs: dict[str, str] = {}
        self.types: dict[str, str] = {}
        self.outputs: dict[str, str] = {}
        self.knobs: dict[str, str] = {}
        self._scope, self._ids, self._interfaces = scope, ids, interfaces
        for id in sorted(ids):
            for port, source in sorted(scope.nodes[id].wires()):
                if source_node(source) not in ids:
                    self._input(source, id, port)
        read = self._read()
        for source in sorted(read["outside"]) + sorted(self._unread(read["inside"] | read["outside"])):
            self.outputs[source] = fresh(source.partition(".")[2], self.outputs.values())
        for target in self._promoted():
            self.knobs[target] = fresh(target.partition(".")[2], self.knobs.values() | self.types.keys())

    def _input(self, source: str, id: str, port: str) -> None:
        if source in self.inputs:
            return
        name = self.inputs[source] = fresh(port, self.types)
        wanted = port_type(self._interfaces.of(self._scope.nodes[id]), port)
        given = self._interfaces.output_type(self._scope, source)
        variable = wanted is None or wanted.is_variable or (wanted.item is not None and not given.is_list)
        self.types[name] = str(given if variable else wanted)

    def _read(self) -> dict[str, set[str]]:
        read: dict[str, set[str]] = {"inside": set(), "outside": set()}
        for id, node in self._scope.nodes.items():
            for _, source in node.wires():
                if source_node(source) in self._ids:
                    read["inside" if id in self._ids else "outside"].add(source)
        if isinstance(self._scope, Subgraph):
            read["outside"] |= {s for s in self._scope.outputs.values() if source_node(s) in self._ids}
        return read

    def _unread(self, read: set[str]) -> Iterable[str]:
        """All outputs of nodes of which nothing is read."""
        busy = {source_node(source) for source in read}
        for id in self._ids - busy:
            spec = self._interfaces.of(self._scope.nodes[id])
            yield from (f"{id}.{port.name}" for port in (spec.outputs if spec else ()))

    def _promoted(self) -> list[str]:
        if isinstance(self._scope, Subgraph):
            targets = [target for _, target in sorted(self._scope.knobs.items())]
        else:
            targets = [f"{entry['node']}.{entry['knob']}" for entry in self._scope.form]
        return list(dict.fromkeys(t for t in targets if t.partition(".")[0] in self._ids))

    def inward(self, source: str) -> tuple[str, ...]:
        """A wire of a node inside, seen from inside."""
        return (source,) if source_node(source) in self._ids else (f"{INSIDE}.{self.inputs[source]}",)


def _with_instance(scope: Scope, ids: frozenset[str], id: str, instance: Node, border: _Border) -> Scope:
    """The scope with an instance in place of the nodes."""

    def outward(source: str) -> tuple[str, ...]:
        return (f"{id}.{border.outputs[source]}",) if source in border.outputs else (source,)

    nodes = rewire_all(Map(without(scope.nodes, ids)), outward).set(id, instance)
    places = [at for i in ids if (at := position(scope.ui, i))]
    frames = {key: _regrouped(f, ids, id) for key, f in scope.ui.get("frames", EMPTY).items() if not _inside(f, ids)}
    ui = set_section(scope.ui, "frames", frames)
    ui = set_section(ui, "nodes", without(ui.get("nodes", EMPTY), ids))
    if places:
        ui = placed(ui, {id: _centre(places)})
    if isinstance(scope, Subgraph):
        outputs = Map({port: outward(source)[0] for port, source in scope.outputs.items()})
        knobs = {k: f"{id}.{border.knobs[t]}" if t in border.knobs else t for k, t in scope.knobs.items()}
        return replace(scope, nodes=nodes, outputs=outputs, knobs=Map(knobs), ui=ui)
    form = tuple(_shown(entry, id, border) for entry in scope.form)
    return replace(scope, nodes=nodes, form=form, ui=ui)


def _centre(places: Sequence[Point]) -> Point:
    return sum(x for x, _ in places) / len(places), sum(y for _, y in places) / len(places)


def _shown(entry: Map[str, Json], id: str, border: _Border) -> Map[str, Json]:
    knob = border.knobs.get(f"{entry['node']}.{entry['knob']}")
    return entry if knob is None else entry.set("node", id).set("knob", knob)


def _inside(frame: Map[str, Json], ids: frozenset[str]) -> bool:
    members = frame.get("nodes", ())
    return bool(members) and ids.issuperset(members)


def _regrouped(frame: Map[str, Json], ids: frozenset[str], id: str) -> Map[str, Json]:
    """A frame that held some of the nodes holds the instance now."""
    members = frame.get("nodes", ())
    if ids.isdisjoint(members):
        return frame
    return frame.set("nodes", (*(m for m in members if m not in ids), id))


def _inner_layout(scope: Scope, ids: frozenset[str]) -> Map[str, Json]:
    nodes = {id: entry for id, entry in scope.ui.get("nodes", EMPTY).items() if id in ids}
    frames = {key: frame for key, frame in scope.ui.get("frames", EMPTY).items() if _inside(frame, ids)}
    return set_section(set_section(EMPTY, "nodes", nodes), "frames", frames)


@dataclass(frozen=True)
class Ungroup(Edit):
    """Take the nodes of an instance out of it. A definition without instances goes with the last."""

    id: str

    @property
    def label(self) -> str:
        return f"ungroup {self.id}"

    def change(self, graph: Graph, library: Library) -> Graph:
        scope = graph.scope(self.scope)
        node = node_in(scope, self.id)
        name = instance_of(graph, self.id, node)
        definition = graph.subgraphs[name]
        names: dict[str, str] = {}
        taken = set(scope.nodes) - {self.id}
        for id in sorted(definition.nodes):
            names[id] = fresh(id, taken)
            taken.add(names[id])
        made = _unpacked(scope, self.id, node, definition, names)
        graph = graph.with_scope(self.scope, made)
        if not any(name in definitions_in(graph.scope(s).nodes) for s in ("", *graph.subgraphs)):
            graph = replace(graph, subgraphs=graph.subgraphs.delete(name))
        return settled(graph, self.scope)


def instance_of(graph: Graph, id: str, node: Node) -> str:
    """Name of the definition. Raises EditError if the node is no plain instance."""
    instance = definition_of(node.type)
    if instance is None or instance[1] not in graph.subgraphs:
        raise EditError(f"{id} is not an instance of a subgraph")
    if instance[0] == "map":
        raise EditError(f"{id} runs the subgraph for each item of a list: it cannot be taken apart")
    return instance[1]


def _unpacked(scope: Scope, id: str, node: Node, definition: Subgraph, names: dict[str, str]) -> Scope:
    def inner(source: str) -> tuple[str, ...]:
        """A wire inside, seen from outside."""
        end, _, port = source.partition(".")
        if end == INSIDE:
            return _sources(node.inputs.get(port, ()))
        return (renamed_end(source, names),) if end in names else ()

    def outer(source: str) -> tuple[str, ...]:
        end, _, port = source.partition(".")
        if end != id:
            return (source,)
        return inner(definition.outputs[port]) if port in definition.outputs else ()

    freed = {new: _spliced(definition.nodes[old], inner, node) for old, new in names.items()}
    for knob, target in sorted(definition.knobs.items()):
        old, _, inner_knob = target.partition(".")
        if old in names:
            freed[names[old]] = _set_from(freed[names[old]], inner_knob, node, knob)
    nodes = rewire_all(scope.nodes.delete(id), outer).update(freed)
    ui = _unpacked_layout(scope, id, definition, names)
    promoted = {k: renamed_end(t, names) for k, t in definition.knobs.items() if source_node(t) in names}
    if isinstance(scope, Subgraph):
        outputs = {port: (*outer(source), source)[0] for port, source in scope.outputs.items()}
        knobs = {k: _followed(t, id, promoted) for k, t in scope.knobs.items()}
        return replace(scope, nodes=nodes, outputs=Map(outputs), knobs=Map(knobs), ui=ui)
    form = []
    for entry in scope.form:
        if entry["node"] == id and entry["knob"] in promoted:
            new, _, knob = promoted[entry["knob"]].partition(".")
            entry = entry.set("node", new).set("knob", knob)
        form.append(entry)
    return replace(scope, nodes=nodes, form=tuple(form), ui=ui)


def _sources(wire: Wire) -> tuple[str, ...]:
    return (wire,) if isinstance(wire, str) else wire


def _spliced(node: Node, inner: Callable[[str], tuple[str, ...]], instance: Node) -> Node:
    """A node of the definition with its wires seen from outside; a port for a list may take a whole list."""
    made = rewired(node, inner)
    for port, wire in node.inputs.items():
        if isinstance(wire, str) and wire.startswith(f"{INSIDE}."):
            given = instance.inputs.get(wire.partition(".")[2])
            if isinstance(given, tuple):
                made = replace(made, inputs=made.inputs.set(port, given))
    return made


def _set_from(node: Node, knob: str, instance: Node, promoted: str) -> Node:
    """A node with the value or wire that the instance gives to a promoted knob."""
    if promoted in instance.knobs:
        node = replace(node, knobs=node.knobs.set(knob, instance.knobs[promoted]))
    if promoted in instance.inputs:
        node = replace(node, inputs=node.inputs.set(knob, instance.inputs[promoted]))
    return node


def _followed(target: str, id: str, promoted: dict[str, str]) -> str:
    node, _, knob = target.partition(".")
    return promoted.get(knob, target) if node == id else target


def _unpacked_layout(scope: Scope, id: str, definition: Subgraph, names: dict[str, str]) -> Map[str, Json]:
    """The layout inside, moved so that its middle is where the instance was."""
    inside = relabelled(definition.ui, names)
    places = [at for new in names.values() if (at := position(inside, new))]
    middle = position(scope.ui, id)
    ui = set_section(scope.ui, "nodes", without(scope.ui.get("nodes", EMPTY), [id]))
    offset: Point = (0, 0)
    if places and middle is not None:
        x, y = _centre(places)
        offset = (middle[0] - x, middle[1] - y)
    entries = {new: inside["nodes"][new] for new in names.values() if new in inside.get("nodes", EMPTY)}
    frames = dict(ui.get("frames", EMPTY))
    for key, frame in frames.items():
        if id in frame.get("nodes", ()):
            rest = (m for m in frame["nodes"] if m != id)
            frames[key] = frame.set("nodes", (*rest, *sorted(names.values())))
    for key, frame in sorted(inside.get("frames", EMPTY).items()):
        x, y = frame["at"]
        frames[fresh(key, frames)] = frame.set("at", (unit(x + offset[0]), unit(y + offset[1])))
    return set_section(copied_layout(ui, entries, offset), "frames", frames)


@dataclass(frozen=True)
class MakeUnique(Edit):
    """Give an instance a definition of its own, so that changes inside leave the other instances alone."""

    id: str

    @property
    def label(self) -> str:
        return f"make {self.id} unique"

    def change(self, graph: Graph, library: Library) -> Graph:
        scope = graph.scope(self.scope)
        node = node_in(scope, self.id)
        instance = definition_of(node.type)
        if instance is None or instance[1] not in graph.subgraphs:
            raise EditError(f"{self.id} is not an instance of a subgraph")
        kind, name = instance
        own = fresh(name, graph.subgraphs)
        nodes = scope.nodes.set(self.id, replace(node, type=f"{kind}.{own}"))
        made = graph.with_scope(self.scope, replace(scope, nodes=nodes))
        return replace(made, subgraphs=made.subgraphs.set(own, graph.subgraphs[name]))
