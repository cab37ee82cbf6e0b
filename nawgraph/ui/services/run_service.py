"""Effects about runs, and what the engine answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from nawgraph.edits import History
from nawgraph.ui.messages import Do, Open, Past, Run, Say
from nawgraph.ui.runs import AutoRun, RunEnded, Runs, StepChanged, ValueReady
from nawgraph.ui.state import App, Badge, Heard, Tab

Send = Callable[[Any], None]


class RunService:
    """Queues runs of tabs, and passes on once a frame what happened.

    Args:
        runs: the bridge to the engine.
        send: puts a message into the loop's queue.
    """

    def __init__(self, runs: Runs, send: Send) -> None:
        self.runs = runs
        self._send = send
        self._auto: dict[int, AutoRun] = {}
        self._values: dict[int, Callable[[Any, str], None]] = {}
        self._hearings: dict[int, tuple[str, str]] = {}

    def run(self, app: App, effect: Run) -> None:
        """Run the document in front."""
        tab = app.tab
        if tab is None:
            return
        if not tab.graph.nodes:
            self._send(Say("There is nothing to run yet: add a node with Tab", "warning"))
            return
        if tab.foreign:
            self._send(Do("documents", "ask", {"key": tab.key, "targets": effect.targets}))
            return
        label = "all" if effect.targets is None else f"to {', '.join(effect.targets)}"
        self._submit(app, tab, effect.targets, label)

    def _submit(self, app: App, tab: Tab, targets: tuple[str, ...] | None, label: str) -> None:
        self._auto[tab.key] = self._auto.get(tab.key, AutoRun()).edited(tab.graph, app.now).started(tab.graph)
        self.runs.submit(tab.graph, targets, tab=str(tab.key), label=label, **_place(app, tab))

    def cancel(self) -> None:
        """Stop what runs."""
        self.runs.cancel()

    def do(self, app: App, effect: Do) -> None:
        """An action by name."""
        getattr(self, f"_{effect.verb}")(app, effect.data)

    def _plan(self, app: App, data: Any) -> None:
        tab = app.tab
        if tab is not None:
            self.runs.plan(tab.graph, data.get("targets"), tab=str(tab.key), **_place(app, tab))

    def _remove(self, app: App, data: Any) -> None:
        self.runs.remove(data["ticket"])

    def _move(self, app: App, data: Any) -> None:
        self.runs.move(data["ticket"], data["index"])

    def _restore(self, app: App, data: Any) -> None:
        """A run of the history as a new tab: its document, as it ran."""
        entry = data["entry"]
        badges = {}
        interfaces_outputs: dict[str, dict[str, bytes]] = {}
        for name, digest in entry.outputs.items():
            id, _, port = name.partition(".")
            interfaces_outputs.setdefault(id, {})[port] = digest
        for id, found in interfaces_outputs.items():
            node = entry.graph.nodes.get(id)
            spec = app.library.get(node.type) if node is not None else None
            if spec is not None and all(port.name in found for port in spec.outputs):
                badges[id] = Badge("ran", outputs=tuple(found[port.name] for port in spec.outputs))
        tab = Tab(0, History.of(entry.graph, "restored run"), name=f"run {entry.ticket.id}", ran=entry.graph)
        self._send(Open(replace(tab, badges=tab.badges.update(badges))))

    def _hear(self, app: App, data: Any) -> None:
        """Make one sound of a document that is not open, and play it."""
        title, source = data["title"], data["source"]
        targets = (source.partition(".")[0],)
        ticket = self.runs.submit(data["graph"], targets, label=title, document=f"preview {title}", base=data["base"])
        self._hearings[ticket.id] = title, source

    def _heard(self, message: RunEnded) -> list[Any]:
        """What a run was for whose sound shall be played."""
        title, source = self._hearings.pop(message.ticket.id)
        digest = message.outputs.get(source)
        if digest is not None:
            return [Do("sound", "listen", {"heard": Heard(name=title, digest=digest)})]
        if message.status == "failed" and not message.error:
            return [Say(f"{title} cannot be heard: open it and run it, its nodes say why", "error")]
        return _said(message)

    def value(self, digest: bytes, then: Callable[[Any, str], None]) -> None:
        """Fetch a value; `then(value, error)` is called on the main thread."""
        self._values[self.runs.value(digest)] = then

    def frame(self, app: App) -> list[Any]:
        """What happened, as messages; due automatic runs are begun."""
        messages: list[Any] = []
        changed = False
        for message in self.runs.poll():
            if type(message) is ValueReady:
                then = self._values.pop(message.handle, None)
                if then is not None:
                    then(message.value, message.error)
                continue
            messages.append(message)
            if type(message) is RunEnded:
                changed = True
                messages += self._heard(message) if message.ticket.id in self._hearings else _said(message)
        if changed:
            messages.append(Past(tuple(self.runs.history)))
        if app.settings.auto_run:
            self._run_if_due(app)
        return messages

    def _run_if_due(self, app: App) -> None:
        tab = app.tab
        if tab is None or tab.foreign:  # the first run of a foreign document is one that the user asks for
            return
        clock = self._auto.get(tab.key, AutoRun(ran=tab.graph, graph=tab.graph)).edited(tab.graph, app.now)
        self._auto[tab.key] = clock
        if clock.due(app.now):
            self.runs.cancel_all(str(tab.key))
            self._submit(app, tab, None, "auto")

    def close(self) -> None:
        self.runs.close()


def _place(app: App, tab: Tab) -> dict[str, Any]:
    base = tab.base.absolute() if tab.path is not None else Path.cwd()
    document = str(tab.path.absolute()) if tab.path is not None else f"untitled {tab.key}"
    return {"base": base, "out_dir": base / app.settings.out_folder, "document": document}


def _said(message: RunEnded) -> list[Any]:
    if message.error:
        return [Say(message.error[:1].upper() + message.error[1:], "error")]
    if message.status == "ok":
        wrote = f", wrote {len(message.files)} file{'s' * (len(message.files) != 1)}" if message.files else ""
        return [Say(f"Ran in {message.seconds:.2f} s{wrote}")]
    if message.status == "failed":
        return [Say("The run failed: the nodes with a red mark say why", "error")]
    return [Say("Cancelled")]


def grouped(messages: list[Any]) -> list[Any]:
    """Messages of one frame with neighbouring steps as one list, so that a burst costs one change of the state."""
    made: list[Any] = []
    for message in messages:
        if type(message) is StepChanged and made and isinstance(made[-1], list):
            made[-1].append(message)
        else:
            made.append([message] if type(message) is StepChanged else message)
    return made
