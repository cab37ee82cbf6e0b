"""The editor's loop: callbacks → messages → state → effects → views, once a frame, all on the main thread."""

from __future__ import annotations

import sys
import time
import traceback
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nawgraph.graph import Library
from nawgraph.ui import running
from nawgraph.ui.documents import Settings, load_settings, save_settings
from nawgraph.ui.messages import EFFECTS, Cancel, Change, Do, Quit, Run, Save, Say, Show, Tick
from nawgraph.ui.results import Results
from nawgraph.ui.runs import Runs, StepChanged
from nawgraph.ui.services import DocumentService, RunService, SoundService, Worker
from nawgraph.ui.state import App, Popup
from nawgraph.ui.update import update

if TYPE_CHECKING:
    from nawgraph.ui.dpg.window import Window

FRAME = 1 / 60
IDLE = 1 / 20
"""Seconds between frames while something happens, and while nothing does."""

SETTLE = 20
"""Frames before a picture of the window is taken."""


class Editor:
    """State, services and window; `run` returns when the window is closed.

    Args:
        library: node types.
        runs: the bridge to the engine.
        settings: preferences.
    """

    def __init__(self, library: Library, runs: Runs, settings: Settings) -> None:
        self._queue: deque[Any] = deque()
        self.send: Callable[[Any], None] = self._queue.append
        self.app = App(library, settings=settings, now=time.monotonic())
        self.runs = RunService(runs, self.send)
        self._worker = Worker(self.send, "nawgraph-pictures")
        results = Results(self.runs.value, self._worker)
        self.sound = SoundService(self.send, self.runs.value)
        self.documents = DocumentService(self.send)
        from nawgraph.ui.dpg.window import Window

        self.window: Window = Window(self.app, self.send, results.picture, results.summary)
        self._ends = False
        self._lively = 0.0

    def run(self, shot: Path | None = None) -> None:
        """Frames until the window is closed; with `shot`, one picture of it, and the end."""
        self.documents.start(self.app)
        self.sound.start(self.app)
        count = 0
        try:
            while not self._ends:
                began = time.perf_counter()
                self.frame()
                count += 1
                if shot is not None and self._shown(count, shot):
                    break
                self._rest(began)
        finally:
            self._close()

    def _shown(self, count: int, shot: Path) -> bool:
        """Whether the picture was taken: some frames after everything is at rest."""
        if count < SETTLE or self.app.queue.current is not None:
            return False
        if not self.window.shot:
            self.window.screenshot(shot)
            self._until = count + 5
        return count >= self._until

    _until = 0

    def frame(self) -> None:
        """One turn of the loop."""
        if not self.window.open:
            self.send(Quit())
        self._guarded(self.window.callbacks)
        for message in self._news():
            self._take(message)
        self._take(Change({"sound": self.sound.frame(self.app)}))
        for _ in range(len(self._queue)):
            self._take(self._queue.popleft())
        self._take(Tick(time.monotonic()))
        self.documents.frame(self.app)
        self._guarded(lambda: self.window.draw(self.app))
        self.window.render()

    def _news(self) -> list[Any]:
        """What the engine says; steps of one frame change the state once."""
        messages = self.runs.frame(self.app)
        steps = [message for message in messages if type(message) is StepChanged]
        if len(steps) > 1:
            first = next(i for i, message in enumerate(messages) if type(message) is StepChanged)
            rest = [message for message in messages[first:] if type(message) is not StepChanged]
            for message in messages[:first]:
                self._take(message)
            self.app = running.steps(self.app, steps)
            return rest
        return messages

    def _take(self, message: Any) -> None:
        """A message, or an effect, or something of the window that stands for some."""
        if hasattr(message, "messages"):
            for meant in message.messages(self.app):
                self._take(meant)
        elif isinstance(message, EFFECTS):
            self._guarded(lambda: self._do(message))
        else:
            if not isinstance(message, (Tick, Change)):
                self._lively = time.monotonic()
            self.app, effects = update(message, self.app)
            for effect in effects:
                self._guarded(partial(self._do, effect))

    def _do(self, effect: Any) -> None:
        if isinstance(effect, Run):
            self.runs.run(self.app, effect)
        elif isinstance(effect, Cancel):
            self.runs.cancel()
        elif isinstance(effect, Save):
            self.documents.save(self.app, effect.key)
        elif isinstance(effect, Quit):
            self._quit()
        elif isinstance(effect, Do):
            self._service(effect)

    def _service(self, effect: Do) -> None:
        if effect.service == "documents":
            self.documents.do(self.app, effect)
        elif effect.service == "runs":
            self.runs.do(self.app, effect)
        elif effect.service == "sound":
            self.sound.do(self.app, effect)
        elif effect.verb == "end":
            self._ends = True
        else:
            self.window.do(self.app, effect.verb, effect.data)

    def _quit(self) -> None:
        """End, after a question if something would be lost; a window that is gone leaves its work to be recovered."""
        unsaved = [tab.title for tab in self.app.tabs if tab.dirty]
        if not self.window.open or not unsaved:
            self._ends = True
            return
        names = ", ".join(f"“{name}”" for name in unsaved[:3])
        text = f"{names} {'have' if len(unsaved) > 1 else 'has'} changes that are not saved."
        answers = (("Keep Editing", None), ("Quit without Saving", Do("window", "end")))
        self._take(Show(Popup("question", data={"text": text, "answers": answers})))

    def _guarded(self, action: Callable[[], Any]) -> None:
        """An error of the program ends no work: it is said, and the loop goes on."""
        try:
            action()
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            text = f"Something went wrong inside the editor ({type(error).__name__}: {error}); your work is untouched"
            self.app, _ = update(Say(text, "error"), self.app)

    def _rest(self, began: float) -> None:
        """Wait for the next frame; longer while nothing happens."""
        busy = self.app.sound.playing or self.app.queue.current is not None or self.window.busy
        quiet = time.monotonic() - self._lively > 1.0 and not busy
        left = (IDLE if quiet else FRAME) - (time.perf_counter() - began)
        if left > 0:
            time.sleep(left)

    def _close(self) -> None:
        from msgspec.structs import replace as with_fields

        try:
            save_settings(with_fields(self.app.settings, **self.window.settings))
        except OSError as error:
            print(f"nawgraph: the settings were not saved: {error.strerror or error}", file=sys.stderr)
        self.sound.close()
        self._worker.close(1.0)
        keep = not self.window.open and any(tab.dirty for tab in self.app.tabs)
        self.documents.close(keep=keep)
        self.runs.close()
        self.window.close()


def edit(file: Path | None = None, shot: Path | None = None) -> None:
    """Open the editor, with a document if one is named.

    Args:
        file: a document, or a sound that carries one.
        shot: where to write a picture of the window, and then end.
    """
    from nawgraph.home import cache_folder
    from nawgraph.own_nodes import library

    settings, sentences = load_settings()
    known = library()

    def session() -> Any:
        from nawgraph.runtime.session import Session

        return Session(cache_folder(), device=settings.device)

    editor = Editor(known, Runs(session, library=known), settings)
    for sentence in sentences:
        editor.send(Say(sentence, "warning"))
    if file is not None:
        editor.send(Do("documents", "open", {"path": str(file)}))
    editor.run(shot)
