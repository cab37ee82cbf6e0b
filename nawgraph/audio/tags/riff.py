"""RIFF WAVE (Microsoft and IBM, 1991): the text is a chunk of its own, ``nawg``, after the others."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from nawgraph.audio.tags import decoded

CHUNK = b"nawg"
_MOST_CHUNKS = 1 << 16


def put(data: bytes, text: str) -> bytes:
    """`data` with the text in a ``nawg`` chunk; one that was there is replaced.

    Raises:
        ValueError: RF64, a damaged file, or a result of 4 GiB and more.
    """
    return b"".join(edited(memoryview(data), (), text))


def edited(data: memoryview, dropped: tuple[bytes, ...], text: str | None = None) -> list[bytes | memoryview]:
    """`data` in parts, without the chunks of these names, and with the text if there is one.

    Raises:
        ValueError: as `put`.
    """
    if bytes(data[:4]) == b"RF64":
        raise ValueError("an RF64 file (over 4 GiB) cannot carry a graph: export FLAC, or shorter parts")
    parts = _kept(data, dropped if text is None else (*dropped, CHUNK))
    if text is not None:
        raw = text.encode()
        parts.append(CHUNK + struct.pack("<I", len(raw)) + raw + b"\0" * (len(raw) & 1))
    size = 4 + sum(len(part) for part in parts)
    if size >= 1 << 32:
        raise ValueError("a WAV file ends at 4 GiB: export FLAC, or shorter parts")
    return [b"RIFF" + struct.pack("<I", size) + b"WAVE", *parts]


def get(data: memoryview) -> str | None:
    """The text in the last ``nawg`` chunk, or None."""
    found = None
    try:
        for name, start, end in chunks(data):
            if name == CHUNK and end <= len(data):
                found = data[start:end]
    except ValueError:
        return None
    return decoded(found)


def chunks(data: bytes | memoryview) -> Iterator[tuple[bytes, int, int]]:
    """Name, start and end of every chunk's content; the end of a truncated one lies beyond the data.

    Raises:
        ValueError: more chunks than any real file has.
    """
    at = 12
    for _ in range(_MOST_CHUNKS):
        if at + 8 > len(data):
            return
        (size,) = struct.unpack_from("<I", data, at + 4)
        yield bytes(data[at : at + 4]), at + 8, at + 8 + size
        at += 8 + size + (size & 1)
    raise ValueError("this WAV file is damaged: it has too many chunks")


def _kept(data: memoryview, dropped: tuple[bytes, ...]) -> list[bytes | memoryview]:
    """All chunks but the dropped ones, heads and padding included.

    Raises:
        ValueError: not RIFF WAVE, or a chunk is longer than the file.
    """
    if bytes(data[:4]) != b"RIFF" or bytes(data[8:12]) != b"WAVE":
        raise ValueError("this is not a WAV file")
    parts: list[bytes | memoryview] = []
    for name, start, end in chunks(data):
        if end > len(data):
            raise ValueError("this WAV file is damaged: a chunk is longer than the file")
        if name not in dropped:
            parts.append(data[start - 8 : end])
            if end - start & 1:
                parts.append(b"\0")
    return parts
