"""The canvas: one drawlist in a child window; nodes are made anew only where something about them changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import dearpygui.dearpygui as dpg

from nawgraph.ui import gestures, placing, theme
from nawgraph.ui.dpg import overlay
from nawgraph.ui.dpg.ink import Ink
from nawgraph.ui.dpg.nodes import Drawn, Nodes
from nawgraph.ui.dpg.pane import Kit, Tag
from nawgraph.ui.dpg.wires import Wires
from nawgraph.ui.geometry import Scene
from nawgraph.ui.gestures import Event, Gesture, Place
from nawgraph.ui.messages import Apply, Change, Look
from nawgraph.ui.state import App, View

GRID = 40.0
MINIMAP = (180.0, 120.0)

Point = tuple[float, float]


class Canvas:
    """Draws the document in front and turns what the pointer does into messages.

    Args:
        kit: what every view needs.
        parent: the window.
        pictures: (digest, size, kind) → what to draw of a result, or None.
    """

    def __init__(self, kit: Kit, parent: Tag, pictures: Callable[..., Any]) -> None:
        self._kit = kit
        self._send = kit.send
        self._app: App | None = None
        self._gesture: Gesture = None
        self._box = (0.0, 0.0, 0.0, 0.0)
        self._grid_key: Any = None
        self._map_key: Any = None
        self._child: Tag = dpg.add_child_window(
            parent=parent, border=False, no_scrollbar=True, no_scroll_with_mouse=True, show=False
        )
        dpg.bind_item_theme(self._child, kit.style.bare)
        self._list: Tag = dpg.add_drawlist(10, 10, parent=self._child)
        self._grid: Tag = dpg.add_draw_node(parent=self._list)
        self._world: Tag = dpg.add_draw_node(parent=self._list)
        self._frames: Tag = dpg.add_draw_node(parent=self._world)
        self._ink = Ink(kit.fonts)
        self._wires = Wires(self._ink, dpg.add_draw_node(parent=self._world))
        self._nodes = Nodes(self._ink, dpg.add_draw_node(parent=self._world), pictures)
        self._front: Tag = dpg.add_draw_node(parent=self._list)
        self._map: Tag = dpg.add_draw_node(parent=self._list)
        self._seen: Tag = dpg.add_draw_node(parent=self._list)
        self._editor = overlay.InPlace(kit, self._child)
        self._drawn: Any = None
        self._last: Point = (-1.0, -1.0)
        self._down = ""
        with dpg.handler_registry():
            dpg.add_mouse_click_handler(callback=self._clicked)
            dpg.add_mouse_double_click_handler(callback=self._double)
            dpg.add_mouse_release_handler(callback=self._released)
            dpg.add_mouse_wheel_handler(callback=self._wheeled)

    # -------------------------------------------------------------------------------------- a frame

    def draw(self, app: App, x: float, y: float, width: float, height: float) -> None:
        """Show the document in front in a rectangle of the window."""
        self._app = app
        box = (x, y, width, height)
        if box != self._box:
            self._box = box
            show = width >= 1 and height >= 1
            dpg.configure_item(
                self._child,
                show=show,
                pos=(round(x), round(y)),
                width=max(round(width), 1),
                height=max(round(height), 1),
            )
            dpg.configure_item(self._list, width=max(round(width), 1), height=max(round(height), 1))
        scene = placing.scene(app)
        if app.tab is None or scene is None:
            return
        self._moved()
        shown = self._as_dragged(scene)
        view = app.tab.view
        self._place(view)
        self._background(view)
        look = Drawn(app, shown, scene, view, (width, height), self._gesture)
        self._frames_of(look)
        self._wires.draw(look)
        self._nodes.draw(look)
        self._overlay(look)
        self._minimap(look)
        self._editor.draw(app, shown, view, self._gesture, self._done)

    def _place(self, view: View) -> None:
        matrix = dpg.create_translation_matrix((-view.x * view.zoom, -view.y * view.zoom))
        dpg.apply_transform(self._world, matrix)

    def _as_dragged(self, scene: Scene) -> Scene:
        gesture = self._gesture
        if isinstance(gesture, gestures.Move) and gesture.offset != (0.0, 0.0):
            return scene.moved(gesture.ids, *gesture.offset)
        return scene

    def _background(self, view: View) -> None:
        """A quiet grid, its lines further apart where the plane is small."""
        width, height = self._box[2:]
        key = (round(view.x, 1), round(view.y, 1), view.zoom, width, height)
        if key == self._grid_key:
            return
        self._grid_key = key
        dpg.delete_item(self._grid, children_only=True)
        gap = GRID * view.zoom
        while gap < 24:
            gap *= 4
        for axis, extent, other in ((0, width, height), (1, height, width)):
            start = (-(view.x, view.y)[axis] * view.zoom) % gap
            first = round(((view.x, view.y)[axis] * view.zoom + start) / gap)
            for i in range(int((extent - start) / gap) + 1):
                at = start + i * gap
                colour = theme.GRID_STRONG if (first + i) % 4 == 0 else theme.GRID
                a, b = ((at, 0), (at, other)) if axis == 0 else ((0, at), (other, at))
                dpg.draw_line(a, b, color=colour, parent=self._grid)

    def _frames_of(self, look: Drawn) -> None:
        key = (look.scene, look.zoom, look.tab.selection)
        if self._drawn is not None and all(a is b or a == b for a, b in zip(key, self._drawn, strict=True)):
            return
        self._drawn = key
        dpg.delete_item(self._frames, children_only=True)
        overlay.frames(self._ink, self._frames, look)

    def _overlay(self, look: Drawn) -> None:
        dpg.delete_item(self._front, children_only=True)
        overlay.gesture(self._ink, self._front, look)
        if look.tab is not None and not look.scene.ids and look.app.popup is None:
            overlay.hint(self._ink, self._front, (self._box[2], self._box[3]))

    def _minimap(self, look: Drawn) -> None:
        show = "minimap" in look.app.panels and len(look.scene.ids) > 1
        key = (show, look.still, look.view, self._box)
        old, self._map_key = self._map_key, key
        if old is not None and all(a is b or a == b for a, b in zip(key, old, strict=True)):
            return
        dpg.delete_item(self._seen, children_only=True)
        if old is None or (show, self._box) != (old[0], old[3]) or look.still is not old[1]:
            dpg.delete_item(self._map, children_only=True)
            if show:
                overlay.minimap(self._map, look.still, self._map_box())
        if show:
            overlay.seen(self._seen, look, self._map_box())

    def _map_box(self) -> tuple[float, float, float, float]:
        width, height = self._box[2:]
        w, h = self._kit.px(MINIMAP[0]), self._kit.px(MINIMAP[1])
        return width - w - 12, height - h - 12, width - 12, height - 12

    # ------------------------------------------------------------------------------------- pointer

    def _at(self) -> Point:
        x, y = dpg.get_mouse_pos(local=False)
        return x - self._box[0], y - self._box[1]

    def _over(self) -> bool:
        """Whether the pointer is over the canvas and nothing lies on it."""
        x, y = self._at()
        return 0 <= x < self._box[2] and 0 <= y < self._box[3] and bool(dpg.is_item_hovered(self._child))

    def _place_of(self) -> Place | None:
        app = self._app
        scene = placing.scene(app) if app is not None else None
        if app is None or app.tab is None or scene is None:
            return None
        return Place(app.tab, scene, app.tab.view, app.library, float(app.settings.snap))

    def _event(self, kind: Any, **more: Any) -> Event:
        return Event(
            kind,
            self._at(),
            shift=bool(dpg.is_key_down(dpg.mvKey_ModShift)),
            ctrl=bool(dpg.is_key_down(dpg.mvKey_ModCtrl)),
            alt=bool(dpg.is_key_down(dpg.mvKey_ModAlt)),
            **more,
        )

    def _step(self, event: Event) -> None:
        place = self._place_of()
        if place is None:
            return
        self._gesture, messages = gestures.step(self._gesture, event, place)
        for message in messages:
            self._send(message)

    def _clicked(self, sender: Any, button: int) -> None:
        if self._app is None or self._app.popup is not None or not self._over() or self._editor.hovered:
            return
        if button == 0 and self._jumped():
            return
        self._editor.leave()
        self._down = BUTTONS[button] if button < len(BUTTONS) else ""
        if self._down:
            self._step(self._event("press", button=self._down))

    def _jumped(self) -> bool:
        """A press on the minimap goes there."""
        app = self._app
        assert app is not None
        left, top, right, bottom = self._map_box()
        x, y = self._at()
        if app.tab is None or "minimap" not in app.panels or not (left <= x <= right and top <= y <= bottom):
            return False
        scene = placing.scene(app)
        if scene is None or len(scene.ids) < 2:
            return False
        px, py = overlay.from_map(scene, (left, top, right, bottom), (x, y))
        view = app.tab.view
        self._send(Look(replace(view, x=px - self._box[2] / 2 / view.zoom, y=py - self._box[3] / 2 / view.zoom)))
        return True

    def _double(self, sender: Any, button: int) -> None:
        if (
            button == 0
            and self._app is not None
            and self._app.popup is None
            and self._over()
            and not self._editor.hovered
        ):
            self._step(self._event("double"))

    def _released(self, sender: Any, button: int) -> None:
        name = BUTTONS[button] if button < len(BUTTONS) else ""
        if self._gesture is not None and name == self._down:
            self._step(self._event("release", button=name))
            self._down = ""

    def _wheeled(self, sender: Any, notches: float) -> None:
        if self._over() and self._app is not None and self._app.popup is None:
            self._step(self._event("wheel", wheel=float(notches)))

    def _moved(self) -> None:
        at = self._at()
        if at == self._last or self._app is None:
            return
        self._last = at
        if self._gesture is not None:
            self._step(self._event("move", button=self._down or "left"))
        if self._over() and self._app.tab is not None:
            place = self._place_of()
            hit = place.hit(at) if place is not None else None
            self._send(Change({"pointer": self._app.tab.view.world(at), "hover": hit}))

    def cancel(self) -> bool:
        """Escape: the gesture ends as if it had never begun. Whether there was one."""
        place = self._place_of()
        if self._gesture is None or place is None:
            return False
        self._gesture, messages = gestures.cancelled(self._gesture, place)
        self._editor.leave()
        for message in messages:
            self._send(message)
        return True

    def _done(self, edit: Any) -> None:
        """What was typed in place."""
        self._gesture = None
        if edit is not None:
            self._send(Apply(edit))


BUTTONS: Any = ("left", "right", "middle")
