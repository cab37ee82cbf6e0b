"""Problems of a document as they are listed, remembered on its graph, which never changes."""

from __future__ import annotations

from nawgraph.graph import Graph, Library, Problem


def problems_of(graph: Graph, library: Library) -> tuple[Problem, ...]:
    """All problems of a document, errors first."""
    memo = graph.__dict__.get("_listed")
    if memo is None or memo[0] is not library:
        order = sorted(graph.problems(library), key=lambda p: (p.severity != "error", p.node or "", p.field or ""))
        memo = graph.__dict__["_listed"] = (library, tuple(order))
    made: tuple[Problem, ...] = memo[1]
    return made
