"""How well a separator takes songs of the test split apart, stem by stem, in decibels of SI-SDR.

The songs are composed and played here with the seeds of the test split, which no training uses: their notes, mixes and
chords are new, their instruments are those of training. What is measured on them says little about recordings.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nawgraph.models.separator.house import HouseSeparator
from nawgraph.training.render.songs import SPLITS, song
from nawgraph.values import STEMS

Array = npt.NDArray[np.floating]

TARGET = 8.0
"""Decibels of improvement over the mixture, mean over the stems."""

AUDIBLE = 1e-3
"""Peak below which a stem counts as silent and is not measured."""


@dataclass(frozen=True)
class Row:
    """A figure: of the mixture as it is, of the stems found, what is gained; and the target."""

    name: str
    mixture: float | None = None
    found: float | None = None
    gain: float | None = None
    target: str = ""
    met: bool | None = None


def si_sdr(estimate: Array, truth: Array) -> float:
    """Scale-invariant signal to distortion ratio (Le Roux et al. 2019) over all channels, in dB, at most 120."""
    found, wanted = (np.asarray(x, np.float64).ravel() for x in (estimate, truth))
    power = float(wanted @ wanted)
    if power == 0:
        raise ValueError("SI-SDR needs a truth that is not silent")
    target = wanted * (float(found @ wanted) / power)
    missed = found - target
    kept, lost = float(target @ target), float(missed @ missed)
    total = max(kept + lost, 1e-300)
    return float(10 * np.log10(max(kept, 1e-12 * total) / max(lost, 1e-12 * total)))


def evaluate(separator: HouseSeparator, songs: int, say: Callable[[str], None] = print) -> Iterator[Row]:
    """The table, row by row.

    Args:
        separator: what is measured.
        songs: of the test split.
        say: told what is being done.
    """
    before: dict[str, list[float]] = {stem: [] for stem in STEMS}
    after: dict[str, list[float]] = {stem: [] for stem in STEMS}
    spent, heard, off = 0.0, 0.0, -math.inf
    for number in range(songs):
        _, stems = song(SPLITS["test"] + number)
        truth = np.stack([stems[stem].samples for stem in STEMS])
        mixture = truth.sum(axis=0)
        began = time.process_time()
        found = separator.separate(mixture)
        spent, heard = spent + time.process_time() - began, heard + stems.seconds
        off = max(off, 20 * math.log10(max(float(np.abs(found.sum(axis=0) - mixture).max()), 1e-12)))
        for index, stem in enumerate(STEMS):
            if np.abs(truth[index]).max() > AUDIBLE:
                before[stem].append(si_sdr(mixture, truth[index]))
                after[stem].append(si_sdr(found[index], truth[index]))
        if number % 4 == 3:
            say(f"{number + 1} of {songs} songs")
    means = []
    for stem in STEMS:
        if before[stem]:
            mixed, found_ = float(np.mean(before[stem])), float(np.mean(after[stem]))
            means.append((mixed, found_))
            yield Row(f"SI-SDR of {stem}, dB ({len(before[stem])} songs)", mixed, found_, found_ - mixed)
    mixed, found_ = (float(np.mean(column)) for column in zip(*means, strict=True))
    gain = found_ - mixed
    yield Row("mean over the stems, dB", mixed, found_, gain, f"gain ≥ {TARGET:g}", gain >= TARGET)
    yield Row("largest sample by which the stems miss the mixture, dBFS", None, off, None, "≤ -90", off <= -90)
    yield Row("times real time, processor time", None, heard / max(spent, 1e-9), None, "≥ 1", heard >= spent)
