"""Which models a document loads, and what is known of each here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from nawgraph.graph import Graph, Library, plain
from nawgraph.hints import Model
from nawgraph.sharing.described import described

if TYPE_CHECKING:
    from nawgraph.models.catalogue import Entry


class ModelNeed(msgspec.Struct, frozen=True):
    """A model that the document loads.

    Attributes:
        name: as the lock has it: an installed model's own, or ``house-KIND``.
        state: "installed", "other weights" than the lock says, or "missing".
        licence: of the weights, "unknown" if nobody says.
        commercial: whether they may be used commercially, as far as is known.
        command: what to type to have it, or "".
    """

    name: str
    state: Literal["installed", "other weights", "missing"]
    licence: str
    commercial: bool
    command: str = ""


def used(graph: Graph, library: Library) -> Iterator[tuple[str, str]]:
    """Kind and name of every model that some node would load: one it names, or its own where none is wired to it."""
    for _, node, spec in described(graph, library):
        for input, ref in spec.models.items():
            if not node.inputs.get(input):
                yield ref.kind, ref.name
        for knob in spec.knobs:
            name = node.knobs.get(knob.name, knob.default)
            if isinstance(knob.hint, Model) and name and knob.name not in node.inputs:
                yield knob.hint.of, str(name)


def entries(graph: Graph, library: Library) -> dict[str, Entry | None]:
    """What is known of every model that a document loads, by its name in locks; None for one that nobody knows."""
    from nawgraph.models.catalogue import listed

    wanted = sorted(set(used(graph, library)))
    if not wanted:
        return {}
    known = {(entry.kind, entry.name): entry for entry in listed()}
    found = {name: known.get((kind, name)) for kind, name in wanted}
    named = {entry.title: entry for pair in wanted if (entry := known.get(pair))}
    return dict(sorted({**{name: None for name, entry in found.items() if entry is None}, **named}.items()))


def locked(graph: Graph, library: Library) -> dict[str, Any]:
    """The lock's section of models: what is installed here of those that the document loads, with digest and licence.

    Of those that are not here, what the lock says already stays.
    """
    old = plain(graph.lock).get("models", {})
    made = {}
    for name, entry in entries(graph, library).items():
        if entry is not None and entry.state == "installed":
            made[name] = {"revision": entry.revision, "digest": entry.digest, "licence": entry.licence}
        elif isinstance(old, dict) and name in old:
            made[name] = old[name]
    return made


def needs(graph: Graph, library: Library) -> Iterator[ModelNeed]:
    """Every model that a document loads, with whether it is here and under which terms."""
    lock = plain(graph.lock).get("models", {})
    for name, entry in entries(graph, library).items():
        noted = lock.get(name, {}) if isinstance(lock, dict) else {}
        if entry is None:
            yield ModelNeed(name, "missing", str(noted.get("licence", "unknown")), False)
        elif entry.state != "installed":
            command = f"nawgraph models add {name}" if entry.state == "available" else ""
            yield ModelNeed(name, "missing", entry.licence, entry.commercial, command)
        else:
            same = noted.get("digest", entry.digest) == entry.digest
            yield ModelNeed(name, "installed" if same else "other weights", entry.licence, entry.commercial)


def differences(graph: Graph, library: Library) -> list[str]:
    """In what the models here differ from a document's lock: one phrase each."""
    words = {"missing": "is not installed", "other weights": "has other weights here"}
    return [f"the model {need.name} {words[need.state]}" for need in needs(graph, library) if need.state in words]
