"""A thread beside the main one, for what may take a while; its answers are messages."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable
from typing import Any

from nawgraph.ui.messages import Say

Send = Callable[[Any], None]


class Worker:
    """Does jobs one after the other. A job returns messages; an error becomes a sentence.

    Args:
        send: puts a message into the loop's queue; any thread may call it.
        name: of the thread.
    """

    def __init__(self, send: Send, name: str) -> None:
        self._send = send
        self._jobs: queue.SimpleQueue[Callable[[], Iterable[Any]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def do(self, job: Callable[[], Iterable[Any]]) -> None:
        """Queue a job."""
        self._jobs.put(job)

    def close(self, timeout: float = 5.0) -> None:
        """Finish what is queued, for so many seconds at most."""
        self._jobs.put(None)
        self._thread.join(timeout)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                for message in job():
                    self._send(message)
            except Exception as error:
                text = " ".join(str(error).split()) or type(error).__name__
                self._send(Say(text[:1].upper() + text[1:], "error"))
