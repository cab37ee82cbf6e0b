"""Whether the planned form is heard: self-similarity of the bars of a recording against that of the plan.

The listener has three judgments of each two bars, as the plan states three things of them: whether they sound alike
(timbre and rhythm), whether they are equally loud, whether they have the same harmony. Nothing but the sound is heard.
"""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
from scipy.ndimage import median_filter

from nawgraph.audio.chroma import constant_q, folded, tuning
from nawgraph.audio.onsets import band_flux
from nawgraph.audio.resample import resample
from nawgraph.audio.spectrum import magnitudes, mel_bands
from nawgraph.music.rules import planned_similarity, similarity
from nawgraph.values import Audio, Score

Array = npt.NDArray[np.float64]

RATE = 22050
_MELS = 24
_STEPS = 16
_HARMONIC, _PERCUSSIVE = 9, 13
"""Widths of the medians in frames (0.8 s) and bins (four semitones)."""

REACH = 1
"""Bars before and after that a bar is heard with."""


def heard(audio: Audio, score: Score, reach: int = REACH, shuffles: int = 20, seed: int = 0) -> tuple[float, float]:
    """Correlation of the bars' self-similarity with the plan's, and its mean with the recording's bars in random order.

    Args:
        audio: the recording, from the first bar on.
        score: its plan.
        reach: a pair of bars is compared together with so many before and after them, in the recording and in the plan
            (smoothing along the diagonals, as in M. Müller, Fundamentals of Music Processing, 2015, section 4.2.2.2):
            a form is heard by phrases. 0 compares bar by bar.
    """
    found, planned = heard_similarity(audio, score), phrased(planned_similarity(score), reach)
    above = np.triu_indices(len(found), 1)

    def correlation(order: npt.NDArray[np.int64]) -> float:
        return float(np.corrcoef(phrased(found[np.ix_(order, order)], reach)[above], planned[above])[0, 1])

    rng = np.random.default_rng(seed)
    null = [correlation(rng.permutation(len(found))) for _ in range(shuffles)]
    return correlation(np.arange(len(found))), float(np.mean(null))


def heard_similarity(audio: Audio, score: Score) -> Array:
    """How alike each two bars sound, float64 [bars, bars]: the sum of the three judgments, each of unit variance."""
    mono = resample(audio.samples, audio.rate, RATE).mean(axis=0, keepdims=True)
    edges = score.grid.samples(score.grid.bar_starts, RATE) / RATE
    return _even(_alike(mono, edges)) + _even(_equally_loud(mono, edges)) + _even(_same_harmony(mono, edges))


def phrased(pairs: Array, reach: int) -> Array:
    """Each pair of bars as the mean of the pairs up to `reach` bars before and after it, as far as there are any."""
    total, count, size = np.zeros_like(pairs), np.zeros_like(pairs), len(pairs)
    for step in range(-reach, reach + 1):
        here = slice(max(0, -step), size - max(0, step))
        there = slice(max(0, step), size - max(0, -step))
        total[here, here] += pairs[there, there]
        count[here, here] += 1
    return total / count


def _alike(mono: npt.NDArray[np.float32], edges: Array) -> Array:
    """Timbre and rhythm: levels of mel bands and onsets in sixteen steps, by an affinity that falls off with their
    distance (as for spectral clustering in McFee and Ellis 2014), half the median distance wide."""
    bands = mel_bands(RATE, 1024, _MELS) @ magnitudes(mono, RATE, 1024, 512)
    level = np.log10(np.maximum(bands, 1e-4 * max(float(bands.max()), 1e-9)))
    flux, flux_rate = band_flux(mono, RATE)
    coarse = flux.reshape(4, -1, flux.shape[1]).mean(axis=1)
    steps = [np.linspace(a, b, _STEPS, endpoint=False) for a, b in itertools.pairwise(edges)]
    onsets = np.sqrt(_means(coarse, flux_rate, np.append(np.concatenate(steps), edges[-1])))
    timbre, rhythm = _unit(_means(level, RATE / 512, edges)), _unit(onsets.reshape(len(steps), -1))
    features = np.concatenate([timbre, 0.5 * rhythm], axis=1)  # fills and ornaments change from bar to bar
    distance = ((features[:, None] - features[None]) ** 2).sum(axis=2)
    middle = float(np.median(distance[np.triu_indices(len(distance), 1)]))
    return np.exp(-distance / max(middle / 2, 1e-9))


def _equally_loud(mono: npt.NDArray[np.float32], edges: Array) -> Array:
    """1 for bars of the same RMS, 0 for the softest and the loudest."""
    cuts = np.round(edges * RATE).astype(int)
    level = np.array([np.sqrt(np.mean(mono[0, a:b].astype(np.float64) ** 2)) for a, b in itertools.pairwise(cuts)])
    return 1 - np.abs(level[:, None] - level[None]) / max(float(np.ptp(level)), 1e-9)


def _same_harmony(mono: npt.NDArray[np.float32], edges: Array) -> Array:
    """Cosine of the bars' chroma less the song's, without drums: medians over time and over pitch tell what holds from
    what strikes (Fitzgerald 2010)."""
    spectrum, rate = constant_q(mono, RATE)
    holds, strikes = median_filter(spectrum, (1, _HARMONIC)) ** 2, median_filter(spectrum, (_PERCUSSIVE, 1)) ** 2
    tones = folded((spectrum * holds / np.maximum(holds + strikes, 1e-12)).astype(np.float32), tuning(spectrum))
    chroma = _means(tones, rate, edges)
    return similarity(chroma - chroma.mean(axis=0))


def _means(rows: npt.NDArray[np.floating], frame_rate: float, edges: Array) -> Array:
    """Mean of [dimensions, frames] between each two edges in seconds, float64 [edges − 1, dimensions]."""
    cuts = np.clip(np.round(edges * frame_rate).astype(int), 0, rows.shape[1])
    return np.array([rows[:, a : max(b, a + 1)].mean(axis=1) for a, b in itertools.pairwise(cuts)], np.float64)


def _unit(group: Array) -> Array:
    """Less its mean, of unit variance over the song, so that groups count alike."""
    centred = group - group.mean(axis=0)
    return centred / max(float(np.sqrt((centred**2).sum(axis=1).mean())), 1e-9)


def _even(pairs: Array) -> Array:
    """A judgment of pairs with mean 0 and variance 1 above the diagonal."""
    above = pairs[np.triu_indices(len(pairs), 1)]
    return (pairs - above.mean()) / max(float(above.std()), 1e-9)
