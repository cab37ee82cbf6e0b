"""What a node looks like from outside: its type's description, or that of the subgraph it stands for.

An instance of a subgraph has the definition's inputs, outputs and promoted knobs as its own; a ``map.NAME``
node takes lists where its knob ``over`` says so and gives lists. So the checker, the planner and the editor
see one kind of thing: a `NodeSpec`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from nawgraph import types
from nawgraph.graph import Graph, Library, Node, Subgraph, Wire, definition_of
from nawgraph.node import Knob, NodeSpec, Port
from nawgraph.types import ANY, Type
from nawgraph.values import Digest, digest

OVER = "over"
"""Knob of a map node: the names of the inputs and promoted knobs that take lists."""


class Interfaces:
    """Specs of all nodes of one document, subgraphs included. Make one for each document; it remembers."""

    def __init__(self, graph: Graph, library: Library) -> None:
        self.graph = graph
        self.library = library
        self._definitions: dict[str, NodeSpec | None] = {}
        self._types: dict[str, NodeSpec | None] = {}

    def of(self, node: Node) -> NodeSpec | None:
        """The node's description, or None where its type is not known here."""
        known = self._types.get(node.type)
        if known is not None:
            return known
        instance = definition_of(node.type)
        if instance is None:
            return self._types.setdefault(node.type, self.library.get(node.type))
        kind, name = instance
        spec = self.definition(name)
        if spec is None or kind == "subgraph":
            return spec
        return _mapped(spec, node)

    def definition(self, name: str) -> NodeSpec | None:
        """Description of a subgraph, or None if it does not exist or contains itself."""
        if name not in self._definitions:
            self._definitions[name] = None  # so that a definition that contains itself ends here
            found = self.graph.subgraphs.get(name)
            if found is not None:
                self._definitions[name] = self._describe(name, found)
        return self._definitions[name]

    def _describe(self, name: str, definition: Subgraph) -> NodeSpec:
        knobs = (self._promoted(definition, knob, target) for knob, target in sorted(definition.knobs.items()))
        return NodeSpec(
            id=f"subgraph.{name}",
            title=definition.title or name,
            inputs=tuple(
                Port(port, _parse(kind), optional=self._optional(definition, port))
                for port, kind in sorted(definition.inputs.items())
            ),
            knobs=tuple(knob for knob in knobs if knob is not None),
            outputs=tuple(
                Port(port, self.output_type(definition, source)) for port, source in sorted(definition.outputs.items())
            ),
        )

    def _promoted(self, definition: Subgraph, name: str, target: str) -> Knob | None:
        id, _, inner = target.partition(".")
        node = definition.nodes.get(id)
        spec = self.of(node) if node is not None else None
        knob = spec.knob(inner) if spec is not None else None
        if node is None or knob is None:
            return None
        default = node.knobs.get(inner, knob.default)
        return replace(knob, name=name, default=tuple(default) if isinstance(default, list) else default)

    def _optional(self, definition: Subgraph, port: str) -> bool:
        """An input is optional if every port inside that it feeds is."""
        wanted = f"in.{port}"
        for node in definition.nodes.values():
            for inner, source in node.wires():
                if source == wanted:
                    spec = self.of(node)
                    found = spec.input(inner) if spec else None
                    if found is not None and not found.optional:
                        return False
        return True

    def output_type(self, scope: Graph | Subgraph, source: str) -> Type:
        """Type of ``node.output`` in a scope as declared, variables left open as ``any``."""
        id, _, name = source.partition(".")
        if id == "in" and isinstance(scope, Subgraph):
            return _parse(scope.inputs.get(name, "any"))
        node = scope.nodes.get(id)
        spec = self.of(node) if node is not None else None
        port = spec.output(name) if spec is not None else None
        if port is None:
            return ANY
        if port.type.is_variable or (port.type.item and port.type.item.is_variable):
            return self._inferred(scope, node, spec, port.type)
        return port.type

    def _inferred(self, scope: Graph | Subgraph, node: Node | None, spec: NodeSpec | None, declared: Type) -> Type:
        """What a variable stands for, read off the first wire that binds it (through at most 64 such nodes)."""
        for _ in range(64):
            if node is None or spec is None:
                return ANY
            bound: dict[str, Type] = {}
            following: tuple[Node, NodeSpec] | None = None
            for name, source in node.wires():
                port = spec.input(name)
                id, _, out = source.partition(".")
                feeder = scope.nodes.get(id)
                feeder_spec = self.of(feeder) if feeder else None
                output = feeder_spec.output(out) if feeder_spec else None
                if port is None or feeder is None or feeder_spec is None or output is None:
                    continue
                if output.type.is_variable:
                    following = following or (feeder, feeder_spec)
                    continue
                wanted = port.type.item if port.type.item and not output.type.is_list else port.type
                types.accepts(wanted, output.type, bound)
            if bound or following is None:
                return types.substitute(declared, bound)
            node, spec = following
        return ANY


def _parse(text: str) -> Type:
    try:
        return types.parse(text)
    except ValueError:
        return ANY


def over_of(node: Node) -> tuple[str, ...]:
    """Names that a map node iterates over."""
    over = node.knobs.get(OVER, ())
    if isinstance(over, str):
        return (over,)
    return tuple(str(name) for name in over) if isinstance(over, (list, tuple)) else ()


def _mapped(spec: NodeSpec, node: Node) -> NodeSpec:
    over = set(over_of(node))
    inputs = [replace(p, type=Type("list", p.type), optional=False) if p.name in over else p for p in spec.inputs]
    inputs += [Port(k.name, Type("list", k.type)) for k in spec.knobs if k.name in over]
    return replace(
        spec,
        id=f"map.{spec.id.partition('.')[2]}",
        inputs=tuple(inputs),
        knobs=(*(k for k in spec.knobs if k.name not in over), Knob(OVER, Type("list", Type("str")), ())),
        outputs=tuple(replace(p, type=Type("list", p.type)) for p in spec.outputs),
    )


Settings = tuple[NodeSpec, Mapping[str, Any], tuple[Digest, ...]]
"""Of a node: its type; its knobs by name, coerced, defaults filled in; their digests, in order of the type's knobs."""


def settings(node: Node, spec: NodeSpec) -> Settings:
    """What a node's knobs are set to.

    Remembered on the node: documents share nodes between versions, and checker and planner both ask.

    Raises:
        KnobError: a knob that is set to something it cannot be.
    """
    memo: Settings | None = node._settings
    if memo is not None and memo[0] is spec:
        return memo
    values, digests = spec.defaults
    if node.knobs:
        values, changed = values.copy(), list(digests)
        for name, value in node.knobs.items():
            knob = spec.knob(name)
            if knob is not None:
                values[name] = made = knob.coerce(value)
                changed[spec.knob_index(name)] = digest(made)
        digests = tuple(changed)
    memo = spec, values, digests
    object.__setattr__(node, "_settings", memo)
    return memo


def pass_through(spec: NodeSpec, node: Node, output: str) -> str | None:
    """The input that a bypassed node passes on as `output`: the first wired one of a type that fits."""
    wanted = spec.output(output)
    if wanted is None:
        return None
    for port in spec.inputs:
        wire: Wire | None = node.inputs.get(port.name)
        kind = port.type.item if port.type.item and not wanted.type.is_list else port.type
        if wire is not None and types.accepts(wanted.type, kind or port.type):
            return port.name
    return None
