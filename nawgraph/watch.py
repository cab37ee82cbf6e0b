"""Run in the background while the calling thread shows progress and listens for Ctrl-C."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from nawgraph.runtime.events import Event, StepEvent
    from nawgraph.runtime.local import Runtime
    from nawgraph.runtime.result import Result

PATIENCE = 0.95
"""Seconds from Ctrl-C until a run that does not answer is left behind."""

TICK = 0.1
"""Seconds between two looks at the events; what draws them draws no more often."""

Emit = Callable[["Event"], None]


class Display(Protocol):
    """Something that shows how a run goes."""

    def show(self, events: list[Event]) -> None:
        """Take in what happened since the last call, and draw."""

    def close(self) -> None:
        """Leave the terminal as it was."""


class AbandonedError(Exception):
    """The run was cancelled and did not answer in time; `states` is what is known of its steps."""

    def __init__(self, states: dict[str, StepEvent]) -> None:
        super().__init__("the run did not answer")
        self.states = states


class _Quiet:
    def show(self, events: list[Event]) -> None:
        pass

    def close(self) -> None:
        pass


def watch(runtime: Runtime, call: Callable[[Emit], Result], display: Display | None = None) -> Result:
    """Call `call(emit)` on another thread and return its result. Ctrl-C here cancels the runtime's current run.

    A second Ctrl-C is not caught. The events of a run may come from any thread: they are only queued there, and
    shown from this one.

    Raises:
        AbandonedError: cancelled, and a node did not answer within `PATIENCE`.
    """
    display = display or _Quiet()
    queue: deque[Event] = deque()
    states: dict[str, StepEvent] = {}
    done = threading.Event()
    results: list[Result] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            results.append(call(queue.append))
        except BaseException as error:
            errors.append(error)
        finally:
            done.set()

    thread = threading.Thread(target=work, name="nawgraph-run", daemon=True)
    try:
        try:
            thread.start()  # on a busy machine, a node can be at work and Ctrl-C be pressed before this returns
            while not done.wait(TICK):
                display.show(_drained(queue, states))
        except KeyboardInterrupt:
            runtime.cancel()
            if not done.wait(PATIENCE):
                _drained(queue, states)
                raise AbandonedError(states) from None
        display.show(_drained(queue, states))
    finally:
        display.close()
    if errors:
        raise errors[0]
    return results[0]


def _drained(queue: deque[Event], states: dict[str, StepEvent]) -> list[Event]:
    """Everything that was queued so far; the states of the steps are noted."""
    from nawgraph.runtime.events import StepEvent

    found: list[Event] = []
    with contextlib.suppress(IndexError):
        while True:
            event = queue.popleft()
            found.append(event)
            if isinstance(event, StepEvent):
                states[event.id] = event
    return found
