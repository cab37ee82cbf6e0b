"""Which ports a wire that is being drawn may end in. No toolkit."""

from __future__ import annotations

from collections.abc import Iterator

from nawgraph.edits import Connect, Edit, EditError, Expose
from nawgraph.edits.scopes import ancestors
from nawgraph.edits.wires import item_or_whole, wire_for
from nawgraph.graph import INSIDE, Subgraph, source_node
from nawgraph.types import ANY, Type
from nawgraph.ui.geometry import Scene
from nawgraph.ui.shapes import OUTSIDE

Port = tuple[str, str, str]
"""Node id, side, name."""


def targets(scene: Scene, source: str) -> frozenset[Port]:
    """The inputs and knobs that take a wire from ``node.output``; none that would close a circle."""
    scope, interfaces = scene.scope, scene.interfaces
    given = interfaces.output_type(scope, source)
    upstream = ancestors(scope.nodes, [source_node(source)])
    fits: dict[Type, bool] = {}
    found = []
    for id, side, name, kind in _ports(scene):
        if side == "out" or id in upstream or id not in scope.nodes:
            continue
        if kind not in fits:
            fits[kind] = item_or_whole(kind, given) is not None
        if fits[kind] and (not _open(kind) or _takes(scene, id, name, source)):
            found.append((id, side, name))
    return frozenset(found)


def sources(scene: Scene, target: str) -> frozenset[Port]:
    """The outputs that may feed ``node.port``."""
    scope, interfaces = scene.scope, scene.interfaces
    id, _, port = target.partition(".")
    spec = interfaces.of(scope.nodes[id])
    wanted = (spec.input(port) or spec.knob(port)) if spec is not None else None
    downstream = _descendants(scene, id)
    found = []
    for other, side, name, kind in _ports(scene):
        if side != "out" or other in downstream:
            continue
        given = interfaces.output_type(scope, f"{other}.{name}") if _open(kind) else kind
        if wanted is None or item_or_whole(wanted.type, given) is not None:
            found.append((other, side, name))
    return frozenset(found)


def best(scene: Scene, id: str, fits: frozenset[Port], at: tuple[float, float]) -> Port | None:
    """The port that a wire dropped on a node's body takes: an unwired one, then the nearest."""
    shape = scene.shapes[id]
    mine = [port for port in fits if port[0] == id and (port[1], port[2]) in shape.dots]
    left, top = scene.position(id)

    def rank(port: Port) -> tuple[bool, bool, float]:
        dot = shape.dots[port[1], port[2]]  # type: ignore[index]
        return dot.side == "knob", dot.wired, abs(top + dot.y - at[1]) + 0 * left

    return min(mine, key=rank, default=None)


def exposed(scene: Scene, source: str, name: str = "") -> Edit | None:
    """The edit that makes an output of a node one of the definition that is shown."""
    scope = scene.scope
    if not isinstance(scope, Subgraph) or source_node(source) == INSIDE:
        return None
    wanted = name or source.partition(".")[2]
    made, n = wanted, 2
    while made in scope.outputs:
        made, n = f"{wanted}_{n}", n + 1
    return Expose("outputs", made, source)


def connected(source: str, target: str, scope: str) -> Edit:
    """The edit that draws a wire."""
    return Connect(source, target, scope=scope)


def _ports(scene: Scene) -> Iterator[tuple[str, str, str, Type]]:
    for id, shape in scene.shapes.items():
        if id == OUTSIDE:
            continue
        for (side, name), dot in shape.dots.items():
            yield id, side, name, dot.type


def _open(kind: Type) -> bool:
    """Whether what fits depends on the other wires of the node."""
    return kind.is_variable or kind == ANY or (kind.item is not None and _open(kind.item))


def _takes(scene: Scene, id: str, port: str, source: str) -> bool:
    try:
        wire_for(scene.interfaces, scene.scope, id, port, source)
    except EditError:
        return False
    return True


def _descendants(scene: Scene, id: str) -> set[str]:
    after: dict[str, set[str]] = {}
    for wire in scene.wires:
        after.setdefault(source_node(wire.source), set()).add(source_node(wire.target))
    found: set[str] = set()
    todo = [id]
    while todo:
        at = todo.pop()
        if at not in found:
            found.add(at)
            todo += after.get(at, ())
    return found
