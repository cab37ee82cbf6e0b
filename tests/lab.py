"""A short way to write graphs, small nodes that count their calls, and a runtime with a folder of its own."""

from __future__ import annotations

import functools
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from immutables import Map

from nawgraph.context import Context
from nawgraph.graph import Graph, Node, Subgraph, deep_freeze
from nawgraph.hints import File, Range
from nawgraph.library import Library, standard
from nawgraph.node import node
from nawgraph.runtime.local import Runtime
from nawgraph.runtime.result import Result
from nawgraph.values import Audio


def n(type: str, mode: str = "", frozen: dict[str, str] | None = None, title: str = "", **fields: Any) -> Node:
    """A node. A field ``"@node.output"`` or a list of these is a wire, anything else a knob."""
    inputs, knobs = {}, {}
    for name, value in fields.items():
        if isinstance(value, str) and value.startswith("@"):
            inputs[name] = value[1:]
        elif isinstance(value, list) and value and all(isinstance(v, str) and v.startswith("@") for v in value):
            inputs[name] = tuple(v[1:] for v in value)
        else:
            knobs[name] = deep_freeze(value)
    return Node(type, inputs=Map(inputs), knobs=Map(knobs), mode=mode, frozen=Map(frozen or {}), title=title)  # type: ignore[arg-type]


def graph(**nodes: Node | Subgraph) -> Graph:
    """A document. Subgraph definitions stand among the nodes and are told apart by their type."""
    return Graph(
        nodes=Map({id: x for id, x in nodes.items() if isinstance(x, Node)}),
        subgraphs=Map({id: x for id, x in nodes.items() if isinstance(x, Subgraph)}),
    )


def sub(
    inputs: dict[str, str] | None = None,
    outputs: dict[str, str] | None = None,
    promoted: dict[str, str] | None = None,
    **nodes: Node,
) -> Subgraph:
    """A subgraph definition; `promoted` maps a knob of the instances to ``node.knob`` inside."""
    return Subgraph(nodes=Map(nodes), inputs=Map(inputs or {}), outputs=Map(outputs or {}), knobs=Map(promoted or {}))


def turned(document: Graph, id: str, **knobs: Any) -> Graph:
    """The document with knobs of one node set."""
    found = document.nodes[id]
    new = replace(found, knobs=found.knobs.update({k: deep_freeze(v) for k, v in knobs.items()}))
    return replace(document, nodes=document.nodes.set(id, new))


def swapped(document: Graph, id: str, new: Node) -> Graph:
    """The document with one node put in, in place of the one of that id if there is one."""
    return replace(document, nodes=document.nodes.set(id, new))


def states(result: Result, state: str) -> set[str]:
    """Ids of the nodes that ended in a state."""
    return {id for id, r in result.nodes.items() if r.state == state}


class Lab:
    """A library of counted nodes, and a runtime over a folder.

    Attributes:
        calls: node type → how often its function was called.
        library: the standard nodes and the lab's.
    """

    def __init__(self, folder: Path, **options: Any) -> None:
        self.folder = folder
        self.calls: Counter[str] = Counter()
        self.library = Library(standard().specs())
        self.events: list[Any] = []
        self._lock = threading.Lock()
        self._options: dict[str, Any] = {"cache_dir": folder / "cache", **options}
        self._runtime: Runtime | None = None
        _add_nodes(self)

    def node(self, id: str, **options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Like `@node`, and the calls are counted."""

        def mark(function: Callable[..., Any]) -> Callable[..., Any]:
            @functools.wraps(function)
            def counted(*args: Any, **kwargs: Any) -> Any:
                with self._lock:
                    self.calls[id] += 1
                return function(*args, **kwargs)

            self.library.add(node(id, **options)(counted))
            return counted

        return mark

    @property
    def out(self) -> Path:
        return self.folder / "out"

    @property
    def runtime(self) -> Runtime:
        if self._runtime is None:
            options = dict(self._options)
            self._runtime = Runtime(self.library, options.pop("cache_dir"), device="cpu", **options)
        return self._runtime

    def run(self, document: Graph, /, *targets: str, **options: Any) -> Result:
        """Run a document with empty counters; all events are kept in `events`."""
        self.calls.clear()
        self.events = []
        options = {"out_dir": self.out, "base": self.folder, "emit": self.events.append, **options}
        return self.runtime.run(document, targets or None, **options)

    def restart(self, **options: Any) -> None:
        """End this runtime; the next run begins with a new one over the same folder."""
        self.close()
        self._options.update(options)

    def lose_values(self) -> None:
        """Throw every value away, as eviction would, and keep the rows that say what actions made."""
        self.close()
        folder = self._options["cache_dir"]
        with sqlite3.connect(folder / "index.sqlite") as db:
            db.execute("DELETE FROM objects")
        db.close()
        for file in (folder / "objects").rglob("*"):
            if file.is_file():
                file.unlink()

    def close(self) -> None:
        if self._runtime is not None:
            self._runtime.close()
            self._runtime = None


def _add_nodes(lab: Lab) -> None:
    @lab.node("t.num")
    def num(*, value: float = 0.0) -> float:
        """A number."""
        return value

    @lab.node("t.add")
    def add(*, a: float = 0.0, b: float = 0.0) -> float:
        """a + b."""
        return a + b

    @lab.node("t.mul")
    def mul(*, a: float = 1.0, b: float = 1.0) -> float:
        """a × b."""
        return a * b

    @lab.node("t.next")
    def following(x: float, *, by: float = 1.0) -> float:
        """x + by."""
        return x + by

    @lab.node("t.maybe")
    def maybe(x: float | None, *, otherwise: float = -1.0) -> float:
        """x, or something else where nothing is wired."""
        return otherwise if x is None else x

    @lab.node("t.sign")
    def sign(x: float) -> float:
        """The sign of x: what comes after rarely changes."""
        return float(np.sign(x))

    @lab.node("t.total")
    def total(xs: list[float]) -> float:
        """The sum of a list."""
        return float(sum(xs))

    @lab.node("t.fail")
    def fail(x: float | None) -> float:
        """Never works."""
        raise ValueError("it broke")

    @lab.node("t.write", needs="io")
    def write(x: float, *, name: str = "x", ctx: Context) -> None:
        """A number into a text file."""
        path = ctx.claim(f"{name}.txt")
        path.write_text(repr(x))
        ctx.wrote(path)

    @lab.node("t.read", needs="io")
    def read(*, file: Annotated[str, File()] = "") -> str:
        """What a text file says."""
        return Path(file).read_text()

    @lab.node("t.sound")
    def sound(*, level: float = 1.0, frames: Annotated[int, Range(1, 10**8)] = 5000) -> Audio:
        """A constant signal, large enough to be a file in the cache."""
        return Audio(np.full((1, frames), level, np.float32), 44_100)

    @lab.node("t.louder")
    def louder(audio: Audio, *, by: float = 2.0) -> Audio:
        """The signal times a number."""
        return Audio(audio.samples * np.float32(by), audio.rate)

    @lab.node("t.peak")
    def peak(audio: Audio) -> float:
        """The largest sample."""
        return float(np.abs(audio.samples).max())
