"""A part of the window that is made anew only when what it shows has changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dearpygui.dearpygui as dpg

from nawgraph.ui import theme
from nawgraph.ui.dpg.fonts import Fonts
from nawgraph.ui.dpg.style import Style
from nawgraph.ui.state import App

Tag = int | str
Send = Callable[[Any], None]
Box = tuple[float, float, float, float]
"""x, y, width, height in pixels of the window."""


class Kit:
    """What every view needs.

    Attributes:
        send: puts a message into the loop's queue.
        typing: input fields; while one is in use, letters are no shortcuts.
    """

    def __init__(self, send: Send, fonts: Fonts, style: Style) -> None:
        self.send = send
        self.fonts = fonts
        self.style = style
        self.scale = fonts.scale
        self.typing: set[Tag] = set()

    def px(self, units: float) -> int:
        """Pixels of so many units of the type scale."""
        return round(units * self.scale)

    def is_typing(self) -> bool:
        """Whether a text field has the keys."""
        gone = {tag for tag in self.typing if not dpg.does_item_exist(tag)}
        self.typing -= gone
        return any(dpg.is_item_active(tag) for tag in self.typing)


class Pane:
    """A child window at a place of its own; `draw` is called once a frame.

    Args:
        kit: what every view needs.
        parent: the window.
        look: theme of the child window.
        scrolls: whether its content may be taller than itself.
    """

    def __init__(self, kit: Kit, parent: Tag, look: Tag, *, scrolls: bool = True) -> None:
        self.kit = kit
        self.send = kit.send
        self.tag: Tag = dpg.add_child_window(
            parent=parent,
            border=False,
            always_use_window_padding=True,
            no_scrollbar=not scrolls,
            no_scroll_with_mouse=not scrolls,
            show=False,
        )
        dpg.bind_item_theme(self.tag, look)
        self._box: Box | None = None
        self._key: tuple[Any, ...] | None = None

    def place(self, box: Box | None) -> bool:
        """Put it somewhere (None: nowhere); whether it is shown."""
        if box != self._box:
            self._box = box
            if box is None or min(box[2:]) < 1:
                dpg.configure_item(self.tag, show=False)
            else:
                x, y, width, height = (round(v) for v in box)
                dpg.configure_item(self.tag, pos=(x, y), width=width, height=height, show=True)
        return box is not None and min(box[2:]) >= 1

    @property
    def width(self) -> int:
        return round(self._box[2]) if self._box is not None else 0

    @property
    def height(self) -> int:
        return round(self._box[3]) if self._box is not None else 0

    def draw(self, app: App) -> None:
        """Make the content anew if its key has changed, and bring the rest up to date."""
        key = self.key(app)
        if self._key is None or not same(key, self._key):
            self._key = key
            dpg.delete_item(self.tag, children_only=True)
            dpg.push_container_stack(self.tag)
            try:
                self.build(app)
            finally:
                dpg.pop_container_stack()
        self.refresh(app)

    def key(self, app: App) -> tuple[Any, ...]:
        """What the content depends on; graphs and other large things are compared by identity."""
        raise NotImplementedError

    def build(self, app: App) -> None:
        """Make the content."""
        raise NotImplementedError

    def refresh(self, app: App) -> None:
        """Bring values up to date that change without the content being made anew."""

    # ------------------------------------------------------------------------------------ small parts

    def text(self, words: str, colour: Any = None, *, size: float = 0.0, font: str = "", wrap: int = -1) -> Tag:
        """A line or paragraph."""
        tag: Tag = dpg.add_text(words, color=colour or theme.TEXT, wrap=wrap)
        if size or font:
            dpg.bind_item_font(tag, self.kit.fonts.words(words, size or theme.BODY, font or theme.REGULAR))
        return tag

    def button(
        self, label: str, message: Any, *, look: Tag = 0, width: int = 0, help: str = "", height: int = 0
    ) -> Tag:
        """A button that sends a message (or what a function gives)."""
        tag: Tag = dpg.add_button(
            label=label,
            width=width,
            height=height,
            callback=lambda: self.send(message() if callable(message) else message),
        )
        if look:
            dpg.bind_item_theme(tag, look)
        if help:
            self.tip(tag, help)
        return tag

    def tip(self, tag: Tag, words: str) -> None:
        """A sentence that is shown while the pointer rests on an item."""
        with dpg.tooltip(tag, delay=0.4):
            dpg.add_text(words, wrap=self.kit.px(320))


def same(a: tuple[Any, ...], b: tuple[Any, ...]) -> bool:
    """Whether two keys are the same: small things by value, large ones by identity."""
    return len(a) == len(b) and all(x is y or (_small(x) and _small(y) and x == y) for x, y in zip(a, b, strict=True))


def _small(value: Any) -> bool:
    return isinstance(value, (str, int, float, bool, tuple, frozenset, bytes, type(None)))
