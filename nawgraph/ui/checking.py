"""Problems of a document, remembered on its graph, which never changes."""

from __future__ import annotations

from nawgraph.graph import Graph, Library, Problem
from nawgraph.problems import find


def problems_of(graph: Graph, library: Library) -> tuple[Problem, ...]:
    """All problems of a document, errors first."""
    memo = graph.__dict__.get("_problems")
    if memo is None or memo[0] is not library:
        found = sorted(find(graph, library), key=lambda p: (p.severity != "error", p.node or "", p.field or ""))
        memo = graph.__dict__["_problems"] = (library, tuple(found))
    made: tuple[Problem, ...] = memo[1]
    return made
