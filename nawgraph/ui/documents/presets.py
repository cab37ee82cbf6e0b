"""Presets of nodes that outlive a document: ``editor/presets.json``, shared by all editors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from immutables import Map

from nawgraph import files, shape
from nawgraph.edits import Batch, Edit, EditError, ResetKnob, SetKnob
from nawgraph.graph import Graph, Library, Node, definition_of, plain
from nawgraph.shape import ShapeError
from nawgraph.ui.documents.places import alone, editor_folder, read_json, write_json

MOST = 500
"""Presets of one node type."""


@dataclass(frozen=True, slots=True)
class Preset:
    """Knobs of a node type under a name.

    Attributes:
        version: of the node type that they were written for.
    """

    type: str
    name: str
    version: int
    knobs: Map[str, Any]


def user_presets(type: str | None = None) -> list[Preset]:
    """The user's presets of a node type, or all; sorted. What makes no sense is left out."""
    return [
        preset
        for kind, named in sorted(_load().items())
        if type in (None, kind)
        for name, entry in sorted(named.items())
        if (preset := _preset(kind, name, entry)) is not None
    ]


def store_preset(name: str, node: Node) -> Preset:
    """Keep a node's knobs under a name, in place of what had it.

    Raises:
        ValueError: no name, an instance of a subgraph (its knobs mean something in one document only), too many.
        OSError: it cannot be written.
    """
    name = shape.name(name, "a preset")
    if definition_of(node.type) is not None:
        raise ValueError("a preset of a subgraph belongs to its document: store it there")

    def put(presets: dict[str, dict[str, Any]]) -> None:
        named = presets.setdefault(node.type, {})
        named[name] = {"version": node.version, "knobs": plain(node.knobs)}
        if len(named) > MOST:
            raise ValueError(f"{node.type} has {MOST} presets already: remove one first")

    _change(put)
    return Preset(node.type, name, node.version, node.knobs)


def remove_preset(type: str, name: str) -> None:
    """Forget a preset; one that is not there is forgotten already. Raises OSError."""

    def drop(presets: dict[str, dict[str, Any]]) -> None:
        presets.get(type, {}).pop(name, None)
        if not presets.get(type, True):
            del presets[type]

    _change(drop)


def apply_preset(preset: Preset, graph: Graph, library: Library, id: str, scope: str = "") -> Edit:
    """The edit that sets a node's knobs to those of a preset, and all others to their defaults.

    A preset of an older version of the node type is brought up to date; knobs that the type no longer has are left out.

    Raises:
        EditError: the node is of another type.
    """
    node = graph.scope(scope).nodes.get(id)
    if node is None or node.type != preset.type:
        raise EditError(f"the preset {preset.name} is for {preset.type}, and {id} is {node.type if node else 'gone'}")
    upgraded, _ = files.upgrade_nodes(Graph(Map({"n": Node(preset.type, preset.version, knobs=preset.knobs)})), library)
    spec = library.get(preset.type)
    knobs = {k: v for k, v in upgraded.nodes["n"].knobs.items() if spec is None or spec.knob(k) is not None}
    edits: list[Edit] = [ResetKnob(id, knob, scope=scope) for knob in sorted(node.knobs) if knob not in knobs]
    edits += [SetKnob(id, knob, value, scope=scope) for knob, value in sorted(knobs.items())]
    return Batch(tuple(edits), f"preset {preset.name} on {id}")


def _preset(type: str, name: str, entry: Any) -> Preset | None:
    try:
        version = entry["version"]
        return Preset(type, name, int(version), shape.knobs(entry["knobs"], f"preset {name}"))
    except (ShapeError, TypeError, KeyError, ValueError):
        return None


def _load() -> dict[str, dict[str, Any]]:
    found = read_json(_file())[0]
    return {type: named for type, named in found.items() if isinstance(named, dict)}


def _change(change: Callable[[dict[str, dict[str, Any]]], None]) -> None:
    with alone(_file()):
        presets = _load()
        change(presets)
        write_json(_file(), presets)


def _file() -> Path:
    return editor_folder() / "presets.json"
