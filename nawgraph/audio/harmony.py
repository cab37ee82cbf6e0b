"""Chords and keys of a recording, beat by beat."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from nawgraph.audio.check import signal
from nawgraph.audio.chroma import RATE, constant_q, folded, tuning
from nawgraph.audio.key import keys
from nawgraph.audio.resample import resample
from nawgraph.heavy import importing
from nawgraph.values.signal import Float

Array = npt.NDArray[np.float64]

QUALITIES: dict[str, tuple[int, ...]] = {
    "maj": (0, 4, 7), "min": (0, 3, 7), "7": (0, 4, 7, 10), "maj7": (0, 4, 7, 11), "min7": (0, 3, 7, 10),
    "dim": (0, 3, 6), "sus4": (0, 5, 7),
}  # fmt: skip
"""Chords that are told apart, in semitones above the root."""

_TASTE = {"maj": 0.0, "min": 0.0, "7": -0.6, "maj7": -0.6, "min7": -0.6, "dim": -1.2, "sus4": -1.2}
"""What each has for or against it, as log-likelihood a beat."""

_OVERTONES = ((0, 1.0), (7, 0.25), (4, 0.08))
"""Pitch classes that a note's harmonics add to its own."""

_SHARP = 14.0
"""How much the likeness of a chord to what is heard counts."""

_BASS = 2.0
"""How much the root's share of the bass counts."""

_HOME = 0.8
"""What is in favour of a chord whose notes all belong to the key."""

_CHANGE = (5.0, 1.0, 2.0)
"""Price of a change of chord: on any beat, on the first of a bar, on the middle one."""

_LOW = 16 * 3
"""Bins of the constant-Q spectrum that count as bass: up to E3, 165 Hz."""

_SUSTAINED = 7
"""Frames (0.65 s) of the median that takes strokes out of a spectrum."""

_TURN = 20.0
"""Price of a change of key, as log-likelihood."""

_SURE = 6.0
"""How much a key's correlation with a bar and its neighbours counts."""

_MAJOR, _MINOR = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10)


class Tonal(NamedTuple):
    """The pitch of a recording between marks: chroma and bass chroma, float64 [spans, 12] each, rows of sum 1 or 0."""

    chroma: Array
    bass: Array


def tonal(samples: Float, rate: int, marks: Sequence[float] | Array) -> Tonal:
    """Chroma between neighbouring marks.

    Args:
        samples: [channels, frames].
        rate: Hz.
        marks: rising seconds, two or more: borders of the spans.

    Raises:
        ValueError: NaN in the sound.
    """
    with importing:
        from scipy.ndimage import median_filter

    mono = signal(samples, rate, "the song").mean(axis=0, keepdims=True, dtype=np.float32)
    if mono.shape[1]:
        mono -= np.float32(mono.mean(dtype=np.float64))  # a constant would be heard as the clicks at its ends
    cq, frame_rate = constant_q(resample(mono, rate, RATE), RATE)
    if cq.shape[1] == 0:
        return Tonal(np.zeros((len(marks) - 1, 12)), np.zeros((len(marks) - 1, 12)))
    offset = tuning(cq)
    held = median_filter(cq, (1, _SUSTAINED), mode="nearest")
    low = held.copy()
    low[_LOW:] = 0
    edges = np.clip(np.rint(np.asarray(marks) * frame_rate), 0, cq.shape[1] - 1).astype(int)
    floor = 1e-3 * float(held.max())
    rows = []
    for curve in (held, low):
        pitch = folded(curve, offset).astype(np.float64)
        # `folded` has each frame's largest at 1: a span counts the louder frames more.
        pitch *= curve.max(axis=0)
        spans = [pitch[:, a : max(b, a + 1)].mean(axis=1) for a, b in pairwise(edges)]
        made = np.array(spans)
        total = made.sum(axis=1, keepdims=True)
        rows.append(np.where(total > floor, made / np.maximum(total, 1e-12), 0))
    return Tonal(*rows)


class Heard(NamedTuple):
    """A chord from one span to before another: root 0 to 11 (C = 0), a quality of `QUALITIES`."""

    begin: int
    end: int
    root: int
    quality: str


def chords(found: Tonal, places: Sequence[int], beats: int, scale: Sequence[frozenset[int]]) -> list[Heard]:
    """The likeliest chords of beats, by the Viterbi algorithm over all roots and qualities.

    Args:
        found: pitch of each beat.
        places: of each beat in its bar, 0 the first.
        beats: of a bar: chords change on its first beat rather than elsewhere, and on its middle one.
        scale: pitch classes of the key, of each beat.

    Returns:
        Chords without gaps, each longer than none; empty for no beats or silence.
    """
    names, roots = zip(*[(q, r) for q in QUALITIES for r in range(12)], strict=True)
    if not len(found.chroma) or not found.chroma.any():
        return []
    templates = np.array([_template(r, q) for q, r in zip(names, roots, strict=True)])
    length = np.linalg.norm(found.chroma, axis=1, keepdims=True)
    likeness = (found.chroma / np.maximum(length, 1e-9)) @ templates.T
    sure = _SHARP * likeness + _BASS * found.bass[:, roots] + np.array([_TASTE[q] for q in names])
    tones = [frozenset((r + s) % 12 for s in QUALITIES[q]) for q, r in zip(names, roots, strict=True)]
    home = {s: np.array([_HOME * (t <= s) for t in tones]) for s in set(scale)}
    sure += np.array([home[s] for s in scale])
    sure *= (length > 0) * 1.0
    prices = [_price(place, beats) for place in places]
    path = likeliest(sure, prices)
    cuts = [0, *(np.flatnonzero(np.diff(path)) + 1), len(path)]
    return [Heard(int(a), int(b), roots[path[a]], names[path[a]]) for a, b in pairwise(cuts)]


def _price(place: int, beats: int) -> float:
    if place == 0:
        return _CHANGE[1]
    return _CHANGE[2] if beats % 2 == 0 and place == beats // 2 else _CHANGE[0]


def _template(root: int, quality: str) -> Array:
    """What a chord's chroma looks like, of length 1."""
    out = np.zeros(12)
    for step in QUALITIES[quality]:
        for above, share in _OVERTONES:
            out[(root + step + above) % 12] += share
    return out / np.linalg.norm(out)


def likeliest(sure: Array, prices: Sequence[float]) -> npt.NDArray[np.int64]:
    """The path through states with the greatest sum of log-likelihoods [steps, states], less a price at each change."""
    steps, states = sure.shape
    score, back = sure[0].copy(), np.zeros((steps, states), np.int64)
    for n in range(1, steps):
        best = int(np.argmax(score))
        jump = score[best] - prices[n]
        stays = score >= jump
        back[n] = np.where(stays, np.arange(states), best)
        score = np.where(stays, score, jump) + sure[n]
    path = np.zeros(steps, np.int64)
    path[-1] = int(np.argmax(score))
    for n in range(steps - 1, 0, -1):
        path[n - 1] = back[n, path[n]]
    return path


def keys_of(chroma: Array, around: int = 8) -> list[tuple[int, str]]:
    """The key of every bar (tonic, ``major`` or ``minor``), by the Viterbi algorithm; it changes rarely.

    Args:
        chroma: of the bars, [bars, 12].
        around: bars on each side that are heard with a bar.
    """
    if not len(chroma) or not chroma.any():
        return []
    names = [(tonic, mode) for mode in ("major", "minor") for tonic in range(12)]
    sure = np.zeros((len(chroma), 24))
    for bar in range(len(chroma)):
        part = chroma[max(bar - around, 0) : bar + around + 1].mean(axis=0)
        for found in keys(part):
            sure[bar, names.index((found.tonic, found.mode))] = _SURE * found.score
    path = likeliest(sure, [_TURN] * len(sure))
    return [names[state] for state in path]


def scale_of(tonic: int, mode: str) -> frozenset[int]:
    """Pitch classes of a major or natural minor key."""
    return frozenset((tonic + s) % 12 for s in (_MAJOR if mode == "major" else _MINOR))
