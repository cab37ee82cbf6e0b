"""What the pointer does: events one by one → the gesture that it is in the middle of, and messages. No toolkit.

`step(gesture, event, place)` is pure. A gesture that moves things holds how far, so that the document changes once,
when it ends, and Escape leaves no trace; a knob that is turned changes the document as it goes, in one step of the
history.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from nawgraph.edits import ResetKnob, SetKnob
from nawgraph.graph import Library, definition_of
from nawgraph.ui import linking
from nawgraph.ui.geometry import Hit, Scene
from nawgraph.ui.messages import Apply, Enter, Invoke, Look, Message, Select, Show
from nawgraph.ui.shapes import Rect
from nawgraph.ui.state import Point, Popup, Tab, View
from nawgraph.ui.wiring import Wire

THRESHOLD = 4.0
"""Pixels that the pointer must move before a press becomes a drag."""
STEP = 1.12
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


Gesture = Press | Pan | Box | Move | Link | Slash | Turn | Resize | Typing | None
Answer = tuple[Gesture, tuple[Message, ...]]


def step(gesture: Gesture, event: Event, place: Place) -> Answer:
    """The gesture after an event, and what it does."""
    if event.kind == "wheel":
        return gesture, (_wheel(event, place),)
    if event.kind == "double":
        return _double(gesture, event, place)
    if event.kind == "press":
        return _press(gesture, event, place)
    if gesture is None or isinstance(gesture, Typing):
        return gesture, ()
    from nawgraph.ui import dragging

    if event.kind == "move":
        return dragging.moved(gesture, event, place)
    if getattr(gesture, "button", "left") != event.button:
        return gesture, ()
    return dragging.released(gesture, event, place)


def cancelled(gesture: Gesture, place: Place) -> Answer:
    """Escape: as if the gesture had never begun."""
    if isinstance(gesture, Turn):
        back = (
            ResetKnob(gesture.id, gesture.knob, scope=place.tab.scope)
            if gesture.before is None
            else SetKnob(gesture.id, gesture.knob, gesture.before, scope=place.tab.scope)
        )
        return None, (Apply(back),)
    if isinstance(gesture, Box):
        return None, (Select(gesture.base),)
    return None, ()


def _wheel(event: Event, place: Place) -> Message:
    if event.shift:
        return Look(place.view.panned(60.0 * event.wheel, 0.0))
    return Look(place.view.zoomed(STEP**event.wheel, event.at))


def _press(gesture: Gesture, event: Event, place: Place) -> Answer:
    if gesture is not None and not isinstance(gesture, Typing):
        return gesture, ()  # a second button during a drag
    if event.button == "middle":
        return Pan(event.at, "middle"), ()
    hit = place.hit(event.at)
    world = place.view.world(event.at)
    if (event.button == "right" and event.ctrl) or (event.button == "left" and event.alt and hit.kind == "canvas"):
        return Slash(world, world, button=event.button), ()
    if event.button == "right":
        return Press(hit, event.at, "right", event), ()
    if hit.kind == "port":
        return _take_port(hit, event, place)
    messages, late = _selecting(hit, event, place)
    return Press(hit, event.at, "left", event, late), messages


def _selecting(hit: Hit, event: Event, place: Place) -> tuple[tuple[Message, ...], tuple[Message, ...]]:
    """What a press selects at once, and what only on release without a drag."""
    if hit.kind in ("canvas", "wire") or (hit.kind == "corner" and "/" not in hit.id):
        return (), ()
    if hit.id not in place.scene.scope.nodes and "/" not in hit.id:
        return (), ()  # the border of a definition
    if event.shift or event.ctrl:
        return (), (Select((hit.id,), "toggle"),)
    if hit.id in place.tab.selection:
        return (), (Select((hit.id,)),) if hit.kind not in ("field", "more") else ()
    return (Select((hit.id,)),), ()


def _take_port(hit: Hit, event: Event, place: Place) -> Answer:
    """A press on a port: a new wire, or the end of the one that is there. Shift always begins a new one."""
    end = f"{hit.id}.{hit.part}"
    world = place.view.world(event.at)
    scene = place.scene
    if hit.side == "out":
        return Link(end, "", linking.targets(scene, end), world), ()
    node = scene.scope.nodes.get(hit.id)
    if node is None:
        return Press(hit, event.at, "left", event), ()
    wire = node.inputs.get(hit.part)
    if wire is None or event.shift:
        return Link("", end, linking.sources(scene, end), world), ()
    source = wire if isinstance(wire, str) else wire[-1]
    fits = linking.targets(scene, source) | {(hit.id, hit.side, hit.part)}
    return Link(source, "", fits, world, taken=(source, end), over=(hit.id, hit.side, hit.part)), ()


def _double(gesture: Gesture, event: Event, place: Place) -> Answer:
    if event.button != "left":
        return None, ()
    hit = place.hit(event.at)
    make: Callable[[Hit, Event, Place], Answer] | None = {
        "canvas": _ask_node, "wire": _add_reroute, "field": _reset, "head": _open_node, "node": _open_node,
        "frame": _type_panel, "note": _type_panel, "viewer": _other_view,
    }.get(hit.kind)  # fmt: skip
    # elsewhere it is a second press soon after a first, as by a quick hand that draws two wires from one port
    return make(hit, event, place) if make is not None else (gesture, ())


def _ask_node(hit: Hit, event: Event, place: Place) -> Answer:
    return None, (Show(Popup("search", event.at, {"world": place.view.world(event.at)})),)


def _add_reroute(hit: Hit, event: Event, place: Place) -> Answer:
    from nawgraph.ui import dragging

    return None, (Apply(dragging.new_reroute(hit, place.view.world(event.at), place)),)


def _reset(hit: Hit, event: Event, place: Place) -> Answer:
    found = place.scene.shapes[hit.id].field(hit.part)
    if found is None or found.kind != "number":
        return Typing(hit.id, hit.part), ()
    return None, (Apply(ResetKnob(hit.id, hit.part, scope=place.tab.scope)),)


def _open_node(hit: Hit, event: Event, place: Place) -> Answer:
    node = place.scene.scope.nodes.get(hit.id)
    if node is None:
        return None, ()
    if definition_of(node.type) is not None:
        return None, (Enter(hit.id),)
    return Typing(hit.id), ()


def _other_view(hit: Hit, event: Event, place: Place) -> Answer:
    return None, (Invoke("node.view", {"target": "node", "id": hit.id}),)


def _type_panel(hit: Hit, event: Event, place: Place) -> Answer:
    return Typing(hit.id), ()


def click(press: Press, event: Event, place: Place) -> Answer:
    """A press that was released where it was."""
    hit = press.hit
    if press.button == "right":
        return None, _menu(hit, event, place)
    if hit.kind == "canvas":
        return None, () if event.shift or event.ctrl else (Select(()),)
    if hit.kind == "wire":
        return None, (Invoke("sound.listen", {"target": "wire", "wire": (hit.id, hit.part)}),)
    if hit.kind == "more":
        return None, (*press.late, Apply(_unfolded(hit.id, place)))
    if hit.kind == "field" and not (event.shift or event.ctrl):
        return _use_field(hit, press, place)
    return None, press.late


def _use_field(hit: Hit, press: Press, place: Place) -> Answer:
    found = place.scene.shapes[hit.id].field(hit.part)
    if found is None or found.wired:
        return None, press.late
    if found.kind == "switch":
        return None, (*press.late, Apply(SetKnob(hit.id, hit.part, not found.value, scope=place.tab.scope)))
    return Typing(hit.id, hit.part), press.late


def _unfolded(id: str, place: Place) -> Any:
    from nawgraph.ui import dragging

    entry = dragging.layout_entry(place, id)
    return dragging.set_ui(place, "nodes", id, {**entry, "unfolded": not entry.get("unfolded", False)})


def _menu(hit: Hit, event: Event, place: Place) -> tuple[Message, ...]:
    """Right-click: select what was hit if it is not, and show its menu."""
    kind = {"head": "node", "field": "node", "more": "node", "viewer": "node", "corner": "node"}.get(hit.kind, hit.kind)
    if kind == "node" and "/" in hit.id:
        kind = hit.id.partition("/")[0].removesuffix("s")
    data: dict[str, Any] = {"target": kind, "id": hit.id, "world": place.view.world(event.at)}
    if hit.kind == "port":
        data |= {"id": f"{hit.id}.{hit.part}", "side": hit.side}
    if hit.kind == "wire":
        data |= {"wire": (hit.id, hit.part)}
    if hit.kind == "field":
        data |= {"knob": hit.part}
    selection = place.tab.selection
    if kind == "node" and hit.id in selection and len(selection) > 1:
        data["target"] = "selection"
    chosen = kind in ("node", "frame", "note", "reroute") and hit.id not in selection
    known = hit.id in place.scene.scope.nodes or "/" in hit.id
    select = (Select((hit.id,)),) if chosen and known else ()
    return (*select, Show(Popup("menu", event.at, data)))


__all__ = [
    "Answer", "Box", "Event", "Gesture", "Link", "Move", "Pan", "Place", "Press", "Resize", "Slash", "Turn", "Typing",
    "cancelled", "click", "step",
]  # fmt: skip
