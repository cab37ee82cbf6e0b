"""What all edits have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from nawgraph.graph import Graph, Library
from nawgraph.shape import MAX_NODES, ShapeError


class EditError(ValueError):
    """An edit that makes no sense here; the message is one sentence for people."""


@dataclass(frozen=True)
class Edit:
    """A change of a document, as data. Subclasses define `label` and `change`.

    Attributes:
        scope: name of the subgraph definition that it acts in, "" for the document itself.
    """

    scope: str = field(default="", kw_only=True)

    @property
    def label(self) -> str:
        """What the undo history shows."""
        raise NotImplementedError

    @property
    def key(self) -> str:
        """Edits in a row with the same key, other than "", are steps of one gesture (a drag)."""
        return ""

    def apply(self, graph: Graph, library: Library) -> Graph:
        """The changed document; `graph` itself is left as it is.

        Raises:
            EditError: it cannot be done; the sentence says why.
        """
        if self.scope and self.scope not in graph.subgraphs:
            raise EditError(f"there is no subgraph {self.scope!r}")
        try:
            made = self.change(graph, library)
        except ShapeError as error:
            raise EditError(str(error)) from None
        if _size(made) > MAX_NODES and _size(made) > _size(graph):
            raise EditError(f"a document may have at most {MAX_NODES:,} nodes")
        return made

    def change(self, graph: Graph, library: Library) -> Graph:
        """What `apply` does. The scope exists; a `ShapeError` becomes an `EditError`."""
        raise NotImplementedError


@dataclass(frozen=True)
class Batch(Edit):
    """Several edits as one step of the history; all of them or none."""

    edits: Sequence[Edit]
    name: str = ""

    @property
    def label(self) -> str:
        return self.name or (self.edits[0].label if self.edits else "nothing")

    def change(self, graph: Graph, library: Library) -> Graph:
        for edit in self.edits:
            graph = edit.apply(graph, library)
        return graph


def _size(graph: Graph) -> int:
    return len(graph.nodes) + sum(len(definition.nodes) for definition in graph.subgraphs.values())


def count(ids: Sequence[str]) -> str:
    """``gain`` for one, ``3 nodes`` for more."""
    return ids[0] if len(ids) == 1 else f"{len(ids)} nodes"
