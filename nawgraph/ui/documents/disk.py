"""Opening and saving documents: whole or not at all, and never over what somebody else wrote meanwhile."""

from __future__ import annotations

import contextlib
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from nawgraph import files
from nawgraph.files import FormatError
from nawgraph.files.disk import read
from nawgraph.graph import Graph
from nawgraph.library import Library
from nawgraph.ui.documents import local_history
from nawgraph.ui.documents.places import alone, editor_folder, key_of

SUFFIX = ".nawgraph"
SOUNDS = (".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3")
"""Suffixes of files that may carry the graph that made them."""

State = tuple[int, int, int, int]
UNSEEN: State = (-1, -1, -1, -1)


@dataclass(frozen=True, slots=True)
class Stamp:
    """A file's content as it was last read or written here.

    Attributes:
        digest: of its bytes.
        state: size, mtime and ctime in ns, inode: while these are the same, the content is.
    """

    digest: bytes
    state: State = UNSEEN


@dataclass(frozen=True, slots=True)
class Opened:
    """A document that was opened.

    Attributes:
        path: its file; None where it came out of a sound: it is untitled, and saving asks for a name.
        stamp: for `save_document` and `changed`; None where `path` is.
        sentences: what the user should know: nodes that were brought up to date.
        base: folder that relative file knobs start from.
    """

    graph: Graph
    path: Path | None
    stamp: Stamp | None
    sentences: tuple[str, ...] = ()
    base: Path = Path()


class ChangedOnDiskError(FormatError):
    """Another program has changed the file since it was opened or saved here; nothing was written."""


def open_document(path: str | os.PathLike[str], library: Library | None = None) -> Opened:
    """The document in a `.nawgraph` file, or the one that is embedded in a WAV, FLAC, Ogg, Opus or MP3 file.

    Args:
        path: of the file; its content decides what it is.
        library: brings older nodes up to date; by default the standard nodes and the user's own.

    Raises:
        FormatError: it cannot be read, is no document, or a sound without one; one sentence.
    """
    if library is None:
        from nawgraph.own_nodes import library as installed

        library = installed()
    path = Path(path)
    text, stamp = _embedded(path), None
    if text is None:
        before = _state(path)
        data = read(path)
        graph, stamp = files.loads(data, name=str(path)), Stamp(_digest(data), before)
    else:
        graph = files.loads(text, name=f"the document in {path}")
    graph, notes = files.upgrade_nodes(graph, library)
    return Opened(graph, path if stamp else None, stamp, tuple(notes), path.parent)


def save_document(
    graph: Graph, path: str | os.PathLike[str], expected: Stamp | None = None, *, label: str = "saved"
) -> Stamp:
    """Write a document, whole and safely on the disk when this returns, and keep a copy in the local history.

    A file that was there without being `expected` (save as, over another document) is kept in the history as well.
    A history that cannot be written never fails a save.

    Args:
        graph: the document.
        path: of the file.
        expected: what was opened or last saved here; None if whatever is there may be replaced.
        label: of the version in the local history.

    Raises:
        ChangedOnDiskError: the file has other content than expected. One that is gone is written again.
        FormatError: no such folder, read-only, disk full …; the old file is unchanged.
    """
    path = Path(path)
    data = _bytes(graph, path)
    with alone(editor_folder() / "saving" / key_of(path)):
        found = _content(path)
        if expected is not None and path.exists() and (found is None or _digest(found) != expected.digest):
            raise ChangedOnDiskError(
                "was changed by another program since it was opened here: save under another name, or open it again",
                str(path),
            )
        if found is not None and expected is None and found != data:
            local_history.keep(path, found, "before it was replaced")
        files.save(graph, path)
        state = _state(path)
        stamp = Stamp(_digest(data), state if _content(path) == data else UNSEEN)
        local_history.keep(path, data, label, len(graph.nodes))
    return stamp


def changed(path: str | os.PathLike[str], stamp: Stamp) -> Literal["", "changed", "gone"]:
    """Whether a file still has the content that was read or written here; "" if it has.

    Costs one system call as long as nobody touches the file; one that was touched is read.
    """
    state = _state(Path(path))
    if state == UNSEEN:
        return "gone"
    if state == stamp.state:
        return ""
    return "" if _digest_at(str(path), state) == stamp.digest else "changed"


# -------------------------------------------------------------------------------------- helpers

_seen: dict[str, tuple[State, bytes]] = {}
"""The last digest of each file that was touched, so that polling reads it once."""


def _digest_at(path: str, state: State) -> bytes:
    known = _seen.get(path)
    if known is None or known[0] != state:
        data = _content(Path(path))
        known = (state, b"" if data is None else _digest(data))
        if data is not None:
            _seen[path] = known
    return known[1]


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=20).digest()


def _state(path: Path) -> State:
    try:
        found = path.stat()
    except (OSError, ValueError):
        return UNSEEN
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino


def _content(path: Path) -> bytes | None:
    """What is in a file, None if it is gone or cannot be read."""
    with contextlib.suppress(FormatError):
        return read(path)
    return None


def _bytes(graph: Graph, path: Path) -> bytes:
    try:
        return files.dumps(graph).encode()
    except FormatError as error:
        raise FormatError(error.reason, str(path)) from None


def _embedded(path: Path) -> str | None:
    """The text in a sound file, None for a file that is no sound.

    Raises:
        FormatError: a sound without a document, or a file that cannot be read.
    """
    if path.suffix.lower() == SUFFIX or not path.is_file():
        return None  # the reader of documents finds the words
    from nawgraph.audio.embed import extract
    from nawgraph.audio.sniff import kind

    try:
        with path.open("rb") as file:
            sound = kind(file.read(64)) in ("WAV", "RF64", "FLAC", "OGG", "MP3")
        text = extract(path) if sound else None
    except (OSError, ValueError):
        return None
    if sound and text is None:
        raise FormatError("carries no graph: only sounds that nawgraph exported do", str(path))
    return text
