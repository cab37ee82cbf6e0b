"""Loaders: how a `ModelRef` of each kind becomes a model in memory.

```python
@loader("codec", estimate=lambda ref: path_of(ref).stat().st_size)
def load_codec(ref: ModelRef) -> Codec: ...
```
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, TypeVar

from nawgraph.values import ModelRef

F = TypeVar("F", bound=Callable[[ModelRef], Any])


@dataclass(frozen=True, slots=True)
class Loader:
    """What can be done with one kind of reference.

    Attributes:
        load: brings the model into memory; raises LookupError where there is none of this name.
        estimate: bytes that it will occupy, said before it is loaded; None if nobody can tell.
    """

    load: Callable[[ModelRef], Any]
    estimate: Callable[[ModelRef], int] | None = None


_loaders: dict[str, Loader] = {}
_HOUSE = {
    "beats": "nawgraph.models.beats.house",
    "clap": "nawgraph.models.clap.load",
    "codec": "nawgraph.models.codecs.load",
    "generator": "nawgraph.models.generators.load",
    "planner": "nawgraph.models.planner.house",
    "renderer": "nawgraph.models.render.house",
    "separator": "nawgraph.models.separator.load",
    "vocoder": "nawgraph.models.vocoders.load",
    "watermark": "nawgraph.models.watermark.load",
}
"""Modules that declare the loaders of nawgraph's own models, imported when the first of their kind is asked for."""


def loader(kind: str, *, estimate: Callable[[ModelRef], int] | None = None) -> Callable[[F], F]:
    """Declare a function to be the loader of a kind; a later one takes the place of an earlier one.

    Args:
        kind: `ModelRef.kind` of the references that it loads.
        estimate: bytes of memory that a model will occupy.
    """

    def mark(function: F) -> F:
        _loaders[kind] = Loader(function, estimate)
        return function

    return mark


def kinds() -> tuple[str, ...]:
    """The kinds that can be loaded, sorted."""
    return tuple(sorted({*_loaders, *_HOUSE}))


def find(ref: ModelRef) -> Loader:
    """The loader for a reference.

    Raises:
        LookupError: there is none for its kind.
    """
    if ref.kind not in _loaders and ref.kind in _HOUSE:
        import_module(_HOUSE[ref.kind])
    found = _loaders.get(ref.kind)
    if found is None:
        known = ", ".join(kinds()) or "none"
        raise LookupError(f"no loader for models of kind {ref.kind!r} (wanted for {ref.name}); installed: {known}")
    return found


def load(ref: ModelRef) -> Any:
    """The model that a reference names, freshly loaded.

    Raises:
        LookupError: no loader for its kind, or no model of this name.
    """
    return find(ref).load(ref)


def estimate(ref: ModelRef) -> int:
    """Bytes the model will occupy, or 0 where that is not known before it is loaded.

    Raises:
        LookupError: no loader for its kind.
    """
    found = find(ref)
    return max(0, int(found.estimate(ref))) if found.estimate else 0
