"""FLAC (RFC 9639): the text is a comment in the metadata block of type 4."""

from __future__ import annotations

from nawgraph.audio.tags import comments, decoded

_COMMENT, _PADDING = 4, 1
_MAX_BLOCK = (1 << 24) - 1
_EMPTY = bytes(8)
"""A comment block with no vendor and no comments."""


def put(data: bytes, text: str) -> bytes:
    """`data` with the text as the comment NAWGRAPH; other comments and blocks stay.

    Raises:
        ValueError: a damaged file, or a text that a block (16 MiB) cannot hold.
    """
    blocks, audio = _blocks(memoryview(data))
    old = next((body for kind, body in blocks if kind == _COMMENT), _EMPTY)
    new = comments.with_text(old, text)
    if len(new) > _MAX_BLOCK:
        raise ValueError("the graph is too large for a FLAC file, whose comments end at 16 MiB: export WAV")
    kept = [(kind, body) for kind, body in blocks if kind != _COMMENT]
    ordered = [*kept[:1], (_COMMENT, new), *kept[1:]]
    heads = [
        bytes([kind | (0x80 if i == len(ordered) - 1 else 0)]) + len(body).to_bytes(3, "big") + body
        for i, (kind, body) in enumerate(ordered)
    ]
    return b"".join([b"fLaC", *heads, data[audio:]])


def get(data: memoryview) -> str | None:
    """The text in the comment NAWGRAPH, or None."""
    try:
        blocks, _ = _blocks(data)
    except ValueError:
        return None
    for kind, body in blocks:
        if kind == _COMMENT:
            return comments.text_of(body)
    return decoded(None)


def _blocks(data: memoryview) -> tuple[list[tuple[int, bytes]], int]:
    """Metadata blocks as (type, content), and where the audio begins.

    Raises:
        ValueError: not FLAC, or a block longer than the file.
    """
    if bytes(data[:4]) != b"fLaC":
        raise ValueError("this is not a FLAC file")
    blocks = []
    at, last = 4, False
    while not last:
        if at + 4 > len(data):
            raise ValueError("this FLAC file is damaged: its metadata ends early")
        last, kind = data[at] & 0x80 != 0, data[at] & 0x7F
        end = at + 4 + int.from_bytes(data[at + 1 : at + 4], "big")
        if end > len(data):
            raise ValueError("this FLAC file is damaged: a metadata block is longer than the file")
        blocks.append((kind, bytes(data[at + 4 : end])))
        at = end
    return blocks, at
