"""Locks that the system gives back when their process dies, however it dies: none is ever stale."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from types import TracebackType

_BYTE = 1 << 30
"""Where Windows locks: a byte far beyond the text, since a locked one cannot be read."""


class Lock:
    """A file that one holder at a time has; it holds the process id of its holder."""

    def __init__(self, path: Path, handle: int) -> None:
        self._path = path
        self._handle = handle

    @classmethod
    def take(cls, path: Path) -> Lock | None:
        """The lock, or None while somebody has it, also this process. Never waits.

        Raises:
            OSError: the file cannot be made.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        while True:
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
            if not _lock(handle):
                os.close(handle)
                return None
            if _still_there(path, handle):
                break
            os.close(handle)  # its last holder removed the file after we had opened it
        os.ftruncate(handle, 0)
        os.write(handle, str(os.getpid()).encode())
        return cls(path, handle)

    def release(self) -> None:
        """Give it back. Twice is once."""
        handle, self._handle = self._handle, -1
        if handle < 0:
            return
        with contextlib.suppress(OSError):
            self._path.unlink()  # first, so that nobody locks a file that is about to go
        with contextlib.suppress(OSError):
            os.close(handle)

    def __enter__(self) -> Lock:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def holder(path: Path) -> int:
    """Process id that a lock's file names, 0 where it names none."""
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return 0


def _lock(handle: int) -> bool:
    try:
        if os.name == "nt":
            import msvcrt

            os.lseek(handle, _BYTE, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
            os.lseek(handle, 0, os.SEEK_SET)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _still_there(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except OSError:
        return False
