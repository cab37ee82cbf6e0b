"""Batches of windows and words, varied anew each time: other tempi and keys, and words that say so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from nawgraph.models.clap.hearing import BANDS, FRAMES, PITCH_FRAMES
from nawgraph.models.clap.reading import Pages, bound, read
from nawgraph.training.clap.clips import Clip, Facts
from nawgraph.training.clap.words import Odds, described, typed

F32 = npt.NDArray[np.float32]

OWN_PROMPT, STRETCH, SHIFT, NEW_WORD = 0.35, 0.6, 0.6, 0.12
"""Probabilities: the prompt that the clip was composed to is the text (where it is true), the clip is stretched, it is
moved to another key, a word is known by its pieces alone."""

_FASTER = 0.12
"""Farthest stretch, as a logarithm."""

TWINS = 4
"""One clip in so many comes twice, in other keys and tempi that the words name: nothing else tells the two apart."""

TERSE = 0.2
"""Probability that a description says next to nothing, so that a single word alone is worth something too."""

SINGLE = 0.2
"""Probability that a description says one thing alone: the key, the tempo or the style."""

_ONE = (Odds(0, 0, 1, 0, 0, 0), Odds(0, 0, 1, 0, 0, 0), Odds(0, 1, 0, 0, 0, 0), Odds(1, 0, 0, 0, 0, 0))
_EXACT = Odds(style=0.8, tempo=1.0, key=1.0, player=0.4, most=3, other=0.4)
_BRIEF = Odds(style=0.3, tempo=0.3, key=0.4, player=0.2, most=2, other=0.35)


@dataclass(frozen=True)
class Batch:
    """Windows with the words of each: float32 [B, 430, 64] and [B, 107, 66], and texts as the network takes them."""

    bands: F32
    pitches: F32
    pages: Pages


class Pairs:
    """Draws pairs of clips and words. The n-th batch depends on the seed and n alone."""

    def __init__(self, clips: Sequence[Clip], seed: int) -> None:
        self.clips, self.seed = clips, seed

    def batch(self, number: int, size: int) -> Batch:
        """The n-th batch, of different clips as far as there are so many."""
        rng = np.random.Generator(np.random.Philox(key=[self.seed, number]))
        repeat = size > len(self.clips)
        picks = rng.choice(len(self.clips), size, replace=repeat)
        noise = rng.standard_normal((2 * FRAMES, BANDS), np.float32) * 0.05
        twins = size // TWINS
        picks[size - twins :] = picks[:twins]
        made = [
            _pair(self.clips[int(i)], rng, noise, exact=not twins <= place < size - twins)
            for place, i in enumerate(picks)
        ]
        texts = [read(text, forget=rng.random(64) < NEW_WORD) for *_, text in made]
        return Batch(np.stack([m[0] for m in made]), np.stack([m[1] for m in made]), bound(texts))


def _pair(clip: Clip, rng: np.random.Generator, noise: F32, exact: bool) -> tuple[F32, F32, str]:
    """A window and its words; each takes another piece of the batch's noise."""
    own = not exact and not clip.facts.varied and bool(rng.random() < OWN_PROMPT)
    faster = float(np.exp(rng.uniform(-_FASTER, _FASTER))) if not own and (exact or rng.random() < STRETCH) else 1.0
    up = int(rng.integers(-5, 7)) if not own and (exact or rng.random() < SHIFT) else 0
    bands, pitches = cut(clip, float(rng.random()), faster)
    facts = moved(clip.facts, faster, up)
    odds = _EXACT if exact else _odds(rng)
    text = clip.facts.prompt if own else described(facts, rng, odds=odds)
    bands = _coloured(bands, rng) + noise[int(rng.integers(FRAMES)) :][:FRAMES]
    return bands, _shifted(pitches, up), typed(text, rng)


def _odds(rng: np.random.Generator) -> Odds:
    """How much is said of a clip that has no twin."""
    kind = rng.random()
    if kind < SINGLE:
        return _ONE[int(rng.integers(len(_ONE)))]
    return _BRIEF if kind < SINGLE + TERSE else Odds()


def cut(clip: Clip, place: float, faster: float = 1.0) -> tuple[F32, F32]:
    """A window of a clip, `place` 0 at its beginning to 1 at its end, played faster by a factor."""
    return tuple(  # type: ignore[return-value]
        _resampled(part, size, place, faster) for part, size in ((clip.bands, FRAMES), (clip.pitches, PITCH_FRAMES))
    )


def _resampled(frames: npt.NDArray[np.float16], size: int, place: float, faster: float) -> F32:
    """Frames read at another speed; what is too short is repeated, as `hearing.window` does."""
    first = max(0.0, len(frames) - size * faster) * place
    at = first + np.arange(size) * faster
    below = at.astype(np.int64)
    share = (at - below).astype(np.float32)[:, None]
    low, high = (frames[i % len(frames)].astype(np.float32) for i in (below, below + 1))
    return np.asarray(low if faster == 1.0 and first == int(first) else low + (high - low) * share, np.float32)


def moved(facts: Facts, faster: float, up: int) -> Facts:
    """What is true of a clip that is played faster and higher by semitones."""
    return replace(
        facts, bpm=facts.bpm * faster, tonic=(facts.tonic + up) % 12, density=facts.density * faster,
    )  # fmt: skip


def _coloured(bands: F32, rng: np.random.Generator) -> F32:
    """Another level, another tone."""
    knots = rng.normal(0, 0.15, 5) + rng.normal(0, 0.1)
    curve = np.interp(np.linspace(0, 4, BANDS), np.arange(5), knots)
    return np.asarray(bands + curve.astype(np.float32), np.float32)


def _shifted(pitches: F32, up: int) -> F32:
    """Moved by semitones; what comes in at the edge repeats the edge."""
    size = pitches.shape[1]
    return pitches[:, np.clip(np.arange(size) - up, 0, size - 1)]
