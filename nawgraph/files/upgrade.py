"""Older versions of the file format, brought up to date by plain dict → dict functions.

`STEPS[n]` turns a document of version n into one of version n + 1. Steps see unchecked JSON of strangers:
what they cannot make sense of they refuse with a `FormatError`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nawgraph.files.errors import FormatError
from nawgraph.shape import show

VERSION = 1
"""Of the format that this program writes."""


def upgrade(data: object) -> dict[str, Any]:
    """A document of any version up to the present one, as one of the present version.

    Raises:
        FormatError: not a document, or written by a newer program.
    """
    if not isinstance(data, dict):
        raise FormatError(f"is not a nawgraph document: it holds {show(data)} where an object {{…}} is expected")
    if "nawgraph" not in data:
        raise FormatError('is not a nawgraph document: the field "nawgraph" with the version of the format is missing')
    version = data["nawgraph"]
    if not isinstance(version, int) or isinstance(version, bool) or version < 0:
        raise FormatError(f'the field "nawgraph" must be the version of the format, got {show(version)}')
    if version > VERSION:
        raise FormatError(f"is of format {show(version)}, and this nawgraph reads up to {VERSION}: update nawgraph")
    while version < VERSION:
        data = STEPS[version](data)
        version += 1
    return data


def _from_prototype(data: dict[str, Any]) -> dict[str, Any]:
    """Version 0, of the prototype: nodes in a list that carry their position, wires in a list of pairs.

    A port that several links end in becomes a list of wires, in the order of the links.
    """
    nodes: dict[str, Any] = {}
    places: dict[str, Any] = {}
    for position, entry in enumerate(_list(data, "nodes")):
        if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
            raise FormatError(f'node {position + 1} of the list must be an object with an "id", got {show(entry)}')
        id = entry["id"]
        if id in nodes:
            raise FormatError(f"two nodes are called {show(id)}: rename one of them")
        if "x" in entry or "y" in entry:
            places[id] = [entry.get("x", 0), entry.get("y", 0)]
        nodes[id] = {key: value for key, value in entry.items() if key not in ("id", "x", "y", "inputs")}
    for position, link in enumerate(_list(data, "links")):
        source, end = _ends(link, position + 1)
        target, _, port = end.partition(".")
        if target not in nodes:
            raise FormatError(f"link {position + 1} ends in {show(end)}, but there is no node {show(target)}")
        _add_wire(nodes[target].setdefault("inputs", {}), port, source)
    made = {key: value for key, value in data.items() if key not in ("nodes", "links")}
    made |= {"nawgraph": 1, "nodes": nodes}
    if places:
        made["ui"] = {"nodes": places}
    return made


def _ends(link: Any, position: int) -> tuple[str, str]:
    if isinstance(link, list) and len(link) == 2:
        source, end = link
        if isinstance(source, str) and isinstance(end, str) and "." in end:
            return source, end
    raise FormatError(f'link {position} must be ["node.output", "node.input"], got {show(link)}')


def _list(data: dict[str, Any], field: str) -> list[Any]:
    value = data.get(field, [])
    if not isinstance(value, list):
        raise FormatError(f"{field} must be a list, got {show(value)}")
    return value


def _add_wire(inputs: dict[str, Any], port: str, source: str) -> None:
    if port not in inputs:
        inputs[port] = source
    elif isinstance(inputs[port], list):
        inputs[port].append(source)
    else:
        inputs[port] = [inputs[port], source]


STEPS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {0: _from_prototype}
