"""The box of one node, in canvas units from its upper left corner: head, ports, knobs, viewer.

A shape depends on nothing but the node, its type and its entry in the layout, and is remembered on the node, which
never changes: a document of thousands of nodes costs one dictionary look-up each after an edit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from immutables import Map

from nawgraph.graph import EMPTY, Json, Node, definition_of
from nawgraph.hints import Choice, File, Range, Seed, Text
from nawgraph.node import Knob, NodeSpec
from nawgraph.types import ANY, Type

Side = Literal["in", "out", "knob"]
Rect = tuple[float, float, float, float]
"""Left, top, right, bottom."""

OUTSIDE = ":out"
"""Id of the box in which a definition's outputs end; that of its inputs is `graph.INSIDE`. No node can have either."""

WIDTH, NARROWEST, WIDEST = 216.0, 120.0, 720.0
HEAD = 30.0
ROW = 22.0
FIELD, FIELD_GAP = 22.0, 4.0
LINE = 17.0
SIDE = 12.0
GAP = 8.0
VIEWER, VIEWER_LEAST = 76.0, 40.0
MOST_KNOBS, FOLDED_KNOBS = 8, 6
"""A node with more knobs than MOST_KNOBS shows FOLDED_KNOBS of them, and those that are set or wired, until it is
unfolded."""
MOST_LINES = 8

SEEN = frozenset({"Audio", "Stems", "Score", "Curve", "Latents", "Tokens", "Mask", "Embedding"})
"""Types whose results a node shows in itself."""


@dataclass(frozen=True, slots=True)
class Dot:
    """Where a wire ends.

    Attributes:
        side: in or out, or knob for a knob that a wire may feed.
        wired: of an input or knob, whether a wire ends here.
        needed: an input that must be wired, and is not.
    """

    name: str
    side: Side
    type: Type
    x: float
    y: float
    wired: bool = False
    needed: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """A knob in the node.

    Attributes:
        box: of the field.
        value: what it is set to, or its default.
        changed: whether it is set.
        wired: whether a wire feeds it, so that its value counts for nothing.
        kind: how it is edited.
    """

    knob: Knob
    box: Rect
    value: Any
    changed: bool = False
    wired: bool = False
    kind: Literal["number", "switch", "choice", "text", "lines", "file", "list"] = "text"


@dataclass(frozen=True)
class Shape:
    """A node's box.

    Attributes:
        spec: of its type, None where the type is not installed.
        dots: of all ports and of the knobs that are shown, by (side, name).
        viewer: where its result is drawn, or None.
        view: in which of its ways the result is drawn, "" for the usual one.
        more: where the knobs are unfolded and folded, or None.
        hidden: how many knobs are folded away; 0 while they are unfolded.
        group: whether it is an instance that can be entered.
    """

    title: str
    category: str
    spec: NodeSpec | None
    width: float
    height: float
    dots: Mapping[tuple[Side, str], Dot]
    fields: tuple[Field, ...] = ()
    viewer: Rect | None = None
    more: Rect | None = None
    hidden: int = 0
    collapsed: bool = False
    group: bool = False
    colour: str = ""
    view: str = ""

    def dot(self, side: Side, name: str) -> tuple[float, float]:
        """Where a wire of a port ends: at the head for a port that is folded away or does not exist."""
        found = self.dots.get((side, name))
        if found is None and side == "in":
            found = self.dots.get(("knob", name))
        if found is not None:
            return found.x, found.y
        return (self.width if side == "out" else 0.0), HEAD / 2

    def field(self, knob: str) -> Field | None:
        return next((field for field in self.fields if field.knob.name == knob), None)


def entry_of(ui: Map[str, Json], id: str) -> Map[str, Json]:
    """A node's entry in the layout less its position."""
    entry = ui.get("nodes", EMPTY).get(id)
    return entry if isinstance(entry, Map) else EMPTY


def shape_of(node: Node, spec: NodeSpec | None, entry: Map[str, Json] = EMPTY) -> Shape:
    """The node's box; the same object as before where nothing changed."""
    memo = node.__dict__.get("_shape")
    if memo is not None and (memo[0] is spec or memo[0] == spec) and (memo[1] is entry or _same(memo[1], entry)):
        found: Shape = memo[2]
        return found
    made = _collapsed(node, spec, entry) if entry.get("collapsed") else _open(node, spec, entry)
    node.__dict__["_shape"] = (spec, entry, made)
    return made


def border(name: str, title: str, side: Literal["in", "out"], ports: Mapping[str, Type]) -> Shape:
    """The box of a definition's inputs or outputs: wires begin in the one and end in the other."""
    x = 160.0 if side == "out" else 0.0
    dots: dict[tuple[Side, str], Dot] = {}
    for i, (port, kind) in enumerate(ports.items()):
        dots[side, port] = Dot(port, side, kind, x, HEAD + GAP + ROW * (i + 0.5))
    height = HEAD + 2 * GAP + ROW * max(len(ports), 1)
    return Shape(title, "border", None, 160.0, height, dots)


def _same(a: Map[str, Json], b: Map[str, Json]) -> bool:
    """Whether two entries give the same shape: they differ in the position at most."""
    return all(a.get(key) == b.get(key) for key in ("size", "collapsed", "colour", "unfolded", "viewer"))


def _title(node: Node, spec: NodeSpec | None) -> str:
    return node.title or (spec.title if spec is not None else node.type)


def _width(entry: Map[str, Json]) -> float:
    size = entry.get("size")
    return min(max(float(size[0]), NARROWEST), WIDEST) if size else WIDTH


def _collapsed(node: Node, spec: NodeSpec | None, entry: Map[str, Json]) -> Shape:
    width = _width(entry)
    dots: dict[tuple[Side, str], Dot] = {}
    ports = list(_ports(node, spec, width))
    for side in ("in", "out"):
        row = [dot for dot in ports if dot.side == side]
        for i, dot in enumerate(row):
            y = HEAD * (i + 1) / (len(row) + 1)
            dots[dot.side, dot.name] = Dot(dot.name, dot.side, dot.type, dot.x, y, dot.wired, dot.needed)
    category = spec.category if spec is not None else ""
    return Shape(
        _title(node, spec), category, spec, width, HEAD, dots, collapsed=True,
        group=definition_of(node.type) is not None, colour=entry.get("colour", ""),
    )  # fmt: skip


def _open(node: Node, spec: NodeSpec | None, entry: Map[str, Json]) -> Shape:
    width = _width(entry)
    ports = list(_ports(node, spec, width))
    dots: dict[tuple[Side, str], Dot] = {(dot.side, dot.name): dot for dot in ports}
    rows = max(sum(dot.side == side for dot in ports) for side in ("in", "out")) if ports else 0
    y = HEAD + GAP + rows * ROW
    fields: list[Field] = []
    more, hidden = None, 0
    if spec is not None and spec.knobs:
        y += FIELD_GAP if rows else 0
        shown, hidden = _shown(node, spec, bool(entry.get("unfolded")))
        for knob in shown:
            field = _field(node, knob, width, y)
            fields.append(field)
            dots["knob", knob.name] = Dot(knob.name, "knob", knob.type, 0.0, y + FIELD / 2, field.wired)
            y = field.box[3] + FIELD_GAP
        if len(spec.knobs) > MOST_KNOBS:
            more = (SIDE, y, width - SIDE, y + 18.0)
            y += 18.0 + FIELD_GAP
    viewer, y = _viewer(spec, entry, width, y)
    return Shape(
        _title(node, spec), spec.category if spec is not None else "", spec, width, y + GAP - FIELD_GAP,
        dots, tuple(fields), viewer, more, hidden,
        group=definition_of(node.type) is not None, colour=entry.get("colour", ""), view=_view(entry),
    )  # fmt: skip


def _ports(node: Node, spec: NodeSpec | None, width: float) -> Iterator[Dot]:
    """Inputs down the left side, outputs down the right. A type that is not installed has what is wired."""
    start = HEAD + GAP + ROW / 2
    if spec is None:
        for i, name in enumerate(sorted(node.inputs)):
            yield Dot(name, "in", ANY, 0.0, start + i * ROW, True)
        return
    for i, port in enumerate(spec.inputs):
        wired = port.name in node.inputs
        yield Dot(port.name, "in", port.type, 0.0, start + i * ROW, wired, not wired and not port.optional)
    for i, port in enumerate(spec.outputs):
        yield Dot(port.name, "out", port.type, width, start + i * ROW)


def _shown(node: Node, spec: NodeSpec, unfolded: bool) -> tuple[tuple[Knob, ...], int]:
    """The knobs that are shown, and how many are not."""
    if unfolded or len(spec.knobs) <= MOST_KNOBS:
        return spec.knobs, 0
    kept = tuple(
        knob
        for i, knob in enumerate(spec.knobs)
        if i < FOLDED_KNOBS or knob.name in node.knobs or knob.name in node.inputs
    )
    return kept, len(spec.knobs) - len(kept)


def _field(node: Node, knob: Knob, width: float, y: float) -> Field:
    value = node.knobs.get(knob.name, knob.default)
    kind = kind_of(knob)
    height = FIELD
    if kind == "lines":
        assert isinstance(knob.hint, Text)
        height = 10.0 + LINE * min(max(knob.hint.lines, 2), MOST_LINES)
    box = (SIDE, y, width - SIDE, y + height)
    return Field(knob, box, value, knob.name in node.knobs, knob.name in node.inputs, kind)


def kind_of(knob: Knob) -> Literal["number", "switch", "choice", "text", "lines", "file", "list"]:
    """How a knob is edited."""
    if knob.type.is_list:
        return "list"
    if isinstance(knob.hint, Choice):
        return "choice"
    if isinstance(knob.hint, File):
        return "file"
    if isinstance(knob.hint, Text) and knob.hint.lines > 1:
        return "lines"
    if isinstance(knob.hint, (Range, Seed)) or knob.type.name in ("int", "float"):
        return "number"
    return "switch" if knob.type.name == "bool" else "text"


def _view(entry: Map[str, Json]) -> str:
    view = entry.get("viewer")
    return view if isinstance(view, str) else ""


def _viewer(spec: NodeSpec | None, entry: Map[str, Json], width: float, y: float) -> tuple[Rect | None, float]:
    seen = spec is not None and any((port.type.item or port.type).name in SEEN for port in spec.outputs)
    if not entry.get("viewer", seen):
        return None, y
    size = entry.get("size")
    height = max(float(size[1]) - y - GAP, VIEWER_LEAST) if size else VIEWER
    y += 2.0
    return (SIDE, y, width - SIDE, y + height), y + height + FIELD_GAP
