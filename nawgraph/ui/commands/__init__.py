"""Everything that can be done, as data. Menus, the palette, right-click menus and shortcuts derive from it."""

from __future__ import annotations

from nawgraph.ui.commands import edit, files, node, run, settings, view
from nawgraph.ui.commands.base import Command
from nawgraph.ui.keys import Keymap
from nawgraph.ui.search import score
from nawgraph.ui.state import App

__all__ = ["ALL", "COMMANDS", "MENUS", "Command", "find", "for_target", "in_menu", "keymap"]

ALL: tuple[Command, ...] = (
    *files.COMMANDS,
    *edit.COMMANDS,
    *node.COMMANDS,
    *settings.COMMANDS,
    *run.COMMANDS,
    *view.COMMANDS,
)
COMMANDS: dict[str, Command] = {command.id: command for command in ALL}
MENUS = ("File", "Edit", "Node", "Arrange", "Run", "Sound", "View")


def in_menu(menu: str) -> list[list[Command]]:
    """The commands of a menu, in groups between which there is a line."""
    return _grouped([command for command in ALL if command.menu == menu])


def for_target(target: str) -> list[list[Command]]:
    """The commands of a right-click menu."""
    return _grouped([command for command in ALL if target in command.targets])


def _grouped(commands: list[Command]) -> list[list[Command]]:
    groups: dict[tuple[str, str], list[Command]] = {}
    for command in commands:
        groups.setdefault((command.menu, command.group), []).append(command)
    return list(groups.values())


def keymap(app: App) -> Keymap:
    """Chords of all commands, as the user has changed them."""
    changed = {id: (chord,) if chord else () for id, chord in app.settings.keys.items()}
    return Keymap({command.id: command.keys for command in ALL}, changed)


def find(app: App, query: str) -> list[Command]:
    """Commands for the palette: those that may be used now first, the best match first."""
    shown = [command for command in ALL if not command.hidden]
    ranked = [(score(query, (c.title, c.id, "", c.menu, c.help)), c) for c in shown]
    order = {command.id: place for place, command in enumerate(ALL)}
    return [c for s, c in sorted(ranked, key=lambda e: (not e[1].when(app), -e[0], order[e[1].id])) if s > 0]
