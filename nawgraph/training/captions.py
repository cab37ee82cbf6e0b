"""Prompts in free wording, as people would type them: what is said, how, in which order, is drawn from a stream."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nawgraph.music.styles import STYLES, Style
from nawgraph.music.theory import FLAT_NAMES, SHARP_NAMES
from nawgraph.music.words import INSTRUMENTS, MOODS, PACE

_SHAPES = (
    "{adjectives} {style} {rest}", "{style}, {rest}", "{rest}, {style}", "a {adjectives} {style} song {rest}",
    "{adjectives} {style} track, {rest}", "make me some {style}: {adjectives}, {rest}", "{style} {rest} {adjectives}",
    "I need {adjectives} {style} {rest}", "give me {style}, {adjectives}, {rest}", "{adjectives}, {rest}, {style}",
)  # fmt: skip
_TEMPO = ("{bpm} bpm", "at {bpm} bpm", "tempo {bpm}", "{bpm} beats per minute", "{bpm}bpm")
_KEY = ("in {key}", "{key}", "key of {key}", "in the key of {key}")
_MODE = ("in a {mode} key", "{mode}", "{mode} mode")
_WITH = ("with {player}", "{player}", "featuring {player}", "with a {player}", "and {player}")
_VOCALS = ("with vocals", "female vocals", "male vocals", "with a choir", "sung by a woman", "soft vocals", "a singer")
_NO_VOCALS = ("instrumental", "no vocals", "without vocals", "no singing")
_DENSE = ("busy", "dense", "lots of notes")
_SPARSE = ("sparse", "minimal", "very sparse")
_SWING = ("swung", "with a light swing", "swing 60%", "shuffled", "straight")
_WITHOUT = ("no drums", "without drums", "no bass", "without bass")
_METER = {(3, 4): ("in 3/4", "3/4", "a waltz", "3/4 time"), (6, 8): ("in 6/8", "6/8", "6/8 meter")}
_FORMS = (
    "intro, verse, chorus, verse, chorus, outro", "verse then chorus, verse, chorus, bridge, chorus",
    "intro, build, drop, break, build, drop, outro", "intro 4 bars, verse 8 bars, chorus 8 bars, outro 4 bars",
    "theme, bridge, theme", "intro then theme, break, theme, outro",
)  # fmt: skip
_LENGTHS = {8: 3, 12: 1, 16: 5, 20: 1, 24: 3, 32: 5, 40: 1, 48: 2, 64: 1}
"""Bars of a song → weight."""


@dataclass(frozen=True)
class Caption:
    """A prompt, and the length it is to be composed at (0: what the words say)."""

    text: str
    bars: int


def caption(rng: np.random.Generator) -> Caption:
    """A prompt of any kind: mostly one style, sometimes two or none; everything else present or not by chance."""
    style = STYLES[_one(rng, tuple(STYLES))]
    phrases = _phrases(style, rng)
    order = rng.permutation(len(phrases))
    rest = _one(rng, (", ", " ", ", ", " and ")).join(phrases[i] for i in order)
    named = rng.random()
    name = "music" if named < 0.04 else f"{_name(style, rng)} meets {_name(_other(rng), rng)}" if named < 0.1 else ""
    text = _one(rng, _SHAPES).format(adjectives=_adjectives(style, rng), style=name or _name(style, rng), rest=rest)
    text = " ".join(text.replace(" ,", ",").split()).strip(" ,:")
    if rng.random() < 0.3:
        text = text.lower() if rng.random() < 0.7 else text.capitalize()
    lengths = tuple(_LENGTHS)
    weights = np.array([_LENGTHS[n] for n in lengths], float)
    return Caption(text, int(rng.choice(lengths, p=weights / weights.sum())))


def _phrases(style: Style, rng: np.random.Generator) -> list[str]:
    """What is said besides style and mood, each with the probability that somebody would say it."""
    found = []

    def sometimes(probability: float, phrase: str) -> None:
        if rng.random() < probability:
            found.append(phrase)

    slow, typical, fast = style.bpm
    bpm = round(float(np.clip(rng.normal(typical, (fast - slow) / 4), slow * 0.9, fast * 1.1)))
    sometimes(0.45, _one(rng, _TEMPO).format(bpm=bpm))
    key = rng.random()
    mode = _one(rng, tuple(style.modes))
    tonic = _one(rng, (SHARP_NAMES, FLAT_NAMES))[int(rng.random() * 12)]
    sometimes(0.4 if key < 0.8 else 0.0, _one(rng, _KEY).format(key=f"{tonic} {mode}"))
    sometimes(0.3 if key >= 0.8 else 0.0, _one(rng, _MODE).format(mode=mode))
    for _ in range(2):
        sometimes(0.3, _one(rng, _WITH).format(player=_player(style, rng)))
    sometimes(0.3, _one(rng, _VOCALS))
    if not found or "vocal" not in found[-1]:
        sometimes(0.15, _one(rng, _NO_VOCALS))
    sometimes(0.15, _one(rng, _DENSE))
    sometimes(0.1, _one(rng, _SPARSE))
    sometimes(0.08, _one(rng, _SWING))
    sometimes(0.05, _one(rng, _WITHOUT))
    sometimes(0.05, _one(rng, tuple(PACE)))
    sometimes(0.1, _one(rng, _METER[(3, 4) if rng.random() < 0.5 else (6, 8)]))
    sometimes(0.12, _one(rng, _FORMS))
    return found


def _player(style: Style, rng: np.random.Generator) -> str:
    """A word for an instrument: mostly one that the style knows."""
    own = {i for layer in style.layers for i in layer.instruments} | set(style.bass)
    words = [word for word, name in INSTRUMENTS.items() if name in own]
    return _one(rng, words if words and rng.random() < 0.75 else tuple(INSTRUMENTS))


def _adjectives(style: Style, rng: np.random.Generator) -> str:
    count = int(rng.choice(3, p=(0.35, 0.45, 0.2)))
    pool = style.moods if rng.random() < 0.5 else tuple(MOODS)
    return ", ".join(dict.fromkeys(_one(rng, pool) for _ in range(count)))


def _name(style: Style, rng: np.random.Generator) -> str:
    return style.name if rng.random() < 0.5 else _one(rng, (style.name, *style.words))


def _other(rng: np.random.Generator) -> Style:
    return STYLES[_one(rng, tuple(STYLES))]


def _one(rng: np.random.Generator, items: Sequence[str] | tuple[tuple[str, ...], ...]) -> str:
    return items[int(rng.random() * len(items))]  # type: ignore[return-value]
