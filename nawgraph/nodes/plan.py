"""Planners: from a prompt to a score."""

from __future__ import annotations

from typing import Annotated

from nawgraph.context import Context
from nawgraph.hints import Choice, File, Range, Seed, Text
from nawgraph.node import node
from nawgraph.values import STEMS, Embedding, Grid, ModelRef, Prompt, Score

Temperature = Annotated[float, Range(0, 2)]
TopP = Annotated[float, Range(0.05, 1)]
Guidance = Annotated[float, Range(1, 6)]
Looseness = Annotated[float, Range(0, 4)]

HOUSE = ModelRef("planner", "house", "2")
"""The planner that comes with nawgraph. Its revision is raised with its weights, and the nodes' version with it."""

CLAP = ModelRef("clap", "house", "2")
"""The CLAP that reads embeddings; their space names its weights, so that it needs no place in any key."""


@node("plan.compose", version=2, title="Compose", aliases=("composer", "planner", "write", "generate"))
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


@node("plan.cover", title="Cover", aliases=("remix", "in another style", "re-arrange", "new parts"))
def cover(
    score: Score,
    prompt: Prompt,
    *,
    stems: Annotated[list[str], Choice(*STEMS)] = list(STEMS),  # noqa: B006 - never changed
    seed: Annotated[int, Seed()] = 0,
    humanise: Looseness = 1.0,
    title: Annotated[str, Text(limit=200)] = "",
) -> Score:
    """Write a song anew in the prompt's style, on the grid, form, keys and chords of a score; its notes are not used.

    The score may be one that `song.chords` and `song.sections` heard in a recording. `stems` are the ones to write.
    Tempo, meter, key and form are the song's, whatever the prompt says of them.
    """
    from nawgraph.music.cover import cover as write

    return write(score, prompt, seed, stems, humanise=humanise, title=title)


@node("plan.drums", title="Drums on a grid", aliases=("drummer", "beat", "replace drums"))
def drums(
    grid: Grid,
    prompt: Prompt,
    score: Score | None = None,
    *,
    seed: Annotated[int, Seed()] = 0,
    humanise: Looseness = 0.5,
) -> Score:
    """Write drums in the prompt's style on a grid, such as `song.grid` finds; a `score` says where sections begin.

    Without a score all bars are equally strong, with fills every eight.
    """
    from nawgraph.music.cover import cover as write

    if score is not None and score.grid.bars != grid.bars:
        raise ValueError(f"the score has {score.grid.bars} bars and the grid {grid.bars}: wire the same grid to both")
    song = Score(grid) if score is None else Score(grid, (), score.keys, score.chords, score.sections)
    return write(song, prompt, seed, ["drums"], humanise=humanise)


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


@node(
    "plan.model",
    version=2,
    migrations={1: dict},
    title="Planner weights",
    needs="io",
    aliases=("checkpoint", "load planner"),
)
def model(*, file: Annotated[str, File(("safetensors",))] = "") -> ModelRef:
    """Choose the planner of the neural nodes: weights that `nawgraph train planner` made; empty for nawgraph's own."""
    from pathlib import Path

    from nawgraph.values import digest

    if not file:
        return HOUSE
    try:
        data = Path(file).read_bytes()
    except OSError as error:
        raise ValueError(f"{file} cannot be read: {error.strerror}") from None
    return ModelRef("planner", file, digest(data).hex())


@node(
    "plan.generate",
    version=2,
    migrations={1: dict},
    title="Plan by network",
    models={"model": HOUSE},
    aliases=("neural", "transformer", "write", "generate"),
)
def generate(
    prompt: Prompt,
    model: ModelRef | None = None,
    embedding: Embedding | None = None,
    *,
    bars: Annotated[int, Range(0, 1000, unit="bars")] = 0,
    seed: Annotated[int, Seed()] = 0,
    temperature: Temperature = 0.9,
    top_p: TopP = 0.95,
    guidance: Guidance = 2.0,
    humanise: Looseness = 1.0,
    title: Annotated[str, Text(limit=200)] = "",
    ctx: Context,
) -> Score:
    """Write a song for drums, bass, vocals and other by the semantic planner, a transformer that learnt to compose.

    Tempo, meter, key and form follow the prompt, all notes and chords are the network's. `bars` 0 leaves the length to
    the prompt. `temperature` below 1 plays it safe, `top_p` leaves out the least likely tokens, `guidance` above 1
    follows the prompt more closely. The same seed gives the same song on the same kind of processor.

    An `embedding`, such as a reference sound's by `clap.audio`, decides what the prompt leaves open, as `clap.prompt`
    would say it in words: style, tempo, key, instruments, voice, mood. It must come from nawgraph's own CLAP.
    """
    if embedding is not None:
        with ctx.borrow(CLAP) as clap:
            prompt = clap.completed(prompt, embedding)
    with ctx.borrow(_planner(model)) as planner:
        taste = planner.taste(temperature, top_p, guidance, seed)
        score: Score = planner.generate(prompt, bars or None, taste, ctx.steps, humanise=humanise, title=title)
    return score


@node(
    "plan.continue",
    version=2,
    migrations={1: dict},
    title="Continue score",
    models={"model": HOUSE},
    aliases=("extend", "longer", "neural"),
)
def continue_(
    score: Score,
    prompt: Prompt | None = None,
    model: ModelRef | None = None,
    *,
    bars: Annotated[int, Range(1, 1000, unit="bars")] = 8,
    seed: Annotated[int, Seed()] = 0,
    temperature: Temperature = 0.9,
    top_p: TopP = 0.95,
    guidance: Guidance = 2.0,
    humanise: Looseness = 1.0,
    ctx: Context,
) -> Score:
    """Write `bars` more of a score by the semantic planner; what is there stays as it is, note for note.

    The form goes on with the score's own sections; a prompt may ask for another style from here on.
    """
    with ctx.borrow(_planner(model)) as planner:
        taste = planner.taste(temperature, top_p, guidance, seed)
        longer: Score = planner.extend(score, bars, prompt, taste, ctx.steps, humanise=humanise)
    return longer


@node(
    "plan.infill",
    version=2,
    migrations={1: dict},
    title="Rewrite part of a score",
    models={"model": HOUSE},
    aliases=("inpaint", "accompany", "drums to this bass", "neural"),
)
def infill(
    score: Score,
    prompt: Prompt | None = None,
    model: ModelRef | None = None,
    *,
    stems: Annotated[list[str], Choice(*STEMS, "chords")] = ["drums"],  # noqa: B006 - never changed
    first: Annotated[int, Range(0, 1000, unit="bars")] = 0,
    bars: Annotated[int, Range(0, 1000, unit="bars")] = 0,
    seed: Annotated[int, Seed()] = 0,
    temperature: Temperature = 0.9,
    top_p: TopP = 0.95,
    guidance: Guidance = 2.0,
    humanise: Looseness = 1.0,
    ctx: Context,
) -> Score:
    """Write some stems of a score anew, to fit all that is kept: before, after and beside them.

    `first` is the first bar to write, counted from 0; `bars` 0 goes to the end. Every note that begins elsewhere, and
    every other stem, stays as it is. Drums to a bass line: wire the line, leave `stems` at drums.
    """
    with ctx.borrow(_planner(model)) as planner:
        taste = planner.taste(temperature, top_p, guidance, seed)
        changed: Score = planner.infill(score, stems, first, bars, prompt, taste, ctx.steps, humanise=humanise)
    return changed


def _planner(model: ModelRef | None) -> ModelRef:
    if model is not None and model.kind != "planner":
        raise ValueError(f"model is a {model.kind}: wire a planner, as plan.model gives")
    return model or HOUSE
