"""Constants: one number, text or truth that several knobs share."""

from __future__ import annotations

from typing import Annotated

from nawgraph.hints import Seed, Text
from nawgraph.node import node


@node("value.float", title="Number", aliases=("constant", "float"))
def float_(*, value: float = 0.0) -> float:
    """A number."""
    return value


@node("value.int", title="Whole number", aliases=("integer",))
def int_(*, value: int = 0) -> int:
    """A whole number."""
    return value


@node("value.text", title="Text", aliases=("string",))
def text(*, value: Annotated[str, Text(lines=4)] = "") -> str:
    """A text."""
    return value


@node("value.bool", title="On or off", aliases=("boolean", "switch"))
def bool_(*, value: bool = False) -> bool:
    """True or false."""
    return value


@node("value.seed", title="Seed", aliases=("random",))
def seed(*, value: Annotated[int, Seed()] = 0) -> int:
    """A seed, to be shared by several nodes."""
    return value
