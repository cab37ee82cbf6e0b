"""Training songs of the renderer: composed, varied, played, and written as features with the truth about every note.

Each song is one folder: the same seed makes the same files, whatever was made before. A folder appears whole or not at
all, so that an interrupted run goes on where it stopped.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nawgraph.models.render import conditions, space
from nawgraph.models.render.space import frames_of
from nawgraph.music.compose import compose
from nawgraph.music.styles import STYLES
from nawgraph.synth.catalogue import INSTRUMENTS, instrument_id
from nawgraph.synth.render import render
from nawgraph.values import STEMS, Score, Stems

F16 = npt.NDArray[np.float16]

STYLE_NAMES = tuple(sorted(STYLES))
INSTRUMENT_NAMES = tuple(sorted(INSTRUMENTS))

SPLITS = {"train": 0, "val": 1_000_000, "test": 2_000_000}
"""Split → first seed. No seed belongs to two splits."""


@dataclass(frozen=True)
class Recipe:
    """How songs are made.

    Attributes:
        bars: length of each song.
        swap: probability that a part plays another instrument of its stem than the style's.
        drop: probability that a part is left out.
        audio: also keep the samples (int16), which the vocoder learns from.
        alone: probability that a song is left with one of its parts: what an instrument sounds like is heard best then.
    """

    bars: int = 12
    swap: float = 0.35
    drop: float = 0.1
    audio: bool = False
    alone: float = 0.0


def song(seed: int, recipe: Recipe = Recipe()) -> tuple[Score, Stems]:
    """A composed song with varied instruments, and how it sounds."""
    rng = np.random.Generator(np.random.Philox(key=[seed, 77]))
    style = STYLES[STYLE_NAMES[int(rng.integers(len(STYLE_NAMES)))]]
    low, _, high = style.bpm
    words = [style.name, f"{int(rng.integers(int(low * 0.9), int(high * 1.1) + 1))} bpm"]
    words += ["with vocals"] if rng.random() < 0.75 else []
    score = compose(", ".join(words), recipe.bars, seed=int(rng.integers(2**31)))
    parts = []
    for part in score.parts:
        if rng.random() < recipe.drop:
            continue
        name = instrument_id(part, score.style)
        if rng.random() < recipe.swap:
            name = _another(part.stem, name, rng)
        parts.append(replace(part, instrument=name, gain=part.gain + float(rng.uniform(-4, 3))))
    if parts and rng.random() < recipe.alone:
        part = parts[int(rng.integers(len(parts)))]
        parts = [replace(part, instrument=_another(part.stem, part.instrument, rng))]
    score = replace(score, parts=tuple(parts))
    return score, render(score, seed=seed, tail=False)


def _another(stem: str, name: str, rng: np.random.Generator) -> str:
    heads = {"drums": ("kit",), "bass": ("bass",), "vocals": ("voice",)}.get(stem)
    free = [
        i
        for i in INSTRUMENT_NAMES
        if (i.split(".")[0] in heads if heads else not i.startswith(("kit", "bass", "voice")))
    ]
    return free[int(rng.integers(len(free)))] if free else name


def write(
    folder: Path, split: str, count: int, recipe: Recipe, say: Callable[[str], None] = print, jobs: int = 1
) -> None:
    """Make the first `count` songs of a split under `folder`; those that are there already are left alone.

    Args:
        folder: where.
        split: train, val or test.
        count: songs.
        recipe: how they are made.
        say: told about every twentieth song.
        jobs: processes that make them; what they make is the same for any number.
    """
    if jobs == 1:
        for number in range(count):
            _write_one(folder, split, number, recipe)
            _tell(split, number, count, say)
        return
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        for number, _ in enumerate(pool.map(partial(_write_one, folder, split, recipe=recipe), range(count))):
            _tell(split, number, count, say)


def _tell(split: str, number: int, count: int, say: Callable[[str], None]) -> None:
    if number % 20 == 19:
        say(f"{split}: {number + 1} of {count} songs")


def _write_one(folder: Path, split: str, number: int, recipe: Recipe) -> None:
    path = folder / split / f"{number:05d}"
    if not path.exists():
        unfinished = path.with_name(f".{path.name}.{os.getpid()}")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        _write_song(unfinished, SPLITS[split] + number, recipe)
        unfinished.rename(path)


def _write_song(path: Path, seed: int, recipe: Recipe) -> None:
    score, stems = song(seed, recipe)
    frames = frames_of(stems.frames)
    for name, audio in stems:
        np.save(path / f"features.{name}.npy", space.features(name, audio.samples, frames).astype(np.float16))
        if recipe.audio:
            np.save(path / f"audio.{name}.npy", np.round(np.clip(audio.samples, -1, 1) * 32767).astype(np.int16))
    notes = [conditions.notes_of(part, score) for part in score.parts]
    slots = conditions.slots(notes, 0, frames)
    for number, slot in enumerate(slots):
        np.save(path / f"slot.{number}.npy", slot.frames.astype(np.float16))
    facts = {
        "style": score.style,
        "bpm": score.bpm,
        "frames": frames,
        "samples": stems.frames,
        "slots": [[slot.stem, slot.instrument] for slot in slots],
        "seed": seed,
    }
    (path / "facts.json").write_text(json.dumps(facts))


@dataclass(frozen=True)
class Example:
    """A song on disk. Its arrays are mapped when asked for: thousands of songs would be too many open files."""

    facts: dict[str, Any]
    path: Path

    @property
    def frames(self) -> int:
        return int(self.facts["frames"])

    def features(self, stem: str) -> F16:
        """Features of a stem, float16 [frames, 134]."""
        made: F16 = self._mapped(f"features.{stem}.npy")
        return made

    def slots(self) -> Iterator[tuple[int, int, F16]]:
        """Stem number, instrument number and float16 [frames, width] of each slot."""
        for number, (stem, name) in enumerate(self.facts["slots"]):
            yield STEMS.index(stem), INSTRUMENT_NAMES.index(name), self._mapped(f"slot.{number}.npy")

    @property
    def has_audio(self) -> bool:
        """Whether the samples were kept."""
        return all((self.path / f"audio.{stem}.npy").exists() for stem in STEMS)

    def _mapped(self, name: str) -> Any:
        return np.load(self.path / name, mmap_mode="r")

    def audio(self, stem: str) -> npt.NDArray[np.int16]:
        """Samples int16 [2, n]. Raises FileNotFoundError where they were not kept."""
        return np.asarray(self._mapped(f"audio.{stem}.npy"))


def read(folder: Path, split: str, limit: int | None = None) -> list[Example]:
    """The songs of a split, in order.

    Raises:
        FileNotFoundError: there are none.
    """
    paths = sorted(p for p in (folder / split).glob("[0-9]*") if (p / "facts.json").exists())[:limit]
    if not paths:
        raise FileNotFoundError(f"{folder / split} holds no songs: make them with 'nawgraph train songs'")
    return [Example(json.loads((path / "facts.json").read_text()), path) for path in paths]
