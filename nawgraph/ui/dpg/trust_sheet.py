"""The dialog before the first run of a document that came from elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dearpygui.dearpygui as dpg

from nawgraph.ui import theme
from nawgraph.ui.messages import Do, Show
from nawgraph.ui.state import App, Popup

if TYPE_CHECKING:
    from nawgraph.ui.dpg.dialogs import Dialogs

Row = tuple[str, Any, str]
"""Words, their colour, and the command that helps, or ""."""

TALLEST = 420
"""Pixels (at 100 %) of the list before it scrolls."""


def sheet(dialog: Dialogs, app: App, popup: Popup) -> None:
    """What it would touch; Run remembers the answer."""
    kit = dialog.kit
    dialog.head(f"Run “{popup.data['title']}”?")
    dialog.words("It came from elsewhere. Nothing of it has run yet, and nothing is installed by itself. It would use:")
    dialog.gap()
    rows = _rows(popup.data["sheet"])
    tall = sum(62 if command else 30 for _, _, command in rows)
    with dpg.child_window(width=dialog.inner, height=kit.px(min(tall + 8, TALLEST)), border=False):
        for row in rows:
            _row(dialog, row)
    dialog.gap()
    agreed = Do("documents", "trust", {"key": popup.data["key"], "targets": popup.data["targets"]})
    with dpg.group(horizontal=True):
        dialog.button("Run", (Show(None), agreed), kit.style.primary, kit.px(90))
        dialog.button("Not Now", (Show(None),))


def _row(dialog: Dialogs, row: Row) -> None:
    kit, (words, colour, command) = dialog.kit, row
    tag = dpg.add_text(words, wrap=dialog.inner - kit.px(20), color=colour)
    dpg.bind_item_font(tag, kit.fonts.words(words))
    if command:
        with dpg.group(horizontal=True, horizontal_spacing=kit.px(6)):
            dpg.add_input_text(default_value=command, readonly=True, width=dialog.inner - kit.px(110))
            dpg.add_button(label="Copy", callback=lambda: dpg.set_clipboard_text(command))


def _rows(found: Any) -> list[Row]:
    """What reaches out first, then what stays here."""
    rows: list[Row] = []
    for need in found.packs:
        wanted = f", made with {need.wanted}" if need.wanted and need.wanted != need.here else ""
        words = f"Pack {need.pack} {need.here}".strip() + f": {need.state}{wanted}"
        rows.append((words, theme.TEXT if need.state == "installed" else theme.WARNING, ""))
        for name, (reason, granted) in need.permissions.items():
            rows.append((f"    {name}, {'granted' if granted else 'not granted'}: {reason}", theme.MUTED, ""))
        rows += [(f"    {offer.sentence}", theme.MUTED, offer.command) for offer in need.offers]
    for id, address in found.network.items():
        rows.append((f"Network: {id} speaks to {address or 'an address of its own'}", theme.WARNING, ""))
    rows += [(f"A place outside its folder: {path}", theme.WARNING, "") for path in found.outside]
    for model in found.models:
        terms = "" if model.commercial else ", not known to allow commercial use"
        colour = theme.MUTED if model.state == "installed" else theme.WARNING
        rows.append((f"Model {model.name}: {model.state}, {model.licence}{terms}", colour, model.command))
    inside = {id: what for id, what in found.reads.items() if what not in found.outside}
    rows += [(f"Reads: {what} ({id})", theme.MUTED, "") for id, what in inside.items()]
    rows += [(f"Writes: {what} ({id})", theme.MUTED, "") for id, what in found.writes.items()]
    return rows
