"""Values whose arrays are torch tensors: how large they are, whether they lie on a GPU, how they come home.

torch is never imported here: a value can only hold a tensor if somebody else has imported it. Another thread may be
importing it just now, so that the module is there and its classes are not: no value can hold a tensor then either.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from nawgraph.values.core import Value, nbytes


def tensors(value: Any) -> Iterator[Any]:
    """All torch tensors in a value."""
    kind = getattr(sys.modules.get("torch"), "Tensor", None)
    if kind is not None:
        yield from _tensors(value, kind)


def _tensors(x: Any, kind: type) -> Iterator[Any]:
    if isinstance(x, kind):
        yield x
    elif isinstance(x, tuple):
        for item in x:
            yield from _tensors(item, kind)
    elif isinstance(x, Value):
        for field in dataclasses.fields(x):  # type: ignore[arg-type]
            yield from _tensors(getattr(x, field.name), kind)


def device_bytes(value: Any) -> int:
    """Bytes of GPU memory that a value holds; 0 for one that lies in RAM."""
    return sum(int(t.element_size() * t.nelement()) for t in tensors(value) if t.device.type != "cpu")


def host_bytes(value: Any) -> int:
    """Bytes of RAM that a value holds, tensors included, and what it costs to keep account of it."""
    return (
        256
        + nbytes(value)
        + sum([int(t.element_size() * t.nelement()) for t in tensors(value) if t.device.type == "cpu"])
    )


def to_host(value: Any) -> Any:
    """The same value with every tensor copied into a read-only numpy array; itself if it holds none."""
    return _to_host(value, sys.modules["torch"].Tensor) if next(tensors(value), None) is not None else value


def _to_host(x: Any, kind: type) -> Any:
    if isinstance(x, kind):
        home: Any = x.detach().cpu()  # type: ignore[attr-defined]
        try:
            array = np.array(home.numpy(), order="C")
        except TypeError:  # bfloat16 and the like: numpy does not know them, float32 holds them exactly
            array = np.array(home.float().numpy(), order="C")
        array.setflags(write=False)
        return array
    if isinstance(x, tuple):
        return tuple(_to_host(item, kind) for item in x)
    if isinstance(x, Value):
        made = object.__new__(type(x))
        for field in dataclasses.fields(x):  # type: ignore[arg-type]
            object.__setattr__(made, field.name, _to_host(getattr(x, field.name), kind))
        return made
    return x
