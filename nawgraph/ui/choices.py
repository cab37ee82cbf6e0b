"""The rows of popups that one chooses from: search, palette, right-click menus, recent files, folders … No toolkit."""

from __future__ import annotations

import time as clock
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from nawgraph.graph import definition_of
from nawgraph.ui import commands, theme
from nawgraph.ui.adding import wanted_by
from nawgraph.ui.commands import Command
from nawgraph.ui.keys import Keymap
from nawgraph.ui.messages import Add, Apply, Do, Invoke, Show
from nawgraph.ui.search import find_types, score, title
from nawgraph.ui.services.browsing import Place
from nawgraph.ui.state import App, Popup

MOST = 60
"""Rows that a popup shows; who wants another types a letter."""


@dataclass(frozen=True, slots=True)
class Row:
    """Something to choose.

    Attributes:
        title: what it is called.
        detail: in grey behind it.
        hint: at the right edge: a shortcut, a category, a time.
        messages: what choosing it sends.
        enabled: whether it can be chosen.
        ticked: a tick before it, None where it can have none.
        colour: of the dot before it, None for none.
        line: a line above it.
        help: a sentence about it.
        keep: choosing it leaves the popup open.
    """

    title: str
    messages: tuple[Any, ...] = ()
    detail: str = ""
    hint: str = ""
    enabled: bool = True
    ticked: bool | None = None
    colour: theme.Colour | None = None
    line: bool = False
    help: str = ""
    keep: bool = False


def rows(app: App) -> tuple[Row, ...]:
    """What the popup that is open lets one choose from; () where it is another kind of popup."""
    popup = app.popup
    made = _KINDS.get(popup.kind) if popup is not None else None
    return tuple(made(app, popup)) if made is not None and popup is not None else ()


def choose(app: App, index: int) -> tuple[Any, ...]:
    """The messages of a row: the popup closes first, unless the row keeps it."""
    found = rows(app)
    if not 0 <= index < len(found) or not found[index].enabled:
        return ()
    row = found[index]
    return row.messages if row.keep else (Show(None), *row.messages)


def prompt(kind: str) -> str:
    """What the empty field of a popup says; "" for a popup without a field."""
    return _PROMPTS.get(kind, "")


_PROMPTS = {
    "search": "Add a node: type a few letters",
    "palette": "Find a command",
    "recent": "Find a recent document",
    "templates": "Find a template",
    "browse": "Type to filter, or a path",
    "versions": "Find a version",
    "devices": "Sound output",
    "presets": "Find a preset",
}


def _nodes(app: App, popup: Popup) -> Iterable[Row]:
    interfaces = app.interfaces()
    if interfaces is None or app.tab is None:
        return
    specs = [spec for id in app.library if (spec := app.library.get(id)) is not None]
    inside = app.tab.scope
    specs += [
        spec
        for name in sorted(app.tab.graph.subgraphs)
        if name != inside and (spec := interfaces.definition(name)) is not None
    ]
    wanted = wanted_by(app, popup.data)
    swap = popup.data.get("swap")
    for found in find_types(popup.query, specs, wanted=wanted, recent=app.recent)[:MOST]:
        spec = found.spec
        data = {**popup.data, "type": spec.id}
        message: Any = Invoke("node.swap", data) if swap else Add(spec.id, data)
        category = "group" if definition_of(spec.id) else spec.category
        wired = f"→ {found.port}" if found.port and popup.data.get("from") else ""
        yield Row(
            title(spec),
            (message,),
            detail=wired,
            hint=category,
            colour=theme.of_category(category),
            help=_first(spec.help),
        )


@lru_cache(maxsize=4096)
def _first(text: str) -> str:
    """The first sentence of a help text."""
    flat = " ".join(text.split())
    end = flat.find(". ")
    return flat if end < 0 else flat[: end + 1]


def _commands(app: App, popup: Popup) -> Iterable[Row]:
    keys = commands.keymap(app)
    for command in commands.find(app, popup.query)[:MOST]:
        yield _command(app, command, keys, {}, detail=command.menu)


def _command(app: App, command: Command, keys: Keymap, data: Any, *, detail: str = "", line: bool = False) -> Row:
    ticked = command.ticked(app) if command.ticked is not None else None
    enabled = command.when(app) or bool(data.get("id"))
    message = Invoke(command.id, data)
    return Row(command.title, (message,), detail, keys.shown(command.id), enabled, ticked, line=line, help=command.help)


def _menu(app: App, popup: Popup) -> Iterable[Row]:
    keys = commands.keymap(app)
    target = str(popup.data.get("target", "canvas"))
    for i, group in enumerate(commands.for_target(target)):
        for j, command in enumerate(group):
            yield _command(app, command, keys, popup.data, line=i > 0 and j == 0)
    if target == "port":
        yield from _port_rows(popup)
    if target == "wire":
        yield from _wire_rows(app, popup)


def _port_rows(popup: Popup) -> Iterable[Row]:
    id = str(popup.data.get("id", ""))
    side = str(popup.data.get("side", ""))
    key = "from" if side == "out" else "into"
    yield Row("Add a Node Here…", (Show(Popup("search", popup.at, {**popup.data, key: id})),), line=True)


def _wire_rows(app: App, popup: Popup) -> Iterable[Row]:
    from nawgraph.edits import Disconnect

    wire = popup.data.get("wire") or popup.data.get("id")
    if app.tab is None or not isinstance(wire, (tuple, list)):
        return
    cut = Apply(Disconnect(wire[1], wire[0], scope=app.tab.scope))
    yield Row("Insert a Node…", (Show(Popup("search", popup.at, {**popup.data, "wire": tuple(wire)})),), line=True)
    yield Row("Cut", (cut,))


def _convert(app: App, popup: Popup) -> Iterable[Row]:
    """Node types that make the wire fit."""
    wire = {key: popup.data[key] for key in ("from", "into", "world") if key in popup.data}
    for id in popup.data.get("converters", ()):
        spec = app.library.get(id)
        if spec is not None:
            yield Row(
                title(spec),
                (Add(id, wire),),
                hint=spec.category,
                colour=theme.of_category(spec.category),
                help=_first(spec.help),
            )


def _recent(app: App, popup: Popup) -> Iterable[Row]:
    for entry in app.files:
        if popup.query and not score(popup.query, (entry.title, str(entry.path))):
            continue
        detail = "is gone" if entry.gone else _short(entry.path.parent)
        message = Do("documents", "open", {"path": entry.path})
        yield Row(entry.title or entry.path.stem, (message,), detail, ago(entry.time), not entry.gone)


def _templates(app: App, popup: Popup) -> Iterable[Row]:
    for entry in popup.data.get("templates", ()):
        if popup.query and not score(popup.query, (entry.title, entry.id, "", "", entry.description)):
            continue
        message = Do("documents", "start_from", {"template": entry})
        yield Row(entry.title, (message,), _first(entry.description), help=entry.description)


def _versions(app: App, popup: Popup) -> Iterable[Row]:
    for version in popup.data.get("versions", ()):
        if popup.query and not score(popup.query, (version.label,)):
            continue
        message = Do("documents", "open_version", {"path": popup.data["path"], "version": version})
        yield Row(version.label, (message,), f"{version.nodes} nodes", ago(version.time))


def _browse(app: App, popup: Popup) -> Iterable[Row]:
    """A folder. In the one that saves, what is typed is the file's name."""
    data = popup.data
    saving = data["purpose"] == "save"
    typed = popup.query.strip()
    if saving and typed:
        path = _typed(typed, Path(data["folder"]))
        keep = {"path": str(path), "key": data["key"], "then": data.get("then")}
        yield Row(f"Save as {path.name}", (Do("documents", "save_to", keep),), _short(path.parent), "Return")
    elif typed.startswith(("/", "~", ".")) and not saving:
        path = _typed(typed, Path(data["folder"]))
        yield Row(f"Open {path.name}", (_picked(data, path),), _short(path.parent), "Return")
    for place in data.get("entries", ()):
        if not saving and typed and typed.lower() not in place.path.name.lower():
            continue
        yield _place(data, place)


def _place(data: Any, place: Place) -> Row:
    name = ".." if place.detail == "up" else place.path.name
    if place.folder:
        again = Do("documents", "browse", {**data, "folder": str(place.path)})
        return Row(f"{name}/", (again,), hint="folder", colour=theme.FAINT, keep=True)
    if data["purpose"] == "save":
        again = Do("documents", "save_to", {"path": str(place.path), "key": data["key"], "then": data.get("then")})
        return Row(name, (again,), hint=place.detail)
    return Row(name, (_picked(data, place.path),), hint=place.detail, colour=theme.ACCENT)


def _picked(data: Any, path: Path) -> Any:
    if data["purpose"] == "knob":
        return Invoke("knob.set", {"node": data["node"], "knob": data["knob"], "value": str(path)})
    if data["purpose"] == "relink":
        return Do("documents", "relink", {"lost": data["lost"], "place": str(path)})
    return Do("documents", "open", {"path": str(path)})


def _typed(text: str, folder: Path) -> Path:
    path = Path(text).expanduser()
    return path if path.is_absolute() else folder / path


def _devices(app: App, popup: Popup) -> Iterable[Row]:
    names = ("", *app.sound.devices)
    for name in names:
        if popup.query.lower() in name.lower():
            ticked = name == app.settings.sound_device
            yield Row(name or "The system's own", (Invoke("settings.set", {"sound_device": name}),), ticked=ticked)


def _colours(app: App, popup: Popup) -> Iterable[Row]:
    for name in ("", "red", "amber", "yellow", "green", "teal", "blue", "violet", "pink"):
        data = {"things": popup.data["things"], "colour": COLOURS.get(name, "")}
        yield Row(
            name.capitalize() or "None",
            (Invoke("node.colour", data),),
            colour=theme.rgb(COLOURS[name]) if name else theme.NODE,
        )


COLOURS = {
    "red": "#b4484d",
    "amber": "#b9822d",
    "yellow": "#a8963a",
    "green": "#3f8f63",
    "teal": "#2f8791",
    "blue": "#3f6fb5",
    "violet": "#7a5bb8",
    "pink": "#a94f83",
}


def _presets(app: App, popup: Popup) -> Iterable[Row]:
    for preset in popup.data["presets"]:
        if popup.query.lower() in preset.name.lower():
            yield Row(preset.name, (Invoke("preset.apply", {"node": popup.data["node"], "preset": preset}),))
    yield Row("Keep These Knobs as a Preset…", (Invoke("preset.store"),), line=bool(popup.data["presets"]))


def ago(then: float, now: float | None = None) -> str:
    """How long ago something was, in words."""
    seconds = max((clock.time() if now is None else now) - then, 0.0)
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{int(seconds // size)} {unit} ago"
    return "just now"


def _short(path: Path) -> str:
    text = str(path)
    home = str(Path.home())
    text = f"~{text[len(home) :]}" if text.startswith(home) and home != "/" else text
    return text if len(text) <= 48 else f"…{text[-47:]}"


_KINDS: dict[str, Callable[[App, Popup], Iterable[Row]]] = {
    "search": _nodes,
    "palette": _commands,
    "menu": _menu,
    "convert": _convert,
    "recent": _recent,
    "templates": _templates,
    "versions": _versions,
    "browse": _browse,
    "devices": _devices,
    "colour": _colours,
    "presets": _presets,
}
