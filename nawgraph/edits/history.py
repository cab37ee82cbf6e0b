"""Undo as a list of documents: they share what did not change, so a thousand steps cost little."""

from __future__ import annotations

from dataclasses import dataclass, replace

from nawgraph.edits.base import Edit
from nawgraph.graph import Graph, Library


@dataclass(frozen=True, slots=True)
class Entry:
    """A state of the document and the name of the step that led to it."""

    label: str
    graph: Graph
    key: str = ""
    time: float = 0.0


@dataclass(frozen=True)
class History:
    """States of a document, of which one is the present one. Immutable: every step gives a new history.

    Attributes:
        entries: oldest first, never empty.
        index: of the present state.
        limit: how many states are kept.
        window: seconds within which steps of one gesture (the same key, not "") are taken for one.
    """

    entries: tuple[Entry, ...]
    index: int = 0
    limit: int = 10_000
    window: float = 1.0

    @classmethod
    def of(cls, graph: Graph, label: str = "open", *, limit: int = 10_000, window: float = 1.0) -> History:
        """A history that begins with `graph`.

        Raises:
            ValueError: a limit below 1.
        """
        if limit < 1:
            raise ValueError(f"limit must be at least 1, got {limit}")
        return cls((Entry(label, graph),), limit=limit, window=window)

    @property
    def graph(self) -> Graph:
        """The present document."""
        return self.entries[self.index].graph

    @property
    def can_undo(self) -> bool:
        return self.index > 0

    @property
    def can_redo(self) -> bool:
        return self.index < len(self.entries) - 1

    def push(self, label: str, graph: Graph, *, key: str = "", time: float = 0.0) -> History:
        """A new present state. What had been undone is forgotten.

        A step with the same `key` as the present one, at most `window` seconds after it, replaces it, so that
        a drag is undone at once. `time` is the caller's, in seconds; it only has to grow.
        """
        present = self.entries[self.index]
        entry = Entry(label, graph, key, time)
        joins = key != "" and key == present.key and 0 <= time - present.time <= self.window
        kept = self.entries[: self.index] if joins and self.index else self.entries[: self.index + 1]
        entries = (*kept, entry)[-self.limit :]
        self.graph.leave(graph)
        return replace(self, entries=entries, index=len(entries) - 1)

    def apply(self, edit: Edit, library: Library, *, time: float = 0.0) -> History:
        """The history after an edit; itself if the edit changed nothing.

        Raises:
            EditError: as the edit.
        """
        graph = edit.apply(self.graph, library)
        return self if graph is self.graph else self.push(edit.label, graph, key=edit.key, time=time)

    def undo(self) -> History:
        """One step back, or itself at the beginning."""
        return self.jump(self.index - 1) if self.can_undo else self

    def redo(self) -> History:
        """One step forth, or itself at the end."""
        return self.jump(self.index + 1) if self.can_redo else self

    def jump(self, index: int) -> History:
        """To any state. The next step with a key begins a new one.

        Raises:
            IndexError: there is no such state.
        """
        if not 0 <= index < len(self.entries):
            raise IndexError(f"the history has states 0 to {len(self.entries) - 1}, not {index}")
        entries = tuple(replace(e, key="") if i == index else e for i, e in enumerate(self.entries))
        self.graph.leave(entries[index].graph)
        return replace(self, entries=entries, index=index)
