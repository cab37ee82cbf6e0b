"""``nawgraph-nodes.json``: a pack's node types as data. `nawgraph pack build` writes it from the code."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from nawgraph import types
from nawgraph.hints import Choice, File, Hint, Model, Range, Seed, Text
from nawgraph.node import Knob, NodeSpec, Port
from nawgraph.packs.manifest import CATALOGUE, Manifest, ManifestError
from nawgraph.packs.rewrites import migration
from nawgraph.values import ModelRef, value_types

LARGEST = 8 << 20
MOST = 2000
"""Bytes that a catalogue may have, and nodes."""

_HINTS: dict[str, type[Any]] = {
    "range": Range,
    "choice": Choice,
    "text": Text,
    "file": File,
    "model": Model,
    "seed": Seed,
}


class PortEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """An input or output."""

    name: str
    type: str
    optional: bool = False


class KnobEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """A knob; `hint` has its kind ("range", "choice", "text", "file", "model", "seed") beside the hint's own fields."""

    name: str
    type: str
    default: Any
    hint: dict[str, Any] | None = None


class ModelEntry(msgspec.Struct, frozen=True):
    """A model that is loaded where nothing is wired to `input`, or always where there is no such input."""

    input: str
    kind: str
    name: str
    revision: str


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """A node type, as `nawgraph.node.NodeSpec` without its functions."""

    id: str
    version: int
    title: str
    help: str
    inputs: tuple[PortEntry, ...] = ()
    knobs: tuple[KnobEntry, ...] = ()
    outputs: tuple[PortEntry, ...] = ()
    needs: Literal["cpu", "gpu", "io"] = "cpu"
    pure: bool = True
    cutoff: bool = True
    context: tuple[float, float] | None = None
    models: tuple[ModelEntry, ...] = ()
    aliases: tuple[str, ...] = ()
    takes_context: bool = False
    icon: str = ""


class Catalogue(msgspec.Struct, frozen=True):
    """All node types of a pack."""

    format: int
    nodes: tuple[Entry, ...]


def entry(spec: NodeSpec, icon: str = "") -> Entry:
    """A node type as data.

    Raises:
        ManifestError: it has something that only works inside nawgraph's own process.
    """
    for what in ("wants", "forwards"):
        if getattr(spec, what) is not None:
            raise ManifestError(f"{spec.id}: {what}= needs nawgraph's own process, so a pack cannot have it")
    if spec.lazy:
        raise ManifestError(f"{spec.id}: lazy inputs need nawgraph's own process, so a pack cannot have them")
    for port in (*spec.inputs, *spec.outputs):
        _known(port.type, f"{spec.id}: {port.name}")
    return Entry(
        id=spec.id,
        version=spec.version,
        title=spec.title,
        help=spec.help,
        inputs=tuple(PortEntry(p.name, str(p.type), p.optional) for p in spec.inputs),
        knobs=tuple(KnobEntry(k.name, str(k.type), k.default, _hint_data(k.hint)) for k in spec.knobs),
        outputs=tuple(PortEntry(p.name, str(p.type)) for p in spec.outputs),
        needs=spec.needs,
        pure=spec.pure,
        cutoff=spec.cutoff,
        context=spec.context,
        models=tuple(ModelEntry(input, m.kind, m.name, m.revision) for input, m in spec.models.items()),
        aliases=spec.aliases,
        takes_context=spec.takes_context,
        icon=icon,
    )


def dumps(entries: Iterable[Entry]) -> str:
    """The text of a catalogue: the same for the same nodes, one line a field, so that it diffs well."""
    nodes = [msgspec.to_builtins(e) for e in sorted(entries, key=lambda e: e.id)]
    return json.dumps({"format": 1, "nodes": nodes}, ensure_ascii=False, indent=1) + "\n"


def loads(data: bytes, manifest: Manifest, where: str = CATALOGUE) -> tuple[Entry, ...]:
    """The node types in a catalogue, checked.

    Raises:
        ManifestError: one sentence.
    """
    if len(data) > LARGEST:
        raise ManifestError(f"{where} has {len(data):,} bytes; {LARGEST >> 20} MiB are the most")
    try:
        found = msgspec.json.decode(data, type=Catalogue)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ManifestError(f"{where}: {str(error)[:1].lower()}{str(error)[1:]}") from None
    if found.format != 1:
        raise ManifestError(f"{where} is of format {found.format}, and this nawgraph reads 1: update nawgraph")
    if len(found.nodes) > MOST:
        raise ManifestError(f"{where} has {len(found.nodes):,} nodes; {MOST:,} are the most")
    seen: set[str] = set()
    for node in found.nodes:
        if not node.id.startswith(f"{manifest.id}."):
            raise ManifestError(f"{where}: the node {node.id[:80]!r} must begin with '{manifest.id}.'")
        if node.id in seen:
            raise ManifestError(f"{where} has the node {node.id} twice")
        seen.add(node.id)
        if spec(node, manifest).file_knobs:
            _name_no_files(manifest, node.id, where)
    return found.nodes


def _name_no_files(manifest: Manifest, id: str, where: str) -> None:
    """A migration of a node with file knobs must not make up a path: what a node reads, the document says."""
    for steps in manifest.migrations.get(id, {}).values():
        for step in steps:
            made = [*step.set.values(), *(new for words in step.words.values() for new in words.values())]
            if any(isinstance(value, str) and set(value) & set("/\\~") for value in made):
                raise ManifestError(f"{where}: a migration of {id}, which reads files, sets a path")


def spec(entry: Entry, manifest: Manifest) -> NodeSpec:
    """The description of a node that runs in a pack's process.

    Raises:
        ManifestError: a type, default or hint that cannot be.
    """
    try:
        return NodeSpec(
            id=entry.id,
            version=entry.version,
            title=entry.title,
            help=entry.help,
            inputs=tuple(Port(p.name, types.parse(p.type), p.optional) for p in entry.inputs),
            knobs=tuple(_knob(k) for k in entry.knobs),
            outputs=tuple(Port(p.name, types.parse(p.type)) for p in entry.outputs),
            needs=entry.needs,
            pure=entry.pure,
            cutoff=entry.cutoff,
            context=entry.context,
            migrations={int(v): migration(steps) for v, steps in manifest.migrations.get(entry.id, {}).items()},
            models={m.input: ModelRef(m.kind, m.name, m.revision) for m in entry.models},
            aliases=entry.aliases,
            pack=manifest.id,
            pack_version=manifest.version,
            takes_context=entry.takes_context,
        )
    except (ValueError, TypeError) as error:
        raise ManifestError(f"{entry.id[:80]}: {error}") from None


def _knob(entry: KnobEntry) -> Knob:
    kind = types.parse(entry.type)
    if (entry.hint or {}).get("kind") == "file" and entry.default not in ("", None):
        raise ValueError(f"{entry.name} is a file, so its default must be empty: the user alone says what is read")
    default = tuple(entry.default) if isinstance(entry.default, list) else entry.default
    knob = Knob(entry.name, kind, default, _hint(entry.hint))
    return Knob(entry.name, kind, knob.coerce(default), knob.hint)


def _hint_data(hint: Hint | None) -> dict[str, Any] | None:
    if hint is None:
        return None
    fields: dict[str, Any] = msgspec.to_builtins(hint)
    return {"kind": type(hint).__name__.lower(), **fields}


def _hint(data: dict[str, Any] | None) -> Hint | None:
    if data is None:
        return None
    kind = _HINTS.get(data.get("kind", ""))
    fields = {name: value for name, value in data.items() if name != "kind"}
    if kind is None:
        raise ValueError(f"there is no hint {data.get('kind')!r}")
    if kind is Choice:
        return Choice(*map(str, fields.get("options", ())))
    made: Hint = msgspec.convert(fields, kind)
    return made


def _known(kind: types.Type, where: str) -> None:
    while kind.item is not None:
        kind = kind.item
    if not (kind.name in types.SCALARS or kind == types.ANY or kind.is_variable or kind.name in value_types()):
        raise ManifestError(f"{where} is a {kind}: a pack's nodes can only have the types that nawgraph knows")
    if kind.name in value_types() and not value_types()[kind.name].__module__.startswith("nawgraph."):
        raise ManifestError(f"{where} is a {kind}: a pack's nodes can only have the types that nawgraph knows")
