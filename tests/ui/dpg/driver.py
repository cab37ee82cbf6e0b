"""An editor that is used by pointer and keys only; where things lie is known from the shapes of nodes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hand import SIZE, Hand, Screen

from nawgraph.graph import Graph, Node
from nawgraph.interface import Interfaces
from nawgraph.library import standard
from nawgraph.ui import gestures
from nawgraph.ui.commands.view import fitted
from nawgraph.ui.geometry import scene_of
from nawgraph.ui.shapes import Shape, shape_of
from nawgraph.ui.state import View

CANVAS = (0.0, 63.0)
"""Upper left corner of the canvas: below the menus and tabs."""

AREA = (1063.0, 758.0)
"""Size of the canvas beside the inspector, above the transport."""

PATIENCE = 40.0


def wait(what: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """The first true answer."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(0.1)
    raise AssertionError(f"waited {seconds} s in vain")


class Driver:
    """Starts an editor in a folder and does things in it."""

    def __init__(self, screen: Screen, home: Path, folder: Path) -> None:
        self._screen, self._home = screen, home
        self.folder = folder
        self.hand = Hand(screen.name)
        self.process: subprocess.Popen[str] | None = None
        self.view = View()
        self._placed: dict[str, tuple[float, float, Shape]] = {}
        (home / "editor").mkdir(parents=True, exist_ok=True)
        settings = {"window": list(SIZE), "window_place": [0, 0]}
        (home / "editor" / "settings.json").write_text(json.dumps(settings))

    def start(self, *words: str) -> None:
        """Start it; it answers from then on."""
        environment = {**os.environ, "DISPLAY": self._screen.name, "NAWGRAPH_HOME": str(self._home)}
        self.hand.to(700, 450)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "nawgraph", "edit", *words],
            env=environment,
            cwd=self.folder,
            stderr=subprocess.PIPE,
            text=True,
        )
        wait(lambda: self.hand.picture().max() > 60)
        time.sleep(0.8)

    def end(self) -> str:
        """Quit with keys; what it said on stderr."""
        assert self.process is not None
        self.hand.press("ctrl+q")
        _, said = self.process.communicate(timeout=PATIENCE)
        assert self.process.returncode == 0, said
        return said

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.communicate()
        self.hand.close()

    # ------------------------------------------------------------------------------------------- plane

    def knows(self, graph: Graph) -> None:
        """A document was opened, and all of it is in view."""
        scene = scene_of(graph, Interfaces(graph, standard()))
        bounds = scene.bounds()
        assert bounds is not None
        self.view = fitted(bounds, AREA)
        self._placed = {id: (*scene.position(id), scene.shapes[id]) for id in graph.nodes}

    def at(self, world: tuple[float, float]) -> tuple[float, float]:
        """Pixel of the screen of a point of the plane."""
        x, y = self.view.screen(world)
        return CANVAS[0] + x, CANVAS[1] + y

    def zoom(self, notches: int, at: tuple[float, float]) -> None:
        """Turn the wheel over a pixel of the screen."""
        self.hand.to(*at)
        self.hand.wheel(notches)
        anchor = at[0] - CANVAS[0], at[1] - CANVAS[1]
        for _ in range(abs(notches)):
            self.view = self.view.zoomed(gestures.STEP ** (1 if notches > 0 else -1), anchor)
        self.hand.rest(0.2)

    def add(self, id: str, type: str, words: str, world: tuple[float, float]) -> None:
        """Add a node by search at a point of the plane, and remember where it lies."""
        x, y = (round(v) for v in self.at(world))
        self.hand.double(x, y)
        self.hand.rest(0.2)
        self.hand.type(words)
        self.hand.press("Return")
        self.hand.rest(0.2)
        spec = standard().get(type)
        assert spec is not None
        real = self.view.world((x - CANVAS[0], y - CANVAS[1]))
        self._placed[id] = (real[0], real[1] - 20, shape_of(Node(type), spec))

    def port(self, id: str, side: Any, name: str) -> tuple[float, float]:
        """Pixel of a port."""
        x, y, shape = self._placed[id]
        dx, dy = shape.dot(side, name)
        return self.at((x + dx, y + dy))

    def field(self, id: str, name: str) -> tuple[float, float]:
        """Pixel in the middle of a knob."""
        x, y, shape = self._placed[id]
        found = shape.field(name)
        assert found is not None
        left, top, right, bottom = found.box
        return self.at((x + (left + right) / 2, y + (top + bottom) / 2))

    def head(self, id: str) -> tuple[float, float]:
        x, y, _ = self._placed[id]
        return self.at((x + 40, y + 15))

    def wire(self, source: str, target: str) -> None:
        """Drag from an output to an input."""
        (one, output), (other, port) = source.split("."), target.split(".")
        self.hand.drag(self.port(one, "out", output), self.port(other, "in", port))
        self.hand.rest(0.1)

    def write(self, id: str, knob: str, text: str) -> None:
        """Type a knob's value where it is shown."""
        self.hand.click(*self.field(id, knob))
        self.hand.rest(0.6)
        self.hand.press("ctrl+a")
        self.hand.type(text)
        self.hand.click(CANVAS[0] + 20, CANVAS[1] + 700)
        self.hand.rest(0.4)

    def opens(self, chord: str) -> None:
        """Press a chord that opens a list, and wait until it is seen."""
        before = self.hand.picture()
        self.hand.press(chord)
        wait(lambda: (self.hand.picture() != before).any(-1).mean() > 0.02)
        self.hand.rest(0.3)

    def save_as(self, name: str) -> Graph:
        """Save under a name in the folder; what was written."""
        self.opens("ctrl+shift+s")
        self.hand.type(name)
        self.hand.rest(0.2)
        self.hand.press("Return")
        path = self.folder / name
        wait(path.exists)
        return self.saved(name)

    def saved(self, name: str) -> Graph:
        from nawgraph import files

        return files.load(self.folder / name)
