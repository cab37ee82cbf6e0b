"""What was run: each entry restores its document and plays what it made."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from nawgraph.graph import Graph, Library
from nawgraph.ui.runs.messages import Status, Ticket
from nawgraph.ui.runs.sounds import seeds, sounds


@dataclass(frozen=True)
class Entry:
    """A run that is over.

    Attributes:
        graph: the document as it ran.
        time: when it began, in seconds since 1970.
        seconds: wall time.
        outputs: ``node.output`` → digest, for `Runs.value`; a value may have left the cache since.
        files: what exporters wrote.
        error: a sentence where nothing could be run at all.
    """

    ticket: Ticket
    graph: Graph
    time: float
    seconds: float
    status: Status
    outputs: Mapping[str, bytes]
    files: tuple[str, ...]
    error: str
    library: Library = field(repr=False, compare=False)

    @property
    def targets(self) -> tuple[str, ...] | None:
        return self.ticket.targets

    @cached_property
    def seeds(self) -> Mapping[str, int]:
        """``node.knob`` → value of every seed as it ran."""
        return seeds(self.graph, self.library)

    @cached_property
    def sounds(self) -> tuple[tuple[str, bytes], ...]:
        """(``node.output``, digest) of what can be heard of it, the mix first."""
        return tuple((name, self.outputs[name]) for name in sounds(self.graph, self.library) if name in self.outputs)


class Past:
    """The last runs, newest last. Equal names and results of one run and the next are kept once."""

    def __init__(self, most: int) -> None:
        self.entries: deque[Entry] = deque(maxlen=most)
        self._names: dict[str, str] = {}

    def shared(self, outputs: Mapping[str, bytes]) -> Mapping[str, bytes]:
        """Outputs, with strings and digests that the last entry has already."""
        last = self.entries[-1].outputs if self.entries else {}
        if outputs == last:
            return last
        if len(self._names) > 1 << 16:
            self._names.clear()
        made = {}
        for name, digest in outputs.items():
            name = self._names.setdefault(name, name)
            before = last.get(name)
            made[name] = before if before == digest and before is not None else digest
        return made
