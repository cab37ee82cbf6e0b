"""Wires: one curve a stretch, in the colour of what it carries."""

from __future__ import annotations

from typing import Any

import dearpygui.dearpygui as dpg
import numpy as np

from nawgraph.ui import gestures, theme
from nawgraph.ui.bends import reach
from nawgraph.ui.dpg.ink import Ink, Tag

SEGMENTS, COARSE, FAR = 20, 8, 0.3
"""Straight pieces of a curve, and of one that is seen from afar: below this zoom."""


class Wires:
    """Made anew when the scene, the zoom or what is lit has changed; while nodes are dragged, only their own wires."""

    def __init__(self, ink: Ink, parent: Tag) -> None:
        self._still = _Layer(dpg.add_draw_node(parent=parent))
        self._moving = _Layer(dpg.add_draw_node(parent=parent))

    def draw(self, look: Any) -> None:
        """Draw all wires of the scene that touch the view."""
        hover = look.app.hover
        lit = (hover.id, hover.part) if hover is not None and hover.kind == "wire" else None
        taken = look.gesture.taken if isinstance(look.gesture, gestures.Link) else None
        cut = look.gesture.wires if isinstance(look.gesture, gestures.Slash) else ()
        onto = look.gesture.wire if isinstance(look.gesture, gestures.Move) else None
        moved = look.gesture.ids if look.scene is not look.still else frozenset()
        style = (look.grain, look.area, lit, taken, cut, onto, look.app.heard.name, look.tab.selection)
        self._still.draw(look, look.still, moved, False, style)
        self._moving.draw(look, look.scene if moved else None, moved, True, style)


class _Layer:
    """Wires of one scene: those that hang on nodes that are dragged, or those that do not."""

    def __init__(self, parent: Tag) -> None:
        self._parent = parent
        self._key: Any = None
        self._zoom = 0.0

    def draw(self, look: Any, scene: Any, moved: Any, hanging: bool, style: tuple[Any, ...]) -> None:
        """Draw them, if anything about them has changed."""
        if look.zoom != self._zoom:
            self._zoom = look.zoom
            dpg.apply_transform(self._parent, look.scaled())
        key = (scene, moved, *style)
        if self._key is not None and all(a is b or a == b for a, b in zip(key, self._key, strict=True)):
            return
        self._key = key
        dpg.delete_item(self._parent, children_only=True)
        if scene is None or not len(scene.stretches):
            return
        _, area, lit, taken, cut, onto, heard, chosen = style
        zoom = look.grain
        stretches = scene.stretches
        bends = reach(stretches)
        left, top, right, bottom = area
        away = (look.scene.stretches != look.still.stretches).any(axis=1) if moved else np.zeros(len(stretches), bool)
        for i, (x, y, u, v) in enumerate(stretches.tolist()):
            if away[i] != hanging:
                continue
            if max(x, u) < left or min(x, u) > right or max(y, v) < top or min(y, v) > bottom:
                continue
            wire = scene.wires[scene.owner[i]]
            source, target = wire.source.partition(".")[0], wire.target.partition(".")[0]
            ends = (wire.source, wire.target)
            if ends == taken:
                continue
            colour = theme.of_type(wire.type)
            thick = 2.0 * max(zoom, 0.5)
            if wire in cut:
                colour = theme.ERROR
            elif ends == lit or wire == onto or wire.source == heard:
                thick *= 1.7
            elif source not in chosen and target not in chosen:
                colour = theme.faded(colour, 0.62)
            bend = float(bends[i])
            points = ((x, y), (x + bend, y), (u - bend, v), (u, v))
            dpg.draw_bezier_cubic(
                *[(px * zoom, py * zoom) for px, py in points],
                color=colour,
                thickness=thick,
                segments=SEGMENTS if zoom > FAR else COARSE,
                parent=self._parent,
            )
