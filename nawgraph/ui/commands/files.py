"""Commands about documents as files."""

from __future__ import annotations

from collections.abc import Callable

from nawgraph.edits import History
from nawgraph.graph import Graph
from nawgraph.ui.commands.base import Command, Data, Steps, has_tab, tab_of
from nawgraph.ui.messages import Do, Front, Open, Quit, Save, Show
from nawgraph.ui.state import App, Popup, Tab


def _new(app: App, data: Data) -> Steps:
    names = {tab.name for tab in app.tabs if tab.path is None}
    name = next(n for n in ("untitled", *(f"untitled {i}" for i in range(2, 1000))) if n not in names)
    return (Open(Tab(0, History.of(Graph(), "new"), saved=Graph(), name=name)),)


def _open(app: App, data: Data) -> Steps:
    return (Do("documents", "browse", {"purpose": "open"}),)


def _templates(app: App, data: Data) -> Steps:
    return Do("documents", "list_templates"), Show(Popup("templates"))


def _recent(app: App, data: Data) -> Steps:
    if "path" in data:
        return (Do("documents", "open", {"path": data["path"]}),)
    return Do("documents", "list_recent"), Show(Popup("recent"))


def _save(app: App, data: Data) -> Steps:
    return (Save(data.get("key", app.active)),)


def _save_as(app: App, data: Data) -> Steps:
    return (Do("documents", "browse", {"purpose": "save", "key": data.get("key", app.active)}),)


def _close(app: App, data: Data) -> Steps:
    return (Do("documents", "close", {"key": data.get("key", app.active)}),)


def _history(app: App, data: Data) -> Steps:
    return (Do("documents", "list_versions", {"key": tab_of(app).key}),)


def _missing(app: App, data: Data) -> Steps:
    return (Do("documents", "find_missing", {"key": tab_of(app).key}),)


def _reload(app: App, data: Data) -> Steps:
    return (Do("documents", "reload", {"key": tab_of(app).key}),)


def _quit(app: App, data: Data) -> Steps:
    return (Quit(),)


def _turn(step: int) -> Callable[[App, Data], Steps]:
    def act(app: App, data: Data) -> Steps:
        keys = [tab.key for tab in app.tabs]
        return (Front(keys[(keys.index(app.active) + step) % len(keys)]),) if len(keys) > 1 else ()

    return act


def _has_path(app: App) -> bool:
    return app.tab is not None and app.tab.path is not None


COMMANDS = (
    Command("file.new", "New", _new, "File", "open", ("Ctrl+N",), icon="new"),
    Command("file.templates", "New from Template…", _templates, "File", "open", ("Ctrl+Shift+N",), icon="template"),
    Command("file.open", "Open…", _open, "File", "open", ("Ctrl+O",), icon="open", typing=True),
    Command("file.recent", "Open Recent…", _recent, "File", "open", ("Ctrl+Shift+O",)),
    Command(
        "file.import",
        "Import Graph from a Sound…",
        lambda app, data: (Do("documents", "browse", {"purpose": "import"}),),
        "File",
        "open",
        help="Every sound that nawgraph exports carries the graph that made it",
    ),
    Command("file.save", "Save", _save, "File", "save", ("Ctrl+S",), has_tab, icon="save", typing=True),
    Command("file.save_as", "Save As…", _save_as, "File", "save", ("Ctrl+Shift+S",), has_tab, typing=True),
    Command("file.history", "Local History…", _history, "File", "versions", (), _has_path),
    Command("file.reload", "Reload from Disk", _reload, "File", "versions", (), _has_path),
    Command("file.missing", "Missing Things…", _missing, "File", "versions", (), has_tab),
    Command("file.close", "Close Tab", _close, "File", "end", ("Ctrl+W",), has_tab, typing=True),
    Command("file.quit", "Quit", _quit, "File", "end", ("Ctrl+Q",), typing=True),
    Command("tab.next", "Next Tab", _turn(1), keys=("Ctrl+Tab", "Ctrl+PageDown"), typing=True),
    Command("tab.previous", "Previous Tab", _turn(-1), keys=("Ctrl+Shift+Tab", "Ctrl+PageUp"), typing=True),
)
