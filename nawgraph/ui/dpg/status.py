"""The bar at the bottom: the last sentence, what runs, what is shown."""

from __future__ import annotations

from typing import Any

import dearpygui.dearpygui as dpg

from nawgraph.ui import theme
from nawgraph.ui.dpg.pane import Kit, Pane, Tag
from nawgraph.ui.state import App

HEIGHT = 26.0

_COLOURS = {"info": theme.MUTED, "warning": theme.WARNING, "error": theme.ERROR}


class Status(Pane):
    """One line. Earlier sentences are in its tooltip."""

    def __init__(self, kit: Kit, parent: Tag) -> None:
        super().__init__(kit, parent, kit.style.status, scrolls=False)

    def key(self, app: App) -> tuple[Any, ...]:
        tab = app.tab
        counts = (len(tab.shown.nodes), len(tab.selection), round(tab.view.zoom, 2)) if tab is not None else ()
        return app.toasts, counts, _work(app), self.width, app.sound.device

    def build(self, app: App) -> None:
        kit = self.kit
        toast = app.toasts[-1] if app.toasts else None
        with dpg.group(horizontal=True):
            if toast is not None:
                tag = self.text(toast.text.replace("\n", " "), _COLOURS[toast.kind], size=13)
                self.tip(tag, "\n".join(t.text for t in app.toasts))
            else:
                self.text(_hint(app), theme.FAINT, size=13)
        right = self._right(app)
        wide = dpg.get_text_size(right, font=kit.fonts.of(theme.REGULAR, 13)) or (kit.px(6.5) * len(right), 0)
        with dpg.group(horizontal=True, pos=(max(self.width - wide[0] - kit.px(14), 0), kit.px(4))):
            self.text(right, theme.FAINT, size=13)

    def _right(self, app: App) -> str:
        tab = app.tab
        words = [_work(app)]
        if tab is not None:
            chosen = len(tab.selection)
            words.append(f"{chosen} of {len(tab.shown.nodes)} selected" if chosen else f"{len(tab.shown.nodes)} nodes")
            words.append(f"{tab.view.zoom:.0%}")
        words.append(app.sound.device or "no sound yet")
        return "   ·   ".join(word for word in words if word)


def _work(app: App) -> str:
    """What runs, in a few words."""
    current = app.queue.current
    if current is None:
        return ""
    tab = next((tab for tab in app.tabs if str(tab.key) == current.tab), None)
    waiting = f", {len(app.queue.waiting)} waiting" if app.queue.waiting else ""
    if tab is None:
        return f"running{waiting}"
    states = [tab.badges.get(id) for id in tab.graph.nodes]
    done = sum(1 for b in states if b is not None and b.state in ("ran", "cached", "skipped"))
    busy = next(
        (id for id, b in zip(tab.graph.nodes, states, strict=True) if b is not None and b.state == "running"), ""
    )
    return f"running {busy} ({done}/{len(states)}){waiting}"


def _hint(app: App) -> str:
    if app.tab is None:
        return "Ctrl+N starts a document, Ctrl+Shift+P finds every command"
    if not app.tab.shown.nodes:
        return "Tab adds a node"
    if app.tab.selection:
        return "L listens   ·   B bypasses   ·   M mutes   ·   Ctrl+G groups   ·   right-click shows all"
    return "Tab adds a node   ·   Ctrl+Return runs   ·   Space plays   ·   Ctrl+Shift+P finds every command"
