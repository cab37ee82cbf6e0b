"""The form: the document's promoted knobs as a simple panel."""

from __future__ import annotations

from typing import Any

import dearpygui.dearpygui as dpg

from nawgraph.edits import SetKnob
from nawgraph.graph import Node
from nawgraph.ui import theme
from nawgraph.ui.dpg.knobs import Knobs
from nawgraph.ui.dpg.pane import Kit, Pane, Tag
from nawgraph.ui.messages import Apply, Invoke
from nawgraph.ui.state import App


class Form(Pane):
    """One row an entry; it speaks of the document itself, wherever the canvas is."""

    def __init__(self, kit: Kit, parent: Tag) -> None:
        super().__init__(kit, parent, kit.style.pane)
        self._rows: list[tuple[str, Knobs]] = []

    def key(self, app: App) -> tuple[Any, ...]:
        tab = app.tab
        if tab is None:
            return ("", self.width)
        wired = tuple(tuple(tab.graph.nodes[e["node"]].inputs) for e in tab.graph.form if e["node"] in tab.graph.nodes)
        return tab.key, tab.graph.form, wired, self.width

    def build(self, app: App) -> None:
        tab = app.tab
        self._rows = []
        if tab is None:
            return
        interfaces = app.interfaces()
        inner = self.width - self.kit.px(30)
        if not tab.graph.form:
            words = "Right-click a knob's name in the inspector and choose Show in Form: it is kept with the document."
            self.text(words, theme.MUTED, wrap=inner)
        for place, entry in enumerate(tab.graph.form):
            node = tab.graph.nodes.get(entry["node"])
            spec = interfaces.of(node) if node is not None and interfaces is not None else None
            knob = spec.knob(entry["knob"]) if spec is not None else None
            if node is None or knob is None:
                self.text(f"{entry['node']}.{entry['knob']} is not here", theme.WARNING)
                continue
            self._row(entry, place, node, knob, inner)

    def _row(self, entry: Any, place: int, node: Node, knob: Any, inner: int) -> None:
        id = entry["node"]
        with dpg.group(horizontal=True):
            self.text(str(entry.get("label") or knob.name.replace("_", " ").capitalize()), size=13, font=theme.BOLD)
            self.text(id, theme.FAINT, size=12)
            quiet = self.kit.style.quiet
            self.button(f"up##{place}", Invoke("form.lift", {"index": place, "step": -1}), look=quiet)
            self.button(f"down##{place}", Invoke("form.lift", {"index": place, "step": 1}), look=quiet)
            self.button(f"×##{place}", Invoke("form.unpromote", {"node": id, "knob": knob.name}), look=quiet)
        knobs = Knobs(self.kit, lambda name, value: self.send(Apply(SetKnob(id, name, value))))
        knobs.row(id, node, knob, inner, True, knob.name)
        self._rows.append((id, knobs))
        dpg.add_spacer(height=self.kit.px(4))

    def refresh(self, app: App) -> None:
        if app.tab is not None:
            for id, knobs in self._rows:
                node = app.tab.graph.nodes.get(id)
                if node is not None:
                    knobs.refresh(node)
