"""The composer: from a prompt, a brief or a symbolic plan to a score."""

from __future__ import annotations

from nawgraph.music.blueprint import Blueprint
from nawgraph.music.brief import Brief
from nawgraph.music.outline import outline
from nawgraph.music.realise import realise
from nawgraph.values import Prompt, Score


def compose(
    source: str | Brief | Prompt | Blueprint,
    bars: int | None = None,
    seed: int = 0,
    *,
    humanise: float = 1.0,
    title: str = "",
) -> Score:
    """Write a song.

    Args:
        source: a prompt (words, or keyframes over time), what was read from one, or a finished plan.
        bars: length, 1–1000; None for what the source says, else 32. A finished plan has its own length.
        seed: 0 or more; the same seed gives the same song. Each decision draws from a stream of its own, so that a
            change in one part does not reshuffle the others.
        humanise: how loosely it is played, 0 exactly on the grid, 1 as the style has it, at most 4.
        title: of the song.

    Raises:
        ValueError: bars, seed or humanise out of range.
    """
    if not 0 <= humanise <= 4:
        raise ValueError(f"humanise must be 0 (on the grid) to 4, got {humanise!r}")
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ValueError(f"a seed is a whole number of 0 or more, got {seed!r}")
    plan = source if isinstance(source, Blueprint) else outline(source, bars, seed)
    return realise(plan, seed, humanise=humanise, title=title)
