"""What a listener with instruments would measure of a song: tempo, key, sums, levels, onsets.

Shared by the tests beside it and by ``benchmarks/songs.py``. Songs are made with the nodes that a graph uses.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from prompts import Wanted

from nawgraph.audio.key import key, key_similarity
from nawgraph.audio.loudness import measure
from nawgraph.context import Context
from nawgraph.music.styles import STYLES
from nawgraph.nodes import analyse
from nawgraph.nodes.mix import Mixed, mixer
from nawgraph.nodes.plan import compose
from nawgraph.nodes.prompt import text
from nawgraph.nodes.synth import render
from nawgraph.values import Prompt, Score, Stems

Array = npt.NDArray[np.float64]

LOUDNESS = -14.0
CEILING = -1.0


class Take(NamedTuple):
    """A song from prompt to mix; `stems` are as the instruments made them, `mixed` as they left the mixer."""

    score: Score
    stems: Stems
    mixed: Mixed


def make(prompt: str, seed: int, bars: int = 8, humanise: float = 0.0, rate: int = 44_100) -> Take:
    """A song as the first graph makes it, played exactly on the grid unless it is humanised."""
    words: Prompt = text(text=prompt, ctx=Context())
    score: Score = compose(words, bars=bars, seed=seed, humanise=humanise)
    stems: Stems = render(score, rate=rate, seed=seed)
    return Take(score, stems, mixer(stems, score, loudness=LOUDNESS, ceiling=CEILING))


def tempo_error(take: Take, wanted: Wanted) -> float:
    """Share by which the estimated tempo is off, with the range of the style's tempi as a user would set it."""
    slow, _, fast = STYLES[wanted.style].bpm
    try:
        found = analyse.tempo(take.mixed.mix, low=min(slow, wanted.bpm), high=max(fast, wanted.bpm))
    except ValueError:  # no beat was found
        return 1.0
    return abs(found.bpm / wanted.bpm - 1)


def key_score(take: Take, wanted: Wanted) -> float:
    """1 for the key that was asked for, 0.7 for its relative, 0.5 a fifth apart, else 0; on the whole mix."""
    found = key(take.mixed.mix.samples, take.mixed.mix.rate)
    return key_similarity((found.tonic, found.mode), (wanted.tonic, wanted.mode)) if found else 0.0


def residual(take: Take) -> float:
    """Largest sample of the pre-master less all stems, in dBFS, both as 24-bit files hold them."""
    whole = np.rint(take.mixed.premaster.samples.astype(np.float64) * 2**23)
    parts = sum(np.rint(audio.samples.astype(np.float64) * 2**23) for _, audio in take.mixed.stems)
    return 20 * math.log10(max(float(np.abs(whole - parts).max()), 1e-3) / 2**23)


def levels(take: Take) -> tuple[float, float]:
    """Integrated loudness (LUFS) and true peak (dBTP) of the mix."""
    found = measure(take.mixed.mix.samples, take.mixed.mix.rate)
    return found.integrated, found.true_peak


def lengths(take: Take) -> set[tuple[int, int]]:
    """Channels and samples of everything that is exported: one pair where all are alike."""
    sounds = (take.mixed.mix, take.mixed.premaster, *take.mixed.stems.audios)
    return {(audio.channels, audio.frames) for audio in sounds}


def onset_errors(take: Take) -> Array:
    """Seconds from the nearest drum hit of the score to each attack that is heard in the drums stem."""
    rate = take.stems.rate
    starts = [part.spans(take.score.grid, rate)[:, 0] for part in take.score.of_stem("drums") if part.notes]
    heard = attacks(take.stems["drums"].samples.mean(axis=0), rate)
    if not starts or len(heard) == 0:
        return np.zeros(0)
    hits = np.unique(np.concatenate(starts)) / rate
    late = heard[:, None] - hits[None, :]
    return np.asarray(late[np.arange(len(heard)), np.abs(late).argmin(axis=1)])


def attacks(x: npt.NDArray[np.floating], rate: int, ratio: float = 2.0) -> Array:
    """Times at which a sound rises out of what was before: a millisecond `ratio` times as high as the 25 before it.

    Simpler and stricter than `nawgraph.audio.onsets`: it finds the first moment of an attack, not its steepest, and
    leaves out hits that others cover.
    """
    from scipy.ndimage import maximum_filter1d

    step = round(rate / 1000)
    count = len(x) // step
    level = np.abs(x[: count * step]).reshape(count, step).max(axis=1).astype(np.float64)
    floor, look = 1e-3 * level.max(initial=0.0), 25
    level = np.maximum(level, floor)
    padded = np.concatenate([np.full(look, floor), level])
    before = maximum_filter1d(padded, look, origin=(look - 1) // 2)[look - 1 : look - 1 + count]
    found: list[int] = []
    for index in np.flatnonzero(level > ratio * before):
        if not found or index - found[-1] >= 40:
            found.append(int(index))
    return np.array(found) * step / rate
