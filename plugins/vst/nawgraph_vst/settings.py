"""A plugin's knobs as data, and the text in which a document sets them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Parameter:
    """A knob of a plugin.

    Attributes:
        key: what a document calls it: letters, digits and _.
        name: for people.
        low, high, default: in its unit; a switch has 0 and 1.
        choices: words → values, where it has words.
        text: the default as the plugin shows it, "" where that is the number.
    """

    key: str
    name: str
    low: float
    high: float
    default: float
    unit: str = ""
    choices: tuple[tuple[str, float], ...] = ()
    text: str = ""

    def value(self, text: str) -> float:
        """What a document wrote, as a number in range. Raises `ValueError`."""
        for word, number in self.choices:
            if text.lower() == word.lower():
                return number
        words = {"on": 1.0, "true": 1.0, "off": 0.0, "false": 0.0}
        try:
            number = words[text.lower()] if text.lower() in words else float(text)
        except ValueError:
            number = float("nan")
        if not self.low <= number <= self.high:
            what = f"one of {', '.join(w for w, _ in self.choices[:12])}, or " if self.choices else ""
            raise ValueError(
                f"parameters: {self.key} must be {what}from {self.low:g} to {self.high:g}{self._unit}, "
                f"got {text[:40]!r}"
            )
        return number

    @property
    def _unit(self) -> str:
        return f" {self.unit}" if self.unit else ""

    def __str__(self) -> str:
        words = f"; {', '.join(word for word, _ in self.choices)}" if self.choices else ""
        shown = self.text or f"{self.default:g}{self._unit}"
        return f"{self.key} = {shown}  ({self.low:g} to {self.high:g}{self._unit}{words}) {self.name}"


def key(name: str) -> str:
    """A name of a knob as documents write it."""
    return re.sub(r"\W+", "_", name.strip().lower()).strip("_")


def read(text: str, known: Mapping[str, Parameter]) -> dict[str, float]:
    """Lines ``name = value`` as values in range; ``#`` begins a remark.

    Raises:
        ValueError: a line that is none, a knob that is not there or is set twice, a value out of its range.
    """
    made: dict[str, float] = {}
    for line in text.replace(";", "\n").splitlines():
        line = line.partition("#")[0].strip()
        if not line:
            continue
        name, equals, value = line.partition("=")
        if not equals:
            raise ValueError(f"parameters: {line[:60]!r} is no line of the kind name = value")
        found = known.get(key(name))
        if found is None:
            near = ", ".join(list(known)[:12]) + (", …" if len(known) > 12 else "")
            raise ValueError(f"parameters: the plugin has no {name.strip()[:60]!r}; it has {near or 'none'}")
        if found.key in made:
            raise ValueError(f"parameters: {found.key} is set twice")
        made[found.key] = found.value(value.strip())
    return made
