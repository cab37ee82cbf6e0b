"""The next state from a message. Pure: no files, no engine, no toolkit, no clock but the state's."""

from __future__ import annotations

from dataclasses import replace
from functools import singledispatch
from pathlib import Path
from typing import Any

from nawgraph import files
from nawgraph.edits import EditError, Paste
from nawgraph.files import FormatError
from nawgraph.ui import adding, pasted, running, runs
from nawgraph.ui.commands import COMMANDS
from nawgraph.ui.messages import (
    EFFECTS,
    Add,
    Apply,
    Change,
    Close,
    Do,
    Effect,
    Enter,
    Front,
    Insert,
    Invoke,
    Leave,
    Look,
    Open,
    Past,
    Retab,
    Say,
    Select,
    Show,
    Tick,
    Travel,
    Type,
)
from nawgraph.ui.state import App, Tab, Toast

Answer = tuple[App, tuple[Effect, ...]]

TOAST_SECONDS = {"info": 4.0, "warning": 8.0, "error": 12.0}


@singledispatch
def update(message: Any, app: App) -> Answer:
    """The state after a message, and what the loop must do.

    Raises:
        TypeError: something that is no message.
    """
    raise TypeError(f"{message!r} is no message of the editor")


def fold(app: App, messages: Any) -> Answer:
    """The state after several messages (or effects among them), and all their effects in order."""
    effects: tuple[Effect, ...] = ()
    for message in messages:
        if isinstance(message, EFFECTS):
            effects += (message,)
        else:
            app, more = update(message, app)
            effects += more
    return app, effects


@update.register
def _apply(message: Apply, app: App) -> Answer:
    tab = app.tab
    if tab is None:
        return app, ()
    try:
        history = tab.history.apply(message.edit, app.library, time=app.now)
    except EditError as error:
        return update(Say(_sentence(str(error)), "warning"), app)
    after = _settled(replace(tab, history=history, fit=False))
    if message.select:
        before = tab.graph.scope(message.edit.scope).nodes
        made = frozenset(history.graph.scope(message.edit.scope).nodes) - frozenset(before)
        after = replace(after, selection=made or after.selection)
    return app.with_tab(after), ()


@update.register
def _invoke(message: Invoke, app: App) -> Answer:
    command = COMMANDS.get(message.command)
    if command is None:
        return update(Say(f"There is no command {message.command!r}", "error"), app)
    if not command.when(app) and not message.data.get("id"):
        return app, ()
    return fold(app, command.act(app, message.data))


@update.register
def _type(message: Type, app: App) -> Answer:
    if app.popup is None:
        return app, ()
    query = app.popup.query if message.query is None else message.query
    return replace(app, popup=replace(app.popup, query=query, index=max(message.index, 0))), ()


@update.register
def _change(message: Change, app: App) -> Answer:
    app = replace(app, **message.fields)
    return _fitted(app) if "size" in message.fields and app.tab is not None and app.tab.fit else (app, ())


def _fitted(app: App) -> Answer:
    """Everything in view, and again if the canvas has another size before anything was done."""
    app, effects = update(Invoke("view.fit"), app)
    return (app.with_tab(replace(app.tab, fit=True)) if app.tab is not None else app), effects


@update.register
def _retab(message: Retab, app: App) -> Answer:
    tab = next((tab for tab in app.tabs if tab.key == message.key), None)
    return (app.with_tab(_settled(replace(tab, **message.fields))) if tab is not None else app), ()


@update.register
def _add(message: Add, app: App) -> Answer:
    if app.tab is None:
        return app, ()
    edit = adding.added(app, message.type, message.data)
    recent = (message.type, *(id for id in app.recent if id != message.type))[:12]
    return update(Apply(edit, select=True), replace(app, recent=recent, popup=None))


@update.register
def _insert(message: Insert, app: App) -> Answer:
    if app.tab is None:
        return app, ()
    named = pasted.paths(message.text)
    if named:
        return _files(named, message.at or (0.0, 0.0), app)
    try:
        part = files.loads(message.text, name="the clipboard")
    except FormatError:
        return update(Say("The clipboard holds no nodes: copy some first", "warning"), app)
    return update(Apply(Paste(part, message.at, message.outer, scope=app.tab.scope), select=True), app)


def _files(named: tuple[Path, ...], at: tuple[float, float], app: App) -> Answer:
    """Documents among the files are opened, for others nodes that load them are added."""
    assert app.tab is not None
    documents = [path for path in named if path.suffix == ".nawgraph"]
    effects: tuple[Effect, ...] = tuple(Do("documents", "open", {"path": str(path)}) for path in documents)
    edit = pasted.loaders(app.library, app.tab, named, at)
    if edit is not None:
        app, more = update(Apply(edit, select=True), app)
        effects = (*effects, *more)
    if not effects and edit is None:
        words = f"No node reads {named[0].name}: see Load sound and Load MIDI for what can be read"
        return update(Say(words, "warning"), app)
    return app, effects


@update.register
def _run_started(message: runs.RunStarted, app: App) -> Answer:
    return running.started(app, message), ()


@update.register
def _run_ended(message: runs.RunEnded, app: App) -> Answer:
    return running.ended(app, message), ()


@update.register
def _queue(message: runs.QueueChanged, app: App) -> Answer:
    return running.queue(app, message), ()


@update.register
def _past(message: Past, app: App) -> Answer:
    return replace(app, queue=replace(app.queue, past=message.entries)), ()


@update.register
def _step(message: runs.StepChanged, app: App) -> Answer:
    return running.steps(app, (message,)), ()


@update.register
def _notice(message: runs.Notice, app: App) -> Answer:
    return update(Say(_sentence(message.text), "warning"), app)


@update.register
def _planned(message: runs.PlanReady, app: App) -> Answer:
    return replace(app, plan=message), ()


@update.register
def _travel(message: Travel, app: App) -> Answer:
    tab = app.tab
    if tab is None or not 0 <= message.index < len(tab.history.entries):
        return app, ()
    back = message.index < tab.history.index
    label = tab.history.entries[tab.history.index if back else message.index].label
    app = app.with_tab(_settled(replace(tab, history=tab.history.jump(message.index))))
    return update(Say(f"{'Undid' if back else 'Redid'}: {label}"), app)


@update.register
def _select(message: Select, app: App) -> Answer:
    tab = app.tab
    if tab is None:
        return app, ()
    ids = frozenset(message.ids)
    old = tab.selection
    made = {"set": ids, "add": old | ids, "remove": old - ids, "toggle": old ^ ids}[message.how]
    return (app if made == old else app.with_tab(replace(tab, selection=made, fit=False))), ()


@update.register
def _look(message: Look, app: App) -> Answer:
    tab = app.tab
    if tab is None or message.view == tab.view:
        return app, ()
    return app.with_tab(replace(tab, views=tab.views.set(tab.scope, message.view), fit=False)), ()


@update.register
def _enter(message: Enter, app: App) -> Answer:
    tab = app.tab
    if tab is None:
        return app, ()
    inside = replace(tab, trail=(*tab.trail, message.id), selection=frozenset())
    if inside.scope == "":
        return update(Say(f"{message.id} is no group: only groups can be entered", "warning"), app)
    return app.with_tab(inside), ()


@update.register
def _leave(message: Leave, app: App) -> Answer:
    tab = app.tab
    if tab is None or message.depth >= len(tab.trail):
        return app, ()
    left = tab.trail[message.depth]
    return app.with_tab(replace(tab, trail=tab.trail[: message.depth], selection=frozenset({left}))), ()


@update.register
def _open(message: Open, app: App) -> Answer:
    key = 1 + max((tab.key for tab in app.tabs), default=0)
    app = replace(app, tabs=(*app.tabs, replace(message.tab, key=key)), active=key)
    if message.tab.views or not message.tab.shown.nodes:
        return app, ()
    return _fitted(app)


@update.register
def _front(message: Front, app: App) -> Answer:
    known = any(tab.key == message.key for tab in app.tabs)
    return (replace(app, active=message.key, gesture=None, popup=None) if known else app), ()


@update.register
def _close(message: Close, app: App) -> Answer:
    keys = [tab.key for tab in app.tabs]
    if message.key not in keys:
        return app, ()
    place = keys.index(message.key)
    rest = tuple(tab for tab in app.tabs if tab.key != message.key)
    active = app.active
    if active == message.key:
        active = rest[min(place, len(rest) - 1)].key if rest else 0
    return replace(app, tabs=rest, active=active, gesture=None, popup=None), ()


@update.register
def _show(message: Show, app: App) -> Answer:
    return replace(app, popup=message.popup), ()


@update.register
def _say(message: Say, app: App) -> Answer:
    toast = Toast(message.text, message.kind, app.now + TOAST_SECONDS[message.kind])
    return replace(app, toasts=(*app.toasts[-4:], toast)), ()


@update.register
def _tick(message: Tick, app: App) -> Answer:
    toasts = tuple(toast for toast in app.toasts if toast.until > message.now)
    return replace(app, now=message.now, toasts=app.toasts if len(toasts) == len(app.toasts) else toasts), ()


def _settled(tab: Tab) -> Tab:
    """The tab after its document changed: what spoke of things that are gone goes as well."""
    trail = tab.trail
    while trail and replace(tab, trail=trail).scope == "":
        trail = trail[:-1]
    tab = replace(tab, trail=trail) if trail != tab.trail else tab
    if tab.graph is not tab.judged:
        tab = running.dirtied(replace(tab, judged=tab.graph))
    scope = tab.shown
    kept = frozenset(id for id in tab.selection if _exists(scope, id))
    return replace(tab, selection=kept) if kept != tab.selection else tab


def _exists(scope: Any, id: str) -> bool:
    section, slash, name = id.partition("/")
    return name in scope.ui.get(section, {}) if slash else id in scope.nodes


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
