"""Reading what a language model writes as JSON: finding it, mending it, and noting what was put right."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from typing import Any

MAX_TEXT = 200_000


@dataclass
class Desk:
    """Where repairs are noted while a plan is read."""

    repairs: list[str] = field(default_factory=list)

    def fix(self, sentence: str) -> None:
        """Note a repair, once."""
        if sentence not in self.repairs:
            self.repairs.append(sentence)


def read_object(text: str, desk: Desk) -> dict[str, Any]:
    """The JSON object in a text, slips mended; the one that holds the sections where it is nested.

    Raises:
        ValueError: no JSON object, or too long.
    """
    if len(text) > MAX_TEXT:
        raise ValueError(f"the plan has {len(text):,} characters; at most {MAX_TEXT:,} are read")
    begin, end = text.find("{"), text.rfind("}")
    if begin < 0 or end < begin:
        raise ValueError("the plan is not JSON: there is no { … } in it")
    body = text[begin : end + 1]
    if body != text.strip():
        desk.fix("Text around the JSON was left out.")
    try:
        data = json.loads(body)
    except (json.JSONDecodeError, RecursionError):
        data = _mended(body, desk)
    if isinstance(data, dict) and "sections" not in data:
        inner = [v for v in data.values() if isinstance(v, dict) and "sections" in v]
        alias = next((data[k] for k in ("form", "structure", "song") if isinstance(data.get(k), list)), None)
        if inner:
            data = inner[0]
            desk.fix("The plan was nested in another object.")
        elif alias is not None:
            data = {**data, "sections": alias}
            desk.fix("The list of sections had another name.")
    return dict(data)


def _mended(body: str, desk: Desk) -> Any:
    """JSON with trailing commas, comments, single quotes or Python words."""
    mended = re.sub(r"(?m)^\s*//.*$|(?<=[,\[{])\s*//.*$", "", body)
    mended = re.sub(r",\s*([}\]])", r"\1", mended)
    for swap in (False, True):
        tried = mended.replace("'", '"') if swap else mended
        tried = re.sub(r"\bTrue\b", "true", re.sub(r"\bFalse\b", "false", re.sub(r"\bNone\b", "null", tried)))
        try:
            data = json.loads(tried)
        except (json.JSONDecodeError, RecursionError):
            continue
        desk.fix("Slips in the JSON were mended.")
        return data
    raise ValueError("the plan is not valid JSON")


def number(value: Any, what: str, low: float, high: float, desk: Desk) -> float | None:
    """A number that may have come as text, kept within its range; None where there is none."""
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, str):
        found = re.search(r"-?\d+(?:\.\d+)?", value)
        if not found:
            raise ValueError(f"{what} must be a number from {low:g} to {high:g}, got {value[:40]!r}")
        desk.fix(f"{what} came as text: {value[:40]!r}.")
        value = float(found[0])
    if not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(f"{what} must be a number from {low:g} to {high:g}")
    kept = float(min(high, max(low, value)))
    if kept != value:
        desk.fix(f"{what} {value:g} is outside {low:g} to {high:g}: {kept:g} is used.")
    return kept
