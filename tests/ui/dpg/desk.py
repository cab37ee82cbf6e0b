"""An editor in this process that is used by pointer and keys only. Nothing waits for a time: every step waits for what
it is meant to bring about, frame by frame, so that a busy machine makes the tests slow but not false.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from hand import Hand, Screen

from nawgraph.graph import Graph
from nawgraph.library import standard
from nawgraph.ui import gestures, placing
from nawgraph.ui.documents import Settings
from nawgraph.ui.geometry import Scene
from nawgraph.ui.messages import Do
from nawgraph.ui.state import App, Popup, Tab

SIZE = (1200, 760)
"""Of the window: a driver without a GPU paints on the processor, so that fewer pixels are quicker tests."""

PATIENCE = 120.0
"""Seconds after which a test gives up: long, since nothing depends on them."""
TRIES = 6


class Desk:
    """The editor's loop, turned by the test.

    Args:
        screen: where it is shown.
        cache: folder of the engine's cache.
    """

    def __init__(self, screen: Screen, cache: Path) -> None:
        from nawgraph.runtime.session import Session
        from nawgraph.ui.app import Editor
        from nawgraph.ui.runs import Runs

        os.environ["DISPLAY"] = screen.name
        library = standard()
        settings = Settings(window=SIZE, window_place=(0, 0))
        self.editor = Editor(library, Runs(lambda: Session(cache), library=library), settings)
        self.hand = Hand(screen.name, self.frames)
        self.hand.to(300, 700)
        self.frames(12)
        self._fresh = self.editor.app

    def clear(self) -> None:
        """Close everything, unasked, and put the panels back."""
        self.escape()
        self.editor.runs.runs.cancel_all()
        self.until(lambda: self.app.queue.current is None)
        for tab in self.app.tabs:
            self.editor.send(Do("documents", "close", {"key": tab.key, "sure": True}))
        self.until(lambda: not self.app.tabs)
        kept = {"size": self.app.size, "now": self.app.now, "sound": self.app.sound, "files": self.app.files}
        self.editor.app = replace(self._fresh, **kept)
        self.frames(3)

    def close(self) -> None:
        """The end of the session."""
        self.editor._close()
        self.hand.close()

    # ---------------------------------------------------------------------------------------- state

    @property
    def app(self) -> App:
        return self.editor.app

    @property
    def tab(self) -> Tab:
        assert self.app.tab is not None
        return self.app.tab

    @property
    def graph(self) -> Graph:
        return self.tab.graph

    @property
    def popup(self) -> Popup | None:
        return self.app.popup

    @property
    def scene(self) -> Scene:
        found = placing.scene(self.app)
        assert found is not None
        return found

    @property
    def said(self) -> str:
        """All sentences in the status bar."""
        return "\n".join(toast.text for toast in self.app.toasts)

    @property
    def gesture(self) -> Any:
        return self.editor.window._canvas._gesture

    # ---------------------------------------------------------------------------------------- frames

    def frames(self, count: int = 3) -> None:
        """Turn the loop; an error inside it fails the test."""
        for _ in range(count):
            self.editor.frame()
        broken = [toast.text for toast in self.app.toasts if "Something went wrong" in toast.text]
        assert not broken, broken

    def until(self, what: Callable[[], Any], why: str = "") -> Any:
        """Turn the loop until something holds; what it gave."""
        end = time.monotonic() + PATIENCE
        while not (found := what()):
            assert time.monotonic() < end, f"waited in vain {why}; popup {self.popup}, said {self.said!r}"
            self.frames(1)
        return found

    def again(self, act: Callable[[], Any], what: Callable[[], Any]) -> None:
        """Do something that a busy machine may miss (a double-click) until it has had its effect."""
        for _ in range(TRIES):
            act()
            for _ in range(30):
                if what():
                    return
                self.frames(1)
        raise AssertionError(f"{TRIES} tries without effect; popup {self.popup}, said {self.said!r}")

    # ---------------------------------------------------------------------------------------- places

    @property
    def corner(self) -> tuple[float, float]:
        """Upper left corner of the canvas on the screen."""
        x, y = self.editor.window._canvas._box[:2]
        return x, y

    def at(self, world: tuple[float, float]) -> tuple[float, float]:
        """Pixel of the screen of a point of the plane."""
        x, y = self.tab.view.screen(world)
        return self.corner[0] + x, self.corner[1] + y

    def port(self, id: str, side: str, name: str) -> tuple[float, float]:
        return self.at(self.scene.dot(id, side, name))

    def field(self, id: str, knob: str) -> tuple[float, float]:
        found = self.scene.shapes[id].field(knob)
        assert found is not None, knob
        (x, y), (left, top, right, bottom) = self.scene.position(id), found.box
        return self.at((x + (left + right) / 2, y + (top + bottom) / 2))

    def head(self, id: str) -> tuple[float, float]:
        left, top = self.scene.box(id)[:2]
        return self.at((left + 40, top + 15))

    def middle(self, source: str, target: str) -> tuple[float, float]:
        """Half-way along a wire."""
        from nawgraph.ui.bends import curves

        scene = self.scene
        at = next(i for i, wire in enumerate(scene.wires) if (wire.source, wire.target) == (source, target))
        (row,) = [i for i, owner in enumerate(scene.owner.tolist()) if owner == at]
        points = curves(scene.stretches[[row]], self.app.settings.wires)[0]
        x, y = points[len(points) // 2].tolist()
        return self.at((x, y))

    # ---------------------------------------------------------------------------------------- doing

    def new(self) -> None:
        """An empty document."""
        count = len(self.app.tabs)
        self.hand.press("ctrl+n")
        self.until(lambda: len(self.app.tabs) > count)
        self.frames(3)

    def open(self, path: Path) -> None:
        """A document, by the dialog's path field."""
        count = len(self.app.tabs)
        self.hand.press("ctrl+o")
        self.until(lambda: self.popup is not None and self.popup.kind == "browse")
        self.type(str(path))
        self.hand.press("Return")
        self.until(lambda: len(self.app.tabs) > count)
        self.frames(3)

    def escape(self) -> None:
        """Close whatever is open over the canvas."""
        if self.popup is not None:
            self.hand.press("esc")
            self.until(lambda: self.popup is None)

    def type(self, text: str) -> None:
        """Type into the field of the popup that is open, which has the keys by itself."""
        self.until(self.editor.window.kit.is_typing, "for a field to type in")
        self.hand.type(text)
        self.until(lambda: self.popup is not None and self.popup.query.endswith(text), f"for {text!r}")

    def add(self, words: str, world: tuple[float, float]) -> str:
        """Add a node by search at a point of the plane; its id."""
        before = set(self.tab.shown.nodes)
        x, y = self.at(world)
        self.again(lambda: self.hand.double(x, y), lambda: self.popup is not None and self.popup.kind == "search")
        self.type(words)
        self.hand.press("Return")
        (made,) = self.until(lambda: set(self.tab.shown.nodes) - before, f"for {words}")
        return str(made)

    def wire(self, source: str, target: str) -> None:
        """Drag from an output to an input or a knob."""
        (one, output), (other, port) = source.split("."), target.split(".")
        side = "in" if ("in", port) in self.scene.shapes[other].dots else "knob"
        self.hand.drag(self.port(one, "out", output), self.port(other, side, port))
        self.until(lambda: source in dict(self.tab.shown.nodes[other].wires()).values(), f"for {source} → {target}")

    def write(self, id: str, knob: str, text: str) -> None:
        """Type a knob's value where it is shown."""
        x, y = self.field(id, knob)
        self.again(lambda: self.hand.click(x, y), lambda: isinstance(self.gesture, gestures.Typing))
        self.until(self.editor.window.kit.is_typing)
        self.hand.press("ctrl+a")
        self.hand.type(text)
        before = self.graph
        self.hand.press("Return")
        self.until(lambda: self.graph is not before and self.gesture is None, f"for {knob} = {text}")

    def palette(self, words: str) -> None:
        """Carry out the command that a few words find."""
        self.hand.press("ctrl+shift+p")
        self.until(lambda: self.popup is not None and self.popup.kind == "palette")
        self.type(words)
        self.hand.press("Return")
        self.until(lambda: self.popup is None or self.popup.kind != "palette")
        self.frames(2)

    def save_as(self, path: Path) -> Graph:
        """Save under a name; what was written."""
        from nawgraph import files

        self.hand.press("ctrl+shift+s")
        self.until(lambda: self.popup is not None and self.popup.kind == "browse")
        self.until(self.editor.window.kit.is_typing)
        self.hand.press("ctrl+a")
        self.type(str(path))
        self.hand.press("Return")
        self.until(lambda: self.app.tab is not None and self.tab.path == path and not self.tab.dirty)
        return files.load(path)

    def run(self) -> None:
        """Run all, to the end, and wait until nothing is known to come."""
        before = self.tab.run
        self.hand.press("ctrl+Return")
        self.until(lambda: self.tab.run != before and self.app.queue.current is None, "for a run")
        self.frames(2)
