"""A small window with a field and rows: node search, palette, menus, recent files, folders."""

from __future__ import annotations

from typing import Any

import dearpygui.dearpygui as dpg

from nawgraph.ui import theme
from nawgraph.ui.choices import Row, choose, prompt, rows
from nawgraph.ui.dpg.pane import Kit, Tag
from nawgraph.ui.messages import Type
from nawgraph.ui.state import App, Popup

ROW = 26.0
SEEN = 13
"""Rows that are seen at once."""

_WIDTHS = {"menu": 260.0, "palette": 560.0, "browse": 620.0, "recent": 620.0, "templates": 640.0, "colour": 180.0}
_TITLES = {
    "templates": "Start from a template",
    "recent": "Recent documents",
    "versions": "Local history",
    "convert": "These types do not fit; put a converter between them",
    "devices": "Sound output",
    "presets": "Presets",
    "colour": "Colour",
}


class Chooser:
    """Shows the popup of the state if it is one with rows; `hovered` says whether the pointer is over it."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._window: Tag = 0
        self._field: Tag = 0
        self._list: Tag = 0
        self._note: Tag = 0
        self._kind = ""
        self._shown: tuple[Row, ...] = ()
        self._items: list[Tag] = []
        self._index = -1
        self._at: Any = None
        self._area = (0.0, 0.0)

    @property
    def open(self) -> bool:
        return self._window != 0

    @property
    def hovered(self) -> bool:
        """Whether the pointer is over the popup."""
        if not self.open:
            return False
        x, y = dpg.get_mouse_pos(local=False)
        left, top = dpg.get_item_pos(self._window)
        width, height = dpg.get_item_rect_size(self._window)
        return bool(left <= x <= left + width and top <= y <= top + height)

    def draw(self, app: App, origin: tuple[float, float], area: tuple[float, float]) -> None:
        """Show, change or close it.

        Args:
            app: the editor.
            origin: upper left corner of the canvas in pixels of the window.
            area: size of the window.
        """
        popup = app.popup
        found = rows(app)
        wanted = popup is not None and (bool(found) or bool(prompt(popup.kind)))
        if not wanted or popup is None:
            self._close()
            return
        if not self.open or self._kind != popup.kind or self._at != (popup.at, popup.data.get("folder")):
            self._close()
            self._make(popup, app, origin, area)
        if found != self._shown or not self._items:
            self._fill(app, found)
        index = min(popup.index, max(len(found) - 1, 0))
        if index != self._index:
            self._mark(index)

    def _close(self) -> None:
        if self._window:
            dpg.delete_item(self._window)
        self._window = 0
        self._items = []
        self._shown = ()
        self._index = -1

    def _make(self, popup: Popup, app: App, origin: tuple[float, float], area: tuple[float, float]) -> None:
        px = self._kit.px
        self._area = area
        self._kind, self._at = popup.kind, (popup.at, popup.data.get("folder"))
        width = px(_WIDTHS.get(popup.kind, 420.0))
        height = px(ROW * SEEN + 90)
        if popup.at is not None:
            x = min(origin[0] + popup.at[0], area[0] - width - px(8))
            y = origin[1] + popup.at[1]
            if popup.kind != "menu":
                y = min(y, max(area[1] - height, px(40)))
        else:
            x, y = (area[0] - width) / 2, area[1] * 0.16
        self._window = dpg.add_window(
            no_title_bar=True,
            no_move=True,
            no_resize=True,
            no_collapse=True,
            no_saved_settings=True,
            no_scrollbar=True,
            pos=(round(max(x, 0)), round(max(y, 0))),
            width=width,
            autosize=True,
            min_size=(width, px(20)),
            max_size=(width, px(1400)),
        )
        dpg.bind_item_theme(self._window, self._kit.style.popup)
        inner = width - px(16)
        title = popup.data.get("title") or _TITLES.get(popup.kind, "")
        if title:
            tag = dpg.add_text(title, parent=self._window, color=theme.MUTED, wrap=inner)
            dpg.bind_item_font(tag, self._kit.fonts.of(theme.BOLD, 13))
        if popup.kind == "browse":
            dpg.add_text(popup.data["folder"], parent=self._window, color=theme.FAINT)
        if prompt(popup.kind):
            hint = "Name of the file" if popup.data.get("purpose") == "save" else prompt(popup.kind)
            self._field = dpg.add_input_text(
                parent=self._window, width=inner, hint=hint, default_value=popup.query, callback=self._typed
            )
            self._kit.typing.add(self._field)
            dpg.focus_item(self._field)
        self._list = dpg.add_child_window(parent=self._window, width=inner, height=px(10), border=False)
        dpg.bind_item_theme(self._list, self._kit.style.row)
        self._note = dpg.add_text("", parent=self._window, color=theme.MUTED, wrap=inner)

    def _typed(self, sender: Tag, value: str, data: Any) -> None:
        self._kit.send(Type(value))

    def _fill(self, app: App, found: tuple[Row, ...]) -> None:
        kit = self._kit
        px = kit.px
        dpg.delete_item(self._list, children_only=True)
        self._shown, self._items, self._index = found, [], -1
        menu = self._kind in ("menu", "colour")
        shown = min(len(found), 40 if menu else SEEN)
        height = round(self._top(shown - 1)) + px(ROW) if found else 1
        height = min(height, round(self._area[1]) - px(90))
        dpg.configure_item(self._list, height=height, show=bool(found))
        if menu:  # nothing of it lies below the window
            x, y = dpg.get_item_pos(self._window)
            dpg.set_item_pos(self._window, [x, max(min(y, round(self._area[1]) - height - px(50)), 0)])
        inner = dpg.get_item_width(self._list) or px(400)
        for place, row in enumerate(found):
            if row.line:
                dpg.add_separator(parent=self._list)
            self._items.append(self._row(place, row))
        for place, row in enumerate(found):
            self._marks(place, row, inner)
        if not found:
            dpg.set_value(self._note, "Nothing fits: try other words")
            dpg.show_item(self._note)
        elif menu:
            dpg.hide_item(self._note)

    def _row(self, place: int, row: Row) -> Tag:
        px = self._kit.px
        pad = "      " if row.colour is not None or row.ticked is not None else "  "
        item: Tag = dpg.add_selectable(
            label=f"{pad}{row.title}##{place}",
            parent=self._list,
            height=px(ROW - 6),
            enabled=row.enabled,
            callback=self._chosen,
            user_data=place,
        )
        dpg.bind_item_font(item, self._kit.fonts.words(row.title))
        return item

    def _top(self, place: int) -> float:
        """Where a row begins, in pixels from the upper end of the list."""
        lines = sum(row.line for row in self._shown[: place + 1])
        gap = theme.UNIT * self._kit.scale
        return place * (self._kit.px(ROW - 6) + gap) + lines * gap

    def _marks(self, place: int, row: Row, inner: int) -> None:
        """Dot, detail and hint of a row, laid over it."""
        kit = self._kit
        px = kit.px
        y = self._top(place)
        grey = theme.MUTED if row.enabled else theme.FAINT
        if row.ticked:
            self._over("✓", px(6), y, theme.ACCENT, theme.WIDE, 13)
        elif row.colour is not None:
            self._over("●", px(6), y, row.colour, theme.WIDE, 12)
        if row.detail:
            wide = (dpg.get_text_size(row.title, font=kit.fonts.words(row.title)) or (px(7) * len(row.title), 0))[0]
            self._over(row.detail[:70], px(32) + wide + px(12), y, theme.FAINT, theme.REGULAR, 13)
        if row.hint:
            wide = (dpg.get_text_size(row.hint, font=kit.fonts.of(theme.REGULAR, 13)) or (px(7) * len(row.hint), 0))[0]
            self._over(row.hint, inner - wide - px(20), y, grey, theme.REGULAR, 13)

    def _over(self, text: str, x: float, y: float, colour: Any, font: str, size: float) -> None:
        tag = dpg.add_text(text, color=colour, parent=self._list, pos=(round(x), round(y)))
        dpg.bind_item_font(
            tag, self._kit.fonts.words(text, size, font) if font != theme.WIDE else self._kit.fonts.of(font, size)
        )

    def _chosen(self, sender: Tag, value: Any, place: int) -> None:
        self._kit.send(Chosen(place))

    def _mark(self, index: int) -> None:
        px = self._kit.px
        for place, item in enumerate(self._items):
            if dpg.get_value(item) != (place == index):
                dpg.set_value(item, place == index)
        self._index = index
        if index < len(self._shown):
            help = self._shown[index].help
            if self._kind not in ("menu", "colour"):
                dpg.set_value(self._note, help)
                dpg.configure_item(self._note, show=bool(help))
            top = self._top(index)
            height = dpg.get_item_height(self._list) or 0
            scroll = dpg.get_y_scroll(self._list)
            if top < scroll or top + px(ROW) > scroll + height:
                dpg.set_y_scroll(self._list, max(top - height / 2, 0))


class Chosen:
    """Message of the window to itself: a row was chosen."""

    def __init__(self, index: int) -> None:
        self.index = index

    def messages(self, app: App) -> tuple[Any, ...]:
        """What it stands for."""
        return choose(app, self.index)
