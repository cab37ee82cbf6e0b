"""Hints that node authors put into `Annotated`: what a knob means, for checks, widgets and units.

Hints are data. A face (editor, form, command line) draws from them; the engine checks with them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from nawgraph.types import SCALARS, Type


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from `low` to `high`, both included.

    Attributes:
        unit: dB, s, Hz, bars, st, %, bpm …
        step: the natural increment, 0 for none.
        log: a logarithmic slider.
    """

    low: float
    high: float
    unit: str = ""
    step: float = 0.0
    log: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """One of these words."""

    options: tuple[str, ...]

    def __init__(self, *options: str) -> None:
        object.__setattr__(self, "options", options)


@dataclass(frozen=True, slots=True)
class Text:
    """Free text; `lines` is how many the editor shows."""

    lines: int = 1
    limit: int = 20_000


@dataclass(frozen=True, slots=True)
class File:
    """Path of a file that the node reads: its content takes part in the key.

    Attributes:
        kinds: suffixes without dot, empty for any.
    """

    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Model:
    """Name of an installed model (`nawgraph models list`), empty for none. Locks and bills of licences note it.

    Attributes:
        of: its kind: codec, vocoder, clap, separator, …
    """

    of: str


@dataclass(frozen=True, slots=True)
class Seed:
    """A seed, 0 to 2⁶³ − 1. The document always names the one that made its sound."""


@dataclass(frozen=True, slots=True)
class Lazy:
    """An input that is evaluated only if the node's `wants` asks for it."""


Hint = Range | Choice | Text | File | Model | Seed
SEED_LIMIT = 2**63 - 1


class KnobError(ValueError):
    """A knob's value that cannot be used; the message is a sentence for people."""


def coerce(value: Any, kind: Type, hint: Hint | None, name: str) -> Any:
    """`value` as the type a knob declares, or a clear refusal.

    An int becomes a float where a float is asked; a float that is whole becomes an int; nothing else is
    converted, so that a typo never turns into a sound.

    Raises:
        KnobError: wrong type, NaN, infinite, out of range, not one of the choices.
    """
    if kind.item is not None:
        if not isinstance(value, (list, tuple)):
            raise KnobError(f"{name} wants a list, got {_show(value)}")
        return tuple(coerce(item, kind.item, hint, f"{name}[{i}]") for i, item in enumerate(value))
    made = _as_scalar(value, kind, name)
    if hint is None:
        return made
    if isinstance(hint, Range) and not hint.low <= made <= hint.high:
        unit = f" {hint.unit}" if hint.unit else ""
        raise KnobError(f"{name} must be between {hint.low:g} and {hint.high:g}{unit}, got {made:g}")
    if isinstance(hint, Seed) and not 0 <= made <= SEED_LIMIT:
        raise KnobError(f"{name} must be a seed between 0 and {SEED_LIMIT}, got {made}")
    if isinstance(hint, Choice) and made not in hint.options:
        raise KnobError(f"{name} must be one of {', '.join(hint.options)}, got {_show(made)}")
    if isinstance(hint, Text) and len(made) > hint.limit:
        raise KnobError(f"{name} may have at most {hint.limit:,} characters, got {len(made):,}")
    return made


def _as_scalar(value: Any, kind: Type, name: str) -> Any:
    if kind.name not in SCALARS:
        raise KnobError(f"{name} carries {kind}, which cannot be typed in: wire it")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if isinstance(value, float) and not math.isfinite(value):
            raise KnobError(f"{name} must be a finite number, got {value}")
        if kind.name == "float":
            try:
                return float(value)
            except OverflowError:
                raise KnobError(f"{name} is too large") from None
        if kind.name == "int" and value == int(value):
            if abs(int(value)) > SEED_LIMIT:
                raise KnobError(f"{name} is too large: whole numbers end at ±(2⁶³ − 1)")
            return int(value)
    elif type(value) is SCALARS[kind.name]:
        if isinstance(value, str) and not _is_unicode(value):
            raise KnobError(f"{name} holds half a character (a lone surrogate): type the text anew")
        return value
    wanted = {"float": "a number", "int": "a whole number", "bool": "true or false", "str": "text"}[kind.name]
    raise KnobError(f"{name} wants {wanted}, got {_show(value)}")


def _is_unicode(text: str) -> bool:
    """JSON can spell half a character (``\\ud800``), which no file, digest or font can hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _show(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
