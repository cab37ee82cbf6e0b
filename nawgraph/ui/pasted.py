"""Files that were copied in a file manager and are pasted here: sounds and notes become the nodes that load them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlparse
from urllib.request import url2pathname

from nawgraph.edits import AddNode, Batch, Edit
from nawgraph.edits.scopes import fresh
from nawgraph.graph import Library
from nawgraph.hints import File
from nawgraph.node import NodeSpec
from nawgraph.ui.state import Point, Tab

MOST = 64
"""Files at once: more were hardly meant."""
APART = 130.0
"""Canvas units between two loaders, one above the other."""
FIRST = ("audio.load", "score.from_midi")
"""Loaders that are taken where several can read a file."""


def paths(text: str) -> tuple[Path, ...]:
    """The files that a clipboard names, one a line: absolute paths, also in quotes, or ``file://`` addresses.

    Nothing if any line is something else, since then it is a text.
    """
    lines = [line.strip().strip("'\"") for line in text.splitlines() if line.strip()]
    if lines[:1] == ["copy"] or lines[:1] == ["cut"]:  # as GNOME's file manager begins
        lines = lines[1:]
    found = []
    for line in lines[: MOST + 1]:
        address = urlparse(line) if line.startswith("file://") else None
        path = Path(url2pathname(unquote(address.path)) if address is not None else line)
        if not path.is_absolute():
            return ()
        found.append(path)
    return tuple(found[:MOST])


def loader(library: Library, path: Path) -> tuple[NodeSpec, str] | None:
    """The node that reads such a file without any input, and its knob for the file; by the file's suffix."""
    suffix = path.suffix.lower().removeprefix(".")
    found: list[tuple[bool, str, NodeSpec, str]] = []
    for spec in filter(None, map(library.get, library)):
        if any(not port.optional for port in spec.inputs):
            continue
        knob = next((k for k in spec.knobs if isinstance(k.hint, File) and suffix in k.hint.kinds), None)
        if suffix and knob is not None:
            found.append((spec.id not in FIRST, spec.id, spec, knob.name))
    return min(found, key=lambda each: each[:2])[2:] if found else None


def loaders(library: Library, tab: Tab, files: Sequence[Path], at: Point) -> Edit | None:
    """The edit that adds a loader for each file, None if there is none for any."""
    taken: set[str] = set(tab.shown.nodes)
    edits: list[Edit] = []
    for path in files:
        read = loader(library, path)
        if read is not None:
            spec, knob = read
            id = fresh(spec.id.partition(".")[2], taken)
            taken.add(id)
            place = (at[0], at[1] + APART * len(edits))
            edits.append(AddNode(spec.id, place, id, {knob: str(path)}, scope=tab.scope))
    return Batch(tuple(edits), f"load {len(edits)} files" if len(edits) > 1 else "load a file") if edits else None
