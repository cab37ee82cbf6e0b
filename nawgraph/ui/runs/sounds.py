"""What of a document can be heard, and what its seeds are."""

from __future__ import annotations

from collections.abc import Iterator

from nawgraph.graph import Graph, Library
from nawgraph.hints import Seed
from nawgraph.interface import Interfaces

_MIX = "export.mix"


def sounds(graph: Graph, library: Library) -> list[str]:
    """``node.output`` of the sounds that a document makes, the one to play first in front.

    First what exporters are given (the mix before all others), then what nothing reads; muted nodes do not count.
    """
    interfaces = Interfaces(graph, library)
    exported: list[tuple[bool, str, str]] = []
    for id, node in graph.nodes.items():
        spec = interfaces.of(node)
        if spec is not None and spec.is_sink and node.mode != "mute":
            for _, source in node.wires():
                if _is_sound(interfaces, graph, source):
                    exported.append((node.type != _MIX, id, source))
    read = {source for node in graph.nodes.values() if node.mode != "mute" for _, source in node.wires()}
    return list(dict.fromkeys([source for *_, source in sorted(exported)] + sorted(_ends(interfaces, graph, read))))


def seeds(graph: Graph, library: Library) -> dict[str, int]:
    """``node.knob`` → value of every seed that no wire feeds, ``definition/node.knob`` inside subgraphs."""
    interfaces = Interfaces(graph, library)
    found: dict[str, int] = {}
    for scope in ("", *sorted(graph.subgraphs)):
        for id, node in sorted(graph.scope(scope).nodes.items()):
            spec = interfaces.of(node)
            for knob in spec.knobs if spec else ():
                value = node.knobs.get(knob.name, knob.default)
                if isinstance(knob.hint, Seed) and knob.name not in node.inputs and isinstance(value, int):
                    found[f"{scope}/{id}.{knob.name}" if scope else f"{id}.{knob.name}"] = value
    return found


def _is_sound(interfaces: Interfaces, graph: Graph, source: str) -> bool:
    return interfaces.output_type(graph, source).name == "Audio"


def _ends(interfaces: Interfaces, graph: Graph, read: set[str]) -> Iterator[str]:
    for id, node in graph.nodes.items():
        spec = interfaces.of(node)
        for port in spec.outputs if spec else ():
            source = f"{id}.{port.name}"
            if source not in read and _is_sound(interfaces, graph, source):
                yield source
