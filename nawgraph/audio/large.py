"""Sounds that are too large to be held in memory: an hour of four stems is 5 GB.

Their samples lie in a file without a name, mapped into memory: the system writes what it has no room for to the disk
and reads it again where it is wanted. What works on them goes through them in blocks, so that nothing else of their
size is made. The file is gone with the last array that lies in it.
"""

from __future__ import annotations

import mmap
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np

from nawgraph.values.signal import Float

LARGE = 1 << 27
"""Bytes from which on an array lies in a file: six minutes of stereo."""

BLOCK = 1 << 20
"""Frames that are worked on at once: 24 s at 44.1 kHz."""

FOLDER = "NAWGRAPH_SCRATCH"
"""Environment variable: the folder of these files; otherwise /var/tmp, which lies on a disk, or the system's own."""


def zeros(*shape: int) -> Float:
    """Silence, float32: in memory, or in a file where it is large and the disk has room for it."""
    size = 4 * int(np.prod(shape))
    memory = _mapped(size)
    return np.zeros(shape, np.float32) if memory is None else np.frombuffer(memory, np.float32).reshape(shape)


def done(x: Float) -> Float:
    """`x`, which nobody changes any more: a value takes it over as it is."""
    x.setflags(write=False)
    return x


def blocks(frames: int, size: int = BLOCK) -> Iterator[slice]:
    """Slices that cover so many frames, each `size` long but the last."""
    for start in range(0, frames, size):
        yield slice(start, min(start + size, frames))


def folder() -> Path:
    """Where the files are."""
    told = os.environ.get(FOLDER)
    if told:
        return Path(told)
    lasting = Path("/var/tmp")
    return lasting if os.access(lasting, os.W_OK | os.X_OK) else Path(tempfile.gettempdir())


def roomy(size: int) -> bool:
    """Whether so many bytes would lie in files."""
    try:
        return size >= LARGE and shutil.disk_usage(folder()).free >= 2 * size
    except OSError:
        return False


def file(size: int) -> IO[bytes] | None:
    """A file without a name for so many bytes; None for few bytes, or where there is no folder or no room."""
    if not roomy(size):
        return None
    try:
        return tempfile.TemporaryFile(dir=folder(), prefix="nawgraph-")
    except OSError:
        return None


def _mapped(size: int) -> mmap.mmap | None:
    """Memory in a file, if there is one to be had."""
    found = file(size)
    if found is None:
        return None
    with found:
        try:
            if hasattr(os, "posix_fallocate"):  # a disk that is full later would end the process
                os.posix_fallocate(found.fileno(), 0, size)
            else:
                found.truncate(size)
            return mmap.mmap(found.fileno(), size)
        except OSError:
            return None
