"""The part of a cache that outlives its process: the index, the object files, and the changes that wait.

Without a folder, or with one that cannot be used, everything here finds nothing and saves nothing.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import msgspec

from nawgraph.runtime.cache import maintenance
from nawgraph.runtime.cache.index import OVERHEAD, SMALL, Index
from nawgraph.runtime.cache.known import Known
from nawgraph.runtime.cache.layout import INLINE, SCALARS, DamagedError, Elements, UnreadableError, pack, unpack
from nawgraph.runtime.cache.rows import Batch, Row, Run, decode_row
from nawgraph.runtime.cache.store import Store
from nawgraph.values import core
from nawgraph.values.core import Digest

BATCH = 4096
"""Changes that are written to the index together, …"""

INTERVAL = 0.5
"""… or after so many seconds."""

PAUSE = 60.0
"""Seconds without writing after the disk was full or failed."""

Saved = tuple[int, bytes | None]
"""Bytes on disk, and the blob of a small value (None: it is a file)."""


class Disk:
    """One cache folder. Any thread may call; several processes may share the folder.

    Args:
        folder: where it lies, or None.
        budget: bytes.
        warn: is told in one sentence what the user should know.
        pinned: objects that must not be evicted now.
    """

    def __init__(
        self, folder: Path | None, budget: int, warn: Callable[[str], None], pinned: Callable[[], Collection[Digest]]
    ) -> None:
        self.folder = folder
        self.budget = budget
        self._warn = warn
        self._pinned = pinned
        self._lock = threading.Lock()  # of the batches; the index has its own
        self._flushing = threading.Lock()
        self._pending = Batch()
        self._writing = Batch()
        self._index: Index | None = None
        self._store: Store | None = None
        self._known = Known(lambda: 0, tuple, lambda: 0)
        self._silent_until = 0.0  # no writing before this moment of time.monotonic()
        self._warned = False
        if folder is not None:
            self._open(folder)

    def _open(self, folder: Path) -> None:
        store, file = Store(folder), folder / "index.sqlite"
        failure: OSError | None = None
        try:
            store.create()
        except OSError as error:
            failure = error
        try:
            if failure is not None and not file.exists():
                raise failure
            index = Index(file, self._warn, lambda index: maintenance.rebuild(index, store))
        except OSError as error:
            return self._fail(failure or error)
        index.writable = index.writable and failure is None
        self._index, self._store = index, store
        self._known = Known(lambda: index.counts()[0], index.keys, index.version)
        if not index.writable:
            self._fail(failure or OSError("it is read-only"))
        return None

    @property
    def is_open(self) -> bool:
        """Is there a folder that can at least be read?"""
        return self._index is not None

    @property
    def is_writable(self) -> bool:
        """Can something be saved now?"""
        index = self._index
        return (
            index is not None
            and index.writable
            and (not self._silent_until or time.monotonic() >= self._silent_until)
        )  # fmt: skip

    # ---------------------------------------------------------------------------- actions and runs

    def action(self, key: bytes) -> Row | None:
        """The row of an action."""
        if self._index is None or not self._known.may_hold(key):
            return None
        try:
            found = self._index.action(key)
            if found is None:
                self._known.missed()
            row = None if found is None else decode_row(found[0])
        except (OSError, msgspec.DecodeError):
            return None
        if found is not None and found[1] != int(time.time() // 86400):
            with self._lock:
                self._pending.keys.add(key)
            self._changed(0)
        return row

    def refresh(self) -> None:
        """See what other processes have added. Called before each run."""
        if self._index is not None:
            self._known.refresh()

    def record(self, key: bytes, row: Row) -> None:
        with self._lock:
            self._pending.actions[key] = row
            self._known.added(key)
        self._changed(OVERHEAD)

    def recall(self, document: str) -> dict[str, Run]:
        found: dict[str, Run] = {}
        if self._index is not None:
            with contextlib.suppress(OSError):
                found = self._index.recall(document)
        with self._lock:
            for batch in (self._writing, self._pending):
                found.update({node: run for (d, node), run in batch.runs.items() if d == document})
        return found

    def remember(self, document: str, node: str, run: Run) -> None:
        with self._lock:
            self._pending.runs[document, node] = run
        self._changed(OVERHEAD + len(run[1]))

    # ------------------------------------------------------------------------------------- objects

    def save(self, digest: Digest, value: Any, seconds: float, verify: bool) -> Saved | None:
        """Make a blob of a small value, a file of a large one; None if it cannot be saved."""
        if self._store is None or not self.is_writable:
            return None
        try:
            content = digest if verify else core.digest(value)
            if (type(value) in SCALARS and type(value) is not str) or core.nbytes(value) <= INLINE:
                blob = pack(value, None if verify else content)
                return self._note(digest, (len(blob) + OVERHEAD, blob), seconds)
            size = self._store.size(digest) if digest in self._store else None
            return self._note(digest, (size or self._store.write(digest, value, seconds, content), None), seconds)
        except OSError as error:
            self._fail(error)
        except (TypeError, ValueError, OverflowError):
            pass  # a value that cannot be written at all still serves this process
        return None

    def saved(self, digest: Digest, blob: bytes, seconds: float) -> Saved | None:
        """Save a blob."""
        return self._note(digest, (len(blob) + OVERHEAD, blob), seconds) if self.is_writable else None

    def _note(self, digest: Digest, saved: Saved, seconds: float) -> Saved:
        with self._lock:
            self._pending.objects[digest] = (saved[0], seconds, saved[1])
        self._changed(saved[0])
        return saved

    def find(self, digest: Digest) -> Saved | None:
        """Size of an object, and its blob unless it is a file; None if it is not there."""
        if self._index is None or self._store is None:
            return None
        with self._lock:
            waiting = self._pending.objects.get(digest) or self._writing.objects.get(digest)
        if waiting is not None and waiting[2] is not None:
            return waiting[0], waiting[2]
        with contextlib.suppress(OSError):
            found = None if waiting is not None else self._index.object(digest)
            return found if found is not None and found[1] is not None else (self._store.size(digest), None)
        return None

    def load(self, digest: Digest, found: Saved) -> Any:
        """Read what `find` found.

        Raises:
            KeyError: it is gone, damaged (then it is removed), or of an unknown type.
        """
        assert self._store is not None
        size, blob = found
        try:
            value = self._store.read(digest) if blob is None else unpack(blob, digest)
        except DamagedError:
            self._discard(digest)
            raise KeyError(digest.hex()) from None
        except (OSError, UnreadableError):
            raise KeyError(digest.hex()) from None
        if size > SMALL:
            with self._lock:
                self._pending.used[digest] = self._pending.used.get(digest, 0) + 1
            self._changed(0)
        return value

    def _discard(self, digest: Digest) -> None:
        with self._lock:
            self._pending.objects.pop(digest, None)
        if self._index is not None and self._store is not None and self._index.writable:
            self._store.remove(digest)
            with contextlib.suppress(OSError):
                self._index.forget([digest])

    def elements(self, digest: Digest) -> Elements | None:
        """Digests of the elements if this is a list of objects."""
        found = self.find(digest)
        if found is None or found[1] is None:
            return None
        with contextlib.suppress(DamagedError, UnreadableError):
            value = unpack(found[1], digest)
            return value if type(value) is Elements else None
        return None

    def path(self, digest: Digest) -> Path | None:
        """The file of a large object."""
        return self._store.path(digest) if self._store is not None and digest in self._store else None

    # ------------------------------------------------------------------------------------- writing

    def _changed(self, weight: int) -> None:
        """Something waits to be written; write it if enough does, or something has waited for long."""
        batch = self._pending
        batch.weight += weight
        batch.count += 1
        now = time.monotonic()
        if not batch.since:
            batch.since = now
        if batch.count >= BATCH or now - batch.since >= INTERVAL or batch.weight > self.budget // 32:
            self.flush(wait=False)

    def flush(self, wait: bool = True) -> None:
        """Write everything that waits; if another thread is at it, `wait` for it or leave it to that one."""
        if not self._flushing.acquire(blocking=wait):
            return
        try:
            with self._lock:
                batch, self._pending = self._pending, Batch()
                self._writing = batch
            if batch.count and self._index is not None and self.is_writable and self._index.write(batch) > self.budget:
                self._evict(self._index)
        except OSError as error:
            self._fail(error)
        finally:
            with self._lock:
                self._writing = Batch()
            self._flushing.release()

    def _evict(self, index: Index) -> None:
        assert self._store is not None
        # a little more than necessary, so that not every batch has to do it again
        for digest, is_file in index.evict(self.budget - self.budget // 16, self._pinned()):
            if is_file:
                self._store.remove(digest)

    def _fail(self, error: OSError) -> None:
        """Go on in memory; try the disk again later; tell the user once."""
        self._silent_until = time.monotonic() + PAUSE
        if not self._warned:
            self._warned = True
            reason = error.strerror or str(error)
            self._warn(f"The cache at {self.folder} cannot be written ({reason}): new results stay in memory only.")

    # --------------------------------------------------------------------------------- maintenance

    def counts(self) -> tuple[int, int, int]:
        """Number of actions, number of objects, bytes of all objects."""
        self.flush()
        with contextlib.suppress(OSError):
            return (0, 0, 0) if self._index is None else self._index.counts()
        return 0, 0, 0

    def verify(self, repair: bool) -> list[str]:
        self.flush()
        if self._index is None or self._store is None:
            return []
        return maintenance.verify(self._index, self._store, repair)

    def clear(self) -> None:
        """Forget everything. Raises OSError."""
        with self._flushing:
            with self._lock:
                self._pending = Batch()
            if self._index is not None and self._store is not None and self._index.writable:
                self._index.clear()
                for digest in list(self._store.digests()):
                    self._store.remove(digest)
                self._store.sweep()

    def close(self) -> None:
        self.flush()
        if self._index is not None:
            self._index.close()
            self._index = self._store = None
