"""Arithmetic on numbers. Results must be finite: a division by zero is an error, not infinity."""

from __future__ import annotations

import math
from typing import Annotated

from nawgraph.hints import Range
from nawgraph.node import node


def _finite(value: float, what: str) -> float:
    if not math.isfinite(value):
        raise ValueError(f"{what} has no finite result")
    return value


@node("math.add", title="Add", aliases=("+", "plus", "sum"))
def add(*, a: float = 0.0, b: float = 0.0) -> float:
    """a + b."""
    return _finite(a + b, f"{a:g} + {b:g}")


@node("math.sub", title="Subtract", aliases=("-", "minus"))
def sub(*, a: float = 0.0, b: float = 0.0) -> float:
    """a − b."""
    return _finite(a - b, f"{a:g} − {b:g}")


@node("math.mul", title="Multiply", aliases=("*", "times"))
def mul(*, a: float = 1.0, b: float = 1.0) -> float:
    """a × b."""
    return _finite(a * b, f"{a:g} × {b:g}")


@node("math.div", title="Divide", aliases=("/", "ratio"))
def div(*, a: float = 1.0, b: float = 1.0) -> float:
    """a ÷ b."""
    if b == 0:
        raise ValueError(f"{a:g} ÷ 0 has no result: set b to something else")
    return _finite(a / b, f"{a:g} ÷ {b:g}")


@node("math.pow", title="Power", aliases=("^", "exponent"))
def pow_(*, a: float = 1.0, b: float = 1.0) -> float:
    """a to the power of b."""
    try:
        result = float(a) ** b
    except (OverflowError, ZeroDivisionError):
        result = math.inf
    if isinstance(result, complex):
        raise ValueError(f"{a:g} to the power of {b:g} is not a real number")
    return _finite(result, f"{a:g} to the power of {b:g}")


@node("math.min", title="Smaller")
def min_(*, a: float = 0.0, b: float = 0.0) -> float:
    """The smaller of a and b."""
    return min(a, b)


@node("math.max", title="Larger")
def max_(*, a: float = 0.0, b: float = 0.0) -> float:
    """The larger of a and b."""
    return max(a, b)


@node("math.mod", title="Remainder", aliases=("%", "modulo"))
def mod(*, a: float = 0.0, b: float = 1.0) -> float:
    """The remainder of a ÷ b, with the sign of b."""
    if b == 0:
        raise ValueError("the remainder of a division by 0 does not exist: set b to something else")
    return _finite(a % b, f"{a:g} mod {b:g}")


@node("math.round", title="Round")
def round_(*, a: float = 0.0) -> int:
    """The nearest whole number; halves go to the even one."""
    return round(a)


@node("math.scale", title="Scale range", aliases=("map range", "normalise"))
def scale(*, a: float = 0.0, low: float = 0.0, high: float = 1.0, to_low: float = 0.0, to_high: float = 1.0) -> float:
    """Carry a from the range low…high over to the range to_low…to_high, in proportion."""
    if low == high:
        raise ValueError("low and high are equal: there is no range to scale from")
    return _finite(to_low + (a - low) * (to_high - to_low) / (high - low), "the scaled number")


@node("math.semitones", title="Semitones to ratio", aliases=("pitch ratio",))
def semitones(*, a: Annotated[float, Range(-120, 120, unit="st")] = 0.0) -> float:
    """The frequency ratio of an interval: 12 semitones give 2."""
    return math.pow(2.0, a / 12)
