"""A session: what an editor or a server talks to. The engine runs in a process of its own, nothing here waits for it.

One process with threads, not one process a worker: numpy, numba, scipy and torch release the interpreter lock, so
threads share values and loaded models without a copy. Robustness comes from above instead: the session supervises
the process. When it dies (a segmentation fault, memory ran out, ``os._exit``, kill −9) or does not obey a cancel
within 0.8 s, it is killed and replaced. A run that was not cancelled goes on: what was finished lies in the disk
cache, and the steps that were at work run once more, one at a time. A step that ends the process again fails with a
sentence; what needs it is blocked, everything else finishes. Without a cache folder the same holds, but what the
process held in memory must be made again.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import tempfile
import threading
import weakref
from collections import OrderedDict, deque
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from nawgraph.graph import Graph
from nawgraph.runtime.cache import DamagedError, read_file
from nawgraph.runtime.cache.store import Store
from nawgraph.runtime.events import Event, Expected
from nawgraph.runtime.local import DISK, RAM
from nawgraph.runtime.messages import Fetch, Foretell, Setup
from nawgraph.runtime.supervisor import Order, Supervisor

KEPT = 16
"""Runs whose outputs are remembered by name."""

_PREFIX = "nawgraph-session-"


class Session:
    """Runs documents in another process.

    Args:
        cache_dir: folder of the disk cache, None for memory only.
        nodes: names of modules whose nodes are added to the standard library.
        provider: module that adds installed packs, by name since it lies above this one; "" for none.
        device: "auto", "cpu" or "cuda".
        ram_bytes, disk_bytes: budgets of the cache.
        scratch: folder in which the session makes its own, for values that lie in no cache file; the system's
            temporary folder by default. It is swept of what dead sessions left there.
    """

    def __init__(
        self,
        cache_dir: Path | None,
        *,
        nodes: Iterable[str] = (),
        provider: str = "nawgraph.packs.provide",
        device: str = "auto",
        ram_bytes: int = RAM,
        disk_bytes: int = DISK,
        scratch: Path | None = None,
    ) -> None:
        parent = Path(scratch or tempfile.gettempdir())
        sweep(parent)
        self.folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=parent))
        self._clean = weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        self._store = Store(cache_dir) if cache_dir is not None else None
        self._runs = itertools.count(1)
        self._requests = itertools.count(1)
        self._outputs: OrderedDict[int, Mapping[str, bytes]] = OrderedDict()
        self._events: deque[tuple[int, Event]] = deque()
        self._news = threading.Condition()
        setup = Setup(
            parent=0,
            provider=provider,
            nodes=tuple(nodes),
            cache_dir=os.path.abspath(cache_dir) if cache_dir is not None else "",  # noqa: PTH100
            folder=os.path.abspath(self.folder),  # noqa: PTH100
            flight="",
            fault="",
            device=device,
            ram_bytes=ram_bytes,
            disk_bytes=disk_bytes,
        )
        self._supervisor = Supervisor(setup, self._heard, self._finished)

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """Process id of the engine; another after each restart, 0 before the first start."""
        return self._supervisor.pid

    def close(self) -> None:
        """Stop everything, end the process, remove the session's folder. Takes 1.5 s at most."""
        self._supervisor.close(1.5)
        self._clean()

    # ------------------------------------------------------------------------------------- runs

    def run(
        self,
        graph: Graph,
        targets: Iterable[str] | None = None,
        *,
        out_dir: Path = Path("out"),
        base: Path = Path(),
        document: str = "",
    ) -> int:
        """Queue a run and return its number at once; arguments as for `Runtime.run`.

        Runs go one after another. The last event of each is a `Finished`; where nothing could be run at all (the
        document has errors), its `error` says why.
        """
        run = next(self._runs)
        names = None if targets is None else tuple(targets)
        self._supervisor.order(Order(run, graph, names, _absolute(out_dir), _absolute(base), document))
        return run

    def cancel(self, run: int | None = None) -> None:
        """Stop a run, or all of them. Its `Finished` comes within a second, whatever its nodes do."""
        self._supervisor.cancel(run)

    def events(self) -> list[tuple[int, Event]]:
        """What has happened since the last call: (run, event) in order; run 0 concerns the session itself."""
        with self._news:
            found = list(self._events)
            self._events.clear()
        return found

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until `events` has something; False if it still has not after `timeout` seconds."""
        with self._news:
            return self._news.wait_for(lambda: bool(self._events), timeout)

    # ----------------------------------------------------------------------------------- values

    def outputs(self, run: int | None = None) -> Mapping[str, bytes]:
        """``node.output`` → digest of a finished run, the last one by default; empty if it is not known (any more)."""
        with self._news:
            if run is None and self._outputs:
                run = next(reversed(self._outputs))
            return self._outputs.get(run or 0, {})

    def value(self, name: bytes | str, run: int | None = None, *, timeout: float | None = 10.0) -> Any:
        """A value by digest (from an event), or by ``node.output`` of a finished run (the last by default).

        Large arrays are mapped from the cache's file, not read: they cost memory where they are looked at. Their
        content is not verified against the digest. A value that lies in no file of its own is asked of the engine,
        which takes a millisecond, or as long as the engine takes to restart.

        Raises:
            KeyError: there is no such output, or its value is no longer there.
            TimeoutError: the engine did not answer for `timeout` seconds.
            LookupError: the value's type is defined by a node module that this process has not imported.
        """
        digest = name if isinstance(name, bytes) else self._digest(name, run)
        if self._store is not None:
            with contextlib.suppress(OSError, DamagedError):
                return read_file(self._store.path(digest), digest, mapped=True)
        answer = self._supervisor.request(Fetch(next(self._requests), digest)).result(timeout)
        if answer.error:
            raise KeyError(answer.error)
        path = Path(answer.path)
        value = read_file(path, digest, mapped=True)
        if path.parent == Path(os.path.abspath(self.folder)):  # noqa: PTH100
            with contextlib.suppress(OSError):
                path.unlink()  # what is mapped stays until nobody looks at it
        return value

    def _digest(self, name: str, run: int | None) -> bytes:
        outputs = self.outputs(run)
        if name not in outputs:
            raise KeyError(f"there is no result {name!r}; results are: {', '.join(outputs) or 'none'}")
        return outputs[name]

    def plan(
        self,
        graph: Graph,
        targets: Iterable[str] | None = None,
        *,
        out_dir: Path = Path("out"),
        base: Path = Path(),
        document: str = "",
        timeout: float | None = 10.0,
    ) -> dict[str, Expected]:
        """What a run would do, in plan order: step id → verdict, cost, and the reason in words.

        Raises:
            ValueError: the document or the targets have errors.
            TimeoutError: the engine did not answer for `timeout` seconds.
            RuntimeError: there is no engine, or the session was closed.
        """
        from nawgraph.files import dumps

        names = None if targets is None else tuple(targets)
        text = dumps(graph)
        command = Foretell(next(self._requests), text, names, _absolute(out_dir), _absolute(base), document)
        answer = self._supervisor.request(command).result(timeout)
        if answer.error:
            raise ValueError(answer.error)
        return answer.steps

    # --------------------------------------------------------------------- called by the supervisor

    def _heard(self, run: int, event: Event) -> None:
        with self._news:
            self._events.append((run, event))
            self._news.notify_all()

    def _finished(self, run: int, outputs: dict[str, bytes]) -> None:
        with self._news:
            self._outputs[run] = outputs
            while len(self._outputs) > KEPT:
                self._outputs.popitem(last=False)


def sweep(parent: Path) -> None:
    """Remove the folders of sessions whose process is no more."""
    for folder in parent.glob(f"{_PREFIX}*"):
        owner = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if owner.isdigit() and not _alive(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)


def _alive(pid: int) -> bool:
    if os.name == "nt":
        return True  # there, a signal to ask with would end the process
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return True


def _absolute(path: Path) -> str:
    return os.path.abspath(path)  # noqa: PTH100 - links are kept, as the cache's keys have them
