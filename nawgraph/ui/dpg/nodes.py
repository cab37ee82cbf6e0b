"""Nodes: each one a group of draw items of its own, made anew only when something about it has changed."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import dearpygui.dearpygui as dpg

from nawgraph.graph import Graph, Node, Subgraph
from nawgraph.ui import gestures, theme, turning
from nawgraph.ui.dpg.ink import Ink, Tag
from nawgraph.ui.dpg.viewer import draw_picture
from nawgraph.ui.geometry import Scene
from nawgraph.ui.shapes import HEAD, Field, Shape
from nawgraph.ui.state import App, Badge, Tab, View

PARTS = 0.3
"""The zoom below which a node is a box with its name."""

NONE = Badge()


@dataclass(frozen=True, eq=False)
class Drawn:
    """What is drawn in a frame.

    Attributes:
        scene: as it is shown, while something is dragged with that elsewhere.
        still: as the document has it.
        size: of the canvas in pixels.
    """

    app: App
    scene: Scene
    still: Scene
    view: View
    size: tuple[float, float]
    gesture: Any = None

    @cached_property
    def tab(self) -> Tab:
        assert self.app.tab is not None
        return self.app.tab

    @cached_property
    def nodes(self) -> Graph | Subgraph:
        """What the canvas shows."""
        return self.tab.shown

    @cached_property
    def zoom(self) -> float:
        return self.view.zoom

    @cached_property
    def grain(self) -> float:
        """The zoom that things are drawn for: where they are small one of a few, from which the rest is a transform."""
        return self.zoom if self.zoom >= PARTS else self.coarse

    @cached_property
    def coarse(self) -> float:
        """The zoom, or one at most a fifth above or below it: half an octave apart."""
        return float(2 ** (round(math.log2(self.zoom) * 2) / 2))

    def scaled(self) -> Any:
        """The matrix that brings what was drawn for `grain` to the zoom."""
        share = self.zoom / self.grain
        return dpg.create_scale_matrix((share, share, 1.0))

    @cached_property
    def area(self) -> tuple[float, float, float, float]:
        """World rectangle that is seen, in steps of a quarter of the view, with a margin of as much."""
        w, h = self.size[0] / self.coarse, self.size[1] / self.coarse
        x, y = self.view.x // (w / 4) * (w / 4), self.view.y // (h / 4) * (h / 4)
        return x - w / 4, y - h / 4, x + 1.5 * w, y + 1.5 * h


class Nodes:
    """Keeps what is drawn of each node."""

    def __init__(self, ink: Ink, parent: Tag, pictures: Callable[..., Any]) -> None:
        self._ink = ink
        self._parent = parent
        self._pictures = pictures
        self._kept: dict[str, tuple[Tag, tuple[Any, ...]]] = {}
        self._places: dict[str, tuple[float, float, float]] = {}
        self._scope: Any = None
        self._last: tuple[Any, ...] = ()
        self._zoom = 0.0
        self._pictured = False

    def draw(self, look: Drawn) -> None:
        """All nodes that touch the view."""
        link = look.gesture.fits if isinstance(look.gesture, gestures.Link | gestures.Bundle) else None
        if look.zoom != self._zoom:
            self._zoom = look.zoom
            dpg.apply_transform(self._parent, look.scaled())
        now = (look.scene, look.grain, look.area, look.tab.badges, look.tab.selection, look.nodes, link, look.tab.trail)
        if (
            not self._pictured
            and len(self._last)
            and all(a is b or a == b for a, b in zip(now, self._last, strict=True))
        ):
            return  # pictures may have become ready; nothing else can have changed
        self._last, self._pictured = now, False
        scope = (look.tab.key, look.tab.trail)
        if scope != self._scope:
            self._scope = scope
            self._forget(list(self._kept))
        seen = {look.scene.ids[i] for i in look.scene.within(look.area).tolist() if i < len(look.scene.ids)}
        self._forget([id for id in self._kept if id not in seen])
        for id in look.scene.ids:
            if id in seen and id in look.scene.shapes:
                self._node(look, id, link)

    def _forget(self, ids: list[str]) -> None:
        for id in ids:
            dpg.delete_item(self._kept.pop(id)[0])
            self._places.pop(id, None)

    def _node(self, look: Drawn, id: str, fits: Any) -> None:
        shape = look.scene.shapes[id]
        tab = look.tab
        node = look.nodes.nodes.get(id)
        badge = tab.badges.get(tab.step(id), NONE)
        picture = self._picture(look, shape, badge)
        chosen = id in tab.selection
        dots = frozenset((side, name) for other, side, name in fits if other == id) if fits is not None else None
        busy = badge.state == "running"
        key = (
            shape,
            look.grain,
            badge if not busy else (badge, round(badge.seconds, 1)),
            picture,
            chosen,
            dots,
            node and node.mode,
        )
        old = self._kept.get(id)
        if old is None or not all(a is b or a == b for a, b in zip(key, old[1], strict=True)):
            if old is None:
                tag = dpg.add_draw_node(parent=self._parent)
            else:
                tag = old[0]
                dpg.delete_item(tag, children_only=True)
            self._kept[id] = (tag, key)
            self._ink_node(tag, look, shape, node, badge, picture, chosen, dots)
        x, y = look.scene.position(id)
        place = (x, y, look.grain)
        if self._places.get(id) != place:
            self._places[id] = place
            move = dpg.create_translation_matrix((x * look.grain, y * look.grain))
            dpg.apply_transform(self._kept[id][0], move)

    def _picture(self, look: Drawn, shape: Shape, badge: Badge) -> Any:
        if shape.viewer is None or look.zoom < PARTS:
            return None
        digest = badge.preview or next((d for d in badge.outputs if d), b"")
        if not digest:
            return None
        self._pictured = True
        left, top, right, bottom = shape.viewer
        more = 2 if look.zoom * self._ink.scale > 1.2 else 1
        return self._pictures(digest, (round(right - left) * more, round(bottom - top) * more), shape.view)

    # -------------------------------------------------------------------------------------- one node

    def _ink_node(
        self,
        tag: Tag,
        look: Drawn,
        shape: Shape,
        node: Node | None,
        badge: Badge,
        picture: Any,
        chosen: bool,
        dots: Any,
    ) -> None:
        ink, zoom = self._ink, look.grain
        off = node is not None and node.mode in ("bypass", "mute")
        rect = (0.0, 0.0, shape.width, shape.height)
        colour = theme.rgb(shape.colour) if shape.colour else theme.of_category(shape.category)
        if shape.spec is None and not shape.group and node is not None:
            colour = theme.ERROR
        head = theme.mixed(theme.NODE, colour, 0.34 if zoom >= PARTS else 0.6)
        shadow = (-1.0, 1.0, shape.width + 1.0, shape.height + 4.0)
        ink.box(tag, shadow, zoom, theme.faded(theme.OUTLINE, 0.55), rounding=theme.ROUND + 1)
        body = theme.NODE if zoom >= PARTS else theme.mixed(theme.NODE, colour, 0.18)
        ink.box(tag, rect, zoom, body, rounding=theme.ROUND)
        tall = HEAD if not shape.collapsed else shape.height
        ink.box(tag, (0, 0, shape.width, tall), zoom, theme.faded(head, 0.45) if off else head, rounding=theme.ROUND)
        if not shape.collapsed:
            ink.box(tag, (0, tall - theme.ROUND, shape.width, tall), zoom, theme.faded(head, 0.45) if off else head)
        text = theme.MUTED if off else theme.TEXT
        title = ink.fitted(shape.title, 13, shape.width - 46, theme.BOLD)
        ink.text(tag, 12, 7.5, title, 13, text, zoom, theme.BOLD)
        self._mark(tag, shape, node, badge, zoom)
        if zoom >= PARTS and not shape.collapsed:
            self._parts(tag, shape, off, zoom)
            self._viewer(tag, shape, picture, badge, zoom)
        if zoom >= PARTS:
            self._dots(tag, shape, dots, zoom)
        line = theme.SELECTED if chosen else _edge(badge)
        if line is not None:
            grown = (-0.5, -0.5, shape.width + 0.5, shape.height + 0.5)
            ink.box(tag, grown, zoom, None, line, rounding=theme.ROUND, thickness=1.8 if chosen else 1.4)

    def _mark(self, tag: Tag, shape: Shape, node: Node | None, badge: Badge, zoom: float) -> None:
        """State: a dot in the head, progress along its lower edge, the mode as a letter."""
        ink = self._ink
        if node is not None and node.mode:
            letter = {"bypass": "B", "mute": "M", "freeze": "❄"}[node.mode]
            colour = theme.CACHED if node.mode == "freeze" else theme.DIRTY
            ink.text(tag, shape.width - 34, 7.5, letter, 12, colour, zoom, theme.WIDE if letter == "❄" else theme.BOLD)
        if badge.state:
            centre = ((shape.width - 14) * zoom, 15 * zoom)
            dpg.draw_circle(
                centre, 4.2 * zoom, color=theme.STATES[badge.state], fill=theme.STATES[badge.state], parent=tag
            )
        if badge.state == "running":
            share = badge.progress if badge.progress is not None else (badge.seconds % 1.6) / 1.6
            ink.box(tag, (0, HEAD - 2.5, shape.width, HEAD), zoom, theme.faded(theme.RUNNING, 0.25))
            if badge.progress is not None:
                ink.box(tag, (0, HEAD - 2.5, shape.width * share, HEAD), zoom, theme.RUNNING)
            else:
                at = share * (shape.width - 40)
                ink.box(tag, (at, HEAD - 2.5, at + 40, HEAD), zoom, theme.RUNNING)

    def _parts(self, tag: Tag, shape: Shape, off: bool, zoom: float) -> None:
        ink = self._ink
        for (side, name), dot in shape.dots.items():
            if side == "knob":
                continue
            label = name.replace("_", " ")
            colour = theme.FAINT if off else theme.MUTED
            if side == "in":
                ink.text(tag, dot.x + 11, dot.y - 7.5, label, 12, theme.TEXT if dot.needed else colour, zoom)
            else:
                ink.text(tag, dot.x - 11 - ink.width(label, 12), dot.y - 7.5, label, 12, colour, zoom)
        for field in shape.fields:
            self._field(tag, field, zoom)
        if shape.more is not None:
            left, top, right, _ = shape.more
            words = f"{shape.hidden} more" if shape.hidden else "fewer"
            ink.text(tag, (left + right - ink.width(words, 11)) / 2, top + 1, words, 11, theme.FAINT, zoom)

    def _field(self, tag: Tag, field: Field, zoom: float) -> None:
        ink = self._ink
        left, top, right, bottom = field.box
        room = right - left - 14
        ink.box(tag, field.box, zoom, theme.FIELD, rounding=4)
        name = field.knob.name.replace("_", " ")
        if field.wired:
            ink.text(tag, left + 7, top + 4, ink.fitted(name, 12, room), 12, theme.FAINT, zoom)
            return
        share = turning.position(field.knob, field.value)
        if share is not None and share > 0:
            bar = (left, top, left + (right - left) * share, bottom)
            ink.box(tag, bar, zoom, theme.faded(theme.ACCENT, 0.26 if field.changed else 0.15), rounding=4)
        if field.kind == "lines":
            self._lines(tag, field, zoom)
            return
        words = (
            str(field.value) if field.kind in ("text", "file", "choice") else turning.written(field.knob, field.value)
        )
        words = words.replace("\n", " ")
        font = theme.MONO if field.kind == "number" else theme.REGULAR
        size = 11.5 if field.kind == "number" else 12
        label = ink.fitted(name, 12, room * 0.55)
        ink.text(tag, left + 7, top + 4, label, 12, theme.MUTED, zoom)
        words = ink.fitted(words, size, room - ink.width(label, 12) - 8, font)
        colour = theme.TEXT if field.changed else theme.MUTED
        ink.text(tag, right - 7 - ink.width(words, size, font), top + 4, words, size, colour, zoom, font)

    def _lines(self, tag: Tag, field: Field, zoom: float) -> None:
        """A text over several lines, broken between words."""
        ink = self._ink
        left, top, right, bottom = field.box
        room, y = right - left - 14, top + 4
        text = str(field.value) or field.knob.name
        colour = theme.TEXT if field.value else theme.FAINT
        for line in ink.lines(text, 12, room):
            if y + 15 > bottom:
                return
            ink.text(tag, left + 7, y, line, 12, colour, zoom)
            y += 16

    def _dots(self, tag: Tag, shape: Shape, fits: Any, zoom: float) -> None:
        for (side, name), dot in shape.dots.items():
            colour = theme.of_type(dot.type)
            radius = (4.0 if side == "knob" and not dot.wired else 5.2) * zoom
            lit = fits is None or (side, name) in fits
            if not lit:
                colour = theme.mixed(colour, theme.NODE, 0.8)
            elif fits is not None:
                dpg.draw_circle(
                    (dot.x * zoom, dot.y * zoom),
                    radius * 1.9,
                    color=(0, 0, 0, 0),
                    fill=theme.faded(colour, 0.35),
                    parent=tag,
                )
            filled = dot.wired or side == "out"
            dpg.draw_circle(
                (dot.x * zoom, dot.y * zoom),
                radius,
                color=colour,
                fill=colour if filled else theme.NODE,
                thickness=1.6 * max(zoom, 0.6),
                parent=tag,
            )

    def _viewer(self, tag: Tag, shape: Shape, picture: Any, badge: Badge, zoom: float) -> None:
        if shape.viewer is None:
            return
        self._ink.box(tag, shape.viewer, zoom, theme.CANVAS, rounding=4)
        if badge.error:
            left, top, right, bottom = shape.viewer
            for i, line in enumerate(self._ink.lines(badge.error, 11, right - left - 12)):
                if top + 20 + 15 * i <= bottom:
                    self._ink.text(tag, left + 6, top + 6 + 15 * i, line, 11, theme.ERROR, zoom)
        elif picture is not None:
            draw_picture(self._ink, tag, picture, shape.viewer, zoom, faded=badge.state == "dirty")


def _edge(badge: Badge) -> theme.Colour | None:
    """The colour of a node's outline, for what should be seen from afar."""
    return {
        "failed": theme.ERROR,
        "blocked": theme.faded(theme.ERROR, 0.5),
        "running": theme.RUNNING,
        "dirty": theme.faded(theme.DIRTY, 0.7),
    }.get(badge.state)
