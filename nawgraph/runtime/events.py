"""What the runtime tells its faces: plain data, a few messages a node, never values.

Messages travel between processes as msgpack; large values are fetched by digest.
"""

from __future__ import annotations

from typing import Literal

import msgspec

State = Literal["running", "ran", "cached", "skipped", "failed", "blocked", "cancelled"]


class StepEvent(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """A step changed its state.

    Attributes:
        id: step id, ``node`` or ``subgraph/node``.
        seconds: what it cost (what it once cost, if cached).
        error: a sentence, for failed.
        detail: a traceback, for people who ask for it.
        outputs: digests of the results, so that a face can fetch them.
    """

    id: str
    state: State
    seconds: float = 0.0
    error: str = ""
    detail: str = ""
    outputs: tuple[bytes, ...] = ()
    warnings: tuple[str, ...] = ()


class Progress(msgspec.Struct, frozen=True, tag=True):
    """How far a running step is; at most ten a second and step."""

    id: str
    done: int
    total: int
    label: str = ""


class Preview(msgspec.Struct, frozen=True, tag=True):
    """An unfinished result of a running step can be fetched under this digest."""

    id: str
    digest: bytes


class Started(msgspec.Struct, frozen=True, tag=True):
    """A run began; `steps` are the steps known to be needed, in order."""

    steps: tuple[str, ...]


class Finished(msgspec.Struct, frozen=True, tag=True):
    """A run ended. `error` is a sentence where nothing could be run at all."""

    status: Literal["ok", "failed", "cancelled"]
    seconds: float
    files: tuple[str, ...] = ()
    error: str = ""


class Notice(msgspec.Struct, frozen=True, tag=True):
    """A sentence for the status bar."""

    message: str


Event = StepEvent | Progress | Preview | Started | Finished | Notice
