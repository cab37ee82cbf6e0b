"""What changed between two documents, as sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from nawgraph.graph import EMPTY, Graph, Node, Subgraph, plain
from nawgraph.shape import show

MISSING = type("Missing", (), {"__repr__": lambda self: "MISSING"})()
"""Stands for a value that is not there, which is not the same as null."""


@dataclass(frozen=True)
class Change:
    """One difference.

    Attributes:
        kind: added, removed, moved, type, version, title, mode, knob, wire, frozen, definition, or a section.
        where: ``node``, ``subgraph/node``, or the name of a section.
        field: knob, port or field, "" where the whole thing is meant.
        before, after: plain JSON, or `MISSING`.
    """

    kind: str
    where: str
    field: str = ""
    before: Any = MISSING
    after: Any = MISSING

    def __str__(self) -> str:
        if self.kind in ("added", "removed"):
            return f"{self.where}: {self.kind} ({self.after if self.kind == 'added' else self.before})"
        if self.kind == "moved":
            return f"{self.where}: moved"
        name = " ".join(part for part in (_WORDS.get(self.kind, ""), self.field) if part)
        return f"{self.where}: {name} {_verb(self.before, self.after)}".replace("  ", " ")


_WORDS = {kind: kind for kind in ("type", "version", "title", "mode", "knob", "frozen")} | {"wire": "input"}


def _verb(before: Any, after: Any) -> str:
    if before is MISSING:
        return f"set to {show(after)}"
    if after is MISSING:
        return f"removed (was {show(before)})"
    return f"changed from {show(before)} to {show(after)}"


def diff(a: Graph, b: Graph) -> list[Change]:
    """All differences from `a` to `b`: nodes first, in order of id, then definitions and the other sections.

    ``1``, ``1.0`` and ``true`` differ. ``str()`` of a change is a sentence.
    """
    found = list(_scopes(a, b, ""))
    for name in sorted({*a.subgraphs, *b.subgraphs}):
        old, new = a.subgraphs.get(name), b.subgraphs.get(name)
        if old is None or new is None:
            found.append(_whole(f"subgraph {name}", "definition" if old else None, "definition" if new else None))
        else:
            found += _scopes(old, new, f"{name}/")
            for side in ("title", "inputs", "outputs", "knobs", "extra"):
                found += _values("definition", f"subgraph {name}", side, getattr(old, side), getattr(new, side))
    for section in ("meta", "presets", "lock", "extra"):
        found += _maps(section, section, getattr(a, section), getattr(b, section))
    found += _values("form", "form", "", a.form or MISSING, b.form or MISSING)
    return found


def _scopes(a: Graph | Subgraph, b: Graph | Subgraph, prefix: str) -> Iterator[Change]:
    for id in sorted({*a.nodes, *b.nodes}):
        old, new = a.nodes.get(id), b.nodes.get(id)
        if old is None or new is None:
            yield _whole(f"{prefix}{id}", old.type if old else None, new.type if new else None)
        elif old is not new:
            yield from _nodes(f"{prefix}{id}", old, new)
    yield from _layout(a, b, prefix)


def _whole(where: str, before: str | None, after: str | None) -> Change:
    return Change("added", where, after=after) if before is None else Change("removed", where, before=before)


def _nodes(where: str, a: Node, b: Node) -> Iterator[Change]:
    for field in ("type", "version", "title", "mode"):
        before, after = getattr(a, field), getattr(b, field)
        if before != after:
            yield Change(field, where, "", MISSING if before == "" else before, MISSING if after == "" else after)
    for kind, field in (("wire", "inputs"), ("knob", "knobs"), ("frozen", "frozen"), ("extra", "extra")):
        yield from _maps(kind, where, getattr(a, field), getattr(b, field))


def _layout(a: Graph | Subgraph, b: Graph | Subgraph, prefix: str) -> Iterator[Change]:
    if a.ui is b.ui:
        return
    old, new = a.ui.get("nodes", EMPTY), b.ui.get("nodes", EMPTY)
    for id in sorted({*old, *new}):
        if id in a.nodes and id in b.nodes and not same(old.get(id, MISSING), new.get(id, MISSING)):
            yield Change("moved", f"{prefix}{id}", "", plain(old.get(id, MISSING)), plain(new.get(id, MISSING)))
    for section in sorted({*a.ui, *b.ui} - {"nodes"}):
        before, after = a.ui.get(section, MISSING), b.ui.get(section, MISSING)
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from _maps("ui", f"{prefix}ui {section}", before, after)
        else:
            yield from _values("ui", f"{prefix}ui", section, before, after)


def _maps(kind: str, where: str, a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[Change]:
    if a is not b:
        for key in sorted({*a, *b}):
            yield from _values(kind, where, key, a.get(key, MISSING), b.get(key, MISSING))


def _values(kind: str, where: str, field: str, before: Any, after: Any) -> Iterator[Change]:
    if not same(before, after):
        yield Change(kind, where, field, plain(before), plain(after))


def same(a: Any, b: Any) -> bool:
    """Whether two JSON values are written the same: 1, 1.0 and true are three, 0.0 and -0.0 two."""
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return len(a) == len(b) and all(key in b and same(value, b[key]) for key, value in a.items())
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, float) and isinstance(b, float):
        return repr(a) == repr(b)
    return type(a) is type(b) and bool(a == b)
