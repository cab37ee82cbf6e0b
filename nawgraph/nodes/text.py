"""Text: joining, filling in, taking apart."""

from __future__ import annotations

import re
from typing import Annotated

from nawgraph.hints import Range, Text
from nawgraph.node import node

Long = Annotated[str, Text(lines=4)]


@node("text.join", title="Join texts", aliases=("concatenate",))
def join(texts: list[str], *, separator: str = ", ") -> str:
    """All texts in a row with a separator between them; empty ones are left out."""
    return separator.join(text for text in texts if text)


@node("text.fill", title="Fill in", aliases=("template", "format"))
def fill(*, template: Long = "{a}, {b} bpm", a: str = "", b: str = "", c: str = "", d: str = "") -> str:
    """Put a, b, c and d where the template says {a}, {b}, {c} and {d}."""
    values = {"a": a, "b": b, "c": c, "d": d}
    return re.sub(r"\{([abcd])\}", lambda found: values[found[1]], template)


@node("text.replace", title="Replace in text")
def replace(*, text: Long = "", find: str = "", put: str = "") -> str:
    """Every occurrence of `find` replaced by `put`."""
    return text.replace(find, put) if find else text


@node("text.number", title="Number to text")
def number(*, value: float = 0.0, digits: Annotated[int, Range(0, 12)] = 2) -> str:
    """A number as text with so many digits after the point, trailing zeros cut."""
    shown = f"{value:.{digits}f}"
    shown = shown.rstrip("0").rstrip(".") if "." in shown else shown
    return "0" if shown == "-0" else shown


@node("text.lines", title="Lines of text", aliases=("split",))
def lines(*, text: Long = "") -> list[str]:
    """The lines of a text as a list; empty lines are left out."""
    return [line.strip() for line in text.splitlines() if line.strip()]


@node("text.length", title="Length of text")
def length(*, text: Long = "") -> int:
    """How many characters a text has."""
    return len(text)
