"""Progress bars on a terminal: one line for the whole run, one for each of the nodes that run now."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from nawgraph.runtime.events import Event, Progress, Started, StepEvent

if TYPE_CHECKING:
    from rich.progress import TaskID

LINES = 6
"""Nodes that have a line of their own at once; more than these only count."""


class Bars:
    """Draws with rich, only when `show` is called: the nodes themselves never wait for a terminal.

    ``NO_COLOR`` is respected.
    """

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.progress import Progress as Table

        self._table = Table(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=Console(file=stream),
            auto_refresh=False,
            transient=True,
        )
        self._steps: set[str] = set()
        self._done: set[str] = set()
        self._running: dict[str, TaskID] = {}
        self._all = self._table.add_task("all nodes", total=None)
        self._table.start()

    def show(self, events: list[Event]) -> None:
        """Take in what happened, and draw once."""
        for event in events:
            if isinstance(event, Started):
                self._steps.update(event.steps)
            elif isinstance(event, Progress):
                self._progress(event)
            elif isinstance(event, StepEvent):
                self._state(event)
        self._table.update(self._all, total=len(self._steps), completed=len(self._done))
        self._table.refresh()

    def close(self) -> None:
        """Take the lines away."""
        self._table.stop()

    def _state(self, event: StepEvent) -> None:
        self._steps.add(event.id)
        if event.state == "running":
            self._done.discard(event.id)
            if len(self._running) < LINES and event.id not in self._running:
                self._running[event.id] = self._table.add_task(_short(event.id), total=None)
            return
        self._done.add(event.id)
        line = self._running.pop(event.id, None)
        if line is not None:
            self._table.remove_task(line)

    def _progress(self, event: Progress) -> None:
        line = self._running.get(event.id)
        if line is not None:
            text = f"{event.id} {event.label}" if event.label else event.id
            self._table.update(line, total=event.total, completed=event.done, description=_short(text))


def _short(text: str) -> str:
    from rich.markup import escape

    return escape(text if len(text) <= 40 else text[:39] + "…")
