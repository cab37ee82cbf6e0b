"""How gestures go on and end: what follows the pointer, and what the document becomes when the button is let go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import singledispatch
from typing import Any

from nawgraph.edits import Batch, Connect, Disconnect, Edit, EditError, Insert, SetKnob, SetUi
from nawgraph.edits import Move as MoveNodes
from nawgraph.graph import EMPTY, plain, source_node
from nawgraph.ui import linking
from nawgraph.ui.arrange import snapped
from nawgraph.ui.geometry import NEAR, Hit
from nawgraph.ui.gesture import (
    PARTS_FROM,
    THRESHOLD,
    Answer,
    Box,
    Event,
    Gesture,
    Link,
    Move,
    Pan,
    Place,
    Press,
    Resize,
    Slash,
    Turn,
)
from nawgraph.ui.gestures import click
from nawgraph.ui.messages import Apply, Look, Message, Select, Show
from nawgraph.ui.search import converters
from nawgraph.ui.shapes import NARROWEST, OUTSIDE, WIDEST
from nawgraph.ui.state import Point, Popup
from nawgraph.ui.turning import rounded, turned
from nawgraph.ui.wiring import Wire

FRAME_LEAST = (120.0, 60.0)


@singledispatch
def moved(gesture: Any, event: Event, place: Place) -> Answer:
    """The gesture after the pointer moved."""
    return gesture, ()


@singledispatch
def released(gesture: Any, event: Event, place: Place) -> Answer:
    """The gesture has ended."""
    return None, ()


@moved.register
def _(gesture: Press, event: Event, place: Place) -> Answer:
    far = max(abs(event.at[0] - gesture.at[0]), abs(event.at[1] - gesture.at[1]))
    if far < THRESHOLD:
        return gesture, ()
    begun, messages = _begun(gesture, place)
    if begun is None:
        return None, messages
    gesture_now, more = moved(begun, event, place)
    return gesture_now, (*messages, *more)


def _begun(press: Press, place: Place) -> tuple[Gesture, tuple[Message, ...]]:
    """The drag that a press has become."""
    hit, world = press.hit, place.view.world(press.at)
    if press.button == "right":
        return Pan(press.at, "right"), ()
    if hit.kind in ("canvas", "wire") or (hit.id not in place.scene.scope.nodes and "/" not in hit.id):
        down = press.event
        how: Any = "add" if down and down.shift else "remove" if down and down.ctrl else "set"
        return Box(world, world, how, place.tab.selection), ()
    if hit.kind == "corner":
        left, top, right, bottom = place.scene.box(hit.id)
        return Resize(hit.id, world, (right - left, bottom - top), (right - left, bottom - top)), ()
    if hit.kind == "field":
        turn = _turn(hit, press.at, place)
        if turn is not None:
            return turn, ()
    select: tuple[Message, ...] = ()
    ids = place.tab.selection
    if hit.id not in ids:
        ids = ids | {hit.id} if press.event and (press.event.shift or press.event.ctrl) else frozenset({hit.id})
        select = (Select(ids),)
    return Move(_with_frames(ids, place), world, hit.id), select


def _turn(hit: Hit, at: Point, place: Place) -> Turn | None:
    field = place.scene.shapes[hit.id].field(hit.part)
    if field is None or field.kind != "number" or field.wired:
        return None
    return Turn(hit.id, hit.part, at, float(field.value), field.value if field.changed else None)


def _with_frames(ids: frozenset[str], place: Place) -> frozenset[str]:
    """These and what moves with the frames among them: the nodes that they name, and what lies inside."""
    frames = place.scene.scope.ui.get("frames", EMPTY)
    found = set(ids)
    for id in ids:
        section, _, name = id.partition("/")
        if section == "frames" and name in frames:
            found |= {node for node in frames[name].get("nodes", ()) if node in place.scene.scope.nodes}
            found |= place.scene.touched(place.scene.box(id)) & inside(id, place)
    return frozenset(found)


def inside(frame: str, place: Place) -> set[str]:
    """What lies wholly within a frame."""
    left, top, right, bottom = place.scene.box(frame)
    found = set()
    for id in place.scene.touched((left, top, right, bottom)) - {frame}:
        box = place.scene.box(id)
        if left <= box[0] and top <= box[1] and box[2] <= right and box[3] <= bottom:
            found.add(id)
    return found


@moved.register
def _(gesture: Pan, event: Event, place: Place) -> Answer:
    dx, dy = event.at[0] - gesture.at[0], event.at[1] - gesture.at[1]
    return replace(gesture, at=event.at), (Look(place.view.panned(dx, dy)),)


@moved.register
def _(gesture: Box, event: Event, place: Place) -> Answer:
    box = replace(gesture, at=place.view.world(event.at))
    touched = place.scene.touched(box.rect)
    chosen = {"set": touched, "add": box.base | touched, "remove": box.base - touched}[box.how]
    return box, () if chosen == place.tab.selection else (Select(chosen),)


@moved.register
def _(gesture: Move, event: Event, place: Place) -> Answer:
    world = place.view.world(event.at)
    dx, dy = world[0] - gesture.start[0], world[1] - gesture.start[1]
    grid = place.snap or (8.0 if event.ctrl else 0.0)
    if grid:
        x, y = place.scene.box(gesture.lead)[:2]
        dx, dy = snapped(x + dx, grid) - x, snapped(y + dy, grid) - y
    return replace(gesture, offset=(dx, dy), wire=_under(gesture, (dx, dy), world, place)), ()


def _under(move: Move, offset: Point, world: Point, place: Place) -> Wire | None:
    """The wire that a single unwired node could be put on."""
    scene = place.scene
    id = move.lead
    node = scene.scope.nodes.get(id)
    if node is None or len(move.ids) != 1 or node.inputs:
        return None
    if any(source_node(wire.source) == id for wire in scene.wires):
        return None
    left, top, right, _ = scene.box(id)
    middle = ((left + right) / 2 + offset[0], (top + 15) + offset[1])
    for point in (middle, world):
        wire = scene.wire_at(point, 14.0 / min(place.view.zoom, 1.0), but=(id,))
        if wire is not None and not wire.target.startswith(OUTSIDE):
            try:
                Insert(id, wire.source, wire.target, scope=place.tab.scope).apply(place.tab.graph, place.library)
            except EditError:
                continue
            return wire
    return None


@released.register
def _(gesture: Move, event: Event, place: Place) -> Answer:
    if gesture.offset == (0.0, 0.0):
        return None, ()
    edits: list[Edit] = []
    nodes = {id: _shifted(place, id, gesture.offset) for id in gesture.ids if id in place.scene.scope.nodes}
    if nodes:
        edits.append(MoveNodes(nodes, scope=place.tab.scope))
    for id in sorted(gesture.ids - nodes.keys()):
        section, _, name = id.partition("/")
        entry = place.scene.scope.ui.get(section, EMPTY).get(name)
        if entry is not None:
            x, y = entry["at"]
            at = (round(x + gesture.offset[0]), round(y + gesture.offset[1]))
            edits.append(SetUi(section, name, {**entry, "at": at}, scope=place.tab.scope))
    if gesture.wire is not None:
        wire = gesture.wire
        edits.append(Insert(gesture.lead, wire.source, wire.target, scope=place.tab.scope))
    label = f"insert {gesture.lead}" if gesture.wire else ""
    return None, (Apply(edits[0] if len(edits) == 1 else Batch(tuple(edits), label)),) if edits else ()


def _shifted(place: Place, id: str, offset: Point) -> Point:
    x, y = place.scene.position(id)
    return x + offset[0], y + offset[1]


@moved.register
def _(gesture: Link, event: Event, place: Place) -> Answer:
    world = place.view.world(event.at)
    return replace(gesture, at=world, over=_over(gesture, event.at, place)), ()


def _over(link: Link, at: Point, place: Place) -> linking.Port | None:
    """The port that a wire would end in: the one under the pointer, or the best of the node under it."""
    hit = place.scene.hit(place.view.world(at), min(place.view.zoom, 0.7), place.view.zoom >= PARTS_FROM)
    if hit.kind == "port" and (hit.id, hit.side, hit.part) in link.fits:
        return hit.id, hit.side, hit.part
    if hit.kind == "field" and (hit.id, "knob", hit.part) in link.fits:
        return hit.id, "knob", hit.part
    if hit.id in place.scene.scope.nodes and hit.kind not in ("wire", "port", "field"):
        return linking.best(place.scene, hit.id, link.fits, place.view.world(at))
    return None


@released.register
def _(gesture: Link, event: Event, place: Place) -> Answer:
    link = replace(gesture, over=_over(gesture, event.at, place))
    if link.over is not None:
        return None, _joined(link, place)
    hit = place.hit(event.at)
    off = _cut_taken(link, place)
    if hit.kind in ("canvas", "frame", "note", "wire"):
        if link.taken is not None:
            return None, (Apply(off),) if off else ()
        ends = {"from": link.source} if link.source else {"into": link.target}
        return None, (Show(Popup("search", event.at, {"world": place.view.world(event.at), **ends})),)
    if hit.id == OUTSIDE and link.source:
        edit = linking.exposed(place.scene, link.source)
        return None, (Apply(replace(edit, scope=place.tab.scope)),) if edit is not None else ()
    return None, _offered(link, hit, event, place)


def _joined(link: Link, place: Place) -> tuple[Message, ...]:
    """The wire is drawn; the one that was picked up goes in the same step."""
    assert link.over is not None
    end = f"{link.over[0]}.{link.over[2]}"
    source, target = (link.source, end) if link.source else (end, link.target)
    if link.taken == (source, target):
        return ()
    edit: Edit = Connect(source, target, scope=place.tab.scope)
    off = _cut_taken(link, place)
    return (Apply(Batch((off, edit), edit.label) if off is not None else edit),)


def _cut_taken(link: Link, place: Place) -> Edit | None:
    if link.taken is None:
        return None
    return Disconnect(link.taken[1], link.taken[0], scope=place.tab.scope)


def _offered(link: Link, hit: Hit, event: Event, place: Place) -> tuple[Message, ...]:
    """Dropped on a port of another type: offer what converts."""
    wrong = hit.kind == "port" and (hit.side == "out") == (not link.source)
    if not wrong or hit.id not in place.scene.scope.nodes:
        return ()
    end = f"{hit.id}.{hit.part}"
    source, target = (link.source, end) if link.source else (end, link.target)
    scope, interfaces = place.scene.scope, place.scene.interfaces
    id, _, port = target.partition(".")
    spec = interfaces.of(scope.nodes[id])
    wanted = spec and (spec.input(port) or spec.knob(port))
    if not wanted or id == source_node(source):
        return ()
    found = converters(place.library, interfaces.output_type(scope, source), wanted.type)
    data = {"from": source, "into": target, "converters": found, "world": place.view.world(event.at)}
    return (Show(Popup("convert", event.at, data)),)


@moved.register
def _(gesture: Slash, event: Event, place: Place) -> Answer:
    at = place.view.world(event.at)
    return replace(gesture, at=at, wires=tuple(place.scene.cut(gesture.start, at))), ()


@released.register
def _(gesture: Slash, event: Event, place: Place) -> Answer:
    edits = [
        Disconnect(wire.target, wire.source, scope=place.tab.scope)
        for wire in gesture.wires
        if not wire.target.startswith(OUTSIDE)
    ]
    if not edits:
        return None, ()
    return None, (Apply(Batch(tuple(edits), f"cut {len(edits)} wires" if len(edits) > 1 else edits[0].label)),)


@moved.register
def _(gesture: Turn, event: Event, place: Place) -> Answer:
    shape = place.scene.shapes.get(gesture.id)
    field = shape.field(gesture.knob) if shape is not None else None
    if field is None:
        return None, ()
    value = turned(field.knob, gesture.value, event.at[0] - gesture.at[0], fine=event.shift, coarse=event.ctrl)
    new = rounded(field.knob, value, fine=event.shift)
    messages = () if new == field.value else (Apply(SetKnob(gesture.id, gesture.knob, new, scope=place.tab.scope)),)
    return replace(gesture, at=event.at, value=value), messages


@moved.register
def _(gesture: Resize, event: Event, place: Place) -> Answer:
    world = place.view.world(event.at)
    width = gesture.base[0] + world[0] - gesture.start[0]
    height = gesture.base[1] + world[1] - gesture.start[1]
    if "/" not in gesture.id:
        width = min(max(width, NARROWEST), WIDEST)
    least = FRAME_LEAST if "/" in gesture.id else (NARROWEST, 40.0)
    return replace(gesture, size=(max(width, least[0]), max(height, least[1]))), ()


@released.register
def _(gesture: Resize, event: Event, place: Place) -> Answer:
    section, slash, name = gesture.id.partition("/")
    if not slash:
        section, name = "nodes", gesture.id
    size = (round(gesture.size[0]), round(gesture.size[1]))
    return None, (Apply(set_ui(place, section, name, {**layout_entry(place, gesture.id), "size": size})),)


@released.register
def _(gesture: Press, event: Event, place: Place) -> Answer:
    return click(gesture, event, place)


def layout_entry(place: Place, id: str) -> dict[str, Any]:
    """The entry of a node, frame, note or reroute in the layout, as an object with its position."""
    section, slash, name = id.partition("/")
    found = place.scene.scope.ui.get(section if slash else "nodes", EMPTY).get(name if slash else id)
    if isinstance(found, Mapping):
        return dict(plain(found))
    x, y = found if found is not None else place.scene.position(id)
    return {"at": [round(x), round(y)]}


def set_ui(place: Place, section: str, name: str, value: Mapping[str, Any]) -> Edit:
    """An edit of the layout of the scope that is shown."""
    return SetUi(section, name, value, scope=place.tab.scope)


def new_reroute(hit: Hit, at: Point, place: Place) -> Edit:
    """A bend in a wire, where it was double-clicked: after the last reroute left of it."""
    taken = place.scene.scope.ui.get("reroutes", EMPTY)
    n = 1
    while f"bend_{n}" in taken:
        n += 1
    entry: dict[str, Any] = {"at": [round(at[0]), round(at[1])], "source": hit.id, "targets": [hit.part]}
    return set_ui(place, "reroutes", f"bend_{n}", entry)


__all__ = ["NEAR", "layout_entry", "moved", "new_reroute", "released", "set_ui"]
