"""Commands about nodes: add, swap, name, mode, group, notes and frames."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nawgraph.edits import (
    Batch,
    Edit,
    Group,
    MakeUnique,
    Rename,
    ReplaceType,
    ResetKnob,
    SetKnob,
    SetMode,
    SetTitle,
    SetUi,
    Ungroup,
)
from nawgraph.edits.scopes import fresh
from nawgraph.graph import EMPTY, definition_of, plain
from nawgraph.interface import OVER, over_of
from nawgraph.ui.commands.base import (
    Command,
    Data,
    Steps,
    ask,
    has_tab,
    inside,
    instance,
    one,
    selected,
    some,
    subject,
    tab_of,
)
from nawgraph.ui.messages import Add, Apply, Enter, Invoke, Leave, Message, Say, Show
from nawgraph.ui.state import App, Popup, Tab

NODES = ("node", "selection")
SIZE = (190.0, 120.0)
"""About how large a node is, where only its place is known."""


def _add(app: App, data: Data) -> Steps:
    if "type" in data:
        return (Add(data["type"], data),)
    world = data.get("world") or app.pointer
    at = tab_of(app).view.screen(world) if world is not None else None
    return (Show(Popup("search", at, {**data, "world": world or centre(app)})),)


def centre(app: App) -> tuple[float, float]:
    """World point in the middle of the canvas."""
    return tab_of(app).view.world((app.size[0] / 2, app.size[1] / 2))


def _swap(app: App, data: Data) -> Steps:
    tab, ids = tab_of(app), subject(app, data)
    if "type" not in data:
        return (Show(Popup("search", None, {"swap": ids})),)
    ids = data.get("swap", ids)
    steps: list[Message] = []
    for id in ids:
        edit = ReplaceType(id, data["type"], scope=tab.scope)
        dropped = edit.dropped(tab.graph, app.library)
        steps.append(Apply(edit))
        if dropped:
            steps.append(
                Say(f"{id}: {dropped[0]}" + (f" (and {len(dropped) - 1} more)" if dropped[1:] else ""), "warning")
            )
    return steps


def _title(app: App, data: Data) -> Steps:
    tab = tab_of(app)
    id = data.get("node") or subject(app, data)[0]
    if "text" in data:
        return (Apply(SetTitle(id, data["text"], scope=tab.scope)),)
    return (Show(ask("node.title", "Title of the node", tab.shown.nodes[id].title, node=id)),)


def _rename(app: App, data: Data) -> Steps:
    id = data.get("node") or subject(app, data)[0]
    if "text" in data:
        return (Apply(Rename(id, data["text"], scope=tab_of(app).scope), select=True),)
    return (Show(ask("node.rename", "Id of the node, by which wires and files name it", id, node=id)),)


def _mode(mode: Any) -> Callable[[App, Data], Steps]:
    def act(app: App, data: Data) -> Steps:
        tab, ids = tab_of(app), subject(app, data)
        off = all(tab.shown.nodes[id].mode == mode for id in ids)
        return (Apply(SetMode(ids, "" if off else mode, scope=tab.scope)),)

    return act


def _freeze(app: App, data: Data) -> Steps:
    tab, ids = tab_of(app), subject(app, data)
    if all(tab.shown.nodes[id].mode == "freeze" for id in ids):
        return (Apply(SetMode(ids, "", scope=tab.scope)),)
    frozen = {id: digests for id in ids if (digests := results(app, tab, id))}
    missing = [id for id in ids if id not in frozen]
    if missing:
        return (Say(f"{missing[0]} has no result to freeze: run it first", "warning"),)
    return (Apply(SetMode(ids, "freeze", frozen, scope=tab.scope)),)


def results(app: App, tab: Tab, id: str) -> dict[str, str]:
    """Output → digest in hex of what a node gave in its last run, {} if it has none."""
    badge = tab.badges.get(tab.step(id))
    interfaces = app.interfaces()
    spec = interfaces.of(tab.shown.nodes[id]) if interfaces is not None else None
    if badge is None or spec is None or len(badge.outputs) != len(spec.outputs):
        return {}
    return {port.name: digest.hex() for port, digest in zip(spec.outputs, badge.outputs, strict=True)}


def has_mode(mode: str) -> Callable[[App], bool]:
    """Whether all selected nodes are in a mode."""
    return lambda app: some(app) and all(tab_of(app).shown.nodes[id].mode == mode for id in selected(app))


def _reset(app: App, data: Data) -> Steps:
    tab, ids = tab_of(app), subject(app, data)
    edits = [ResetKnob(id, knob, scope=tab.scope) for id in ids for knob in sorted(tab.shown.nodes[id].knobs)]
    return (Apply(Batch(edits, "reset all knobs")),) if edits else ()


def _group(app: App, data: Data) -> Steps:
    if "text" not in data:
        return (Show(ask("node.group", "Name of the group", "Group")),)
    title = str(data["text"]).strip() or "Group"
    name = "".join(c if c.isalnum() else "_" for c in title.lower()).strip("_") or "group"
    name = name if name[0].isalpha() else f"group_{name}"
    return (Apply(Group(selected(app), name[:60], title, scope=tab_of(app).scope), select=True),)


def _ungroup(app: App, data: Data) -> Steps:
    return (Apply(Ungroup(subject(app, data)[0], scope=tab_of(app).scope), select=True),)


def _unique(app: App, data: Data) -> Steps:
    return (Apply(MakeUnique(subject(app, data)[0], scope=tab_of(app).scope)),)


def _each(app: App, data: Data) -> Steps:
    """An instance that runs once for each item of the lists at the ports and knobs that are named, or once again."""
    tab, id = tab_of(app), data.get("node") or subject(app, data)[0]
    node = tab.shown.nodes[id]
    kind, name = definition_of(node.type) or ("", "")
    inner = tab.graph.subgraphs.get(name)
    names = sorted({*inner.inputs, *inner.knobs}) if inner is not None else []
    if "text" not in data:
        before = ", ".join(over_of(node) if kind == "map" else names[:1])
        question = f"Lists at which of {', '.join(names) or 'no ports'}? Nothing: run once"
        return (Show(ask("node.each", question, before, node=id)),)
    over = list(dict.fromkeys(str(data["text"]).replace(",", " ").split()))
    unknown = [name for name in over if name not in names]
    if unknown:
        return (Say(f"{id} has no port or knob {unknown[0]!r}: it has {', '.join(names) or 'none'}", "warning"),)
    if not over:
        return () if kind != "map" else (Apply(ReplaceType(id, f"subgraph.{name}", scope=tab.scope)),)
    edits: list[Edit] = [SetKnob(id, OVER, over, scope=tab.scope)]
    if kind != "map":
        edits.insert(0, ReplaceType(id, f"map.{name}", scope=tab.scope))
    return (Apply(Batch(edits, f"run {id} for each {' and '.join(over)}")),)


def _enter(app: App, data: Data) -> Steps:
    return (Enter(subject(app, data)[0]),)


def _leave(app: App, data: Data) -> Steps:
    return (Leave(len(tab_of(app).trail) - 1),)


def box(app: App, ids: tuple[str, ...]) -> tuple[float, float, float, float]:
    """World rectangle (left, top, right, bottom) around nodes of the document in front."""
    from nawgraph.ui.placing import bounds

    return bounds(app, ids)


def _frame(app: App, data: Data) -> Steps:
    tab, ids = tab_of(app), selected(app)
    taken = tab.shown.ui.get("frames", EMPTY)
    name = fresh("frame", taken)
    if ids:
        left, top, right, bottom = box(app, ids)
        at, size = (left - 24, top - 48), (right - left + 48, bottom - top + 72)
    else:
        at, size = data.get("world") or centre(app), (420.0, 280.0)
    value = {"at": at, "size": size, "title": "Frame", "nodes": list(ids)}
    return Apply(SetUi("frames", name, value, scope=tab.scope)), Invoke("frame.title", {"id": f"frames/{name}"})


def _note(app: App, data: Data) -> Steps:
    tab = tab_of(app)
    name = fresh("note", tab.shown.ui.get("notes", EMPTY))
    if "text" not in data:
        return (Show(Popup("text", data={"command": "note.add", "title": "Note", "world": data.get("world")})),)
    at = data.get("world") or app.pointer or centre(app)
    value = {"at": at, "size": (260, 130), "text": data["text"]}
    return (Apply(SetUi("notes", name, value, scope=tab.scope)),)


def _laid(data: Data, section: str) -> str:
    return str(data.get("laid") or data["id"]).rpartition("/")[2]


def _frame_title(app: App, data: Data) -> Steps:
    tab, name = tab_of(app), _laid(data, "frames")
    entry = tab.shown.ui.get("frames", EMPTY).get(name)
    if entry is None:
        return ()
    if "text" in data:
        return (Apply(SetUi("frames", name, {**plain(entry), "title": data["text"]}, scope=tab.scope)),)
    return (Show(ask("frame.title", "Title of the frame", str(entry.get("title", "")), laid=name)),)


def _note_text(app: App, data: Data) -> Steps:
    tab, name = tab_of(app), _laid(data, "notes")
    entry = tab.shown.ui.get("notes", EMPTY).get(name)
    if entry is None:
        return ()
    if "text" in data:
        return (Apply(SetUi("notes", name, {**plain(entry), "text": data["text"]}, scope=tab.scope)),)
    text = str(entry.get("text", ""))
    return (Show(Popup("text", data={"command": "note.text", "title": "Note", "laid": name}, query=text)),)


def _colour(app: App, data: Data) -> Steps:
    """A colour for nodes, a frame or a note; "" for none."""
    tab = tab_of(app)
    things = data.get("things") or _coloured(app, data)
    if "colour" not in data:
        return (Show(Popup("colour", data={"things": things, "command": "node.colour"})),)
    edits: list[Edit] = []
    for section, name in things:
        entry = _entry(tab, section, name)
        entry = {k: v for k, v in entry.items() if k != "colour"} | ({"colour": c} if (c := data["colour"]) else {})
        edits.append(SetUi(section, name, entry, scope=tab.scope))
    return (Apply(Batch(edits, "colour")),) if edits else ()


def _coloured(app: App, data: Data) -> tuple[tuple[str, str], ...]:
    target = data.get("target", "")
    if target in ("frame", "note"):
        return ((f"{target}s", _laid(data, "")),)
    return tuple(("nodes", id) for id in subject(app, data))


def _entry(tab: Tab, section: str, name: str) -> dict[str, Any]:
    """An entry of the layout as an object."""
    found = tab.shown.ui.get(section, EMPTY).get(name)
    if section == "nodes" and not hasattr(found, "items"):
        return {"at": found if found is not None else (0, 0)}
    return dict(plain(found))


def _collapse(app: App, data: Data) -> Steps:
    tab, ids = tab_of(app), subject(app, data)
    entries = {id: _entry(tab, "nodes", id) for id in ids}
    on = not all(entry.get("collapsed") for entry in entries.values())
    edits = [SetUi("nodes", id, {**entry, "collapsed": on}, scope=tab.scope) for id, entry in entries.items()]
    return (Apply(Batch(edits, "collapse" if on else "expand")),)


VIEWS = {"Audio": "spectrogram", "Stems": "spectrogram", "Curve": "image"}
"""Type of a result → the other way to show it."""


def _view(app: App, data: Data) -> Steps:
    """The next way to show a node's result: as a waveform or as a spectrogram."""
    tab, interfaces = tab_of(app), app.interfaces()
    edits: list[Edit] = []
    for id in subject(app, data):
        spec = interfaces.of(tab.shown.nodes[id]) if interfaces is not None else None
        types = [(port.type.item or port.type).name for port in spec.outputs] if spec is not None else []
        other = next((VIEWS[name] for name in types[:1] if name in VIEWS), "")
        if other:
            entry = _entry(tab, "nodes", id)
            entry["viewer"] = True if entry.get("viewer") == other else other
            edits.append(SetUi("nodes", id, entry, scope=tab.scope))
    if not edits:
        return (Say("There is one way to show this: sounds and curves have two", "warning"),)
    return (Apply(Batch(edits, "show in the other way") if len(edits) > 1 else edits[0]),)


COMMANDS = (
    Command("node.add", "Add Node…", _add, "Node", "add", ("Tab", "Shift+A"), has_tab, ("canvas",), icon="plus"),
    Command(
        "node.swap",
        "Swap Type…",
        _swap,
        "Node",
        "add",
        ("Shift+S",),
        some,
        NODES,
        help="Keeps wires and knobs that fit",
    ),
    Command("node.title", "Title…", _title, "Node", "name", ("F2",), one, ("node",)),
    Command("node.rename", "Rename Id…", _rename, "Node", "name", (), one, ("node",)),
    Command("node.colour", "Colour…", _colour, "Node", "name", (), some, (*NODES, "frame", "note")),
    Command("node.collapse", "Collapse", _collapse, "Node", "name", ("H",), some, NODES),
    Command(
        "node.view",
        "Waveform or Spectrogram",
        _view,
        "Node",
        "name",
        ("V",),
        some,
        NODES,
        help="The other way to show a sound or a curve; a double-click on its picture does the same",
    ),
    Command("node.bypass", "Bypass", _mode("bypass"), "Node", "mode", ("B",), some, NODES, has_mode("bypass")),
    Command("node.mute", "Mute", _mode("mute"), "Node", "mode", ("M",), some, NODES, has_mode("mute")),
    Command(
        "node.freeze",
        "Freeze",
        _freeze,
        "Node",
        "mode",
        ("Shift+F",),
        some,
        NODES,
        has_mode("freeze"),
        help="Keeps the result that the node has now, whatever changes above it",
    ),
    Command("node.reset", "Reset All Knobs", _reset, "Node", "mode", (), some, NODES),
    Command("node.group", "Group…", _group, "Node", "group", ("Ctrl+G",), some, NODES, icon="group"),
    Command("node.ungroup", "Ungroup", _ungroup, "Node", "group", ("Ctrl+Shift+G",), instance, ("node",)),
    Command(
        "node.unique",
        "Make Unique",
        _unique,
        "Node",
        "group",
        ("U",),
        instance,
        ("node",),
        help="Its own copy of the group, so that changes inside leave the other instances alone",
    ),
    Command("node.each", "Run for Each Item…", _each, "Node", "group", (), instance, ("node",)),
    Command("node.enter", "Enter Group", _enter, "Node", "group", ("Return",), instance, ("node",)),
    Command("node.leave", "Leave Group", _leave, "Node", "group", ("Ctrl+Up",), inside, ("canvas",)),
    Command("frame.add", "Add Frame", _frame, "Node", "notes", ("Shift+G",), has_tab, ("canvas", *NODES)),
    Command("note.add", "Add Note…", _note, "Node", "notes", ("Shift+N",), has_tab, ("canvas",)),
    Command("frame.title", "Title…", _frame_title, when=has_tab, targets=("frame",), hidden=True),
    Command("note.text", "Edit Text…", _note_text, when=has_tab, targets=("note",), hidden=True),
)
