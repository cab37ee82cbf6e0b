"""Edits that change no result: positions, frames, notes, reroutes, bookmarks, the form, the document's meta."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from nawgraph import shape
from nawgraph.edits.base import Edit, EditError, count
from nawgraph.edits.scopes import Point, node_in, placed, set_section, tidy, without
from nawgraph.graph import EMPTY, Graph, Library
from nawgraph.interface import Interfaces
from nawgraph.problems import nearest


@dataclass(frozen=True)
class Move(Edit):
    """Put nodes somewhere: id → (x, y) in canvas units, rounded to whole ones."""

    positions: Mapping[str, Point]

    @property
    def label(self) -> str:
        return f"move {count(sorted(self.positions))}"

    @property
    def key(self) -> str:
        return f"move {self.scope}/{','.join(sorted(self.positions))}"

    def change(self, graph: Graph, library: Library) -> Graph:
        scope = graph.scope(self.scope)
        for id in self.positions:
            node_in(scope, id)
        return graph.with_scope(self.scope, replace(scope, ui=placed(scope.ui, self.positions)))


@dataclass(frozen=True)
class SetUi(Edit):
    """Add, change or (value None) remove an entry of the layout.

    Attributes:
        section: nodes, frames, notes, reroutes, bookmarks or view.
        id: of the entry, "" for the view.
        value: as `docs/format.md` says.
    """

    section: str
    id: str
    value: Mapping[str, Any] | Sequence[float] | None

    @property
    def label(self) -> str:
        verb = "remove" if self.value is None else "set"
        return f"{verb} {self.section.removesuffix('s')} {self.id}".rstrip()

    @property
    def key(self) -> str:
        return f"ui {self.scope}/{self.section}/{self.id}"

    def change(self, graph: Graph, library: Library) -> Graph:
        if self.section not in ("nodes", "view", *shape.PLACED):
            raise EditError(f"the layout has no {self.section!r}{nearest(self.section, shape.PLACED)}")
        if (self.section == "view") != (self.id == ""):
            raise EditError(f"{self.section} is set {'without' if self.id else 'with'} an id")
        scope = graph.scope(self.scope)
        if self.section == "nodes":
            node_in(scope, self.id)
        ui = scope.ui
        value = None if self.value is None else shape.ui_entry(self.section, self.id, self.value)
        if self.section == "view":
            ui = ui.set("view", value) if value is not None else set_section(ui, "view", {})
        else:
            entries = without(ui.get(self.section, EMPTY), [self.id])
            ui = set_section(ui, self.section, entries if value is None else {**entries, self.id: value})
        scope = replace(scope, ui=ui)
        return graph.with_scope(self.scope, replace(scope, ui=tidy(scope)))


@dataclass(frozen=True)
class SetMeta(Edit):
    """Set a field of the document's meta (title, author, licence, description …); None removes it."""

    field: str
    value: Any

    @property
    def label(self) -> str:
        return f"set {self.field}"

    @property
    def key(self) -> str:
        return f"meta {self.field}"

    def change(self, graph: Graph, library: Library) -> Graph:
        rest = without(graph.meta, [self.field])
        return replace(graph, meta=shape.meta(rest if self.value is None else {**rest, self.field: self.value}))


@dataclass(frozen=True)
class SetForm(Edit):
    """Set the simple panel: entries ``{"node": id, "knob": name, "label": text}`` in the order they are shown."""

    entries: Sequence[Mapping[str, Any]]

    @property
    def label(self) -> str:
        return "change the form"

    def change(self, graph: Graph, library: Library) -> Graph:
        interfaces = Interfaces(graph, library)
        made = tuple(shape.form_entry(entry, f"form entry {i + 1}") for i, entry in enumerate(self.entries))
        seen: set[tuple[str, str]] = set()
        for entry in made:
            id, knob = entry["node"], entry["knob"]
            spec = interfaces.of(node_in(graph, id))
            if spec is not None and spec.knob(knob) is None:
                raise EditError(f"{id} has no knob {knob!r}{nearest(knob, [k.name for k in spec.knobs])}")
            if (id, knob) in seen:
                raise EditError(f"{id}.{knob} is in the form already")
            seen.add((id, knob))
        return replace(graph, form=made)


@dataclass(frozen=True)
class Promote(Edit):
    """Show a knob in the form as well."""

    id: str
    knob: str
    title: str = ""

    @property
    def label(self) -> str:
        return f"show {self.id}.{self.knob} in the form"

    def change(self, graph: Graph, library: Library) -> Graph:
        entry = {"node": self.id, "knob": self.knob} | ({"label": self.title} if self.title else {})
        return SetForm((*graph.form, entry)).apply(graph, library)
