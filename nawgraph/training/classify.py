"""Which style a score is in, judged by its notes alone: softmax regression on rhythms, harmony and density.

Independent of the planner: it sees no instruments, no names of parts, no tempo and no swing, and is trained on the
composer's songs of the training split.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nawgraph.models.planner.vocabulary import FIRST, HOLD, INDEX, KIT, STREAMS, Tokens
from nawgraph.values.score import QUALITIES

Floats = npt.NDArray[np.float64]
_POSITIONS = 16
_OTHER = [i for i, s in enumerate(STREAMS) if s.group == "other"]


def described(tokens: Tokens, steps_a_bar: int) -> Floats:
    """Features of a song, float64 [features]: where in the bar each drum, the bass and everybody else begins, the bass
    above the chord's root, qualities of chords, how often they change, how much is sung."""
    place = np.arange(len(tokens)) % steps_a_bar
    bars = len(tokens) / steps_a_bar
    kit = tokens[:, INDEX["kit"]]
    found: list[npt.ArrayLike] = [_places(kit >> bit & 1, place, bars) for bit in range(len(KIT))]
    percussion = tokens[:, INDEX["percussion"]]
    found.append(_places(percussion > 0, place, bars))
    bass = tokens[:, INDEX["bass"]]
    found += [_places(bass >= FIRST, place, bars), [np.mean(bass == HOLD), np.mean(bass == 0)]]
    chord = tokens[:, INDEX["chord"]]
    struck = (bass >= FIRST) & (chord > 0)
    above = (bass[struck] - FIRST + STREAMS[INDEX["bass"]].low - (chord[struck] - 1) // len(QUALITIES)) % 12
    found.append(np.bincount(above, minlength=12) / max(1, len(above)))
    qualities = (chord[chord > 0] - 1) % len(QUALITIES)
    found.append(np.bincount(qualities, minlength=len(QUALITIES)) / max(1, len(qualities)))
    found.append([np.count_nonzero(np.diff(chord)) / bars])
    others = tokens[:, _OTHER]
    found += [_places((others >= FIRST).sum(axis=1), place, bars), [np.mean(others == HOLD)]]
    sung = tokens[:, INDEX["vocal"]] >= FIRST
    found.append([np.count_nonzero(sung) / bars])
    return np.concatenate([np.asarray(f, float) for f in found])


def _places(onsets: npt.NDArray[np.generic], place: npt.NDArray[np.int64], bars: float) -> Floats:
    counts = np.bincount(place, weights=np.asarray(onsets, float), minlength=_POSITIONS)[:_POSITIONS]
    found: Floats = counts / bars
    return found


@dataclass(frozen=True)
class StyleJudge:
    """Softmax regression on standardised features."""

    styles: tuple[str, ...]
    mean: Floats
    spread: Floats
    weights: Floats

    @classmethod
    def learnt(cls, features: Sequence[Floats], styles: Sequence[str], rounds: int = 400) -> StyleJudge:
        """From songs whose styles are known.

        Args:
            features: as `described` gives them.
            styles: the name of each song's.
            rounds: of gradient descent with momentum.
        """
        names = tuple(sorted(set(styles)))
        x = np.stack(features)
        mean, spread = x.mean(axis=0), x.std(axis=0) + 0.05
        x = np.c_[(x - mean) / spread, np.ones(len(x))]
        wanted = np.eye(len(names))[[names.index(s) for s in styles]]
        weights, speed = np.zeros((x.shape[1], len(names))), np.zeros((x.shape[1], len(names)))
        for _ in range(rounds):
            gradient = x.T @ (_softmax(x @ weights) - wanted) / len(x) + 1e-3 * weights
            speed = 0.9 * speed - 0.1 * gradient
            weights = weights + speed
        return cls(names, mean, spread, weights)

    def style(self, features: Floats) -> str:
        """The likeliest style of a song."""
        x = np.append((features - self.mean) / self.spread, 1.0)
        return self.styles[int(np.argmax(x @ self.weights))]


def _softmax(x: Floats) -> Floats:
    odds = np.exp(x - x.max(axis=1, keepdims=True))
    shares: Floats = odds / odds.sum(axis=1, keepdims=True)
    return shares
