"""What the tests of runs share: a bridge to a real engine, and a way to wait for its messages."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from lab import graph, n

from nawgraph.graph import Graph
from nawgraph.runtime.session import Session
from nawgraph.ui.runs import Message, RunEnded, Runs, StepChanged, Ticket

LIMIT = 60.0
M = TypeVar("M")


def session(folder: Path) -> Session:
    scratch = folder / "scratch"
    scratch.mkdir(parents=True, exist_ok=True)
    return Session(folder / "cache", nodes=("nodes_for_session",), device="cpu", scratch=scratch)


class Frames:
    """Polls a bridge as the editor does and keeps what it says."""

    def __init__(self, runs: Runs) -> None:
        self.runs = runs
        self.messages: list[Message] = []
        self.frames: list[list[Message]] = []

    def until(self, found: Callable[[Message], Any], kind: type[M] | None = None) -> M:
        """Poll until a message is as wanted, and give it; messages that came before are looked at too."""
        deadline = time.monotonic() + LIMIT
        seen = 0
        while time.monotonic() < deadline:
            for message in self.messages[seen:]:
                if (kind is None or isinstance(message, kind)) and found(message):
                    return message  # type: ignore[return-value]
            seen = len(self.messages)
            frame = self.runs.poll()
            if frame:
                self.frames.append(frame)
                self.messages += frame
            else:
                time.sleep(0.005)
        raise AssertionError(f"it never came; there was {self.messages}")

    def ended(self, ticket: Ticket) -> RunEnded:
        return self.until(lambda m: m.ticket == ticket, RunEnded)

    def step(self, id: str, state: str, ticket: Ticket | None = None) -> StepChanged:
        return self.until(
            lambda m: m.step == id and m.state == state and (ticket is None or m.run == ticket.id), StepChanged
        )

    def of(self, kind: type[M]) -> list[M]:
        return [m for m in self.messages if isinstance(m, kind)]


def chain(length: int, start: float = 1.0) -> Graph:
    nodes = {"n0000": n("s.next", by=start)}
    for i in range(1, length):
        nodes[f"n{i:04}"] = n("s.next", x=f"@n{i - 1:04}.value")
    return graph(**nodes)
