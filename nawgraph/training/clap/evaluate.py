"""How good the house CLAP is, on clips of the test split, beside chance and what the words alone allow.

Nothing of this is what it was trained on: test clips have numbers of their own, and descriptions are in sentences and
words that training never used. `Reader` is the reference: it is told the truth about every clip and understands every
word, so that it is wrong only where the words fit several clips.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nawgraph.models.clap.house import HouseClap
from nawgraph.music.prompt import read as understood
from nawgraph.music.styles import STYLES
from nawgraph.music.theory import SHARP_NAMES, is_minor
from nawgraph.training.clap.clips import Clip, Facts
from nawgraph.training.clap.measures import prompted, retrieval, sounds, telling

F32 = npt.NDArray[np.float32]

TEMPO = 0.05
"""Share of the tempo by which an answer may be off."""


@dataclass(frozen=True)
class Row:
    """A figure, the same by a reader who is told the truth, chance, and the target."""

    name: str
    clap: float
    reader: float | None = None
    chance: float | None = None
    target: str = ""
    met: bool | None = None


def evaluate(clap: HouseClap, clips: Sequence[Clip], say: Callable[[str], None] = print) -> Iterator[Row]:
    """The table, row by row.

    Args:
        clap: what is measured.
        clips: of the test split, at least 96 for the second row.
        say: told what is being done.
    """
    say(f"listening to {len(clips)} clips")
    heard = sounds(clap, clips)
    for among, target in ((32, 0.9), (96, None)):
        if len(clips) >= among:
            yield _retrieval(clap, clips, among, telling, "descriptions in new wording", heard, target)
    own = [i for i, clip in enumerate(clips) if not clip.facts.varied]
    if len(own) >= 32:
        kept = [clips[i] for i in own]
        yield _retrieval(clap, kept, 32, prompted, "the clips' own prompts, few facts each", heard[own], None)
        mixed = heard[own][np.roll(np.arange(len(own)), 1)]
        found = retrieval(clap, kept, 32, prompted, mixed).found
        yield Row("the same with the sounds of other clips", found, None, 1 / 32, "chance", found <= 3 / 32)
    say("asking for styles, tempi and keys")
    yield from probes(clap, clips, heard)


def _retrieval(
    clap: HouseClap, clips: Sequence[Clip], among: int, words: Callable[[Facts], str], what: str, heard: F32,
    target: float | None,
) -> Row:  # fmt: skip
    found = retrieval(clap, clips, among, words, heard)
    name = f"R@1 of {among}, {what}"
    best = reader(clips, among, words)
    goal = f"≥ {target}" if target else ""
    return Row(name, found.found, best, found.chance, goal, found.found >= target if target else None)


def probes(clap: HouseClap, clips: Sequence[Clip], heard: F32) -> Iterator[Row]:
    """Whether the words that say one thing find it, by comparison with the words for all others."""
    facts = [clip.facts for clip in clips]
    styles = list(STYLES)
    answer = _answers(clap, heard, styles)
    yield Row("style named by a word", _share(styles[a] == f.style for a, f in zip(answer, facts, strict=True)),
              chance=1 / len(styles))  # fmt: skip
    tempi = np.geomspace(60, 190, 60)
    answer = _answers(clap, heard, [f"{bpm:.4g} bpm" for bpm in tempi])
    yield Row(f"tempo within {TEMPO:.0%}", _share(_near(tempi[a], f.bpm) for a, f in zip(answer, facts, strict=True)),
              chance=_share(_near(t, f.bpm) for t in tempi for f in facts))  # fmt: skip
    steady = [i for i, f in enumerate(facts) if {"bass", "other"} <= set(f.stems)]
    for name, minor in (("key, tonic and minor or major", False), ("key, or its relative", True)):
        keys = [(tonic, mode) for tonic in range(12) for mode in ("major", "minor")]
        answer = _answers(clap, heard[steady], [f"in {SHARP_NAMES[t]} {m}" for t, m in keys])
        right = [_same(keys[a], facts[i], minor) for a, i in zip(answer, steady, strict=True)]
        yield Row(name, _share(right), chance=(2 if minor else 1) / 24)
    sung = [i for i, f in enumerate(facts)]
    answer = _answers(clap, heard[sung], ["instrumental, no vocals", "with vocals, a singer"])
    right = [bool(a) == ("vocals" in facts[i].stems) for a, i in zip(answer, sung, strict=True)]
    share = _share("vocals" in f.stems for f in facts)
    yield Row("whether somebody sings", _share(right), chance=max(share, 1 - share))


def _answers(clap: HouseClap, heard: F32, words: Sequence[str]) -> list[int]:
    return [int(i) for i in (heard @ clap.texts(words).T).argmax(axis=1)]


def _near(a: float, b: float) -> bool:
    return abs(a / b - 1) <= TEMPO


def _same(key: tuple[int, str], facts: Facts, relative: bool) -> bool:
    """Whether a major or minor key is the clip's; modes count as the one that has their third."""
    minor = is_minor(facts.mode)
    if (key[1] == "minor") == minor:
        return key[0] == facts.tonic
    return relative and key[0] == (facts.tonic + (3 if minor else -3)) % 12


def _share(hits: object) -> float:
    return float(np.mean([bool(hit) for hit in hits]))  # type: ignore[attr-defined]


# ------------------------------------------------------------------------------------------ the words alone


def reader(clips: Sequence[Clip], among: int, words: Callable[[Facts], str]) -> float:
    """R@1 of one who reads with the prompt reader and is told the facts; of clips that fit as well, one is drawn."""
    credit: list[float] = []
    for first in range(0, len(clips) - among + 1, among):
        group = [clip.facts for clip in clips[first : first + among]]
        for index, facts in enumerate(group):
            fits = np.array([fit(words(facts), other) for other in group])
            best = fits >= fits.max() - 1e-9
            credit.append(float(best[index]) / best.sum())
    return float(np.mean(credit))


def fit(text: str, facts: Facts) -> float:
    """How well a text fits a clip: one point for everything that it says and that is true."""
    brief = understood(text)
    points = sum(weight for style, weight in brief.styles if style == facts.style)
    points += brief.bpm is not None and abs(brief.bpm / facts.bpm - 1) < 0.011
    if brief.key is not None:
        points += brief.key.tonic == facts.tonic
        points += brief.key.mode == facts.mode
    elif brief.mode is not None:
        points += brief.mode == facts.mode
    points += sum(name in facts.instruments for name in brief.instruments)
    points += brief.vocals is not None and brief.vocals == ("vocals" in facts.stems)
    points += bool(brief.voice) and brief.voice in facts.instruments
    points += brief.meter == (facts.beats, facts.unit)
    points += sum(stem not in facts.stems for stem in brief.without)
    return float(points)
