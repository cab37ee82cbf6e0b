"""What lies behind and before nodes: frames, notes, reroutes, the gesture, the minimap, and typing in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dearpygui.dearpygui as dpg

from nawgraph.edits import Edit, SetKnob, SetTitle, SetUi
from nawgraph.graph import EMPTY, plain
from nawgraph.hints import Choice, KnobError
from nawgraph.ui import gestures, theme, turning
from nawgraph.ui.bends import reach
from nawgraph.ui.dpg.ink import Ink, Tag
from nawgraph.ui.dpg.pane import Kit
from nawgraph.ui.geometry import FRAME_HEAD, Scene
from nawgraph.ui.messages import Say
from nawgraph.ui.state import App, View

FAR = 9.0
"""Pixels that a frame's title has at least."""


def frames(ink: Ink, parent: Tag, look: Any) -> None:
    """Frames, notes and reroutes, in the plane."""
    zoom, scope = look.zoom, look.tab.shown
    for section, rects in (("frames", look.scene.frames), ("notes", look.scene.notes)):
        for name, rect in rects.items():
            entry = scope.ui.get(section, EMPTY).get(name, EMPTY)
            chosen = f"{section}/{name}" in look.tab.selection
            colour = theme.rgb(str(entry["colour"])) if entry.get("colour") else theme.FAINT
            left, top, right, _ = rect
            if section == "frames":
                ink.box(parent, rect, zoom, theme.faded(colour, 0.10), theme.faded(colour, 0.5), rounding=8)
                ink.box(parent, (left, top, right, top + FRAME_HEAD), zoom, theme.faded(colour, 0.16), rounding=8)
                _frame_title(ink, parent, str(entry.get("title", "")), rect, zoom)
            else:
                ink.box(parent, rect, zoom, theme.mixed(theme.RAISED, colour, 0.2), rounding=5)
                _paragraphs(ink, parent, str(entry.get("text", "")), rect, zoom)
            if chosen:
                ink.box(parent, rect, zoom, None, theme.SELECTED, rounding=6, thickness=1.6)
    for id in look.scene.ids:
        if id.startswith("reroutes/"):
            x, y = look.scene.position(id)
            colour = theme.SELECTED if id in look.tab.selection else theme.MUTED
            dpg.draw_circle((x * zoom, y * zoom), 5 * zoom, color=colour, fill=theme.NODE, thickness=1.6, parent=parent)


def _frame_title(ink: Ink, parent: Tag, title: str, rect: Any, zoom: float) -> None:
    """In the frame's head; seen from afar above the frame, in a size that can be read."""
    left, top, right, _ = rect
    size, y = 15.0, top + 6
    if size * zoom < FAR:
        size = FAR / zoom
        y = top - size * 1.3
    title = ink.fitted(title, size, right - left - 24, theme.BOLD)
    ink.text(parent, left + 12, y, title, size, theme.TEXT, zoom, theme.BOLD)


def _paragraphs(ink: Ink, parent: Tag, text: str, rect: Any, zoom: float) -> None:
    left, top, right, bottom = rect
    y = top + 10
    for line in ink.lines(text, 13, right - left - 22):
        if y + 16 > bottom:
            return
        ink.text(parent, left + 11, y, line, 13, theme.TEXT, zoom)
        y += 18


def gesture(ink: Ink, parent: Tag, look: Any) -> None:
    """What the pointer is in the middle of, in pixels of the canvas."""
    made, view = look.gesture, look.view
    if isinstance(made, gestures.Box):
        left, top, right, bottom = made.rect
        a, b = view.screen((left, top)), view.screen((right, bottom))
        dpg.draw_rectangle(
            a, b, color=theme.faded(theme.ACCENT, 0.8), fill=theme.faded(theme.ACCENT, 0.12), parent=parent
        )
    elif isinstance(made, gestures.Slash):
        dpg.draw_line(view.screen(made.start), view.screen(made.at), color=theme.ERROR, thickness=2, parent=parent)
    elif isinstance(made, gestures.Lasso):
        points = [view.screen(point) for point in made.points]
        edge, inner = theme.faded(theme.ACCENT, 0.8), theme.faded(theme.ACCENT, 0.12)
        dpg.draw_polyline(points, color=edge, thickness=1.5, closed=True, parent=parent)
        if len(points) > 2:
            dpg.draw_polygon(points, color=(0, 0, 0, 0), fill=inner, parent=parent)
    elif isinstance(made, gestures.Link):
        _link(parent, look, made)
    elif isinstance(made, gestures.Bundle):
        _bundle(parent, look, made)
    elif isinstance(made, gestures.Lazy):
        _lazy(parent, look, made)


def _bundle(parent: Tag, look: Any, bundle: gestures.Bundle) -> None:
    """The wires that are moved or copied, to the port that would take them, else to the pointer."""
    loose = look.scene.dot(*bundle.over) if bundle.over is not None else bundle.at
    held = bundle.targets if bundle.loose == "out" else bundle.sources
    for end in held:
        id, _, name = end.partition(".")
        if id not in look.scene.shapes:
            continue
        dots = look.scene.shapes[id].dots
        side = "out" if bundle.loose == "in" else "in" if ("in", name) in dots else "knob"
        fixed = look.scene.dot(id, side, name)
        start, stop = (loose, fixed) if bundle.loose == "out" else (fixed, loose)
        _drawn(parent, look, start, stop, theme.FOCUS if bundle.over is not None else theme.MUTED)


def _lazy(parent: Tag, look: Any, lazy: gestures.Lazy) -> None:
    """A wire from a node to the one under the pointer: between their ports if some fit, else straight."""
    from nawgraph.ui.wire_drags import pair

    ends = pair(look.scene, lazy.id, lazy.over) if lazy.over else None
    if ends is None:
        left, top, right, bottom = look.scene.box(lazy.id)
        start = look.view.screen(((left + right) / 2, (top + bottom) / 2))
        dpg.draw_line(start, look.view.screen(lazy.at), color=theme.MUTED, thickness=2, parent=parent)
        return
    (giver, _, output), (taker, _, port) = ends[0].partition("."), ends[1].partition(".")
    side = "in" if ("in", port) in look.scene.shapes[taker].dots else "knob"
    _drawn(parent, look, look.scene.dot(giver, "out", output), look.scene.dot(taker, side, port), theme.FOCUS)


def _link(parent: Tag, look: Any, link: gestures.Link) -> None:
    """The wire that is drawn: to the port that it would end in, else to the pointer."""
    end = link.source or link.target
    id, _, name = end.partition(".")
    side = "out" if link.source else "in"
    fixed = look.scene.dot(id, side, name) if id in look.scene.shapes else link.at
    loose = look.scene.dot(link.over[0], link.over[1], link.over[2]) if link.over is not None else link.at
    start, stop = (fixed, loose) if link.source else (loose, fixed)
    _drawn(parent, look, start, stop, theme.FOCUS if link.over is not None else theme.MUTED)


def _drawn(parent: Tag, look: Any, start: Any, stop: Any, colour: Any) -> None:
    """A wire between two points of the canvas."""
    import numpy as np

    bend = float(reach(np.array([[*start, *stop]]))[0])
    points = (start, (start[0] + bend, start[1]), (stop[0] - bend, stop[1]), stop)
    dpg.draw_bezier_cubic(
        *[look.view.screen(p) for p in points],
        color=colour,
        thickness=2.4 * max(look.zoom, 0.5),
        segments=24,
        parent=parent,
    )


def hint(ink: Ink, parent: Tag, size: tuple[float, float]) -> None:
    """What to do on an empty canvas."""
    middle, y = size[0] / 2, size[1] * 0.4
    for words, height, colour, font in (
        ("An empty canvas", 24, theme.MUTED, theme.BOLD),
        ("Press Tab or double-click to add the first node", 15, theme.FAINT, theme.REGULAR),
        ("Drag from a port to wire it. Ctrl+Return runs. L listens.", 15, theme.FAINT, theme.REGULAR),
    ):
        ink.text(parent, middle - ink.width(words, height, font) / 2, y, words, height, colour, 1.0, font)
        y += height * 1.8


def minimap(parent: Tag, scene: Scene, box: tuple[float, float, float, float]) -> None:
    """Everything as small boxes."""
    left, top, right, bottom = box
    dpg.draw_rectangle(
        (left, top), (right, bottom), color=theme.LINE, fill=theme.faded(theme.PANEL, 0.92), rounding=6, parent=parent
    )
    scale, x0, y0 = _mapping(scene, box)
    for i, (l, t, r, b) in enumerate(scene.boxes.tolist()):  # noqa: E741
        shape = scene.shapes[scene.ids[i]]
        colour = theme.of_category(shape.category)
        corner = x0 + l * scale, y0 + t * scale
        far = x0 + max(r * scale, l * scale + 2), y0 + max(b * scale, t * scale + 2)
        dpg.draw_rectangle(corner, far, color=(0, 0, 0, 0), fill=theme.faded(colour, 0.75), parent=parent)


def seen(parent: Tag, look: Any, box: tuple[float, float, float, float]) -> None:
    """The part of the minimap that the canvas shows."""
    left, top, right, bottom = box
    scale, x0, y0 = _mapping(look.still, box)
    view = look.view
    a = x0 + view.x * scale, y0 + view.y * scale
    b2 = a[0] + look.size[0] / view.zoom * scale, a[1] + look.size[1] / view.zoom * scale
    shown = (max(a[0], left), max(a[1], top)), (min(b2[0], right), min(b2[1], bottom))
    dpg.draw_rectangle(*shown, color=theme.faded(theme.TEXT, 0.6), parent=parent)


def _mapping(scene: Scene, box: Any) -> tuple[float, float, float]:
    """Scale and offset from the plane to the minimap: all nodes fit into it."""
    left, top, right, bottom = box
    l, t, r, b = scene.bounds() or (0.0, 0.0, 1.0, 1.0)  # noqa: E741
    scale = min((right - left - 16) / max(r - l, 1), (bottom - top - 16) / max(b - t, 1))
    x0 = (left + right) / 2 - (l + r) / 2 * scale
    y0 = (top + bottom) / 2 - (t + b) / 2 * scale
    return scale, x0, y0


def from_map(scene: Scene, box: Any, at: tuple[float, float]) -> tuple[float, float]:
    """World point under a point of the minimap."""
    scale, x0, y0 = _mapping(scene, box)
    return (at[0] - x0) / scale, (at[1] - y0) / scale


class InPlace:
    """A field over the node, frame or note whose value is typed; Escape leaves it as it was."""

    def __init__(self, kit: Kit, parent: Tag) -> None:
        self._kit = kit
        self._parent = parent
        self._field: Tag = 0
        self._for: Any = None
        self._done: Callable[[Edit | None], None] = lambda edit: None
        self._read: Callable[[Any], Edit | None] = lambda value: None

    @property
    def hovered(self) -> bool:
        return bool(self._field) and bool(dpg.is_item_hovered(self._field))

    def draw(self, app: App, scene: Scene, view: View, made: Any, done: Callable[[Edit | None], None]) -> None:
        """Show the field while the gesture says that something is typed."""
        wanted = made if isinstance(made, gestures.Typing) else None
        if wanted == self._for:
            return
        self._close()
        self._for, self._done = wanted, done
        if wanted is not None:
            self._open(app, scene, view, wanted)

    def leave(self) -> None:
        """Take what was typed, since something else is pressed."""
        if self._field and isinstance(self._for, gestures.Typing):
            self._finish(dpg.get_value(self._field))

    def _close(self) -> None:
        if self._field:
            dpg.delete_item(self._field)
            self._field = 0
        self._for = None

    def _finish(self, value: Any) -> None:
        read, done = self._read, self._done
        self._close()
        try:
            done(read(value))
        except (KnobError, ValueError) as error:
            self._kit.send(Say(str(error)[:1].upper() + str(error)[1:], "warning"))
            done(None)

    def _open(self, app: App, scene: Scene, view: View, typing: gestures.Typing) -> None:
        tab = app.tab
        assert tab is not None
        section, slash, name = typing.id.partition("/")
        if slash:
            self._panel(app, scene, view, typing.id, section, name)
        elif typing.part:
            self._knob(app, scene, view, typing)
        else:
            left, top, right, _ = scene.box(typing.id)
            node = tab.shown.nodes[typing.id]
            self._read = lambda value: SetTitle(typing.id, str(value), scope=tab.scope) if value != node.title else None
            self._line(view, (left, top, right, top + 30), node.title, scene.shapes[typing.id].title)

    def _panel(self, app: App, scene: Scene, view: View, id: str, section: str, name: str) -> None:
        tab = app.tab
        assert tab is not None
        entry = dict(plain(tab.shown.ui[section][name]))
        key = "title" if section == "frames" else "text"
        self._read = lambda value: (
            SetUi(section, name, {**entry, key: str(value)}, scope=tab.scope) if value != entry.get(key, "") else None
        )
        left, top, right, bottom = scene.box(id)
        if section == "frames":
            self._line(view, (left, top, right, top + 30), str(entry.get(key, "")), "title")
        else:
            self._many(view, (left, top, right, bottom), str(entry.get(key, "")))

    def _knob(self, app: App, scene: Scene, view: View, typing: gestures.Typing) -> None:
        tab = app.tab
        assert tab is not None
        found = scene.shapes[typing.id].field(typing.part)
        if found is None:
            return
        left, top = scene.position(typing.id)
        l, t, r, b = found.box  # noqa: E741
        rect = (left + l, top + t, left + r, top + b)
        knob = found.knob

        def read(value: Any) -> Edit | None:
            new = turning.read(knob, str(value)) if found.kind in ("number", "list") else value
            return None if new == found.value else SetKnob(typing.id, typing.part, new, scope=tab.scope)

        self._read = read
        if isinstance(knob.hint, Choice):
            self._choice(view, rect, knob.hint.options, str(found.value))
        elif found.kind == "lines":
            self._many(view, rect, str(found.value))
        else:
            shown = ", ".join(map(str, found.value)) if found.kind == "list" else found.value
            self._line(view, rect, str(shown), knob.name)

    def _at(self, view: View, rect: Any) -> tuple[int, int, int, int]:
        x, y = view.screen(rect[:2])
        u, v = view.screen(rect[2:])
        return round(x), round(y), max(round(u - x), self._kit.px(120)), max(round(v - y), self._kit.px(22))

    def _line(self, view: View, rect: Any, value: str, hint: str) -> None:
        x, y, width, _ = self._at(view, rect)
        self._field = dpg.add_input_text(
            parent=self._parent, pos=(x, y), width=width, default_value=value, hint=hint, on_enter=True,
            auto_select_all=True, callback=lambda _, text: self._finish(text),
        )  # fmt: skip
        self._ready()

    def _many(self, view: View, rect: Any, value: str) -> None:
        x, y, width, height = self._at(view, rect)
        self._field = dpg.add_input_text(
            parent=self._parent, pos=(x, y), width=width, height=max(height, self._kit.px(64)), default_value=value,
            multiline=True, ctrl_enter_for_new_line=True, on_enter=True, callback=lambda _, text: self._finish(text),
        )  # fmt: skip
        self._ready()

    def _choice(self, view: View, rect: Any, options: tuple[str, ...], value: str) -> None:
        x, y, width, _ = self._at(view, rect)
        rows = min(len(options), 10)
        self._field = dpg.add_listbox(
            list(options), parent=self._parent, pos=(x, y), width=width, num_items=rows, default_value=value,
            callback=lambda _, chosen: self._finish(chosen),
        )  # fmt: skip
        self._ready()

    def _ready(self) -> None:
        self._kit.typing.add(self._field)
        dpg.bind_item_font(self._field, self._kit.fonts.of(theme.REGULAR, 13))
        dpg.focus_item(self._field)
