"""A command as data, and what most commands ask of the state."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nawgraph.graph import definition_of
from nawgraph.ui.messages import Effect, Message
from nawgraph.ui.state import App, Popup, Tab

Data = Mapping[str, Any]
Steps = Sequence[Message | Effect]
When = Callable[[App], bool]


@dataclass(frozen=True)
class Command:
    """Something that can be done: menus, palette and shortcuts derive from it.

    Attributes:
        id: ``edit.undo``.
        title: as menus show it.
        act: the messages and effects that it stands for, from the state and what it is about.
        menu: the menu that it is in, "" for none.
        group: commands of a menu with the same group stand together between lines.
        keys: chords that it has by default.
        when: whether it may be used now.
        targets: right-click menus that show it: canvas, node, port, wire, frame, note, reroute, selection.
        ticked: whether its menu entry has a tick, None for one that never has.
        icon: name of its icon.
        typing: its keys work while a text is typed, too.
        hidden: in no palette, since it needs to be told what it is about.
        help: a sentence for the palette and tooltips.
    """

    id: str
    title: str
    act: Callable[[App, Data], Steps]
    menu: str = ""
    group: str = ""
    keys: tuple[str, ...] = ()
    when: When = lambda app: True
    targets: tuple[str, ...] = ()
    ticked: When | None = None
    icon: str = ""
    typing: bool = False
    hidden: bool = False
    help: str = ""


def has_tab(app: App) -> bool:
    """A document is open."""
    return app.tab is not None


def tab_of(app: App) -> Tab:
    """The document in front; the command's condition says that there is one."""
    tab = app.tab
    assert tab is not None
    return tab


def selected(app: App) -> tuple[str, ...]:
    """Selected nodes of the document in front, sorted."""
    tab = app.tab
    if tab is None or not tab.selection:
        return ()
    nodes = tab.shown.nodes
    return tuple(sorted(id for id in tab.selection if id in nodes))


def subject(app: App, data: Data) -> tuple[str, ...]:
    """The nodes that a command is about: the target of a right-click, if it is not among the selected ones."""
    id = data.get("id", "")
    chosen = selected(app)
    if data.get("target") == "node" and id and id not in chosen:
        return (id,)
    return chosen


def some(app: App) -> bool:
    """At least one node is selected."""
    return bool(selected(app))


def one(app: App) -> bool:
    """Exactly one node is selected."""
    return len(selected(app)) == 1


def several(app: App) -> bool:
    """At least two nodes are selected."""
    return len(selected(app)) > 1


def instance(app: App) -> bool:
    """Exactly one node is selected, and it is an instance of a subgraph."""
    ids = selected(app)
    return len(ids) == 1 and definition_of(tab_of(app).shown.nodes[ids[0]].type) is not None


def inside(app: App) -> bool:
    """The inside of a subgraph is shown."""
    return app.tab is not None and bool(app.tab.trail)


def ask(command: str, title: str, value: str = "", **data: Any) -> Popup:
    """A popup that asks for a line of text and carries out `command` with ``text`` in its data."""
    return Popup("prompt", data={"command": command, "title": title, "value": value, **data}, query=value)
