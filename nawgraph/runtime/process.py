"""One engine process as its session sees it: started, written to, read from, waited for, killed."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nawgraph.runtime.care import in_flight
from nawgraph.runtime.messages import Channel, Command, Reply, Setup, inheritable, pair

_REASONS = {
    "SIGSEGV": "segmentation fault",
    "SIGBUS": "bus error",
    "SIGFPE": "arithmetic error",
    "SIGILL": "illegal instruction",
    "SIGABRT": "aborted",
    "SIGKILL": "killed, perhaps because memory ran out",
}


class EngineProcess:
    """A process that runs `nawgraph.runtime.worker.main`.

    Must be made by a thread that outlives it: on Linux the process dies with the thread that started it, so that it
    never outlives a session that is killed. Elsewhere it ends as soon as it notices that nobody holds the other end
    of the connection. The process has its own process group; all of it goes when it goes.

    Args:
        setup: what it is told first.
        heard: called with each reply, from one thread.
        ended: called once when the process has ended and everything it said was heard.
    """

    def __init__(
        self,
        setup: Setup,
        heard: Callable[[EngineProcess, Reply], None],
        ended: Callable[[EngineProcess], None],
    ) -> None:
        self._setup = setup
        self._heard = heard
        self._ended = ended
        here, there = pair()
        self._channel: Channel[Reply] = Channel(here, Reply)
        self._outgoing: queue.SimpleQueue[Command | None] = queue.SimpleQueue()
        # The child finds modules where this process does, and never imports its main script.
        code = (
            f"import sys; sys.path[:] = {sys.path!r}; from nawgraph.runtime.worker import main; main({there.fileno()})"
        )
        self._process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.DEVNULL,
            stdout=2,  # what a node prints must not get into what the program prints
            start_new_session=True,  # Ctrl-C is for the session alone
            **inheritable(there),
        )
        there.close()
        self.pid = self._process.pid
        self.send(setup)
        self._reader = self._thread(self._read)
        self._thread(self._write)
        self._waiter = self._thread(self._wait)

    def send(self, command: Command) -> None:
        """Send a command soon. Never waits, even if the process does not listen."""
        self._outgoing.put(command)

    def kill(self) -> None:
        """End the process and those that it started, at once."""
        with contextlib.suppress(OSError):
            if os.name == "nt":
                self._process.kill()
            else:
                os.killpg(self.pid, signal.SIGKILL)

    def join(self, seconds: float) -> bool:
        """Wait until the process has ended; False if it has not."""
        self._waiter.join(seconds)
        return not self._waiter.is_alive()

    def culprits(self) -> list[str]:
        """Ids of the steps that it was working on when it ended."""
        return in_flight(Path(self._setup.flight))

    def reason(self) -> str:
        """Why it ended, in words."""
        code = self._process.returncode
        if code is None or code >= 0:
            return f"exit status {code}"
        with contextlib.suppress(ValueError):
            name = signal.Signals(-code).name
            return _REASONS.get(name, name)
        return f"signal {-code}"

    def traceback(self) -> str:
        """Where a segmentation fault or the like happened, if it left a note."""
        try:
            return Path(self._setup.fault).read_text(errors="replace")
        except OSError:
            return ""

    def forget(self) -> None:
        """Remove its records, when all has been asked."""
        for file in (self._setup.flight, self._setup.fault):
            with contextlib.suppress(OSError):
                Path(file).unlink()

    # ---------------------------------------------------------------------------------- threads

    def _thread(self, work: Callable[[], Any]) -> threading.Thread:
        thread = threading.Thread(target=work, name=f"nawgraph-engine{work.__name__}", daemon=True)
        thread.start()
        return thread

    def _read(self) -> None:
        with contextlib.suppress(EOFError, OSError):
            while True:
                self._heard(self, self._channel.receive())

    def _write(self) -> None:
        with contextlib.suppress(OSError):
            while (command := self._outgoing.get()) is not None:
                self._channel.send(command)

    def _wait(self) -> None:
        self._process.wait()
        self.kill()  # what it started
        self._reader.join(1.0)
        self._outgoing.put(None)
        self._ended(self)
        self._channel.close()
