"""Finding a node type or a command by a few letters.

All words of the query must be found. A match at the beginning of a word counts more than one inside, letters in a
row more than scattered ones, a title more than a category or a help text; what was used lately comes first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from nawgraph.graph import Library
from nawgraph.node import NodeSpec
from nawgraph.types import ANY, Type, accepts

WEIGHTS = (1.0, 0.95, 0.8, 0.5, 0.3)
"""Of title, id, aliases, category, help."""

RECENT_BONUS = 0.35


@dataclass(frozen=True, slots=True)
class Found:
    """A node type that fits a query.

    Attributes:
        port: the port of the new node that would be wired, "" for none.
        score: higher is better.
    """

    spec: NodeSpec
    port: str = ""
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the new node must take and give.

    Attributes:
        takes: type of the output that is to be wired into it, or None.
        gives: type of the port that it is to feed, or None.
    """

    takes: Type | None = None
    gives: Type | None = None


@lru_cache(maxsize=65536)
def fuzzy(query: str, text: str) -> float:
    """How well a word is found in a text: 0 not at all, up to 1 for the same text. Both in lower case."""
    if not query:
        return 0.0
    at = text.find(query)
    if at >= 0:
        begins = at == 0 or not text[at - 1].isalnum()
        while not begins and (later := text.find(query, at + 1)) >= 0:
            at = later
            begins = not text[at - 1].isalnum()
        whole = len(query) / len(text)
        return (0.75 if begins else 0.5) + 0.25 * whole * (1.0 if begins else 0.6)
    return _scattered(query, text)


def _scattered(query: str, text: str) -> float:
    """Letters in order with gaps: ``lpf`` in ``low pass filter``. Only the beginnings of words may follow a gap."""
    at, runs, first = -1, 0, True
    for letter in query:
        if not first and at + 1 < len(text) and text[at + 1] == letter:
            at += 1
            continue
        place = at + 1
        while True:
            place = text.find(letter, place)
            if place < 0:
                return 0.0
            if place == 0 or not text[place - 1].isalnum():
                break
            place += 1
        at, runs, first = place, runs + 1, False
    return 0.45 / runs


def score(query: str, fields: Sequence[str]) -> float:
    """How well the fields (in the order of `WEIGHTS`) answer the query: 0 if a word is nowhere."""
    total = 0.0
    words = query.lower().split()
    lowered = [field.lower() for field in fields]
    for word in words:
        best = max((w * _found(word, field, i) for i, (w, field) in enumerate(zip(WEIGHTS, lowered, strict=False))))
        if best == 0.0:
            return 0.0
        total += best
    return total / len(words) if words else 1.0


def _found(word: str, field: str, place: int) -> float:
    """In a help text, scattered letters mean nothing."""
    return fuzzy(word, field) if place < 4 or word in field else 0.0


def title(spec: NodeSpec) -> str:
    """What people call a node type."""
    return spec.title or spec.id.rpartition(".")[2].replace("_", " ").capitalize()


def find_types(
    query: str, specs: Iterable[NodeSpec], *, wanted: Wanted = Wanted(), recent: Sequence[str] = ()
) -> list[Found]:
    """Node types that fit, best first.

    Args:
        query: what was typed.
        specs: the types to look among, instances' definitions included.
        wanted: a wire that the new node must fit.
        recent: ids of types used lately, the latest first.
    """
    lately = {id: 1.0 - i / (len(recent) + 1) for i, id in enumerate(recent)}
    found = []
    for spec in specs:
        port = _port(spec, wanted)
        points = score(query, _fields(spec)) if port is not None else 0.0
        if port is not None and points > 0.0:
            found.append(Found(spec, port, points + RECENT_BONUS * lately.get(spec.id, 0.0)))
    order = (lambda f: (-f.score, f.spec.id)) if query.strip() else (lambda f: _quiet_order(f, lately))
    return sorted(found, key=order)


def _quiet_order(found: Found, lately: dict[str, float]) -> tuple[float, str, str]:
    """With nothing typed: what was used lately, then by category and title."""
    return -lately.get(found.spec.id, 0.0), found.spec.category, title(found.spec)


@lru_cache(maxsize=8192)
def _texts(id: str, name: str, aliases: tuple[str, ...], help: str) -> tuple[str, ...]:
    return name, id, " ".join(aliases), id.split(".", 1)[0], help


def _fields(spec: NodeSpec) -> tuple[str, ...]:
    return _texts(spec.id, title(spec), spec.aliases, spec.help)


def _port(spec: NodeSpec, wanted: Wanted) -> str | None:
    """The port that would be wired, "" where no wire is asked for, None if the type does not fit."""
    into = port_for(spec, wanted.takes) if wanted.takes is not None else ""
    out = output_for(spec, wanted.gives) if wanted.gives is not None else ""
    return None if into is None or out is None else into or out


def port_for(spec: NodeSpec, source: Type) -> str | None:
    """First input (or, failing that, knob) that takes a wire of this type; an exact match before ``any``."""
    exact = [p.name for p in spec.inputs if p.type == source or p.type.item == source]
    near = [p.name for p in spec.inputs if _takes(p.type, source)]
    knobs = [k.name for k in spec.knobs if source != ANY and accepts(k.type, source) and k.type != ANY]
    return next(iter((*exact, *near, *knobs)), None)


def output_for(spec: NodeSpec, target: Type) -> str | None:
    """First output that a port of this type takes."""
    exact = [p.name for p in spec.outputs if p.type == target or target.item == p.type]
    near = [p.name for p in spec.outputs if _takes(target, p.type)]
    return next(iter((*exact, *near)), None)


def _takes(target: Type, source: Type) -> bool:
    return accepts(target, source) or (target.item is not None and accepts(target.item, source))


def converters(library: Library, source: Type, target: Type) -> tuple[str, ...]:
    """Node types that make what `target` takes out of `source`, the simplest first.

    A type qualifies if a port of it takes the wire, an output fits, and everything else that it needs has a default.
    """
    made = []
    for id in library:
        spec = library.get(id)
        if spec is None or {source, target} & {ANY}:
            continue
        port, output = port_for(spec, source), output_for(spec, target)
        if port is None or output is None or _vague(spec, port, output):
            continue
        others = [p.name for p in spec.inputs if not p.optional and p.name != port]
        if not others:
            settings = spec.input(port) is None  # a knob that is fed is an odder fit than an input
            made.append((settings, len(spec.inputs) + len(spec.outputs), len(spec.knobs), id))
    return tuple(id for *_, id in sorted(made))


def _vague(spec: NodeSpec, port: str, output: str) -> bool:
    """Whether a type fits only because it takes or gives anything."""
    ends = [spec.input(port) or spec.knob(port), spec.output(output)]
    kinds = [(end.type.item or end.type) for end in ends if end is not None]
    return any(kind.is_variable or kind == ANY for kind in kinds)
