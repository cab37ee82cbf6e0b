"""Where everything on the canvas lies, in canvas units, and what lies under a point. No toolkit.

A `Scene` is made of one scope of a document and never changes; the next one takes over whatever did not change. Boxes
and wires are numpy arrays, so that thousands are culled and hit in a fraction of a millisecond.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from immutables import Map

from nawgraph.graph import EMPTY, INSIDE, Graph, Node, Subgraph
from nawgraph.interface import Interfaces
from nawgraph.types import ANY, Type, parse
from nawgraph.ui import arrange
from nawgraph.ui.bends import beziers, distances, meets, reach
from nawgraph.ui.shapes import HEAD, OUTSIDE, Rect, Shape, border, entry_of, shape_of
from nawgraph.ui.wiring import Wire, wired

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Point = tuple[float, float]
Kind = Literal[
    "canvas", "node", "head", "port", "field", "more", "viewer", "wire", "frame", "note", "reroute", "corner"
]

NEAR = 9.0
"""How far from a port or wire a pointer may be, in pixels."""
CORNER = 12.0
FRAME_HEAD = 30.0
REROUTE = 7.0


@dataclass(frozen=True, slots=True)
class Hit:
    """What lies under a point.

    Attributes:
        kind: what it is; canvas where there is nothing. `corner` resizes what its id names.
        id: of the node, ``frames/ID``, ``notes/ID``, ``reroutes/ID``; of a wire its source ``node.output``.
        part: of a port or field its name; of a wire its target ``node.port``.
        side: of a port: in, out or knob.
    """

    kind: Literal[
        "canvas", "node", "head", "port", "field", "more", "viewer", "wire", "frame", "note", "reroute", "corner"
    ]
    id: str = ""
    part: str = ""
    side: str = ""


NOTHING = Hit("canvas")


@dataclass(frozen=True, eq=False)
class Scene:
    """One scope of a document, laid out.

    Attributes:
        ids: nodes from the back to the front, then reroutes as ``reroutes/ID``: what wires hang on.
        at: upper left corner of every id; of a reroute its middle.
        boxes: float64 [nodes, 4]: left, top, right, bottom.
        wires: every wire once.
        owner: index of the wire of every stretch between two ends, int64 [stretches]: more than one where it bends.
        hangs: index into `ids` of the two ends of every stretch, int64 [stretches, 2].
        hooks: where on these they end, float64 [stretches, 4], from their `at`.
        frames, notes: rectangles by id.
    """

    scope: Graph | Subgraph
    interfaces: Interfaces
    shapes: Mapping[str, Shape]
    ids: tuple[str, ...]
    at: Floats
    boxes: Floats
    wires: tuple[Wire, ...]
    owner: Ints
    hangs: Ints
    hooks: Floats
    frames: Mapping[str, Rect]
    notes: Mapping[str, Rect]

    @property
    def index(self) -> Mapping[str, int]:
        """Place of every id in `ids`."""
        found: dict[str, int] | None = self.__dict__.get("_index")
        if found is None:
            found = self.__dict__["_index"] = {id: i for i, id in enumerate(self.ids)}
        return found

    @property
    def stretches(self) -> Floats:
        """Both ends of every stretch of wire, float64 [stretches, 4]: x, y, x, y."""
        found: Floats | None = self.__dict__.get("_stretches")
        if found is None:
            found = self.hooks.copy()
            if len(found):
                found[:, :2] += self.at[self.hangs[:, 0]]
                found[:, 2:] += self.at[self.hangs[:, 1]]
            self.__dict__["_stretches"] = found
        return found

    def position(self, id: str) -> Point:
        """Upper left corner of a node, middle of a reroute."""
        x, y = self.at[self.index[id]].tolist()
        return x, y

    def box(self, id: str) -> Rect:
        """Rectangle of a node, frame, note or reroute."""
        section, slash, name = id.partition("/")
        if section == "frames" and slash:
            return self.frames[name]
        if section == "notes" and slash:
            return self.notes[name]
        x, y = self.position(id)
        if section == "reroutes" and slash:
            return x - REROUTE, y - REROUTE, x + REROUTE, y + REROUTE
        shape = self.shapes[id]
        return x, y, x + shape.width, y + shape.height

    def dot(self, id: str, side: str, name: str) -> Point:
        """Where a port is."""
        x, y = self.position(id)
        dx, dy = self.shapes[id].dot(side, name)  # type: ignore[arg-type]
        return x + dx, y + dy

    def bounds(self, ids: Collection[str] | None = None) -> Rect | None:
        """The smallest rectangle around these things, or around everything; None if there is nothing."""
        if ids is None:
            ids = [*self.ids, *(f"frames/{id}" for id in self.frames), *(f"notes/{id}" for id in self.notes)]
        if not ids:
            return None
        rects = np.array([self.box(id) for id in ids])
        low, high = rects[:, :2].min(axis=0), rects[:, 2:].max(axis=0)
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])

    def moved(self, ids: Collection[str], dx: float, dy: float) -> Scene:
        """This scene with some things elsewhere, as a drag shows it before it is done."""
        at = self.at.copy()
        boxes = self.boxes.copy()
        rows = [i for id in ids if (i := self.index.get(id)) is not None]
        at[rows] += (dx, dy)
        boxes[[i for i in rows if i < len(boxes)]] += (dx, dy, dx, dy)

        def shifted(section: str, rects: Mapping[str, Rect]) -> Mapping[str, Rect]:
            chosen = {id for id in rects if f"{section}/{id}" in ids}
            return {i: (r[0] + dx, r[1] + dy, r[2] + dx, r[3] + dy) if i in chosen else r for i, r in rects.items()}

        made = replace(
            self, at=at, boxes=boxes, frames=shifted("frames", self.frames), notes=shifted("notes", self.notes)
        )
        made.__dict__["_index"] = self.index
        return made

    def within(self, rect: Rect) -> Ints:
        """Indices of the nodes that a rectangle touches, from the back to the front."""
        b = self.boxes
        inside = (b[:, 0] <= rect[2]) & (b[:, 2] >= rect[0]) & (b[:, 1] <= rect[3]) & (b[:, 3] >= rect[1])
        return np.flatnonzero(inside)

    def crossing(self, rect: Rect) -> Ints:
        """Indices of the stretches of wire that may be seen in a rectangle."""
        s = self.stretches
        if not len(s):
            return np.zeros(0, np.int64)
        bend = reach(s)
        left = np.minimum(s[:, 0], s[:, 2] - bend)
        right = np.maximum(s[:, 0] + bend, s[:, 2])
        top, bottom = np.minimum(s[:, 1], s[:, 3]), np.maximum(s[:, 1], s[:, 3])
        return np.flatnonzero((left <= rect[2]) & (right >= rect[0]) & (top <= rect[3]) & (bottom >= rect[1]))

    def touched(self, rect: Rect) -> frozenset[str]:
        """Everything that can be selected and that a box touches; frames only if they lie wholly inside."""
        found = {self.ids[i] for i in self.within(rect) if self.ids[i] in self.scope.nodes}
        for id in self.ids[len(self.boxes) :]:
            x, y = self.position(id)
            if rect[0] <= x <= rect[2] and rect[1] <= y <= rect[3]:
                found.add(id)
        for id, r in self.notes.items():
            if r[0] <= rect[2] and r[2] >= rect[0] and r[1] <= rect[3] and r[3] >= rect[1]:
                found.add(f"notes/{id}")
        for id, r in self.frames.items():
            if r[0] >= rect[0] and r[2] <= rect[2] and r[1] >= rect[1] and r[3] <= rect[3]:
                found.add(f"frames/{id}")
        return frozenset(found)

    def hit(self, point: Point, zoom: float = 1.0, parts: bool = True) -> Hit:
        """What lies under a point, the foremost first.

        Args:
            point: in canvas units.
            zoom: pixels a unit; small things keep their size in pixels.
            parts: whether ports and fields are shown, so that they can be hit.
        """
        found = self._node_at(point, NEAR / zoom if parts else 0.0, parts)
        if found is not None:
            return found
        near = NEAR / zoom
        for id in reversed(self.ids[len(self.boxes) :]):
            x, y = self.position(id)
            if max(abs(point[0] - x), abs(point[1] - y)) <= max(near, REROUTE):
                return Hit("reroute", id)
        wire = self.wire_at(point, near)
        if wire is not None:
            return Hit("wire", wire.source, wire.target)
        for section, rects in (("notes", self.notes), ("frames", self.frames)):
            for id, rect in reversed(list(rects.items())):
                if _holds(rect, point):
                    return self._panel(section, id, rect, point)
        return NOTHING

    def wire_at(self, point: Point, near: float, but: Collection[str] = ()) -> Wire | None:
        """The wire that passes nearest to a point, at most `near` units away; `but`: nodes whose wires do not count."""
        x, y = point
        rows = self.crossing((x - near, y - near, x + near, y + near))
        if but:
            gone = [self.index[id] for id in but if id in self.index]
            rows = rows[~np.isin(self.hangs[rows], gone).any(axis=1)]
        if not len(rows):
            return None
        distance = distances(beziers(self.stretches[rows]), point)
        best = int(distance.argmin())
        return self.wires[self.owner[rows[best]]] if distance[best] <= near else None

    def cut(self, a: Point, b: Point) -> list[Wire]:
        """The wires that a slash from `a` to `b` cuts."""
        rect = (min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]), max(a[1], b[1]))
        rows = self.crossing(rect)
        if not len(rows):
            return []
        met = meets(beziers(self.stretches[rows]), a, b)
        return [self.wires[i] for i in dict.fromkeys(self.owner[rows[met]].tolist())]

    def _node_at(self, point: Point, near: float, parts: bool) -> Hit | None:
        x, y = point
        for i in self.within((x - near, y - near, x + near, y + near))[::-1]:
            id = self.ids[i]
            shape = self.shapes[id]
            local = x - float(self.at[i, 0]), y - float(self.at[i, 1])
            if parts:
                dot = _dot_at(shape, local, near)
                if dot is not None:
                    return Hit("port", id, dot[1], dot[0])
            if 0 <= local[0] <= shape.width and 0 <= local[1] <= shape.height:
                return _part(id, shape, local) if parts else Hit("node", id)
        return None

    def _panel(self, section: str, id: str, rect: Rect, point: Point) -> Hit:
        full = f"{section}/{id}"
        if point[0] > rect[2] - CORNER and point[1] > rect[3] - CORNER:
            return Hit("corner", full)
        if section == "notes":
            return Hit("note", full)
        return Hit("frame", full) if point[1] <= rect[1] + FRAME_HEAD else NOTHING


def scene_of(scope: Graph | Subgraph, interfaces: Interfaces, before: Scene | None = None) -> Scene:
    """The scene of a scope; remembered on it. `before` is the one that was shown, whose parts are taken over."""
    memo = scope.__dict__.get("_scene")
    if memo is not None and memo.interfaces.library is interfaces.library and _same_definitions(memo, interfaces):
        found: Scene = memo
        return found
    made = _made(scope, interfaces, before)
    scope.__dict__["_scene"] = made
    return made


def _same_definitions(memo: Scene, interfaces: Interfaces) -> bool:
    old, new = memo.interfaces.graph.subgraphs, interfaces.graph.subgraphs
    return old is new or old == new


def _made(scope: Graph | Subgraph, interfaces: Interfaces, before: Scene | None) -> Scene:
    shapes = {id: shape_of(node, interfaces.of(node), entry_of(scope.ui, id)) for id, node in _ordered(scope, before)}
    places = _places(scope, shapes)
    if isinstance(scope, Subgraph):
        _add_borders(scope, interfaces, shapes, places)
    reroutes: Mapping[str, Any] = scope.ui.get("reroutes", EMPTY)
    ids = (*shapes, *(f"reroutes/{id}" for id in sorted(reroutes)))
    at = np.array([*places.values(), *(reroutes[id]["at"] for id in sorted(reroutes))], np.float64).reshape(-1, 2)
    sizes = np.array([(shape.width, shape.height) for shape in shapes.values()], np.float64).reshape(-1, 2)
    boxes = np.concatenate([at[: len(shapes)], at[: len(shapes)] + sizes], axis=1)
    if before is not None and _same_wires(scope, interfaces, shapes, before):
        wires, owner, hangs, hooks = before.wires, before.owner, before.hangs, before.hooks
    else:
        wires, owner, hangs, hooks = wired(scope, interfaces, shapes, ids)
    return Scene(
        scope, interfaces, shapes, ids, at, boxes, wires, owner, hangs, hooks,
        _rects(scope.ui.get("frames", EMPTY), (320.0, 200.0)), _rects(scope.ui.get("notes", EMPTY), (200.0, 96.0)),
    )  # fmt: skip


def _ordered(scope: Graph | Subgraph, before: Scene | None) -> Iterator[tuple[str, Node]]:
    """Nodes in order of id, as it was if it is the same."""
    nodes = scope.nodes
    if before is not None and len(before.scope.nodes) == len(nodes) and all(id in nodes for id in before.scope.nodes):
        return ((id, nodes[id]) for id in before.shapes if id in nodes)
    return iter(sorted(nodes.items()))


def _places(scope: Graph | Subgraph, shapes: Mapping[str, Shape]) -> dict[str, Point]:
    """Corner of every node. What has no place in the document is tidied under the rest."""
    entries = scope.ui.get("nodes", EMPTY)
    places: dict[str, Point] = {}
    homeless = []
    for id in shapes:
        entry = entries.get(id)
        if entry is None:
            homeless.append(id)
            places[id] = (0.0, 0.0)
        else:
            places[id] = entry["at"] if isinstance(entry, Map) else entry
    if homeless:
        known = [(places[id], (shapes[id].width, shapes[id].height)) for id in shapes if id in entries]
        sizes = {id: (shapes[id].width, shapes[id].height) for id in homeless}
        wires = ((source, id) for id in homeless for source in sorted(scope.nodes[id].sources))
        places.update(arrange.beside(sizes, known, wires))
    return places


def _add_borders(scope: Subgraph, interfaces: Interfaces, shapes: dict[str, Shape], places: dict[str, Point]) -> None:
    """The boxes of a definition's inputs and outputs, left and right of its nodes."""
    left = min((at[0] for at in places.values()), default=0.0)
    right = max((places[id][0] + shapes[id].width for id in places), default=320.0)
    top = min((at[1] for at in places.values()), default=0.0)
    if scope.inputs:
        kinds = {name: _parsed(scope.inputs[name]) for name in sorted(scope.inputs)}
        shapes[INSIDE] = border(INSIDE, "Inputs", "out", kinds)
        places[INSIDE] = (left - 240.0, top)
    kinds = {name: interfaces.output_type(scope, scope.outputs[name]) for name in sorted(scope.outputs)}
    shapes[OUTSIDE] = border(OUTSIDE, "Outputs", "in", kinds)
    places[OUTSIDE] = (right + 80.0, top)


def _parsed(text: str) -> Type:
    try:
        return parse(text)
    except ValueError:
        return ANY


def _same_wires(scope: Graph | Subgraph, interfaces: Interfaces, shapes: Mapping[str, Shape], before: Scene) -> bool:
    old = before.scope
    if isinstance(scope, Subgraph) or isinstance(old, Subgraph) or old.ui.get("reroutes") != scope.ui.get("reroutes"):
        return False
    if len(shapes) != len(before.shapes) or not _same_definitions(before, interfaces):
        return False
    for (id, shape), (old_id, old_shape) in zip(shapes.items(), before.shapes.items(), strict=True):
        if id != old_id:
            return False
        if shape is old_shape:
            continue
        a, b = scope.nodes[id], old.nodes[id]
        if a.inputs is not b.inputs or a.type != b.type or shape.dots != old_shape.dots:
            return False
    return True


def _rects(entries: Mapping[str, Any], usual: tuple[float, float]) -> dict[str, Rect]:
    made = {}
    for id, entry in sorted(entries.items()):
        (x, y), (w, h) = entry["at"], entry.get("size", usual)
        made[id] = (float(x), float(y), float(x + w), float(y + (FRAME_HEAD if entry.get("collapsed") else h)))
    return made


def _dot_at(shape: Shape, point: Point, near: float) -> tuple[str, str] | None:
    best, found = near * near, None
    for key, dot in shape.dots.items():
        distance = (point[0] - dot.x) ** 2 + (point[1] - dot.y) ** 2
        # Inside the node a knob's dot gives way to its field, which lies close by.
        limit = best if dot.side != "knob" or point[0] <= 5 else 0.0
        if distance <= limit:
            best, found = distance, key
    return found


def _part(id: str, shape: Shape, point: Point) -> Hit:
    if point[0] > shape.width - CORNER and point[1] > shape.height - CORNER and not shape.collapsed:
        return Hit("corner", id)
    if point[1] <= HEAD:
        return Hit("head", id)
    for field in shape.fields:
        if _holds(field.box, point):
            return Hit("field", id, field.knob.name)
    if shape.more is not None and _holds(shape.more, point):
        return Hit("more", id)
    if shape.viewer is not None and _holds(shape.viewer, point):
        return Hit("viewer", id)
    return Hit("node", id)


def _holds(rect: Iterable[float], point: Point) -> bool:
    left, top, right, bottom = rect
    return left <= point[0] <= right and top <= point[1] <= bottom
