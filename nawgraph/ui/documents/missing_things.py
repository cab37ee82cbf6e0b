"""What a document needs and does not find here: node types, files, models. Nothing of it is lost meanwhile."""

from __future__ import annotations

import difflib
import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from nawgraph.edits import Batch, Edit, EditError, SetKnob
from nawgraph.graph import Graph, Library, Node, definition_of
from nawgraph.hints import File
from nawgraph.interface import Interfaces

NEAR = 3
"""Most suggestions."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A thing that is not here.

    Attributes:
        kind: "type" a node type, "file" of a file knob, "model" of the document's lock.
        scope: subgraph definition that the node is in, "" for the document itself.
        node: id, "" for a model.
        knob: of a file.
        name: what is missing: the type, the path as the knob has it, the model.
        near: what it may be called here: node types, files of that name nearby, models.
        sentence: for people.
    """

    kind: Literal["type", "file", "model"]
    scope: str
    node: str
    knob: str
    name: str
    near: tuple[str, ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class FileKnob:
    """A file that a knob names.

    Attributes:
        paths: as the knob has them; several for a list.
        is_list: whether the knob takes a list.
    """

    scope: str
    node: str
    knob: str
    paths: tuple[str, ...]
    is_list: bool


def file_knobs(graph: Graph, library: Library) -> Iterator[FileKnob]:
    """Every file knob that names something and is not wired, promoted ones on their instances included."""
    interfaces = Interfaces(graph, library)
    for scope in ("", *sorted(graph.subgraphs)):
        for id, node in sorted(graph.scope(scope).nodes.items()):
            spec = interfaces.of(node)
            for knob in spec.knobs if spec else ():
                if isinstance(knob.hint, File) and knob.name not in node.inputs:
                    paths = _paths(node, knob.name, knob.default, definition_of(node.type) is not None)
                    if paths:
                        yield FileKnob(scope, id, knob.name, paths, knob.type.is_list)


def missing(graph: Graph, library: Library, base: Path, models: Collection[str] | None = None) -> list[Missing]:
    """Everything that a document needs and that is not here. Asks the disk for each file: not for the main thread.

    Args:
        graph: the document.
        library: the node types there are.
        base: folder of relative file knobs.
        models: names of the models there are; by default those that are installed.
    """
    found = [*_types(graph, library)]
    for knob in file_knobs(graph, library):
        found += [_file(knob, path, base) for path in dict.fromkeys(knob.paths) if not _exists(base / path)]
    if not graph.lock.get("models"):
        return found
    return found + _models(graph, _installed() if models is None else models)


def relink(graph: Graph, library: Library, lost: Sequence[Missing], place: str | os.PathLike[str], base: Path) -> Edit:
    """The edit that points file knobs to another place, as one step of the history.

    Args:
        graph: the document.
        library: the node types there are.
        lost: missing files, as `missing` gave them. All of one missing folder may be given at once.
        place: the file itself if one is given; or a folder: each file is looked for in it by its name, and by as
            much of its path as several files of one name are told apart by.
        base: folder of relative file knobs; what lies in it is named relative to it.

    Raises:
        EditError: none of the files is there, or one file for several.
    """
    place = Path(place)
    wanted = [m for m in lost if m.kind == "file"]
    if not wanted:
        raise EditError("there is no missing file to look for")
    names = {m.name for m in wanted}
    if place.is_dir():
        found = _found_in(place, names)
    elif place.is_file() and len(names) == 1:
        found = {names.pop(): place}
    elif place.is_file():
        raise EditError(f"{place.name} cannot stand for {len(names)} files: choose a folder that holds them")
    else:
        raise EditError(f"{place} does not exist")
    if not found:
        raise EditError(f"none of the {len(names)} missing files is in {place}")
    moved = {name: _named(path, base) for name, path in found.items()}
    holders = {(m.scope, m.node, m.knob) for m in wanted}
    edits = [
        SetKnob(k.node, k.knob, _moved(k, moved), scope=k.scope)
        for k in file_knobs(graph, library)
        if (k.scope, k.node, k.knob) in holders and any(path in moved for path in k.paths)
    ]
    title = f"find {next(iter(found))}" if len(found) == 1 else f"find {len(found)} files"
    return Batch(tuple(edits), title)


def same_folder(lost: Iterable[Missing], like: Missing) -> list[Missing]:
    """The missing files that lay in the same folder as one of them, itself included."""
    folder = Path(like.name).parent
    return [m for m in lost if m.kind == "file" and Path(m.name).parent == folder]


# ------------------------------------------------------------------------------------- finding


def _types(graph: Graph, library: Library) -> Iterator[Missing]:
    known = list(library)
    for scope in ("", *sorted(graph.subgraphs)):
        for id, node in sorted(graph.scope(scope).nodes.items()):
            instance = definition_of(node.type)
            if (instance and instance[1] in graph.subgraphs) or library.get(node.type) is not None:
                continue
            near = tuple(difflib.get_close_matches(node.type, [] if instance else known, NEAR, 0.6))
            hint = f" (did you mean {near[0]}?)" if near else ""
            where = f"{scope}/{id}" if scope else id
            yield Missing(
                "type",
                scope,
                id,
                "",
                node.type,
                near,
                f"{where}: node type {node.type} is not installed{hint}; it is kept as it is",
            )


def _file(knob: FileKnob, path: str, base: Path) -> Missing:
    where = f"{knob.scope}/{knob.node}" if knob.scope else knob.node
    full = base / path
    near = _nearby(full)
    reason = "does not exist" if full.parent.is_dir() else f"is not there: the folder {full.parent} is gone"
    return Missing("file", knob.scope, knob.node, knob.knob, path, near, f"{where}.{knob.knob}: {path} {reason}")


def _nearby(file: Path) -> tuple[str, ...]:
    """Files beside a missing one with a similar name."""
    try:
        names = [entry.name for entry in file.parent.iterdir() if entry.suffix.lower() == file.suffix.lower()]
    except (OSError, ValueError):
        return ()
    return tuple(difflib.get_close_matches(file.name, names, NEAR, 0.6))


def _models(graph: Graph, known: Collection[str]) -> list[Missing]:
    names = graph.lock.get("models", {})
    return [
        Missing(
            "model",
            "",
            "",
            "",
            name,
            tuple(difflib.get_close_matches(name, list(known), NEAR, 0.6)),
            f"the model {name} that made this document's results is not installed",
        )
        for name in sorted(names)
        if name not in known
    ]


def _installed() -> list[str]:
    from nawgraph.models.catalogue import listed

    return [entry.title for entry in listed() if entry.state == "installed"]


def _paths(node: Node, knob: str, default: Any, is_instance: bool) -> tuple[str, ...]:
    """What a knob names. An instance's default is its definition's knob, which is listed there."""
    value = node.knobs.get(knob, () if is_instance else default)
    several = value if isinstance(value, (tuple, list)) else (value,)
    return tuple(path for path in several if isinstance(path, str) and path)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


# ------------------------------------------------------------------------------------ relinking


def _found_in(folder: Path, names: Collection[str]) -> dict[str, Path]:
    """Path as the knob has it → where it is now: the longest end of the path that is in the folder."""
    found: dict[str, Path] = {}
    for name in sorted(names):
        parts = [part for part in Path(name).parts if part not in (Path(name).anchor, "..")]
        for start in range(len(parts)):
            candidate = folder.joinpath(*parts[start:])
            if candidate.is_file():
                found[name] = candidate
                break
    return found


def _named(path: Path, base: Path) -> str:
    """Relative if it lies in the document's folder, so that both can be moved together."""
    absolute, folder = Path(os.path.abspath(path)), Path(os.path.abspath(base))  # noqa: PTH100 - links are kept
    return absolute.relative_to(folder).as_posix() if absolute.is_relative_to(folder) else str(absolute)


def _moved(knob: FileKnob, moved: dict[str, str]) -> str | list[str]:
    paths = [moved.get(path, path) for path in knob.paths]
    return paths if knob.is_list else paths[0]
