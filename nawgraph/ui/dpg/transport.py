"""The transport bar: play, position, loop, level, volume, and what is heard."""

from __future__ import annotations

from typing import Any

import dearpygui.dearpygui as dpg

from nawgraph.ui import theme
from nawgraph.ui.dpg.pane import Kit, Pane, Tag
from nawgraph.ui.messages import Do, Invoke
from nawgraph.ui.state import App, Sounding

HEIGHT = 52.0
FLOOR = -60.0
"""Level in dBFS at the left end of the meter."""

METER = (180.0, 30.0)


class Transport(Pane):
    """Buttons are made once; numbers and levels follow each frame."""

    def __init__(self, kit: Kit, parent: Tag) -> None:
        super().__init__(kit, parent, kit.style.bar, scrolls=False)
        self._items: dict[str, Tag] = {}
        self._drawn: tuple[Any, ...] = ()

    def key(self, app: App) -> tuple[Any, ...]:
        sound = app.sound
        return sound.playing, sound.looping, sound.muted, sound.loop, app.heard.name, sound.device, self.width

    def build(self, app: App) -> None:
        px, style, sound = self.kit.px, self.kit.style, app.sound
        self._drawn = ()
        tall = px(32)
        with dpg.group(horizontal=True, horizontal_spacing=px(6), pos=(px(8), px(10))):
            self._icon("⇤", Invoke("sound.rewind"), "To the start (Home)")
            sign = "▮▮" if sound.playing else "▶"
            self._icon(sign, Invoke("sound.play"), "Play or pause (Space)", lit=sound.playing, wide=46)
            self._icon("■", Invoke("sound.stop"), "Stop (Shift+Space)")
            self._icon("↻", Invoke("sound.loop"), "Repeat the loop's bars (Ctrl+L)", lit=sound.looping)
            self._loop(sound)
        with dpg.group(pos=(px(288), px(11))):
            self._items["bars"] = self.text("", theme.TEXT, size=22, font=theme.MONO)
        with dpg.group(pos=(px(414), px(11))):
            self._items["tempo"] = self.text("", theme.MUTED, size=13, font=theme.MONO)
        with dpg.group(horizontal=True, horizontal_spacing=px(10), pos=(px(510), px(10))):
            self._seek(sound)
        x = self.width - px(METER[0] + 190)
        with dpg.group(horizontal=True, pos=(x, px(10))):
            self._items["meter"] = dpg.add_drawlist(px(METER[0]), px(METER[1]))
            self.button(
                "M",
                Invoke("sound.mute"),
                look=style.danger if sound.muted else style.flat,
                help="Mute the monitor",
                height=tall,
            )
            self._items["volume"] = dpg.add_slider_float(
                width=px(96),
                min_value=0.0,
                max_value=1.0,
                default_value=sound.volume,
                format="",
                callback=lambda _, value: self.send(Invoke("sound.volume", {"value": value})),
            )
            dpg.bind_item_theme(self._items["volume"], style.tall)
            self.tip(self._items["volume"], f"Monitor volume\n{sound.device or 'no output yet'}")

    def _loop(self, sound: Sounding) -> None:
        """First and last bar of the loop, as people count them."""
        first, end = sound.loop
        tag: Tag = dpg.add_input_intx(
            size=2, default_value=[first + 1, end], width=self.kit.px(84), on_enter=True, callback=self._looped
        )
        dpg.bind_item_font(tag, self.kit.fonts.of(theme.MONO, 14))
        dpg.bind_item_theme(tag, self.kit.style.tall)
        self.kit.typing.add(tag)
        self.tip(tag, "First and last bar of the loop")

    def _looped(self, sender: Tag, value: list[int], data: Any) -> None:
        first = max(value[0] - 1, 0)
        self.send(Invoke("sound.range", {"first": first, "end": max(value[1], first + 1)}))

    def _seek(self, sound: Sounding) -> None:
        width = max(self.width - self.kit.px(METER[0] + 190 + 510 + 130), self.kit.px(60))
        self._items["seek"] = dpg.add_slider_float(
            width=width,
            max_value=1.0,
            format="",
            callback=lambda _, value: self.send(Do("sound", "seek", {"seconds": value})),
        )
        dpg.bind_item_theme(self._items["seek"], self.kit.style.tall)
        self._items["heard"] = self.text("", theme.MUTED, size=13)

    def _icon(self, sign: str, message: Any, help: str, *, lit: bool = False, wide: float = 34) -> None:
        style = self.kit.style
        tag = self.button(
            sign, message, look=style.lit if lit else 0, width=self.kit.px(wide), height=self.kit.px(32), help=help
        )
        dpg.bind_item_font(tag, self.kit.fonts.of(theme.WIDE, theme.BODY))

    def refresh(self, app: App) -> None:
        sound = app.sound
        words = sound.bars or sound.clock
        tempo = f"{sound.clock}\n{sound.bpm:.4g} bpm {sound.meter}" if sound.bars and sound.bpm else ""
        shown = (words, tempo, sound.peak, sound.hold, sound.clipped, sound.position, sound.length, app.heard.name)
        if shown == self._drawn:
            return
        self._drawn = shown
        dpg.set_value(self._items["bars"], words)
        dpg.set_value(self._items["tempo"], tempo)
        dpg.set_value(self._items["heard"], app.heard.name or "nothing to hear yet")
        if not dpg.is_item_active(self._items["seek"]):
            dpg.configure_item(self._items["seek"], max_value=max(sound.length, 0.01))
            dpg.set_value(self._items["seek"], sound.position)
        self._meter(sound)

    def _meter(self, sound: Sounding) -> None:
        px, parent = self.kit.px, self._items["meter"]
        dpg.delete_item(parent, children_only=True)
        width, height = px(METER[0]), px(METER[1])
        bar = (height - px(10)) / 2
        for row, (peak, hold) in enumerate(zip(sound.peak, sound.hold, strict=True)):
            top = row * (bar + px(3))
            dpg.draw_rectangle(
                (0, top), (width, top + bar), fill=theme.FIELD, color=theme.FIELD, rounding=2, parent=parent
            )
            at = _share(peak) * width
            for low, high, colour in ((FLOOR, -12.0, theme.OK), (-12.0, -3.0, theme.DIRTY), (-3.0, 0.0, theme.ERROR)):
                left, right = _share(low) * width, min(_share(high) * width, at)
                if right > left:
                    dpg.draw_rectangle((left, top), (right, top + bar), fill=colour, color=colour, parent=parent)
            if hold > FLOOR:
                x = _share(hold) * width
                dpg.draw_line((x, top), (x, top + bar), color=theme.TEXT, thickness=px(1.5), parent=parent)
        if sound.clipped:
            dpg.draw_rectangle(
                (width - px(4), 0), (width, height - px(7)), fill=theme.ERROR, color=theme.ERROR, parent=parent
            )


def _share(level: float) -> float:
    return min(max((level - FLOOR) / -FLOOR, 0.0), 1.0)
