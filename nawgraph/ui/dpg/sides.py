"""The panel on the left: one of several views at a time, with a head that says which."""

from __future__ import annotations

from typing import Any

import dearpygui.dearpygui as dpg

from nawgraph.ui import theme
from nawgraph.ui.dpg import documents_panel, form_panel, help_panel, runs_panel
from nawgraph.ui.dpg.pane import Box, Kit, Pane, Tag
from nawgraph.ui.messages import Invoke
from nawgraph.ui.state import App

PANELS: dict[str, tuple[str, Any]] = {
    "history": ("History", documents_panel.History),
    "runs": ("Runs", runs_panel.Runs),
    "plan": ("Run plan", runs_panel.Plan),
    "problems": ("Problems", documents_panel.Problems),
    "form": ("Form", form_panel.Form),
    "bookmarks": ("Bookmarks", documents_panel.Bookmarks),
    "help": ("Help", help_panel.Help),
}
HEAD = 34.0


class Head(Pane):
    """The panel's name, and a way to close it."""

    def __init__(self, kit: Kit, parent: Tag) -> None:
        super().__init__(kit, parent, kit.style.bar, scrolls=False)

    def key(self, app: App) -> tuple[Any, ...]:
        return app.layout.side, self.width

    def build(self, app: App) -> None:
        side = app.layout.side
        with dpg.group(horizontal=True):
            self.text(f" {PANELS[side][0]}" if side in PANELS else "", size=theme.BODY, font=theme.BOLD)
        with dpg.group(pos=(self.width - self.kit.px(30), self.kit.px(5))):
            self.button("×", Invoke(f"view.{side}"), look=self.kit.style.quiet, help="Close the panel")


class Side:
    """Makes each panel when it is first shown."""

    def __init__(self, kit: Kit, parent: Tag) -> None:
        self._kit = kit
        self._parent = parent
        self._head = Head(kit, parent)
        self._panels: dict[str, Pane] = {}

    def draw(self, app: App, box: Box | None) -> None:
        """Show the panel that the layout names in a box; nothing without one."""
        name = app.layout.side if box is not None else ""
        for other, panel in self._panels.items():
            if other != name:
                panel.place(None)
        if box is None or name not in PANELS:
            self._head.place(None)
            return
        x, y, width, height = box
        head = self._kit.px(HEAD)
        if self._head.place((x, y, width, head)):
            self._head.draw(app)
        if name not in self._panels:
            self._panels[name] = PANELS[name][1](self._kit, self._parent)
        if self._panels[name].place((x, y + head, width, height - head)):
            self._panels[name].draw(app)
