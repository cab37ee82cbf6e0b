"""Bytes to plain JSON, safely: size, depth and counts are known before the parser is let in."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nawgraph.files.errors import FormatError
from nawgraph.shape import MAX_BYTES, MAX_DEPTH, MAX_DIGITS, MAX_STRING, MAX_VALUES, show

_BOM = b"\xef\xbb\xbf"


def parse(data: bytes) -> Any:
    """Strict JSON: UTF-8 (a byte order mark is skipped), no doubled keys, finite numbers, within the limits.

    Raises:
        FormatError: anything else; the sentence says what and where.
    """
    if len(data) > MAX_BYTES:
        raise FormatError(f"is larger than {MAX_BYTES >> 20} MiB, the most that a document may have")
    data = data.removeprefix(_BOM)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FormatError(f"is not UTF-8 text (line {line}, byte {error.start})") from None
    if not text.strip():
        raise FormatError("is empty")
    check_limits(data)
    doubled: list[tuple[dict[str, Any], str]] = []
    try:
        made = json.loads(
            text,
            object_pairs_hook=lambda pairs: _object(pairs, doubled),
            parse_constant=_refuse_constant,
            parse_float=_float,
            parse_int=_int,
        )
    except json.JSONDecodeError as error:
        raise FormatError(_explain(error, text)) from None
    if doubled:
        raise FormatError(_where_doubled(made, doubled))
    return made


def check_limits(data: bytes) -> None:
    """Depth, number of values and length of strings, counted without parsing.

    Raises:
        FormatError: more than the limits allow.
    """
    # Pairs of backslashes first, then escaped quotes: what quotes are left begin and end strings.
    bare = np.frombuffer(data.replace(b"\\\\", b"  ").replace(b'\\"', b"  "), np.uint8)
    quotes: NDArray[np.bool_] = bare == ord('"')
    ends = np.flatnonzero(quotes)
    longest = int((ends[1::2] - ends[: len(ends) // 2 * 2 : 2]).max(initial=0))
    if longest > 4 * MAX_STRING:
        raise FormatError(f"holds a text of {longest:,} bytes; {MAX_STRING:,} characters are the most")
    outside = bare[~np.bitwise_xor.accumulate(quotes.view(np.uint8)).view(np.bool_)]
    opening = (outside == ord("[")) | (outside == ord("{"))
    closing = (outside == ord("]")) | (outside == ord("}"))
    commas = int(np.count_nonzero(outside == ord(",")))
    values = 1 + commas + max(int(np.count_nonzero(opening)), int(np.count_nonzero(closing)))
    steps = (opening.view(np.int8) - closing.view(np.int8))[opening | closing][: 2 * MAX_VALUES]
    depth = int(np.cumsum(steps, dtype=np.int64).max(initial=0))
    if depth > MAX_DEPTH:
        raise FormatError(f"is nested more than {MAX_DEPTH} levels deep")
    if values > MAX_VALUES:
        raise FormatError(f"holds {values:,} values; {MAX_VALUES:,} are the most")


def _object(pairs: list[tuple[str, Any]], doubled: list[tuple[dict[str, Any], str]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        key = next(k for k, _ in pairs if k in seen or seen.add(k))  # type: ignore[func-returns-value]
        doubled.append((made, key))
    return made


def _where_doubled(root: Any, doubled: list[tuple[dict[str, Any], str]]) -> str:
    """The outermost doubled key and its place. The outermost is always found: nothing above it was dropped."""
    keys = {id(made): key for made, key in doubled}
    level: list[tuple[str, Any]] = [("", root)]
    while level:
        below: list[tuple[str, Any]] = []
        for path, value in level:
            if id(value) in keys:
                place = f"in {path}" if path else "at the top level"
                return f"holds the key {show(keys[id(value)])} twice {place}: keep one of them"
            if isinstance(value, dict):
                below += [(f"{path}.{k}" if path else k, v) for k, v in value.items() if isinstance(v, (dict, list))]
            elif isinstance(value, list):
                below += [(f"{path}[{i}]", v) for i, v in enumerate(value) if isinstance(v, (dict, list))]
        level = below
    return f"holds the key {show(doubled[-1][1])} twice: keep one of them"


def _refuse_constant(word: str) -> Any:
    raise FormatError(f"holds {word}, which is not a JSON number")


def _float(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise FormatError(f"holds the number {_short(digits)}, which is too large")
    return value


def _int(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise FormatError(f"holds a number of {len(digits):,} digits; {MAX_DIGITS:,} are the most")
    return int(digits)


def _short(digits: str) -> str:
    return digits if len(digits) <= 24 else digits[:23] + "…"


def _explain(error: json.JSONDecodeError, text: str) -> str:
    place = f"line {error.lineno}, column {error.colno}"
    if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string"):
        return f"is cut off or unfinished: the JSON breaks off in {place}"
    if error.msg == "Extra data":
        return f"holds more than one JSON value: the second begins in {place}"
    return f"is not valid JSON: {error.msg[0].lower()}{error.msg[1:]} in {place}"
