"""Planners: from a prompt to a score."""

from __future__ import annotations

from typing import Annotated

from nawgraph.context import Context
from nawgraph.hints import Range, Seed, Text
from nawgraph.node import node
from nawgraph.values import Prompt, Score


@node("plan.compose", title="Compose", aliases=("composer", "planner", "write", "generate"))
def compose(
    prompt: Prompt,
    *,
    bars: Annotated[int, Range(0, 1000, unit="bars")] = 0,
    seed: Annotated[int, Seed()] = 0,
    humanise: Annotated[float, Range(0, 4)] = 1.0,
    title: Annotated[str, Text(limit=200)] = "",
) -> Score:
    """Write a song for drums, bass, vocals and other by music theory and the grammar of the prompt's style.

    `bars` 0 leaves the length to the prompt. The same seed gives the same song. `humanise` is how loosely it is
    played: 0 exactly on the grid, 1 as the style has it.
    """
    from nawgraph.music.compose import compose as write

    return write(prompt, bars or None, seed, humanise=humanise, title=title)


@node("plan.describe", title="Describe score", aliases=("info", "chords", "form"))
def describe(score: Score, *, ctx: Context) -> str:
    """Tempo, key, form, chords and parts of a score, as text."""
    from nawgraph.music.theory import key_name

    lines = [
        f"{score.title or 'Untitled'}: {score.style or 'no style'}, {score.grid.tempi[0].bpm:g} bpm, "
        f"{score.grid.bars} bars",
        "keys: " + ", ".join(f"bar {key.bar + 1} {key_name(key)}" for key in score.keys),
        "form: " + ", ".join(f"{s.kind} {s.bars}" for s in score.sections),
        "chords: " + " ".join(c.numeral or "–" for c in score.chords[:32]) + (" …" if len(score.chords) > 32 else ""),
    ]
    lines += [f"{p.stem}/{p.name} ({p.instrument}): {len(p.notes)} notes" for p in score.parts]
    ctx.check()
    return "\n".join(lines)
