"""Find every fault of a document at once, as sentences that name the node and the field."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping

from nawgraph import types
from nawgraph.graph import INSIDE, Graph, Library, Node, Problem, Subgraph, definition_of, valid_id
from nawgraph.hints import KnobError
from nawgraph.interface import OVER, Interfaces, over_of, pass_through, settings
from nawgraph.node import NodeSpec
from nawgraph.types import ANY, Type

_DIGEST = re.compile(r"[0-9a-f]{40}\Z")
MODES = ("", "bypass", "mute", "freeze")


def find(graph: Graph, library: Library, nodes: dict[str, Node] | None = None) -> list[Problem]:
    """All problems, in order of scope and node id. Errors keep a branch from running, warnings do not.

    `nodes` are the document's own in order of id, where somebody has sorted them already.
    """
    interfaces = Interfaces(graph, library)
    found: list[Problem] = []
    for name in sorted(graph.subgraphs):
        if _contains_itself(graph, name):
            found.append(Problem("error", None, name, f"the subgraph {name!r} contains itself: remove one instance"))
        else:
            found += _Scope(interfaces, graph.subgraphs[name], f"{name}/").problems()
    found += _Scope(interfaces, graph, "", nodes).problems()
    return found


def nearest(word: str, words: Mapping[str, object] | list[str] | tuple[str, ...]) -> str:
    """`` (did you mean “gain”?)`` for the most similar of the words, or nothing."""
    close = difflib.get_close_matches(word, list(words), 1, 0.6)
    return f" (did you mean {close[0]!r}?)" if close else ""


class _Scope:
    """The checks of one set of nodes: a document's own or a subgraph's."""

    def __init__(
        self, interfaces: Interfaces, scope: Graph | Subgraph, prefix: str, nodes: dict[str, Node] | None = None
    ) -> None:
        self.interfaces = interfaces
        self.scope = scope
        self.prefix = prefix
        self.nodes = nodes or dict(sorted(scope.nodes.items()))
        self.specs: dict[str, NodeSpec | None] = {id: interfaces.of(node) for id, node in self.nodes.items()}

    def problems(self) -> list[Problem]:
        found: list[Problem] = []
        for id, spec in self.specs.items():
            if spec is None or not self._sound(id, self.nodes[id], spec):
                found += self._node(id, self.nodes[id], spec)
        found += self._cycles()
        if isinstance(self.scope, Subgraph):
            found += self._borders(self.scope)
        return found

    def _problem(self, id: str | None, field: str | None, message: str, severity: str = "error") -> Problem:
        return Problem(
            "warning" if severity == "warning" else "error",
            f"{self.prefix}{id}" if id else self.prefix.rstrip("/") or None,
            field,
            message,
        )

    def _node(self, id: str, node: Node, spec: NodeSpec | None) -> Iterator[Problem]:
        if not valid_id(id):
            yield self._problem(id, None, "this id cannot be used: begin with a letter, then letters, digits, _ or -")
        if node.mode not in MODES:
            yield self._problem(id, "mode", f"mode {node.mode!r} is unknown: use bypass, mute or freeze")
        for port, source in node.wires():
            yield from self._wire_source(id, port, source)
        if spec is None:
            yield self._unknown_type(id, node)
            return
        if node.version > spec.version and definition_of(node.type) is None:
            message = (
                f"was made with version {node.version} of {node.type}, this is version {spec.version}: update nawgraph"
            )
            yield self._problem(id, None, message)
        if node.mode == "freeze" and not all(_DIGEST.match(str(node.frozen.get(p.name))) for p in spec.outputs):
            yield self._problem(id, None, "is frozen without a result: unfreeze it, run it, and freeze it again")
        if node.mode == "bypass":
            yield from self._bypass(id, node, spec)
        yield from self._knobs(id, node, spec)
        yield from self._inputs(id, node, spec)

    def _unknown_type(self, id: str, node: Node) -> Problem:
        instance = definition_of(node.type)
        if instance:
            return self._problem(id, None, f"the subgraph {instance[1]!r} is not defined in this document")
        hint = nearest(node.type, list(self.interfaces.library))
        return self._problem(
            id,
            None,
            f"node type {node.type!r} is not installed{hint}; it is kept, and what needs it cannot run",
            "warning",
        )

    def _wire_source(self, id: str, port: str, source: str) -> Iterator[Problem]:
        feeder, _, output = source.partition(".")
        if feeder == INSIDE and isinstance(self.scope, Subgraph):
            if output not in self.scope.inputs:
                yield self._problem(id, port, f"the subgraph has no input {output!r}")
            return
        if feeder not in self.nodes:
            hint = nearest(feeder, list(self.nodes))
            yield self._problem(id, port, f"is wired to {source!r}, but there is no node {feeder!r}{hint}")
            return
        spec = self.specs[feeder]
        if spec is not None and spec.output(output) is None:
            names = ", ".join(p.name for p in spec.outputs) or "none"
            yield self._problem(
                id, port, f"is wired to {source!r}, but {feeder!r} has no output {output!r} (it has: {names})"
            )

    def _bypass(self, id: str, node: Node, spec: NodeSpec) -> Iterator[Problem]:
        for port in spec.outputs:
            if pass_through(spec, node, port.name) is None:
                yield self._problem(
                    id, port.name, f"is bypassed, but no wired input can stand for its output {port.name}"
                )

    def _knobs(self, id: str, node: Node, spec: NodeSpec) -> Iterator[Problem]:
        for name in sorted(node.knobs):
            knob = spec.knob(name)
            if knob is None:
                if name == OVER and definition_of(node.type):
                    continue
                hint = nearest(name, [k.name for k in spec.knobs])
                yield self._problem(
                    id, name, f"{node.type} has no knob {name!r}{hint}; it is kept and ignored", "warning"
                )
                continue
            try:
                knob.coerce(node.knobs[name])
            except KnobError as error:
                yield self._problem(id, name, str(error))
        if node.type.startswith("map."):
            if not over_of(node):
                yield self._problem(id, OVER, "over is empty: name the inputs or knobs that take a list")
            ports = {p.name for p in spec.inputs}
            for name in over_of(node):
                if name not in ports:
                    hint = nearest(name, sorted(ports))
                    yield self._problem(
                        id, OVER, f"{name!r} is neither an input nor a promoted knob of the subgraph{hint}"
                    )

    def _sound(self, id: str, node: Node, spec: NodeSpec) -> bool:
        """Whether a node is plainly in order, as most are. Anything else gets the closer look that finds the words."""
        if node.mode or node.version > spec.version or not valid_id(id) or definition_of(node.type) is not None:
            return False
        for name in spec.required:
            if name not in node.inputs:
                return False
        try:
            _, known, _ = settings(node, spec)
        except KnobError:
            return False
        for name in node.knobs:
            if name not in known:
                return False
        return self._fits(spec, node)

    def _fits(self, spec: NodeSpec, node: Node) -> bool:
        """Whether all of a node's wires run from one plain type to an equal one."""
        for port, feeder, output, several in node.links:
            wanted, source = spec.simple_inputs.get(port), self.specs.get(feeder)
            if several or wanted is None or source is None or source.simple_outputs.get(output) != wanted:
                return False
        return True

    def _inputs(self, id: str, node: Node, spec: NodeSpec) -> Iterator[Problem]:
        bound: dict[str, Type] = {}
        for name in sorted(node.inputs):
            port = spec.input(name)
            knob = spec.knob(name)
            kind = port.type if port else knob.type if knob else None
            if kind is None:
                hint = nearest(name, [p.name for p in spec.inputs] + [k.name for k in spec.knobs])
                yield self._problem(id, name, f"{node.type} has no input {name!r}{hint}: disconnect it")
                continue
            yield from self._types(id, name, node, kind, bound)
        for port in spec.inputs:
            if not port.optional and port.name not in node.inputs and node.mode not in ("freeze", "mute"):
                yield self._problem(id, port.name, f"input {port.name} ({port.type}) is not connected")

    def _types(self, id: str, name: str, node: Node, kind: Type, bound: dict[str, Type]) -> Iterator[Problem]:
        wire = node.inputs[name]
        several = not isinstance(wire, str)
        if several and not kind.is_list:
            yield self._problem(id, name, f"takes one wire, not {len(wire)}")
            return
        for source in (wire,) if isinstance(wire, str) else wire:
            given = self._source_type(source)
            wanted = kind.item if kind.item and (several or not given.is_list) and given != ANY else kind
            if not types.accepts(wanted or kind, given, bound):
                yield self._problem(id, name, f"wants {wanted}, but {source!r} gives {given}")

    def _source_type(self, source: str) -> Type:
        return self.interfaces.output_type(self.scope, source)

    def _cycles(self) -> Iterator[Problem]:
        path = cycle(self.nodes)
        if path:
            shown = path if len(path) <= 12 else [*path[:6], "…", *path[-5:]]
            yield self._problem(path[0], None, f"is wired in a circle: {' → '.join(shown)}; cut one of these wires")

    def _borders(self, definition: Subgraph) -> Iterator[Problem]:
        for name, kind in sorted(definition.inputs.items()):
            try:
                types.parse(kind)
            except ValueError as error:
                yield self._problem(None, name, f"input type {error}")
        for name, source in sorted(definition.outputs.items()):
            yield from self._wire_source("", name, source)
        for name, target in sorted(definition.knobs.items()):
            id, _, knob = target.partition(".")
            spec = self.specs.get(id)
            if id not in self.nodes or (spec is not None and spec.knob(knob) is None):
                yield self._problem(None, name, f"is promoted from {target!r}, which does not exist")


def cycle(nodes: Mapping[str, Node]) -> list[str]:
    """A circle of wires as node ids, first = last, or [] where there is none. Iterative: any depth."""
    return [] if _unwinds(nodes) else _circle(nodes)


def _unwinds(nodes: Mapping[str, Node]) -> bool:
    """Whether a walk against the wires never comes back to a node that it is still in."""
    left: dict[str, bool] = {}  # node → whether the walk is through with it
    for root in nodes:
        if root in left:
            continue
        stack = [root]
        while stack:
            id = stack[-1]
            if id in left:
                left[id] = True
                stack.pop()
                continue
            left[id] = False
            for _, feeder, _, _ in nodes[id].links:
                through = left.get(feeder)
                if through is False:
                    return False
                if through is None and feeder in nodes:
                    stack.append(feeder)
    return True


def _circle(nodes: Mapping[str, Node]) -> list[str]:
    """The first circle that a walk against the wires closes."""
    done: set[str] = set()
    for root in sorted(nodes):
        if root in done:
            continue
        path: list[str] = [root]
        on_path = {root: 0}
        stack = [iter(sorted(nodes[root].sources))]
        while stack:
            feeder = next(stack[-1], None)
            if feeder is None:
                stack.pop()
                closed = path.pop()
                del on_path[closed]
                done.add(closed)
                continue
            if feeder in on_path:
                return [*reversed(path[on_path[feeder] :]), path[-1]]
            if feeder not in done and feeder in nodes:
                on_path[feeder] = len(path)
                path.append(feeder)
                stack.append(iter(sorted(nodes[feeder].sources)))
    return []


def _contains_itself(graph: Graph, name: str) -> bool:
    seen: set[str] = set()
    todo = [name]
    while todo:
        for node in graph.subgraphs[todo.pop()].nodes.values():
            instance = definition_of(node.type)
            if instance and instance[1] == name:
                return True
            if instance and instance[1] in graph.subgraphs and instance[1] not in seen:
                seen.add(instance[1])
                todo.append(instance[1])
    return False
