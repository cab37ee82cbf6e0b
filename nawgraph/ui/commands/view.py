"""Commands about what is shown: the canvas' view, bookmarks, panels, arranging."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from nawgraph.edits import SetUi
from nawgraph.graph import EMPTY
from nawgraph.ui.commands.base import Command, Data, Steps, ask, has_tab, selected, several, some, subject, tab_of
from nawgraph.ui.commands.node import box, centre
from nawgraph.ui.messages import Apply, Change, Do, Look, Say, Show
from nawgraph.ui.state import App, Popup, View

MARGIN = 60.0
SCALES = (0.75, 0.9, 1.0, 1.1, 1.25, 1.5, 1.75, 2.0, 2.5)


def fitted(rectangle: tuple[float, float, float, float], size: tuple[float, float], most: float = 1.0) -> View:
    """The view that shows a rectangle of the plane whole and in the middle, no larger than `most`."""
    left, top, right, bottom = rectangle
    width, height = max(right - left, 1.0), max(bottom - top, 1.0)
    zoom = min((size[0] - 2 * MARGIN) / width, (size[1] - 2 * MARGIN) / height, most)
    zoom = max(zoom, 0.1)
    return View((left + right - size[0] / zoom) / 2, (top + bottom - size[1] / zoom) / 2, zoom)


def _fit(app: App, data: Data) -> Steps:
    from nawgraph.ui.placing import bounds, scene

    found = scene(app)
    empty = found is None or found.bounds() is None
    return (Look(View() if empty else fitted(bounds(app), app.size)),)


def _fit_selection(app: App, data: Data) -> Steps:
    ids = subject(app, data)
    return (Look(fitted(box(app, ids), app.size, most=1.5)),)


def _zoom(factor: float) -> Callable[[App, Data], Steps]:
    def act(app: App, data: Data) -> Steps:
        return (Look(tab_of(app).view.zoomed(factor, (app.size[0] / 2, app.size[1] / 2))),)

    return act


def _actual(app: App, data: Data) -> Steps:
    view = tab_of(app).view
    return (Look(view.zoomed(1 / view.zoom, (app.size[0] / 2, app.size[1] / 2))),)


def _set_bookmark(app: App, data: Data) -> Steps:
    tab = tab_of(app)
    taken = tab.shown.ui.get("bookmarks", EMPTY)
    if "text" not in data:
        return (Show(ask("bookmark.add", "Name of the bookmark", f"View {len(taken) + 1}")),)
    at = [round(v) for v in centre(app)]
    name = str(data["text"]).strip() or f"View {len(taken) + 1}"
    return (Apply(SetUi("bookmarks", name, {"at": at, "zoom": round(tab.view.zoom, 4)}, scope=tab.scope)),)


def _go(app: App, data: Data) -> Steps:
    tab = tab_of(app)
    marks = tab.shown.ui.get("bookmarks", EMPTY)
    names = sorted(marks)
    name = data.get("name") or (names[data["number"] - 1] if data.get("number", 0) <= len(names) and names else "")
    if name not in marks:
        return (Say("There is no such bookmark yet: View → Add Bookmark…", "warning"),)
    entry = marks[name]
    zoom = min(max(float(entry.get("zoom", 1.0)), 0.1), 4.0)
    x, y = entry["at"]
    return (Look(View(x - app.size[0] / 2 / zoom, y - app.size[1] / 2 / zoom, zoom)),)


def _go_to(number: int) -> Callable[[App, Data], Steps]:
    return lambda app, data: _go(app, {"number": number})


def _drop_bookmark(app: App, data: Data) -> Steps:
    return (Apply(SetUi("bookmarks", data["name"], None, scope=tab_of(app).scope)),)


def _side(name: str) -> Callable[[App, Data], Steps]:
    def act(app: App, data: Data) -> Steps:
        side = "" if app.layout.side == name else name
        return (Change({"layout": replace(app.layout, side=side)}),)

    return act


def _panel(name: str) -> Callable[[App, Data], Steps]:
    return lambda app, data: (Change({"panels": app.panels ^ {name}}),)


def _shows(name: str) -> Callable[[App], bool]:
    return lambda app: name in app.panels or app.layout.side == name


def _popup(kind: str) -> Callable[[App, Data], Steps]:
    return lambda app, data: (Show(Popup(kind)),)


def _scale(step: int) -> Callable[[App, Data], Steps]:
    def act(app: App, data: Data) -> Steps:
        from msgspec.structs import replace as with_fields

        now = app.settings.ui_scale or 1.0
        nearest = min(range(len(SCALES)), key=lambda i: abs(SCALES[i] - now))
        scale = SCALES[min(max(nearest + step, 0), len(SCALES) - 1)] if step else 1.0
        return Change({"settings": with_fields(app.settings, ui_scale=scale)}), Say(f"Size of everything: {scale:.0%}")

    return act


def _help(app: App, data: Data) -> Steps:
    if app.layout.side == "help" and not data:
        return _side("help")(app, data)
    return (Change({"layout": replace(app.layout, side="help")}),)


def _snap(app: App, data: Data) -> Steps:
    from msgspec.structs import replace as with_fields

    return (Change({"settings": with_fields(app.settings, snap=0 if app.settings.snap else 20)}),)


def _arrange(name: str) -> Callable[[App, Data], Steps]:
    def act(app: App, data: Data) -> Steps:
        from nawgraph.ui.placing import arranged

        edit = arranged(app, name, selected(app))
        return (Apply(edit),) if edit is not None else ()

    return act


def _folder(app: App, data: Data) -> Steps:
    from nawgraph.ui.documents import editor_folder

    return (Do("window", "show_folder", {"folder": editor_folder()}),)


ALIGN = (
    ("left", "Align Left", "Shift+Left"),
    ("right", "Align Right", "Shift+Right"),
    ("top", "Align Top", "Shift+Up"),
    ("bottom", "Align Bottom", "Shift+Down"),
    ("centre", "Align Centres", ""),
    ("middle", "Align Middles", ""),
)

COMMANDS = (
    Command("view.fit", "Show All", _fit, "View", "zoom", ("A",), has_tab, ("canvas",), icon="fit"),
    Command(
        "view.fit_selection", "Show Selection", _fit_selection, "View", "zoom", ("F",), some, ("node", "selection")
    ),
    Command("view.actual", "Zoom to 100 %", _actual, "View", "zoom", ("Ctrl+0",), has_tab),
    Command("view.zoom_in", "Zoom In", _zoom(1.25), "View", "zoom", ("Ctrl+Equal",), has_tab),
    Command("view.zoom_out", "Zoom Out", _zoom(0.8), "View", "zoom", ("Ctrl+Minus",), has_tab),
    Command("bookmark.add", "Add Bookmark…", _set_bookmark, "View", "marks", ("Ctrl+B",), has_tab, ("canvas",)),
    Command("bookmark.go", "Go to Bookmark", _go, when=has_tab, hidden=True),
    Command("bookmark.remove", "Remove Bookmark", _drop_bookmark, when=has_tab, hidden=True),
    *(
        Command(f"bookmark.go_{n}", f"Go to Bookmark {n}", _go_to(n), keys=(f"Ctrl+{n}",), when=has_tab)
        for n in range(1, 10)
    ),
    Command(
        "view.inspector",
        "Inspector",
        _panel("inspector"),
        "View",
        "panels",
        ("N",),
        ticked=_shows("inspector"),
        icon="inspector",
    ),
    Command("view.minimap", "Minimap", _panel("minimap"), "View", "panels", ("Shift+M",), ticked=_shows("minimap")),
    Command("view.transport", "Transport", _panel("transport"), "View", "panels", (), ticked=_shows("transport")),
    Command(
        "view.history",
        "History",
        _side("history"),
        "View",
        "panels",
        ("Ctrl+H",),
        ticked=_shows("history"),
        icon="history",
    ),
    Command("view.runs", "Runs", _side("runs"), "View", "panels", ("Ctrl+J",), ticked=_shows("runs"), icon="queue"),
    Command("view.plan", "Run Plan", _side("plan"), "View", "panels", (), ticked=_shows("plan"), icon="plan"),
    Command(
        "view.problems",
        "Problems",
        _side("problems"),
        "View",
        "panels",
        ("Ctrl+Shift+M",),
        ticked=_shows("problems"),
        icon="problems",
    ),
    Command("view.form", "Form", _side("form"), "View", "panels", ("Ctrl+E",), ticked=_shows("form"), icon="form"),
    Command(
        "view.bookmarks",
        "Bookmarks",
        _side("bookmarks"),
        "View",
        "panels",
        (),
        ticked=_shows("bookmarks"),
        icon="bookmark",
    ),
    Command("view.help", "Help on Node", _help, "View", "panels", ("F1",), ticked=_shows("help"), icon="help"),
    Command("view.larger", "Larger", _scale(1), "View", "scale", ("Ctrl+Shift+Equal",)),
    Command("view.smaller", "Smaller", _scale(-1), "View", "scale", ("Ctrl+Shift+Minus",)),
    Command(
        "view.palette",
        "Find a Command…",
        _popup("palette"),
        "View",
        "tools",
        ("Ctrl+Shift+P", "Ctrl+K"),
        icon="search",
        typing=True,
    ),
    Command("view.keys", "Keys…", _popup("keys"), "View", "tools", ("Ctrl+Shift+K",)),
    Command("view.settings", "Settings…", _popup("settings"), "View", "tools", ("Ctrl+Comma",), icon="settings"),
    Command("view.folder", "Open Settings Folder", _folder, "View", "tools"),
    Command(
        "arrange.tidy", "Tidy", _arrange("tidy"), "Arrange", "tidy", ("Shift+L",), has_tab, ("canvas", "selection")
    ),
    *(
        Command(
            f"arrange.{name}", title, _arrange(name), "Arrange", "align", (key,) if key else (), several, ("selection",)
        )
        for name, title, key in ALIGN
    ),
    Command(
        "arrange.across", "Distribute Across", _arrange("across"), "Arrange", "spread", (), several, ("selection",)
    ),
    Command("arrange.down", "Distribute Down", _arrange("down"), "Arrange", "spread", (), several, ("selection",)),
    Command(
        "arrange.snap",
        "Snap to Grid",
        _snap,
        "Arrange",
        "snap",
        ("Shift+Tab",),
        ticked=lambda app: bool(app.settings.snap),
    ),
)
