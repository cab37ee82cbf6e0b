"""Run by itself after a change: once nothing has changed for a while, and only if a result would differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from nawgraph.graph import EMPTY, Graph, Node

QUIET = 0.3
"""Seconds without a change after which a run is due."""


@dataclass(frozen=True, slots=True)
class AutoRun:
    """The clock of one tab. Immutable; times are seconds of any clock that only grows.

    Attributes:
        ran: the document as it last ran, None if it never did.
        graph: the document as it is.
        since: when it last changed.
    """

    ran: Graph | None = None
    graph: Graph = field(default_factory=Graph)
    since: float = 0.0

    def edited(self, graph: Graph, now: float) -> AutoRun:
        """The document changed, perhaps in nothing that matters."""
        if graph is self.graph or not differs(self.graph, graph):
            return self if graph is self.graph else replace(self, graph=graph)
        return replace(self, graph=graph, since=now)

    def started(self, graph: Graph) -> AutoRun:
        """A run of this document was asked for, by whomever."""
        return replace(self, ran=graph)

    def due(self, now: float) -> bool:
        """Whether it is time to run."""
        return now - self.since >= QUIET and bool(self.graph.nodes) and self.stale

    @property
    def stale(self) -> bool:
        """Whether a run would give something else than the last one."""
        return self.ran is None or (self.ran is not self.graph and differs(self.ran, self.graph))


def differs(a: Graph, b: Graph) -> bool:
    """Whether two documents may give different results: anything but layout, titles, texts about it and the form."""
    if a.nodes is not b.nodes and _nodes_differ(a.nodes, b.nodes):
        return True
    if a.subgraphs is b.subgraphs:
        return False
    if set(a.subgraphs) != set(b.subgraphs):
        return True
    for name, mine in a.subgraphs.items():
        other = b.subgraphs[name]
        if mine is other:
            continue
        if (mine.inputs, mine.outputs, mine.knobs) != (other.inputs, other.outputs, other.knobs):
            return True
        if _nodes_differ(mine.nodes, other.nodes):
            return True
    return False


def _nodes_differ(a: Mapping[str, Node], b: Mapping[str, Node]) -> bool:
    if len(a) != len(b):
        return True
    for id, node in a.items():
        other = b.get(id)
        if other is not node and (
            other is None or replace(node, title="", extra=EMPTY) != replace(other, title="", extra=EMPTY)
        ):
            return True
    return False
