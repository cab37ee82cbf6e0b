"""Plain JSON to a `Graph`, every field checked; opening a document imports and runs nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from immutables import Map

from nawgraph import shape
from nawgraph.files.errors import FormatError
from nawgraph.files.scan import parse
from nawgraph.files.upgrade import VERSION, upgrade
from nawgraph.graph import EMPTY, Graph, Json, Mode, Node, Subgraph
from nawgraph.nesting import MAX_NESTING, too_deep
from nawgraph.shape import MAX_NODES, ShapeError, show

NODE_FIELDS = ("type", "version", "title", "mode", "inputs", "knobs", "frozen")
SUBGRAPH_FIELDS = ("title", "inputs", "outputs", "knobs", "nodes", "ui")
GRAPH_FIELDS = ("nawgraph", "meta", "nodes", "subgraphs", "form", "presets", "lock", "ui")
T = TypeVar("T")
_MODES: dict[str, Mode] = {"": "", "bypass": "bypass", "mute": "mute", "freeze": "freeze"}


def loads(data: str | bytes, name: str = "") -> Graph:
    """The document in a text, upgraded from older versions of the format. Unknown fields and node types are kept.

    Args:
        data: JSON, as text or UTF-8.
        name: what messages call it: a file name, "the clipboard".

    Raises:
        FormatError: not a document, or beyond the limits.
    """
    try:
        raw = data if isinstance(data, bytes) else _encode(data)
        return from_json(upgrade(parse(raw)))
    except FormatError as error:
        raise FormatError(error.reason, name) from None


def from_json(data: Any) -> Graph:
    """A `Graph` from plain JSON of the present version.

    Raises:
        FormatError: a field of the wrong kind; the sentence names the node and the field.
    """
    try:
        return _graph(shape.mapping(data, "a document"))
    except ShapeError as error:
        raise FormatError(str(error)) from None


def _encode(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        raise FormatError("holds half of a surrogate pair, which is not a character") from None


def _graph(data: Mapping[str, Any]) -> Graph:
    if data.get("nawgraph") != VERSION:
        raise FormatError(f'the field "nawgraph" must be {VERSION}, got {show(data.get("nawgraph"))}')
    subgraphs = shape.mapping(data.get("subgraphs", {}), "subgraphs")
    total = sum(_count(part) for part in (data, *subgraphs.values()))
    if total > MAX_NODES:
        raise FormatError(f"holds {total:,} nodes; {MAX_NODES:,} are the most")
    form = data.get("form", [])
    if not isinstance(form, (list, tuple)):
        raise FormatError(f"form must be a list, got {show(form)}")
    graph = Graph(
        nodes=_nodes(data.get("nodes", {}), ""),
        subgraphs=Map({shape.node_id(k, "a subgraph"): _subgraph(v, k) for k, v in subgraphs.items()}),
        meta=shape.meta(data.get("meta", {})),
        form=tuple(shape.form_entry(entry, f"form entry {i + 1}") for i, entry in enumerate(form)),
        presets=shape.presets(data.get("presets", {})),
        lock=shape.lock(data.get("lock", {})),
        ui=shape.ui(data.get("ui", {})),
        extra=_extra(data, GRAPH_FIELDS, "the document"),
    )
    if too_deep(graph):
        raise FormatError(f"holds subgraphs that are nested more than {MAX_NESTING} deep")
    return graph


def _count(scope: Any) -> int:
    nodes = scope.get("nodes") if isinstance(scope, dict) else None
    return len(nodes) if isinstance(nodes, dict) else 0


def _nodes(data: Any, prefix: str) -> Map[str, Node]:
    where = f"{prefix.rstrip('/')}: nodes" if prefix else "nodes"
    nodes = shape.mapping(data, where)
    return Map({shape.node_id(id, "a node"): _node(node, f'node "{prefix}{id}"') for id, node in nodes.items()})


def _node(data: Any, where: str) -> Node:
    fields = shape.mapping(data, where)
    version = fields.get("version", 1)
    if not isinstance(version, int) or isinstance(version, bool) or not 1 <= version < 1 << 31:
        raise ShapeError(f'{where}: the field "version" must be a whole number from 1, got {show(version)}')
    mode = fields.get("mode", "")
    if not isinstance(mode, str) or mode not in _MODES:
        raise ShapeError(f'{where}: the field "mode" must be bypass, mute or freeze, got {show(mode)}')
    return Node(
        type=shape.name(fields.get("type"), f'{where}: the field "type"'),
        version=version,
        inputs=_entries(fields, "inputs", where, shape.wire),
        knobs=shape.knobs(fields["knobs"], f'{where}: the field "knobs"') if "knobs" in fields else EMPTY,
        title=shape.text(fields.get("title", ""), f'{where}: the field "title"'),
        mode=_MODES[mode],
        frozen=_entries(fields, "frozen", where, shape.digest),
        extra=_extra(fields, NODE_FIELDS, where),
    )


def _subgraph(data: Any, id: str) -> Subgraph:
    where = f'subgraph "{id}"'
    fields = shape.mapping(data, where)
    return Subgraph(
        title=shape.text(fields.get("title", ""), f'{where}: the field "title"'),
        nodes=_nodes(fields.get("nodes", {}), f"{id}/"),
        inputs=_entries(fields, "inputs", where, shape.name),
        outputs=_entries(fields, "outputs", where, shape.source),
        knobs=_entries(fields, "knobs", where, shape.source),
        ui=shape.ui(fields.get("ui", {}), f"{where}: ui"),
        extra=_extra(fields, SUBGRAPH_FIELDS, where),
    )


def _entries(fields: Mapping[str, Any], field: str, where: str, check: Callable[[Any, str], T]) -> Map[str, T]:
    """A field that maps names to something that `check` knows."""
    entries = shape.mapping(fields.get(field, {}), f'{where}: the field "{field}"').items()
    if not entries:
        return EMPTY
    return Map({shape.name(k, f"{where}: {field}"): check(v, f'{where}: {field}: "{k}"') for k, v in entries})


def _extra(fields: Mapping[str, Any], known: tuple[str, ...], where: str) -> Map[str, Json]:
    unknown = fields.keys() - set(known)
    if not unknown:
        return EMPTY
    return Map({shape.text(k, where): shape.freeze(fields[k], f'{where}: the field "{k}"') for k in unknown})
