"""Nodes that misbehave, for the tests of sessions; imported by the engine process by name."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from pathlib import Path
from typing import Annotated

import numpy as np

from nawgraph.context import Context
from nawgraph.hints import Choice
from nawgraph.node import node
from nawgraph.values import Audio


def _note(log: str, what: str) -> None:
    if log:
        with Path(log).open("a") as file:
            file.write(f"{what}\n")


@node("s.next")
def following(x: float | None, *, by: float = 1.0, log: str = "") -> float:
    """x + by; notes in a file that it ran."""
    _note(log, f"next {by:g}")
    return (x or 0.0) + by


@node("s.big", memory=lambda knobs: 1_000_000 * knobs["megabytes"])
def big(*, megabytes: int = 1) -> float:
    """Says how much memory it needs."""
    return float(np.zeros(megabytes * 125_000).sum())


@node("s.numbers")
def numbers() -> list[float]:
    """A list to map over."""
    return [1.0, 2.0]


@node("s.print")
def talk() -> float:
    """Prints, as a library does that somebody forgot to silence."""
    print("hello from a node", flush=True)
    return 1.0


@node("s.sound")
def sound(*, level: float = 1.0, frames: int = 20_000) -> Audio:
    """A constant signal, a file in the cache."""
    return Audio(np.full((2, frames), level, np.float32))


@node("s.sleep")
def sleep(x: float | None, *, seconds: float = 100.0, log: str = "", value: float = 1.0) -> float:
    """Deaf: sleeps without asking whether it should stop."""
    _note(log, f"sleep {value:g}")
    time.sleep(seconds)
    return value


@node("s.long_once")
def long_once(x: float | None, *, log: str = "", seconds: float = 100.0) -> float:
    """Sleeps the first time that it is run, not when it is run again."""
    first = "long" not in Path(log).read_text().splitlines()
    _note(log, "long")
    time.sleep(seconds * first)
    return 2.0


@node("s.polite")
def polite(*, seconds: float = 100.0, log: str = "", ctx: Context) -> float:
    """Waits, and stops when asked to."""
    _note(log, "polite")
    for _ in ctx.steps(round(seconds * 100), "waiting"):
        time.sleep(0.01)
    return seconds


@node("s.hang")
def hang(*, log: str = "") -> float:
    """Keeps the interpreter lock in C, so that no other thread of the process can do anything."""
    _note(log, "hang")
    ctypes.PyDLL(None).sleep(100)
    return 0.0


@node("s.die")
def die(
    x: float | None,
    *,
    how: Annotated[str, Choice("exit", "kill", "crash", "once")] = "exit",
    log: str = "",
    after: float = 0.0,
) -> float:
    """Ends the process it runs in."""
    first = how == "once" and not Path(log).exists()
    _note(log, f"die {os.getpid()}")
    time.sleep(after)
    if how == "exit" or first:
        os._exit(3)
    elif how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif how == "crash":
        ctypes.string_at(0)
    return 42.0
