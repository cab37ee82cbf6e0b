"""Separators as models: what `ctx.borrow` lends for a reference of kind separator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nawgraph.models.loaders import loader
from nawgraph.models.separator.demucs import LAYOUTS
from nawgraph.values import ModelRef

__all__ = ["LAYOUTS", "load_separator"]


def _size(ref: ModelRef) -> int:
    from nawgraph.models.installed import path_of
    from nawgraph.models.separator import house

    if ref.name == house.HOUSE:
        return 2 * house.WEIGHTS.stat().st_size if house.WEIGHTS.is_file() else 0
    path = path_of(ref)
    return 2 * path.stat().st_size if path.is_file() else 0


@loader("separator", estimate=_size)
def load_separator(ref: ModelRef) -> Any:
    """The house separator, one that `nawgraph train separator` made, or a Demucs. Raises LookupError, ValueError."""
    from nawgraph.models.installed import load
    from nawgraph.models.own_weights import is_own
    from nawgraph.models.separator import house

    if ref.name == house.HOUSE or is_own(Path(ref.name), "separator"):
        return house.load(ref)
    return load(ref, "separator")
