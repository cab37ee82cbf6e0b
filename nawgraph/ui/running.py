"""What the engine says about runs, as badges of nodes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from nawgraph.graph import EMPTY, Graph, Node, Subgraph, definition_of
from nawgraph.interface import Interfaces
from nawgraph.ui.runs import QueueChanged, RunEnded, RunStarted, StepChanged, differs
from nawgraph.ui.state import App, Badge, Tab

BUSY = ("running", "waiting")
DONE = ("ran", "cached", "skipped")


def started(app: App, message: RunStarted) -> App:
    """Every step that the run needs waits; what it gave before is kept until it gives something new."""
    tab = _tab(app, message.ticket.tab)
    if tab is None:
        return app
    waiting = {step: replace(_badge(tab, step), state="waiting", error="", why="") for step in message.steps}
    ran = tab.graph
    return app.with_tab(replace(tab, badges=tab.badges.update(waiting), run=message.ticket.id, ran=ran))


def steps(app: App, messages: Iterable[StepChanged]) -> App:
    """The badges after several steps of one frame."""
    by_tab: dict[str, list[StepChanged]] = {}
    for message in messages:
        by_tab.setdefault(message.tab, []).append(message)
    for key, found in by_tab.items():
        tab = _tab(app, key)
        if tab is not None:
            app = app.with_tab(replace(tab, badges=tab.badges.update(_changes(tab, found))))
    return app


def _changes(tab: Tab, found: Iterable[StepChanged]) -> dict[str, Badge]:
    changes: dict[str, Badge] = {}
    for message in found:
        shown = "/".join(message.nodes)
        before = changes.get(shown) or _badge(tab, shown)
        badge = Badge(
            state=message.state,
            progress=message.progress,
            seconds=message.seconds,
            eta=message.eta,
            label=message.label,
            error=message.error,
            outputs=message.outputs or before.outputs,
            preview=message.preview or (before.preview if message.state == "running" else b""),
        )
        changes[shown] = badge
        changes[message.step] = badge
        for depth in range(1, len(message.nodes)):
            instance = "/".join(message.nodes[:depth])
            changes[instance] = _of_instance(changes.get(instance) or _badge(tab, instance), badge)
    return changes


def _of_instance(old: Badge, inner: Badge) -> Badge:
    """An instance shows the worst of what happens inside, and works while something in it works."""
    if old.state == "failed" or inner.state in ("failed", "running"):
        return replace(old, state="failed" if old.state == "failed" else inner.state, error=inner.error or old.error)
    return replace(old, state="running") if old.state in (*BUSY, "dirty", "") and inner.state in DONE else old


def ended(app: App, message: RunEnded) -> App:
    """What still waits was cancelled; instances have the results of their border."""
    tab = _tab(app, message.ticket.tab)
    if tab is None:
        return app
    changes = {
        step: replace(badge, state="cancelled" if message.status != "ok" else "ran", progress=None)
        for step, badge in tab.badges.items()
        if badge.state in BUSY
    }
    ran = tab.ran or tab.graph
    interfaces = app.interfaces() if tab.key == app.active else None
    for id, node in ran.nodes.items():
        if definition_of(node.type) is None:
            continue
        badge = changes.get(id) or _badge(tab, id)
        spec = interfaces.of(node) if interfaces is not None else None
        if spec is not None and interfaces is not None:
            found = [
                message.outputs.get(f"{id}.{port.name}") or _inner(tab, ran, interfaces, node, id, port.name)
                for port in spec.outputs
            ]
            badge = replace(badge, outputs=tuple(found) if all(found) else badge.outputs)
        if message.status == "ok":
            badge = replace(badge, state="ran", progress=None, error="")
        changes[id] = badge
    return app.with_tab(dirtied(replace(tab, badges=tab.badges.update(changes))))


def _inner(tab: Tab, graph: Graph, interfaces: Interfaces, node: Node, step: str, port: str) -> bytes:
    """Digest of an instance's output: of the node inside that gives it, b"" where that has not run."""
    kind, _, name = node.type.partition(".")
    definition = graph.subgraphs.get(name) if kind == "subgraph" else None
    id, _, output = (definition.outputs.get(port, "") if definition is not None else "").partition(".")
    inside = definition.nodes.get(id) if definition is not None else None
    if inside is None:
        return b""
    if definition_of(inside.type) is not None:
        return _inner(tab, graph, interfaces, inside, f"{step}/{id}", output)
    spec = interfaces.of(inside)
    badge = tab.badges.get(f"{step}/{id}")
    if spec is None or badge is None or spec.output(output) is None:
        return b""
    index = spec.output_index(output)
    return badge.outputs[index] if index < len(badge.outputs) else b""


def queue(app: App, message: QueueChanged) -> App:
    """The runs that wait, as the panel shows them."""
    return replace(app, queue=replace(app.queue, current=message.current, waiting=message.waiting))


def dirtied(tab: Tab) -> Tab:
    """The tab with every node marked that a run would make anew, and why."""
    ran = tab.ran
    if ran is None or not tab.badges:
        return tab
    reasons = _reasons(ran, tab.graph) if differs(ran, tab.graph) else {}
    changes: dict[str, Badge] = {}
    for step, badge in tab.badges.items():
        head = step.partition("/")[0].partition("[")[0]
        why = reasons.get(head, "")
        if badge.state in BUSY:
            continue
        if why and (badge.state != "dirty" or badge.why != why):
            changes[step] = replace(badge, state="dirty", why=why, progress=None)
        elif not why and badge.state == "dirty":
            changes[step] = replace(badge, state="ran" if badge.outputs else "", why="")
    for id, why in reasons.items():
        if id not in tab.badges:
            changes[id] = Badge("dirty", why=why)
    return replace(tab, badges=tab.badges.update(changes)) if changes else tab


def _reasons(ran: Graph, graph: Graph) -> dict[str, str]:
    """Id → a sentence why it would run, for every top node that differs or reads one that does."""
    reasons: dict[str, str] = {}
    for id, node in graph.nodes.items():
        if (why := _reason(ran, graph, id, node)) != "":
            reasons[id] = why
    readers: dict[str, list[str]] = {}
    for id, node in graph.nodes.items():
        for source in node.sources:
            readers.setdefault(source, []).append(id)
    todo = list(reasons)
    while todo:
        source = todo.pop()
        for id in readers.get(source, ()):
            if id not in reasons:
                reasons[id] = f"{source} changed"
                todo.append(id)
    return reasons


def _reason(ran: Graph, graph: Graph, id: str, node: Node) -> str:
    old = ran.nodes.get(id)
    if old is None:
        return "it is new"
    if old is not node:
        if old.type != node.type:
            return f"it was a {old.type}"
        if old.mode != node.mode or old.frozen != node.frozen:
            return "its mode changed"
        if old.inputs != node.inputs:
            return "its wires changed"
        knobs = [k for k in {*old.knobs, *node.knobs} if old.knobs.get(k, EMPTY) != node.knobs.get(k, EMPTY)]
        if knobs:
            return f"{min(knobs)} changed"
    inside = definition_of(node.type)
    if inside is not None and _definition_differs(ran.subgraphs, graph.subgraphs, inside[1], set()):
        return "its inside changed"
    return ""


def _definition_differs(old: Mapping[str, Subgraph], new: Mapping[str, Subgraph], name: str, seen: set[str]) -> bool:
    if name in seen:
        return False
    seen.add(name)
    a, b = old.get(name), new.get(name)
    if a is not b and (a is None or b is None or a.nodes != b.nodes or a.outputs != b.outputs or a.knobs != b.knobs):
        return True
    inner = [found[1] for node in (b.nodes.values() if b else ()) if (found := definition_of(node.type))]
    return any(_definition_differs(old, new, name, seen) for name in inner)


def _tab(app: App, key: str) -> Tab | None:
    return next((tab for tab in app.tabs if str(tab.key) == key), None)


def _badge(tab: Tab, step: str) -> Badge:
    return tab.badges.get(step) or Badge()
