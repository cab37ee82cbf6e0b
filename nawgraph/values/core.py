"""What every value on a wire has in common: it is frozen, knows its size, its digest and its bytes.

A value is a frozen dataclass derived from `Value` whose fields are numpy arrays, plain data
(int, float, bool, str, None, tuples, other dataclasses) or other values. Three things follow from
the fields alone, so that a new type (also one from a node pack) needs no code of its own:

* `split(value)` takes it apart into plain data and a list of arrays; `join` puts it together again.
* `digest(value)` names its content: a hash over the plain data and the digests of the arrays.
* `nbytes(value)` says how much memory it holds.

Scalars (`int`, `float`, `bool`, `str`) and tuples of values are values too. Lists become tuples on a
wire. ``1``, ``True`` and ``1.0`` have three different digests; ``0.0`` and ``-0.0`` as well.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, TypeVar

import msgspec
import numpy as np
from blake3 import blake3

CHUNK = 1 << 18
"""Bytes of an array that share one chunk digest. For time values `TIME_CHUNK` frames do instead."""

TIME_CHUNK = 1 << 15
"""Frames of a time value that share one chunk digest (0.74 s at 44.1 kHz)."""

DIGEST_SIZE = 20
"""Bytes of a digest: 160 bits, beyond any accidental or made collision that a cache has to fear."""

Digest = bytes
T = TypeVar("T", bound="type[Value]")

_types: dict[str, type[Value]] = {}


class Value:
    """Base of all structured values. Subclasses are frozen dataclasses marked with `@value`.

    Class attribute `time_axis`: the axis of the arrays that is time, or None. Arrays of a value with
    a time axis are digested in chunks of `TIME_CHUNK` frames, so that two values that differ in one
    bar share the digests of all other chunks.
    """

    time_axis: ClassVar[int | None] = None
    type_name: ClassVar[str]

    def digest(self) -> Digest:
        """Content digest, 20 bytes, computed once."""
        found = self.__dict__.get("_digest")
        if found is None:
            found = _digest_parts(self)
            object.__setattr__(self, "_digest", found)
        assert isinstance(found, bytes)
        return found

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the arrays hold, plus a little for the rest."""
        return nbytes(self)

    def __getstate__(self) -> dict[str, Any]:
        return {f.name: getattr(self, f.name) for f in _fields(self)}


def value(cls: T) -> T:
    """Class decorator: register a frozen dataclass as a type that wires can carry.

    Raises:
        TypeError: the class is not a frozen dataclass derived from `Value`, or its name is taken.
    """
    if not (issubclass(cls, Value) and dataclasses.is_dataclass(cls) and cls.__dataclass_params__.frozen):
        raise TypeError(f"{cls.__name__} must be a frozen dataclass derived from Value")
    name = cls.__dict__.get("type_name", cls.__name__)
    other = _types.get(name)
    if other is not None and other.__qualname__ != cls.__qualname__:
        raise TypeError(f"two value types are called {name}")
    cls.type_name = name
    _types[name] = cls
    return cls


def value_types() -> dict[str, type[Value]]:
    """All registered value types by name."""
    return dict(_types)


def freeze(array: Any, dtype: Any, ndim: int, what: str) -> np.ndarray[Any, Any]:
    """An array of the wanted type that nobody can write to.

    An array that owns its memory is taken over and made read-only in place (no copy: a song is large);
    a view of something writable is copied.

    Raises:
        ValueError: wrong number of dimensions.
    """
    source = np.asarray(array)
    result = np.ascontiguousarray(source, dtype=dtype)
    if result.ndim != ndim:
        raise ValueError(f"{what} needs {ndim} dimensions, got shape {result.shape}")
    if result.flags.writeable:
        if result.base is not None and np.shares_memory(result, source):
            result = result.copy()
        result.setflags(write=False)
    return result


def frozen(value: Any) -> Any:
    """What a node returned, made fit for a wire: lists become tuples, numpy scalars plain ones.

    Raises:
        TypeError: something that no wire can carry.
    """
    if isinstance(value, np.generic):  # asked first: numpy's float64 is a float as well, and its str_ a str
        return value.item()
    if isinstance(value, (Value, bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        return tuple(frozen(item) for item in value)
    raise TypeError(f"a wire cannot carry {type(value).__name__}")


def type_name(value: Any) -> str:
    """The name of a value's type as ports show it: ``Audio``, ``float``, ``list[Audio]``."""
    if isinstance(value, Value):
        return value.type_name
    if isinstance(value, tuple):
        names = {type_name(item) for item in value}
        return f"list[{names.pop()}]" if len(names) == 1 else "list"
    return type(value).__name__


# ------------------------------------------------------------------------------------ digests


def digest_bytes(*parts: bytes | memoryview) -> Digest:
    """Digest of byte strings; their lengths count, so that moving a border changes it."""
    h = blake3()
    for part in parts:
        h.update(len(part).to_bytes(8, "little"))
        h.update(part)
    return h.digest(DIGEST_SIZE)


def digest_plain(data: Any) -> Digest:
    """Digest of plain data, types told apart (msgpack keeps int, float, bool, str and None distinct)."""
    return blake3(b"P" + msgspec.msgpack.encode(data)).digest(DIGEST_SIZE)


def digest(value: Any) -> Digest:
    """Content digest of anything a wire can carry."""
    if isinstance(value, Value):
        return value.digest()
    if isinstance(value, tuple):
        return digest_bytes(b"list", *(digest(item) for item in value))
    return digest_plain(value)


def chunk_digests(array: np.ndarray[Any, Any], time_axis: int | None) -> list[Digest]:
    """Digests of an array's chunks in order: the leaves of its Merkle list.

    With a time axis a chunk is `TIME_CHUNK` frames of all other axes, else `CHUNK` bytes.
    """
    if time_axis is None:
        flat = _bytes(array)
        return [blake3(flat[i : i + CHUNK]).digest(DIGEST_SIZE) for i in range(0, len(flat), CHUNK)]
    frames = array.shape[time_axis]
    axis = time_axis % array.ndim
    index: list[Any] = [slice(None)] * array.ndim
    leaves = []
    for start in range(0, frames, TIME_CHUNK):
        index[axis] = slice(start, start + TIME_CHUNK)
        h = blake3()
        _update(h.update, array[tuple(index)], axis)
        leaves.append(h.digest(DIGEST_SIZE))
    return leaves


def _update(update: Callable[[Any], Any], part: np.ndarray[Any, Any], axis: int) -> None:
    """Feed one chunk to a hash without copying where rows lie contiguous (the usual [channels, frames])."""
    if part.size == 0:
        return
    if part.flags.c_contiguous:
        update(_bytes(part))
    elif axis == part.ndim - 1 and part.strides[-1] == part.itemsize:
        for row in part.reshape(-1, part.shape[-1]) if part.ndim == 2 else np.ascontiguousarray(part)[None]:
            update(_bytes(row))
    else:
        update(_bytes(part))


def _bytes(array: np.ndarray[Any, Any]) -> memoryview:
    """The memory of an array as bytes, without a copy where it is contiguous."""
    return memoryview(np.ascontiguousarray(array).data).cast("B") if array.size else memoryview(b"")


def _fields(v: Any) -> tuple[dataclasses.Field[Any], ...]:
    """Fields of a value or value type (a `Value` is always a dataclass, which mypy cannot know)."""
    return dataclasses.fields(v)


def _digest_parts(v: Value) -> Digest:
    plain, arrays = split(v)
    leaves = [b"".join(chunk_digests(a, axis)) for a, axis in zip(arrays, _axes(v), strict=True)]
    return digest_bytes(msgspec.msgpack.encode(plain), *leaves)


# ------------------------------------------------------------------------- apart and together


def split(value: Any) -> tuple[Any, list[np.ndarray[Any, Any]]]:
    """Take a value apart into plain data (msgpack-able) and its arrays, in field order.

    Plain data of a structured value is ``["Type", [field, …]]``, an array in it ``["#", dtype, shape]``.
    """
    arrays: list[np.ndarray[Any, Any]] = []
    return _split(value, arrays), arrays


def _split(x: Any, arrays: list[np.ndarray[Any, Any]]) -> Any:
    if isinstance(x, np.ndarray):
        arrays.append(x)
        return ["#", x.dtype.str, list(x.shape)]
    if isinstance(x, Value):
        return [x.type_name, [_split(getattr(x, f.name), arrays) for f in _fields(x)]]
    if isinstance(x, tuple):
        return ["()", [_split(item, arrays) for item in x]]
    if x is None or isinstance(x, (bool, int, float, str, bytes)):
        return x
    raise TypeError(f"a value cannot hold {type(x).__name__}: use arrays, plain scalars, tuples and other values")


def join(plain: Any, arrays: Iterator[np.ndarray[Any, Any]]) -> Any:
    """The value that `split` took apart. The arrays are used as they are (made read-only).

    Raises:
        ValueError: not the plain data of a known value type.
    """
    if not isinstance(plain, (list, tuple)):
        return plain
    try:
        tag, *rest = plain
        if tag == "#":
            array = next(arrays)
            array.setflags(write=False)
            return array
        items = [join(item, arrays) for item in rest[0]]
        if tag == "()":
            return tuple(items)
        cls = _types[tag]
        made = object.__new__(cls)
        fields = _fields(cls)
        for field, item in zip(fields, items, strict=True):
            object.__setattr__(made, field.name, item)
        return made
    except (KeyError, IndexError, ValueError, TypeError, StopIteration) as error:
        raise ValueError(f"not a value: {error!r}") from None


def _axes(v: Any) -> list[int | None]:
    """The time axis of every array of a value, in the order of `split`."""
    axes: list[int | None] = []

    def walk(x: Any, axis: int | None) -> None:
        if isinstance(x, np.ndarray):
            axes.append(axis if axis is not None and x.ndim and x.shape[axis] else None)
        elif isinstance(x, Value):
            for field in _fields(x):
                walk(getattr(x, field.name), x.time_axis)
        elif isinstance(x, tuple):
            for item in x:
                walk(item, axis)

    walk(v, None)
    return axes


def nbytes(value: Any) -> int:
    """Bytes of memory a value holds: its arrays exactly, everything else roughly."""
    if isinstance(value, np.ndarray):
        return value.nbytes
    if isinstance(value, Value):
        return 64 + sum(nbytes(getattr(value, f.name)) for f in _fields(value))
    if isinstance(value, tuple):
        return 56 + sum(nbytes(item) for item in value)
    if isinstance(value, str):
        return 49 + len(value)
    return 32
