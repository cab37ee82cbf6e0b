"""Checkpoints of CLAP as models: what `ctx.borrow` lends for a reference of kind clap."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nawgraph.models.checkpoints import Layout
from nawgraph.models.loaders import loader
from nawgraph.values import ModelRef


def _hub(tensors: Mapping[str, Any], config: Mapping[str, Any], name: str, space: str) -> Any:
    from nawgraph.models.clap.laion import from_hub

    return from_hub(tensors, config, name, space)


def _original(tensors: Mapping[str, Any], config: Mapping[str, Any], name: str, space: str) -> Any:
    from nawgraph.models.clap.laion import from_laion

    return from_laion(tensors, config, name, space)


def _rate(config: Mapping[str, Any]) -> int:
    return 48_000


_BESIDE = ("vocab.json", "merges.txt", "tokenizer.json", "preprocessor_config.json")

LAYOUTS = {
    "clap": Layout("clap", ("audio_model.audio_encoder.", "text_model."), _hub, _rate, _BESIDE),
    "laion-clap": Layout("clap", ("audio_branch.", "text_branch."), _original, _rate, _BESIDE),
}


def _size(ref: ModelRef) -> int:
    from nawgraph.models.clap import house
    from nawgraph.models.installed import path_of

    if ref.name == house.HOUSE:
        return 2 * house.WEIGHTS.stat().st_size if house.WEIGHTS.is_file() else 0
    path = path_of(ref)
    return path.stat().st_size if path.is_file() else 0


@loader("clap", estimate=_size)
def load_clap(ref: ModelRef) -> Any:
    """The house CLAP, one that `nawgraph train clap` made, or a published one. Raises LookupError, ValueError."""
    from pathlib import Path

    from nawgraph.models.clap import house
    from nawgraph.models.installed import load
    from nawgraph.models.own_weights import is_own

    if ref.name == house.HOUSE or is_own(Path(ref.name), "clap"):
        return house.load(ref)
    return load(ref, "clap")
