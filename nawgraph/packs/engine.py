"""The engine that runs nodes of packs in processes of their own, and every other node as another engine does."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from nawgraph.context import Context
from nawgraph.hints import File
from nawgraph.node import NodeSpec
from nawgraph.packs import memory, messages, parcels
from nawgraph.packs.process import Launch, PackError, PackProcess, sweep
from nawgraph.packs.sandbox import State
from nawgraph.runtime.engines import Engine, LocalEngine, Task
from nawgraph.runtime.work import Values
from nawgraph.values.core import Value, digest, split

Find = Callable[[str], Launch]
"""Pack id → how to start its process. Raises LookupError for a pack that is not installed."""


class PackEngine:
    """An `Engine`: threads and slots are those of `base`; a call of a pack's node goes to that pack's process.

    A process is started when its pack is first called, and kept. It serves one call at a time. If it ends, the call
    fails with a sentence, and the next one starts another.

    Args:
        find: how to start the process of a pack.
        base: the engine of all other nodes.
    """

    def __init__(self, find: Find, base: Engine | None = None) -> None:
        self._find = find
        self._base = base or LocalEngine()
        self._hosts: dict[str, _Host] = {}
        self._lock = threading.Lock()
        # On Linux a process dies with the thread that started it, so one that lasts starts them all.
        self._starter = ThreadPoolExecutor(1, "nawgraph-packs")

    def slots(self, tag: str) -> int:
        return self._base.slots(tag)

    def quick(self, spec: NodeSpec, alone: bool) -> bool:
        return self._base.quick(spec, alone)

    def took(self, spec: NodeSpec, seconds: float) -> None:
        self._base.took(spec, seconds)

    def submit(self, tag: str, task: Task) -> None:
        self._base.submit(tag, task)

    def call(self, spec: NodeSpec, given: Mapping[str, Any], ctx: Context, values: Values) -> Any:
        """Call a node.

        Raises:
            PackError: a pack's node failed, or its process.
        """
        if spec.function is not None:
            return self._base.call(spec, given, ctx, values)
        with self._lock:
            host = self._hosts.setdefault(spec.pack, _Host(spec.pack, self._find, self._starter))
        return host.call(spec, given, ctx, values)

    def state(self, pack: str) -> State | None:
        """What is enforced on a pack's process, None if it does not run."""
        host = self._hosts.get(pack)
        return host.process.state if host and host.process and host.process.alive else None

    def close(self) -> None:
        for host in self._hosts.values():
            host.close()
        self._hosts.clear()
        self._starter.shutdown(wait=False)
        self._base.close()


class _Host:
    """A pack, its process if it runs, and the lock of whoever calls it."""

    def __init__(self, pack: str, find: Find, starter: ThreadPoolExecutor) -> None:
        self._pack = pack
        self._find = find
        self._starter = starter
        self._lock = threading.Lock()
        self.process: PackProcess | None = None

    def call(self, spec: NodeSpec, given: Mapping[str, Any], ctx: Context, values: Values) -> Any:
        while not self._lock.acquire(timeout=0.1):
            ctx.check()
        try:
            return self._called(self._running(), spec, given, ctx, values)
        finally:
            self._lock.release()

    def _running(self) -> PackProcess:
        if self.process is not None and not self.process.alive:
            self.process.end()
            self.process = None
        if self.process is None:
            try:
                launch = self._find(self._pack)
            except LookupError as error:
                raise PackError(str(error.args[0])) from None
            sweep()
            self.process = self._starter.submit(PackProcess, launch).result()
        return self.process

    def _called(
        self, process: PackProcess, spec: NodeSpec, given: Mapping[str, Any], ctx: Context, values: Values
    ) -> Any:
        with _folders(process, spec, given) as (given, out):
            command, lent = _command(process, spec, given, out, ctx.provenance, values)
            try:
                returned = process.call(command, [region.descriptor for region in lent], ctx, _show(ctx))
            finally:
                for region in lent[command.kept :]:
                    region.close()
            try:
                return _results(process, spec, returned, ctx, out)
            finally:
                process.outbox.trim()
                process.inbox.drop() if returned.holds else process.inbox.trim()

    def close(self) -> None:
        if self.process is not None:
            self.process.end()
            self.process = None


def _command(
    process: PackProcess, spec: NodeSpec, given: Mapping[str, Any], out: str, provenance: str, values: Values
) -> tuple[messages.Call, list[memory.Region]]:
    """The message for a call, and the memory whose descriptors go with it: new regions first, then files."""
    apart = {name: split(tuple(v) if isinstance(v, list) else v) for name, v in given.items()}
    files: list[memory.Region] = []
    found = {name: _filed(given[name], arrays, values, files) for name, (_, arrays) in apart.items()}
    rest = [array for name, (_, arrays) in apart.items() if found[name] is None for array in arrays]
    size = memory.space(rest)
    region = process.inbox.fit(size) if size else None
    slices = iter(memory.placed(rest, region.memory, region.number) if region else memory.placed(rest, None, 0))
    sent = {
        name: messages.Parcel(plain, found[name] or tuple(next(slices) for _ in arrays))
        for name, (plain, arrays) in apart.items()
    }
    new = process.inbox.news()
    regions = [new, *files] if new else files
    numbers = tuple((region.number, region.size) for region in regions)
    lists = tuple(name for name, value in given.items() if isinstance(value, list))
    return messages.Call(spec.id, sent, lists, numbers, len(regions) - len(files), out, provenance), regions


def _filed(
    value: Any, arrays: list[memory.Array], values: Values, files: list[memory.Region]
) -> tuple[messages.Slice, ...] | None:
    """The arrays of a large value that the cache has as a file, where they lie in it; None for any other value."""
    if not isinstance(value, Value) or not memory.space(arrays):
        return None
    path = values.path(digest(value))
    if path is None:
        return None
    try:
        places = memory.places(path)
        if [place[:2] for place in places] != [(a.dtype.str, a.shape) for a in arrays]:
            return None
        region = memory.opened(path)
    except (OSError, ValueError):
        return None
    files.append(region)
    return tuple(messages.Slice(dtype, shape, region.number, start) for dtype, shape, start in places)


def _results(process: PackProcess, spec: NodeSpec, returned: messages.Returned, ctx: Context, out: str) -> Any:
    """What a pack returned, checked and copied; whatever it breaks ends its process."""
    for warning in returned.warnings[:20]:
        ctx.warn(warning[:1000])
    if returned.error:
        raise process.failure(returned)
    try:
        regions = process.outbox.view()
        results = tuple(parcels.checked(parcel, regions) for parcel in returned.results)
        _fetch(returned.files, out, ctx)
    except ValueError as error:
        process.end()
        raise PackError(f"the pack returned {error}") from None
    if spec.is_sink:
        return None
    if len(results) != len(spec.outputs):
        raise PackError(f"{spec.id} returned {len(results)} values for {len(spec.outputs)} outputs")
    return results[0] if len(results) == 1 else results


def _show(ctx: Context) -> Callable[[messages.Parcel], None]:
    def show(parcel: messages.Parcel) -> None:
        try:
            ctx.preview(parcels.checked(parcel, {}))
        except memory.ForeignError as error:
            raise PackError(f"the pack showed {error}") from None

    return show


@contextlib.contextmanager
def _folders(process: PackProcess, spec: NodeSpec, given: Mapping[str, Any]) -> Any:
    """Files that a node was given, where its process can read them, and the folder that it may write to."""
    made = dict(given)
    inbox = process.folder / "in"
    out = process.folder / "out"
    names = [k.name for k in spec.knobs if isinstance(k.hint, File) and made.get(k.name)]
    try:
        for index, name in enumerate(names):
            made[name] = _lay(Path(made[name]), inbox / str(index))
        yield made, str(out) if spec.is_sink else ""
    finally:
        if names:
            _empty(inbox)
        if spec.is_sink:
            _empty(out)


def _lay(source: Path, folder: Path) -> str:
    """Put a file where the process may read it, under its own name. What is missing, the node says itself."""
    folder.mkdir(exist_ok=True)
    target = folder / source.name
    if source.is_file():
        shutil.copyfile(source, target)  # not a link: the process must not be able to change the user's file
    return str(target)


def _fetch(names: tuple[str, ...], out: str, ctx: Context) -> None:
    """Move what an exporter wrote to where it belongs, whole or not at all.

    Raises:
        ValueError: something that is no file of its own.
    """
    for name in names:
        if Path(name).name != name or name in ("", ".", ".."):
            raise ValueError(f"a file called {name[:80]!r}")
        try:  # looked at once it is open: until then the pack can put something else in its place, a pipe for instance
            handle = os.open(Path(out) / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            raise ValueError(f"{name[:80]!r}, which is no file that it wrote") from None
        with os.fdopen(handle, "rb") as file:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
                raise ValueError(f"{name[:80]!r}, which is no file that it wrote")
            target = ctx.claim(name)
            unfinished = target.with_name(f".{target.name}.{os.getpid()}.pack.tmp")
            with unfinished.open("wb") as copy:
                shutil.copyfileobj(file, copy, 1 << 20)
        unfinished.replace(target)
        ctx.wrote(target)


def _empty(folder: Path) -> None:
    for entry in folder.iterdir() if folder.is_dir() else ():  # gone with a process that was ended
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)
