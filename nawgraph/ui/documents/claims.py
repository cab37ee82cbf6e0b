"""Which window has which file open: advisory, so that two windows on one file know of each other."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType

from nawgraph.ui.documents.locks import Lock, holder
from nawgraph.ui.documents.places import editor_folder, key_of


class Claim:
    """A file is open here until `release`, or until this process ends."""

    def __init__(self, path: Path, lock: Lock | None) -> None:
        self.path = path
        self._lock = lock

    def release(self) -> None:
        """Let others have it. Twice is once."""
        if self._lock is not None:
            self._lock.release()

    def __enter__(self) -> Claim:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def claim(path: str | os.PathLike[str]) -> Claim | int:
    """Note that a file is open here; or the process id of the editor that has it open, which may be this one.

    Links and spellings of a path are one file. A claim dies with its process. Where claims cannot be kept (a home
    that cannot be written), everybody gets one. 0 stands for a process that did not say who it is.
    """
    place = editor_folder() / "claims" / key_of(path)
    try:
        lock = Lock.take(place)
    except OSError:
        return Claim(Path(path), None)
    return holder(place) if lock is None else Claim(Path(path), lock)
