"""The immutable document: nodes wired by name, subgraphs, layout.

A `Graph` never changes; `edits.py` makes new ones that share structure with the old (persistent maps), so
that an undo history costs little. It knows nothing of files, caches or widgets.

Everything that a document holds beside nodes is JSON: scalars, tuples and persistent maps (`plain` and
`deep_freeze` convert). Unknown fields are kept in `extra` and written back as they came.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, ClassVar, Literal, Protocol

from immutables import Map

from nawgraph.node import NodeSpec

Mode = Literal["", "bypass", "mute", "freeze"]
Wire = str | tuple[str, ...]
Link = tuple[str, str, str, bool]
"""A wire taken apart: port, node and output that feed it, and whether it is one of a list."""

Json = Any

EMPTY: Map[str, Any] = Map()
INSIDE = "in"
"""Inside a subgraph, ``in.NAME`` is the subgraph's input NAME. No node may have this id."""

_NODE_ID = re.compile(r"[^\W\d][\w-]{0,63}\Z")


def deep_freeze(data: Json) -> Json:
    """JSON data made immutable: dicts become maps, lists tuples."""
    if isinstance(data, (dict, Map)):
        return Map({k: deep_freeze(v) for k, v in data.items()})
    if isinstance(data, (list, tuple)):
        return tuple(deep_freeze(v) for v in data)
    return data


def plain(data: Json) -> Json:
    """The inverse of `deep_freeze`: dicts and lists again, maps sorted by key."""
    if isinstance(data, (dict, Map)):
        return {k: plain(data[k]) for k in sorted(data)}
    if isinstance(data, (list, tuple)):
        return [plain(v) for v in data]
    return data


@dataclass(frozen=True)
class Node:
    """A node in a document.

    Attributes:
        type: id of a node type, or ``subgraph.NAME`` / ``map.NAME`` for an instance of a subgraph.
        version: of the node type that its knobs were written for.
        inputs: port or knob → ``node.output``, or a tuple of these where a list is wanted.
        knobs: only those that are set; the others have the type's default.
        title: for people, empty for the type's own.
        mode: bypass (pass the input through), mute (as if it were not there), freeze (keep the result).
        frozen: output → digest in hex, of a node in mode freeze.
        extra: fields of the file that this version does not know.
    """

    type: str
    version: int = 1
    inputs: Map[str, Wire] = EMPTY
    knobs: Map[str, Json] = EMPTY
    title: str = ""
    mode: Mode = ""
    frozen: Map[str, str] = EMPTY
    extra: Map[str, Json] = EMPTY

    # What was found out once is remembered on the node, which never changes: documents share nodes between versions.
    _links: ClassVar[tuple[Link, ...] | None] = None
    _settings: ClassVar[Any] = None  # of `nawgraph.interface.settings`

    def wires(self) -> Iterator[tuple[str, str]]:
        """All (port, ``node.output``) pairs, a tuple's members one by one."""
        for port, wire in self.inputs.items():
            for source in (wire,) if isinstance(wire, str) else wire:
                yield port, source

    @property
    def links(self) -> tuple[Link, ...]:
        """All wires, taken apart."""
        found = self._links
        if found is None:
            links = []
            for port, wire in self.inputs.items():
                alone = isinstance(wire, str)
                for source in (wire,) if isinstance(wire, str) else wire:
                    feeder, _, output = source.partition(".")
                    links.append((port, feeder, sys.intern(output), not alone))
            found = tuple(links)
            object.__setattr__(self, "_links", found)
        return found

    @property
    def sources(self) -> frozenset[str]:
        """Ids of the nodes that feed this one."""
        return frozenset([feeder for _, feeder, _, _ in self.links])


@dataclass(frozen=True)
class Subgraph:
    """A definition that any number of ``subgraph.NAME`` and ``map.NAME`` nodes share.

    Attributes:
        nodes: like a graph's; ``in.PORT`` in a wire means the input PORT.
        inputs: name → port type.
        outputs: name → ``node.output`` inside.
        knobs: name → ``node.knob`` inside, promoted to the instances.
        ui: layout, like a graph's.
    """

    title: str = ""
    nodes: Map[str, Node] = EMPTY
    inputs: Map[str, str] = EMPTY
    outputs: Map[str, str] = EMPTY
    knobs: Map[str, str] = EMPTY
    ui: Map[str, Json] = EMPTY
    extra: Map[str, Json] = EMPTY


@dataclass(frozen=True)
class Graph:
    """A document.

    Attributes:
        nodes: id → node.
        subgraphs: name → definition.
        meta: title, author, licence, description …
        form: the simple panel: a tuple of maps with node, knob and optionally label.
        presets: node type → preset name → knobs.
        lock: packs, models and seeds that made a result, for sharing.
        ui: layout: maps nodes (id → (x, y)), frames, notes, reroutes, bookmarks, view.
    """

    nodes: Map[str, Node] = EMPTY
    subgraphs: Map[str, Subgraph] = EMPTY
    meta: Map[str, Json] = EMPTY
    form: tuple[Json, ...] = ()
    presets: Map[str, Json] = EMPTY
    lock: Map[str, Json] = EMPTY
    ui: Map[str, Json] = EMPTY
    extra: Map[str, Json] = field(default=EMPTY)

    def scope(self, name: str = "") -> Graph | Subgraph:
        """The document itself for "", or the subgraph of that name. Raises KeyError."""
        return self.subgraphs[name] if name else self

    def with_scope(self, name: str, scope: Graph | Subgraph) -> Graph:
        """This document with the named scope replaced."""
        if not name:
            assert isinstance(scope, Graph)
            return scope
        assert isinstance(scope, Subgraph)
        return replace(self, subgraphs=self.subgraphs.set(name, scope))

    def node(self, id: str, scope: str = "") -> Node:
        """The node, or a KeyError whose message is a sentence."""
        nodes = self.scope(scope).nodes
        if id not in nodes:
            raise KeyError(f"there is no node {id!r}")
        return nodes[id]

    def leave(self, following: Graph) -> None:
        """Drop what others remember on this document (its problems, its scene); it is found again when asked for.

        An undo history says so of states that are left, which would else hold a scene each. What `following` shares
        keeps what is remembered on it.
        """
        shared = {id(scope) for scope in (following, *following.subgraphs.values())}
        for scope in (self, *self.subgraphs.values()):
            if id(scope) not in shared:
                for name in [name for name in scope.__dict__ if name.startswith("_")]:
                    scope.__dict__.pop(name, None)

    def problems(self, library: Library, nodes: dict[str, Node] | None = None) -> list[Problem]:
        """Every fault of the document at once; see `nawgraph.problems.find`."""
        from nawgraph.problems import find

        memo = self.__dict__.get("_problems")  # a graph never changes, so its problems are found once a library
        if memo is None or memo[0] is not library or memo[1] != len(library):
            memo = self.__dict__["_problems"] = (library, len(library), find(self, library, nodes))
        return list(memo[2])


class Library(Protocol):
    """Where node types are looked up."""

    def get(self, type: str) -> NodeSpec | None:
        """The type's description, or None."""

    def __iter__(self) -> Iterator[str]: ...

    def __len__(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault of a document.

    Attributes:
        severity: an error keeps the branch from running, a warning does not.
        node: id (``subgraph/node`` inside a definition), or None for the document.
        field: knob, port or section, or None.
        message: one sentence that says what to do.
    """

    severity: Literal["error", "warning"]
    node: str | None
    field: str | None
    message: str

    def __str__(self) -> str:
        where = ".".join(part for part in (self.node, self.field) if part)
        return f"{where}: {self.message}" if where else self.message


def source_node(source: str) -> str:
    """``node`` of ``node.output``."""
    return source.partition(".")[0]


def valid_id(id: str) -> bool:
    """Whether a node or subgraph may be called so: a letter or _, then letters, digits, _ or -; 64 at most."""
    return id != INSIDE and _NODE_ID.match(id) is not None


@lru_cache(maxsize=4096)
def definition_of(type: str) -> tuple[str, str] | None:
    """("subgraph" | "map", NAME) for the type of an instance, None for any other type."""
    kind, _, name = type.partition(".")
    return (kind, name) if kind in ("subgraph", "map") and name else None


def readers(nodes: Mapping[str, Node]) -> dict[str, list[tuple[str, str]]]:
    """``node.output`` → the (node, port) pairs that read it, in order of node id."""
    found: dict[str, list[tuple[str, str]]] = {}
    for id in sorted(nodes):
        for port, source in nodes[id].wires():
            found.setdefault(source, []).append((id, port))
    return found
