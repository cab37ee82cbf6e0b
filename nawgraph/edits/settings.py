"""Edits of what a node is set to: knobs, title, mode, presets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from immutables import Map

from nawgraph import shape
from nawgraph.edits.base import Edit, EditError, count
from nawgraph.edits.border import unpromoted
from nawgraph.edits.nodes import checked
from nawgraph.edits.scopes import all_in, node_in
from nawgraph.graph import EMPTY, Graph, Library, Mode, Node
from nawgraph.interface import OVER, Interfaces


@dataclass(frozen=True)
class SetKnob(Edit):
    """Set a knob; of a node whose type is not installed any JSON is taken."""

    id: str
    knob: str
    value: Any

    @property
    def label(self) -> str:
        return f"set {self.id}.{self.knob} to {shape.show(self.value)}"

    @property
    def key(self) -> str:
        return f"knob {self.scope}/{self.id}.{self.knob}"

    def change(self, graph: Graph, library: Library) -> Graph:
        node = node_in(graph.scope(self.scope), self.id)
        spec = Interfaces(graph, library).of(node)
        value = checked(self.id, spec, self.knob, self.value)
        graph = _with_node(graph, self.scope, self.id, replace(node, knobs=node.knobs.set(self.knob, value)))
        # what a map takes from a list is an input of it, no knob that can be promoted
        return unpromoted(graph, library, self.scope, self.id) if self.knob == OVER else graph


@dataclass(frozen=True)
class ResetKnob(Edit):
    """Give a knob its default again."""

    id: str
    knob: str

    @property
    def label(self) -> str:
        return f"reset {self.id}.{self.knob}"

    def change(self, graph: Graph, library: Library) -> Graph:
        node = node_in(graph.scope(self.scope), self.id)
        if self.knob not in node.knobs:
            return graph
        return _with_node(graph, self.scope, self.id, replace(node, knobs=node.knobs.delete(self.knob)))


@dataclass(frozen=True)
class SetTitle(Edit):
    """Call a node something else; "" for the title of its type."""

    id: str
    title: str

    @property
    def label(self) -> str:
        return f"title of {self.id}"

    @property
    def key(self) -> str:
        return f"title {self.scope}/{self.id}"

    def change(self, graph: Graph, library: Library) -> Graph:
        node = node_in(graph.scope(self.scope), self.id)
        title = shape.text(self.title, f"the title of {self.id}", shape.MAX_NAME)
        return _with_node(graph, self.scope, self.id, replace(node, title=title))


@dataclass(frozen=True)
class SetMode(Edit):
    """Bypass, mute, freeze or ("") run nodes.

    Attributes:
        frozen: for "freeze": node id → output → digest in hex of the result to keep.
    """

    ids: Sequence[str]
    mode: Mode
    frozen: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def label(self) -> str:
        return f"{self.mode or 'run'} {count(self.ids)}"

    def change(self, graph: Graph, library: Library) -> Graph:
        if self.mode not in ("", "bypass", "mute", "freeze"):
            raise EditError(f"a mode is bypass, mute, freeze or nothing, not {self.mode!r}")
        scope = graph.scope(self.scope)
        for id in all_in(scope, self.ids):
            frozen = self._digests(id) if self.mode == "freeze" else EMPTY
            graph = _with_node(graph, self.scope, id, replace(scope.nodes[id], mode=self.mode, frozen=frozen))
        return graph

    def _digests(self, id: str) -> Map[str, str]:
        outputs = self.frozen.get(id)
        if not outputs:
            raise EditError(f"{id} has no result to freeze: run it first")
        return Map({shape.name(k, f"{id}: an output"): shape.digest(v, f"{id}: {k}") for k, v in outputs.items()})


@dataclass(frozen=True)
class StorePreset(Edit):
    """Keep a node's knobs in the document under a name, for all nodes of its type."""

    id: str
    name: str

    @property
    def label(self) -> str:
        return f"store preset {self.name}"

    def change(self, graph: Graph, library: Library) -> Graph:
        node = node_in(graph.scope(self.scope), self.id)
        name = shape.name(self.name, "a preset")
        named = graph.presets.get(node.type, EMPTY).set(name, node.knobs)
        return replace(graph, presets=graph.presets.set(node.type, named))


@dataclass(frozen=True)
class ApplyPreset(Edit):
    """Set a node's knobs to those of a preset; the knobs that it does not name get their defaults."""

    id: str
    name: str

    @property
    def label(self) -> str:
        return f"preset {self.name} on {self.id}"

    def change(self, graph: Graph, library: Library) -> Graph:
        node = node_in(graph.scope(self.scope), self.id)
        named = graph.presets.get(node.type, EMPTY)
        if self.name not in named:
            raise EditError(f"{node.type} has no preset {self.name!r}")
        spec = Interfaces(graph, library).of(node)
        knobs = Map({knob: checked(self.id, spec, knob, value) for knob, value in named[self.name].items()})
        return _with_node(graph, self.scope, self.id, replace(node, knobs=knobs))


@dataclass(frozen=True)
class RemovePreset(Edit):
    """Forget a preset."""

    type: str
    name: str

    @property
    def label(self) -> str:
        return f"remove preset {self.name}"

    def change(self, graph: Graph, library: Library) -> Graph:
        named = graph.presets.get(self.type, EMPTY)
        if self.name not in named:
            raise EditError(f"{self.type} has no preset {self.name!r}")
        rest = named.delete(self.name)
        presets = graph.presets.set(self.type, rest) if rest else graph.presets.delete(self.type)
        return replace(graph, presets=presets)


def _with_node(graph: Graph, name: str, id: str, node: Node) -> Graph:
    scope = graph.scope(name)
    return graph.with_scope(name, replace(scope, nodes=scope.nodes.set(id, node)))
