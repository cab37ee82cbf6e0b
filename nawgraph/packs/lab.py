"""A pack under test: its nodes called in processes of their own, with arguments that they can work with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from nawgraph import files
from nawgraph.context import Context
from nawgraph.files import FormatError
from nawgraph.hints import File
from nawgraph.library import Library, standard
from nawgraph.node import NodeSpec
from nawgraph.packs import samples, source
from nawgraph.packs.engine import PackEngine
from nawgraph.packs.process import Launch, PackError
from nawgraph.packs.provide import launch, specs
from nawgraph.packs.source import Source
from nawgraph.packs.store import Store
from nawgraph.values import Digest

RATES = (44_100, 48_000)


class Lab:
    """The pack in two processes that differ in all that a result must not depend on."""

    def __init__(self, found: Source, scratch: Path) -> None:
        self.source = found
        self.scratch = scratch
        self.specs = specs(found.manifest, found.stated())
        more = source.libraries(found)
        here = launch(found.manifest, Store(), found.root, (), scratch / "data", more)
        there = launch(found.manifest, Store(), found.root, (), scratch / "other data", more)
        strange = {"PYTHONHASHSEED": "4711", "TZ": "Asia/Kathmandu", "LANG": "tr_TR.UTF-8"}
        self.engine = engine(here)
        self.other = engine(replace(there, environment=(*there.environment, *strange.items())))
        self.library = Library([*standard().specs(), *self.specs])
        self.library.renamed.update(found.manifest.renames)
        self._fit: dict[str, tuple[dict[str, Any], int]] = {}

    def given(self, spec: NodeSpec, *, frames: int = samples.RATE // 2, rate: int = 0) -> dict[str, Any]:
        """Arguments with which a node works, as `settle` found out, with sounds of another length or rate."""
        knobs, found = self._fit[spec.id]
        return (samples.arguments(spec, frames=frames, rate=rate or found) or {}) | knobs

    def settle(self, spec: NodeSpec) -> Any:
        """Find knobs and a rate with which a node works: what it then returns.

        Raises:
            PackError: there are none; what it says with its defaults.
        """
        refusal: PackError | None = None
        for knobs in ({}, *self._examples(spec)):
            for rate in RATES:
                self._fit[spec.id] = knobs, rate
                try:
                    return self.call(spec, self.given(spec))
                except PackError as error:
                    if not is_sentence(error):
                        raise
                    refusal = refusal or error
        assert refusal is not None
        raise refusal

    def _examples(self, spec: NodeSpec) -> Iterator[dict[str, Any]]:
        """The knobs that the pack's examples set on nodes of a type; files are those beside the example."""
        for name in self.source.manifest.examples:
            path = self.source.package / name
            try:
                graph, _ = files.upgrade_nodes(files.load(path), self.library)
            except FormatError:
                continue  # `_example` says what is wrong with it
            for node in graph.nodes.values():
                knobs = {k: v for k, v in node.knobs.items() if (knob := spec.knob(k)) and not knob.type.item}
                if node.type == spec.id and knobs:
                    beside = {k for k, v in knobs.items() if v and isinstance(_hint(spec, k), File)}
                    yield {k: str(path.parent / str(v)) if k in beside else v for k, v in knobs.items()}

    def call(self, spec: NodeSpec, given: dict[str, Any], engine: PackEngine | None = None) -> Any:
        out = Context(self.scratch / "out")
        return (engine or self.engine).call(spec, given, out, Nowhere())

    def close(self) -> None:
        self.engine.close()
        self.other.close()


class Nowhere:
    """A cache that has nothing."""

    def path(self, digest: Digest) -> Path | None:
        return None

    def pin(self, digests: Any) -> None: ...
    def get(self, digest: Digest) -> Any:
        raise KeyError(digest)

    def put(self, digest: Digest, value: Any, seconds: float, *, verify: bool = True) -> None: ...


def engine(how: Launch) -> PackEngine:
    """An engine whose every pack is the one that is started so."""
    return PackEngine(lambda id: how)


def is_sentence(error: PackError) -> bool:
    """Whether a node raised ValueError, the way to say something to people, and not whatever came."""
    last = error.detail.strip().splitlines()[-1] if error.detail.strip() else ""
    return last.startswith(("ValueError: ", "nawgraph.hints.KnobError: "))


def _hint(spec: NodeSpec, name: str) -> Any:
    knob = spec.knob(name)
    return knob.hint if knob else None
