"""Runs as the editor sees them: a queue of its own before the engine, and messages once a frame."""

from __future__ import annotations

import itertools
import threading
import time as clock
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nawgraph.graph import Graph, Library
from nawgraph.runtime import events
from nawgraph.runtime.session import Session
from nawgraph.runtime.work import sentence
from nawgraph.ui.runs.fetching import Fetcher
from nawgraph.ui.runs.messages import (
    Message,
    Notice,
    QueueChanged,
    RunEnded,
    RunStarted,
    StepChanged,
    Ticket,
)
from nawgraph.ui.runs.past import Entry, Past
from nawgraph.ui.runs.paths import nodes_of
from nawgraph.ui.runs.planning import Planner

HISTORY = 50
"""Runs that are remembered."""

VALUES = 96 << 20
"""Bytes of fetched values that are kept; another look at others maps their files again."""

DOCUMENTS = 16
"""Documents whose costs are remembered, to tell how long a step will take."""

PATIENCE = 30.0
"""Seconds that a value or a plan is waited for."""

CLOSING = 1.4
"""Seconds that closing may take; what is not through by then ends with the process."""


@dataclass(slots=True)
class _Job:
    """A run that waits or is at work.

    Attributes:
        run: its number in the session, 0 before it is handed over.
        began: step id → when it began, in seconds of `time.monotonic`.
    """

    ticket: Ticket
    graph: Graph
    base: Path
    out_dir: Path
    run: int = 0
    time: float = 0.0
    began: dict[str, float] = field(default_factory=dict)


class Runs:
    """The main thread's only door to the engine. Nothing here waits; answers come from `poll`, once a frame.

    Args:
        open_session: makes the session, when it is first needed; what it raises becomes a `Notice`, and the next run
            tries again.
        library: node types, for seeds and sounds of history entries; by default the standard ones and the user's own.
        history: runs that are remembered.
        value_bytes: budget for fetched values.
    """

    def __init__(
        self,
        open_session: Callable[[], Session],
        *,
        library: Library | None = None,
        history: int = HISTORY,
        value_bytes: int = VALUES,
    ) -> None:
        self._open_session = open_session
        self._library = library
        self._session: Session | None = None
        self._closed = False
        self._trouble = "the engine was not started"
        self._ids = itertools.count(1)
        self._waiting: list[_Job] = []
        self._current: _Job | None = None
        self._messages: list[Message] = []
        self._fetcher = Fetcher(self._fetch, value_bytes)
        self._planner = Planner()
        self._past = Past(history)
        self._costs: dict[str, dict[str, float]] = {}

    # ------------------------------------------------------------------------------------- the queue

    def start(self) -> bool:
        """Start the engine now, so that the first run need not wait for it. False if it cannot be (a `Notice` says)."""
        return self._opened() is not None

    def submit(
        self,
        graph: Graph,
        targets: Iterable[str] | None = None,
        *,
        base: Path = Path(),
        out_dir: Path | None = None,
        document: str = "",
        tab: str = "",
        label: str = "",
    ) -> Ticket:
        """Queue a run.

        Args:
            graph: the document.
            targets: nodes to make, None for all exporters or last nodes.
            base: folder of relative file knobs.
            out_dir: where exporters write, ``out`` in `base` by default.
            document: name under which it is remembered, the file's full path as for `nawgraph run`.
            tab: that it belongs to.
            label: for people.
        """
        names = None if targets is None else tuple(targets)
        ticket = Ticket(next(self._ids), tab, label, document, names)
        self._waiting.append(_Job(ticket, graph, base, base / "out" if out_dir is None else out_dir))
        self._next()
        self._tell_queue()
        return ticket

    @property
    def current(self) -> Ticket | None:
        """The run at work."""
        return self._current.ticket if self._current else None

    @property
    def waiting(self) -> tuple[Ticket, ...]:
        """The runs that wait, in order."""
        return tuple(job.ticket for job in self._waiting)

    def move(self, ticket: Ticket | int, index: int) -> None:
        """Put a waiting run at another place in the queue, 0 for the next; one that no longer waits stays as it is."""
        found = self._find(ticket)
        if found is not None:
            self._waiting.remove(found)
            self._waiting.insert(max(0, index), found)
            self._tell_queue()

    def remove(self, ticket: Ticket | int) -> None:
        """Take a waiting run out of the queue; its `RunEnded` says cancelled. One at work goes on."""
        found = self._find(ticket)
        if found is not None:
            self._waiting.remove(found)
            self._end(found, events.Finished("cancelled", 0.0), {})
            self._tell_queue()

    def cancel(self, ticket: Ticket | int | None = None) -> None:
        """Stop a run, wherever it is; by default the one at work. Its `RunEnded` comes within a second."""
        id = _id(ticket)
        if self._current and id in (None, self._current.ticket.id):
            if self._session is not None:
                self._session.cancel(self._current.run)
        elif ticket is not None:
            self.remove(ticket)

    def cancel_all(self, tab: str | None = None) -> None:
        """Stop everything, or everything of one tab."""
        for job in [job for job in self._waiting if tab in (None, job.ticket.tab)]:
            self.remove(job.ticket)
        if self._current and tab in (None, self._current.ticket.tab):
            self.cancel()

    @property
    def history(self) -> tuple[Entry, ...]:
        """Runs that are over, newest first."""
        return tuple(reversed(self._past.entries))

    # ------------------------------------------------------------------------------ plans and values

    def plan(
        self,
        graph: Graph,
        targets: Iterable[str] | None = None,
        *,
        base: Path = Path(),
        out_dir: Path | None = None,
        document: str = "",
        tab: str = "",
    ) -> int:
        """Ask what a run would do; arguments as for `submit`. A `PlanReady` with this handle answers.

        A later question of the same tab may take the place of one that nobody has begun to answer; that one gets no
        answer.
        """
        handle = next(self._ids)
        names = None if targets is None else tuple(targets)
        folder = base / "out" if out_dir is None else out_dir

        def question() -> Mapping[str, events.Expected]:
            return self._required().plan(graph, names, out_dir=folder, base=base, document=document, timeout=PATIENCE)

        self._opened()
        self._planner.ask(handle, tab, question)
        return handle

    def value(self, digest: bytes) -> int:
        """Ask for a value, also a preview. A `ValueReady` with this handle answers."""
        handle = next(self._ids)
        if self._fetcher.at_hand(digest) is None:
            self._opened()
        self._fetcher.ask(handle, digest)
        return handle

    def at_hand(self, digest: bytes) -> Any:
        """A value that was fetched and is still kept, or None. Costs nothing."""
        return self._fetcher.at_hand(digest)

    # --------------------------------------------------------------------------------------- a frame

    def poll(self) -> list[Message]:
        """What has happened since the last call, in order; of each step only the newest."""
        if self._session is not None:
            found = self._session.events()
            if found:
                self._read(found)
        self._next()
        messages: list[Message] = self._messages
        self._messages = []
        messages += self._fetcher.drain()
        messages += self._planner.drain()
        return messages

    def close(self) -> None:
        """Stop everything and end the engine, within 1.5 s whatever it is doing."""
        if self._closed:
            return
        self._closed, self._trouble = True, "the engine is closed"
        self._waiting.clear()
        self._current = None
        self._fetcher.close()
        self._planner.close()
        if self._session is not None:
            closing = threading.Thread(target=self._session.close, name="nawgraph-closing", daemon=True)
            closing.start()
            closing.join(CLOSING)

    # ---------------------------------------------------------------------------------------- events

    def _read(self, found: list[tuple[int, events.Event]]) -> None:
        job = self._current
        number = job.run if job else 0
        steps: dict[str, list[Any]] = {}  # step → newest state, progress, preview of this frame
        for run, event in found:
            if type(event) is events.Notice:
                self._messages.append(Notice(event.message))
            elif job is None or run != number:
                continue
            elif type(event) is events.StepEvent:
                if event.state == "running":
                    job.began[event.id] = clock.monotonic()
                steps[event.id] = [event, None, b""]
            elif type(event) is events.Progress:
                steps.setdefault(event.id, [None, None, b""])[1] = event
            elif type(event) is events.Preview:
                steps.setdefault(event.id, [None, None, b""])[2] = event.digest
            elif type(event) is events.Started:
                self._messages.append(RunStarted(job.ticket, event.steps))
            elif type(event) is events.Finished:
                self._tell(job, steps)
                steps = {}
                assert self._session is not None
                self._end(job, event, self._session.outputs(number))
                job = self._current = None
                self._tell_queue()
        if job is not None:
            self._tell(job, steps)

    def _tell(self, job: _Job, steps: Mapping[str, list[Any]]) -> None:
        """One message for each step of which there is news."""
        now = clock.monotonic()
        run, tab = job.ticket.id, job.ticket.tab
        costs = self._costs_of(job.ticket)
        for id, (event, progress, preview) in steps.items():
            if event is None or event.state == "running":
                if id in job.began:
                    seconds = now - job.began[id]
                    self._messages.append(_running(run, tab, id, seconds, costs.get(id), progress, preview))
                continue
            job.began.pop(id, None)
            cached = event.state == "cached"
            if cached or event.state == "ran":
                costs[id] = event.seconds
            self._messages.append(
                StepChanged(
                    run,
                    tab,
                    id,
                    nodes_of(id),
                    event.state,
                    event.seconds,
                    error=event.error,
                    detail=event.detail,
                    cached=cached,
                    outputs=event.outputs,
                    warnings=event.warnings,
                )
            )

    def _end(self, job: _Job, finished: events.Finished, outputs: Mapping[str, bytes]) -> None:
        outputs = self._past.shared(outputs)
        ended = RunEnded(job.ticket, finished.status, finished.seconds, finished.files, finished.error, outputs)
        self._messages.append(ended)
        if job.time:
            self._past.entries.append(
                Entry(
                    job.ticket,
                    job.graph,
                    job.time,
                    finished.seconds,
                    finished.status,
                    outputs,
                    finished.files,
                    finished.error,
                    self._known(),
                )
            )

    # --------------------------------------------------------------------------------------- helpers

    def _next(self) -> None:
        """Hand the first run that waits to the session, if none is at work: it gets one at a time."""
        changed = False
        while self._current is None and self._waiting:
            job = self._waiting.pop(0)
            job.time = clock.time()
            changed = True
            session = self._opened()
            if session is None:
                self._end(job, events.Finished("failed", 0.0, error=self._trouble), {})
                continue
            ticket = job.ticket
            job.run = session.run(
                job.graph, ticket.targets, out_dir=job.out_dir, base=job.base, document=ticket.document
            )
            self._current = job
        if changed:
            self._tell_queue()

    def _opened(self) -> Session | None:
        """The session, or None and a notice."""
        if self._session is None and not self._closed:
            try:
                self._session, self._trouble = self._open_session(), ""
            except Exception as error:
                trouble = f"the engine cannot be started: {sentence(error)}"
                if trouble != self._trouble:
                    self._messages.append(Notice(trouble))
                self._trouble = trouble
        return None if self._closed else self._session

    def _required(self) -> Session:
        if self._session is None:
            raise RuntimeError(self._trouble)
        return self._session

    def _fetch(self, digest: bytes) -> Any:
        return self._required().value(digest, timeout=PATIENCE)

    def _find(self, ticket: Ticket | int) -> _Job | None:
        id = _id(ticket)
        return next((job for job in self._waiting if job.ticket.id == id), None)

    def _tell_queue(self) -> None:
        """What the queue is now; an earlier word of this frame is overtaken."""
        self._messages = [m for m in self._messages if type(m) is not QueueChanged]
        self._messages.append(QueueChanged(self.current, self.waiting))

    def _costs_of(self, ticket: Ticket) -> dict[str, float]:
        """Step id → what it last cost in this document."""
        name = ticket.document or ticket.tab
        costs = self._costs.pop(name, {})
        self._costs[name] = costs  # the last used is the last to go
        while len(self._costs) > DOCUMENTS:
            del self._costs[next(iter(self._costs))]
        return costs

    def _known(self) -> Library:
        if self._library is None:
            from nawgraph.own_nodes import library

            self._library = library()
        return self._library


def _running(
    run: int, tab: str, id: str, seconds: float, cost: float | None, progress: events.Progress | None, preview: bytes
) -> StepChanged:
    """A step at work: how long it will take follows from its progress, else from what it cost the last time."""
    fraction = eta = None
    if progress is not None and progress.total > 0:
        fraction = min(1.0, max(0.0, progress.done / progress.total))
    if fraction:
        eta = seconds * (1.0 - fraction) / fraction
    elif cost is not None:
        eta = max(0.0, cost - seconds)
    label = progress.label if progress else ""
    return StepChanged(run, tab, id, nodes_of(id), "running", seconds, fraction, label, eta, preview=preview)


def _id(ticket: Ticket | int | None) -> int | None:
    return ticket.id if isinstance(ticket, Ticket) else ticket
