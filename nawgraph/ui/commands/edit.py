"""Commands that change the document or the selection."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from nawgraph import files
from nawgraph.edits import Batch, Duplicate, Edit, Remove, SetUi
from nawgraph.graph import Node
from nawgraph.ui.commands.base import Command, Data, Steps, has_tab, selected, some, subject, tab_of
from nawgraph.ui.messages import Apply, Change, Do, Say, Select, Travel
from nawgraph.ui.state import App

LAID = ("frames", "notes", "reroutes")


def _undo(app: App, data: Data) -> Steps:
    return (Travel(tab_of(app).history.index - 1),)


def _redo(app: App, data: Data) -> Steps:
    return (Travel(tab_of(app).history.index + 1),)


def _copy(app: App, data: Data) -> Steps:
    tab, ids = tab_of(app), subject(app, data)
    text = files.copy(tab.graph, ids, tab.scope)
    said = f"Copied {ids[0] if len(ids) == 1 else f'{len(ids)} nodes'} as text"
    return Change({"clipboard": text}), Do("window", "copy", {"text": text}), Say(said)


def _cut(app: App, data: Data) -> Steps:
    return *_copy(app, data), *_remove(app, data)


def _paste(outer: bool) -> Callable[[App, Data], Steps]:
    def act(app: App, data: Data) -> Steps:
        at = data.get("world") or app.pointer
        return (Do("window", "paste", {"at": at, "outer": outer}),)

    return act


def removal(app: App, data: Data, heal: bool = False) -> Edit | None:
    """The edit that removes the target of a right-click, or what is selected: nodes, frames, notes, reroutes."""
    tab = tab_of(app)
    ids = subject(app, data)
    target = data.get("target", "")
    chosen: Collection[str] = tab.selection
    if target in ("frame", "note", "reroute"):
        laid = str(data["id"])
        laid = laid if "/" in laid else f"{target}s/{laid}"
        if laid not in chosen:
            ids, chosen = (), (laid,)
    edits: list[Edit] = [Remove(ids, heal, scope=tab.scope)] if ids else []
    for laid in sorted(chosen):
        section, slash, name = laid.partition("/")
        if slash and section in LAID:
            edits.append(SetUi(section, name, None, scope=tab.scope))
    if len(edits) > 1:
        return Batch(tuple(edits), f"remove {len(ids) + len(edits) - bool(ids)} things")
    return edits[0] if edits else None


def _removing(heal: bool) -> Callable[[App, Data], Steps]:
    def act(app: App, data: Data) -> Steps:
        edit = removal(app, data, heal)
        return (Apply(edit),) if edit is not None else ()

    return act


_remove = _removing(False)


def _duplicate(outer: bool) -> Callable[[App, Data], Steps]:
    def act(app: App, data: Data) -> Steps:
        return (Apply(Duplicate(subject(app, data), outer, scope=tab_of(app).scope), select=True),)

    return act


def _all(app: App, data: Data) -> Steps:
    shown = tab_of(app).shown
    laid = [f"{section}/{name}" for section in ("frames", "notes") for name in shown.ui.get(section, {})]
    return (Select((*shown.nodes, *laid)),)


def _none(app: App, data: Data) -> Steps:
    return (Select(()),)


def _invert(app: App, data: Data) -> Steps:
    return (Select(set(tab_of(app).shown.nodes) - set(selected(app))),)


def upstream(nodes: Mapping[str, Node], ids: Collection[str]) -> set[str]:
    """The nodes that feed some nodes, directly or not, and these themselves."""
    found, todo = set(ids), list(ids)
    while todo:
        for id in nodes[todo.pop()].sources:
            if id in nodes and id not in found:
                found.add(id)
                todo.append(id)
    return found


def downstream(nodes: Mapping[str, Node], ids: Collection[str]) -> set[str]:
    """The nodes that some nodes feed, directly or not, and these themselves."""
    readers: dict[str, list[str]] = {}
    for id, node in nodes.items():
        for source in node.sources:
            readers.setdefault(source, []).append(id)
    found, todo = set(ids), list(ids)
    while todo:
        for id in readers.get(todo.pop(), ()):
            if id not in found:
                found.add(id)
                todo.append(id)
    return found


def _flow(*ways: Callable[[Mapping[str, Node], Collection[str]], set[str]]) -> Callable[[App, Data], Steps]:
    def act(app: App, data: Data) -> Steps:
        nodes, ids = tab_of(app).shown.nodes, subject(app, data)
        return (Select(set().union(*(way(nodes, ids) for way in ways))),)

    return act


def _same_type(app: App, data: Data) -> Steps:
    nodes = tab_of(app).shown.nodes
    types = {nodes[id].type for id in subject(app, data)}
    return (Select([id for id, node in nodes.items() if node.type in types]),)


def _can_undo(app: App) -> bool:
    return app.tab is not None and app.tab.history.can_undo


def _can_redo(app: App) -> bool:
    return app.tab is not None and app.tab.history.can_redo


def _anything(app: App) -> bool:
    return app.tab is not None and bool(app.tab.selection)


NODES = ("node", "selection")
LAID_OUT = ("frame", "note", "reroute")

COMMANDS = (
    Command("edit.undo", "Undo", _undo, "Edit", "undo", ("Ctrl+Z",), _can_undo, icon="undo"),
    Command("edit.redo", "Redo", _redo, "Edit", "undo", ("Ctrl+Shift+Z", "Ctrl+Y"), _can_redo, icon="redo"),
    Command("edit.cut", "Cut", _cut, "Edit", "clipboard", ("Ctrl+X",), some, NODES),
    Command("edit.copy", "Copy", _copy, "Edit", "clipboard", ("Ctrl+C",), some, NODES),
    Command("edit.paste", "Paste", _paste(False), "Edit", "clipboard", ("Ctrl+V",), has_tab, ("canvas",)),
    Command(
        "edit.paste_wired",
        "Paste with Outer Wires",
        _paste(True),
        "Edit",
        "clipboard",
        ("Ctrl+Shift+V",),
        has_tab,
        ("canvas",),
        help="Keeps the wires that come from nodes outside of what was copied",
    ),
    Command("edit.duplicate", "Duplicate", _duplicate(False), "Edit", "clipboard", ("Ctrl+D",), some, NODES),
    Command(
        "edit.duplicate_wired",
        "Duplicate with Outer Wires",
        _duplicate(True),
        "Edit",
        "clipboard",
        ("Ctrl+Shift+D",),
        some,
        NODES,
    ),
    Command("edit.delete", "Delete", _remove, "Edit", "delete", ("Delete",), _anything, (*NODES, *LAID_OUT)),
    Command(
        "edit.heal",
        "Delete and Heal",
        _removing(True),
        "Edit",
        "delete",
        ("Backspace", "Ctrl+Delete", "X"),
        some,
        NODES,
        help="What fed the nodes feeds their readers",
    ),
    Command("select.all", "Select All", _all, "Edit", "select", ("Ctrl+A",), has_tab, ("canvas",)),
    Command("select.none", "Select Nothing", _none, "Edit", "select", ("Ctrl+Shift+A",), _anything),
    Command("select.invert", "Invert Selection", _invert, "Edit", "select", ("Ctrl+I",), has_tab),
    Command(
        "select.upstream", "Select Upstream", _flow(upstream), "Edit", "select", ("Ctrl+BracketLeft",), some, NODES
    ),
    Command(
        "select.downstream",
        "Select Downstream",
        _flow(downstream),
        "Edit",
        "select",
        ("Ctrl+BracketRight",),
        some,
        NODES,
    ),
    Command("select.connected", "Select Connected", _flow(upstream, downstream), "Edit", "select", (), some, NODES),
    Command("select.same", "Select Same Type", _same_type, "Edit", "select", (), some, NODES),
)
