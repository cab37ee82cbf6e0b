"""What a file is by its first bytes, and whether its end is missing."""

from __future__ import annotations

import struct
from typing import BinaryIO

_MOST_CHUNKS = 1 << 16
_STREAMED = (0, 0xFFFFFFFF)
"""Lengths that a program writes into a RIFF header when it does not know them (a pipe)."""


def kind(head: bytes) -> str:
    """The container by its first bytes: WAV, RF64, AIFF, FLAC, OGG, MP3; ``not:…`` for a known other thing; else ''."""
    if head[:4] in (b"RIFF", b"RIFX", b"RF64"):
        if head[8:12] == b"WAVE":
            return "RF64" if head[:4] == b"RF64" else "WAV"
        return "not:a RIFF file without sound"
    if head[:4] == b"FORM" and head[8:11] == b"AIF":
        return "AIFF"
    for magic, name in ((b"fLaC", "FLAC"), (b"OggS", "OGG"), (b"ID3", "MP3")):
        if head.startswith(magic):
            return name
    if head[4:8] == b"ftyp":
        return "not:an MP4 or M4A file"
    if head.startswith(b"\x30\x26\xb2\x75"):
        return "not:a Windows Media file"
    if head.startswith(b"MThd"):
        return "not:a MIDI file (use the score import)"
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0 and head[1] & 0x06:
        return "MP3"
    return ""


def truncation(stream: BinaryIO, size: int) -> str:
    """In words how a file of `size` bytes falls short of what its header promises, or empty. Rewinds the stream.

    Looks at WAV and AIFF chunk sizes, at the end mark of Ogg and at the length that most encoders note in an MP3; what
    else is missing shows while it is decoded.
    """
    try:
        head = stream.read(12)
        if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
            return _short_chunk(stream, size, b"data", "<I")
        if head[:4] == b"FORM":
            return _short_chunk(stream, size, b"SSND", ">I")
        if head[:4] == b"OggS":
            return _open_end(stream, size)
        return _short_mp3(stream, size, head) if kind(head) == "MP3" else ""
    finally:
        stream.seek(0)


def _short_chunk(stream: BinaryIO, size: int, wanted: bytes, length: str) -> str:
    at = 12
    for _ in range(_MOST_CHUNKS):
        if at + 8 > size:
            break
        stream.seek(at)
        head = stream.read(8)
        (n,) = struct.unpack(length, head[4:])
        if head[:4] == wanted:
            missing = at + 8 + n - size
            return f"{missing} of {n} bytes of sound are missing" if missing > 0 and n not in _STREAMED else ""
        at += 8 + n + (n & 1)
    return f"it ends before its {wanted.decode()} chunk"


def _open_end(stream: BinaryIO, size: int) -> str:
    """Ogg: the last page must be whole and carry the end-of-stream flag (RFC 3533)."""
    tail_size = min(size, 1 << 17)
    stream.seek(size - tail_size)
    tail = stream.read(tail_size)
    at = tail.rfind(b"OggS")
    if at < 0 or at + 27 > len(tail) or at + 27 + tail[at + 26] > len(tail):
        return "its last page is cut"
    whole = at + 27 + tail[at + 26] + sum(tail[at + 27 : at + 27 + tail[at + 26]])
    if whole > len(tail):
        return "its last page is cut"
    return "" if tail[at + 5] & 4 else "its end mark is missing"


def _short_mp3(stream: BinaryIO, size: int, head: bytes) -> str:
    """MP3: the tag of the first frame (Xing or Info) may say how many bytes follow it; a hundredth is let pass."""
    start = 0
    if head[:3] == b"ID3":
        start = 10 + sum((byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=False))
    stream.seek(start)
    frame = stream.read(256)
    at = max(frame.find(b"Xing"), frame.find(b"Info"))
    if at < 0 or len(frame) < at + 16:
        return ""
    flags, *fields = struct.unpack_from(">3I", frame, at + 4)
    if not flags & 2:
        return ""
    promised = fields[flags & 1]
    missing = start + promised - size
    return f"{missing} of {promised} bytes of sound are missing" if missing > promised // 100 else ""
