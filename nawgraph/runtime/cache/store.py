"""The folder of object files: ``objects/ab/ab12…``, and ``tmp/`` for the unfinished ones."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nawgraph.runtime.cache.layout import read_file, read_header, write_file
from nawgraph.values.core import DIGEST_SIZE, Digest

_STALE = 86400.0  # seconds after which an unfinished file is nobody's, even if its process number is in use again


class Store:
    """Object files in a cache folder. Any number of processes may use one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._objects = folder / "objects"
        self._scratch = folder / "tmp"

    def create(self) -> None:
        """Make the folders and see whether they can be written; sweep what dead processes left unfinished.

        Raises:
            OSError: they cannot.
        """
        self._objects.mkdir(parents=True, exist_ok=True)
        self._scratch.mkdir(exist_ok=True)
        probe = self._scratch / f"{os.getpid()}-probe.tmp"
        probe.write_bytes(b"")
        probe.unlink(missing_ok=True)
        self.sweep()

    def path(self, digest: Digest) -> Path:
        name = digest.hex()
        return self._objects / name[:2] / name

    def __contains__(self, digest: Digest) -> bool:
        return self.path(digest).exists()

    def size(self, digest: Digest) -> int:
        """Bytes of the file. Raises OSError."""
        return self.path(digest).stat().st_size

    def write(self, digest: Digest, value: Any, seconds: float, content: Digest) -> int:
        """Store a value; returns the bytes it takes. Raises OSError."""
        return write_file(
            self.path(digest), value, digest, content=content, seconds=seconds, scratch=self._scratch
        )  # fmt: skip

    def read(self, digest: Digest) -> Any:
        """The value, verified. Raises OSError, `DamagedError`, `UnreadableError`."""
        return read_file(self.path(digest), digest)

    def seconds(self, digest: Digest) -> float:
        """What the value cost to make, from the header. Raises OSError, `DamagedError`."""
        with self.path(digest).open("rb") as file:
            return read_header(file)[0].seconds

    def remove(self, digest: Digest) -> None:
        """Delete a file if it is there and can be deleted."""
        with contextlib.suppress(OSError):
            self.path(digest).unlink()

    def digests(self) -> Iterator[Digest]:
        """All objects, in order."""
        for file in self._files():
            digest = _digest(file)
            if digest is not None:
                yield digest

    def strangers(self) -> Iterator[Path]:
        """Files among the objects that are none."""
        return (file for file in self._files() if _digest(file) is None)

    def _files(self) -> Iterator[Path]:
        with contextlib.suppress(OSError):
            for folder in sorted(p for p in self._objects.iterdir() if p.is_dir()):
                yield from sorted(folder.iterdir())

    def sweep(self) -> None:
        """Delete the unfinished files of processes that are no more."""
        with contextlib.suppress(OSError):
            for file in list(self._scratch.iterdir()):
                with contextlib.suppress(OSError):
                    if not _alive(file) or time.time() - file.stat().st_mtime > _STALE:
                        file.unlink()


def _digest(file: Path) -> Digest | None:
    try:
        digest = bytes.fromhex(file.name)
    except ValueError:
        return None
    return digest if len(digest) == DIGEST_SIZE and file.parent.name == file.name[:2] == digest.hex()[:2] else None


def _alive(file: Path) -> bool:
    """Does the process that began this file still run? (On Windows, where asking is costly: assume so.)"""
    pid = file.name.split("-", 1)[0]
    if os.name == "nt" or not pid.isdigit():
        return pid.isdigit()
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return True
