"""Inside a pack's process: hear calls, hand them to the nodes, send back what they made."""

from __future__ import annotations

import importlib
import mmap
import os
import queue
import socket
import sys
import threading
import traceback
from functools import partial
from pathlib import Path
from typing import Any

from nawgraph.context import Cancelled, Context
from nawgraph.node import NodeSpec
from nawgraph.packs import catalogue, memory, messages, parcels
from nawgraph.packs.manifest import ManifestError
from nawgraph.packs.sandbox import State
from nawgraph.values import frozen
from nawgraph.values.core import split

_DETAIL = 20_000
"""Characters of a traceback that are sent."""

_UNHELD = 3
"""References to a region that nobody looks at: the table's, the loop's, the question's."""


class Service:
    """Calls the nodes of one pack.

    The main thread runs nodes; another one listens, so that a cancel is heard while a node is at work.
    """

    def __init__(self, end: socket.socket, module: str, pack: str, state: State) -> None:
        self._channel: messages.Channel[messages.Command] = messages.Channel(
            end, messages.Command, takes_descriptors=True
        )
        self._calls: queue.SimpleQueue[tuple[messages.Call | None, list[int]]] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[tuple[messages.Granted, list[int]]] = queue.SimpleQueue()
        self._cancelled = threading.Event()
        self._inbox: dict[int, mmap.mmap] = {}
        self._outbox: mmap.mmap | None = None
        self._specs: dict[str, NodeSpec] = {}
        ready = partial(messages.Ready, state.landlock, state.seccomp, state.why)
        try:
            self._specs = {spec.id: spec for spec in specs_of(module, pack)}
            self._channel.send(ready(nodes=tuple(sorted(self._specs))))
        except BaseException as error:
            detail = "".join(traceback.format_exception(error))[-_DETAIL:]
            self._channel.send(ready(error=f"{type(error).__name__}: {error}", detail=detail))

    def serve(self) -> None:
        """Call what the host asks for, for as long as it is there."""
        threading.Thread(target=self._listen, name="nawgraph-host", daemon=True).start()
        while True:
            call, descriptors = self._calls.get()
            if call is None:
                self._channel.send(self._described())
                continue
            self._cancelled.clear()
            self._channel.send(self._outcome(call, descriptors))

    def _listen(self) -> None:
        try:
            while True:
                command = self._channel.receive()
                if isinstance(command, messages.Call):
                    self._calls.put((command, self._channel.descriptors))
                elif isinstance(command, messages.Granted):
                    self._answers.put((command, self._channel.descriptors))
                elif isinstance(command, messages.Describe):
                    self._calls.put((None, []))
                else:
                    self._cancelled.set()
        finally:
            os._exit(0)  # the host is gone

    def _described(self) -> messages.Described:
        try:
            return messages.Described(tuple(catalogue.entry(spec) for spec in self._specs.values()))
        except ManifestError as error:
            return messages.Described(error=str(error))

    def _outcome(self, call: messages.Call, descriptors: list[int]) -> messages.Returned:
        regions = self._mapped(call, descriptors)
        ctx = PackContext(self, call)
        try:
            results = self._results(call, regions, ctx)
            files = tuple(path.name for path in ctx.files)
            return messages.Returned(results, tuple(map(str, ctx.warnings)), files, holds=self._holds())
        except Cancelled:
            return messages.Returned(cancelled=True, holds=True)
        except BaseException as error:
            detail = "".join(traceback.format_exception(error))[-_DETAIL:]
            refused = isinstance(error, PermissionError)
            return messages.Returned(error=_sentence(error), detail=detail, refused=refused, holds=True)

    def _mapped(self, call: messages.Call, descriptors: list[int]) -> dict[int, mmap.mmap]:
        """The host's regions in memory; those that are kept are known from earlier calls."""
        made = {}
        for index, ((number, size), descriptor) in enumerate(zip(call.regions, descriptors, strict=True)):
            made[number] = mmap.mmap(descriptor, size, access=mmap.ACCESS_READ)
            if index < call.kept:
                self._inbox = {number: made[number]}
        messages.closed(descriptors)
        return self._inbox | made

    def _holds(self) -> bool:
        """Whether a node kept an array of the region that the next call will overwrite."""
        return any(sys.getrefcount(memory) > _UNHELD for memory in self._inbox.values())

    def _results(self, call: messages.Call, regions: dict[int, mmap.mmap], ctx: Context) -> tuple[messages.Parcel, ...]:
        spec = self._specs[call.node]
        given = {name: parcels.trusted(parcel, regions) for name, parcel in call.given.items()}
        regions.clear()
        for name in call.lists:
            given[name] = list(given[name])
        if spec.takes_context:
            given["ctx"] = ctx
        assert spec.function is not None
        return self._parcels([frozen(value) for value in spec.outputs_of(spec.function(**given))])

    def _parcels(self, values: list[Any]) -> tuple[messages.Parcel, ...]:
        """Results whose large arrays lie in memory that the host gives for them."""
        apart = [split(value) for value in values]
        arrays = [array for _, found in apart for array in found]
        size = memory.space(arrays)
        slices = memory.placed(arrays, *(self._granted(size) if size else (None, 0)))
        rest = iter(slices)
        return tuple(messages.Parcel(plain, tuple(next(rest) for _ in found)) for plain, found in apart)

    def _granted(self, size: int) -> tuple[mmap.mmap, int]:
        granted, descriptors = self._ask(messages.Want(size))
        if descriptors:
            self._outbox = mmap.mmap(descriptors[0], granted.size)
            messages.closed(descriptors)
        assert self._outbox is not None
        return self._outbox, granted.region

    def _ask(self, question: messages.Reply) -> tuple[messages.Granted, list[int]]:
        self._channel.send(question)
        answer, descriptors = self._answers.get()
        if answer.error:
            raise ValueError(answer.error)
        return answer, descriptors

    # ------------------------------------------------------------------------ for the context

    def check(self) -> None:
        if self._cancelled.is_set():
            raise Cancelled

    def said(self, done: int, total: int, label: str) -> None:
        self._channel.send(messages.Said(done, total, label))

    def shown(self, value: Any) -> None:
        self._channel.send(messages.Shown(parcels.small(frozen(value))))

    def claimed(self, name: str) -> Path:
        return Path(self._ask(messages.Claim(name))[0].path)


class PackContext(Context):
    """What a node of a pack gets as its context."""

    def __init__(self, service: Service, call: messages.Call) -> None:
        super().__init__(Path(call.out) if call.out else None)
        self.provenance = call.provenance
        self._service = service

    def check(self) -> None:
        self._service.check()

    def progress(self, done: int, total: int, label: str = "") -> None:
        self.check()
        self._service.said(int(done), int(total), str(label))

    def preview(self, value: Any) -> None:
        self._service.shown(value)

    def borrow(self, ref: Any) -> Any:
        raise LookupError("a node of a pack loads its models itself: nawgraph lends none to another process")

    def claim(self, name: str) -> Path:
        return self._service.claimed(str(name))


def specs_of(module: str, pack: str) -> list[NodeSpec]:
    """The nodes of a pack: those in its module whose ids begin with its own, imported ones included.

    Raises:
        ImportError, …: whatever importing it raises.
        ValueError: there is none.
    """
    found = vars(importlib.import_module(module)).values()
    specs = {s.id: s for v in found if isinstance(s := getattr(v, "__nawgraph__", None), NodeSpec)}
    mine = [spec for id, spec in sorted(specs.items()) if id.startswith(f"{pack}.")]
    if not mine:
        raise ValueError(f"the module {module} has no node whose id begins with '{pack}.'")
    return mine


def _sentence(error: BaseException) -> str:
    """What went wrong, as the runtime words it for nodes of its own."""
    from nawgraph.runtime.work import sentence

    text = sentence(error)
    if isinstance(error, PermissionError):
        what = f"open {error.filename}" if error.filename else "do this (reach the network, or other programs)"
        return f"the node was not allowed to {what}"
    if isinstance(error, MemoryError):
        return f"the node ran out of the memory that its pack may use{f' ({error})' if str(error) else ''}"
    return text if not isinstance(error, SystemExit) else f"the node tried to end its process (exit {error.code})"


if sys.platform == "win32":
    raise ImportError("packs in processes of their own need Linux or macOS in this version")
