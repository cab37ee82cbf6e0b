"""The strip below the menus: documents, the way into groups, and what is used most."""

from __future__ import annotations

from typing import Any

import dearpygui.dearpygui as dpg

from nawgraph.ui import theme
from nawgraph.ui.dpg.pane import Kit, Pane, Tag
from nawgraph.ui.messages import Cancel, Front, Invoke, Leave
from nawgraph.ui.state import App, Tab

HEIGHT = 38.0


class Tabs(Pane):
    """One button a document; a dot before those with unsaved changes."""

    def __init__(self, kit: Kit, parent: Tag) -> None:
        super().__init__(kit, parent, kit.style.bar, scrolls=False)

    def key(self, app: App) -> tuple[Any, ...]:
        tab = app.tab
        shown = tuple((t.key, t.title, t.dirty, t.on_disk, str(t.path)) for t in app.tabs)
        auto = app.settings.auto_run
        return shown, app.active, tab.crumbs if tab else (), app.queue.current is not None, auto, self.width

    def build(self, app: App) -> None:
        tab = app.tab
        with dpg.group(horizontal=True):
            for each in app.tabs:
                self._tab(each, each.key == app.active)
            self.button("+", Invoke("file.new"), look=self.kit.style.flat, help="New document")
            if tab is not None and tab.trail:
                self._crumbs(tab)
        if tab is not None:
            self._actions(app)

    def _tab(self, tab: Tab, front: bool) -> None:
        style = self.kit.style
        mark = "• " if tab.dirty else ""
        title = tab.title if len(tab.title) <= 28 else f"{tab.title[:27]}…"
        help = str(tab.path) if tab.path is not None else "Not saved yet"
        if tab.on_disk:
            help += "\nchanged by another program" if tab.on_disk == "changed" else "\nis gone from the disk"
        with dpg.group(horizontal=True, horizontal_spacing=0):
            button = self.button(
                f" {mark}{title} ", Front(tab.key), look=style.chosen if front else style.flat, help=help
            )
            dpg.bind_item_font(button, self.kit.fonts.words(title))
            self.button(
                "×", Invoke("file.close", {"key": tab.key}), look=style.chosen if front else style.quiet, help="Close"
            )

    def _crumbs(self, tab: Tab) -> None:
        """Document › group › group inside it; a click goes there."""
        style = self.kit.style
        self.text("  ", theme.FAINT)
        self.button(tab.title, Leave(0), look=style.flat)
        for depth, name in enumerate(tab.crumbs, 1):
            self.text("›", theme.FAINT)
            look = style.flat if depth < len(tab.trail) else style.chosen
            button = self.button(f"{name}##{depth}", Leave(depth), look=look)
            dpg.bind_item_font(button, self.kit.fonts.words(name))

    def _actions(self, app: App) -> None:
        """At the right edge: run or cancel, and automatic runs."""
        px, style = self.kit.px, self.kit.style
        running = app.queue.current is not None
        wide = sum(
            (dpg.get_text_size(w, font=self.kit.fonts.of()) or (px(32), 0))[0] + px(24) for w in ("Auto", "Plan")
        )
        with dpg.group(horizontal=True, pos=(round(self.width - wide - px(128)), px(5))):
            self.button(
                "Auto",
                Invoke("run.auto"),
                look=style.lit if app.settings.auto_run else style.flat,
                help="Run after every change that changes a result",
            )
            self.button("Plan", Invoke("run.plan"), look=style.flat, help="What a run would do, before it is done")
            if running:
                self.button("Cancel", Cancel(), look=style.danger, width=px(120), help="Stop the run (Ctrl+.)")
            else:
                self.button("Run", Invoke("run.all"), look=style.primary, width=px(120), help="Run all (Ctrl+Return)")
