"""Popups that ask: a line, a text, a question, what is missing, what was left unsaved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dearpygui.dearpygui as dpg

from nawgraph.ui import theme
from nawgraph.ui.choices import ago
from nawgraph.ui.dpg import preferences, trust_sheet
from nawgraph.ui.dpg.pane import Kit, Tag
from nawgraph.ui.keys import Chord
from nawgraph.ui.messages import Do, Invoke, Show
from nawgraph.ui.state import App, Popup

Build = Callable[["Dialogs", App, Popup], None]


class Dialogs:
    """Shows the popup of the state if it is a dialog, in the middle of the window."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        self._window: Tag = 0
        self._popup: Popup | None = None
        self._settings: Any = None
        self._buttons: list[tuple[Tag, Callable[[], None], Tag]] = []
        self._focus = 0

    @property
    def open(self) -> bool:
        return self._window != 0

    def draw(self, app: App, area: tuple[float, float]) -> None:
        """Show, change or close it. `area`: size of the window."""
        popup = app.popup
        build = _DIALOGS.get(popup.kind) if popup is not None else None
        if popup is self._popup and (
            popup is None or popup.kind not in ("keys", "settings") or app.settings is self._settings
        ):
            return
        self._popup, self._settings = popup, app.settings
        self._buttons, self._focus = [], -1
        if self._window:
            dpg.delete_item(self._window)
            self._window = 0
        if build is None or popup is None:
            return
        width = self.kit.px(_WIDTHS.get(popup.kind, 440.0))
        self._window = dpg.add_window(
            no_title_bar=True,
            no_resize=True,
            no_collapse=True,
            no_saved_settings=True,
            autosize=True,
            width=width,
            min_size=(width, 20),
            max_size=(width, round(area[1] * 0.85)),
            pos=(round((area[0] - width) / 2), round(area[1] * 0.2)),
        )
        dpg.bind_item_theme(self._window, self.kit.style.dialog)
        dpg.push_container_stack(self._window)
        try:
            build(self, app, popup)
        finally:
            dpg.pop_container_stack()
        if popup.kind not in ("prompt", "text"):
            dpg.focus_item(self._window)
        self._mark()

    def key(self, chord: Chord) -> None:
        """Keys while it is open: Return presses the button that is marked, Tab and arrows mark another one.

        While something is typed Return is the field's own, but for Ctrl+Return in a text of several lines.
        """
        typing = self.kit.is_typing()
        if not self._buttons or (typing and str(chord) != "Ctrl+Return"):
            return
        if chord.key in ("Return", "Space"):
            self._buttons[self._focus][1]()
            return
        back = chord.key in ("Left", "Up") or (chord.key == "Tab" and chord.shift)
        if back or chord.key in ("Right", "Down", "Tab"):
            self._focus = (self._focus + (-1 if back else 1)) % len(self._buttons)
            self._mark()

    def _mark(self) -> None:
        """A ring around the button that Return presses."""
        for place, (tag, _, look) in enumerate(self._buttons):
            dpg.bind_item_theme(tag, self.kit.style.ringed(look) if place == self._focus else look)

    # -------------------------------------------------------------------------------------- parts

    @property
    def inner(self) -> int:
        """Width of the content in pixels."""
        width = dpg.get_item_width(self._window) or 400
        return int(width) - self.kit.px(32)

    def head(self, words: str) -> None:
        tag = dpg.add_text(words, wrap=self.inner)
        dpg.bind_item_font(tag, self.kit.fonts.words(words, theme.HEAD, theme.BOLD))

    def words(self, words: str, colour: Any = theme.MUTED) -> None:
        tag = dpg.add_text(words, wrap=self.inner, color=colour)
        dpg.bind_item_font(tag, self.kit.fonts.words(words))

    def button(self, label: str, messages: tuple[Any, ...], look: Tag = 0, width: int = 0) -> None:
        """A button that sends messages; the first one in the look of the main one is the one that Return presses."""

        def act() -> None:
            for message in messages:
                self.kit.send(message)

        self.act(label, act, look, width)

    def act(self, label: str, act: Callable[[], None], look: Tag = 0, width: int = 0) -> None:
        """A button that does something."""
        tag = dpg.add_button(label=label, width=width, callback=lambda: act())
        if self._focus < 0 and look == self.kit.style.primary:
            self._focus = len(self._buttons)
        self._buttons.append((tag, act, look or self.kit.style.plain))

    def gap(self, height: float = 6) -> None:
        dpg.add_spacer(height=self.kit.px(height))


def _prompt(dialog: Dialogs, app: App, popup: Popup) -> None:
    """A line of text for a command."""
    kit, data = dialog.kit, popup.data
    dialog.head(str(data["title"]))

    def done() -> None:
        kit.send(Show(None))
        kit.send(Invoke(data["command"], {**data, "text": dpg.get_value(field)}))

    field = dpg.add_input_text(
        width=dialog.inner,
        default_value=str(data.get("value", "")),
        on_enter=True,
        auto_select_all=True,
        callback=lambda: done(),
    )
    dpg.bind_item_font(field, kit.fonts.words(str(data.get("value", ""))))
    kit.typing.add(field)
    dialog.gap()
    with dpg.group(horizontal=True):
        dialog.act("OK", done, kit.style.primary, kit.px(90))
        dialog.button("Cancel", (Show(None),))
    dpg.focus_item(field)


def _text(dialog: Dialogs, app: App, popup: Popup) -> None:
    """Several lines of text for a command."""
    kit, data = dialog.kit, popup.data
    dialog.head(str(data["title"]))
    field = dpg.add_input_text(width=dialog.inner, height=kit.px(150), multiline=True, default_value=popup.query)
    kit.typing.add(field)
    dialog.gap()

    def done() -> None:
        kit.send(Show(None))
        kit.send(Invoke(data["command"], {**data, "text": dpg.get_value(field)}))

    with dpg.group(horizontal=True):
        dialog.act("OK", done, kit.style.primary, kit.px(90))
        dialog.button("Cancel", (Show(None),))
        dialog.words("Ctrl+Return is OK", theme.FAINT)
    dpg.focus_item(field)


def _question(dialog: Dialogs, app: App, popup: Popup) -> None:
    """A sentence and answers; the first is the usual one."""
    dialog.words(str(popup.data["text"]), theme.TEXT)
    dialog.gap()
    with dpg.group(horizontal=True):
        for place, (label, message) in enumerate(popup.data["answers"]):
            messages = (Show(None), message) if message is not None else (Show(None),)
            dialog.button(label, messages, dialog.kit.style.primary if place == 0 else 0)


def _missing(dialog: Dialogs, app: App, popup: Popup) -> None:
    """What a document needs and is not here. Nothing of it is lost: it stays in the document as it is."""
    lost = popup.data["lost"]
    dialog.head(f"{len(lost)} thing{'s are' if len(lost) != 1 else ' is'} missing here")
    dialog.words("The document keeps them as they are; what depends on them does not run until they are found.")
    if any(thing.kind == "type" for thing in lost):
        dialog.words("Node types come with packs: nawgraph pack install NAME brings one.")
    dialog.gap()
    height = sum(70 if _can_help(thing) else 40 for thing in lost)
    with dpg.child_window(width=dialog.inner, height=dialog.kit.px(min(height, 340)), border=False):
        for thing in lost:
            tag = dpg.add_text(thing.sentence, wrap=dialog.inner - dialog.kit.px(20))
            dpg.bind_item_font(tag, dialog.kit.fonts.words(thing.sentence))
            if _can_help(thing):
                with dpg.group(horizontal=True):
                    _remedies(dialog, app, thing)
            dpg.add_separator()
    dialog.gap()
    dialog.button("Continue", (Show(None),), dialog.kit.style.primary)


def _can_help(thing: Any) -> bool:
    return thing.kind == "file" or (thing.kind == "type" and bool(thing.near))


def _remedies(dialog: Dialogs, app: App, thing: Any) -> None:
    base = str(app.tab.base.absolute()) if app.tab is not None else "."
    if thing.kind == "file":
        browse = Do("documents", "browse", {"purpose": "relink", "lost": (thing,), "folder": base})
        dialog.button("Find It…", (browse,))
        for near in thing.near[:2]:
            dialog.button(near, (Do("documents", "relink", {"lost": (thing,), "place": near}), Show(None)))
    elif thing.kind == "type":
        for near in thing.near[:3]:
            dialog.button(
                f"Use {near}", (Invoke("node.swap", {"id": thing.node, "swap": (thing.node,), "type": near}),)
            )


def _recovery(dialog: Dialogs, app: App, popup: Popup) -> None:
    """Unsaved work of an editor that died."""
    found = popup.data["recoveries"]
    dialog.head("Unsaved work was found")
    dialog.words("The editor ended without saving it. Nothing is lost:")
    for recovery in found:
        dialog.gap(2)
        name = f"{recovery.title}   {recovery.nodes} node{'s' * (recovery.nodes != 1)}, {ago(recovery.time)}"
        dialog.words(name, theme.TEXT)
        with dpg.group(horizontal=True):
            recover = (Show(None), Do("documents", "recover", {"recovery": recovery}))
            dialog.button("Recover", recover, dialog.kit.style.primary)
            dialog.button("Discard", (Do("documents", "discard", {"recovery": recovery}),))
    dialog.gap()
    dialog.button("Later", (Show(None),))


_WIDTHS = {"missing": 640.0, "keys": 620.0, "settings": 520.0, "recovery": 480.0, "trust": 600.0, "question": 520.0}
_DIALOGS: dict[str, Build] = {
    "prompt": _prompt,
    "text": _text,
    "question": _question,
    "missing": _missing,
    "recovery": _recovery,
    "keys": preferences.keys,
    "settings": preferences.settings,
    "trust": trust_sheet.sheet,
}
