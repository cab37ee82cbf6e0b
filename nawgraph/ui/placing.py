"""Where nodes of the document in front lie, and the edits that align, spread and tidy them."""

from __future__ import annotations

from collections.abc import Collection

from nawgraph.edits import Batch, Edit, Move
from nawgraph.ui import arrange
from nawgraph.ui.geometry import Scene, scene_of
from nawgraph.ui.state import App

Rect = tuple[float, float, float, float]
WHOLE: Rect = (0.0, 0.0, 400.0, 300.0)


def scene(app: App) -> Scene | None:
    """What the canvas shows, laid out."""
    tab, interfaces = app.tab, app.interfaces()
    return scene_of(tab.shown, interfaces) if tab is not None and interfaces is not None else None


def bounds(app: App, ids: Collection[str] | None = None) -> Rect:
    """World rectangle (left, top, right, bottom) around nodes (None: everything); some rectangle if there are none."""
    found = scene(app)
    return (found.bounds(ids) if found is not None else None) or WHOLE


def arranged(app: App, how: str, ids: Collection[str]) -> Edit | None:
    """The edit that places nodes.

    Args:
        app: the editor.
        how: ``tidy``, an edge to align (left, centre, right, top, middle, bottom), or ``across`` or ``down`` to spread.
        ids: nodes; for ``tidy``, none or one means all of them.
    """
    found = scene(app)
    if found is None or app.tab is None:
        return None
    nodes = app.tab.shown.nodes
    if how == "tidy" and len(ids) < 2:
        ids = tuple(nodes)
    boxes = {id: (found.position(id), (found.shapes[id].width, found.shapes[id].height)) for id in ids}
    if not boxes:
        return None
    scope = app.tab.scope
    if how == "tidy":
        wires = [(source, id) for id in ids for source in nodes[id].sources]
        origin = min(at[0] for at, _ in boxes.values()), min(at[1] for at, _ in boxes.values())
        places = arrange.tidy({id: size for id, (_, size) in boxes.items()}, wires, origin)
        return Batch((Move(places, scope=scope),), f"tidy {len(places)} nodes")
    if how in ("across", "down"):
        return Move(arrange.distribute(boxes, how), scope=scope)  # type: ignore[arg-type]
    return Move(arrange.align(boxes, how), scope=scope)  # type: ignore[arg-type]
