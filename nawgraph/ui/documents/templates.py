"""Documents to start from: the example graphs, which an installed nawgraph brings along.

They have one home, ``graphs/`` in the source tree; a wheel installs them under ``share/nawgraph/graphs``. What a
template sounds like is made when somebody asks, by an ordinary run, which the cache spares the next time.
"""

from __future__ import annotations

import importlib.metadata
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import nawgraph
from nawgraph import files
from nawgraph.files import FormatError
from nawgraph.graph import Library
from nawgraph.ui.documents.disk import SUFFIX, Opened
from nawgraph.ui.documents.missing_things import file_knobs

FIRST = ("first_song", "hello")
"""Templates that stand before all others."""

_SHARE = ("share", "nawgraph", "graphs")


@dataclass(frozen=True, slots=True)
class Template:
    """A document to start from. `id`: name of its file without suffix."""

    id: str
    title: str
    description: str
    path: Path


def templates() -> list[Template]:
    """All templates, the simplest first; a file that cannot be read is left out."""
    found = []
    for path in sorted(templates_folder().glob(f"*{SUFFIX}"), key=lambda p: (_rank(p.stem), p.stem)):
        try:
            meta = files.load(path).meta
        except FormatError:
            continue
        title, description = str(meta.get("title") or path.stem), str(meta.get("description") or "")
        found.append(Template(path.stem, title, description, path))
    return found


def start_from(template: Template, library: Library | None = None) -> Opened:
    """A new, untitled document from a template. Files that come with it are named by their full path.

    Raises:
        FormatError: it is no longer there, or is damaged.
    """
    if library is None:
        from nawgraph.own_nodes import library as installed

        library = installed()
    graph, notes = files.upgrade_nodes(files.load(template.path), library)
    base = template.path.parent
    for knob in [*file_knobs(graph, library)]:
        paths = tuple(str(base / path) if (base / path).exists() else path for path in knob.paths)
        scope = graph.scope(knob.scope)
        node = scope.nodes[knob.node]
        node = replace(node, knobs=node.knobs.set(knob.knob, paths if knob.is_list else paths[0]))
        graph = graph.with_scope(knob.scope, replace(scope, nodes=scope.nodes.set(knob.node, node)))
    return Opened(graph, None, None, tuple(notes))


@lru_cache
def templates_folder() -> Path:
    """Where the templates lie: in the source tree, or where they were installed to."""
    return next((folder for folder in _places() if any(folder.glob(f"*{SUFFIX}"))), Path(sys.prefix).joinpath(*_SHARE))


def _places() -> Iterator[Path]:
    yield Path(nawgraph.__file__).parents[1] / "graphs"
    try:
        for file in importlib.metadata.files("nawgraph") or ():
            if file.parts[-4:-1] == _SHARE:
                yield Path(str(file.locate())).resolve().parent
                break
    except importlib.metadata.PackageNotFoundError:
        pass
    yield Path(sys.prefix).joinpath(*_SHARE)


def _rank(name: str) -> int:
    return FIRST.index(name) if name in FIRST else len(FIRST)
