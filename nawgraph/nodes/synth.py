"""Renderers that need no weights: instruments."""

from __future__ import annotations

from typing import Annotated

from nawgraph.hints import Range, Seed
from nawgraph.node import node
from nawgraph.values import Score, Stems


@node("synth.render", title="Play score", aliases=("synthesiser", "instruments", "render"))
def render(
    score: Score,
    *,
    rate: Annotated[int, Range(8_000, 192_000, unit="Hz")] = 44_100,
    seed: Annotated[int, Seed()] = 0,
) -> Stems:
    """Play a score on the built-in instruments: four stems, every onset on the sample that the grid says."""
    from nawgraph.synth.render import render as play

    return play(score, rate, seed=seed)
