"""Node types by id."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator
from types import ModuleType
from typing import Any

from nawgraph.node import NodeSpec, spec_of


class Library:
    """A set of node types. Later additions may not replace earlier ones.

    Attributes:
        renamed: old id → new id, applied when a document is opened.
    """

    def __init__(self, specs: Iterable[NodeSpec] = ()) -> None:
        self._specs: dict[str, NodeSpec] = {}
        self.renamed: dict[str, str] = {}
        for spec in specs:
            self.add(spec)

    def get(self, type: str) -> NodeSpec | None:
        """The type's description, or None."""
        return self._specs.get(type)

    def add(self, node: NodeSpec | Callable[..., Any]) -> None:
        """Add a node type: a description, or a function marked with `@node`.

        Raises:
            ValueError: the id is taken by another node.
        """
        spec = node if isinstance(node, NodeSpec) else spec_of(node)
        other = self._specs.get(spec.id)
        if other is not None and other is not spec:
            raise ValueError(f"two nodes are called {spec.id!r} (in {other.pack} and {spec.pack})")
        self._specs[spec.id] = spec

    def add_module(self, module: ModuleType) -> None:
        """Add every node that a module defines."""
        for name in sorted(vars(module)):
            spec = getattr(vars(module)[name], "__nawgraph__", None)
            if isinstance(spec, NodeSpec):
                self.add(spec)

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._specs))

    def __len__(self) -> int:
        return len(self._specs)

    def specs(self) -> list[NodeSpec]:
        """All descriptions, sorted by id."""
        return [self._specs[id] for id in self]


_standard: Library | None = None


def standard() -> Library:
    """The nodes that come with nawgraph: everything in `nawgraph.nodes`, imported once.

    Imported by name, since nodes lie above this module and know nothing of it.
    """
    global _standard
    if _standard is None:
        library = Library()
        package = importlib.import_module("nawgraph.nodes")
        for info in pkgutil.iter_modules(package.__path__):
            library.add_module(importlib.import_module(f"nawgraph.nodes.{info.name}"))
        _standard = library
    return _standard
