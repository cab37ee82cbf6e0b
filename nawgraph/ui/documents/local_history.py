"""Local history: what was saved before. Bounded, thinned out by age; equal contents are kept once.

``editor/history/KEY/`` holds ``log.json`` (path, and of each version time, label, number of nodes, digest) and one
compressed file for each content.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time as clock
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nawgraph import files
from nawgraph.files import FormatError
from nawgraph.graph import Graph
from nawgraph.shape import MAX_BYTES
from nawgraph.ui.documents.places import (
    alone,
    editor_folder,
    key_of,
    read_json,
    resolved,
    write_json,
    write_whole,
)

MOST = 50
"""Versions of one file."""


@dataclass(frozen=True, slots=True)
class Version:
    """A content that a file once had.

    Attributes:
        time: when it was kept, in seconds since 1970.
        label: why.
        nodes: how many it has, subgraphs not counted; -1 if that is not known.
        digest: names the content.
    """

    time: float
    label: str
    nodes: int
    digest: str


def versions(path: str | os.PathLike[str]) -> list[Version]:
    """What is kept of a file, newest first."""
    return _log(_folder(path))[::-1]


def read_version(path: str | os.PathLike[str], version: Version) -> Graph:
    """The document as it was.

    Raises:
        FormatError: its content is no longer there, or is damaged.
    """
    name = f"the version of {clock.strftime('%d.%m.%Y %H:%M', clock.localtime(version.time))} of {path}"
    try:
        unpacker = zlib.decompressobj()
        data = unpacker.decompress(_content(_folder(path), version.digest).read_bytes(), MAX_BYTES)
    except (OSError, zlib.error):
        raise FormatError("is no longer in the local history", name) from None
    if _digest(data) != version.digest:
        raise FormatError("is damaged", name)
    return files.loads(data, name=name)


def keep(
    path: str | os.PathLike[str], data: bytes, label: str, nodes: int = -1, *, now: float | None = None
) -> list[Version]:
    """Keep a content of a file; its versions, newest first. A content that is the newest already costs nothing.

    A history that cannot be written (a full disk) stays as it is: it never stands in the way of a save.
    """
    folder, digest = _folder(path), _digest(data)
    with contextlib.suppress(OSError), alone(folder / "log.json"):
        log = _log(folder)
        if log and log[-1].digest == digest:
            return log[::-1]
        now = clock.time() if now is None else now
        content = _content(folder, digest)
        if not content.exists():
            write_whole(content, zlib.compress(data))
        made = thinned([*log, Version(now, label, nodes, digest)], now)
        entries = [{"time": v.time, "label": v.label, "nodes": v.nodes, "digest": v.digest} for v in made]
        write_json(folder / "log.json", {"path": str(resolved(path)), "versions": entries})
        for digest in {v.digest for v in log} - {v.digest for v in made}:
            _content(folder, digest).unlink(missing_ok=True)
    return _log(folder)[::-1]


def thinned(log: Sequence[Version], now: float, most: int = MOST) -> list[Version]:
    """The versions to keep of a log, oldest first: the newer the denser, the oldest and the newest always."""
    kept = list(log)
    while len(kept) > max(2, most):
        ages = [max(0.0, now - v.time) for v in kept]
        # what leaves the smallest hole, measured by its age, goes first
        inner = range(1, len(kept) - 1)
        del kept[min(inner, key=lambda i: (ages[i - 1] - ages[i + 1]) / (ages[i] + 60.0))]
    return kept


def _folder(path: str | os.PathLike[str]) -> Path:
    return editor_folder() / "history" / key_of(path)


def _content(folder: Path, digest: str) -> Path:
    return folder / f"{digest}.z"


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=20).hexdigest()


def _log(folder: Path) -> list[Version]:
    """Oldest first; entries that make no sense are left out."""
    entries = read_json(folder / "log.json")[0].get("versions", [])
    found = [_version(entry) for entry in entries] if isinstance(entries, list) else []
    return sorted((v for v in found if v is not None), key=lambda v: v.time)


def _version(entry: Any) -> Version | None:
    with contextlib.suppress(TypeError, KeyError, ValueError):
        digest = str(entry["digest"])
        if len(digest) == 40 and digest.isalnum():
            return Version(float(entry["time"]), str(entry["label"]), int(entry["nodes"]), digest)
    return None
