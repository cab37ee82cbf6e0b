"""Selecting by an outline drawn by hand. No toolkit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from nawgraph.ui import dragging
from nawgraph.ui.geometry import Scene
from nawgraph.ui.gesture import Answer, Event, Lasso, Place
from nawgraph.ui.messages import Select
from nawgraph.ui.state import Point

STEP = 4.0
"""Pixels between two points of an outline: closer ones change nothing that can be seen."""


@dragging.moved.register
def _(gesture: Lasso, event: Event, place: Place) -> Answer:
    at, last = event.at, place.view.screen(gesture.points[-1])
    if max(abs(at[0] - last[0]), abs(at[1] - last[1])) < STEP:
        return gesture, ()
    lasso = replace(gesture, points=(*gesture.points, place.view.world(at)))
    found = inside(place.scene, lasso.points)
    chosen = lasso.base - found if lasso.how == "remove" else lasso.base | found
    return lasso, () if chosen == place.tab.selection else (Select(chosen),)


def inside(scene: Scene, outline: Sequence[Point]) -> frozenset[str]:
    """Nodes, bends, notes and frames whose middle lies within an outline.

    Args:
        scene: what is shown.
        outline: corners in canvas units; the last is joined with the first. Less than three hold nothing.
    """
    if len(outline) < 3:
        return frozenset()
    rects = {id: scene.box(id) for id in scene.ids if id in scene.scope.nodes}
    rects |= {id: (*scene.position(id), *scene.position(id)) for id in scene.ids[len(scene.boxes) :]}
    rects |= {f"notes/{id}": rect for id, rect in scene.notes.items()}
    rects |= {f"frames/{id}": rect for id, rect in scene.frames.items()}
    if not rects:
        return frozenset()
    boxes = np.array(list(rects.values()), np.float64)
    x, y = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
    held = np.zeros(len(boxes), bool)
    corners = np.array(outline, np.float64)
    for (x1, y1), (x2, y2) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if y1 != y2:  # a ray to the right crosses this side: even-odd rule
            held ^= ((y1 > y) != (y2 > y)) & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
    return frozenset(id for id, within in zip(rects, held, strict=True) if within)
