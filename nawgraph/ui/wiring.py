"""Which wires a scope has, and on what every stretch of them hangs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nawgraph.graph import EMPTY, Graph, Subgraph
from nawgraph.interface import Interfaces
from nawgraph.types import Type
from nawgraph.ui.bends import Floats
from nawgraph.ui.shapes import OUTSIDE, Shape

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Wire:
    """A wire from ``node.output`` to ``node.port`` and the type that it carries."""

    source: str
    target: str
    type: Type


def wired(
    scope: Graph | Subgraph, interfaces: Interfaces, shapes: Mapping[str, Shape], ids: tuple[str, ...]
) -> tuple[tuple[Wire, ...], Ints, Ints, Floats]:
    """All wires; the wire of every stretch, the two things that it hangs on, and where on them; see `Scene`."""
    index = {id: i for i, id in enumerate(ids)}
    bends = _bends(scope.ui.get("reroutes", EMPTY))
    wires: list[Wire] = []
    owner: list[int] = []
    hangs: list[tuple[int, int]] = []
    hooks: list[tuple[float, float, float, float]] = []
    types: dict[str, Type] = {}
    for source, target in _all_wires(scope):
        id, _, output = source.partition(".")
        target_id, _, port = target.partition(".")
        if id not in shapes or target_id not in shapes:
            continue
        if source not in types:
            types[source] = interfaces.output_type(scope, source)
        chain = [index[id], *(index[f"reroutes/{bend}"] for bend in bends.get((source, target), ())), index[target_id]]
        first, last = shapes[id].dot("out", output), shapes[target_id].dot("in", port)
        for i in range(len(chain) - 1):
            a = first if i == 0 else (0.0, 0.0)
            b = last if i == len(chain) - 2 else (0.0, 0.0)
            owner.append(len(wires))
            hangs.append((chain[i], chain[i + 1]))
            hooks.append((*a, *b))
        wires.append(Wire(source, target, types[source]))
    return (
        tuple(wires),
        np.array(owner, np.int64),
        np.array(hangs, np.int64).reshape(-1, 2),
        np.array(hooks, np.float64).reshape(-1, 4),
    )


def _all_wires(scope: Graph | Subgraph) -> Iterator[tuple[str, str]]:
    for id, node in sorted(scope.nodes.items()):
        for port, wire in node.inputs.items():
            for source in (wire,) if isinstance(wire, str) else wire:
                yield source, f"{id}.{port}"
    if isinstance(scope, Subgraph):
        for name, source in sorted(scope.outputs.items()):
            yield source, f"{OUTSIDE}.{name}"


def _bends(reroutes: Mapping[str, Any]) -> dict[tuple[str, str], list[str]]:
    """(source, target) → the reroutes that the wire runs through, in order."""
    found: dict[tuple[str, str], list[str]] = {}
    depth = {id: _depth(reroutes, id) for id in reroutes}
    for id in sorted(reroutes, key=lambda id: (depth[id], id)):
        entry = reroutes[id]
        for target in entry.get("targets", ()):
            found.setdefault((entry["source"], target), []).append(id)
    return found


def _depth(reroutes: Mapping[str, Any], id: str) -> int:
    seen: set[str] = set()
    while (before := reroutes[id].get("after", "")) in reroutes and before not in seen:
        seen.add(before)
        id = before
    return len(seen)
