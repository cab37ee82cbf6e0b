"""`.nawbundle`: a document with everything that it reads, in one ZIP that opens anywhere.

    graph.nawgraph              the document; its file knobs name the assets
    assets/sha256/HASH.SUFFIX   each file once, under the hash of its content
    thumbnail.png, preview.ogg  what it looks and sounds like, both optional

Unpacked, it is a folder in which the document finds its files. The same document and files give the same bytes.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from nawgraph.files import archives
from nawgraph.files.errors import FormatError
from nawgraph.files.printer import dumps
from nawgraph.files.reader import loads
from nawgraph.graph import Graph, Library, Node
from nawgraph.node import NodeSpec
from nawgraph.shape import MAX_BYTES

GRAPH = "graph.nawgraph"
EXTRAS = ("thumbnail.png", "preview.ogg")
LARGEST_EXTRA = 32 << 20

_ASSET = re.compile(r"assets/sha256/([0-9a-f]{64})(\.[a-z0-9]{1,8})?\Z")
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a bundle holds, its assets still in it.

    Attributes:
        assets: name in the bundle → bytes.
        extras: thumbnail and preview, by name.
    """

    graph: Graph
    assets: Mapping[str, int]
    extras: Mapping[str, bytes] = field(default_factory=dict)


def file_knobs(graph: Graph, library: Library) -> Iterator[tuple[str, str, Node, str]]:
    """(scope, id, node, knob) of every file knob that names a file and is not wired."""
    for scope in ("", *sorted(graph.subgraphs)):
        nodes = graph.scope(scope).nodes
        for id in sorted(nodes):
            spec = library.get(nodes[id].type)
            if isinstance(spec, NodeSpec):
                for knob in spec.file_knobs:
                    if nodes[id].knobs.get(knob) and knob not in nodes[id].inputs:
                        yield scope, id, nodes[id], knob


def write(
    path: Path, graph: Graph, base: Path, library: Library, extras: Mapping[str, bytes] | None = None
) -> list[str]:
    """Write a bundle, whole or not at all; names of the assets in it.

    Args:
        path: where to.
        graph: the document.
        base: folder that its relative files start from.
        library: tells which knobs are files.
        extras: thumbnail and preview, by name.

    Raises:
        FormatError: a file that it needs is missing, or the bundle cannot be written.
    """
    found: dict[str, Path] = {}
    for scope, id, _, knob in list(file_knobs(graph, library)):
        place = graph.scope(scope)
        node = place.nodes[id]
        source = base / str(node.knobs[knob])
        name = _asset_name(source, f"{scope}/{id}" if scope else id, knob)
        found[name] = source
        node = replace(node, knobs=node.knobs.set(knob, name))
        graph = graph.with_scope(scope, replace(place, nodes=place.nodes.set(id, node)))
    try:
        handle, temporary = tempfile.mkstemp(dir=path.absolute().parent, prefix=".", suffix=".nawbundle-part")
        try:
            with os.fdopen(handle, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                _put(archive, GRAPH, dumps(graph).encode())
                for name, data in sorted((extras or {}).items()):
                    _put(archive, name, data)
                for name in sorted(found):
                    _put(archive, name, found[name].read_bytes())
            Path(temporary).replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()
            raise
    except OSError as error:
        raise FormatError(f"cannot be written: {error.strerror}", str(path)) from None
    return sorted(found)


def _asset_name(source: Path, id: str, knob: str) -> str:
    try:
        with source.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise FormatError(f'node "{id}": the file of {knob} cannot be read: {error.strerror}', str(source)) from None
    suffix = source.suffix.lower()
    return f"assets/sha256/{digest}{suffix if re.fullmatch(r'[.][a-z0-9]{1,8}', suffix) else ''}"


def _put(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.external_attr = 0o644 << 16
    archive.writestr(info, data, zipfile.ZIP_DEFLATED, 6)


def read(path: Path) -> Bundle:
    """What a bundle holds. Nothing is unpacked and nothing run.

    Raises:
        FormatError: it is none, or not safe.
    """
    with _opened(path) as archive:
        names = {info.filename: info.file_size for info in archive.infolist() if not info.is_dir()}
        strange = sorted(n for n in names if n not in (GRAPH, *EXTRAS) and not _ASSET.match(n))
        if strange:
            raise FormatError(f"holds {strange[0][:80]!r}, which has no place in a bundle")
        graph = loads(archives.read(archive, GRAPH, MAX_BYTES))
        extras = {name: archives.read(archive, name, LARGEST_EXTRA) for name in EXTRAS if name in names}
        return Bundle(graph, {name: size for name, size in names.items() if _ASSET.match(name)}, extras)


def unpack(path: Path, folder: Path) -> Path:
    """Lay a bundle out in a folder that is made or empty; the document in it.

    Raises:
        FormatError: it is none, not safe, an asset is not what its name says, or the folder cannot be written.
    """
    bundle = read(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise FormatError("is not empty: a bundle is laid out in a folder of its own", str(folder))
        with _opened(path) as archive:
            for name in bundle.assets:
                _lay(archive, name, folder / name)
        for name, data in bundle.extras.items():
            (folder / name).write_bytes(data)
        target = folder / GRAPH
        target.write_text(dumps(bundle.graph), encoding="utf-8")
    except OSError as error:
        raise FormatError(f"cannot be written: {error.strerror}", str(folder)) from None
    return target


def _lay(archive: zipfile.ZipFile, name: str, target: Path) -> None:
    found = _ASSET.match(name)
    assert found is not None
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    unfinished = target.with_name(f".{target.name}.part")
    size = archive.getinfo(name).file_size
    try:
        with archive.open(name) as source, unfinished.open("wb") as file:
            while data := source.read(1 << 20):
                size -= len(data)
                if size < 0:
                    raise FormatError(f"has more in {name} than it says")
                digest.update(data)
                file.write(data)
        if digest.hexdigest() != found[1]:
            raise FormatError(f"was tampered with, or is damaged: {name} has another content than its name says")
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """A bundle, checked; what goes wrong inside names it."""
    try:
        with zipfile.ZipFile(path) as archive:
            archives.check(archive)
            yield archive
    except FileNotFoundError:
        raise FormatError("does not exist", str(path)) from None
    except FormatError as error:
        raise FormatError(error.reason, error.path or str(path)) from None
    except archives.UNREADABLE as error:
        if isinstance(error, OSError) and error.errno and error.filename and str(error.filename) != str(path):
            raise
        raise FormatError(f"is not a bundle that can be read: {error}", str(path)) from None
