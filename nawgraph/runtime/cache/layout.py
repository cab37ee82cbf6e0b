"""How a value lies on disk: one file each, or, up to `INLINE` bytes, a blob in the index.

A file is a prologue (magic, length and digest of the header), the header (msgpack), and the raw arrays,
each at a multiple of 64 bytes, so that another process can map it into memory and use it as it lies::

    "nawval\\0\\1" | header length, u32 | blake3 of the header, 20 bytes | header | … array | … array

The header names the object (`name`, the digest it is stored under) and its content (`content`, the
digest of the value; the same unless the node declares ``cutoff=False``). A flipped bit in the header is
caught by the header's digest, one in the arrays by the content's.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import mmap
import os
import struct
from pathlib import Path
from typing import IO, Any

import msgspec
import numpy as np
from blake3 import blake3

from nawgraph.values.core import DIGEST_SIZE, Digest, digest, join, split

INLINE = 4096
"""Values up to this many bytes live in the index."""

SCALARS = frozenset((int, float, bool, str))

MAGIC = b"nawval\x00\x01"
ALIGN = 64
_PROLOGUE = struct.Struct(f"<8sI{DIGEST_SIZE}s")
_MAPPED = 1 << 17  # from here on memory comes from the kernel and goes back to it, past the allocator's free lists
_counter = itertools.count()

Array = np.ndarray[Any, Any]


class DamagedError(ValueError):
    """Not, or no longer, what was written: cut short, overwritten, a flipped bit."""


class UnreadableError(LookupError):
    """Sound, but of a value type that this process does not know (its pack is not installed)."""


class Header(msgspec.Struct, array_like=True, frozen=True):
    """Everything of a value except its arrays.

    Attributes:
        name: the digest it is stored under.
        content: the digest of the value.
        seconds: what it cost to make.
        plain: plain data of `nawgraph.values.core.split`.
        arrays: dtype, shape and offset (from the first multiple of 64 after the header) of each array.
    """

    name: bytes
    content: bytes
    seconds: float
    plain: Any
    arrays: tuple[tuple[str, tuple[int, ...], int], ...]


class Inline(msgspec.Struct, array_like=True, frozen=True):
    """A small value, or a list whose elements are objects of their own.

    Attributes:
        content: digest of the value where it is stored under another one, else None.
        elements: digests of a list's elements, or None for any other value.
        plain, arrays: the value, as in `Header`, with the bytes of the arrays.
    """

    content: bytes | None
    elements: tuple[bytes, ...] | None
    plain: Any = None
    arrays: tuple[tuple[str, tuple[int, ...], bytes], ...] = ()


_header_decoder = msgspec.msgpack.Decoder(Header)
_inline_decoder = msgspec.msgpack.Decoder(Inline)
_encode = msgspec.msgpack.Encoder().encode


# ------------------------------------------------------------------------------------- inline


def pack(value: Any, content: Digest | None = None) -> bytes:
    """A small value as a blob. Raises TypeError or ValueError for what no wire carries."""
    if type(value) in SCALARS:
        return _encode((content, None, value))
    plain, arrays = split(value)
    return _encode((content, None, plain, [(a.dtype.str, a.shape, a.tobytes()) for a in arrays]))


def pack_list(elements: tuple[Digest, ...], content: Digest | None = None) -> bytes:
    """A list as a blob that only names its elements."""
    return _encode((content, elements))


def unpack(blob: bytes, name: Digest) -> Any:
    """The value of a blob, or the tuple of element digests wrapped in `Elements`.

    Raises:
        DamagedError: the content does not have the digest it should have.
        UnreadableError: a value type that is not known here.
    """
    try:
        found = _inline_decoder.decode(blob)
        arrays = [np.frombuffer(data, dtype).reshape(shape) for dtype, shape, data in found.arrays]
    except (msgspec.DecodeError, ValueError, TypeError) as error:
        raise DamagedError(f"not a value: {error}") from None
    if found.elements is not None:
        from nawgraph.values.core import digest_bytes

        _expect(digest_bytes(b"list", *found.elements), found.content or name)
        return Elements(found.elements)
    made = _join(found.plain, arrays)
    _expect(digest(made), found.content or name)
    return made


class Elements(tuple[Digest, ...]):
    """The digests of a list's elements, standing for the list."""

    __slots__ = ()


def _expect(found: Digest, wanted: Digest) -> None:
    if found != wanted:
        raise DamagedError("its content has changed since it was written")


def _join(plain: Any, arrays: list[Array]) -> Any:
    try:
        return join(plain, iter(arrays))
    except ValueError as error:
        raise UnreadableError(str(error)) from None


# -------------------------------------------------------------------------------------- files


def write_file(
    path: Path,
    value: Any,
    name: Digest | None = None,
    *,
    content: Digest | None = None,
    seconds: float = 0.0,
    scratch: Path | None = None,
) -> int:
    """Write a value so that a reader sees either all of it or nothing; returns the file's size in bytes.

    Args:
        path: where to; an existing file is replaced.
        value: what; its arrays are numpy arrays.
        name: the digest it is stored under; that of its content if None.
        content: its content's digest where the caller knows it.
        seconds: what it cost to make.
        scratch: folder of the same file system for the unfinished file; the target's own if None.

    Raises:
        OSError: the disk is full, or the folder cannot be written. Nothing is left behind.
    """
    content = content or digest(value)
    parts = _parts(value, name or content, content, seconds)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = (scratch or path.parent) / f"{os.getpid()}-{next(_counter)}.tmp"
    try:
        with unfinished.open("xb", buffering=0) as file:
            size = sum([_write(file, part) for part in parts])
        # No fsync: a file torn by a power cut is found out by its digest and made again.
        unfinished.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            unfinished.unlink()
        raise
    return size


def _parts(value: Any, name: Digest, content: Digest, seconds: float) -> list[bytes | memoryview[int]]:
    plain, arrays = split(value)
    table = []
    parts: list[bytes | memoryview[int]] = []
    offset = 0
    for array in arrays:
        table.append((array.dtype.str, array.shape, offset))
        data = np.ascontiguousarray(array).data.cast("B") if array.size else memoryview(b"")
        gap = -len(data) % ALIGN
        parts += [data, bytes(gap)]
        offset += len(data) + gap
    header = _encode(Header(name, content, seconds, plain, tuple(table)))
    start = _PROLOGUE.pack(MAGIC, len(header), blake3(header).digest(DIGEST_SIZE)) + header
    return [start + bytes(-len(start) % ALIGN), *parts]


def _write(file: Any, data: bytes | memoryview[int]) -> int:
    rest = memoryview(data)
    while rest:  # one call writes at most 2 GB, and less on a disk that is getting full
        rest = rest[file.write(rest) :]
    return len(data)


def read_header(file: IO[bytes]) -> tuple[Header, int]:
    """Header of an open file and the offset of its arrays. Raises `DamagedError`."""
    prologue = file.read(_PROLOGUE.size)
    if len(prologue) != _PROLOGUE.size:
        raise DamagedError("it is cut short")
    magic, length, wanted = _PROLOGUE.unpack(prologue)
    if magic != MAGIC:
        raise DamagedError("it is not a file of the cache")
    raw = file.read(length) if length <= os.fstat(file.fileno()).st_size else b""
    if len(raw) != length or blake3(raw).digest(DIGEST_SIZE) != wanted:
        raise DamagedError("its header is cut short or has changed")
    try:
        header = _header_decoder.decode(raw)
    except msgspec.DecodeError as error:
        raise DamagedError(f"its header cannot be read: {error}") from None
    end = _PROLOGUE.size + length
    return header, end + -end % ALIGN


def read_file(path: Path, name: Digest | None = None, *, mapped: bool = False) -> Any:
    """The value that `write_file` wrote, its content verified.

    Args:
        path: the file.
        name: the digest that it must be stored under, if not None.
        mapped: do not read the arrays but map them into memory, read-only and unverified (the header is
            verified): for looking at a part of a large value of another process.

    Raises:
        OSError: there is no such file, or it cannot be read.
        DamagedError: not, or no longer, what was written.
        UnreadableError: a value type that is not known here.
    """
    with path.open("rb", buffering=0) as file:
        header, start = read_header(file)
        if name is not None and header.name != name:
            raise DamagedError("it holds another value")
        size = os.fstat(file.fileno()).st_size
        whole = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if mapped else None
        arrays = [_array(file, whole, size, dtype, shape, start + offset) for dtype, shape, offset in header.arrays]
    made = _join(header.plain, arrays)
    if mapped:
        if hasattr(made, "__dict__"):
            object.__setattr__(made, "_digest", header.content)
    else:
        _expect(digest(made), header.content)
    return made


def _array(file: Any, whole: mmap.mmap | None, size: int, dtype: str, shape: tuple[int, ...], offset: int) -> Array:
    kind = np.dtype(dtype)
    count = math.prod(shape)
    length = count * kind.itemsize
    if kind.hasobject or offset + length > size:
        raise DamagedError("it is cut short")
    if whole is not None:
        return np.frombuffer(whole, kind, count, offset).reshape(shape) if length else np.zeros(shape, kind)
    memory: Any = mmap.mmap(-1, length) if length >= _MAPPED else bytearray(length)
    rest = memoryview(memory)
    file.seek(offset)
    while rest:
        got = file.readinto(rest)
        if not got:
            raise DamagedError("it is cut short")
        rest = rest[got:]
    return np.frombuffer(memory, kind).reshape(shape)
