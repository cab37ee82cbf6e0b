"""Autosave and crash recovery.

Each editor process has a folder ``editor/journal/PID-RANDOM/`` with one file a tab and a lock that the system gives
back when the process dies. `Autosave.write` notes the newest document of a tab and returns at once; a thread writes
what was noted `DELAY` seconds after the first change that is not yet on disk. Changes that follow do not put it off, so
kill −9 at any moment costs the last `DELAY` seconds and the time of one write: about 1 s, and 5 s are promised.

What a dead process left is found by its lock being free. Taking a recovery over moves its file into the living
process's own journal, in one step: two editors can never take the same, and it is never without a home.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import threading
import time as clock
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nawgraph import files
from nawgraph.files import FormatError
from nawgraph.graph import Graph
from nawgraph.ui.documents.disk import Stamp
from nawgraph.ui.documents.locks import Lock
from nawgraph.ui.documents.places import editor_folder, write_whole

DELAY = 1.0
"""Seconds between a change and its being on disk."""

_LOCK = "lock"
_SUFFIX = ".journal"


@dataclass(frozen=True, slots=True)
class Recovery:
    """A document that a dead editor left unsaved.

    Attributes:
        title: of the document or its file.
        path: its file, None if it never had one.
        time: of its last change that reached the disk, in seconds since 1970.
        nodes: how many it has, subgraphs not counted.
        file: where it lies.
    """

    title: str
    path: Path | None
    time: float
    nodes: int
    file: Path


@dataclass(frozen=True, slots=True)
class Recovered:
    """A recovery that was taken over.

    Attributes:
        stamp: what its file held when it was opened or last saved, so that a save notices a change since; None if
            the document has no file.
    """

    graph: Graph
    path: Path | None
    title: str
    stamp: Stamp | None


@dataclass(frozen=True, slots=True)
class _Note:
    graph: Graph
    path: Path | None
    title: str
    stamp: Stamp | None
    time: float


class Autosave:
    """This process's journal. Any thread may call; nothing here waits for a disk except `take` and `close`.

    Attributes:
        problem: why the last write failed, in a sentence, "" if it did not: for the status bar.
    """

    def __init__(self, *, delay: float = DELAY) -> None:
        self.problem = ""
        self.folder = _journals() / f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self._delay = delay
        self._notes: dict[str, _Note | None] = {}  # None: nothing of the tab needs to be recovered
        self._changed = threading.Condition()
        self._writing = threading.Lock()  # held while files of the journal change
        self._open = True
        self._lock: Lock | None = None
        self._thread = threading.Thread(target=self._work, name="nawgraph-autosave", daemon=True)
        self._thread.start()

    def write(self, tab: str, graph: Graph, path: Path | None, title: str, stamp: Stamp | None = None) -> None:
        """Note a tab's document with unsaved changes. Costs microseconds."""
        with self._changed:
            self._notes[tab] = _Note(graph, path, title, stamp, clock.time())
            self._changed.notify()

    def forget(self, tab: str) -> None:
        """A tab was saved or closed: nothing of it needs to be recovered."""
        with self._changed:
            self._notes[tab] = None
            self._changed.notify()

    def flush(self) -> None:
        """Write what is noted now."""
        with self._writing:
            with self._changed:
                notes, self._notes = self._notes, {}
            for tab, note in notes.items():
                if note is None:
                    with contextlib.suppress(OSError):
                        self._file(tab).unlink()
                else:
                    self._put(tab, note)

    def close(self) -> None:
        """A clean exit: the journal goes, with all that it holds."""
        with self._changed:
            self._open = False
            self._notes.clear()
            self._changed.notify()
        self._thread.join()
        with self._writing:
            if self._lock is not None:
                shutil.rmtree(self.folder, ignore_errors=True)
                self._lock.release()

    def take(self, recovery: Recovery, tab: str) -> Recovered:
        """Take over what a dead editor left, as the document of a tab. It stays recoverable until it is saved.

        Raises:
            FormatError: another window has taken it, or it is damaged (it is left where it is).
        """
        found = _read(recovery.file)
        with self._writing:
            try:
                self._settle()
                recovery.file.replace(self._file(tab))
            except FileNotFoundError:
                raise FormatError("was taken over by another window", recovery.title) from None
            except OSError as error:
                raise FormatError(f"cannot be taken over: {error.strerror or error}", recovery.title) from None
        _tidy(recovery.file.parent)
        return found

    # ----------------------------------------------------------------------------------- thread

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._notes) or not self._open)
                self._changed.wait_for(lambda: not self._open, self._delay)
                if not self._open:
                    return
            self.flush()

    def _put(self, tab: str, note: _Note) -> None:
        head = {
            "title": note.title,
            "path": str(note.path) if note.path else "",
            "time": note.time,
            "nodes": len(note.graph.nodes),
            "stamp": note.stamp.digest.hex() if note.stamp else "",
        }
        try:
            text = files.dumps(note.graph)
            self._settle()
            write_whole(self._file(tab), f"{json.dumps(head)}\n{text}".encode())
            self.problem = ""
        except FormatError as error:
            self.problem = f"autosave of {note.title}: {error.reason}"
        except OSError as error:
            self.problem = f"autosave of {note.title} failed: {error.strerror or error}"
            with self._changed:
                self._notes.setdefault(tab, note)  # until there is room again

    def _settle(self) -> None:
        """Make the folder, with a lock that says that we live. Raises OSError."""
        if self._lock is None:
            self._lock = Lock.take(self.folder / _LOCK)

    def _file(self, tab: str) -> Path:
        return self.folder / f"{hashlib.blake2b(tab.encode(), digest_size=8).hexdigest()}{_SUFFIX}"


def recoveries() -> list[Recovery]:
    """What dead editors left, newest first. Folders with nothing in them are removed."""
    found: list[Recovery] = []
    with contextlib.suppress(OSError):
        for folder in _journals().iterdir():
            if _tidy(folder):
                found += [r for r in map(_look, folder.glob(f"*{_SUFFIX}")) if r is not None]
    return sorted(found, key=lambda r: -r.time)


def discard(recovery: Recovery) -> None:
    """Throw away what a dead editor left."""
    with contextlib.suppress(OSError):
        recovery.file.unlink()
    _tidy(recovery.file.parent)


def _journals() -> Path:
    return editor_folder() / "journal"


def _tidy(folder: Path) -> bool:
    """Whether a dead process left something in this folder; an empty one is removed."""
    try:
        lock = Lock.take(folder / _LOCK)
    except OSError:
        return any(folder.glob(f"*{_SUFFIX}"))  # a home that cannot be written: nobody lives here
    if lock is None:
        return False
    with lock:
        if any(folder.glob(f"*{_SUFFIX}")):
            return True
        shutil.rmtree(folder, ignore_errors=True)
    return False


def _head(line: bytes) -> dict[str, Any]:
    """The first line of a journal. Raises ValueError."""
    head = json.loads(line)
    if not isinstance(head, dict):
        raise ValueError("not an object")
    return head


def _look(file: Path) -> Recovery | None:
    try:
        with file.open("rb") as stream:
            head = _head(stream.readline(1 << 16))
        path = Path(head["path"]) if head["path"] else None
        return Recovery(str(head["title"]), path, float(head["time"]), int(head["nodes"]), file)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _read(file: Path) -> Recovered:
    try:
        line, _, text = file.read_bytes().partition(b"\n")
        head = _head(line)
        title, path = str(head["title"]), Path(head["path"]) if head["path"] else None
        stamp = Stamp(bytes.fromhex(head["stamp"])) if head.get("stamp") else None
    except FileNotFoundError:
        raise FormatError("was taken over by another window", str(file)) from None
    except OSError as error:
        raise FormatError(f"cannot be read: {error.strerror or error}", str(file)) from None
    except (ValueError, KeyError, TypeError):
        raise FormatError("is damaged: what it held cannot be told", str(file)) from None
    return Recovered(files.loads(text, name=title), path, title, stamp)
