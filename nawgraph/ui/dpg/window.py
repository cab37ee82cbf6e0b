"""The window: every view at its place, drawn once a frame from the state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import dearpygui.dearpygui as dpg

from nawgraph.ui.dpg import sides
from nawgraph.ui.dpg import status as status_bar
from nawgraph.ui.dpg import tabs as tab_strip
from nawgraph.ui.dpg import transport as transport_bar
from nawgraph.ui.dpg.canvas import Canvas
from nawgraph.ui.dpg.chooser import Chooser
from nawgraph.ui.dpg.dialogs import Dialogs
from nawgraph.ui.dpg.empty import Empty
from nawgraph.ui.dpg.fonts import Fonts
from nawgraph.ui.dpg.inspector import Inspector
from nawgraph.ui.dpg.keyboard import Keyboard
from nawgraph.ui.dpg.menubar import MenuBar
from nawgraph.ui.dpg.pane import Kit, Send
from nawgraph.ui.dpg.status import Status
from nawgraph.ui.dpg.style import Style
from nawgraph.ui.dpg.tabs import Tabs
from nawgraph.ui.dpg.transport import Transport
from nawgraph.ui.messages import Change, Insert, Quit, Show
from nawgraph.ui.state import App

MENU = 24.0
SPLIT = 5.0
NARROWEST, WIDEST = 220.0, 640.0


class Window:
    """The toolkit's context, window and views.

    Args:
        app: the state to begin with.
        send: puts a message into the loop's queue.
        pictures: what a canvas draws of a result.
        summary: one line about a result.
    """

    def __init__(self, app: App, send: Send, pictures: Callable[..., Any], summary: Callable[[bytes], str]) -> None:
        self._send = send
        dpg.create_context()
        dpg.configure_app(manual_callback_management=True)
        width, height = app.settings.window
        place = app.settings.window_place or (100, 60)
        dpg.create_viewport(
            title="nawgraph", width=width, height=height, x_pos=place[0], y_pos=place[1], min_width=900, min_height=560
        )
        scale = app.settings.ui_scale or _display_scale()
        fonts = Fonts(scale)
        dpg.bind_font(fonts.of())
        self.kit = Kit(send, fonts, Style(scale))
        self._root = dpg.add_window(
            no_title_bar=True, no_move=True, no_resize=True, no_scrollbar=True, no_bring_to_front_on_focus=True
        )
        dpg.bind_item_theme(self._root, self.kit.style.root)
        dpg.set_primary_window(self._root, True)
        self._menu = MenuBar(self.kit, self._root, app)
        self._tabs = Tabs(self.kit, self._root)
        self._side = sides.Side(self.kit, self._root)
        self._empty = Empty(self.kit, self._root)
        self._canvas = Canvas(self.kit, self._root, pictures)
        self._inspector = Inspector(self.kit, self._root, summary)
        self._transport = Transport(self.kit, self._root)
        self._status = Status(self.kit, self._root)
        self._chooser = Chooser(self.kit)
        self._dialogs = Dialogs(self.kit)
        self.keyboard = Keyboard(self.kit, self._dialogs.key)
        self._split: str = ""
        self._title = ""
        with dpg.handler_registry():
            dpg.add_mouse_click_handler(callback=self._clicked)
            dpg.add_mouse_release_handler(callback=self._released)
        dpg.set_exit_callback(lambda: send(Quit()))
        dpg.set_viewport_vsync(True)
        dpg.setup_dearpygui()
        dpg.show_viewport(maximized=app.settings.maximised)

    # -------------------------------------------------------------------------------------- a frame

    def callbacks(self) -> None:
        """Run what widgets have called for since the last frame; one that fails keeps no other from running."""
        for job in dpg.get_callback_queue() or ():
            self._run(job)

    def _run(self, job: Any) -> None:
        import inspect

        function, *arguments = job
        if function is not None:
            count = len(inspect.signature(function).parameters)
            function(*arguments[:count])

    def draw(self, app: App) -> None:
        """All views, from the state."""
        px = self.kit.px
        width, height = dpg.get_viewport_client_width(), dpg.get_viewport_client_height()
        top, bottom = px(MENU), height - px(status_bar.HEIGHT)
        self._menu.draw(app)
        self._pane(self._tabs, app, (0, top, width, px(tab_strip.HEIGHT)))
        self._pane(self._status, app, (0, bottom, width, px(status_bar.HEIGHT)))
        top += px(tab_strip.HEIGHT) + 1
        if "transport" in app.panels and app.tab is not None:
            bottom -= px(transport_bar.HEIGHT)
            self._pane(self._transport, app, (0, bottom, width, px(transport_bar.HEIGHT)))
        else:
            self._transport.place(None)
        bottom -= 1
        left, right = 0, width
        if app.layout.side and app.tab is not None:
            left = px(app.layout.side_width)
            self._side.draw(app, (0, top, left, bottom - top))
            left += 1
        else:
            self._side.draw(app, None)
        if "inspector" in app.panels and app.tab is not None:
            right = width - px(app.layout.inspector_width)
            self._pane(self._inspector, app, (right, top, width - right, bottom - top))
            right -= 1
        else:
            self._inspector.place(None)
        self._middle(app, (left, top, right - left, bottom - top))
        self._chooser.draw(app, (left, top), (width, height))
        self._dialogs.draw(app, (width, height))
        self._resize(app, left, right, top, bottom)
        self._name(app)

    def _pane(self, pane: Any, app: App, box: tuple[float, float, float, float]) -> None:
        if pane.place(box):
            pane.draw(app)

    def _middle(self, app: App, box: tuple[float, float, float, float]) -> None:
        x, y, width, height = box
        if app.tab is None:
            self._pane(self._empty, app, box)
            size = self._size_to_be(app, width, height)
        else:
            self._empty.place(None)
            size = width, height
        if app.size != size:
            self._send(Change({"size": size}))
        self._canvas.draw(app, x, y, width if app.tab is not None else 0, height)

    def _size_to_be(self, app: App, width: float, height: float) -> tuple[float, float]:
        """Of the canvas as soon as a document is open, so that the document is fitted into it."""
        px = self.kit.px
        if "inspector" in app.panels:
            width -= px(app.layout.inspector_width) + 1
        if app.layout.side:
            width -= px(app.layout.side_width) + 1
        return width, height - (px(transport_bar.HEIGHT) if "transport" in app.panels else 0)

    def _name(self, app: App) -> None:
        tab = app.tab
        title = f"{'• ' if tab.dirty else ''}{tab.title} - nawgraph" if tab is not None else "nawgraph"
        if title != self._title:
            self._title = title
            dpg.set_viewport_title(title)

    # ------------------------------------------------------------------------------------- pointer

    def _clicked(self) -> None:
        """A press beside a list closes it."""
        if self._chooser.open and not self._chooser.hovered:
            self._send(Show(None))
        self._split = self._edge

    def _released(self) -> None:
        self._split = ""

    _edge = ""

    def _resize(self, app: App, left: float, right: float, top: float, bottom: float) -> None:
        """The inner edges of the side panes can be dragged."""
        x, y = dpg.get_mouse_pos(local=False)
        near = self.kit.px(SPLIT)
        self._edge = ""
        if top < y < bottom and app.popup is None:
            if app.layout.side and abs(x - left) < near:
                self._edge = "side"
            elif "inspector" in app.panels and abs(x - right) < near:
                self._edge = "inspector"
        if self._split and dpg.is_mouse_button_down(dpg.mvMouseButton_Left):
            units = (
                x / self.kit.scale if self._split == "side" else (dpg.get_viewport_client_width() - x) / self.kit.scale
            )
            units = min(max(units, NARROWEST), WIDEST)
            self._send(Change({"layout": replace(app.layout, **{f"{self._split}_width": units})}))

    # -------------------------------------------------------------------------------------- effects

    def do(self, app: App, verb: str, data: Any) -> None:
        """An effect on the window, by name."""
        if verb == "copy":
            dpg.set_clipboard_text(data["text"])
        elif verb == "paste":
            text = dpg.get_clipboard_text() or app.clipboard
            self._send(Insert(text, data["at"], data["outer"]))
        elif verb == "show_folder":
            _show(data["folder"])

    def screenshot(self, path: Path) -> None:
        """Write what the window shows as a PNG; it is there some frames later."""
        dpg.output_frame_buffer(str(path))
        self.shot = True

    shot = False

    @property
    def busy(self) -> bool:
        """Whether a key or button is held, or a field is in use: then frames follow one another quickly."""
        pressed = dpg.is_mouse_button_down(dpg.mvMouseButton_Left) or dpg.is_mouse_button_down(dpg.mvMouseButton_Middle)
        return bool(pressed) or self.kit.is_typing()

    @property
    def open(self) -> bool:
        return bool(dpg.is_dearpygui_running())

    def render(self) -> None:
        """Put the frame on the screen."""
        dpg.render_dearpygui_frame()

    @property
    def settings(self) -> dict[str, Any]:
        """Size and place of the window, to begin with the next time."""
        width, height = dpg.get_viewport_width(), dpg.get_viewport_height()
        x, y = dpg.get_viewport_pos()
        return {"window": (max(int(width), 200), max(int(height), 200)), "window_place": (int(x), int(y))}

    def close(self) -> None:
        dpg.destroy_context()


def _show(folder: Path) -> None:
    """Open a folder with the system's own program."""
    import subprocess
    import sys

    program = {"darwin": "open", "win32": "explorer"}.get(sys.platform, "xdg-open")
    subprocess.Popen([program, str(folder)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _display_scale() -> float:
    """Scale that the display asks for, as far as the system says so."""
    import os

    try:
        return min(max(float(os.environ.get("NAWGRAPH_SCALE", "1")), 0.5), 4.0)
    except ValueError:
        return 1.0
