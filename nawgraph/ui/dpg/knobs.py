"""Widgets for knobs: a slider, a switch, a choice, a text, a file, a seed, as the knob's hint asks."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import dearpygui.dearpygui as dpg

from nawgraph.graph import Node, plain
from nawgraph.hints import Choice, KnobError, Range, Seed, Text
from nawgraph.node import Knob, NodeSpec
from nawgraph.ui import theme
from nawgraph.ui.dpg.pane import Kit, Tag
from nawgraph.ui.messages import Invoke, Say
from nawgraph.ui.shapes import kind_of

Turn = Callable[[str, Any], None]


@dataclass(slots=True)
class _Made:
    """A widget: how a value is put into it, and what was put last."""

    knob: Knob
    tag: Tag
    shown: Callable[[Any], Any]
    value: Any = None


class Knobs:
    """The knobs of a node, label on the left, widget on the right.

    Args:
        kit: what every view needs.
        turn: called with a knob's name and its new, checked value.
    """

    def __init__(self, kit: Kit, turn: Turn) -> None:
        self._kit = kit
        self._turn = turn
        self._made: list[_Made] = []

    def clear(self) -> None:
        """Forget the widgets, which are gone."""
        self._made = []

    def build(
        self, id: str, node: Node, spec: NodeSpec, width: int, form: Any, only: Collection[str] | None = None
    ) -> None:
        """Make the widgets inside the container on top of the stack.

        Args:
            id: of the node.
            node: whose values they show.
            spec: of its type.
            width: for label and widget, in pixels.
            form: entries of the document's form, so that what is in it is marked.
            only: names of the knobs to show, None for all.
        """
        promoted = {entry["knob"] for entry in form if entry["node"] == id}
        for knob in spec.knobs:
            if only is None or knob.name in only:
                self.row(id, node, knob, width, knob.name in promoted, knob.name)

    def row(self, id: str, node: Node, knob: Knob, width: int, promoted: bool, label: str) -> None:
        """One knob."""
        kit = self._kit
        column = round(width * 0.4)
        wire = node.inputs.get(knob.name)
        with dpg.group(horizontal=True, xoffset=column):
            set_here = knob.name in node.knobs
            words = label.replace("_", " ")
            name = dpg.add_text(
                words if len(words) < 20 else f"{words[:19]}…", color=theme.TEXT if set_here else theme.MUTED
            )
            dpg.bind_item_font(name, kit.fonts.of(theme.REGULAR, 13))
            if wire is not None:
                source = wire if isinstance(wire, str) else ", ".join(wire)
                dpg.add_text(f"← {source}", color=theme.of_type(knob.type))
            else:
                self._widget(knob, node, width - column)
        with dpg.popup(name, mousebutton=dpg.mvMouseButton_Right):
            reset = Invoke("knob.reset", {"node": id, "knob": knob.name})
            dpg.add_menu_item(
                label=f"Reset to {_short(knob.default)}", callback=lambda: kit.send(reset), enabled=set_here
            )
            show = Invoke("form.unpromote" if promoted else "form.promote", {"node": id, "knob": knob.name})
            dpg.add_menu_item(label="Remove from Form" if promoted else "Show in Form", callback=lambda: kit.send(show))
            expose = Invoke("node.expose", {"node": id, "knob": knob.name})
            dpg.add_menu_item(label="Make a Knob of the Group", callback=lambda: kit.send(expose))

    def _widget(self, knob: Knob, node: Node, width: int) -> None:
        kind = kind_of(knob)
        make = getattr(self, f"_{kind}")
        tag, shown = make(knob, width)
        value = node.knobs.get(knob.name, knob.default)
        dpg.set_value(tag, shown(value))
        self._made.append(_Made(knob, tag, shown, value))

    def _set(self, knob: Knob, value: Any) -> None:
        try:
            self._turn(knob.name, plain(knob.coerce(value)) if isinstance(value, (list, tuple)) else knob.coerce(value))
        except KnobError as error:
            text = str(error)
            self._kit.send(Say(text[:1].upper() + text[1:], "warning"))

    # ------------------------------------------------------------------------------------- widgets

    def _number(self, knob: Knob, width: int) -> tuple[Tag, Callable[[Any], Any]]:
        hint = knob.hint
        whole = knob.type.name == "int"
        if isinstance(hint, Seed) or (whole and not isinstance(hint, Range)):
            return self._whole(knob, width, isinstance(hint, Seed))

        def turned(sender: Tag, value: Any) -> None:
            self._set(knob, value)

        options: dict[str, Any] = {"width": width, "callback": turned}
        if isinstance(hint, Range):
            unit = f" {hint.unit.replace('%', '%%')}" if hint.unit else ""
            low, high = (int(hint.low), int(hint.high)) if whole else (hint.low, hint.high)
            options |= {"min_value": low, "max_value": high, "clamped": True}
            options["format"] = f"%d{unit}" if whole else f"%.{_digits(hint)}f{unit}"
            make = dpg.add_slider_int if whole else dpg.add_slider_float
        else:
            options |= {"speed": 0.01, "format": "%.4g"}
            make = dpg.add_drag_float
        tag: Tag = make(**options)
        self._kit.typing.add(tag)
        return tag, (int if whole else float)

    def _whole(self, knob: Knob, width: int, seed: bool) -> tuple[Tag, Callable[[Any], Any]]:
        """A whole number of any size is typed: widgets hold 32 bits only."""
        roll = self._kit.px(34) if seed else 0
        with dpg.group(horizontal=True, horizontal_spacing=self._kit.px(4)):
            tag: Tag = dpg.add_input_text(
                width=width - roll - (self._kit.px(4) if seed else 0),
                on_enter=True,
                callback=lambda _, text: self._number_typed(knob, text),
            )
            self._kit.typing.add(tag)
            if seed:
                dice = dpg.add_button(label="⟳", width=roll, callback=lambda: self._rolled(knob))
                dpg.bind_item_font(dice, self._kit.fonts.of(theme.WIDE, theme.BODY))
                with dpg.tooltip(dice, delay=0.4):
                    dpg.add_text("Another seed")
        return tag, str

    def _rolled(self, knob: Knob) -> None:
        import secrets

        self._set(knob, secrets.randbelow(1_000_000))

    def _number_typed(self, knob: Knob, text: str) -> None:
        try:
            value: Any = int(text.replace("_", "").replace(",", ""))
        except ValueError:
            self._kit.send(Say(f"{knob.name} wants a whole number, got {text!r}", "warning"))
            return
        self._set(knob, value)

    def _switch(self, knob: Knob, width: int) -> tuple[Tag, Callable[[Any], Any]]:
        tag: Tag = dpg.add_checkbox(callback=lambda _, value: self._set(knob, value))
        return tag, bool

    def _choice(self, knob: Knob, width: int) -> tuple[Tag, Callable[[Any], Any]]:
        assert isinstance(knob.hint, Choice)
        tag: Tag = dpg.add_combo(
            list(knob.hint.options),
            width=width,
            height_mode=dpg.mvComboHeight_Large,
            callback=lambda _, v: self._set(knob, v),
        )
        return tag, str

    def _text(self, knob: Knob, width: int) -> tuple[Tag, Callable[[Any], Any]]:
        tag: Tag = dpg.add_input_text(width=width, callback=lambda _, value: self._set(knob, value))
        self._kit.typing.add(tag)
        return tag, str

    def _lines(self, knob: Knob, width: int) -> tuple[Tag, Callable[[Any], Any]]:
        lines = knob.hint.lines if isinstance(knob.hint, Text) else 3
        tag: Tag = dpg.add_input_text(
            width=width,
            height=self._kit.px(19 * min(max(lines, 3), 8)),
            multiline=True,
            callback=lambda _, value: self._set(knob, value),
        )
        self._kit.typing.add(tag)
        return tag, str

    def _file(self, knob: Knob, width: int) -> tuple[Tag, Callable[[Any], Any]]:
        with dpg.group(horizontal=True, horizontal_spacing=self._kit.px(4)):
            tag: Tag = dpg.add_input_text(
                width=width - self._kit.px(34), on_enter=True, callback=lambda _, value: self._set(knob, value)
            )
            self._kit.typing.add(tag)
            browse = Invoke("knob.browse", {"knob": knob.name})
            dpg.add_button(label="…", width=self._kit.px(30), callback=lambda: self._kit.send(browse))
        return tag, str

    def _list(self, knob: Knob, width: int) -> tuple[Tag, Callable[[Any], Any]]:
        """Items as JSON or with commas between them."""
        words = knob.type.item is not None and knob.type.item.name == "str"

        def typed(sender: Tag, text: str) -> None:
            try:
                value = json.loads(text) if text.strip().startswith("[") else _items(text, words)
            except ValueError:
                self._kit.send(Say(f"{knob.name} wants items with commas between them", "warning"))
                return
            self._set(knob, value)

        tag: Tag = dpg.add_input_text(width=width, on_enter=True, callback=typed)
        self._kit.typing.add(tag)
        return tag, lambda value: ", ".join(str(item) for item in value)

    # ------------------------------------------------------------------------------------- a frame

    def refresh(self, node: Node) -> None:
        """Put values into the widgets that are not in use."""
        for made in self._made:
            value = node.knobs.get(made.knob.name, made.knob.default)
            if value is not made.value and value != made.value:
                made.value = value
                if not dpg.is_item_active(made.tag):
                    dpg.set_value(made.tag, made.shown(value))


def _digits(hint: Range) -> int:
    """Digits after the point that a range needs."""
    if hint.step:
        return min(max(len(f"{hint.step:g}".partition(".")[2]), 0), 6)
    span = hint.high - hint.low
    return 3 if span <= 2 else 2 if span <= 50 else 1


def _items(text: str, words: bool) -> list[Any]:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    return parts if words else [json.loads(part) for part in parts]


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 24 else f"{text[:23]}…"
