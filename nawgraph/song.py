"""A song to be built from Python: nodes by type or function, handles that are wired to each other.

```python
song = Song()
tone = song.add("audio.tone", frequency=220)
song.add("audio.gain", tone, db=-6)
```

A `Song` is a document that changes in place; the graph in it never does, so that `copy` costs nothing.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nawgraph import edits, files
from nawgraph.edits.scopes import id_for
from nawgraph.edits.wires import check_source, wire_for
from nawgraph.graph import Graph, Problem
from nawgraph.interface import Interfaces
from nawgraph.library import Library
from nawgraph.node import NodeSpec, spec_of
from nawgraph.overrides import knob_of, set_knob, with_seed
from nawgraph.own_nodes import extended, library, own
from nawgraph.problems import nearest

COLUMN, ROW = 240, 160
"""Canvas units between nodes that `Song.add` places."""


@dataclass(frozen=True, slots=True)
class Output:
    """An output of a node in a song, to be given to another one as an input: ``split.drums``."""

    song: Song
    node: str
    name: str

    def __str__(self) -> str:
        return f"{self.node}.{self.name}"


class Handle:
    """A node in a song. Its outputs are attributes; with one output it stands for that itself."""

    def __init__(self, song: Song, id: str, spec: NodeSpec) -> None:
        self._song = song
        self._spec = spec
        self.id = id

    def __getattr__(self, name: str) -> Output:
        if name.startswith("_"):  # asked for by copy, pickle and notebooks
            raise AttributeError(name)
        if self._spec.output(name) is None:
            names = [port.name for port in self._spec.outputs]
            known = f"it has: {', '.join(names)}" if names else "it has none"
            raise AttributeError(f"{self.id} has no output {name!r}{nearest(name, names) or f' ({known})'}")
        return Output(self._song, self.id, name)

    def __repr__(self) -> str:
        return f"<{self._spec.id} {self.id!r}>"

    def set(self, **settings: Any) -> Handle:
        """Set knobs, or wire inputs and knobs to outputs."""
        for name, value in settings.items():
            self._song.set(f"{self.id}.{name}", value)
        return self

    def output(self) -> Output:
        """The only output.

        Raises:
            ValueError: it has none or several.
        """
        names = [port.name for port in self._spec.outputs]
        if len(names) != 1:
            example = f"say which, such as {self.id}.{names[0]}" if names else "it cannot be wired to anything"
            raise ValueError(f"{self.id} has {len(names)} outputs: {example}")
        return Output(self._song, self.id, names[0])


class Song:
    """A document to be built, changed and run.

    Attributes:
        graph: the document as it is now (immutable).
        library: the node types it can use; own functions join it when they are added.
        path: the file it was loaded from or saved to, or None.
    """

    def __init__(self, graph: Graph | None = None, path: Path | None = None) -> None:
        self.graph = graph or Graph()
        self.library: Library = library()
        self.path = path
        self._own: dict[str, NodeSpec] = {}
        self._columns: dict[str, int] = {}
        self._rows: dict[int, int] = {}

    def __repr__(self) -> str:
        count = len(self.graph.nodes)
        return f"<Song{f' {self.path}' if self.path else ''}: {count} node{'s' * (count != 1)}>"

    def __getitem__(self, id: str) -> Handle:
        """The node with an id, as a handle. Raises KeyError."""
        node = self.graph.nodes.get(id)
        spec = Interfaces(self.graph, self.library).of(node) if node else None
        if node is None:
            raise KeyError(f"there is no node {id!r}{nearest(id, list(self.graph.nodes))}")
        if spec is None:
            raise KeyError(f"{id}: node type {node.type!r} is not installed")
        return Handle(self, id, spec)

    def add(self, type: str | Callable[..., Any], *inputs: Any, id: str = "", **settings: Any) -> Handle:
        """Add a node.

        Args:
            type: id of a node type (``"audio.gain"``), or a function marked with `@node`.
            *inputs: what the input ports are wired to, in order: handles, outputs, lists of these, None.
            id: by default the last part of the type, numbered if it is taken.
            **settings: knobs and ports by name; a handle or output wires it.

        Raises:
            ValueError: no such type, port or knob, or a value or type that does not fit; says which.
        """
        name = type if isinstance(type, str) else self._register(type)
        id = id or id_for(name, self.graph.nodes)
        before = self.graph
        self.graph = edits.AddNode(name, id=id).apply(before, self.library)
        handle = self[id]
        ports = [port.name for port in handle._spec.inputs]
        try:
            if len(inputs) > len(ports):
                raise ValueError(f"{name} has {len(ports)} inputs, {len(inputs)} were given; knobs go by name")
            for port, value in (*zip(ports, inputs, strict=False), *settings.items()):
                self._set(id, port, value, new=True)
            self._place(id)
        except Exception:
            self.graph = before
            raise
        return handle

    def set(self, target: str, value: Any) -> Song:
        """Set the knob ``NODE.KNOB``, or wire ``NODE.PORT`` to a handle, an output or a list of these.

        None leaves an input as it is. Returns the song, so that calls can be chained.

        Raises:
            ValueError: no such node, knob or port (the nearest is suggested), or a value that does not fit.
        """
        id, _, port = target.partition(".")
        if id not in self.graph.nodes:
            raise ValueError(f"there is no node {id!r}{nearest(id, list(self.graph.nodes))}")
        self._set(id, port, value, new=False)
        return self

    def get(self, target: str) -> Any:
        """The value of the knob ``NODE.KNOB``, its default where it is not set."""
        _, node, knob = knob_of(self.graph, self.library, target)
        return knob.coerce(node.knobs[knob.name]) if knob.name in node.knobs else knob.default

    def seed(self, seed: int) -> Song:
        """Set every unwired seed to a number that follows from this one, as ``nawgraph run --seed`` does."""
        self.graph = with_seed(self.graph, self.library, seed)
        return self

    def problems(self) -> list[Problem]:
        """Everything that is wrong with the document."""
        return self.graph.problems(self.library)

    def copy(self) -> Song:
        """Another song with the same contents."""
        made = Song(self.graph, self.path)
        made.library, made._own = self.library, dict(self._own)
        made._columns, made._rows = dict(self._columns), dict(self._rows)
        return made

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the document to a `.nawgraph` file. Own functions are named in it, not contained."""
        files.save(self.graph, path)
        self.path = Path(path)

    # ------------------------------------------------------------------------------- helpers

    def _register(self, function: Callable[..., Any]) -> str:
        """Make an own function a node type of this song; a redefined one replaces the earlier."""
        spec = spec_of(function)
        known = self.library.get(spec.id)
        if known is not None and known.function is function:
            return spec.id
        mine = {**self._own, spec.id: own(function)}
        self.library = extended(library(), mine.values())
        self._own = mine
        return spec.id

    def _wires(self, value: Any) -> list[str] | None:
        """``node.output`` of each handle or output in `value`; None if it is a plain value."""
        items = value if isinstance(value, (list, tuple)) else [value]
        if not items or not all(isinstance(item, (Handle, Output)) for item in items):
            return None
        outputs = [item.output() if isinstance(item, Handle) else item for item in items]
        for output in outputs:
            if output.node not in self.graph.nodes:
                raise ValueError(f"{output} is of another song")
        return [str(output) for output in outputs]

    def _set(self, id: str, port: str, value: Any, *, new: bool) -> None:
        """Wire a port, or set a knob. A new node has no readers: its wires cannot close a circle."""
        wires = self._wires(value)
        graph = self.graph
        if wires is None:
            if value is not None:
                self.graph = set_knob(graph, self.library, f"{id}.{port}", value)
                if port in graph.nodes[id].inputs:
                    warnings.warn(f"{id}.{port} is wired, so the value has no effect: the wire wins", stacklevel=3)
            return
        if port in graph.nodes[id].inputs:
            graph = edits.Disconnect(f"{id}.{port}").apply(graph, self.library)
        for wire in wires:
            if new:
                graph = self._wired(graph, id, port, wire)
            else:
                graph = edits.Connect(wire, f"{id}.{port}").apply(graph, self.library)
        self.graph = graph

    def _wired(self, graph: Graph, id: str, port: str, source: str) -> Graph:
        interfaces = Interfaces(graph, self.library)
        check_source(interfaces, graph, source)
        node = graph.nodes[id]
        wire = wire_for(interfaces, graph, id, port, source)
        return replace(graph, nodes=graph.nodes.set(id, replace(node, inputs=node.inputs.set(port, wire))))

    def _place(self, id: str) -> None:
        """Put a new node one column to the right of what feeds it, below what is there."""
        node = self.graph.nodes[id]
        column = 1 + max((self._columns.get(source, 0) for source in node.sources), default=-1)
        row = self._rows.get(column, 0)
        self._columns[id], self._rows[column] = column, row + 1
        self.graph = edits.Move({id: (40 + COLUMN * column, 80 + ROW * row)}).apply(self.graph, self.library)
