"""A text inside sound files, by container: each module has `put(data, text) -> bytes` and `get(data) -> text or None`.

`data` is any bytes-like object. `put` raises ValueError in one sentence; `get` never raises on damaged data.
"""

from __future__ import annotations

FIELD = "NAWGRAPH"
"""Name of the comment or frame that holds the text."""

LIMIT = 64 << 20
"""Bytes of text that are put in or looked at."""


def decoded(raw: bytes | memoryview | None) -> str | None:
    """UTF-8 bytes as text; None for none, for too many and for bytes that are not UTF-8."""
    if raw is None or len(raw) > LIMIT:
        return None
    try:
        return str(raw, "utf-8")
    except UnicodeDecodeError:
        return None
