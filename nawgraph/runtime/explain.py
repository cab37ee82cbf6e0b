"""Why a step would run, in words: what changed since it last ran here, followed up to the root causes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from nawgraph.hints import Range
from nawgraph.node import NodeSpec
from nawgraph.runtime.events import Expected
from nawgraph.runtime.forecast import UNKNOWN, Forecast, Outlook
from nawgraph.runtime.plan import Constant

LINES = 40
"""Most lines of one explanation."""

INDENT = 12
"""Steps that are indented one below the other; deeper ones stay there."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason, and the step that it comes from, "" where it is the root."""

    sentence: str
    feeder: str = ""


def explain(forecast: Forecast, node: str, now: datetime | None = None) -> list[str]:
    """Lines that say why a node would run or not; what a reason comes from is indented below it.

    Args:
        forecast: of a run that needs the node.
        node: id of a step, or of a subgraph or map, which stands for the steps inside it.
        now: for "today" and "yesterday", by default the present.
    """
    now = now or datetime.now()
    inside = [id for id in forecast.outlooks if id.startswith((f"{node}/", f"{node}["))]
    ids = [node] if node in forecast.outlooks else []
    ids += [id for id in inside if forecast.outlooks[id].verdict != "cached"]
    if not ids and inside:
        return [f"{node} would not run: the results of all steps inside it are known."]
    lines: list[tuple[str, bool]] = []
    seen: set[str] = set()
    for id in ids:
        lines += _lines(forecast, id, seen, now)
    return _cut(lines)


def _lines(forecast: Forecast, id: str, seen: set[str], now: datetime) -> list[tuple[str, bool]]:
    """The step's own line and those of its causes, depth first, each with whether it is a root cause.

    Iterative: a chain may be 10,000 long.
    """
    lines: list[tuple[str, bool]] = []
    todo = [(0, id)]
    while todo:
        depth, id = todo.pop()
        if id in seen or id not in forecast.outlooks:
            continue
        seen.add(id)
        causes = causes_of(forecast, id, now)
        feeders = dict.fromkeys(cause.feeder for cause in causes if cause.feeder)
        indent = "  " * min(depth, INDENT)
        lines.append((f"{indent}{id} {verdict(forecast.outlooks[id], causes)}", not all(c.feeder for c in causes)))
        todo += [(depth + 1, feeder) for feeder in reversed(feeders)]
    return lines


def _cut(lines: list[tuple[str, bool]]) -> list[str]:
    """All lines if they are few; else the first, and of the others those of root causes."""
    if len(lines) <= LINES:
        return [line for line, _ in lines]
    head, rest = lines[: LINES // 4], lines[LINES // 4 :]
    roots = [line.strip() for line, root in rest if root]
    shown = roots[: LINES // 2]
    between = f"… and {len(rest) - len(shown):,} more, because:"
    return [line for line, _ in head] + [between, *shown]


def verdict(outlook: Outlook, causes: list[Cause]) -> str:
    """What will be done, and the reasons in one sentence."""
    reasons = "; ".join(cause.sentence for cause in causes)
    if outlook.verdict == "cached":
        since = f" ({reasons}, and this was made before)" if reasons else ""
        return f"would not run: its result is known{since}."
    words = {"run": "would run", "maybe": "may run", "fail": "cannot run", "blocked": "cannot run"}
    return f"{words[outlook.verdict]}: {reasons}." if reasons else f"{words[outlook.verdict]}."


def expectations(forecast: Forecast, now: datetime | None = None) -> dict[str, Expected]:
    """What to expect of every step, in plan order, with its reason: for faces that show a whole plan."""
    now = now or datetime.now()
    found: dict[str, Expected] = {}
    for id, outlook in forecast.outlooks.items():
        causes = causes_of(forecast, id, now)
        why = "; ".join(cause.sentence for cause in causes)
        feeders = tuple(dict.fromkeys(cause.feeder for cause in causes if cause.feeder))
        found[id] = Expected(outlook.verdict, outlook.seconds, why, feeders, _bytes(outlook))
    return found


def _bytes(outlook: Outlook) -> int:
    """What the node says that it needs, read off its knobs; 0 where it says nothing or cannot."""
    estimate = outlook.step.spec.memory
    if estimate is None or outlook.step.kind != "call":
        return 0
    try:
        return max(0, int(estimate(outlook.step.knobs)))
    except Exception:  # it comes with a node pack, and a forecast must not fail for it
        return 0


def causes_of(forecast: Forecast, id: str, now: datetime) -> list[Cause]:
    """Why a step would run; for a cached one what changed since its last run, if anything did."""
    outlook = forecast.outlooks[id]
    if outlook.verdict == "fail":
        return [Cause(outlook.error)]
    if outlook.verdict == "blocked":
        return [Cause("something that it needs cannot run", _lost_feeder(forecast, outlook))]
    if outlook.wanted_by:
        needs = "it is a target" if outlook.wanted_by == id else f"{outlook.wanted_by} needs it"
        return [Cause(f"its result was removed from the cache to make room, and {needs}")]
    if outlook.step.kind != "call":
        return list(_unknown_inputs(outlook))
    if not outlook.step.spec.pure:
        return [Cause("it is not pure: its result may change by itself, so it runs every time")]
    old = forecast.before.get(id)
    if old is None:
        return [Cause("it never ran here")] if outlook.verdict != "cached" else []
    changed = list(_changes(forecast, outlook, old[1], moment(old[2], now)))
    if changed or outlook.verdict == "cached":
        return changed
    if outlook.broken:
        gone = "is gone" if not Path(outlook.broken).exists() else "was changed by something else"
        return [Cause(f"the exported file {outlook.broken} {gone}")]
    return [Cause(f"it left no result when it ran ({moment(old[2], now)}): it failed, was stopped, or was removed")]


# ------------------------------------------------------------------------------------- changes


def _changes(forecast: Forecast, outlook: Outlook, raw: bytes, since: str) -> Iterator[Cause]:
    """Differences between the parts of the key then and now."""
    step = outlook.step
    try:
        old: dict[str, Any] = msgspec.msgpack.decode(raw, type=dict[str, Any])
    except msgspec.DecodeError:
        return
    new: dict[str, Any] = msgspec.msgpack.decode(forecast.keys.parts(step, outlook.inputs), type=dict[str, Any])
    if old.get("type") != new["type"]:
        yield Cause(f"it is of type {new['type']} now, and was {old.get('type')}")
        return
    if old.get("version") != new["version"]:
        yield Cause(f"version of the node changed from {old.get('version')} to {new['version']}")
    knobs: dict[str, Any] = old.get("knobs", {})
    for name in sorted({*knobs, *new["knobs"]}):
        sentence = _knob(step.spec, name, knobs, new["knobs"], since)
        if sentence:
            yield Cause(sentence)
    for name, content in sorted(new.get("files", {}).items()):
        if old.get("files", {}).get(name, content) != content and knobs.get(name) == new["knobs"].get(name):
            yield Cause(f"the file {Path(str(new['knobs'][name])).name} changed")
    if old.get("out") != new.get("out"):
        yield Cause(f"the output folder changed from {old.get('out')} to {new.get('out')}")
    if old.get("class") != new.get("class"):
        yield Cause(f"it runs on {new.get('class')} now, and ran on {old.get('class')}")
    yield from _inputs(outlook, old.get("inputs", {}), new["inputs"])


def _knob(spec: NodeSpec, name: str, old: dict[str, Any], new: dict[str, Any], since: str) -> str:
    if name not in new:
        return f"knob {name} is wired now" if spec.knob(name) else f"it has no knob {name} any more"
    if name not in old:
        return f"knob {name} is no longer wired, or is new"
    if old[name] == new[name] and type(old[name]) is type(new[name]):
        return ""
    knob = spec.knob(name)
    unit = f" {knob.hint.unit}" if knob and isinstance(knob.hint, Range) and knob.hint.unit else ""
    return f"knob {name} changed from {show(old[name])} to {show(new[name])}{unit} since {since}"


def _inputs(outlook: Outlook, old: dict[str, list[str]], new: dict[str, list[str]]) -> Iterator[Cause]:
    for name in sorted({*old, *new}):
        if name not in new:
            yield Cause(f"input {name} is no longer wired")
        elif name not in old:
            yield Cause(f"input {name} is wired now")
        elif len(old[name]) != len(new[name]):
            yield Cause(f"input {name} has {len(new[name])} wires now, and had {len(old[name])}")
        else:
            yield from _input(outlook, name, old[name], new[name])


def _input(outlook: Outlook, name: str, old: list[str], new: list[str]) -> Iterator[Cause]:
    for index, (before, after) in enumerate(zip(old, new, strict=True)):
        if before != after:
            source = outlook.step.inputs[name][index]
            feeder = "" if isinstance(source, Constant) else source[0]
            comes = f", which comes from {feeder}," if feeder else ""
            yield Cause(f"input {name}{comes} {'changed' if after else 'may change'}", feeder)


def _unknown_inputs(outlook: Outlook) -> Iterator[Cause]:
    """Of a switch or map: the inputs whose values are not made yet."""
    for name, digests in sorted(outlook.inputs.items()):
        for index, one in enumerate(digests):
            source = outlook.step.inputs[name][index]
            if one == UNKNOWN and not isinstance(source, Constant):
                port = f"input {name}" if name else "an exporter inside"
                yield Cause(f"{port}, which comes from {source[0]}, may change", source[0])


def _lost_feeder(forecast: Forecast, outlook: Outlook) -> str:
    sources = [s[0] for group in outlook.step.inputs.values() for s in group if not isinstance(s, Constant)]
    lost = ("fail", "blocked")
    return next((s for s in sources if s in forecast.outlooks and forecast.outlooks[s].verdict in lost), "")


# --------------------------------------------------------------------------------------- words


def show(value: Any) -> str:
    """A knob's value for people: numbers with a true minus sign, texts in quotes, long things cut."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, (int, float)):
        text = f"{value:.6g}" if isinstance(value, float) and math.isfinite(value) else str(value)
        return text.replace("-", "−")
    if isinstance(value, str):
        return f"“{value if len(value) <= 40 else value[:39] + '…'}”"
    if isinstance(value, (list, tuple)):
        shown = [show(item) for item in value[:4]] + ["…"] * (len(value) > 4)
        return f"[{', '.join(shown)}]"
    return str(value)


def moment(when: float, now: datetime) -> str:
    """A point in time for people: "12:31 today", "09:05 yesterday", "12:31 on 3 November 2026"."""
    then = datetime.fromtimestamp(when)
    days = (now.date() - then.date()).days
    clock = f"{then:%H:%M}"
    if days == 0:
        return f"{clock} today"
    if days == 1:
        return f"{clock} yesterday"
    return f"{clock} on {then.day} {then:%B %Y}"
