"""Recently opened documents, shared by all editors."""

from __future__ import annotations

import contextlib
import os
import time as clock
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nawgraph.ui.documents.places import alone, editor_folder, read_json, resolved, write_json

MOST = 30


@dataclass(frozen=True, slots=True)
class Recent:
    """A document that was opened or saved.

    Attributes:
        time: when, in seconds since 1970.
        gone: the file is not there now.
    """

    path: Path
    title: str
    time: float
    gone: bool


def recent() -> list[Recent]:
    """Newest first. Asks the disk for each file, which may be a slow one: not for the main thread."""
    found = []
    for entry in _entries():
        with contextlib.suppress(TypeError, KeyError, ValueError):
            path = Path(entry["path"])
            found.append(Recent(path, str(entry["title"]), float(entry["time"]), not os.path.lexists(path)))
    return found


def remember(path: str | os.PathLike[str], title: str = "", *, now: float | None = None) -> None:
    """A document was opened or saved. A list that cannot be written stays as it is."""
    place = os.path.abspath(path)  # noqa: PTH100 - links are kept, as the user named them
    entry = {"path": place, "title": title, "time": clock.time() if now is None else now}
    _change(lambda entries: [entry, *_others(entries, place)][:MOST])


def forget(path: str | os.PathLike[str]) -> None:
    """Take a document off the list."""
    _change(lambda entries: _others(entries, path))


def _others(entries: Iterable[Any], path: str | os.PathLike[str]) -> list[Any]:
    same = resolved(path)
    return [e for e in entries if isinstance(e, dict) and resolved(str(e.get("path", ""))) != same]


def _entries() -> list[Any]:
    found = read_json(_file())[0].get("recent", [])
    return found if isinstance(found, list) else []


def _change(change: Any) -> None:
    with contextlib.suppress(OSError), alone(_file()):
        write_json(_file(), {"recent": change(_entries())})


def _file() -> Path:
    return editor_folder() / "recent.json"
