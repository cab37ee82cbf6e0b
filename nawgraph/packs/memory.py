"""Memory that a host and a pack's process share. The host allocates all of it.

Three ways lead an array to a pack, the cheapest first: small ones travel in the message; one that the cache has as a
file is lent as that file, opened for reading, and nothing is copied; any other is copied once, into a region that is
kept from call to call, since the kernel takes longer to find new memory than to copy into old. Results come back
through such a region, too, and the host copies them out before it looks at them: a pack can write to nothing that
anybody else relies on.
"""

from __future__ import annotations

import itertools
import math
import mmap
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nawgraph.packs.messages import Slice

INLINE = 1 << 15
"""Bytes up to which an array travels in the message."""

KEPT = 1 << 28
"""Bytes of the largest region that is kept after a call."""

LARGEST = 1 << 36
"""Bytes of a region that anybody may ask for."""

_ALIGN = 64
_KINDS = frozenset("biufc")

Array = np.ndarray[Any, Any]


class ForeignError(ValueError):
    """What a pack returned does not lie where it says, or is nothing that a wire carries."""


@dataclass(slots=True)
class Region:
    """Shared memory of the host.

    Attributes:
        number: its name among all regions of this process.
        descriptor: of its file.
        size: bytes.
        memory: the host's own view; None for a file of the cache.
    """

    number: int
    descriptor: int
    size: int
    memory: mmap.mmap | None = None

    def close(self) -> None:
        """Give it back; whoever else has it mapped keeps it."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1
        self.memory = None


class Scratch:
    """A region that is kept from call to call and made anew when it is too small."""

    def __init__(self) -> None:
        self._region: Region | None = None
        self._told = 0

    def fit(self, size: int) -> Region:
        """A region of at least `size` bytes.

        Raises:
            OSError: there is no such amount of memory.
            ForeignError: nobody needs so much.
        """
        if self._region is None or self._region.size < size:
            self.drop()
            self._region = allocated(size)
        return self._region

    def news(self) -> Region | None:
        """The region, if the other side was not told of it yet."""
        if self._region is None or self._region.number == self._told:
            return None
        self._told = self._region.number
        return self._region

    def view(self) -> dict[int, mmap.mmap]:
        """The region's number and memory, if there is one."""
        return {self._region.number: self._region.memory} if self._region and self._region.memory else {}

    def trim(self) -> None:
        """After a call: let go of a region that is too large to keep."""
        if self._region is not None and self._region.size > KEPT:
            self.drop()

    def drop(self) -> None:
        """Let go of the region, whatever the other side still does with it."""
        if self._region is not None:
            self._region.close()
            self._region = None


_numbers = itertools.count(1)


def allocated(size: int) -> Region:
    """A new region.

    Raises:
        OSError: there is no such amount of memory.
        ForeignError: nobody needs so much.
    """
    if not 0 < size <= LARGEST:
        raise ForeignError(f"asked for {size:,} bytes of memory; {LARGEST:,} are the most")
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("nawgraph", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    else:
        descriptor, name = tempfile.mkstemp(prefix="nawgraph-")
        os.unlink(name)  # noqa: PTH108 - a name, not a path to keep
    try:
        os.ftruncate(descriptor, size)
        _seal(descriptor)
        return Region(next(_numbers), descriptor, size, mmap.mmap(descriptor, size))
    except OSError:
        os.close(descriptor)
        raise


def _seal(descriptor: int) -> None:
    """Fix the size: whoever looks at memory that another made shorter dies of it, and that would be the host."""
    if sys.platform == "linux":
        import fcntl

        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)


def opened(path: Path) -> Region:
    """A file as a region that can only be read. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    return Region(next(_numbers), descriptor, os.fstat(descriptor).st_size)


def places(path: Path) -> list[tuple[str, tuple[int, ...], int]]:
    """dtype, shape and offset of the arrays in a file of the cache. Raises OSError, or ValueError for another file."""
    from nawgraph.runtime.cache.layout import read_header

    with path.open("rb", buffering=0) as file:
        header, start = read_header(file)
    return [(dtype, tuple(shape), start + offset) for dtype, shape, offset in header.arrays]


def space(arrays: list[Array]) -> int:
    """Bytes that a region needs for those arrays which do not travel in the message."""
    return sum(_padded(a.nbytes) for a in arrays if a.nbytes > INLINE)


def placed(arrays: list[Array], memory: mmap.mmap | None, region: int) -> list[Slice]:
    """Arrays as slices: small ones with their bytes, large ones copied into a region one after another."""
    made, start = [], 0
    for array in arrays:
        if array.nbytes <= INLINE or memory is None:
            made.append(Slice(array.dtype.str, array.shape, 0, 0, array.tobytes()))
            continue
        target = np.frombuffer(memory, array.dtype, array.size, start).reshape(array.shape)
        np.copyto(target, array)
        made.append(Slice(array.dtype.str, array.shape, region, start))
        start += _padded(array.nbytes)
    return made


def array_of(place: Slice, regions: dict[int, Any]) -> Array:
    """The array in a slice, read-only, where it lies. `regions`: number → its memory.

    Raises:
        ForeignError: no such region, not within it, or not numbers.
    """
    try:
        kind = np.dtype(place.dtype)
    except (TypeError, ValueError):
        raise ForeignError(f"an array of {place.dtype[:40]!r}") from None
    if kind.kind not in _KINDS or len(place.shape) > 8 or any(n < 0 for n in place.shape):
        raise ForeignError(f"an array of {place.dtype[:40]!r} {place.shape[:9]}")
    count = math.prod(place.shape)
    memory = place.data if place.region == 0 else regions.get(place.region)
    if memory is None or place.start < 0 or place.start + count * kind.itemsize > len(memory):
        raise ForeignError("an array that lies outside the memory it was given")
    if not count:
        return np.zeros(place.shape, kind)
    made: Array = np.frombuffer(memory, kind, count, place.start).reshape(place.shape)
    made.setflags(write=False)
    return made


def copied(place: Slice, regions: dict[int, Any]) -> Array:
    """The array in a slice as this process's own. Raises as `array_of`."""
    made = array_of(place, regions)
    if place.region:
        made = made.copy()
        made.setflags(write=False)
    return made


def _padded(size: int) -> int:
    return size + -size % _ALIGN
