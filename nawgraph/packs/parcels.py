"""Values as parcels and back. What comes out of a pack is built anew by its type's constructor, which checks it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from nawgraph.packs.memory import ForeignError, array_of, copied, placed
from nawgraph.packs.messages import Parcel
from nawgraph.values import value_types
from nawgraph.values.core import join, split


def small(value: Any) -> Parcel:
    """A value that travels in the message."""
    plain, arrays = split(value)
    return Parcel(plain, tuple(placed(arrays, None, 0)))


def trusted(parcel: Parcel, regions: dict[int, Any]) -> Any:
    """The value in a parcel that the host sent."""
    return join(parcel.plain, iter([array_of(place, regions) for place in parcel.arrays]))


def checked(parcel: Parcel, regions: dict[int, Any]) -> Any:
    """The value in a parcel that a pack sent.

    Raises:
        ForeignError: it is none, or breaks what its type promises.
    """
    arrays = iter([copied(place, regions) for place in parcel.arrays])
    try:
        return _built(parcel.plain, arrays)
    except ForeignError:
        raise
    except Exception as error:
        raise ForeignError(f"what is no value: {' '.join(str(error).split())[:200]}") from None


def _built(plain: Any, arrays: Iterator[np.ndarray[Any, Any]]) -> Any:
    if plain is None or isinstance(plain, (bool, int, float, str)):
        return plain
    if not isinstance(plain, list):
        raise ForeignError(f"a {type(plain).__name__}")
    tag, *rest = plain
    if tag == "#":
        return next(arrays)
    items = [_built(item, arrays) for item in rest[0]]
    if tag == "()":
        return tuple(items)
    kind = value_types().get(tag)
    if kind is None:
        raise ForeignError(f"a value of the type {str(tag)[:40]!r}, which is not known here")
    return kind(*items)
