"""Panels about the document: its history, its problems, its bookmarks."""

from __future__ import annotations

from typing import Any

import dearpygui.dearpygui as dpg

from nawgraph.graph import EMPTY
from nawgraph.ui import theme
from nawgraph.ui.checking import problems_of
from nawgraph.ui.dpg.pane import Kit, Pane, Tag
from nawgraph.ui.messages import Invoke, Select, Travel
from nawgraph.ui.state import App

SHOWN = 200
"""Steps of the history that are listed around the present one."""


class History(Pane):
    """Every step by its name; a click goes there."""

    def __init__(self, kit: Kit, parent: Tag) -> None:
        super().__init__(kit, parent, kit.style.pane)

    def key(self, app: App) -> tuple[Any, ...]:
        history = app.tab.history if app.tab is not None else None
        return (history, self.width)

    def build(self, app: App) -> None:
        if app.tab is None:
            return
        history = app.tab.history
        first = max(history.index - SHOWN // 2, 0)
        entries = list(enumerate(history.entries))[first : first + SHOWN]
        for index, entry in reversed(entries):
            label = entry.label[:1].upper() + entry.label[1:]
            undone = index > history.index
            tag = dpg.add_selectable(
                label=f"{label}##{index}",
                default_value=index == history.index,
                callback=lambda _, __, place: self.send(Travel(place)),
                user_data=index,
            )
            dpg.bind_item_font(tag, self.kit.fonts.words(label))
            if undone:
                dpg.bind_item_theme(tag, self.kit.style.flat)


class Problems(Pane):
    """What keeps the document, or a part of it, from running."""

    def __init__(self, kit: Kit, parent: Tag) -> None:
        super().__init__(kit, parent, kit.style.pane)

    def key(self, app: App) -> tuple[Any, ...]:
        tab = app.tab
        return (tab.graph if tab else None, tab.badges if tab else None, app.library, self.width)

    def build(self, app: App) -> None:
        tab = app.tab
        if tab is None:
            return
        found = [(p.severity, p.node or "", p.message) for p in problems_of(tab.graph, app.library)]
        found += [
            ("error", id, badge.error) for id, badge in tab.badges.items() if badge.error and badge.state == "failed"
        ]
        if not found:
            self.text("Nothing is wrong.", theme.OK)
            return
        for severity, node, message in found[:SHOWN]:
            with dpg.group(horizontal=True):
                self.text("●", theme.ERROR if severity == "error" else theme.WARNING, font=theme.WIDE, size=11)
                if node and "/" not in node:
                    self.button(node, lambda id=node: Select((id,)), look=self.kit.style.flat)
                elif node:
                    self.text(node, theme.MUTED)
            self.text(message, theme.TEXT, wrap=self.width - self.kit.px(24), size=13)
            dpg.add_spacer(height=self.kit.px(4))


class Bookmarks(Pane):
    """Places on the canvas."""

    def __init__(self, kit: Kit, parent: Tag) -> None:
        super().__init__(kit, parent, kit.style.pane)

    def key(self, app: App) -> tuple[Any, ...]:
        return (app.tab.shown.ui.get("bookmarks", EMPTY) if app.tab else None, self.width)

    def build(self, app: App) -> None:
        names = sorted(app.tab.shown.ui.get("bookmarks", EMPTY)) if app.tab is not None else []
        for place, name in enumerate(names, 1):
            with dpg.group(horizontal=True):
                go = self.button(
                    name,
                    Invoke("bookmark.go", {"name": name}),
                    look=self.kit.style.card,
                    width=self.width - self.kit.px(96),
                )
                dpg.bind_item_font(go, self.kit.fonts.words(name))
                self.text(f"Ctrl+{place}" if place < 10 else "      ", theme.FAINT, size=12)
                self.button("×", Invoke("bookmark.remove", {"name": name}), look=self.kit.style.quiet, help="Remove")
        if not names:
            self.text(
                "A bookmark keeps a place of the canvas and its zoom.", theme.MUTED, wrap=self.width - self.kit.px(24)
            )
        dpg.add_spacer(height=self.kit.px(6))
        self.button("Add Bookmark…", Invoke("bookmark.add"))
