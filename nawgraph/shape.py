"""What the parts of a document may look like: the checks that the file reader and the edits share.

Every function takes plain or persistent JSON, returns it persistent (`deep_freeze`), and refuses in one
sentence that begins with `where`. The limits keep a hostile file from using up memory, time or the stack.
`docs/format.md` describes what is checked here; what it does not name passes through unchanged.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from immutables import Map

from nawgraph.graph import INSIDE, Json, Wire, plain, valid_id

MAX_BYTES = 64 << 20
MAX_DEPTH = 64
MAX_NODES = 100_000
MAX_VALUES = 1_000_000
MAX_STRING = 1 << 20
MAX_NAME = 200
MAX_DIGITS = 1_000

PLACED = ("frames", "notes", "reroutes", "bookmarks")
"""Sections of ``ui`` whose entries are objects with a position ``at``."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_DIGEST = re.compile(r"[0-9a-f]{8,128}\Z")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_TEXTS = frozenset({"title", "text", "colour"})
_NAMES = frozenset({"nodes", "targets"})


class ShapeError(ValueError):
    """A part of a document that cannot be; the message is one sentence that names the part."""


def show(value: Any) -> str:
    """A value as JSON, shortened for a message."""
    try:
        text = json.dumps(plain(value), ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        text = type(value).__name__
    return text if len(text) <= 60 else text[:57] + "…"


def freeze(value: Any, where: str, depth: int = 0) -> Json:
    """Any JSON, persistent. Refuses what JSON has no word for (NaN, objects of Python) and what is too large."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return text(value, where)
    if isinstance(value, int):
        return _integer(int(value), where)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ShapeError(f"{where} must be a finite number, got {value}")
        return float(value)
    if depth >= MAX_DEPTH:
        raise ShapeError(f"{where} is nested more than {MAX_DEPTH} deep")
    if isinstance(value, (list, tuple)):
        return tuple(freeze(item, where, depth + 1) for item in value)
    if isinstance(value, (dict, Map)):
        return Map({text(key, where): freeze(item, where, depth + 1) for key, item in value.items()})
    raise ShapeError(f"{where} must be JSON (text, number, true, false, null, list or object), got {show(value)}")


def _integer(value: int, where: str) -> int:
    if value.bit_length() > 3.33 * MAX_DIGITS:
        raise ShapeError(f"{where} has more than {MAX_DIGITS:,} digits")
    return value


def text(value: Any, where: str, limit: int = MAX_STRING) -> str:
    """A string that UTF-8 can hold."""
    if not isinstance(value, str):
        raise ShapeError(f"{where} must be text, got {show(value)}")
    if len(value) > limit:
        raise ShapeError(f"{where} may have at most {limit:,} characters, got {len(value):,}")
    if not value.isascii() and _SURROGATE.search(value):
        raise ShapeError(f"{where} holds half of a surrogate pair, which is not a character")
    return str(value)


def name(value: Any, where: str) -> str:
    """The name of a port, knob, type or preset: 1 to 200 characters, none of them a control character."""
    if not text(value, where, MAX_NAME) or _CONTROL.search(value):
        raise ShapeError(f"{where} must be a name of 1 to {MAX_NAME} printable characters, got {show(value)}")
    return str(value)


def node_id(value: Any, where: str) -> str:
    """An id: a letter or _, then letters, digits, _ or -; at most 64."""
    if not isinstance(value, str) or not valid_id(value):
        raise ShapeError(
            f"{where} cannot be called {show(value)}: begin with a letter, then letters, digits, _ or -, 64 at most"
        )
    return value


def mapping(value: Any, where: str) -> Mapping[str, Any]:
    """An object, its members unchecked."""
    if not isinstance(value, (dict, Map)):
        raise ShapeError(f"{where} must be an object {{…}}, got {show(value)}")
    return value


def source(value: Any, where: str) -> str:
    """``node.output`` (or ``in.PORT``)."""
    node, dot, output = value.partition(".") if isinstance(value, str) else ("", "", "")
    if not (dot and (node == INSIDE or valid_id(node))):
        raise ShapeError(f'{where} must be "node.output", got {show(value)}')
    name(output, where)
    return str(value)


def digest(value: Any, where: str) -> str:
    """8 to 128 hex digits in lower case."""
    if not isinstance(value, str) or not _DIGEST.match(value):
        raise ShapeError(f"{where} must be a digest in lower-case hex, got {show(value)}")
    return value


def wire(value: Any, where: str) -> Wire:
    """``node.output``, or a list of these."""
    if isinstance(value, (list, tuple)):
        return tuple(source(item, where) for item in value)
    return source(value, where)


def point(value: Any, where: str) -> Json:
    """``[x, y]``: two finite numbers."""
    if not isinstance(value, (list, tuple)) or len(value) != 2 or not all(_is_number(item) for item in value):
        raise ShapeError(f"{where} must be two numbers [x, y], got {show(value)}")
    return freeze(value, where)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def knobs(value: Any, where: str) -> Map[str, Json]:
    """Knob → JSON."""
    return Map(
        {
            name(knob, f"{where}: a knob"): freeze(v, f'{where}: knob "{knob}"')
            for knob, v in mapping(value, where).items()
        }
    )


def meta(value: Any, where: str = "meta") -> Map[str, Json]:
    """Free JSON, of which title, author, licence, description, created and modified are text."""
    fields = mapping(value, where)
    for field in ("title", "author", "licence", "description", "created", "modified"):
        if field in fields:
            text(fields[field], f'{where}: "{field}"')
    return Map({text(key, where): freeze(item, f'{where}: "{key}"') for key, item in fields.items()})


def form_entry(value: Any, where: str) -> Json:
    """``{"node": id, "knob": name, "label": text}`` and whatever else it carries."""
    entry = mapping(value, where)
    node_id(entry.get("node"), f'{where}: the field "node"')
    name(entry.get("knob"), f'{where}: the field "knob"')
    text(entry.get("label", ""), f'{where}: the field "label"')
    return freeze(entry, where)


def presets(value: Any, where: str = "presets") -> Map[str, Json]:
    """Node type → preset name → knobs."""
    made: dict[str, Json] = {}
    for kind, named in mapping(value, where).items():
        inside = f'{where} of "{name(kind, where)}"'
        entries = mapping(named, inside).items()
        made[kind] = Map({name(n, inside): knobs(k, f'{inside}: preset "{n}"') for n, k in entries})
    return Map(made)


def lock(value: Any, where: str = "lock") -> Map[str, Json]:
    """``packs`` and ``models`` (name → object), ``dtype`` (text), ``seeds`` (node → whole number)."""
    fields = mapping(value, where)
    for section in ("packs", "models"):
        for key, entry in mapping(fields.get(section, {}), f"{where}: {section}").items():
            mapping(entry, f'{where}: {section}: "{key}"')
    text(fields.get("dtype", ""), f'{where}: "dtype"')
    for key, seed in mapping(fields.get("seeds", {}), f"{where}: seeds").items():
        if not isinstance(seed, int) or isinstance(seed, bool):
            raise ShapeError(f'{where}: the seed of "{key}" must be a whole number, got {show(seed)}')
    return Map({text(key, where): freeze(item, f'{where}: "{key}"') for key, item in fields.items()})


def ui(value: Any, where: str = "ui") -> Map[str, Json]:
    """Layout of one scope; sections it does not know are kept."""
    made: dict[str, Json] = {}
    for section, data in mapping(value, where).items():
        inside = f"{where}: {text(section, where)}"
        if section == "nodes" or section in PLACED:
            entries = mapping(data, inside).items()
            made[section] = Map({key: ui_entry(section, key, entry, where) for key, entry in entries})
        elif section == "view":
            made[section] = ui_entry(section, "", data, where)
        else:
            made[section] = freeze(data, inside)
    return Map(made)


def ui_entry(section: str, key: str, value: Any, where: str = "ui") -> Json:
    """One entry of a section of ``ui``: ``[x, y]`` for a plain node, else an object with ``at``."""
    inside = f'{where}: {section}: "{name(key, f"{where}: {section}")}"' if key else f"{where}: {section}"
    if section == "nodes" and isinstance(value, (list, tuple)):
        return point(value, inside)
    entry = mapping(value, inside)
    if section != "view" or "at" in entry:
        point(entry.get("at"), f'{inside}: the field "at"')
    if "size" in entry:
        point(entry["size"], f'{inside}: the field "size"')
    for field in _TEXTS & entry.keys():
        text(entry[field], f'{inside}: the field "{field}"')
    for field in _NAMES & entry.keys():
        if not isinstance(entry[field], (list, tuple)):
            raise ShapeError(f'{inside}: the field "{field}" must be a list, got {show(entry[field])}')
        for item in entry[field]:
            name(item, f'{inside}: the field "{field}"')
    if section == "reroutes":
        source(entry.get("source"), f'{inside}: the field "source"')
    for field in {"collapsed"} & entry.keys():
        if not isinstance(entry[field], bool):
            raise ShapeError(f'{inside}: the field "{field}" must be true or false, got {show(entry[field])}')
    if "zoom" in entry and not (_is_number(entry["zoom"]) and entry["zoom"] > 0):
        raise ShapeError(f'{inside}: the field "zoom" must be a number above 0, got {show(entry["zoom"])}')
    return freeze(entry, inside)
