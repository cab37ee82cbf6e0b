"""Whether the planned form is heard: self-similarity of the bars of a recording against that of the plan."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt

from nawgraph.audio.chroma import chroma
from nawgraph.audio.onsets import band_flux
from nawgraph.audio.resample import resample
from nawgraph.audio.spectrum import magnitudes, mel_bands
from nawgraph.music.rules import planned_similarity, similarity
from nawgraph.values import Audio, Score

Array = npt.NDArray[np.float64]

RATE = 22050
_MELS = 24


def bar_features(audio: Audio, score: Score) -> Array:
    """What each bar sounds like, float64 [bars, features]: chroma, levels of mel bands, onsets in sixteen steps.

    Each of the three groups has unit variance over the song, so that they count alike.
    """
    mono = resample(audio.samples, audio.rate, RATE).mean(axis=0, keepdims=True)
    edges = score.grid.samples(score.grid.bar_starts, RATE) / RATE
    tones, tone_rate = chroma(mono, RATE)
    bands = mel_bands(RATE, 1024, _MELS) @ magnitudes(mono, RATE, 1024, 512)
    level = np.log10(np.maximum(bands, 1e-4 * max(float(bands.max()), 1e-9)))
    flux, flux_rate = band_flux(mono, RATE)
    coarse = flux.reshape(4, -1, flux.shape[1]).mean(axis=1)
    fine = np.concatenate([np.linspace(a, b, 16, endpoint=False) for a, b in itertools.pairwise(edges)])
    groups = [
        _means(tones, tone_rate, edges),
        _means(level, RATE / 512, edges),
        np.sqrt(_means(coarse, flux_rate, np.append(fine, edges[-1]))).reshape(score.grid.bars, -1),
    ]
    return np.concatenate([_unit(group) for group in groups], axis=1)


def heard(audio: Audio, score: Score, shuffles: int = 20, seed: int = 0) -> tuple[float, float]:
    """Correlation of the bars' self-similarity with the plan's, and its mean with the bars in random order."""
    found, planned = similarity(bar_features(audio, score)), planned_similarity(score)
    above = np.triu_indices(len(found), 1)

    def correlation(order: npt.NDArray[np.int64]) -> float:
        return float(np.corrcoef(found[np.ix_(order, order)][above], planned[above])[0, 1])

    rng = np.random.default_rng(seed)
    null = [correlation(rng.permutation(len(found))) for _ in range(shuffles)]
    return correlation(np.arange(len(found))), float(np.mean(null))


def _means(rows: npt.NDArray[np.floating], frame_rate: float, edges: Array) -> Array:
    """Mean of [dimensions, frames] between each two edges in seconds, float64 [edges − 1, dimensions]."""
    cuts = np.clip(np.round(edges * frame_rate).astype(int), 0, rows.shape[1])
    return np.array([rows[:, a : max(b, a + 1)].mean(axis=1) for a, b in itertools.pairwise(cuts)], np.float64)


def _unit(group: Array) -> Array:
    centred = group - group.mean(axis=0)
    return centred / max(float(np.sqrt((centred**2).sum(axis=1).mean())), 1e-9)
