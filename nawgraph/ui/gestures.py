"""What the pointer does: events one by one → the gesture that it is in the middle of, and messages. No toolkit.

`step(gesture, event, place)` is pure. A gesture that moves things holds how far, so that the document changes once,
when it ends, and Escape leaves no trace; a knob that is turned changes the document as it goes, in one step of the
history.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nawgraph.edits import ResetKnob, SetKnob
from nawgraph.graph import definition_of, source_node
from nawgraph.ui import linking
from nawgraph.ui.geometry import Hit
from nawgraph.ui.gesture import (
    PARTS_FROM,
    THRESHOLD,
    Answer,
    Box,
    Bundle,
    Event,
    Gesture,
    Lasso,
    Lazy,
    Link,
    Move,
    Pan,
    Place,
    Press,
    Resize,
    Slash,
    Turn,
    Typing,
)
from nawgraph.ui.messages import Apply, Enter, Invoke, Look, Message, Select, Show
from nawgraph.ui.state import Popup

STEP = 1.12


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
    from nawgraph.ui import dragging, lasso, wire_drags  # noqa: F401  (the last two tell `dragging` of their gestures)

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
    if isinstance(gesture, Box | Lasso):
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
    if event.button == "left" and event.alt and hit.kind in ("canvas", "frame") and event.shift:
        how: Any = "remove" if event.ctrl else "add"
        return Lasso((world,), how, place.tab.selection), ()
    if (event.button == "right" and event.ctrl) or (event.button == "left" and event.alt and hit.kind == "canvas"):
        return Slash(world, world, button=event.button), ()
    if event.button == "right":
        return Press(hit, event.at, "right", event), ()
    if event.alt and hit.id in place.scene.scope.nodes and hit.kind not in ("port", "wire"):
        return Lazy(hit.id, world), ()
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
    if event.ctrl:
        bundle = _bundle(hit, place)
        if bundle is not None:
            return bundle, ()
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


def _bundle(hit: Hit, place: Place) -> Bundle | None:
    """All wires of a port, if it has any: those of an output to be moved, those of an input to be copied."""
    scene, end = place.scene, f"{hit.id}.{hit.part}"
    world = scene.dot(hit.id, hit.side, hit.part)
    if hit.side == "out":
        wires = [wire.target for wire in scene.wires if wire.source == end]
        held = tuple(target for target in wires if source_node(target) in scene.scope.nodes)
        if not held:
            return None
        fits = frozenset.intersection(*(linking.sources(scene, target) for target in held))
        return Bundle((end,), held, "out", fits - {(hit.id, "out", hit.part)}, world)
    node = scene.scope.nodes.get(hit.id)
    wire = node.inputs.get(hit.part) if node is not None else None
    if wire is None:
        return None
    sources = (wire,) if isinstance(wire, str) else wire
    fits = frozenset.intersection(*(linking.targets(scene, source) for source in sources))
    return Bundle(sources, (end,), "in", fits - {(hit.id, hit.side, hit.part)}, world)


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
    "PARTS_FROM", "THRESHOLD", "Answer", "Box", "Bundle", "Event", "Gesture", "Lasso", "Lazy", "Link", "Move", "Pan",
    "Place", "Press", "Resize", "Slash", "Turn", "Typing", "cancelled", "click", "step",
]  # fmt: skip
