"""The gestures that the pointer can be in the middle of, as data. What they do is in `gestures` and `dragging`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from nawgraph.graph import Library
from nawgraph.ui import linking
from nawgraph.ui.geometry import Hit, Scene
from nawgraph.ui.messages import Message
from nawgraph.ui.shapes import Rect
from nawgraph.ui.state import Point, Tab, View
from nawgraph.ui.wiring import Wire

THRESHOLD = 4.0
"""Pixels that the pointer must move before a press becomes a drag."""
PARTS_FROM = 0.35
"""The zoom from which ports and knobs are shown, and can be hit."""

Button = Literal["left", "middle", "right"]


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that the pointer did. `at` in pixels from the canvas' upper left corner; `wheel` in notches up."""

    kind: Literal["press", "release", "move", "double", "wheel"]
    at: Point
    button: Button = "left"
    wheel: float = 0.0
    shift: bool = False
    ctrl: bool = False
    alt: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where an event happens: the document, its scene and view, and whether nodes snap to a grid (0: not)."""

    tab: Tab
    scene: Scene
    view: View
    library: Library
    snap: float = 0.0

    def hit(self, at: Point) -> Hit:
        return self.scene.hit(self.view.world(at), self.view.zoom, self.view.zoom >= PARTS_FROM)


@dataclass(frozen=True, slots=True)
class Press:
    """A button is down and has not moved far enough to mean a drag."""

    hit: Hit
    at: Point
    button: Button = "left"
    event: Event | None = None
    late: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class Pan:
    """The plane follows the pointer."""

    at: Point
    button: Button


@dataclass(frozen=True, slots=True)
class Box:
    """Things in a rectangle are selected."""

    start: Point
    at: Point
    how: Literal["set", "add", "remove"]
    base: frozenset[str]

    @property
    def rect(self) -> Rect:
        """In canvas units."""
        (x, y), (u, v) = self.start, self.at
        return min(x, u), min(y, v), max(x, u), max(y, v)


@dataclass(frozen=True, slots=True)
class Lasso:
    """Things whose middle lies in an outline drawn by hand are selected. `points` in canvas units."""

    points: tuple[Point, ...]
    how: Literal["set", "add", "remove"]
    base: frozenset[str]


@dataclass(frozen=True, slots=True)
class Move:
    """Things follow the pointer: `offset` in canvas units. `wire`: on which a node would be put."""

    ids: frozenset[str]
    start: Point
    lead: str
    offset: Point = (0.0, 0.0)
    wire: Wire | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A wire is drawn, from an output or (backwards) from an input.

    Attributes:
        source, target: the end that is fixed, the other one "".
        taken: (source, target) of the wire that was picked up at its end.
        fits: the ports that it may end in.
        over: the one that it would end in if it were dropped now.
        at: its loose end, in canvas units.
    """

    source: str
    target: str
    fits: frozenset[linking.Port]
    at: Point
    taken: tuple[str, str] | None = None
    over: linking.Port | None = None


@dataclass(frozen=True, slots=True)
class Bundle:
    """Several wires at once: all that leave an output move to another one, or all of an input are copied to another.

    Attributes:
        sources, targets: the ends of the wires; one wire for every pair.
        loose: the side that follows the pointer.
        fits: the ports that take them all.
    """

    sources: tuple[str, ...]
    targets: tuple[str, ...]
    loose: Literal["out", "in"]
    fits: frozenset[linking.Port]
    at: Point
    over: linking.Port | None = None


@dataclass(frozen=True, slots=True)
class Lazy:
    """A wire between two nodes, whichever of their ports fit. `over`: the node where it would end."""

    id: str
    at: Point
    over: str = ""


@dataclass(frozen=True, slots=True)
class Slash:
    """A line is drawn through wires that are to be cut."""

    start: Point
    at: Point
    wires: tuple[Wire, ...] = ()
    button: Button = "left"


@dataclass(frozen=True, slots=True)
class Turn:
    """A number follows the pointer. `value` unrounded; `before`: what was set at first, None for nothing."""

    id: str
    knob: str
    at: Point
    value: float
    before: Any


@dataclass(frozen=True, slots=True)
class Resize:
    """The corner of a node, frame or note follows the pointer. `size` in canvas units."""

    id: str
    start: Point
    base: Point
    size: Point


@dataclass(frozen=True, slots=True)
class Typing:
    """Something is typed in place: a knob (`part`), or with `part` "" the title of a node or frame, a note's text."""

    id: str
    part: str = ""


Gesture = Press | Pan | Box | Lasso | Move | Link | Bundle | Lazy | Slash | Turn | Resize | Typing | None
Answer = tuple[Gesture, tuple[Message, ...]]
