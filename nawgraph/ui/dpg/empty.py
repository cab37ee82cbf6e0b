"""What is shown while no document is open: where to begin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dearpygui.dearpygui as dpg

from nawgraph.ui import theme
from nawgraph.ui.choices import ago
from nawgraph.ui.dpg.ink import Ink
from nawgraph.ui.dpg.pane import Kit, Pane, Tag
from nawgraph.ui.messages import Do, Invoke
from nawgraph.ui.state import App

PAD = 28.0
"""Of a card, left and right together."""

HEAR = 44
"""Width of the button that plays a template, with the room before it."""


class Empty(Pane):
    """Templates, recent documents, and the keys that matter."""

    def __init__(self, kit: Kit, parent: Tag) -> None:
        super().__init__(kit, parent, kit.style.bare)
        self._ink = Ink(kit.fonts)

    def key(self, app: App) -> tuple[Any, ...]:
        playing = app.heard.name if app.sound.playing else ""
        return app.files, self.width, self.height, app.templates, playing

    def build(self, app: App) -> None:
        px = self.kit.px
        column = px(390)
        left = max((self.width - 2 * column - px(40)) // 2, px(20))
        top = max(round(self.height * 0.12), px(16))
        with dpg.group(pos=(left, top)):
            self.text("nawgraph", size=34, font=theme.BOLD)
            self.text("Wire prompts, planners, renderers and mixers into music.", theme.MUTED, size=theme.HEAD)
        with dpg.group(pos=(left, top + px(96))):
            self._head("Start from a template")
            for template in app.templates[:7]:
                about = {"template": template}
                start, hear = Do("documents", "start_from", about), Do("documents", "hear_template", about)
                sign = "▮▮" if app.sound.playing and app.heard.name == template.title else "▶"
                self._card(template.title, _first(template.description), start, column, (sign, hear))
        with dpg.group(pos=(left + column + px(40), top + px(96)), width=column):
            self._head("Or from nothing")
            self._card("New document", "Ctrl+N   an empty canvas; Tab adds the first node", Invoke("file.new"), column)
            self._card("Open…", "Ctrl+O   a graph, or any sound that nawgraph exported", Invoke("file.open"), column)
            dpg.add_spacer(height=px(14))
            if app.files:
                self._head("Recent")
                for entry in app.files[:5]:
                    detail = "is gone" if entry.gone else f"{ago(entry.time)}   {entry.path.parent.name}"
                    self._card(
                        entry.title or entry.path.stem, detail, Do("documents", "open", {"path": entry.path}), column
                    )

    def _head(self, words: str) -> None:
        self.text(words.upper(), theme.FAINT, size=11, font=theme.BOLD)
        dpg.add_spacer(height=self.kit.px(2))

    def _card(self, title: str, detail: str, message: Any, width: int, hear: tuple[str, Any] | None = None) -> None:
        """A title and a line below it, pressed as one; beside it, if it can be heard, a button that plays it."""
        px = self.kit.px
        width -= px(HEAR) if hear is not None else 0
        with dpg.group():
            line = _short(detail, lambda words: self._ink.width(words, theme.BODY) <= width / self.kit.scale - PAD)
            with dpg.group(horizontal=True, horizontal_spacing=px(4)):
                tag = self.button(f"{title}\n{line}", message, look=self.kit.style.card, width=width, height=px(52))
                dpg.bind_item_font(tag, self.kit.fonts.words(title + detail))
                if hear is not None:
                    size = {"width": px(HEAR - 4), "height": px(52)}
                    self.button(hear[0], hear[1], look=self.kit.style.card, help=f"Hear what {title} makes", **size)
            dpg.add_spacer(height=px(6))


def _first(text: str) -> str:
    end = text.find(". ")
    return text if end < 0 else text[: end + 1]


def _short(text: str, fits: Callable[[str], bool]) -> str:
    """As much as fits, cut between words."""
    shown = text
    while shown and not fits(shown):
        text = text.rpartition(" ")[0]
        shown = f"{text.rstrip(',;:')} …" if text else ""
    return shown
