"""Drags that draw wires without aiming at one port: from node to node, and whole bundles. No toolkit."""

from __future__ import annotations

from dataclasses import replace

from nawgraph.edits import Batch, Connect, Disconnect, Edit
from nawgraph.ui import dragging, linking
from nawgraph.ui.geometry import Scene
from nawgraph.ui.gesture import PARTS_FROM, Answer, Bundle, Event, Lazy, Place
from nawgraph.ui.messages import Apply, Say


@dragging.moved.register
def _(gesture: Lazy, event: Event, place: Place) -> Answer:
    world = place.view.world(event.at)
    hit = place.scene.hit(world, place.view.zoom, False)
    other = hit.id if hit.id in place.scene.scope.nodes and hit.id != gesture.id and hit.kind != "wire" else ""
    return replace(gesture, at=world, over=other), ()


@dragging.released.register
def _(gesture: Lazy, event: Event, place: Place) -> Answer:
    lazy, _ = dragging.moved(gesture, event, place)
    if not isinstance(lazy, Lazy) or not lazy.over:
        return None, ()
    ends = pair(place.scene, lazy.id, lazy.over)
    if ends is None:
        return None, (
            Say(f"{lazy.over} takes nothing that {lazy.id} gives: drag from a port to see what fits", "warning"),
        )
    return None, (Apply(Connect(*ends, scope=place.tab.scope)),)


def pair(scene: Scene, giver: str, taker: str) -> tuple[str, str] | None:
    """The output and the input that join two nodes best, None if nothing fits.

    An input is better than a knob, an unwired one better than a wired one, then the first of both nodes.
    """
    shape = scene.shapes[taker]
    found: list[tuple[bool, bool, int, float, str, str]] = []
    outputs = [name for side, name in scene.shapes[giver].dots if side == "out"]
    for order, output in enumerate(outputs):
        source = f"{giver}.{output}"
        for id, side, name in linking.targets(scene, source):
            dot = shape.dots.get((side, name)) if id == taker else None  # type: ignore[arg-type]
            if dot is not None:
                found.append((side == "knob", dot.wired, order, dot.y, source, f"{taker}.{name}"))
    return min(found)[-2:] if found else None


@dragging.moved.register
def _(gesture: Bundle, event: Event, place: Place) -> Answer:
    world = place.view.world(event.at)
    return replace(gesture, at=world, over=_over(gesture, place, world)), ()


def _over(bundle: Bundle, place: Place, world: tuple[float, float]) -> linking.Port | None:
    hit = place.scene.hit(world, min(place.view.zoom, 0.7), place.view.zoom >= PARTS_FROM)
    port = (hit.id, "knob" if hit.kind == "field" else hit.side, hit.part)
    if port in bundle.fits:
        return port
    if hit.id in place.scene.scope.nodes and hit.kind not in ("wire", "port", "field"):
        return linking.best(place.scene, hit.id, bundle.fits, world)
    return None


@dragging.released.register
def _(gesture: Bundle, event: Event, place: Place) -> Answer:
    over = _over(gesture, place, place.view.world(event.at))
    if over is None:
        return None, ()
    end, scope = f"{over[0]}.{over[2]}", place.tab.scope
    edits: list[Edit] = []
    for target in gesture.targets:
        for source in gesture.sources:
            if gesture.loose == "out":
                edits += [Disconnect(target, source, scope=scope), Connect(end, target, scope=scope)]
            else:
                edits.append(Connect(source, end, scope=scope))
    count = len(gesture.targets) * len(gesture.sources)
    verb = "move" if gesture.loose == "out" else "copy"
    label = f"{verb} {count} wires to {end}" if count > 1 else f"{verb} a wire to {end}"
    return None, (Apply(Batch(tuple(edits), label)),)
