"""CLAP: words and sounds as embeddings of one space, blended, compared, searched."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import numpy as np

from nawgraph.context import Context
from nawgraph.hints import File, Model, Range, Text
from nawgraph.node import node
from nawgraph.nodes.codec import digest_of
from nawgraph.values import Audio, Embedding, ModelRef, Prompt

HOUSE = ModelRef("clap", "house", "2")
"""The CLAP that comes with nawgraph. Its revision is raised with its weights, and the nodes' version with it."""


class Likeness(NamedTuple):
    """Cosine similarity, −1 to 1, and the checkpoint whose space it was measured in."""

    value: float
    checkpoint: str


class Nearest(NamedTuple):
    """Which item is most alike (numbered from 0), its name, its similarity, and all items in order as text."""

    best: int
    name: str
    similarity: float
    table: str


@node(
    "clap.model",
    version=3,
    migrations={1: dict, 2: dict},
    title="CLAP weights",
    pure=False,
    needs="io",
    aliases=("checkpoint", "load CLAP", "LAION"),
)
def model(
    *, name: Annotated[str, Model("clap")] = "", file: Annotated[str, File(("safetensors",))] = "", ctx: Context
) -> ModelRef:
    """Choose a CLAP: the `name` of an installed one (`nawgraph models list`), or a `file` of weights.

    A file is what `nawgraph train clap` made, or a published checkpoint with its config.json and tokenizer by it.
    Both empty: nawgraph's own. Embeddings of different CLAPs cannot be compared.
    """
    if name and file:
        raise ValueError("give a name or a file, not both")
    if name:
        return ctx.model("clap", name)
    return ModelRef("clap", file, digest_of(file)) if file else HOUSE


@node(
    "clap.text",
    models={"model": HOUSE},
    version=2,
    migrations={1: dict},
    title="Embed words",
    needs="gpu",
    aliases=("CLAP", "text embedding", "reference"),
)
def text(prompt: Prompt, model: ModelRef | None = None, *, ctx: Context) -> Embedding:
    """Turn a prompt into an embedding, to compare it with sounds or to blend it with others.

    Unknown and misspelt words are read by their letters, and never refused. Keyframes are blended by their weights.
    """
    if not any(frame.text.strip() for frame in prompt.keyframes):
        ctx.warn("the prompt is empty: its embedding stands for music of no particular kind")
    with ctx.borrow(_clap(model)) as clap:
        made: Embedding = clap.prompt(prompt)
    return made


@node(
    "clap.texts",
    models={"model": HOUSE},
    version=2,
    migrations={1: dict},
    title="Embed a list of words",
    needs="gpu",
    aliases=("CLAP", "labels", "tags"),
)
def texts(
    model: ModelRef | None = None,
    *,
    texts: Annotated[list[str], Text(limit=10_000)] = ["techno", "jazz", "ambient", "rock"],  # noqa: B006
    ctx: Context,
) -> list[Embedding]:
    """Turn each text of a list into an embedding, for `clap.nearest`."""
    if not texts:
        raise ValueError("texts is empty: write at least one")
    with ctx.borrow(_clap(model)) as clap:
        return [clap.prompt(Prompt.of(words)) for words in texts]


@node(
    "clap.audio",
    models={"model": HOUSE},
    version=2,
    migrations={1: dict},
    title="Embed sound",
    needs="gpu",
    aliases=("CLAP", "audio embedding", "reference"),
)
def audio(audio: Audio, model: ModelRef | None = None, *, ctx: Context) -> Embedding:
    """Turn a sound into an embedding, to compare it with words and sounds, or as a reference.

    It is listened to in windows of 10 s, evenly spaced and at most 60, always the same; their mean is the embedding. A
    shorter sound is repeated. How loud it is makes no difference to nawgraph's own CLAP; to others it may.
    """
    with ctx.borrow(_clap(model)) as clap:
        made: Embedding = clap.audio(audio, ctx.steps)
    return made


@node("clap.blend", title="Blend embeddings", aliases=("mix", "interpolate", "CLAP"))
def blend(
    embeddings: list[Embedding],
    *,
    weights: Annotated[list[float], Range(-4, 4)] = [],  # noqa: B006 - coerced to a tuple, never changed
) -> Embedding:
    """Blend embeddings of one space: a prompt and a reference, or several references.

    `weights` has one number for each wire, in their order; left empty, all weigh the same. A negative one leads away.
    """
    if not embeddings:
        raise ValueError("wire at least one embedding")
    if weights and len(weights) != len(embeddings):
        raise ValueError(
            f"weights needs one number for each wire: {len(embeddings)} embeddings, {len(weights)} weights"
        )
    space = _one_space(embeddings)
    rows = np.stack([_unit(e) for e in embeddings])
    mixed = np.asarray(weights or [1.0] * len(rows), np.float64) @ rows
    length = float(np.linalg.norm(mixed))
    if not length > 1e-6:
        raise ValueError("the weights cancel everything out: change them so that something is left")
    return Embedding(np.asarray(mixed / length, np.float32), space)


@node("clap.score", title="Compare embeddings", aliases=("similarity", "CLAP score", "likeness"))
def score(a: Embedding, b: Embedding) -> Likeness:
    """How alike two embeddings are: words and a sound, or two sounds.

    1 is the same, 0 unrelated. Words and the sound that they describe reach about 0.5 to 0.8 with nawgraph's own
    weights; the number means nothing across checkpoints, so the checkpoint's name goes with it.
    """
    space = _one_space([a, b])
    return Likeness(float(np.clip(_unit(a) @ _unit(b), -1, 1)), space)


@node("clap.nearest", title="Find the most alike", aliases=("search", "classify", "rank", "CLAP"))
def nearest(
    embedding: Embedding,
    items: list[Embedding],
    *,
    names: list[str] = [],  # noqa: B006 - coerced to a tuple, never changed
) -> Nearest:
    """Find which of several embeddings is most like one: the style that fits a sound, or the take that fits a prompt.

    `names` may say what each item is, in their order. Of two that are equally like, the first is taken.
    """
    if not items:
        raise ValueError("items is empty: wire at least one embedding")
    if names and len(names) != len(items):
        raise ValueError(f"names needs one text for each item: {len(items)} items, {len(names)} names")
    _one_space([embedding, *items])
    shown = list(names) or [f"item {i}" for i in range(len(items))]
    values = np.stack([_unit(item) for item in items]) @ _unit(embedding)
    order = np.argsort(-values, kind="stable")
    best = int(order[0])
    table = "\n".join(f"{float(values[i]):.3f}  {shown[i]}" for i in order)
    return Nearest(best, shown[best], float(np.clip(values[best], -1, 1)), table)


@node(
    "clap.prompt",
    models={"model": HOUSE},
    version=2,
    migrations={1: dict},
    title="Embedding to prompt",
    needs="gpu",
    aliases=("describe sound", "caption", "CLAP"),
)
def prompt_(
    embedding: Embedding, prompt: Prompt | None = None, model: ModelRef | None = None, *, ctx: Context
) -> Prompt:
    """Say an embedding in words: the style, tempo, key, instruments, voice and mood that lie nearest.

    With a `prompt`, only what it leaves open is added: its own words win. What is nearest need not be right.
    """
    with ctx.borrow(_clap(model)) as clap:
        made: Prompt = clap.completed(prompt, embedding)
    return made


def _clap(model: ModelRef | None) -> ModelRef:
    if model is not None and model.kind != "clap":
        raise ValueError(f"model is a {model.kind}: wire a CLAP, as clap.model gives")
    return model or HOUSE


def _one_space(embeddings: list[Embedding]) -> str:
    """The space of all of them, whose vectors have one size."""
    spaces = list(dict.fromkeys(e.space for e in embeddings))
    if len(spaces) > 1:
        raise ValueError(
            f"these embeddings are of different spaces ({' and '.join(spaces)}): make all with the same CLAP"
        )
    if len({len(e.vector) for e in embeddings}) > 1:
        raise ValueError(f"these embeddings of {spaces[0]} have different sizes: make all with the same CLAP")
    return spaces[0]


def _unit(embedding: Embedding) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    wide = np.asarray(embedding.vector, np.float64)
    length = float(np.linalg.norm(wide))
    if not (np.isfinite(length) and length > 0):
        raise ValueError("an embedding is empty or not finite: make it anew")
    return np.asarray(wide / length)
