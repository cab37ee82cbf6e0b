"""Keeps an engine process at work: hands it one run at a time, replaces it when it ends or does not obey.

One thread owns everything here. Whoever wants something of it puts a function into its inbox, so there are no locks
and nobody ever waits for it.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import msgspec

from nawgraph.files import dumps
from nawgraph.graph import Graph
from nawgraph.runtime import events, messages
from nawgraph.runtime.care import GRACE
from nawgraph.runtime.process import EngineProcess

RIDDLES = 3
"""Deaths with no step to blame after which a run is given up."""

FAILURES = 2
"""Deaths before it was set up after which a process is given up."""

Emit = Callable[[int, events.Event], None]


@dataclass
class Order:
    """A run that was asked for.

    Attributes:
        barred: step id → why it is not run again.
        solo: steps that were at work when the process ended.
        warned: steps that were alone at work when it did.
        states: step id → the last state that was told.
        began: when the run was first handed over, in seconds of `time.monotonic`.
        deadline: when a cancelled run is ended by force.
    """

    run: int
    graph: Graph
    targets: tuple[str, ...] | None
    out_dir: str
    base: str
    document: str
    barred: dict[str, tuple[str, str]] = field(default_factory=dict)
    solo: set[str] = field(default_factory=set)
    warned: set[str] = field(default_factory=set)
    states: dict[str, events.State] = field(default_factory=dict)
    riddles: int = 0
    began: float = 0.0
    deadline: float | None = None

    def command(self) -> messages.Execute:
        """What the engine is told."""
        text = dumps(self.graph)
        solo = tuple(sorted(self.solo))
        return messages.Execute(self.run, text, self.targets, self.out_dir, self.base, self.document, self.barred, solo)


class Supervisor:
    """Owns the engine process of a session.

    Args:
        setup: what each process is told; the names of its records are filled in here.
        emit: called with (run, event), from one thread; run 0 is none in particular.
        done: called with (run, ``node.output`` → digest) before the last event of a run.
    """

    def __init__(self, setup: messages.Setup, emit: Emit, done: Callable[[int, dict[str, bytes]], None]) -> None:
        self._setup = setup
        self._emit = emit
        self._done = done
        self._inbox: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._orders: deque[Order] = deque()
        self._current: Order | None = None
        self._requests: dict[int, tuple[messages.Command, Future[messages.Answer]]] = {}
        self._engine: EngineProcess | None = None
        self._ready = False
        self._starts = 0
        self._failures = 0
        self._open = True
        self.pid = 0
        self._post(self._start)
        self._thread = threading.Thread(target=self._loop, name="nawgraph-supervisor", daemon=True)
        self._thread.start()

    # ------------------------------------------------------------------- called from any thread

    def order(self, order: Order) -> None:
        """Queue a run. Raises RuntimeError after `close`."""
        self._post(partial(self._orders.append, order))

    def cancel(self, run: int | None) -> None:
        """Stop a run, or all of them."""
        self._post(partial(self._cancel, run, time.monotonic() + GRACE))

    def request(self, command: messages.Fetch | messages.Foretell) -> Future[messages.Answer]:
        """Ask the engine; a request outlives the process that it was sent to. Raises RuntimeError after `close`."""
        future: Future[messages.Answer] = Future()
        self._post(partial(self._ask, command, future))
        return future

    def close(self, seconds: float) -> None:
        """End the process, kindly for so long."""
        if self._open:
            self._post(partial(self._close, seconds))
        self._thread.join(seconds + 2)

    def _post(self, task: Callable[[], None]) -> None:
        if not self._open:
            raise RuntimeError("the session is closed")
        self._inbox.put(task)

    # ----------------------------------------------------------------------------------- thread

    def _loop(self) -> None:
        while self._open:
            deadline = self._current.deadline if self._current else None
            try:
                self._inbox.get(timeout=None if deadline is None else max(0.0, deadline - time.monotonic()))()
            except queue.Empty:
                self._force()
            self._next()

    def _start(self) -> None:
        """A new process; runs and requests that are open are told to it."""
        self._starts += 1
        folder = Path(self._setup.folder)
        names = {"flight": str(folder / f"flight-{self._starts}"), "fault": str(folder / f"fault-{self._starts}")}
        setup = msgspec.structs.replace(self._setup, parent=os.getpid(), **names)
        self._ready = False
        try:
            self._engine = EngineProcess(
                setup,
                heard=lambda engine, reply: self._inbox.put(partial(self._heard, engine, reply)),
                ended=lambda engine: self._inbox.put(partial(self._ended, engine)),
            )
        except OSError as error:
            return self._give_up(f"the engine process cannot be started: {error.strerror or error}")
        self.pid = self._engine.pid
        for command, _ in self._requests.values():
            self._engine.send(command)
        return self._hand_over()

    def _next(self) -> None:
        """Hand over the first run that waits, if none is at work."""
        if self._open and self._current is None and self._orders:
            self._current = self._orders.popleft()
            self._current.began = time.monotonic()
            if self._engine is None:
                self._start()
            else:
                self._hand_over()

    def _hand_over(self) -> None:
        """Tell the engine to do the current run."""
        if self._current and self._engine:
            try:
                self._engine.send(self._current.command())
            except (ValueError, TypeError) as error:
                self._finish(events.Finished("failed", 0.0, error=f"the document cannot be written: {error}"))

    def _ask(self, command: messages.Fetch | messages.Foretell, future: Future[messages.Answer]) -> None:
        self._requests[command.request] = (command, future)
        if self._engine is None:
            self._start()
        else:
            self._engine.send(command)

    def _cancel(self, run: int | None, deadline: float) -> None:
        for order in [o for o in self._orders if run in (o.run, None)]:
            self._orders.remove(order)
            self._emit(order.run, events.Finished("cancelled", 0.0))
        current = self._current
        if current and run in (current.run, None) and current.deadline is None:
            current.deadline = deadline
            if self._engine:
                self._engine.send(messages.Cancel(current.run))

    def _close(self, seconds: float) -> None:
        self._open = False
        if self._engine:
            self._engine.send(messages.Close())
            if not self._engine.join(seconds):
                self._engine.kill()
                self._engine.join(1.0)
        for _, future in self._requests.values():
            future.set_exception(RuntimeError("the session was closed"))

    # ---------------------------------------------------------------------------------- replies

    def _heard(self, engine: EngineProcess, reply: messages.Reply) -> None:
        if engine is not self._engine:
            return  # one that was given up: what it still says of its run is no longer true
        if isinstance(reply, messages.Packet):
            for event in reply.events:
                self._pass_on(reply.run, event)
        elif isinstance(reply, messages.Done):
            if self._current and reply.run == self._current.run:
                self._done(reply.run, reply.outputs)
                self._finish(reply.finished)
        elif isinstance(reply, messages.Answer):
            asked = self._requests.pop(reply.request, None)
            if asked:
                asked[1].set_result(reply)
        elif isinstance(reply, messages.Ready):
            self._ready, self._failures = True, 0
            if reply.error:
                self._engine = None
                self._give_up(reply.error)

    def _pass_on(self, run: int, event: events.Event) -> None:
        """Tell an event, unless it only repeats what was told before the process was replaced."""
        order = self._current
        if order is not None and order.run == run:
            if isinstance(event, events.StepEvent):
                if event.state == "cached" and order.states.get(event.id) in ("ran", "cached"):
                    return
                order.states[event.id] = event.state
            if isinstance(event, events.Started) and order.states:
                return
        self._emit(run, event)

    def _finish(self, finished: events.Finished) -> None:
        order, self._current = self._current, None
        assert order is not None
        seconds = time.monotonic() - order.began
        self._emit(order.run, msgspec.structs.replace(finished, seconds=seconds))

    # ----------------------------------------------------------------------------------- deaths

    def _force(self) -> None:
        """A cancelled run does not end by itself: it ends with its process."""
        assert self._current is not None and self._engine is not None
        engine, self._engine = self._engine, None
        engine.kill()
        self._abandon(engine)
        engine.forget()
        self._start()

    def _abandon(self, engine: EngineProcess) -> None:
        """Finish the current run as cancelled, and with it what was running, even if nobody heard that it was."""
        assert self._current is not None
        running = [id for id, state in self._current.states.items() if state == "running"]
        for id in dict.fromkeys(running + engine.culprits()):
            self._emit(self._current.run, events.StepEvent(id, "cancelled"))
        self._finish(events.Finished("cancelled", 0.0))

    def _ended(self, engine: EngineProcess) -> None:
        if engine is not self._engine:
            return None
        self._engine = None
        reason = engine.reason()
        if not self._ready:
            self._failures += 1
            if self._failures >= FAILURES:
                return self._give_up(f"the engine process could not start ({reason})")
        elif self._current and self._current.deadline is not None:
            self._abandon(engine)
        elif self._current:
            self._blame(self._current, engine, reason)
        engine.forget()
        lost = "no result is lost" if self._setup.cache_dir else "results that were in memory only are made again"
        self._emit(0, events.Notice(f"The engine process ended ({reason}) and was started anew; {lost}."))
        return self._start()

    def _blame(self, order: Order, engine: EngineProcess, reason: str) -> None:
        """Who was at work runs alone the next time; who ended a process alone is forgiven once, not twice."""
        culprits = engine.culprits()
        if len(culprits) == 1 and culprits[0] in order.warned:
            sentence = f"the node ended the engine process ({reason}); it was restarted and nothing else was lost"
            order.barred[culprits[0]] = sentence, engine.traceback()
        if len(culprits) == 1:
            order.warned.update(culprits)  # not those at work beside others: perhaps the fault was not theirs
        order.solo.update(culprits)
        order.riddles += not culprits
        if order.riddles >= RIDDLES:
            error = f"the engine process ended {RIDDLES} times with no node at work ({reason}): the run was given up"
            self._finish(events.Finished("failed", 0.0, error=error))

    def _give_up(self, error: str) -> None:
        """No process can be had: whatever waits for one fails. The next run tries again."""
        orders = [self._current, *self._orders] if self._current else [*self._orders]
        self._orders.clear()
        self._current = None
        for order in orders:
            self._emit(order.run, events.Finished("failed", 0.0, error=error))
        for _, future in self._requests.values():
            future.set_exception(RuntimeError(error))
        self._requests.clear()
        if not orders:
            self._emit(0, events.Notice(error))


__all__ = ["Order", "Supervisor"]
