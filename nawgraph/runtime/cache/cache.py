"""The cache as the executor sees it: keys to rows, digests to values, over GPU, RAM and disk."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec

from nawgraph.runtime.cache import maintenance
from nawgraph.runtime.cache.device import device_bytes, host_bytes, to_host
from nawgraph.runtime.cache.index import ACTIONS, OVERHEAD, SMALL, Index
from nawgraph.runtime.cache.layout import (
    INLINE,
    SCALARS,
    DamagedError,
    Elements,
    UnreadableError,
    pack,
    pack_list,
    unpack,
)
from nawgraph.runtime.cache.memory import GiveBack
from nawgraph.runtime.cache.rows import Batch, Row, Run, decode_row
from nawgraph.runtime.cache.store import Store
from nawgraph.runtime.cache.tiers import Tier
from nawgraph.values import core
from nawgraph.values.core import Digest, Value

BATCH = 4096
"""Changes that are written to the index together, …"""

INTERVAL = 0.5
"""… or after so many seconds."""

ROWS = 100_000
"""Rows kept in RAM where the index has them as well."""

READ_RATE = 1e9
"""Bytes a second from disk (page cache, verified): what a value costs to have in RAM again."""

PAUSE = 60.0
"""Seconds without writing after the disk was full or failed."""

_SCALAR_BYTES = 384  # of RAM that a number takes, with its place in the tier


_NUMBERS = frozenset((int, float, bool))

Saved = tuple[int, bytes | None]
"""Bytes on disk, and the blob of a small value."""


@dataclass(frozen=True, slots=True)
class CacheInfo:
    """What a cache holds now: counts, and bytes used of the budget of each tier.

    Attributes:
        folder: where it lies, or None for one in memory only.
        actions, objects: rows on disk (of this process in memory only).
        ram_values, gpu_values: values in RAM and on the GPU.
    """

    folder: Path | None
    actions: int
    objects: int
    disk_used: int
    disk_budget: int
    ram_values: int
    ram_used: int
    ram_budget: int
    gpu_values: int
    gpu_used: int
    gpu_budget: int


class Cache:
    """What actions made, and the values themselves. Any thread may call; several processes may share a folder.

    Args:
        folder: where it lies, or None for memory only. One that cannot be written costs one warning: what
            it holds is still read, and everything new stays in memory.
        ram_bytes, disk_bytes, gpu_bytes: budget of each tier.
        warn: is told in one sentence what the user should know.
    """

    def __init__(
        self,
        folder: Path | None,
        *,
        ram_bytes: int = 1 << 30,
        disk_bytes: int = 20 << 30,
        gpu_bytes: int = 2 << 30,
        warn: Callable[[str], None],
    ) -> None:
        self.folder = folder
        self._disk_bytes = disk_bytes
        self._warn = warn
        self._lock = threading.RLock()  # of everything in memory; the index has its own
        self._flushing = threading.Lock()
        self._rows: dict[bytes, Row] = {}
        self._runs: dict[str, dict[str, Run]] = {}  # memory only
        self._pins: dict[Digest, int] = {}
        self._pinned_elements: dict[Digest, Elements] = {}
        self._ram = Tier(
            ram_bytes, self._must_stay, lambda digest, value, seconds: self._freed.left(core.nbytes(value))
        )
        self._freed = GiveBack()
        self._gpu = Tier(gpu_bytes, lambda digest: False, self._demote)
        self._pending = Batch()
        self._writing = Batch()
        self._index: Index | None = None
        self._store: Store | None = None
        self._silent_until = 0.0  # no writing before this moment of time.monotonic()
        self._warned = False
        if folder is not None:
            self._open(Path(folder))

    # ----------------------------------------------------------------------------------- actions

    def action(self, key: bytes) -> Row | None:
        """What the action with this key made when it last ran, or None."""
        row = self._rows.get(key)
        if row is not None or self._index is None:
            return row
        try:
            found = self._index.action(key)
            if found is None:
                return None
            row = decode_row(found[0])
        except (OSError, msgspec.DecodeError):
            return None
        with self._lock:
            self._keep_row(key, row)
            if found[1] != int(time.time() // 86400):
                self._pending.keys.add(key)
        return row

    def record(self, key: bytes, row: Row) -> None:
        """Note what an action made."""
        with self._lock:
            self._keep_row(key, row)
            self._pending.actions[key] = row
        self._changed(OVERHEAD)

    def _keep_row(self, key: bytes, row: Row) -> None:
        if len(self._rows) >= (ACTIONS if self._index is None else ROWS):
            for old in list(self._rows)[: len(self._rows) // 10]:
                del self._rows[old]
        self._rows[key] = row

    # ------------------------------------------------------------------------------------ values

    def put(self, digest: Digest, value: Any, seconds: float, *, verify: bool = True) -> None:
        """Keep a value, in RAM and on disk at once; one on a GPU stays there until it must leave.

        Args:
            digest: what it is called.
            value: the value.
            seconds: what it cost to make.
            verify: True: `digest` is that of the content. False: it is derived from the action key (``cutoff=False``).
        """
        if type(value) not in SCALARS:
            on_device = device_bytes(value)
            if on_device:
                with self._lock:
                    self._gpu.put(digest, value, on_device, seconds)
                return None
            value = to_host(value)
            if isinstance(value, tuple) and host_bytes(value) > INLINE and any(not _is_scalar(v) for v in value):
                return self._put_list(digest, value, seconds, verify)
        self._keep(digest, value, seconds, self._save(digest, value, seconds, verify))
        return None

    def _put_list(self, digest: Digest, items: tuple[Any, ...], seconds: float, verify: bool) -> None:
        """Each element under its own digest, so that lists share them; the list itself only names them."""
        elements = Elements(core.digest(item) for item in items)
        with self._lock:
            if digest in self._pins and digest not in self._pinned_elements:
                self._pin_elements(digest, elements)
        for element, item in zip(elements, items, strict=True):
            if element not in self:
                self.put(element, item, seconds / len(items))
        content = None if verify else core.digest_bytes(b"list", *elements)
        blob = pack_list(elements, content)
        self._keep(digest, elements, seconds, (len(blob) + OVERHEAD, blob) if self._may_write() else None)

    def _keep(self, digest: Digest, value: Any, seconds: float, saved: Saved | None) -> None:
        """Take a value into RAM, and what was saved of it into the next batch for the index."""
        size = _SCALAR_BYTES if type(value) in _NUMBERS else host_bytes(value)
        again = None if saved is None else min(seconds, 1e-4 + size / READ_RATE)
        with self._lock:
            if saved is not None:
                self._pending.objects[digest] = (saved[0], seconds, saved[1])
            self._freed.settle()
            self._ram.put(digest, value, size, seconds, again)
        if saved is not None:
            self._changed(saved[0])

    def _save(self, digest: Digest, value: Any, seconds: float, verify: bool) -> Saved | None:
        """Make a blob of a small value, a file of a large one; None if there is no disk to save it on."""
        if self._store is None or not self._may_write():
            return None
        try:
            content = digest if verify else core.digest(value)
            if type(value) in _NUMBERS or core.nbytes(value) <= INLINE:
                blob = pack(value, None if verify else content)
                return len(blob) + OVERHEAD, blob
            if digest in self._store:
                return self._store.size(digest), None
            return self._store.write(digest, value, seconds, content), None
        except OSError as error:
            self._fail(error)
        except (TypeError, ValueError, OverflowError):
            pass  # a value that cannot be written at all still serves this process
        return None

    def get(self, digest: Digest) -> Any:
        """The value.

        Raises:
            KeyError: it is nowhere (any more).
        """
        with self._lock:
            entry = self._ram.get(digest) or self._gpu.get(digest)
        value = self._load(digest) if entry is None else entry.value
        return tuple(self.get(item) for item in value) if type(value) is Elements else value

    def elements(self, digest: Digest) -> tuple[Digest, ...] | None:
        """Digests of a list's elements, without loading them; None if it is no list, or nowhere."""
        with self._lock:
            entry = self._ram.get(digest) or self._gpu.get(digest)
        try:
            value = self._load(digest) if entry is None else entry.value
        except KeyError:
            return None
        if isinstance(value, Elements):
            return tuple(value)
        return tuple(core.digest(item) for item in value) if isinstance(value, tuple) else None

    def _load(self, digest: Digest) -> Any:
        """From disk into RAM."""
        if self._index is None or self._store is None:
            raise KeyError(digest.hex())
        try:
            size, blob = self._waiting(digest) or self._index.object(digest) or (0, None)
            if blob is None:
                size = size or self._store.size(digest)
                with self._lock:
                    self._ram.make_room(size)  # before it is read, so that both never lie in memory
                    self._freed.settle()
                value = self._store.read(digest)
            else:
                value = unpack(blob, digest)
        except DamagedError:
            self._discard(digest)
            raise KeyError(digest.hex()) from None
        except (OSError, UnreadableError):
            raise KeyError(digest.hex()) from None
        seconds = 1e-4 + size / READ_RATE  # what it costs to read it once more
        with self._lock:
            self._ram.put(digest, value, host_bytes(value), seconds)
            if size > SMALL:
                self._pending.used[digest] = self._pending.used.get(digest, 0) + 1
        self._changed(0)
        return value

    def _waiting(self, digest: Digest) -> tuple[int, bytes | None] | None:
        """A small value that is on its way into the index."""
        with self._lock:
            found = self._pending.objects.get(digest) or self._writing.objects.get(digest)
        return None if found is None else (found[0], found[2])

    def _discard(self, digest: Digest) -> None:
        """Remove from disk what turned out to be damaged."""
        assert self._index is not None and self._store is not None
        with self._lock:
            self._pending.objects.pop(digest, None)
        if self._index.writable:
            self._store.remove(digest)
            with contextlib.suppress(OSError):
                self._index.forget([digest])

    def __contains__(self, digest: Digest) -> bool:
        """Could `get` find it? Asks tables only, without reading the value."""
        with self._lock:
            entry = self._ram.get(digest)
            if entry is None:
                if digest in self._gpu:
                    return True
            elif type(entry.value) is Elements:
                return all(item in self for item in entry.value)
            else:
                return True
        found = self._waiting(digest)
        if found is None and self._index is not None:
            with contextlib.suppress(OSError):
                found = self._index.object(digest)
        if found is None or found[1] is None:
            return self._store is not None and digest in self._store
        with contextlib.suppress(DamagedError, UnreadableError):
            value = unpack(found[1], digest)
            return type(value) is not Elements or all(item in self for item in value)
        return False

    def path(self, digest: Digest) -> Path | None:
        """The file of a large value on disk, for another process to map into memory (`read_file`), or None."""
        return self._store.path(digest) if self._store is not None and digest in self._store else None

    # ------------------------------------------------------------------------------------- tiers

    def pin(self, digests: Iterable[Digest]) -> None:
        """Values that are about to be needed: they stay until `unpin`, in RAM where they are not on disk. Counted."""
        with self._lock:
            for digest in digests:
                self._pins[digest] = self._pins.get(digest, 0) + 1
                entry = self._ram.peek(digest)
                if entry is not None and type(entry.value) is Elements and digest not in self._pinned_elements:
                    self._pin_elements(digest, entry.value)

    def unpin(self, digests: Iterable[Digest]) -> None:
        """Undo one `pin` each."""
        with self._lock:
            for digest in digests:
                left = self._pins.get(digest, 0) - 1
                if left > 0:
                    self._pins[digest] = left
                    continue
                self._pins.pop(digest, None)
                self._ram.reconsider(digest)
                self.unpin(self._pinned_elements.pop(digest, ()))

    def _pin_elements(self, digest: Digest, elements: Elements) -> None:
        self._pinned_elements[digest] = elements
        self.pin(elements)

    def _must_stay(self, digest: Digest) -> bool:
        if digest not in self._pins:
            return False
        if self._waiting(digest) is not None:
            return False
        if self._index is not None:
            with contextlib.suppress(OSError):
                return not self._index.has(digest)
        return True

    def _demote(self, digest: Digest, value: Any, seconds: float) -> None:
        """From the GPU to RAM and disk. Its digest never is that of its bytes: nobody has copied them before."""
        self.put(digest, to_host(value), seconds, verify=False)

    # -------------------------------------------------------------------------------------- runs

    def recall(self, document: str) -> dict[str, Run]:
        """The last run of a document: node id → (key, parts, unix time)."""
        found: dict[str, Run] = {}
        if self._index is not None:
            with contextlib.suppress(OSError):
                found = self._index.recall(document)
        with self._lock:
            found.update(self._runs.get(document, {}))
            for batch in (self._writing, self._pending):
                found.update({node: run for (d, node), run in batch.runs.items() if d == document})
        return found

    def remember(self, document: str, node: str, key: bytes, parts: bytes, when: float) -> None:
        """Note a node's key, and what it is made of (`parts`), for `recall`."""
        with self._lock:
            if self._index is None or not self._index.writable:
                self._runs.setdefault(document, {})[node] = (key, parts, when)
            else:
                self._pending.runs[document, node] = (key, parts, when)
        self._changed(OVERHEAD + len(parts))

    # ----------------------------------------------------------------------------------- writing

    def _changed(self, weight: int) -> None:
        """Something waits to be written; write it if enough does, or something has waited for long."""
        batch = self._pending
        batch.weight += weight
        batch.count += 1
        now = time.monotonic()
        if not batch.since:
            batch.since = now
        if batch.count >= BATCH or now - batch.since >= INTERVAL or batch.weight > self._disk_bytes // 32:
            self._flush(wait=False)

    def flush(self) -> None:
        """Write everything that waits."""
        self._flush(wait=True)

    def _flush(self, wait: bool) -> None:
        if not self._flushing.acquire(blocking=wait):
            return
        try:
            with self._lock:
                batch, self._pending = self._pending, Batch()
                self._writing = batch
            if batch.count and self._index is not None and self._may_write():
                total = self._index.write(batch)
                if total > self._disk_bytes:
                    self._evict()
        except OSError as error:
            self._fail(error)
        finally:
            with self._lock:
                self._writing = Batch()
            self._flushing.release()

    def _evict(self) -> None:
        assert self._index is not None and self._store is not None
        with self._lock:
            pinned = set(self._pins)
        # a little more than necessary, so that not every batch has to do it again
        for digest, is_file in self._index.evict(self._disk_bytes - self._disk_bytes // 16, pinned):
            if is_file:
                self._store.remove(digest)

    def _may_write(self) -> bool:
        return (
            self._index is not None
            and self._index.writable
            and (not self._silent_until or time.monotonic() >= self._silent_until)
        )

    def _fail(self, error: OSError) -> None:
        """Go on in memory; try the disk again later; tell the user once."""
        self._silent_until = time.monotonic() + PAUSE
        if not self._warned:
            self._warned = True
            reason = error.strerror or str(error)
            self._warn(f"The cache at {self.folder} cannot be written ({reason}): new results stay in memory only.")

    def _open(self, folder: Path) -> None:
        store = Store(folder)
        failure: OSError | None = None
        try:
            store.create()
        except OSError as error:
            failure = error
        try:
            if failure is not None and not (folder / "index.sqlite").exists():
                raise failure
            index = Index(folder / "index.sqlite", self._warn, lambda index: maintenance.rebuild(index, store))
            index.writable = index.writable and failure is None
            self._index, self._store = index, store
            if not index.writable:
                self._fail(failure or OSError("it is read-only"))
        except OSError as error:
            self._fail(failure or error)

    # ------------------------------------------------------------------------------- maintenance

    def info(self) -> CacheInfo:
        """Counts, bytes and budgets."""
        self.flush()
        actions, objects, disk = len(self._rows), len(self._ram), 0
        if self._index is not None:
            with contextlib.suppress(OSError):
                actions, objects, disk = self._index.counts()
        with self._lock:
            ram, gpu = self._ram, self._gpu
            return CacheInfo(
                self.folder if self._index is not None else None,
                actions,
                objects,
                disk,
                self._disk_bytes,
                len(ram),
                ram.used,
                ram.budget,
                len(gpu),
                gpu.used,
                gpu.budget,
            )

    def verify(self, repair: bool = True) -> list[str]:
        """Read everything on disk, and remove what is not as it was written; a sentence for each. [] = clean."""
        self.flush()
        if self._index is None or self._store is None:
            return []
        return maintenance.verify(self._index, self._store, repair)

    def clear(self) -> None:
        """Forget everything, on disk too."""
        with self._flushing, self._lock:
            self._pending = Batch()
            self._rows.clear()
            self._runs.clear()
            self._ram.clear()
            self._gpu.clear()
            if self._index is not None and self._store is not None and self._index.writable:
                self._index.clear()
                for digest in list(self._store.digests()):
                    self._store.remove(digest)
                self._store.sweep()

    def close(self) -> None:
        """Write what waits, what lies on the GPU too, and close the index."""
        with self._lock:
            for digest in self._gpu:
                entry = self._gpu.drop(digest)
                if entry is not None and self._index is not None:
                    self._demote(digest, entry.value, entry.seconds)
        self.flush()
        if self._index is not None:
            self._index.close()
            self._index = self._store = None

    def __enter__(self) -> Cache:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.close()


def _is_scalar(value: Any) -> bool:
    return not isinstance(value, (Value, tuple))
