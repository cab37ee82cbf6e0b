"""The lock section: what made a result, so that it can be made again elsewhere."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from nawgraph import shape
from nawgraph.graph import Graph, Library, plain
from nawgraph.hints import Seed
from nawgraph.packs.provide import Packs
from nawgraph.sharing import models
from nawgraph.sharing.described import described
from nawgraph.version import VERSION

LIBRARIES = ("numpy", "scipy", "numba", "soundfile", "soxr", "python-stretch")
"""Those whose version may change bits."""


def locked(graph: Graph, library: Library, packs: Packs | None = None) -> Graph:
    """The document with a lock of what is installed here."""
    return replace(graph, lock=shape.lock(contents(graph, library, packs)))


def contents(graph: Graph, library: Library, packs: Packs | None = None) -> dict[str, Any]:
    """What a lock of this document would hold here: packs, seeds, data type, and the machine's libraries."""
    known = (packs or Packs()).known
    used = {spec.pack for _, _, spec in described(graph, library)} & known.keys()
    made: dict[str, Any] = {
        "packs": {
            id: {
                "version": known[id].pack.version,
                "digest": f"sha256:{known[id].pack.sha256}",
                "licence": licence(known[id]),
            }
            for id in sorted(used)
        },
        "models": models.locked(graph, library),
        "dtype": "float32",
        "seeds": dict(seeds(graph, library)),
        "nawgraph": {"version": VERSION, "python": platform.python_version(), "machine": platform.machine()},
        "libraries": {name: version for name in LIBRARIES if (version := _version(name))},
    }
    return {section: value for section, value in made.items() if value}


def seeds(graph: Graph, library: Library) -> Iterator[tuple[str, int]]:
    """The seed of every node that has one and that no wire feeds, defaults included."""
    for id, node, spec in described(graph, library):
        for knob in spec.knobs:
            if isinstance(knob.hint, Seed) and knob.name not in node.inputs:
                yield id, int(node.knobs.get(knob.name, knob.default))


def licence(known: Any) -> str:
    """Of an installed pack, as its manifest states it."""
    return known.manifest.licence if known.manifest is not None else "unknown"


def differences(graph: Graph, library: Library, packs: Packs | None = None) -> list[str]:
    """In what this machine differs from the lock of a document: one phrase each, the likeliest cause first."""
    old, new = plain(graph.lock), contents(graph, library, packs)
    if not old:
        return []
    found = []
    for id, pack in old.get("packs", {}).items():
        here = new.get("packs", {}).get(id)
        if here is None:
            found.append(f"the pack {id} {pack.get('version', '')} is not installed".replace("  ", " "))
        elif here["version"] != pack.get("version"):
            found.append(f"the pack {id} is {here['version']} here and was {pack.get('version')}")
        elif here["digest"] != pack.get("digest"):
            found.append(f"the pack {id} {here['version']} is another build")
    found += models.differences(graph, library)
    for section in ("nawgraph", "libraries"):
        was = old.get(section, {})
        now = new.get(section, {})
        found += [
            f"{_called(section, name)} is {now.get(name, 'missing')} here and was {value}"
            for name, value in (was.items() if isinstance(was, dict) else ())
            if now.get(name) != value
        ]
    return found


def _called(section: str, name: str) -> str:
    return "nawgraph" if (section, name) == ("nawgraph", "version") else name


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""
