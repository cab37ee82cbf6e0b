"""Choosing between branches: what is not chosen does not run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from nawgraph.hints import Lazy, Range
from nawgraph.node import node

T = TypeVar("T")


def _by_index(values: Mapping[str, Any]) -> tuple[str, int]:
    index, count = values["index"], values.get("items", 0)
    if not 0 <= index < count:
        raise ValueError(f"index is {index}, but there are {count} wires (numbered from 0)")
    return "items", index


@node("switch", title="Switch", aliases=("select", "choose", "A/B"), forwards=_by_index)
def switch(items: Annotated[list[T], Lazy()], *, index: Annotated[int, Range(0, 10_000)] = 0) -> T:
    """Pass on one of several wires, numbered from 0. The branches that are not chosen do not run."""
    return items[index]


def _by_condition(values: Mapping[str, Any]) -> tuple[str, int]:
    name = "then" if values["condition"] else "otherwise"
    if not values.get(name):
        raise ValueError(f"the condition chose {name!r}, which is not connected")
    return name, 0


@node("switch.if", title="If", aliases=("condition", "branch"), forwards=_by_condition)
def if_(then: Annotated[T, Lazy()], otherwise: Annotated[T, Lazy()], *, condition: bool = True) -> T:
    """Pass on `then` if the condition holds, else `otherwise`. The other branch does not run."""
    return then if condition else otherwise
