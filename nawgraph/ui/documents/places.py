"""Where the editor keeps what is no document, and how it writes there: whole files, one writer at a time."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nawgraph import home
from nawgraph.ui.documents.locks import Lock

PATIENCE = 2.0
"""Seconds to wait for another editor that writes the same file; after that both write, and the last one wins."""


def editor_folder() -> Path:
    """Settings, journals, local history, presets. It is not made here."""
    return home.home() / "editor"


def resolved(path: str | os.PathLike[str]) -> Path:
    """The file itself, links followed, spelt in one way."""
    return Path(os.path.normcase(os.path.realpath(path)))


def key_of(path: str | os.PathLike[str]) -> str:
    """A name for a file that any spelling of its path gives, of 32 letters and digits."""
    name = os.fsencode(resolved(path))
    return hashlib.blake2b(name, digest_size=16).hexdigest()


def write_whole(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, and durably; folders are made. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise


def write_json(path: Path, data: Any) -> None:
    """Write plain data as JSON that people can read. Raises OSError."""
    write_whole(path, json.dumps(data, ensure_ascii=False, indent=2, sort_keys=True).encode() + b"\n")


def read_json(path: Path) -> tuple[dict[str, Any], str]:
    """The object in a JSON file and "", or {} and a sentence: a broken file is set aside, never lost or fatal.

    A file that is not there is an empty object.
    """
    try:
        data = json.loads(path.read_bytes())
        if isinstance(data, dict):
            return data, ""
        reason = "it holds no JSON object"
    except FileNotFoundError:
        return {}, ""
    except OSError as error:
        return {}, f"{path} cannot be read ({error.strerror or error}): defaults are used"
    except (ValueError, RecursionError) as error:
        reason = str(error)
    aside = path.with_name(f"{path.name}.broken-{time.strftime('%Y%m%d-%H%M%S')}")
    try:
        path.replace(aside)
    except OSError:
        return {}, f"{path} is damaged ({reason}): defaults are used"
    return {}, f"{path} was damaged ({reason}) and is set aside as {aside.name}: defaults are used"


@contextlib.contextmanager
def alone(path: Path) -> Iterator[None]:
    """Keep other editors from changing a file meanwhile, as far as the file system lets us."""
    lock: Lock | None = None
    deadline = time.monotonic() + PATIENCE
    try:
        while lock is None and time.monotonic() < deadline:
            lock = Lock.take(path.with_name(f".{path.name}.lock"))
            if lock is None:
                time.sleep(0.01)
    except OSError:
        pass  # a folder that cannot be written: the writing itself will say so
    try:
        yield
    finally:
        if lock is not None:
            lock.release()
