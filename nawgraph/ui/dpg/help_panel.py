"""What a node type does, its ports and knobs."""

from __future__ import annotations

from typing import Any

import dearpygui.dearpygui as dpg

from nawgraph.graph import Node
from nawgraph.hints import Choice, Range
from nawgraph.ui import theme
from nawgraph.ui.commands.base import selected
from nawgraph.ui.dpg.pane import Kit, Pane, Tag
from nawgraph.ui.search import title
from nawgraph.ui.state import App


class Help(Pane):
    """Of the selected node."""

    def __init__(self, kit: Kit, parent: Tag) -> None:
        super().__init__(kit, parent, kit.style.pane)

    def _node(self, app: App) -> Node | None:
        ids = selected(app)
        return app.tab.shown.nodes[ids[0]] if ids and app.tab is not None else None

    def key(self, app: App) -> tuple[Any, ...]:
        node = self._node(app)
        return node.type if node is not None else "", self.width, app.library

    def build(self, app: App) -> None:
        wrap = self.width - self.kit.px(24)
        node, interfaces = self._node(app), app.interfaces()
        spec = interfaces.of(node) if node is not None and interfaces is not None else None
        if spec is None:
            self.text("Select a node to read what it does.", theme.MUTED, wrap=wrap)
            return
        self.text(title(spec), size=theme.HEAD, font=theme.BOLD, wrap=wrap)
        self.text(f"{spec.id}, version {spec.version}, from {spec.pack}", theme.FAINT, size=12)
        for paragraph in spec.help.split("\n\n"):
            self.text(" ".join(paragraph.split()), theme.TEXT, wrap=wrap, size=13)
        for heading, ports in (("Inputs", spec.inputs), ("Outputs", spec.outputs)):
            if ports:
                self.text(heading.upper(), theme.FAINT, size=11, font=theme.BOLD)
            for port in ports:
                with dpg.group(horizontal=True):
                    self.text("●", theme.of_type(port.type), font=theme.WIDE, size=11)
                    self.text(port.name)
                    self.text(str(port.type), theme.FAINT, size=12)
        if spec.knobs:
            self.text("KNOBS", theme.FAINT, size=11, font=theme.BOLD)
        for knob in spec.knobs:
            self.text(knob.name)
            self.text(_range(knob), theme.FAINT, size=12, wrap=wrap)


def _range(knob: Any) -> str:
    words = [str(knob.type), f"default {knob.default}"]
    if isinstance(knob.hint, Range):
        words.append(f"{knob.hint.low:g} to {knob.hint.high:g} {knob.hint.unit}".rstrip())
    if isinstance(knob.hint, Choice):
        words.append(", ".join(knob.hint.options))
    return "; ".join(words)
