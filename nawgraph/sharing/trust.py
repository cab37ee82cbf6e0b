"""The trust sheet: what a stranger's document would do, told before it is first run. Nothing of it is run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath
from typing import Any, Literal

import msgspec

from nawgraph import files
from nawgraph.files.bundle import file_knobs
from nawgraph.graph import Graph, Library, definition_of, plain
from nawgraph.packs.index import Index
from nawgraph.packs.manifest import ManifestError, version_of
from nawgraph.packs.provide import Packs
from nawgraph.sharing import models
from nawgraph.sharing.described import described
from nawgraph.sharing.models import ModelNeed

_ADDRESSES = ("endpoint", "url", "server")
"""Names of knobs that hold an address on the network."""


class Offer(msgspec.Struct, frozen=True):
    """A way to fill a gap. Nothing is installed by itself.

    Attributes:
        kind: "exact": the version in the lock; "compatible": another one of the same major version; "replacement": an
            installed pack that has the node under a new name; "placeholder": open it without, the node keeps its place.
        command: what to type, or "".
    """

    kind: Literal["exact", "compatible", "replacement", "placeholder"]
    sentence: str
    command: str = ""


class Need(msgspec.Struct, frozen=True):
    """A pack that the document needs.

    Attributes:
        state: "installed", "other version" or "missing".
        permissions: name → [reason, whether it is granted]; unknown for a missing pack.
    """

    pack: str
    wanted: str
    here: str
    state: Literal["installed", "other version", "missing"]
    nodes: tuple[str, ...]
    permissions: dict[str, tuple[str, bool]] = {}
    offers: tuple[Offer, ...] = ()


class Sheet(msgspec.Struct, frozen=True):
    """Everything that running a document would touch.

    Attributes:
        reads, writes: node → what, in words.
        network: node → address.
        models: that its nodes would load; none is fetched by itself.
        downloads: those of them that are not here.
        outside: files that lie outside the document's folder.
    """

    packs: tuple[Need, ...]
    reads: dict[str, str]
    writes: dict[str, str]
    network: dict[str, str]
    models: tuple[ModelNeed, ...]
    downloads: tuple[str, ...]
    outside: tuple[str, ...]


def sheet(graph: Graph, library: Library, packs: Packs | None = None, index: Index | None = None) -> Sheet:
    """The trust sheet of a document. `index` makes the offers for missing packs exact."""
    packs = packs or Packs()
    graph, _ = files.upgrade_nodes(graph, library)  # as a run would: a migration may give a file another knob
    reads = {_id(scope, id): str(node.knobs[knob]) for scope, id, node, knob in file_knobs(graph, library)}
    read = tuple(reads.values())
    writes, network, folders = {}, {}, list[str]()
    for id, node, spec in described(graph, library):
        if spec.is_sink:
            name = node.knobs.get("name", "")
            writes[id] = f"{spec.title.lower()}{f' called {name!r}' if name else ''}, into the output folder"
        for knob in spec.knobs:
            if knob.name in _ADDRESSES and knob.type.name == "str":
                network[id] = (
                    str(node.knobs.get(knob.name, knob.default)) if knob.name not in node.inputs else "a wire's"
                )
        if spec.id == "list.files" and "folder" not in node.inputs:
            folder = str(node.knobs.get("folder", "."))
            reads[id] = f"lists the folder {folder!r}"
            folders += [folder, str(node.knobs.get("pattern", ""))]
    loaded = tuple(models.needs(graph, library))
    return Sheet(
        packs=tuple(_needs(graph, library, packs, index)),
        reads=reads,
        writes=writes,
        network=network,
        models=loaded,
        downloads=tuple(need.name for need in loaded if need.state == "missing"),
        outside=tuple(sorted({path for path in (*read, *folders) if _leads_out(path)})),
    )


def _id(scope: str, id: str) -> str:
    return f"{scope}/{id}" if scope else id


def _leads_out(path: str) -> bool:
    place = PurePath(path.replace("\\", "/"))
    return place.is_absolute() or ".." in place.parts or path.startswith("~")


def _needs(graph: Graph, library: Library, packs: Packs, index: Index | None) -> Iterator[Need]:
    """The packs of a document: those of its nodes, and those that its lock names for nodes that are unknown here."""
    lock: dict[str, Any] = plain(graph.lock).get("packs", {})
    types: dict[str, set[str]] = {}
    for scope in ("", *sorted(graph.subgraphs)):
        for node in graph.scope(scope).nodes.values():
            if definition_of(node.type) is not None:
                continue
            spec = library.get(node.type)
            pack = getattr(spec, "pack", node.type.partition(".")[0])
            if pack != "nawgraph" and (spec is None or pack in packs.known):
                types.setdefault(pack, set()).add(node.type)
    for pack in sorted(types.keys() | lock.keys()):
        wanted = str(lock.get(pack, {}).get("version", ""))
        nodes = tuple(sorted(types.get(pack, ())))
        known = packs.known.get(pack)
        if known is None or known.manifest is None:
            yield Need(pack, wanted, "", "missing", nodes, offers=tuple(offers(pack, wanted, nodes, packs, index)))
            continue
        here = known.pack.version
        asked = {n: (p.reason, n in known.pack.granted) for n, p in known.manifest.permissions.items()}
        same = wanted in ("", here)
        more = () if same else tuple(offers(pack, wanted, nodes, packs, index))
        yield Need(pack, wanted, here, "installed" if same else "other version", nodes, asked, more)


def offers(pack: str, wanted: str, nodes: tuple[str, ...], packs: Packs, index: Index | None = None) -> Iterator[Offer]:
    """What can be done about a pack that is missing, the best first."""
    usable = _versions(index, pack)
    if wanted and (index is None or wanted in usable):
        yield Offer(
            "exact", f"install {pack} {wanted}, which made this document", f"nawgraph pack install {pack}=={wanted}"
        )
    near = [v for v in usable if v != wanted and (not wanted or _major(v) == _major(wanted))]
    if near:
        best = max(near, key=lambda v: version_of(v, "a version"))
        yield Offer(
            "compatible", f"install {pack} {best}, of the same major version", f"nawgraph pack install {pack}=={best}"
        )
    elif not wanted and index is None:
        yield Offer("compatible", f"install {pack} in its newest version", f"nawgraph pack install {pack}")
    renamed = packs.renamed()
    heirs = {renamed[node] for node in nodes if node in renamed}
    if heirs:
        yield Offer("replacement", f"use {', '.join(sorted(heirs))} of an installed pack in its place")
    yield Offer(
        "placeholder", "open it as it is: the nodes keep their settings and wires, and what needs them is blocked"
    )


def _versions(index: Index | None, pack: str) -> list[str]:
    entry = index.packs.get(pack) if index else None
    return [version for version, release in entry.versions.items() if not release.yanked] if entry else []


def _major(version: str) -> int:
    try:
        return int(version_of(version, "a version").major)
    except ManifestError:
        return -1
