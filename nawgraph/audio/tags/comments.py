"""Vorbis comments (Xiph.Org): the list of ``NAME=value`` that FLAC, Ogg Vorbis and Ogg Opus share."""

from __future__ import annotations

import struct

from nawgraph.audio.tags import FIELD, decoded

_PREFIX = f"{FIELD}=".encode()
_MOST_COMMENTS = 1 << 16


def parse(block: bytes) -> tuple[bytes, list[bytes], bytes]:
    """Vendor, comments and whatever follows them.

    Raises:
        ValueError: lengths that do not fit the block.
    """
    vendor, at = _string(block, 0)
    if at + 4 > len(block):
        raise ValueError("damaged comments: the block ends early")
    (count,) = struct.unpack_from("<I", block, at)
    at += 4
    if count > _MOST_COMMENTS:
        raise ValueError("damaged comments: more than any real file has")
    comments = []
    for _ in range(count):
        comment, at = _string(block, at)
        comments.append(comment)
    return vendor, comments, block[at:]


def with_text(block: bytes, text: str) -> bytes:
    """The block with the text as its NAWGRAPH comment, the others and the rest kept.

    Raises:
        ValueError: damaged comments.
    """
    vendor, comments, rest = parse(block)
    kept = [c for c in comments if c[: len(_PREFIX)].upper() != _PREFIX]
    strings = [*kept, _PREFIX + text.encode()]
    body = b"".join(struct.pack("<I", len(c)) + c for c in strings)
    return struct.pack("<I", len(vendor)) + vendor + struct.pack("<I", len(strings)) + body + rest


def text_of(block: bytes) -> str | None:
    """The text of the NAWGRAPH comment, or None."""
    try:
        _, comments, _ = parse(block)
    except ValueError:
        return None
    for comment in comments:
        if comment[: len(_PREFIX)].upper() == _PREFIX:
            return decoded(comment[len(_PREFIX) :])
    return None


def _string(block: bytes, at: int) -> tuple[bytes, int]:
    if at + 4 > len(block):
        raise ValueError("damaged comments: the block ends early")
    (size,) = struct.unpack_from("<I", block, at)
    end = at + 4 + size
    if end > len(block):
        raise ValueError("damaged comments: a comment is longer than its block")
    return block[at + 4 : end], end
