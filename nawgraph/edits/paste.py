"""Paste a part of a document into another."""

from __future__ import annotations

from dataclasses import dataclass, replace

from immutables import Map

from nawgraph.edits.base import Edit, EditError
from nawgraph.edits.nodes import check_nesting, copies
from nawgraph.edits.scopes import (
    Point,
    Scope,
    copied_layout,
    fresh,
    missing_source,
    position,
    relabelled,
    set_section,
    unit,
)
from nawgraph.graph import EMPTY, Graph, Json, Library, Node, Subgraph, definition_of
from nawgraph.nesting import definitions_in, used
from nawgraph.problems import cycle


@dataclass(frozen=True)
class Paste(Edit):
    """Add the nodes of `part` (what `files.copy` wrote and `files.loads` read) under fresh ids.

    Definitions come along: one that is here already under the same name is shared, one that differs gets a
    fresh name. Node types that are not installed are welcome; they stay placeholders.

    Attributes:
        at: of the upper left corner of what is pasted; None: 40 units below and right of the original.
        outer: keep the wires from nodes that are not in `part`, as far as they are here.
    """

    part: Graph
    at: Point | None = None
    outer: bool = False

    @property
    def label(self) -> str:
        return f"paste {len(self.part.nodes)} node{'s' * (len(self.part.nodes) != 1)}"

    def names(self, graph: Graph) -> dict[str, str]:
        """Id in `part` → id here."""
        names: dict[str, str] = {}
        taken = set(graph.scope(self.scope).nodes)
        for id in sorted(self.part.nodes):
            names[id] = fresh(id, taken)
            taken.add(names[id])
        return names

    def change(self, graph: Graph, library: Library) -> Graph:
        if not self.part.nodes:
            raise EditError("there is nothing to paste")
        if cycle(self.part.nodes):
            raise EditError("what is to be pasted is wired in a circle")
        graph, definitions = self._definitions(graph)
        if self.scope and self.scope in used(graph.subgraphs, definitions.values()):
            raise EditError(f"the subgraph {self.scope!r} cannot be inside itself")
        scope = graph.scope(self.scope)
        names = self.names(graph)
        copied = copies(self.part.nodes, names, lambda source: self.outer and not missing_source(scope, source))
        pasted = {new: _retyped(node, definitions) for new, node in copied.items()}
        made = replace(scope, nodes=scope.nodes.update(pasted))
        check_nesting(graph := graph.with_scope(self.scope, replace(made, ui=self._layout(scope, names))))
        return graph

    def _definitions(self, graph: Graph) -> tuple[Graph, dict[str, str]]:
        """The document with the definitions that are needed, and the names that they have here."""
        wanted = used(self.part.subgraphs, definitions_in(self.part.nodes))
        names = {name: name for name in wanted}
        for name in sorted(wanted):
            here = graph.subgraphs.get(name)
            if here is not None and here != self.part.subgraphs[name]:
                names[name] = fresh(name, {*graph.subgraphs, *names.values()})
        subgraphs = graph.subgraphs
        for name in wanted:
            subgraphs = subgraphs.set(names[name], _renamed_inside(self.part.subgraphs[name], names))
        return replace(graph, subgraphs=subgraphs), names

    def _layout(self, scope: Scope, names: dict[str, str]) -> Map[str, Json]:
        ui = relabelled(self.part.ui, names)
        offset: Point = (40, 40)
        places = [at for new in names.values() if (at := position(ui, new))]
        if self.at is not None and places:
            offset = (self.at[0] - min(x for x, _ in places), self.at[1] - min(y for _, y in places))
        entries = {new: ui["nodes"][new] for new in names.values() if new in ui.get("nodes", EMPTY)}
        made = copied_layout(scope.ui, entries, offset)
        for section in ("frames", "notes"):
            here = dict(made.get(section, EMPTY))
            for key, entry in sorted(ui.get(section, EMPTY).items()):
                x, y = entry["at"]
                here[fresh(key, here)] = entry.set("at", (unit(x + offset[0]), unit(y + offset[1])))
            made = set_section(made, section, here)
        return made


def _retyped(node: Node, names: dict[str, str]) -> Node:
    instance = definition_of(node.type)
    if instance is None or names.get(instance[1], instance[1]) == instance[1]:
        return node
    return replace(node, type=f"{instance[0]}.{names[instance[1]]}")


def _renamed_inside(definition: Subgraph, names: dict[str, str]) -> Subgraph:
    changed = {id: made for id, node in definition.nodes.items() if (made := _retyped(node, names)) is not node}
    return replace(definition, nodes=definition.nodes.update(changed)) if changed else definition
