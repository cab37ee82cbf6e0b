"""What `Runs.poll` tells the editor: plain frozen records, at most one a step and frame.

msgspec structs and not dataclasses: a burst of a thousand costs a third.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from nawgraph.runtime.events import State

Status = Literal["ok", "failed", "cancelled"]
Verdict = Literal["run", "maybe", "cached", "fail", "blocked"]


class Ticket(msgspec.Struct, frozen=True):
    """A run that was asked for.

    Attributes:
        id: of the run, in all messages about it.
        tab: that it belongs to.
        label: for people: "all", "to mixer", "auto" …
        document: name under which the engine remembers it: the file's path, or another that stays the same.
        targets: nodes to make, None for all exporters or last nodes.
    """

    id: int
    tab: str
    label: str
    document: str
    targets: tuple[str, ...] | None


class RunStarted(msgspec.Struct, frozen=True):
    """A run is at work; `steps` are those known to be needed, in order."""

    ticket: Ticket
    steps: tuple[str, ...]


class StepChanged(msgspec.Struct, frozen=True):
    """The newest that is known of a step.

    Attributes:
        run: id of the ticket.
        step: id: ``node``, ``subgraph/node`` or ``map[3]/node``.
        nodes: ids of the nodes that it stands in, outermost first: ``("map", "node")``.
        progress: 0 to 1 of a running step that says so, else None.
        label: what it is doing, as it says itself.
        seconds: what it cost, or has cost so far; what it once cost, if cached.
        eta: seconds that a running step is expected to take from now on, None if nobody knows.
        error: a sentence, if failed; `detail` is the traceback for people who ask.
        cached: the result was known.
        outputs: digests in the order of the node's outputs, for `Runs.value`.
        preview: digest of an unfinished result, b"" for none.
    """

    run: int
    tab: str
    step: str
    nodes: tuple[str, ...]
    state: State
    seconds: float = 0.0
    progress: float | None = None
    label: str = ""
    eta: float | None = None
    error: str = ""
    detail: str = ""
    cached: bool = False
    outputs: tuple[bytes, ...] = ()
    warnings: tuple[str, ...] = ()
    preview: bytes = b""


class RunEnded(msgspec.Struct, frozen=True):
    """A run is over, also one that never began.

    Attributes:
        seconds: wall time.
        files: what exporters wrote.
        error: a sentence where nothing could be run at all.
        outputs: ``node.output`` → digest.
    """

    ticket: Ticket
    status: Status
    seconds: float
    files: tuple[str, ...]
    error: str
    outputs: Mapping[str, bytes]


class QueueChanged(msgspec.Struct, frozen=True):
    """The runs that wait, in order, and the one at work."""

    current: Ticket | None
    waiting: tuple[Ticket, ...]


class Notice(msgspec.Struct, frozen=True):
    """A sentence for the status bar."""

    text: str


class ValueReady(msgspec.Struct, frozen=True):
    """The answer to `Runs.value`: the value, or a sentence why it cannot be had."""

    handle: int
    digest: bytes
    value: Any
    error: str = ""


class PlanRow(msgspec.Struct, frozen=True):
    """What a run would do with a step.

    Attributes:
        nodes: as of `StepChanged`.
        seconds: expected, None if unknown; 0 for a cached one.
        reason: a sentence for people.
        feeders: steps that the reason lies with.
        bytes: memory that the node declares to need, 0 if it declares nothing.
    """

    step: str
    nodes: tuple[str, ...]
    verdict: Verdict
    seconds: float | None
    reason: str
    feeders: tuple[str, ...]
    bytes: int


class RunPlan(msgspec.Struct, frozen=True):
    """What a run would do.

    Attributes:
        rows: in order of execution.
        cached, to_run, maybe, blocked: how many steps; blocked are those that cannot run.
        seconds: at most about so much: the known costs of all that will or may run, one after the other.
        unknown: steps that will or may run and never ran here, so that their cost is not in `seconds`.
        bytes: the largest need of one step that will or may run; 0 where none declares any.
    """

    rows: tuple[PlanRow, ...]
    cached: int
    to_run: int
    maybe: int
    blocked: int
    seconds: float
    unknown: int
    bytes: int


class PlanReady(msgspec.Struct, frozen=True):
    """The answer to `Runs.plan`: the plan, or None and a sentence."""

    handle: int
    tab: str
    plan: RunPlan | None
    error: str = ""


Message = RunStarted | StepChanged | RunEnded | QueueChanged | Notice | ValueReady | PlanReady
