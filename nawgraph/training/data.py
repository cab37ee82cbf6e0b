"""Training data: prompts, composed into scores, as tokens, conditions and form, in shards.

A song is determined by its number alone; numbers of the three splits lie far apart. A shard is written whole under a
temporary name and renamed, so that an interrupted run goes on where it stopped, and two runs make the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from nawgraph.models.planner.conditions import AT, NO_VOICE, VOICES, Rows, conditions, measured
from nawgraph.models.planner.encode import encode
from nawgraph.models.planner.vocabulary import METERS, Tokens, steps_a_bar
from nawgraph.music.blueprint import Blueprint
from nawgraph.music.outline import outline
from nawgraph.music.realise import realise
from nawgraph.music.streams import stream
from nawgraph.music.styles import STYLES
from nawgraph.training.captions import caption
from nawgraph.values import Score, Section

SPLITS = {"train": 0, "validation": 1 << 40, "test": 1 << 41}
"""First song number of each split."""

SHARD = 500
FORMAT = 1


@dataclass(frozen=True)
class Song:
    """One example.

    Attributes:
        number: which, the seed of everything about it.
        text: the prompt.
        tokens: int16 [steps, streams].
        rows: conditions, int16 [sections, conditions].
        sections: the form.
        steps_a_bar: 12 or 16.
        style: the main style's name.
    """

    number: int
    text: str
    tokens: Tokens
    rows: Rows
    sections: tuple[Section, ...]
    steps_a_bar: int
    style: str


def styles_known() -> tuple[str, ...]:
    """Names of styles in the order in which a planner trained on this data numbers them."""
    return tuple(STYLES)


def compose_song(number: int) -> tuple[str, Blueprint, Score]:
    """The prompt, plan and score of a song, played exactly on the grid."""
    rng = stream(number, "caption")
    while True:
        asked = caption(rng)
        plan = outline(asked.text, asked.bars, number)
        meter = plan.grid.meters[0]
        if len(plan.grid.meters) == 1 and (meter.beats, meter.unit) in METERS:
            return asked.text, plan, realise(plan, number, humanise=0.0)


def song(number: int) -> Song:
    """The example of a number."""
    text, plan, score = compose_song(number)
    return example(number, text, plan, score)


def example(number: int, text: str, plan: Blueprint, score: Score) -> Song:
    """A composed song as an example: what was asked, and where the score can be measured, what there is."""
    tokens = encode(score)
    rows = conditions(plan, number, styles_known())
    for name, value in measured(tokens, score.bars).items():
        rows[:, AT[name]] = value
    singers = [part.instrument for part in score.of_stem("vocals")]
    rows[:, AT["voice"]] = 2 + VOICES.index(singers[0]) if singers and singers[0] in VOICES else NO_VOICE
    return Song(number, text, tokens, rows, score.sections, steps_a_bar(plan.grid.meters[0]), plan.style.name)


# ------------------------------------------------------------------------------------------------ shards


def write(
    folder: Path, split: str, count: int, seed: int = 0, shard: int = SHARD, jobs: int = 1
) -> Iterator[tuple[int, int]]:
    """Make `count` songs of a split, shard by shard; yields (songs there, songs asked for) after each shard.

    Args:
        folder: where, made if need be; what is there already is kept.
        split: train, validation or test.
        count: songs.
        seed: of the data set: another seed gives other songs.
        shard: songs a shard.
        jobs: processes that make them; what they make is the same for any number.

    Raises:
        ValueError: the folder holds data of another seed, shard size or format.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _describe(folder, {"format": FORMAT, "seed": seed, "shard": shard, "styles": list(styles_known())})
    make = partial(_shard, folder, split, count, seed, shard)
    indices = range(-(-count // shard))
    if jobs == 1 or len(indices) == 1:
        for index in indices:
            make(index)
            yield min((index + 1) * shard, count), count
        return
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        for index, _ in enumerate(pool.map(make, indices)):
            yield min((index + 1) * shard, count), count


def _shard(folder: Path, split: str, count: int, seed: int, shard: int, index: int) -> None:
    """Make a shard, unless it is there."""
    size = min(shard, count - index * shard)
    path = folder / f"{split}-{index:05d}-{size}.npz"
    if not path.exists():
        first = SPLITS[split] + (seed << 24) + index * shard
        _save(path, [song(first + i) for i in range(size)])


def _describe(folder: Path, wanted: dict[str, Any]) -> None:
    path = folder / "data.json"
    if path.exists():
        found = json.loads(path.read_text(encoding="utf-8"))
        if found != wanted:
            raise ValueError(f"{folder} holds other data ({found}): choose another folder, or the same seed")
        return
    path.write_text(json.dumps(wanted) + "\n", encoding="utf-8")


def _save(path: Path, songs: Sequence[Song]) -> None:
    bounds = np.cumsum([0, *(len(s.tokens) for s in songs)])
    marks = np.cumsum([0, *(len(s.sections) for s in songs)])
    heads = [
        {"number": s.number, "text": s.text, "style": s.style, "steps_a_bar": s.steps_a_bar,
         "sections": [asdict(x) for x in s.sections]} for s in songs
    ]  # fmt: skip
    part = path.with_name(f".{path.name}.tmp")
    with part.open("wb") as file:
        np.savez_compressed(
            file,
            tokens=np.concatenate([s.tokens for s in songs]),
            rows=np.concatenate([s.rows for s in songs]),
            bounds=bounds,
            marks=marks,
            heads=np.frombuffer(json.dumps(heads).encode(), np.uint8),
        )
    part.replace(path)


def styles_of(folder: Path) -> tuple[str, ...]:
    """Names of styles in the order in which the conditions of a folder's data number them.

    Raises:
        ValueError: the folder holds no data.
    """
    path = folder / "data.json"
    if not path.exists():
        raise ValueError(f"no training data in {folder}: make it with 'nawgraph train data --out {folder}'")
    return tuple(json.loads(path.read_text(encoding="utf-8"))["styles"])


def read(folder: Path, split: str) -> list[Song]:
    """All songs of a split, in order.

    Raises:
        ValueError: there are none.
    """
    songs: list[Song] = []
    for path in sorted(folder.glob(f"{split}-*.npz")):
        with np.load(path) as data:
            tokens, rows, bounds, marks = data["tokens"], data["rows"], data["bounds"], data["marks"]
            heads = json.loads(bytes(data["heads"]))
        for i, head in enumerate(heads):
            sections = tuple(Section(**s) for s in head["sections"])
            piece = tokens[bounds[i] : bounds[i + 1]], rows[marks[i] : marks[i + 1]]
            songs.append(Song(head["number"], head["text"], *piece, sections, head["steps_a_bar"], head["style"]))
    if not songs:
        raise ValueError(f"no {split} data in {folder}: make it with 'nawgraph train data --out {folder}'")
    return songs
