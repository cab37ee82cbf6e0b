"""Keys of the toolkit as chords, and what they mean: the popup's first, then the commands'."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dearpygui.dearpygui as dpg

from nawgraph.ui import commands
from nawgraph.ui.choices import choose, rows
from nawgraph.ui.dpg.pane import Kit
from nawgraph.ui.keys import Chord, Keymap
from nawgraph.ui.messages import Invoke, Show, Type
from nawgraph.ui.state import App, Popup

_NAMES = {
    "Return": "Return",
    "NumPadEnter": "Return",
    "Escape": "Escape",
    "Tab": "Tab",
    "Spacebar": "Space",
    "Back": "Backspace",
    "Delete": "Delete",
    "Insert": "Insert",
    "Home": "Home",
    "End": "End",
    "Prior": "PageUp",
    "Next": "PageDown",
    "Left": "Left",
    "Right": "Right",
    "Up": "Up",
    "Down": "Down",
    "Minus": "Minus",
    "Subtract": "Minus",
    "Plus": "Equal",
    "Add": "Equal",
    "Comma": "Comma",
    "Period": "Period",
    "Slash": "Slash",
    "Backslash": "Backslash",
    "Colon": "Semicolon",
    "Quote": "Quote",
    "Open_Brace": "BracketLeft",
    "Close_Brace": "BracketRight",
    "Tilde": "Grave",
    **{letter: letter for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"},
    **{f"F{n}": f"F{n}" for n in range(1, 13)},
}

LISTS = frozenset(
    {
        "search",
        "palette",
        "menu",
        "convert",
        "recent",
        "templates",
        "versions",
        "browse",
        "devices",
        "colour",
        "presets",
    }
)


ONCE = frozenset({"Return", "Escape", "Space", "Delete", "Backspace"})
"""Keys that mean nothing anew while they are held: no question is answered by the key that brought it up."""


class Keyboard:
    """Hears every key; `meaning` answers with messages.

    Args:
        kit: what every view needs.
        dialog: takes the keys while a dialog is open.
    """

    def __init__(self, kit: Kit, dialog: Callable[[Chord], None]) -> None:
        self._kit = kit
        self._dialog = dialog
        self._codes = {getattr(dpg, f"mvKey_{theirs}"): ours for theirs, ours in _NAMES.items()}
        self._map: tuple[Any, Keymap] | None = None
        self._held: set[int] = set()
        with dpg.handler_registry():
            dpg.add_key_press_handler(callback=self._pressed)
            dpg.add_key_release_handler(callback=self._released)

    def _pressed(self, sender: Any, code: int, data: Any) -> None:
        name = self._codes.get(code)
        repeated = code in self._held
        self._held.add(code)
        if name is not None and not (repeated and name in ONCE):
            ctrl = dpg.is_key_down(dpg.mvKey_ModCtrl) or dpg.is_key_down(dpg.mvKey_ModSuper)
            shift, alt = dpg.is_key_down(dpg.mvKey_ModShift), dpg.is_key_down(dpg.mvKey_ModAlt)
            self._kit.send(Pressed(Chord(name, bool(ctrl), bool(shift), bool(alt)), self))

    def _released(self, sender: Any, code: int, data: Any) -> None:
        self._held.discard(code)

    def meaning(self, chord: Chord, app: App) -> tuple[Any, ...]:
        """The messages that a chord means now."""
        popup = app.popup
        if popup is not None and popup.kind == "keys" and popup.data.get("command"):
            return _changed_key(popup.data["command"], chord)
        if popup is not None and chord.key == "Escape":
            return (Show(None),)
        if popup is not None and popup.kind in LISTS:
            return self._in_list(chord, app)
        if popup is not None:
            self._dialog(chord)
            return ()
        typing = self._kit.is_typing()
        for id in self._keymap(app).commands(chord):
            command = commands.COMMANDS[id]
            if command.when(app) and (command.typing or not typing):
                return (Invoke(id),)
        return ()

    def _in_list(self, chord: Chord, app: App) -> tuple[Any, ...]:
        assert app.popup is not None
        found = rows(app)
        count = len(found)
        index = min(app.popup.index, max(count - 1, 0))
        if chord.key == "Return":
            return choose(app, index)
        steps = {"Down": 1, "Up": -1, "PageDown": 10, "PageUp": -10}
        if chord.key not in steps or not count:
            return ()
        step = steps[chord.key]
        index = (index + step) % count if abs(step) == 1 else min(max(index + step, 0), count - 1)
        for _ in range(count):
            if found[index].enabled:
                break
            index = (index + (1 if step > 0 else -1)) % count
        return (Type(index=index),)

    def _keymap(self, app: App) -> Keymap:
        if self._map is None or self._map[0] is not app.settings.keys:
            self._map = (app.settings.keys, commands.keymap(app))
        return self._map[1]


def _changed_key(command: str, chord: Chord) -> tuple[Any, ...]:
    """The chord that was waited for: Backspace takes the command's key away, Escape leaves it as it was."""
    back = Show(Popup("keys"))
    if chord.key == "Escape":
        return (back,)
    return Invoke("keys.set", {"command": command, "chord": "" if str(chord) == "Backspace" else str(chord)}), back


class Pressed:
    """Message of the window to itself: a chord was pressed."""

    def __init__(self, chord: Chord, keyboard: Keyboard) -> None:
        self._chord = chord
        self._keyboard = keyboard

    def messages(self, app: App) -> tuple[Any, ...]:
        """What it stands for."""
        return self._keyboard.meaning(self._chord, app)
