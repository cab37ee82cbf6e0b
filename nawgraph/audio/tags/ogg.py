"""Ogg (RFC 3533) with Vorbis (Xiph.Org) or Opus (RFC 7845): the text is a comment in the second header packet.

A longer comment packet needs more pages, so all pages after it get new numbers and checksums. Files with one
logical stream, which is what sound files are.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from nawgraph.audio.tags import LIMIT, comments

_HEADERS = {b"\x01vorbis": (3, b"\x03vorbis"), b"OpusHead": (2, b"OpusTags")}
"""First packet's magic → number of header packets, magic of the comment packet."""

_FULL_PAGE = 255
_MOST_PAGES = 1 << 16
"""That headers may fill: far more than 64 MiB of text need."""
_REVERSED = bytes(int(f"{i:08b}"[::-1], 2) for i in range(256))


@dataclass(frozen=True)
class Page:
    """One page: flags (1 continued, 2 first, 4 last), granule position, serial number, lacing values, content."""

    flags: int
    granule: int
    serial: int
    lacing: bytes
    body: bytes


def put(data: bytes, text: str) -> bytes:
    """`data` with the text as the comment NAWGRAPH; the packets of sound stay bit for bit.

    Raises:
        ValueError: damaged, several streams in one file, neither Vorbis nor Opus, or a text over 64 MiB.
    """
    if len(text) > LIMIT:
        raise ValueError("the graph is too large to be embedded: over 64 MiB")
    all_pages = list(pages(memoryview(data)))
    if not all_pages:
        raise ValueError("this Ogg file is damaged: it has no whole page")
    packets, used = _header_packets(all_pages)
    _, magic = _HEADERS[_first_magic(packets[0])]
    packets[1] = magic + comments.with_text(packets[1][len(magic) :], text)
    head = all_pages[0]
    rest = all_pages[used:]
    return _joined([head, *_paged(packets[1:], head.serial), *rest])


def get(data: memoryview) -> str | None:
    """The text in the comment NAWGRAPH, or None."""
    try:
        packets, _ = _header_packets(pages(data), wanted=2)
        _, magic = _HEADERS[_first_magic(packets[0])]
        return comments.text_of(packets[1][len(magic) :])
    except ValueError:
        return None


def renumbered(data: bytes, serial: int) -> bytes:
    """`data` with another serial number: libsndfile draws a random one, equal exports shall be equal.

    Raises:
        ValueError: damaged, or several streams in one file.
    """
    return _joined([Page(p.flags, p.granule, serial, p.lacing, p.body) for p in pages(memoryview(data))])


def pages(data: memoryview) -> Iterator[Page]:
    """Every page.

    Raises:
        ValueError: a page that is cut, no page where one must begin, or a second stream.
    """
    at, serial = 0, None
    while at < len(data):
        if bytes(data[at : at + 4]) != b"OggS" or at + 27 > len(data):
            raise ValueError("this Ogg file is damaged: a page is missing")
        flags, granule, number, _, _, segments = struct.unpack_from("<BqIIIB", data, at + 5)
        lacing = bytes(data[at + 27 : at + 27 + segments])
        start = at + 27 + segments
        end = start + sum(lacing)
        if len(lacing) < segments or end > len(data):
            raise ValueError("this Ogg file is damaged: a page is cut")
        if serial is not None and number != serial:
            raise ValueError("this Ogg file holds several streams: only one can carry a graph")
        serial = number
        yield Page(flags, granule, number, lacing, bytes(data[start:end]))
        at = end


def _first_magic(packet: bytes) -> bytes:
    for magic in _HEADERS:
        if packet.startswith(magic):
            return magic
    raise ValueError("this Ogg file holds neither Vorbis nor Opus")


def _header_packets(stream: Iterator[Page] | list[Page], wanted: int = 0) -> tuple[list[bytes], int]:
    """The header packets (or the first `wanted`), and how many pages they fill; the sound begins on a new page."""
    packets: list[bytes] = []
    parts: list[bytes] = []
    size = used = 0
    for used, page in enumerate(stream, 1):
        at = 0
        for value in page.lacing:
            parts.append(page.body[at : at + value])
            at += value
            size += value
            if value < _FULL_PAGE:
                packets.append(b"".join(parts))
                parts, size = [], 0
        if size > 2 * LIMIT or used > _MOST_PAGES:
            raise ValueError("this Ogg file is damaged: a header is longer than any real one")
        if packets:
            needed, magic = _HEADERS[_first_magic(packets[0])]
            if len(packets) > 1 and not packets[1].startswith(magic):
                break
            if len(packets) >= (wanted or needed):
                return packets, used
    raise ValueError("this Ogg file is damaged: its headers are not whole")


def _paged(packets: list[bytes], serial: int) -> list[Page]:
    """Header packets on as few pages as possible, the last page ending with the last packet."""
    lacing = bytearray()
    for packet in packets:
        lacing += b"\xff" * (len(packet) // 255) + bytes([len(packet) % 255])
    body = b"".join(packets)
    made = []
    at = 0
    for start in range(0, len(lacing), _FULL_PAGE):
        part = bytes(lacing[start : start + _FULL_PAGE])
        size = sum(part)
        continued = start > 0 and lacing[start - 1] == 255
        ends_one = any(value < 255 for value in part)
        made.append(Page(int(continued), 0 if ends_one else -1, serial, part, body[at : at + size]))
        at += size
    return made


def _joined(all_pages: list[Page]) -> bytes:
    return b"".join(_page_bytes(page, number) for number, page in enumerate(all_pages))


def _page_bytes(page: Page, number: int) -> bytes:
    def head(checksum: int) -> bytes:
        return b"OggS\0" + struct.pack(
            "<BqIIIB", page.flags, page.granule, page.serial, number, checksum, len(page.lacing)
        )

    return head(crc(head(0) + page.lacing + page.body)) + page.lacing + page.body


def crc(data: bytes) -> int:
    """The Ogg checksum: CRC-32 with polynomial 0x04C11DB7, most significant bit first, from 0.

    zlib has the same polynomial the other way round, so it works on bit-reversed bytes and its result is turned back.
    """
    mirrored = zlib.crc32(data.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(mirrored.to_bytes(4, "little").translate(_REVERSED), "big")
