"""Sounds for the codec: clips of the CLAP's kind, kept as samples.

A sound is determined by its number; a file appears whole or not at all, so that an interrupted run goes on where it
stopped.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nawgraph.training.clap.clips import SPLITS, sound

F32 = npt.NDArray[np.float32]
I16 = npt.NDArray[np.int16]


def write(folder: Path, split: str, count: int, say: Callable[[str], None] = print, jobs: int = 1) -> None:
    """Make the first `count` sounds of a split; what is there already is kept.

    Args:
        folder: where, made if need be.
        split: train, validation or test: the CLAP's numbers.
        count: sounds of up to 20 s.
        say: told about every twentieth.
        jobs: processes that make them; what they make is the same for any number.
    """
    folder.mkdir(parents=True, exist_ok=True)
    make = partial(_write_one, folder, split)
    if jobs == 1:
        for number in range(count):
            make(number)
            _tell(split, number, count, say)
        return
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        for number, _ in enumerate(pool.map(make, range(count))):
            _tell(split, number, count, say)


def _tell(split: str, number: int, count: int, say: Callable[[str], None]) -> None:
    if number % 20 == 19 or number == count - 1:
        say(f"{split}: {number + 1} of {count} sounds")


def _write_one(folder: Path, split: str, number: int) -> None:
    path = folder / f"{split}-{number:05d}.npy"
    if path.exists():
        return
    mono = sound(SPLITS[split] + number)[1].mean(axis=0)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    with part.open("wb") as file:
        np.save(file, np.round(np.clip(mono, -1, 1) * 32767).astype(np.int16))
    part.replace(path)


def read(folder: Path, split: str, limit: int | None = None) -> list[I16]:
    """The sounds of a split, mapped, int16 [samples] at 44.1 kHz.

    Raises:
        ValueError: there are none.
    """
    paths = sorted(folder.glob(f"{split}-*.npy"))[:limit]
    if not paths:
        raise ValueError(f"no {split} sounds in {folder}: make them with 'nawgraph train sounds --out {folder}'")
    return [np.load(path, mmap_mode="r") for path in paths]


def piece(sounds: Sequence[I16], rng: np.random.Generator, samples: int) -> F32:
    """So many samples of one of the sounds, from a random place, at a random level; short sounds go on as silence."""
    sound = sounds[int(rng.integers(len(sounds)))]
    begin = int(rng.integers(max(1, len(sound) - samples + 1)))
    found = np.asarray(sound[begin : begin + samples], np.float32) / 32767
    gain = 10 ** (rng.uniform(-14, 3) / 20)
    return np.asarray(np.pad(found, (0, samples - len(found))) * gain, np.float32)
