"""The engine process: a `Runtime` behind a connection. Started by `nawgraph.runtime.process`, one a session.

The main thread only listens, so that a cancel is heard at once; one thread runs documents in the order in which they
come, one sends events in packets, one answers requests.
"""

from __future__ import annotations

import contextlib
import faulthandler
import importlib
import os
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from nawgraph.files import loads
from nawgraph.library import standard
from nawgraph.runtime import events, messages
from nawgraph.runtime.cache import write_file
from nawgraph.runtime.cache.device import to_host
from nawgraph.runtime.care import GRACE, Care, Flight
from nawgraph.runtime.collector import calm_collector
from nawgraph.runtime.explain import expectations
from nawgraph.runtime.forecast import Forecast
from nawgraph.runtime.local import Runtime
from nawgraph.runtime.plan import Plan
from nawgraph.runtime.work import sentence

PACKET = 0.02
"""Seconds between two packets of events: a face draws 60 frames a second at most."""

FLUSH = 0.1
"""A step that took longer is written to the index at once, so that it need not be done again after a crash."""

SAVE = 0.25
"""Seconds between two writings of the index while a run is on: quick steps whose work a crash may cost."""

_PATIENCE = 3600.0  # the session does not wait that long: it ends the process of a node that does not answer


def main(number: int) -> None:
    """Serve the session at the other end of a connection until it says so or is gone."""
    channel: messages.Channel[messages.Command] = messages.Channel(messages.opened(number), messages.Command)
    setup = channel.receive()
    assert isinstance(setup, messages.Setup)
    _guard(setup)
    try:
        worker = Worker(channel, setup)
    except BaseException as error:
        channel.send(messages.Ready(f"the engine cannot start: {sentence(error)}"))
        return
    channel.send(messages.Ready())
    status = 0
    try:
        worker.serve()
    except (EOFError, OSError):
        status = 1  # the session is gone, and nobody is left to run anything for
    except BaseException:
        traceback.print_exc()
        status = 2
    os._exit(status)  # not sys.exit: a node may be stuck in a thread


def _guard(setup: messages.Setup) -> None:
    """Die with the session, be the first to go when memory runs out, leave a traceback of a crash."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    faulthandler.enable(Path(setup.fault).open("w"))  # noqa: SIM115 - open as long as the process lives
    if sys.platform == "linux":
        import ctypes

        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)
        if os.getppid() != setup.parent:
            os._exit(1)
        with contextlib.suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text("500")


class Outbox:
    """Gathers events and sends them in packets: at most one every `PACKET` seconds."""

    def __init__(self, channel: messages.Channel[messages.Command]) -> None:
        self._channel = channel
        self._waiting: list[events.Event] = []
        self._run = 0
        self._lock = threading.Lock()
        self._filled = threading.Event()
        threading.Thread(target=self._pump, name="nawgraph-events", daemon=True).start()

    def put(self, run: int, event: events.Event) -> None:
        """Send an event soon. From any thread."""
        if run != self._run:
            self.flush()
        with self._lock:
            self._run = run
            self._waiting.append(event)
        self._filled.set()

    def flush(self) -> None:
        """Send what waits, now."""
        with self._lock:
            waiting, self._waiting = self._waiting, []
            if waiting:
                self._channel.send(messages.Packet(self._run, _thinned(waiting)))

    def _pump(self) -> None:
        while True:
            self._filled.wait()
            self._filled.clear()
            try:
                self.flush()
            except OSError:
                return
            time.sleep(PACKET)


def _thinned(waiting: list[events.Event]) -> tuple[events.Event, ...]:
    """Events without the progress that later progress of the same step has overtaken."""
    last = {event.id: event for event in waiting if isinstance(event, events.Progress)}
    return tuple(e for e in waiting if not isinstance(e, events.Progress) or last[e.id] is e)


class Worker:
    """A runtime, and the threads around it."""

    def __init__(self, channel: messages.Channel[messages.Command], setup: messages.Setup) -> None:
        self._channel = channel
        self._folder = Path(setup.folder)
        self._outbox = Outbox(channel)
        provider = importlib.import_module(setup.provider) if setup.provider else None
        library = provider.provided(standard()) if provider else standard()
        for name in setup.nodes:
            library.add_module(importlib.import_module(name))
        calm_collector()
        self._runtime = Runtime(
            library,
            Path(setup.cache_dir) if setup.cache_dir else None,
            ram_bytes=setup.ram_bytes,
            disk_bytes=setup.disk_bytes,
            device=setup.device,
            engine=provider.engine() if provider else None,
            warn=lambda text: self._outbox.put(0, events.Notice(text)),
        )
        self._flight = Flight(Path(setup.flight))
        self._finished: events.Finished | None = None
        self._unwanted: set[int] = set()
        self._idle = threading.Event()
        self._idle.set()
        self._runs = self._thread("run")
        self._requests = self._thread("requests")
        threading.Thread(target=self._save, name="nawgraph-save", daemon=True).start()

    def _thread(self, name: str) -> queue.SimpleQueue[Callable[[], None]]:
        """A thread that does what is put into a queue, in order."""
        tasks: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()

        def work() -> None:
            while True:
                tasks.get()()

        threading.Thread(target=work, name=f"nawgraph-{name}", daemon=True).start()
        return tasks

    def serve(self) -> None:
        """Do as the session says until it closes. Raises EOFError or OSError if it is gone."""
        while not isinstance(command := self._channel.receive(), messages.Close):
            if isinstance(command, messages.Execute):
                self._runs.put(partial(self._execute, command))
            elif isinstance(command, messages.Cancel):
                self._unwanted.add(command.run)
                self._runtime.cancel()
            elif isinstance(command, messages.Fetch):
                self._requests.put(partial(self._answer, command.request, partial(self._fetch, command)))
            elif isinstance(command, messages.Foretell):
                self._requests.put(partial(self._answer, command.request, partial(self._foretell, command)))
        self._runtime.cancel()
        self._idle.wait(GRACE)
        self._runtime.close()

    def _save(self) -> None:
        while True:
            time.sleep(SAVE)
            if not self._idle.is_set():
                self._runtime.cache.flush()

    # ------------------------------------------------------------------------------------- runs

    def _execute(self, command: messages.Execute) -> None:
        self._idle.clear()
        outputs: dict[str, bytes] = {}
        try:
            result = self._runtime.run(
                loads(command.graph),
                command.targets,
                out_dir=Path(command.out_dir),
                base=Path(command.base),
                document=command.document,
                emit=partial(self._emit, command.run),
                care=Care(command.barred, frozenset(command.solo), self._flight, _PATIENCE),
            )
            outputs, finished = result.outputs(), self._finished
        except BaseException as error:
            finished = events.Finished("failed", 0.0, error=sentence(error))
        assert finished is not None
        self._idle.set()
        self._outbox.flush()
        self._channel.send(messages.Done(command.run, finished, outputs))

    def _emit(self, run: int, event: events.Event) -> None:
        if isinstance(event, events.Finished):
            self._finished = event  # travels with the outputs
            return
        self._outbox.put(run, event)
        if isinstance(event, events.Started) and run in self._unwanted:
            self._runtime.cancel()
        if isinstance(event, events.StepEvent) and event.state == "ran" and event.seconds > FLUSH:
            self._runtime.cache.flush()

    # --------------------------------------------------------------------------------- requests

    def _answer(self, request: int, make: Callable[[], dict[str, Any]]) -> None:
        try:
            answer = messages.Answer(request, **make())
        except KeyError as error:
            answer = messages.Answer(request, error=str(error.args[0]))
        except BaseException as error:
            answer = messages.Answer(request, error=sentence(error))
        self._channel.send(answer)

    def _fetch(self, command: messages.Fetch) -> dict[str, Any]:
        """The cache's own file of a large value; any other value is written for the occasion."""
        cache = self._runtime.cache
        path = cache.path(command.digest)
        if path is None:
            try:
                value = to_host(cache.get(command.digest))
            except KeyError:
                raise KeyError("this value is no longer in the cache: run its node again") from None
            path = self._folder / f"{command.digest.hex()}-{command.request}"
            write_file(path, value, command.digest)
        return {"path": str(path.absolute())}

    def _foretell(self, command: messages.Foretell) -> dict[str, Any]:
        runtime, graph = self._runtime, loads(command.graph)
        names = runtime.targets(graph, command.targets)
        runtime.check(graph, names)
        plan = Plan(graph, runtime.library)
        steps = [step for name in names for step in plan.targets_of(name)]
        keys = runtime.keys(Path(command.base), Path(command.out_dir))
        forecast = Forecast(plan, steps, cache=runtime.cache, keys=keys, document=command.document)
        return {"steps": expectations(forecast, datetime.now())}
