"""Under which terms the parts of a document may be used."""

from __future__ import annotations

import importlib.metadata
from typing import Any

import msgspec

from nawgraph.files.bundle import file_knobs
from nawgraph.graph import Graph, Library, plain
from nawgraph.packs.provide import Packs
from nawgraph.sharing import models
from nawgraph.sharing.described import described
from nawgraph.sharing.lock import licence


class Part(msgspec.Struct, frozen=True):
    """A part of a document: the program, a pack, a library, a model, a file. `licence` is "unknown" if nobody says."""

    kind: str
    name: str
    version: str
    licence: str


def parts(graph: Graph, library: Library, packs: Packs | None = None) -> list[Part]:
    """The bill of materials, the program first."""
    from nawgraph.version import VERSION

    known = (packs or Packs()).known
    made = [Part("program", "nawgraph", VERSION, "MIT")]
    for id in sorted({spec.pack for _, _, spec in described(graph, library)} & known.keys()):
        pack = known[id].pack
        made.append(Part("pack", id, pack.version, licence(known[id])))
        folder = str((packs or Packs()).store.packages(pack))
        stated = {d.metadata["Name"]: _stated(d) for d in importlib.metadata.distributions(path=[folder])}
        made += [Part("library", n, v, stated.get(n, "unknown")) for n, v in sorted(pack.libraries.items())]
    lock: dict[str, Any] = plain(graph.lock).get("models", {})
    for need in models.needs(graph, library):
        terms = need.licence if need.commercial or need.licence == "unknown" else f"{need.licence} (not commercial)"
        made.append(Part("model", need.name, str(lock.get(need.name, {}).get("revision", ""))[:12], terms))
    files = sorted({str(node.knobs[knob]) for _, _, node, knob in file_knobs(graph, library)})
    return made + [Part("file", path, "", "unknown") for path in files]


def _stated(distribution: importlib.metadata.Distribution) -> str:
    metadata = distribution.metadata.json  # which has what is there, and no more
    expression = str(metadata.get("license_expression") or "")
    named = [c.rpartition(" :: ")[2] for c in metadata.get("classifier", ()) if c.startswith("License ::")]
    short = str(metadata.get("license") or "").strip().partition("\n")[0][:80]
    return expression or "; ".join(named) or short or "unknown"
