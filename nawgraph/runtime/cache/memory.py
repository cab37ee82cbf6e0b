"""Memory that was freed goes back to the system, so that a budget holds for the process and not just on paper.

glibc keeps freed blocks of up to 32 MB in its heap once it has seen one of that size (the dynamic mmap
threshold, mallopt(3)), and what lies below the last used block stays there until `malloc_trim` is called.
Other allocators give large blocks back by themselves.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from functools import cache

STEP = 16 << 20
"""Bytes that may have been freed before it is worth the call."""


@cache
def _trim() -> Callable[[int], int] | None:
    if not sys.platform.startswith("linux"):
        return None
    return getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none


class GiveBack:
    """Counts what leaves memory and, every `STEP` bytes, has the allocator return it."""

    def __init__(self) -> None:
        self._freed = 0

    def left(self, size: int) -> None:
        """So many bytes have been, or are about to be, freed."""
        self._freed += size

    def settle(self) -> None:
        """Return them, if they are enough to be worth it."""
        if self._freed >= STEP:
            self._freed = 0
            trim = _trim()
            if trim is not None:
                trim(0)
