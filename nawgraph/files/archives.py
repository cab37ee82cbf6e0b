"""ZIP archives from strangers: what is not safe to unpack is refused before anything is."""

from __future__ import annotations

import lzma
import stat
import struct
import zipfile
import zlib
from pathlib import PurePosixPath

from nawgraph.files.errors import FormatError

UNREADABLE = (
    zipfile.BadZipFile,
    OSError,
    EOFError,
    RuntimeError,
    NotImplementedError,
    ValueError,
    OverflowError,
    struct.error,
    zlib.error,
    lzma.LZMAError,
)
"""What `zipfile` raises for archives that are damaged, or made by hand to look so."""

MOST_FILES = 100_000
MOST_BYTES = 8 << 30
MOST_RATIO = 200
"""Limits: files, bytes when unpacked, and how many times larger than packed (beyond a megabyte)."""


def check(archive: zipfile.ZipFile) -> None:
    """Refuse names that lead out, links, doubled names, encryption, and too much of anything.

    Raises:
        FormatError: its reason goes on after the archive's name.
    """
    infos = archive.infolist()
    if len(infos) > MOST_FILES:
        raise FormatError(f"holds {len(infos):,} files; {MOST_FILES:,} are the most")
    seen: set[str] = set()
    for info in infos:
        place, shown = PurePosixPath(info.filename), repr(info.filename[:80])
        if place.is_absolute() or ".." in place.parts or "\\" in info.filename or "\0" in info.orig_filename:
            raise FormatError(f"holds {shown}, which leads out of it")
        if stat.S_ISLNK(info.external_attr >> 16):
            raise FormatError(f"holds the link {shown}; only files are allowed")
        if info.flag_bits & 1:
            raise FormatError(f"holds {shown}, which is encrypted")
        if info.filename in seen:
            raise FormatError(f"holds {shown} twice")
        seen.add(info.filename)
    size, packed = sum(i.file_size for i in infos), sum(i.compress_size for i in infos)
    if size > MOST_BYTES or size > (1 << 20) + MOST_RATIO * packed:
        raise FormatError(f"would unpack {packed:,} bytes to {size:,}: it looks like a trap")


def read(archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    """A file of an archive, whatever size the archive states.

    Raises:
        FormatError: there is none, or it is larger than `limit`.
    """
    try:
        with archive.open(name) as file:
            data = file.read(limit + 1)
    except KeyError:
        raise FormatError(f"has no {name}") from None
    if len(data) > limit:
        raise FormatError(f"has a {name} of more than {limit:,} bytes")
    return data
