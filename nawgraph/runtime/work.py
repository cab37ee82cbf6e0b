"""One step's work, as a worker does it: fetch the inputs, call the node, store what it made."""

from __future__ import annotations

import errno
import os
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import msgspec

from nawgraph import types
from nawgraph.context import Cancelled, Context
from nawgraph.node import NodeSpec, Port
from nawgraph.runtime.cache import Row
from nawgraph.runtime.claims import Claims
from nawgraph.runtime.engines import Engine
from nawgraph.runtime.models import Residency
from nawgraph.runtime.plan import Constant
from nawgraph.values import Digest, ModelRef, digest, frozen, type_name
from nawgraph.values.core import digest_bytes

Fed = Digest | Constant
"""What a port is fed with: a digest to fetch, or a constant."""


class Job(msgspec.Struct, frozen=True):
    """A call of a node, as data.

    Attributes:
        order: position of the step in its plan.
        inputs: port or knob → what feeds it; more than one, or a `several`, makes a list.
        several: ports whose wires form a list even if there is one.
        knobs: the values of the unwired knobs.
        base: folder of relative file knobs.
    """

    id: str
    order: int
    key: Digest
    spec: NodeSpec
    inputs: Mapping[str, tuple[Fed, ...]]
    several: frozenset[str]
    knobs: Mapping[str, Any]
    base: Path
    out_dir: Path
    provenance: str = ""


@dataclass(frozen=True, slots=True)
class Ran:
    """The node returned; its results are in the cache."""

    row: Row


@dataclass(frozen=True, slots=True)
class Failed:
    """The node raised."""

    error: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Missing:
    """An input's value is no longer anywhere: the step that makes it must run first."""

    digest: Digest


@dataclass(frozen=True, slots=True)
class Stopped:
    """The node obeyed a cancel."""


Outcome = Ran | Failed | Missing | Stopped


class GoneError(Exception):
    """A value is in no cache any more."""

    def __init__(self, name: Digest) -> None:
        super().__init__(name.hex())
        self.digest = name


class Values(Protocol):
    """The part of the cache that work needs."""

    def pin(self, digests: Iterable[Digest]) -> None: ...
    def get(self, digest: Digest) -> Any: ...
    def put(self, digest: Digest, value: Any, seconds: float, *, verify: bool = True) -> None: ...
    def path(self, digest: Digest) -> Path | None: ...


class RunContext(Context):
    """The context that the runtime gives to a node."""

    def __init__(
        self,
        job: Job,
        cancelled: Callable[[], bool],
        report: Callable[[str, int, int, str], None],
        show: Callable[[str, Any], None],
        residency: Residency,
        claims: Claims,
    ) -> None:
        super().__init__(job.out_dir, lambda ref: residency.lend(ref, self.check))
        self.provenance = job.provenance
        self._id = job.id
        self._order = job.order
        self._cancelled = cancelled
        self._report = report
        self._show = show
        self._claims = claims

    def model(self, kind: str, name: str) -> ModelRef:
        from nawgraph.models.installed import find

        found = find(kind, name)
        if not found.commercial and found.licence != "unknown":
            self.warn(f"{name} is under {found.licence}: commercial use is forbidden or restricted")
        return found.ref

    def claim(self, name: str) -> Path:
        path = super().claim(name)
        self._claims.take(str(path.absolute()), self._order, self._id, self.check)
        return path

    def check(self) -> None:
        if self._cancelled():
            raise Cancelled

    def progress(self, done: int, total: int, label: str = "") -> None:
        self.check()
        self._report(self._id, done, total, label)

    def preview(self, value: Any) -> None:
        self._show(self._id, value)


def perform(job: Job, values: Values, ctx: Context, engine: Engine) -> Outcome:
    """Run one job. Whatever the node does, this returns an outcome."""
    start = time.perf_counter()
    try:
        given = arguments(job, values)
        ctx.check()
        results = results_of(job, engine.call(job.spec, given, ctx, values))
        seconds = time.perf_counter() - start
        return Ran(store(job, results, seconds, values, ctx))
    except BaseException as error:
        return caught(error)


def caught(error: BaseException) -> Outcome:
    """What an exception in a node's work means.

    Raises:
        KeyboardInterrupt: Ctrl-C on the main thread of a program that runs graphs itself.
    """
    if isinstance(error, GoneError):
        return Missing(error.digest)
    if isinstance(error, Cancelled):
        return Stopped()
    if isinstance(error, KeyboardInterrupt) and threading.current_thread() is threading.main_thread():
        raise error
    detail = getattr(error, "detail", "")  # of an error in another process, whose traceback says more than ours
    return Failed(sentence(error), detail or "".join(traceback.format_exception(error)))


def arguments(job: Job, values: Values) -> dict[str, Any]:
    """Keyword arguments of the call. Raises `GoneError` for a value that is in no cache."""
    spec = job.spec
    made: dict[str, Any] = {**spec.unwired, **job.knobs}
    for name, feeds in job.inputs.items():
        if not feeds:
            continue  # a promoted knob whose wire comes from a muted node
        fetched = [_fetch(fed, values) for fed in feeds]
        value = fetched if name in job.several else fetched[0]
        port, knob = spec.input(name), spec.knob(name)
        if port is not None:
            made[name] = _as_input(port.type, value)
        elif knob is not None:
            made[name] = knob.coerce(value)
    for name in spec.list_knobs:
        made[name] = list(made[name])
    for name in spec.file_knobs:
        if made[name]:
            made[name] = str(job.base / made[name])
            if spec.function is None and job.inputs.get(name):
                _within(made[name], job.base, name)
    return made


def _as_input(kind: types.Type, value: Any) -> Any:
    """A value as the port hands it to the node: one for a list is a list of one, a tuple is a list."""
    if kind.is_list and not isinstance(value, (tuple, list)):
        value = [value]
    value = _as(kind, value)
    return list(value) if isinstance(value, tuple) else value


def _within(path: str, base: Path, name: str) -> None:
    """A pack is lent the file, and it may be a pack that made up the path: only the document may lead out."""
    if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(base)):
        raise ValueError(
            f"{name} comes from a wire and leads out of the document's folder, where a pack's node may not read: "
            "set it on the node itself"
        )


def _fetch(fed: Fed, values: Values) -> Any:
    if isinstance(fed, Constant):
        return fed.value
    try:
        return values.get(fed)
    except KeyError:
        raise GoneError(fed) from None


def _as(kind: types.Type, value: Any) -> Any:
    """An int on a float wire is a float, in a list of them as well."""
    if kind.item is not None and isinstance(value, (tuple, list)):
        return type(value)(_as(kind.item, item) for item in value)
    return float(value) if kind.name == "float" and type(value) is int else value


def results_of(job: Job, result: Any) -> tuple[Any, ...]:
    """What a node returned, frozen, one for each output port, of the types it declares."""
    spec = job.spec
    if spec.is_sink:
        return ()
    results = spec.outputs_of(result)
    if len(results) != len(spec.outputs):
        raise ValueError(f"{spec.id} returned {len(results)} values for {len(spec.outputs)} outputs")
    return tuple([_checked(spec, port, v) for port, v in zip(spec.outputs, results, strict=True)])


def _checked(spec: NodeSpec, port: Port, value: Any) -> Any:
    """The value, frozen, if it is of the type that the output declares."""
    scalar = types.SCALARS.get(port.type.name)
    if type(value) is scalar:
        return value
    try:
        value = _as(port.type, frozen(value))
    except TypeError:
        given_name = type(value).__name__
        raise ValueError(f"{spec.id} returned {given_name} for its output {port.name}, which is {port.type}") from None
    if type(value) is scalar:
        return value
    given = types.parse(type_name(value))
    if not types.accepts(port.type, given) and not (port.type.is_list and value == ()):
        raise ValueError(f"{spec.id} returned {given} for its output {port.name}, which is {port.type}")
    return value


def store(job: Job, results: tuple[Any, ...], seconds: float, values: Values, ctx: Context) -> Row:
    """Put a node's results into the cache, pinned, and write the row that says so.

    They are pinned before they are put, so that a small budget does not drop them before their readers are counted.
    """
    if job.spec.cutoff:
        digests = tuple([digest(value) for value in results])
    else:
        digests = tuple(digest_bytes(job.key, port.name.encode()) for port in job.spec.outputs)
    names = tuple([type_name(value) for value in results])
    if must_stay(names):
        values.pin(digests)
    for name, value in zip(digests, results, strict=True):
        values.put(name, value, seconds, verify=job.spec.cutoff)
    if not ctx.files and not ctx.warnings:
        return Row(digests, names, seconds)
    return Row(digests, names, seconds, tuple(file_state(path) for path in ctx.files), tuple(ctx.warnings))


def must_stay(names: tuple[str, ...]) -> bool:
    """Whether values of these types are pinned until all their readers are through: all but mere scalars.

    Those are rarely dropped and made again in no time.
    """
    return not types.SCALARS.keys() >= set(names)


def file_state(path: Path) -> tuple[str, int, int, str]:
    """(absolute path, size, mtime_ns, content digest in hex) of a file that a sink wrote."""
    from nawgraph.runtime.keys import FileDigests

    absolute = path.absolute()
    stat = absolute.stat()
    return str(absolute), stat.st_size, stat.st_mtime_ns, FileDigests().of(absolute).hex()


def sentence(error: BaseException) -> str:
    """An exception as one sentence for people. Never raises."""
    try:
        text = " ".join(str(error).split())
    except Exception:
        text = ""
    if isinstance(error, MemoryError):
        return text or "ran out of memory: use shorter audio or close other programs"
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return f"the disk is full: free some space and run again ({error.filename or 'writing'})"
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    if isinstance(error, (SystemExit, KeyboardInterrupt)):
        return f"the node tried to end the program ({type(error).__name__})"
    if isinstance(error, ValueError) and "read-only" in text:
        return "the node tried to change its input in place: values are shared and read-only, copy it first"
    if isinstance(error, KeyError):
        text = str(error.args[0]) if error.args else ""
    if isinstance(error, (ValueError, LookupError, RuntimeError)) and text:
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
