"""The cache as the executor sees it: keys to rows, digests to values, over GPU, RAM and disk."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from nawgraph.runtime.cache.device import device_bytes, host_bytes, to_host
from nawgraph.runtime.cache.disk import Disk
from nawgraph.runtime.cache.index import ACTIONS
from nawgraph.runtime.cache.layout import INLINE, SCALARS, Elements, pack_list
from nawgraph.runtime.cache.memory import GiveBack
from nawgraph.runtime.cache.rows import Row, Run
from nawgraph.runtime.cache.tiers import Tier
from nawgraph.values import core
from nawgraph.values.core import Digest, Value

ROWS = 100_000
"""Rows kept in RAM where the index has them as well."""

READ_RATE = 1e9
"""Bytes a second from disk (page cache, verified): what a value costs to have in RAM again."""

_NUMBERS = frozenset((int, float, bool))
_NUMBER_BYTES = 384  # of RAM that a number takes, with its place in the tier


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
        self._lock = threading.RLock()  # of everything in memory; the disk has its own
        self._rows: dict[bytes, Row] = {}
        self._runs: dict[str, dict[str, Run]] = {}  # where there is no disk to remember them
        self._pins: dict[Digest, int] = {}
        self._pinned_elements: dict[Digest, Elements] = {}
        self._freed = GiveBack()
        self._ram = Tier(
            ram_bytes, self._must_stay, lambda digest, value, seconds: self._freed.left(core.nbytes(value))
        )
        self._gpu = Tier(gpu_bytes, lambda digest: False, self._demote)
        self._disk = Disk(None if folder is None else Path(folder), disk_bytes, warn, self._pinned)

    # ----------------------------------------------------------------------------------- actions

    def action(self, key: bytes) -> Row | None:
        """What the action with this key made when it last ran, or None."""
        row = self._rows.get(key)
        if row is None:
            row = self._disk.action(key)
            if row is not None:
                with self._lock:
                    self._keep_row(key, row)
        return row

    def refresh(self) -> None:
        """See what other processes have added. Called before each run."""
        self._disk.refresh()

    def record(self, key: bytes, row: Row) -> None:
        """Note what an action made."""
        with self._lock:
            self._keep_row(key, row)
        self._disk.record(key, row)

    def _keep_row(self, key: bytes, row: Row) -> None:
        if len(self._rows) >= (ROWS if self._disk.is_open else ACTIONS):
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
                return
            value = to_host(value)
            if isinstance(value, tuple) and host_bytes(value) > INLINE and any(map(_is_structured, value)):
                self._put_list(digest, value, seconds, verify)
                return
        self._keep(digest, value, seconds, self._disk.save(digest, value, seconds, verify) is not None)

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
        self._keep(
            digest, elements, seconds, self._disk.saved(digest, pack_list(elements, content), seconds) is not None
        )

    def _keep(self, digest: Digest, value: Any, seconds: float, saved: bool) -> None:
        """Take a value into RAM."""
        size = _NUMBER_BYTES if type(value) in _NUMBERS else host_bytes(value)
        with self._lock:
            self._freed.settle()
            self._ram.put(digest, value, size, seconds, min(seconds, _read_time(size)) if saved else None)

    def get(self, digest: Digest) -> Any:
        """The value.

        Raises:
            KeyError: it is nowhere (any more).
        """
        value = self._find(digest)
        return tuple(self.get(item) for item in value) if type(value) is Elements else value

    def _find(self, digest: Digest) -> Any:
        """The value, or the digests of a list's elements. Raises KeyError."""
        with self._lock:
            entry = self._ram.get(digest) or self._gpu.get(digest)
        if entry is not None:
            return entry.value
        found = self._disk.find(digest)
        if found is None:
            raise KeyError(digest.hex())
        with self._lock:
            self._ram.make_room(found[0])  # before it is read, so that both never lie in memory
            self._freed.settle()
        value = self._disk.load(digest, found)
        self._keep(digest, value, _read_time(found[0]), True)
        return value

    def elements(self, digest: Digest) -> tuple[Digest, ...] | None:
        """Digests of a list's elements if each is kept as an object of its own, without loading them; else None."""
        try:
            value = self._find(digest)
        except KeyError:
            return None
        return tuple(value) if type(value) is Elements else None

    def __contains__(self, digest: Digest) -> bool:
        """Could `get` find it? Asks tables only, without reading the value."""
        with self._lock:
            entry = self._ram.peek(digest) or self._gpu.peek(digest)
        if entry is not None:
            elements = entry.value if type(entry.value) is Elements else None
        elif self._disk.find(digest) is None:
            return False
        else:
            elements = self._disk.elements(digest)
        return elements is None or all(item in self for item in elements)

    def path(self, digest: Digest) -> Path | None:
        """The file of a large value on disk, for another process to map into memory (`read_file`), or None."""
        return self._disk.path(digest)

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

    def _pinned(self) -> set[Digest]:
        with self._lock:
            return set(self._pins)

    def _must_stay(self, digest: Digest) -> bool:
        return digest in self._pins and self._disk.find(digest) is None

    def _demote(self, digest: Digest, value: Any, seconds: float) -> None:
        """From the GPU to RAM and disk. Its digest never is that of its bytes: nobody has copied them before."""
        self.put(digest, to_host(value), seconds, verify=False)

    # -------------------------------------------------------------------------------------- runs

    def recall(self, document: str) -> dict[str, Run]:
        """The last run of a document: node id → (key, parts, unix time)."""
        found = self._disk.recall(document)
        with self._lock:
            return found | self._runs.get(document, {})

    def remember(self, document: str, node: str, key: bytes, parts: bytes, when: float) -> None:
        """Note a node's key, and what it is made of (`parts`), for `recall`."""
        if self._disk.is_writable:
            self._disk.remember(document, node, (key, parts, when))
        else:
            with self._lock:
                self._runs.setdefault(document, {})[node] = (key, parts, when)

    # ------------------------------------------------------------------------------- maintenance

    def flush(self) -> None:
        """Write everything that waits."""
        self._disk.flush()

    def info(self) -> CacheInfo:
        """Counts, bytes and budgets."""
        actions, objects, used = self._disk.counts()
        with self._lock:
            ram, gpu = self._ram, self._gpu
            if not self._disk.is_open:
                actions, objects = len(self._rows), len(ram)
            return CacheInfo(
                folder=self.folder if self._disk.is_open else None,
                actions=actions,
                objects=objects,
                disk_used=used,
                disk_budget=self._disk.budget,
                ram_values=len(ram),
                ram_used=ram.used,
                ram_budget=ram.budget,
                gpu_values=len(gpu),
                gpu_used=gpu.used,
                gpu_budget=gpu.budget,
            )

    def verify(self, repair: bool = True) -> list[str]:
        """Read everything on disk, and remove what is not as it was written; a sentence for each. [] = clean."""
        return self._disk.verify(repair)

    def clear(self) -> None:
        """Forget everything, on disk too. Raises OSError if another process keeps the index busy."""
        with self._lock:
            self._rows.clear()
            self._runs.clear()
            self._ram.clear()
            self._gpu.clear()
        self._disk.clear()

    def close(self) -> None:
        """Write what waits, what lies on the GPU too, and close the index."""
        with self._lock:
            for digest in self._gpu:
                entry = self._gpu.drop(digest)
                if entry is not None and self._disk.is_open:
                    self._demote(digest, entry.value, entry.seconds)
        self._disk.close()

    def __enter__(self) -> Cache:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.close()


def _is_structured(value: Any) -> bool:
    return isinstance(value, (Value, tuple))


def _read_time(size: int) -> float:
    return 1e-4 + size / READ_RATE
