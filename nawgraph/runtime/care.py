"""Precautions of a run that is watched from outside: what to run alone, what not to run, and who is at work now."""

from __future__ import annotations

import mmap
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

GRACE = 0.8
"""Seconds that running nodes have to obey a cancel before they are left behind."""

_SLOT = 1024
_SLOTS = 256


@dataclass(frozen=True, slots=True)
class Care:
    """How a run is watched over.

    Attributes:
        barred: step id → (sentence, detail) with which it fails instead of being run.
        solo: ids of steps to be run while nothing else does.
        flight: is entered with the ids of the steps that a thread works on, while it does.
        grace: seconds that running nodes have to obey a cancel.
    """

    barred: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    solo: Collection[str] = ()
    flight: Callable[[Sequence[str]], AbstractContextManager[Any]] = nullcontext
    grace: float = GRACE


class Flight:
    """A record of the steps being worked on, in a file mapped into memory, so that it outlives the process.

    What a process writes into a shared mapping is in the kernel's hands at once: after a segmentation fault or a
    kill −9 the supervisor reads who was at work. One step a slot; an id that fits no slot is not recorded.

    Raises:
        OSError: the file cannot be made.
    """

    def __init__(self, file: Path) -> None:
        file.write_bytes(bytes(_SLOT * _SLOTS))
        with file.open("r+b") as handle:
            self._memory = mmap.mmap(handle.fileno(), 0)
        self._free = list(range(_SLOTS))
        self._lock = threading.Lock()

    @contextmanager
    def __call__(self, ids: Sequence[str]) -> Iterator[None]:
        """Record steps as being worked on for the duration of a ``with`` block."""
        taken = [slot for id in ids if (slot := self._enter(id.encode())) >= 0]
        try:
            yield
        finally:
            for slot in taken:
                self._memory[slot * _SLOT] = 0
                with self._lock:
                    self._free.append(slot)

    def _enter(self, id: bytes) -> int:
        with self._lock:
            if len(id) >= _SLOT or not self._free:
                return -1
            slot = self._free.pop()
        start = slot * _SLOT
        self._memory[start : start + len(id) + 1] = id + b"\0"
        return slot


def in_flight(file: Path) -> list[str]:
    """Ids of the steps that a process was working on when it ended; [] if it left no record."""
    try:
        memory = file.read_bytes()
    except OSError:
        return []
    slots = (memory[start : start + _SLOT] for start in range(0, len(memory), _SLOT))
    return sorted(slot.partition(b"\0")[0].decode(errors="replace") for slot in slots if slot[0])
