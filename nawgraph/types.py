"""Types of ports: what may be wired to what.

A port type is written as in Python: ``Audio``, ``float``, ``list[Score]``, ``any``, or a variable such
as ``T`` that stands for one type throughout a node (`switch` gives back what it was given).
"""

from __future__ import annotations

import collections.abc
import types
import typing
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from nawgraph.values import Value, value_types

SCALARS: dict[str, type] = {"int": int, "float": float, "bool": bool, "str": str}
_VARIABLES = frozenset("TUVW")


@dataclass(frozen=True, slots=True)
class Type:
    """A port type.

    Attributes:
        name: ``Audio``, ``int``, ``any``, ``list`` or a variable's name.
        item: what a list holds, else None.
    """

    name: str
    item: Type | None = None

    def __str__(self) -> str:
        return f"list[{self.item}]" if self.item else self.name

    @property
    def is_list(self) -> bool:
        return self.item is not None

    @property
    def is_variable(self) -> bool:
        return self.name in _VARIABLES


ANY = Type("any")


@lru_cache(maxsize=4096)
def parse(text: str) -> Type:
    """The type that `text` names.

    Raises:
        ValueError: not a type name.
    """
    text = text.strip()
    if text.startswith("list[") and text.endswith("]"):
        return Type("list", parse(text[5:-1]))
    if not text.isidentifier() or len(text) > 80:
        raise ValueError(f"{text[:80]!r} is not a port type such as Audio, float or list[Audio]")
    return Type("list", ANY) if text == "list" else Type(text)


def of_annotation(annotation: Any) -> tuple[Type, bool]:
    """Port type of a Python annotation, and whether None is allowed (``X | None``).

    Raises:
        TypeError: an annotation that no wire can carry.
    """
    origin = typing.get_origin(annotation)
    args = typing.get_args(annotation)
    if origin is typing.Annotated:
        return of_annotation(args[0])
    if origin in (typing.Union, types.UnionType):
        rest = [a for a in args if a is not type(None)]
        if len(rest) != 1:
            raise TypeError(f"a port has one type or that type | None, not {annotation}")
        return of_annotation(rest[0])[0], True
    if origin in (list, collections.abc.Sequence):
        return Type("list", of_annotation(args[0])[0]), False
    if annotation is Any:
        return ANY, False
    if isinstance(annotation, typing.TypeVar):
        return Type(annotation.__name__), False
    if annotation in SCALARS.values():
        return Type(annotation.__name__), False
    if isinstance(annotation, type) and issubclass(annotation, Value):
        return Type(annotation.type_name), False
    raise TypeError(f"a wire cannot carry {annotation!r}")


def accepts(target: Type, source: Type, bound: dict[str, Type] | None = None) -> bool:
    """Whether a wire may run from an output of type `source` into an input of type `target`.

    Equal types fit, a subclass fits its base (`CodecRef` into `ModelRef`), int fits float, and ``any``
    fits everything. A variable fits what it was bound to first; `bound` collects the bindings.
    """
    if target.is_variable:
        if bound is None:
            return True
        known = bound.setdefault(target.name, source)
        return accepts(known, source) or accepts(source, known)
    if target == source or ANY in (target, source) or source.is_variable:
        return True
    if target.item is not None and source.item is not None:
        return accepts(target.item, source.item, bound)
    if target.name == "float" and source.name == "int":
        return True
    known_types = value_types()
    a, b = known_types.get(target.name), known_types.get(source.name)
    return a is not None and b is not None and issubclass(b, a)


def substitute(declared: Type, bound: dict[str, Type]) -> Type:
    """`declared` with its variables replaced by what they were bound to (``any`` where nothing was)."""
    if declared.is_variable:
        return bound.get(declared.name, ANY)
    return Type("list", substitute(declared.item, bound)) if declared.item else declared
