"""Songs whose beats are known, as the beat network hears them: composed, drifting, played, stem by stem.

The same seed makes the same song. A song is one file, which appears whole or not at all.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nawgraph.models.beats.hearing import RATE, levels
from nawgraph.music.compose import compose
from nawgraph.music.styles import STYLES
from nawgraph.synth.render import render
from nawgraph.values import PPQ, STEMS, Grid, Score, Tempo

Array = npt.NDArray[np.float64]

METERS = ("", "", "", "", "", "", "in 3/4 time", "in 6/8 time", "in 5/4 time", "in 3/4 time")
MOODS = ("", "", "calm", "energetic", "sparse", "busy", "fast", "slow", "no drums", "soft", "hard")
BARS = 24
DRIFT = 0.08
"""The widest swing of a drifting tempo, as a share of it."""


@dataclass(frozen=True)
class Example:
    """A song to learn from.

    Attributes:
        levels: magnitudes of mel bands of each stem, float16 [stems, bands, frames].
        beats: felt beats in seconds, rising.
        bars: first beats of bars in seconds, rising.
    """

    levels: npt.NDArray[np.float16]
    beats: Array
    bars: Array


def drifting(grid: Grid, drift: float, seconds: float, phase: float) -> Grid:
    """The grid with a tempo that swings by ± `drift` of itself, once in so many seconds, a step a quarter note."""
    bpm, tempi, tick, time = grid.tempi[0].bpm, [], 0, 0.0
    while tick < grid.ticks:
        now = bpm * (1 + drift * math.sin(2 * math.pi * time / seconds + phase))
        tempi.append(Tempo(tick, round(1000 * now)))
        tick, time = tick + PPQ, time + 60 / now
    return replace(grid, tempi=tuple(tempi))


def felt(grid: Grid) -> tuple[Array, Array]:
    """Seconds of the felt beats of a grid, and of its bars."""
    starts = [grid.bar_start(bar) for bar in range(grid.bars)]
    pulses = [start + pulse for bar, start in enumerate(starts) for pulse in grid.meter_at(bar).pulses]
    beats, bars = (np.array([float(grid.seconds(t)) for t in ticks]) for ticks in (pulses, starts))
    return beats, bars


def song(seed: int) -> Score:
    """A composed song of any style, in square or odd meters, in half of the cases with a tempo that drifts."""
    rng = np.random.Generator(np.random.Philox(key=[seed, 86]))
    style = sorted(STYLES)[seed % len(STYLES)]
    words = [style, METERS[int(rng.integers(len(METERS)))], MOODS[int(rng.integers(len(MOODS)))]]
    score = compose(", ".join(w for w in words if w), BARS, seed)
    if rng.random() < 0.6:
        swing = drifting(score.grid, DRIFT * rng.random(), float(rng.uniform(12, 60)), float(rng.uniform(0, 6.28)))
        score = replace(score, grid=swing)
    return score


def example(seed: int) -> Example:
    """The song of a seed as the network hears it."""
    score = song(seed)
    stems = render(score, RATE, seed=seed, tail=False)
    beats, bars = felt(score.grid)
    return Example(np.stack([levels(stems[s].samples, RATE) for s in STEMS]).astype(np.float16), beats, bars)


def write(folder: Path, first: int, count: int, say: Callable[[str], None] = print) -> None:
    """Make the songs of `count` seeds from `first` on; those that are there are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(first, first + count):
        path = folder / f"{seed}.npz"
        if path.exists():
            continue
        made = example(seed)
        part = folder / f".{seed}.{os.getpid()}.npz"
        np.savez(part, levels=made.levels, beats=made.beats, bars=made.bars)
        part.replace(path)
        if (seed - first) % 20 == 19:
            say(f"{seed - first + 1} of {count} songs")


def read(folder: Path) -> list[Example]:
    """All songs of a folder, in order of their seeds.

    Raises:
        ValueError: there is none, or one is damaged.
    """
    found = []
    for path in sorted(folder.glob("[0-9]*.npz"), key=lambda p: int(p.stem)):
        try:
            with np.load(path) as file:
                found.append(Example(file["levels"], file["beats"], file["bars"]))
        except (OSError, KeyError, ValueError) as error:
            raise ValueError(f"{path} is damaged ({error}): delete it and make it anew") from None
    if not found:
        raise ValueError(f"{folder} holds no songs")
    return found
