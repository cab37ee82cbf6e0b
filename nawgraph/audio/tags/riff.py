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
    if data[:4] == b"RF64":
        raise ValueError("an RF64 file (over 4 GiB) cannot carry a graph: export FLAC, or shorter parts")
    raw = text.encode()
    return _file([*_kept(data, CHUNK), CHUNK + struct.pack("<I", len(raw)) + raw + b"\0" * (len(raw) & 1)])


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


def without(data: bytes, name: bytes) -> bytes:
    """`data` without the chunks of one name, for example libsndfile's PEAK, which holds the time of writing."""
    return _file(_kept(data, name))


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


def _kept(data: bytes, dropped: bytes) -> list[bytes]:
    """All chunks but the dropped ones, heads and padding included.

    Raises:
        ValueError: not RIFF WAVE, or a chunk is longer than the file.
    """
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise ValueError("this is not a WAV file")
    parts = []
    for name, start, end in chunks(data):
        if end > len(data):
            raise ValueError("this WAV file is damaged: a chunk is longer than the file")
        if name != dropped:
            parts.append(data[start - 8 : end] + b"\0" * (end - start & 1))
    return parts


def _file(parts: list[bytes]) -> bytes:
    size = 4 + sum(len(part) for part in parts)
    if size >= 1 << 32:
        raise ValueError("a WAV file ends at 4 GiB: export FLAC, or shorter parts")
    return b"".join([b"RIFF", struct.pack("<I", size), b"WAVE", *parts])
