"""Clips for the house CLAP: composed, played, cut to 20 seconds, kept as features with what can be said of them.

A clip is determined by its number alone; numbers of the splits lie far apart. A shard is written whole under a
temporary name and renamed, so that an interrupted run goes on where it stopped, and two runs make the same bytes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nawgraph.models.clap.hearing import HOP, RATE, features, levelled
from nawgraph.music.outline import outline
from nawgraph.music.prompt import read as understood
from nawgraph.music.realise import realise
from nawgraph.music.streams import stream
from nawgraph.synth.catalogue import INSTRUMENTS, instrument_id
from nawgraph.synth.render import render
from nawgraph.training.captions import caption
from nawgraph.values import STEMS, Score

F16 = npt.NDArray[np.float16]

SPLITS = {"train": 0, "validation": 1 << 40, "test": 1 << 41}
"""First number of each split: those of `training.data`, so that no test song of any house model trains another."""

SHARD = 50
FORMAT = 1
SECONDS = 20
LENGTHS = (8, 8, 8, 12, 16)
"""Bars of the songs that clips are cut from."""

VARIED, SWAP, DROP = 0.3, 0.3, 0.15
"""Probabilities: a song is varied; then, of each part, that another instrument plays it, that it is left out."""


@dataclass(frozen=True)
class Facts:
    """What is true of a clip.

    Attributes:
        number: which clip.
        prompt: the words that it was composed to.
        varied: whether instruments were changed, so that the prompt no longer says the truth.
        style: the main style's name.
        bpm: quarter notes a minute.
        tonic, mode: the key at its beginning.
        beats, unit: the meter.
        instruments: ids of what is heard besides drums, at least two notes of each.
        stems: which of the four standard stems are heard.
        moods: words of mood that the prompt held.
        density: notes a second.
    """

    number: int
    prompt: str
    varied: bool
    style: str
    bpm: float
    tonic: int
    mode: str
    beats: int
    unit: int
    instruments: tuple[str, ...]
    stems: tuple[str, ...]
    moods: tuple[str, ...]
    density: float


@dataclass(frozen=True)
class Clip:
    """Features of up to 20 s of a song, and the facts: float16 [frames, 64] and [frames / 4, 66]."""

    facts: Facts
    bands: F16
    pitches: F16


def clip(number: int) -> Clip:
    """The clip of a number."""
    facts, samples = sound(number)
    bands, pitches = features(levelled(samples.mean(axis=0)))
    frames = len(bands) // 4 * 4
    return Clip(facts, bands[:frames].astype(np.float16), pitches[: frames // 4].astype(np.float16))


def sound(number: int) -> tuple[Facts, npt.NDArray[np.float32]]:
    """What a clip is, and how it sounds: float32 [2, samples] at 44.1 kHz."""
    rng = stream(number, "clip")
    while True:
        text = caption(rng).text
        score = realise(outline(text, LENGTHS[int(rng.integers(len(LENGTHS)))], number), number)
        varied = bool(rng.random() < VARIED)
        score = _another(score, rng) if varied else _named(score)
        if not any(part.notes for part in score.parts):
            continue
        starts = [score.grid.samples(score.grid.bar_start(bar), RATE) for bar in range(score.bars)]
        longest = max(0, score.grid.frames(RATE) - SECONDS * RATE)
        first = int(rng.choice([bar for bar, start in enumerate(starts) if start <= longest]))
        begin = starts[first]
        end = min(begin + SECONDS * RATE, score.grid.frames(RATE))
        facts = _facts(number, text, varied, score, first, (begin, end))
        if not facts.stems:
            continue
        stems = render(score, seed=number, tail=False)
        mixed = np.sum([audio.samples for _, audio in stems], axis=0)[:, begin:end]
        if np.abs(mixed).max(initial=0) > 1e-3:
            return facts, np.asarray(mixed, np.float32)


def _named(score: Score) -> Score:
    return replace(score, parts=tuple(replace(p, instrument=instrument_id(p, score.style)) for p in score.parts))


def _another(score: Score, rng: np.random.Generator) -> Score:
    """The song with some parts left out or played by another instrument, and other levels."""
    parts = []
    for part in _named(score).parts:
        if rng.random() < DROP:
            continue
        heads = {"drums": ("kit",), "bass": ("bass",), "vocals": ("voice",)}.get(part.stem)
        free = [
            name for name in sorted(INSTRUMENTS)
            if (name.split(".")[0] in heads if heads else not name.startswith(("kit", "bass", "voice")))
        ]  # fmt: skip
        name = free[int(rng.integers(len(free)))] if rng.random() < SWAP else part.instrument
        parts.append(replace(part, instrument=name, gain=part.gain + float(rng.uniform(-4, 3))))
    return replace(score, parts=tuple(parts))


def _facts(number: int, text: str, varied: bool, score: Score, bar: int, span: tuple[int, int]) -> Facts:
    begin, end = span
    heard, stems, notes = [], [], 0
    for part in score.parts:
        starts = part.spans(score.grid, RATE)[:, 0] if part.notes else np.zeros(0)
        count = int(np.count_nonzero((starts >= begin) & (starts < end)))
        notes += count
        if count >= 2:
            stems.append(part.stem)
            heard += [part.instrument] if part.stem != "drums" else []
    key, meter = score.key_at(bar), score.grid.meters[0]
    assert key is not None
    return Facts(
        number, text, varied, score.style, score.bpm, key.tonic, key.mode, meter.beats, meter.unit,
        tuple(dict.fromkeys(heard)), tuple(s for s in STEMS if s in stems), understood(text).moods,
        notes / ((end - begin) / RATE),
    )  # fmt: skip


# ------------------------------------------------------------------------------------------------ shards


def write(
    folder: Path, split: str, count: int, seed: int = 0, *, say: Callable[[str], None] = print, jobs: int = 1
) -> None:
    """Make `count` clips of a split, shard by shard; what is there already is kept.

    Args:
        folder: where, made if need be.
        split: train, validation or test.
        count: clips, rounded up to whole shards.
        seed: of the data set, 0 to 65535: another seed gives other clips.
        say: told after each shard.
        jobs: processes that make them; what they make is the same for any number.

    Raises:
        ValueError: the folder holds clips of another seed or format.
    """
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {"format": FORMAT, "seed": seed, "shard": SHARD, "hop": HOP}
    head = folder / "clips.json"
    if head.exists() and json.loads(head.read_text(encoding="utf-8")) != wanted:
        raise ValueError(f"{folder} holds other clips: choose another folder, or the same seed")
    head.write_text(json.dumps(wanted) + "\n", encoding="utf-8")
    total = -(-count // SHARD)
    make = partial(_write_shard, folder, split, seed)
    if jobs == 1:
        done: Iterator[Any] = map(make, range(total))
        _tell(done, split, total, say)
        return
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        _tell(pool.map(make, range(total)), split, total, say)


def _tell(done: Iterator[Any], split: str, total: int, say: Callable[[str], None]) -> None:
    for index, _ in enumerate(done):
        say(f"{split}: {(index + 1) * SHARD:,} of {total * SHARD:,} clips")


def _write_shard(folder: Path, split: str, seed: int, index: int) -> None:
    path = folder / f"{split}-{index:05d}.npz"
    if path.exists():
        return
    first = SPLITS[split] + (seed << 24) + index * SHARD
    made = [clip(first + i) for i in range(SHARD)]
    part = path.with_name(f".{path.name}.{os.getpid()}")
    with part.open("wb") as file:
        np.savez(
            file,
            bands=np.concatenate([c.bands for c in made]),
            pitches=np.concatenate([c.pitches for c in made]),
            bounds=np.cumsum([0, *(len(c.pitches) for c in made)]),
            facts=np.frombuffer(json.dumps([asdict(c.facts) for c in made]).encode(), np.uint8),
        )
    part.replace(path)


def read(folder: Path, split: str, limit: int | None = None) -> list[Clip]:
    """The clips of a split, in order.

    Args:
        folder: where they are.
        split: train, validation or test.
        limit: how many, all by default.

    Raises:
        ValueError: there are none, or they are of another format.
    """
    clips: list[Clip] = []
    for path in sorted(folder.glob(f"{split}-*.npz")):
        if limit is not None and len(clips) >= limit:
            break
        with np.load(path) as data:
            bands, pitches, bounds = data["bands"], data["pitches"], data["bounds"]
            heads = json.loads(bytes(data["facts"]))
        for i, head in enumerate(heads):
            a, b = int(bounds[i]), int(bounds[i + 1])
            clips.append(Clip(_fact(head), bands[4 * a : 4 * b], pitches[a:b]))
    if not clips:
        raise ValueError(f"no {split} clips in {folder}: make them with 'nawgraph train clips --out {folder}'")
    return clips[:limit]


def _fact(head: dict[str, Any]) -> Facts:
    data: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in head.items()}
    return Facts(**data)
