"""What the index keeps of an action, and the changes that wait to be written to it."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from nawgraph.values.core import Digest

Run = tuple[bytes, bytes, float]
"""Of a node in the last run of a document: key, parts (msgpack), unix time."""


class Row(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What an action made.

    A msgspec struct: read from a blob in half a microsecond, and no work for the garbage collector.

    Attributes:
        outputs: digest of each output port, in order (20 bytes each).
        types: name of each output's type, as `nawgraph.values.type_name` gives it.
        seconds: what it cost.
        files: what a sink wrote: (absolute path, size in bytes, mtime in ns, content digest in hex).
        warnings: what it told the user.
    """

    outputs: tuple[bytes, ...]
    types: tuple[str, ...]
    seconds: float
    files: tuple[tuple[str, int, int, str], ...] = ()
    warnings: tuple[str, ...] = ()


_row_decoder = msgspec.msgpack.Decoder(Row)
encode_row = msgspec.msgpack.Encoder().encode
"""A row as a blob."""

decode_row = _row_decoder.decode
"""The row of a blob. Raises `msgspec.DecodeError`."""


@dataclass(slots=True)
class Batch:
    """Changes that wait to be written together.

    Attributes:
        actions: key → row.
        objects: digest → (bytes on disk, seconds, blob or None for a file).
        runs: (document, node) → (key, parts, unix time).
        used: objects read from disk, whose rank rises.
        keys: actions used that were last used on another day.
        weight: bytes of it all that are new on disk.
        count: changes of all kinds.
        since: when the first change came in, in seconds of `time.monotonic`; 0 if empty.
    """

    actions: dict[bytes, Row] = field(default_factory=dict)
    objects: dict[Digest, tuple[int, float, bytes | None]] = field(default_factory=dict)
    runs: dict[tuple[str, str], Run] = field(default_factory=dict)
    used: dict[Digest, int] = field(default_factory=dict)
    keys: set[bytes] = field(default_factory=set)
    weight: int = 0
    count: int = 0
    since: float = 0.0
