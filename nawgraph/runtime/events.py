"""What the runtime tells its faces: plain data, a few messages a node, never values.

Messages travel between processes as msgpack; large values are fetched by digest.
"""

from __future__ import annotations

from typing import Literal

import msgspec

State = Literal["running", "ran", "cached", "skipped", "failed", "blocked", "cancelled"]


class StepEvent(msgspec.Struct, frozen=True, tag=True, omit_defaults=True, gc=False):
    """A step changed its state. (It holds texts and numbers only: no work for the garbage collector.)

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


class Expected(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a run would do with a step: the answer to a question, not an event.

    Attributes:
        verdict: "run" it will; "maybe": its inputs are not known yet; "cached"; "fail" it cannot run; "blocked":
            something that it needs cannot.
        seconds: what it cost when it last ran in this document (what its result once cost, if cached), None if unknown.
        why: the reason in a sentence without a full stop, as `nawgraph explain` words it; "" where there is none.
        feeders: ids of the steps that the reason lies with; their own reasons go on from there.
        bytes: memory that the node declares to need, 0 if it declares nothing.
    """

    verdict: Literal["run", "maybe", "cached", "fail", "blocked"]
    seconds: float | None = None
    why: str = ""
    feeders: tuple[str, ...] = ()
    bytes: int = 0


Event = StepEvent | Progress | Preview | Started | Finished | Notice
