"""Knobs under the pointer: what a drag makes of a number, and how a number is written. No toolkit."""

from __future__ import annotations

import math
from typing import Any

from nawgraph.hints import SEED_LIMIT, Range, Seed
from nawgraph.node import Knob

TRAVEL = 180.0
"""Pixels in which a drag goes from one end of a range to the other."""
FINE, COARSE = 0.1, 5.0


def turned(knob: Knob, value: float, pixels: float, *, fine: bool = False, coarse: bool = False) -> float:
    """The number after a drag of so many pixels to the right, unrounded: what the next drag starts from."""
    pixels *= FINE if fine else COARSE if coarse else 1.0
    hint = knob.hint
    if isinstance(hint, Range):
        if hint.log and hint.low > 0:
            position = math.log(max(value, hint.low) / hint.low) / math.log(hint.high / hint.low)
            position = min(max(position + pixels / TRAVEL, 0.0), 1.0)
            return float(hint.low * (hint.high / hint.low) ** position)
        pace = (hint.high - hint.low) / TRAVEL
        if knob.type.name == "int":
            pace = min(pace, 0.25)
        return min(max(value + pixels * pace, hint.low), hint.high)
    if isinstance(hint, Seed):
        return min(max(value + pixels * 0.25, 0.0), float(SEED_LIMIT))
    if knob.type.name == "int":
        return value + pixels * 0.25
    return value + pixels * max(abs(value), 1.0) * 0.01


def rounded(knob: Knob, value: float, *, fine: bool = False) -> float | int:
    """The number that a drag sets: on the knob's own steps, or on round numbers that suit its range."""
    if knob.type.name == "int":
        return round(value)
    hint = knob.hint
    if isinstance(hint, Range):
        step = hint.step or _tidy_step(abs(value) if hint.log else hint.high - hint.low)
        value = round(value / (step * (FINE if fine else 1.0))) * step * (FINE if fine else 1.0)
        value = min(max(value, hint.low), hint.high)
    return float(f"{value:.6g}")


def _tidy_step(span: float) -> float:
    """A power of ten, about a thousandth of the span."""
    return float(10 ** math.floor(math.log10(span) - 2)) if span > 0 else 0.01


def position(knob: Knob, value: Any) -> float | None:
    """Where a number lies in its range, 0 to 1; None for a knob without one."""
    hint = knob.hint
    if not isinstance(hint, Range) or isinstance(value, (bool, str)) or not isinstance(value, (int, float)):
        return None
    if hint.high <= hint.low:
        return None
    if hint.log and hint.low > 0:
        return min(max(math.log(max(value, hint.low) / hint.low) / math.log(hint.high / hint.low), 0.0), 1.0)
    return min(max((value - hint.low) / (hint.high - hint.low), 0.0), 1.0)


def written(knob: Knob, value: Any) -> str:
    """A knob's value as a node shows it, with its unit."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, (int, float)):
        unit = knob.hint.unit if isinstance(knob.hint, Range) else ""
        return f"{number(value)} {unit}".rstrip()
    if isinstance(value, (list, tuple)):
        return ", ".join(number(v) if isinstance(v, (int, float)) else str(v) for v in value) or "empty"
    return str(value)


def number(value: float) -> str:
    """A number in few digits, with a true minus sign."""
    text = f"{value:d}" if isinstance(value, int) else f"{value:.3f}".rstrip("0").rstrip(".")
    if isinstance(value, float) and value and abs(value) < 0.001:
        text = f"{value:.2g}"
    return ("0" if text == "-0" else text).replace("-", "−")


def read(knob: Knob, text: str) -> Any:
    """What was typed, as the knob's value. Commas and units are forgiven.

    Raises:
        KnobError: it cannot be that.
        ValueError: it is no number.
    """
    text = text.strip()
    if knob.type.is_list:
        parts = [part.strip() for part in text.split(",") if part.strip()]
        item = Knob(knob.name, knob.type.item or knob.type, None)
        return knob.coerce(tuple(read(item, part) for part in parts))
    if knob.type.name not in ("int", "float"):
        return knob.coerce(text)
    unit = knob.hint.unit if isinstance(knob.hint, Range) else ""
    text = text.replace("−", "-").removesuffix(unit).strip() if unit else text.replace("−", "-")
    factor = 1000.0 if text[-1:] in ("k", "K") else 1.0
    text = text[:-1] if factor != 1.0 else text
    try:
        value = int(text) if text.lstrip("+-").isdigit() else float(text.replace(",", "."))
    except ValueError:
        raise ValueError(f"{knob.name} wants a number, not {text!r}") from None
    return knob.coerce(value * factor if factor != 1.0 else value)
