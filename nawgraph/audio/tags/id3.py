"""MP3 with ID3v2.3 or ID3v2.4 (id3.org): the text is a TXXX frame whose description is NAWGRAPH.

A tag that is there keeps its version and its other frames; a file without one gets ID3v2.4. Nothing in the text can
look like the start of an MPEG frame: UTF-8 has no byte 0xFF, and UTF-16 texts are written without one in the high half.
"""

from __future__ import annotations

from dataclasses import dataclass

from nawgraph.audio.tags import FIELD, LIMIT, decoded

_HEAD = 10
_MAX_TAG = (1 << 28) - 1
_MOST_FRAMES = 1 << 14
_UNSYNC, _EXTENDED, _FOOTER = 0x80, 0x40, 0x10


@dataclass(frozen=True)
class Tag:
    """Version (3 or 4), frames as (id, flags, content), and the length of the whole tag in the file."""

    version: int
    frames: list[tuple[bytes, bytes, bytes]]
    length: int


def put(data: bytes, text: str) -> bytes:
    """`data` with the text in a TXXX frame; one that was there is replaced.

    Raises:
        ValueError: a damaged or an ID3v2.2 tag, or a text beyond 64 MiB.
    """
    if len(text) > LIMIT:
        raise ValueError("the graph is too large to be embedded: over 64 MiB")
    tag = _parse(memoryview(data)) if data[:3] == b"ID3" else Tag(4, [], 0)
    frames = [f for f in tag.frames if not (f[0] == b"TXXX" and _described(f[2]) is not None)]
    frames.append((b"TXXX", b"\0\0", _content(text, tag.version)))
    body = b"".join(name + _size(len(c), tag.version) + flags + c for name, flags, c in frames)
    if len(body) > _MAX_TAG:
        raise ValueError("the graph is too large for an MP3 file's tag, which ends at 256 MiB")
    return b"ID3" + bytes([tag.version, 0, 0]) + _synchsafe(len(body)) + body + data[tag.length :]


def get(data: memoryview) -> str | None:
    """The text in the TXXX frame NAWGRAPH, or None."""
    try:
        tag = _parse(data)
    except ValueError:
        return None
    for name, _, content in tag.frames:
        found = _described(content) if name == b"TXXX" else None
        if found is not None:
            return found
    return None


def _parse(data: memoryview) -> Tag:
    if bytes(data[:3]) != b"ID3" or len(data) < _HEAD:
        raise ValueError("this MP3 file has no whole ID3v2 tag")
    version, flags = data[3], data[5]
    size = _unsynchsafe(bytes(data[6:10]))
    if version not in (3, 4) or size < 0 or _HEAD + size > len(data):
        raise ValueError("this MP3 file has a tag that cannot be extended: remove or renew its ID3 tag first")
    body = bytes(data[_HEAD : _HEAD + size])
    if flags & _UNSYNC and version == 3:
        body = body.replace(b"\xff\0", b"\xff")
    at = _extended_size(body, version) if flags & _EXTENDED else 0
    return Tag(version, _frames(body, at, version), _HEAD + size + (_HEAD if flags & _FOOTER else 0))


def _frames(body: bytes, at: int, version: int) -> list[tuple[bytes, bytes, bytes]]:
    frames: list[tuple[bytes, bytes, bytes]] = []
    while at + _HEAD <= len(body) and body[at] != 0:  # zero: padding
        name, flags = body[at : at + 4], body[at + 8 : at + 10]
        raw = body[at + 4 : at + 8]
        size = _unsynchsafe(raw) if version == 4 else int.from_bytes(raw, "big")
        end = at + _HEAD + size
        if size < 0 or end > len(body):
            raise ValueError("this MP3 file's tag is damaged: a frame is longer than the tag")
        if len(frames) == _MOST_FRAMES:
            raise ValueError("this MP3 file's tag is damaged: it has too many frames")
        frames.append((name, flags, body[at + _HEAD : end]))
        at = end
    return frames


def _extended_size(body: bytes, version: int) -> int:
    raw = body[:4]
    return max(_unsynchsafe(raw), 0) if version == 4 else 4 + int.from_bytes(raw, "big")


def _content(text: str, version: int) -> bytes:
    if version == 4:
        return b"\x03" + FIELD.encode() + b"\0" + text.encode()
    return b"\x01" + _utf16(FIELD) + b"\0\0" + _utf16(text)


def _utf16(text: str) -> bytes:
    return b"\xff\xfe" + text.encode("utf-16-le")


def _described(content: bytes) -> str | None:
    """The text of a TXXX frame whose description is `FIELD`, else None."""
    if content[:1] == b"\x03" or content[:1] == b"\0":
        name, found, value = content[1:].partition(b"\0")
        return decoded(value) if found and name == FIELD.encode() else None
    prefix = b"\x01" + _utf16(FIELD) + b"\0\0\xff\xfe"
    if content.startswith(prefix):
        try:
            return content[len(prefix) :].decode("utf-16-le")
        except UnicodeDecodeError:
            return None
    return None


def _size(n: int, version: int) -> bytes:
    return _synchsafe(n) if version == 4 else n.to_bytes(4, "big")


def _synchsafe(n: int) -> bytes:
    """28 bits in four bytes whose top bits are clear."""
    return bytes(n >> shift & 0x7F for shift in (21, 14, 7, 0))


def _unsynchsafe(raw: bytes) -> int:
    """The number in four such bytes, −1 where a top bit is set."""
    if len(raw) < 4 or any(b & 0x80 for b in raw):
        return -1
    return raw[0] << 21 | raw[1] << 14 | raw[2] << 7 | raw[3]
