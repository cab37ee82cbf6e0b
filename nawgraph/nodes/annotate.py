"""What a recording is: tags, and the recordings of a collection that are like it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np

from nawgraph.context import Context
from nawgraph.hints import File, Range, Text
from nawgraph.node import node
from nawgraph.nodes.clap import HOUSE
from nawgraph.values import Embedding, ModelRef

Count = Annotated[int, Range(1, 100)]


class Ranked(NamedTuple):
    """What is most alike, best first, and with its likeness as a table."""

    items: list[str]
    table: str


class Retrieved(NamedTuple):
    """Files that are most alike, best first, what they are, and both with their likeness as a table."""

    files: list[str]
    captions: list[str]
    table: str


@node(
    "clap.tags",
    title="Tag",
    needs="gpu",
    models={"model": HOUSE},
    aliases=("labels", "genre", "mood", "instruments", "annotate"),
)
def tags(
    embedding: Embedding,
    model: ModelRef | None = None,
    *,
    tags: Annotated[list[str], Text(limit=10_000)] = [],  # noqa: B006 - coerced to a tuple, never changed
    count: Count = 5,
    ctx: Context,
) -> Ranked:
    """Which tags fit a sound best, by the likeness of its embedding to each tag's.

    Without `tags`, styles, moods and instruments that prompts know are tried. What is likeliest need not be right.
    """
    from nawgraph.music.styles import STYLES
    from nawgraph.music.words import INSTRUMENTS, MOODS

    if model is not None and model.kind != "clap":
        raise ValueError(f"model is a {model.kind}: wire a CLAP, as clap.model gives")
    tried = list(dict.fromkeys(tags or [*STYLES, *MOODS, *dict.fromkeys(INSTRUMENTS)]))
    with ctx.borrow(model or HOUSE) as clap:
        if embedding.space != clap.space:
            raise ValueError(
                f"the embedding is of {embedding.space}, this CLAP's space is {clap.space}: make it with the same CLAP"
            )
        likeness = clap.texts(tried) @ _unit(embedding)
    order = np.argsort(-likeness, kind="stable")[:count]
    return Ranked([tried[i] for i in order], "\n".join(f"{likeness[i]:.3f}  {tried[i]}" for i in order))


@node("clap.search", title="Search a collection", needs="io", aliases=("retrieval", "similar songs", "find files"))
def search(embedding: Embedding, *, file: Annotated[str, File(("jsonl",))] = "", count: Count = 5) -> Retrieved:
    """Find the recordings of a collection that are most like words or a sound.

    `file` holds the annotations of the collection, which `nawgraph train annotate FOLDER` makes; they must be of the
    same CLAP as the embedding.
    """
    from nawgraph.audio.annotations import known

    if not file:
        raise ValueError("file is empty: choose annotations that 'nawgraph train annotate FOLDER' made")
    found = known(Path(file), embedding.space)
    wanted = _unit(embedding)
    if any(k.vector.shape != wanted.shape for k in found):
        raise ValueError(f"{file} has embeddings of another size: annotate anew with the same CLAP")
    rows = np.stack([k.vector for k in found])
    likeness = rows @ wanted / np.maximum(np.linalg.norm(rows, axis=1), 1e-9)
    order = np.argsort(-likeness, kind="stable")[:count]
    table = "\n".join(f"{likeness[i]:.3f}  {found[i].file}  {found[i].caption}" for i in order)
    return Retrieved([found[i].file for i in order], [found[i].caption for i in order], table)


def _unit(embedding: Embedding) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    length = float(np.linalg.norm(embedding.vector))
    if not (np.isfinite(length) and length > 0):
        raise ValueError("the embedding is empty or not finite: make it anew")
    return np.asarray(embedding.vector / np.float32(length))
