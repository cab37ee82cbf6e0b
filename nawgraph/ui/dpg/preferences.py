"""The dialogs of preferences and keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dearpygui.dearpygui as dpg

from nawgraph.ui import commands, theme
from nawgraph.ui.messages import Invoke, Show
from nawgraph.ui.state import App, Popup

if TYPE_CHECKING:
    from nawgraph.ui.dpg.dialogs import Dialogs

SCALES = (0.0, 0.75, 0.9, 1.0, 1.1, 1.25, 1.5, 1.75, 2.0, 2.5)


def settings(dialog: Dialogs, app: App, popup: Popup) -> None:
    """Preferences; each change counts at once."""
    kit, now = dialog.kit, app.settings
    dialog.head("Settings")

    def change(field: str, read: Any = lambda v: v) -> Any:
        return lambda sender, value: kit.send(Invoke("settings.set", {field: read(value)}))

    scales = [_percent(scale) for scale in SCALES]
    _row("Size of everything", lambda: dpg.add_combo(
        scales, default_value=_percent(now.ui_scale), width=kit.px(180),
        callback=change("ui_scale", lambda v: SCALES[scales.index(v)]),
    ))  # fmt: skip
    _row("Runs on", lambda: dpg.add_combo(
        ["auto", "cpu", "cuda"], default_value=now.device, width=kit.px(180), callback=change("device"),
    ))  # fmt: skip
    buffers = ["device's choice", "64", "128", "256", "512", "1024", "2048"]
    shown = str(now.buffer_frames) if now.buffer_frames else buffers[0]
    _row("Sound buffer (frames)", lambda: dpg.add_combo(
        buffers, default_value=shown, width=kit.px(180),
        callback=change("buffer_frames", lambda v: int(v) if v.isdigit() else 0),
    ))  # fmt: skip
    _row("Sound output", lambda: dpg.add_button(
        label=now.sound_device or "the system's own", width=kit.px(180),
        callback=lambda: kit.send(Invoke("sound.choose_device")),
    ))  # fmt: skip
    _row("Folder of exports", lambda: kit.typing.add(dpg.add_input_text(
        default_value=now.out_folder, width=kit.px(180), on_enter=True, callback=change("out_folder"),
    )))  # fmt: skip
    for field, words in (
        ("auto_run", "Run after every change"),
        ("autosave", "Keep unsaved work, in case of a crash"),
        ("reduced_motion", "No animations"),
    ):
        dpg.add_checkbox(label=words, default_value=getattr(now, field), callback=change(field))
    latency = f"{app.sound.latency * 1000:.1f} ms" if app.sound.latency else "not measured"
    dialog.words(f"Output: {app.sound.device or 'none'}, latency {latency}", theme.FAINT)
    dialog.gap()
    dialog.button("Close", (Show(None),), kit.style.primary)


def _percent(scale: float) -> str:
    return f"{scale:.0%}" if scale else "as the display"


def _row(label: str, make: Any) -> None:
    with dpg.group(horizontal=True, xoffset=230):
        dpg.add_text(label, color=theme.MUTED)
        make()


def keys(dialog: Dialogs, app: App, popup: Popup) -> None:
    """Every command's keys; a click on one waits for the next chord."""
    kit = dialog.kit
    chords = commands.keymap(app)
    dialog.head("Keys")
    dialog.words("Click a key and press another one. Backspace leaves the command without a key.")
    clashes = _clashes(app)
    if clashes:
        dialog.words("\n".join(clashes[:4]), theme.WARNING)
    with dpg.child_window(width=dialog.inner, height=kit.px(420)):
        menu = ""
        for command in commands.ALL:
            if command.hidden:
                continue
            if command.menu != menu:
                menu = command.menu
                dpg.add_text(menu or "Keys only", color=theme.FAINT)
            with dpg.group(horizontal=True, xoffset=kit.px(330)):
                dpg.add_text(f"  {command.title}")
                waiting = popup.data.get("command") == command.id
                label = "press a key…" if waiting else chords.shown(command.id) or "—"
                ask = Show(Popup("keys", data={"command": command.id}))
                tag = dpg.add_button(label=f"{label}##{command.id}", width=kit.px(150), callback=_asking(kit, ask))
                if waiting:
                    dpg.bind_item_theme(tag, kit.style.lit)
                if command.id in app.settings.keys:
                    dialog.button(
                        "reset", (Invoke("keys.set", {"command": command.id, "chord": None}),), kit.style.quiet
                    )
    dialog.gap()
    with dpg.group(horizontal=True):
        dialog.button("Close", (Show(None),), kit.style.primary)
        dialog.button("Reset All", (Invoke("settings.set", {"keys": {}}),))


def _asking(kit: Any, ask: Any) -> Any:
    return lambda: kit.send(ask)


def _clashes(app: App) -> list[str]:
    """A sentence for each chord that the user gave to several commands."""
    found = commands.keymap(app).conflicts()
    changed = app.settings.keys
    return [
        f"{chord.shown} means {' and '.join(commands.COMMANDS[id].title for id in ids)}"
        for chord, ids in found.items()
        if any(id in changed for id in ids)
    ]
