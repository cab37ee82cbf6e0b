"""The menu bar, made from the commands."""

from __future__ import annotations

from typing import Any

import dearpygui.dearpygui as dpg

from nawgraph.ui import commands
from nawgraph.ui.dpg.pane import Kit, Tag, same
from nawgraph.ui.messages import Invoke
from nawgraph.ui.state import App


class MenuBar:
    """All menus. Entries are made once; what can be used and what is ticked follows the state."""

    def __init__(self, kit: Kit, parent: Tag, app: App) -> None:
        self._kit = kit
        self._items: dict[str, Tag] = {}
        self._key: tuple[Any, ...] = ()
        self._keys: Any = None
        self.tag: Tag = dpg.add_menu_bar(parent=parent)
        for menu in commands.MENUS:
            with dpg.menu(label=menu, parent=self.tag):
                self._fill(menu)
        self.draw(app)

    def _fill(self, menu: str) -> None:
        for i, group in enumerate(commands.in_menu(menu)):
            if i:
                dpg.add_separator()
            for command in group:
                if not command.hidden:
                    self._items[command.id] = dpg.add_menu_item(
                        label=command.title,
                        check=command.ticked is not None,
                        callback=self._chosen,
                        user_data=command.id,
                    )

    def _chosen(self, sender: Tag, value: Any, id: str) -> None:
        self._kit.send(Invoke(id))

    def draw(self, app: App) -> None:
        """Grey what cannot be used now, tick what is on, show the keys."""
        sound = app.sound
        key = (
            app.tab, app.settings, app.layout, app.panels, app.queue, sound.looping, sound.muted, app.probes,
        )  # fmt: skip
        if self._key and same(key, self._key):
            return
        self._key = key
        if self._keys is not app.settings.keys:
            self._keys = app.settings.keys
            chords = commands.keymap(app)
            for id, item in self._items.items():
                dpg.configure_item(item, shortcut=chords.shown(id))
        for id, item in self._items.items():
            command = commands.COMMANDS[id]
            dpg.configure_item(item, enabled=command.when(app))
            if command.ticked is not None:
                dpg.set_value(item, command.ticked(app))
