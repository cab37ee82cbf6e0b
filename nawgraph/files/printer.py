"""The canonical text of a document: one document, one text, and small changes make small diffs.

Sections come in a fixed order, maps sorted by key. A section has one entry a line; an entry (or any other
value) with its key stays on one line where it has at most 120 columns, indentation and comma not counted,
and is broken into one field a line where it has more. Rows of up to four numbers are never broken; longer
lists of numbers have eight a line.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from nawgraph.files.errors import FormatError
from nawgraph.files.upgrade import VERSION
from nawgraph.graph import Graph, Json, Node, Subgraph, plain

WIDTH = 120
INDENT = 2
ROW = 8
_SECTIONS = {"nodes", "frames", "notes", "reroutes", "bookmarks"}
_FORM_FIELDS = ("node", "knob", "label")


class _Open(dict[str, Any]):
    """A map that always has one entry a line."""


class _OpenList(list[Any]):
    """A list that always has one item a line."""


def dumps(graph: Graph) -> str:
    """The canonical text, ending in a newline. `loads` of it gives an equal graph, and the same text again.

    Raises:
        FormatError: the graph holds what JSON cannot (NaN, an object of Python, half a surrogate pair).
    """
    try:
        text = "".join(_render(to_json(graph), 0, 0)) + "\n"
        text.encode("utf-8")
    except (TypeError, ValueError, RecursionError) as error:
        raise FormatError(f"cannot be written: {_culprit(graph) or error}") from None
    return text


def to_json(graph: Graph) -> dict[str, Any]:
    """The document as plain JSON in the order of the file, without its empty sections."""
    made = _Open(nawgraph=VERSION)
    made["meta"] = plain(graph.meta)
    made["nodes"] = _nodes(graph.nodes)
    made["subgraphs"] = _Open({name: _subgraph(graph.subgraphs[name]) for name in sorted(graph.subgraphs)})
    made["form"] = _OpenList(_ordered(plain(entry), _FORM_FIELDS) for entry in graph.form)
    made["presets"] = _Open({kind: _Open(named) for kind, named in plain(graph.presets).items()})
    made["lock"] = _Open({k: _Open(v) if isinstance(v, dict) else v for k, v in plain(graph.lock).items()})
    made |= plain(graph.extra)
    made["ui"] = _ui(graph.ui)
    return _Open({key: value for key, value in made.items() if value or key not in _EMPTY})


_EMPTY = frozenset({"meta", "nodes", "subgraphs", "form", "presets", "lock", "ui"})
"""Sections that are left out where there is nothing in them."""


def node_to_json(node: Node) -> dict[str, Any]:
    """A node in the order of the file; fields at their default are left out, type and version never."""
    made: dict[str, Any] = {"type": node.type, "version": node.version}
    if node.title:
        made["title"] = node.title
    if node.mode:
        made["mode"] = node.mode
    for field in ("inputs", "knobs", "frozen"):
        if value := getattr(node, field):
            made[field] = plain(value)
    return made | plain(node.extra) if node.extra else made


def _nodes(nodes: Mapping[str, Node]) -> _Open:
    return _Open({id: node_to_json(nodes[id]) for id in sorted(nodes)})


def _subgraph(definition: Subgraph) -> _Open:
    made = _Open()
    if definition.title:
        made["title"] = definition.title
    for field in ("inputs", "outputs", "knobs"):
        if value := getattr(definition, field):
            made[field] = plain(value)
    if definition.nodes:
        made["nodes"] = _nodes(definition.nodes)
    made |= plain(definition.extra)
    if definition.ui:
        made["ui"] = _ui(definition.ui)
    return made


def _ui(ui: Mapping[str, Json]) -> _Open:
    return _Open({key: _Open(v) if isinstance(v, dict) and key in _SECTIONS else v for key, v in plain(ui).items()})


def _ordered(entry: dict[str, Any], first: tuple[str, ...]) -> dict[str, Any]:
    return {key: entry[key] for key in (*(f for f in first if f in entry), *(k for k in entry if k not in first))}


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _render(value: Any, indent: int, taken: int) -> Iterator[str]:
    """`value` in pieces, at `indent`, after a key of `taken` columns."""
    if not value or not isinstance(value, (dict, list)):
        yield _line(value)
        return
    if not isinstance(value, (_Open, _OpenList)):
        line = _line(value)
        if taken + len(line) <= WIDTH or (isinstance(value, list) and len(value) <= 4 and _numbers(value)):
            yield line
            return
    inner = "\n" + " " * (indent + INDENT)
    between = ""
    yield "{" if isinstance(value, dict) else "["
    for start, item in _members(value):
        yield f"{between}{inner}{start}"
        yield from item if isinstance(item, _Row) else _render(item, indent + INDENT, len(start))
        between = ","
    yield "\n" + " " * indent + ("}" if isinstance(value, dict) else "]")


class _Row(list[str]):
    """Text that needs no more work."""


def _members(value: dict[str, Any] | list[Any]) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        yield from ((f"{_line(key)}: ", item) for key, item in value.items())
    elif _numbers(value):
        rows = (value[i : i + ROW] for i in range(0, len(value), ROW))
        yield from (("", _Row([_line(row)[1:-1]])) for row in rows)
    else:
        yield from (("", item) for item in value)


def _numbers(value: list[Any]) -> bool:
    return all(isinstance(item, (int, float)) and not isinstance(item, bool) for item in value)


def _culprit(graph: Graph) -> str:
    """A sentence about the first field that cannot be written, or nothing."""
    from nawgraph import shape

    parts: list[tuple[str, Any]] = [("meta", graph.meta), ("form", graph.form), ("presets", graph.presets)]
    parts += [("lock", graph.lock), ("ui", graph.ui), ("the document", graph.extra)]
    scopes: list[tuple[str, Graph | Subgraph]] = [("", graph), *((f"{k}/", v) for k, v in graph.subgraphs.items())]
    for prefix, scope in scopes:
        parts += [(f'node "{prefix}{id}": knob "{k}"', v) for id, n in scope.nodes.items() for k, v in n.knobs.items()]
        parts += [(f'node "{prefix}{id}"', n.extra.set("title", n.title)) for id, n in scope.nodes.items()]
    for where, value in parts:
        try:
            shape.freeze(value, where)
        except shape.ShapeError as error:
            return str(error)
    return ""
