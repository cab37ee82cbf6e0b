"""The composer's songs with beats that are known, steady or drifting: what beat tracking is measured on."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from nawgraph.music.compose import compose
from nawgraph.synth.render import render
from nawgraph.training.beats.songs import drifting, felt
from nawgraph.values import Audio, Chord, Grid, Score

TOLERANCE = 0.07
"""Seconds within which a beat counts as found (MIREX)."""

OPENING = 5.0
"""Seconds at the beginning that do not count (MIREX)."""

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Take:
    """A song, how it sounds, and when its felt beats and its bars begin (seconds)."""

    score: Score
    audio: Audio
    beats: Array
    bars: Array

    @property
    def meter(self) -> int:
        """Felt beats of a bar."""
        return len(self.score.grid.meters[0].pulses)


def take(prompt: str, seed: int, bars: int = 24, drift: float = 0.0, rate: int = 22_050) -> Take:
    """Compose a song, give it a drift, and play it."""
    score = compose(prompt, bars, seed)
    if drift:
        score = replace(score, grid=drifting(score.grid, drift, 24.0, float(seed)))
    stems = render(score, rate, seed=seed, tail=False)
    audio = Audio(np.sum([a.samples for a in stems.audios], axis=0, dtype=np.float32), rate)
    beats, firsts = felt(score.grid)
    return Take(score, audio, beats, firsts)


def f_measure(truth: Array, found: Array, tolerance: float = TOLERANCE, opening: float = OPENING) -> float:
    """F-measure of beats: each true beat may be claimed by one found beat that lies within the tolerance."""
    truth, found = truth[truth >= opening], found[found >= opening]
    if not len(truth) or not len(found):
        return float(len(truth) == len(found))
    hits, at = 0, 0
    for beat in truth:
        while at < len(found) and found[at] < beat - tolerance:
            at += 1
        if at < len(found) and found[at] <= beat + tolerance:
            hits, at = hits + 1, at + 1
    return 2 * hits / (len(truth) + len(found))


def heard_beats(grid: Grid, seconds: float) -> tuple[Array, Array]:
    """Beats and first beats of a grid that was found, as far as the recording goes."""
    beats, bars = felt(grid)
    return beats[beats < seconds - 0.03], bars[bars < seconds - 0.03]


def agreement(one: Take, score: Score) -> float:
    """Share of the true beats at which the found triad is right."""

    def triad(c: Chord | None) -> tuple[int, bool] | None:
        return (c.root, c.quality.startswith(("min", "dim", "m7"))) if c else None

    truth = [one.score.chord_at(int(one.score.grid.tick_at(round(b * 1000) + 20, 1000))) for b in one.beats]
    found = [score.chord_at(int(score.grid.tick_at(round(b * 1000) + 20, 1000))) for b in one.beats]
    return float(np.mean([triad(a) == triad(b) for a, b in zip(truth, found, strict=True)]))


def borders(one: Take, score: Score) -> float:
    """F-measure of the borders between sections, ± half a second."""

    def times(s: Score) -> Array:
        return np.array([float(s.grid.seconds(s.grid.bar_start(x.bar))) for x in s.sections[1:]])

    return f_measure(times(one.score), times(score), 0.5, 0.0)
