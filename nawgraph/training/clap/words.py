"""What people would say of a clip that they hear, in free wording: which facts, how, in which order, is drawn.

There are two ways of saying everything: `TRAINED` is what training says, `HELD_OUT` has other sentences, other words
for tempo, key, voices and density, so that evaluation shows what free wording costs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nawgraph.music.styles import STYLES
from nawgraph.music.theory import FLAT_NAMES, MODES, SHARP_NAMES
from nawgraph.music.words import INSTRUMENTS
from nawgraph.training.clap.clips import Facts


@dataclass(frozen=True)
class Manner:
    """A way of talking about music; `{x}` is filled in.

    Attributes:
        shapes: sentences of moods, style and the rest.
        plain: sentences that do not name a style.
        tempo: with a number.
        slow, fast: without one.
        key, mode: of the harmony.
        player: with an instrument.
        woman, man, choir, nobody: who sings.
        busy, sparse: how much happens.
        without: with a stem that is not there.
        joins: what stands between two phrases.
    """

    shapes: Sequence[str]
    plain: Sequence[str]
    tempo: Sequence[str]
    slow: Sequence[str]
    fast: Sequence[str]
    key: Sequence[str]
    mode: Sequence[str]
    player: Sequence[str]
    woman: Sequence[str]
    man: Sequence[str]
    choir: Sequence[str]
    nobody: Sequence[str]
    busy: Sequence[str]
    sparse: Sequence[str]
    without: Sequence[str]
    joins: Sequence[str]


TRAINED = Manner(
    shapes=(
        "{moods} {style} {rest}",
        "{style}, {rest}",
        "{rest}, {style}",
        "a {moods} {style} song {rest}",
        "{moods} {style} track, {rest}",
        "make me some {style}: {moods}, {rest}",
        "{style} {rest} {moods}",
        "I need {moods} {style} {rest}",
        "{moods}, {rest}, {style}",
        "a piece of {style} {rest}",
        "{style}. {rest}.",
        "this is {moods} {style} {rest}",
        "{rest} in the style of {style}",
        "{moods} {style} music {rest}",
        "an instrumental loop of {style}, {rest}",
        "something like {style}, {rest}, {moods}",
        "{style} - {rest}",
    ),
    plain=("{moods} music {rest}", "{rest}", "{moods}, {rest}", "a {moods} song {rest}", "something {moods} {rest}"),
    tempo=(
        "{bpm} bpm",
        "at {bpm} bpm",
        "tempo {bpm}",
        "{bpm} beats per minute",
        "{bpm}bpm",
        "around {bpm} bpm",
        "bpm {bpm}",
        "tempo: {bpm}",
    ),
    slow=("slow", "very slow", "slowly", "a slow tempo", "downtempo"),
    fast=("fast", "very fast", "uptempo", "up-tempo", "a fast tempo", "quick"),
    key=("in {key}", "{key}", "key of {key}", "in the key of {key}", "key: {key}"),
    mode=("in a {mode} key", "{mode}", "{mode} mode", "{mode} key"),
    player=("with {player}", "{player}", "featuring {player}", "with a {player}", "and {player}", "{player} playing"),
    woman=("female vocals", "sung by a woman", "a female singer", "with vocals", "soprano", "a woman singing"),
    man=("male vocals", "sung by a man", "a male singer", "with vocals", "tenor", "a man singing"),
    choir=("with a choir", "choir", "choral voices", "a choir singing", "choral"),
    nobody=("instrumental", "no vocals", "without vocals", "no singing", "no singer"),
    busy=("busy", "dense", "lots of notes", "intricate"),
    sparse=("sparse", "minimal", "very sparse", "few notes"),
    without=("no {stem}", "without {stem}", "without any {stem}"),
    joins=(", ", " ", ", ", " and ", ", with ", "; "),
)

HELD_OUT = Manner(
    shapes=(
        "could you play {moods} {style} {rest}", "looking for {style} that is {moods}, {rest}",
        "my favourite kind of {style}: {rest}, {moods}", "{rest}; genre {style}",
        "an excerpt of {moods} {style}, {rest}",
    ),
    plain=("looking for {moods} sounds, {rest}", "please: {rest}"),
    tempo=("{bpm} beats a minute", "running at {bpm}", "with a tempo of {bpm} bpm", "paced at about {bpm} bpm"),
    slow=("taking its time slowly", "at a slow pace"),
    fast=("at a fast pace", "rather quick"),
    key=("written in {key}", "the key is {key}", "tuned around {key}"),
    mode=("it is in {mode}", "{mode} harmony"),
    player=("there is a {player} in it", "I hear {player}", "plus some {player}", "{player} in the background"),
    woman=("a lady sings", "woman on vocals"),
    man=("a guy sings", "man on vocals"),
    choir=("many voices of a choir",),
    nobody=("nobody sings", "purely instrumental"),
    busy=("very busy playing", "a dense arrangement"),
    sparse=("a sparse arrangement",),
    without=("there is no {stem}", "{stem} are missing"),
    joins=(", ", " and also ", ". ", " "),
)  # fmt: skip

_VOICES = {"voice.soprano": "woman", "voice.tenor": "man", "voice.choir": "choir"}
_PLAYERS: dict[str, list[str]] = {}
for _word, _name in INSTRUMENTS.items():
    _PLAYERS.setdefault(_name, []).append(_word)

_MINOR = {mode: ("minor", mode) if 3 in steps else ("major", mode) for mode, steps in MODES.items()}


@dataclass(frozen=True)
class Odds:
    """Probabilities that something is said: the style, tempo, key, each of up to `most` instruments, and the rest."""

    style: float = 0.92
    tempo: float = 0.6
    key: float = 0.55
    player: float = 0.45
    most: int = 4
    other: float = 0.5


TELLING = Odds(1.0, 1.0, 1.0, 0.7, 3, 0.7)
"""Of evaluation: style, tempo and key are named, and some of the rest."""


def described(facts: Facts, rng: np.random.Generator, manner: Manner = TRAINED, odds: Odds = Odds()) -> str:
    """A description of a clip."""
    said: list[str] = []

    def sometimes(probability: float, phrases: Sequence[str], **words: str) -> None:
        if rng.random() < probability:
            said.append(_one(rng, phrases).format(**words))

    bpm = facts.bpm if rng.random() < 0.2 else round(facts.bpm)
    sometimes(odds.tempo, manner.tempo, bpm=f"{bpm:.4g}")
    if facts.bpm < 85 or facts.bpm > 145:
        sometimes(0.25 * odds.other, manner.slow if facts.bpm < 85 else manner.fast)
    if rng.random() < odds.key:
        names = SHARP_NAMES if rng.random() < 0.5 else FLAT_NAMES
        said.append(_one(rng, manner.key).format(key=_key(names[facts.tonic], facts.mode, rng)))
    else:
        sometimes(0.3, manner.mode, mode=_one(rng, _MINOR[facts.mode]))
    _players(facts, rng, manner, odds, said)
    if (facts.beats, facts.unit) in ((3, 4), (6, 8)):
        waltz = ("in 3/4", "3/4", "a waltz", "3/4 time") if facts.beats == 3 else ("in 6/8", "6/8", "6/8 time")
        sometimes(0.6 * odds.other, waltz)
    for stem in ("drums", "bass"):
        if stem not in facts.stems:
            sometimes(0.7 * odds.other, manner.without, stem=stem)
    if facts.density > 32 or facts.density < 10:
        sometimes(0.5 * odds.other, manner.busy if facts.density > 32 else manner.sparse)
    moods = ", ".join(m for m in facts.moods if rng.random() < odds.other)
    rest = _one(rng, manner.joins).join(said[i] for i in rng.permutation(len(said)))
    style = STYLES[facts.style]
    name = style.name if rng.random() < 0.5 else _one(rng, (style.name, *style.words))
    shapes = manner.shapes if rng.random() < odds.style else manner.plain
    text = _one(rng, shapes).format(moods=moods, style=name, rest=rest)
    text = " ".join(text.replace(" ,", ",").split()).strip(" ,:;-")
    return text.lower() if rng.random() < 0.4 else text


def _players(facts: Facts, rng: np.random.Generator, manner: Manner, odds: Odds, said: list[str]) -> None:
    singers = [_VOICES[i] for i in facts.instruments if i in _VOICES]
    if singers and rng.random() < 1.2 * odds.other:
        said.append(_one(rng, getattr(manner, singers[0])))
    elif "vocals" not in facts.stems and rng.random() < 0.5 * odds.other:
        said.append(_one(rng, manner.nobody))
    others = [i for i in facts.instruments if i in _PLAYERS]
    chosen = [others[i] for i in rng.permutation(len(others))][: odds.most]
    said += [
        _one(rng, manner.player).format(player=_one(rng, _PLAYERS[name]))
        for name in chosen
        if rng.random() < odds.player
    ]


def _key(tonic: str, mode: str, rng: np.random.Generator) -> str:
    short = {"major": ("maj",), "minor": ("min", "m")}.get(mode, ())
    word = _one(rng, (mode, mode, mode, *short))
    sign = tonic.replace("#", "-sharp").replace("b", "-flat") if rng.random() < 0.15 and tonic != "b" else tonic
    return f"{sign}m" if word == "m" and sign == tonic else f"{sign} {word}"


# ------------------------------------------------------------------------------------------------ how people type

_ALPHABET = "abcdefghijklmnopqrstuvwxyz"
_ASIDE = (
    "please", "for my video", "thanks", "kind of", "you know", "for a friend", "high quality", "best", "4k", "amazing",
    "for studying", "with a twist", "number one hit", "unreleased", "royalty free", "loopable",
)  # fmt: skip


def typed(text: str, rng: np.random.Generator) -> str:
    """A text as it is typed: now and then with a slip, an aside, or a word that nobody knows."""
    words = text.split(" ")
    if rng.random() < 0.2:
        long = [i for i, word in enumerate(words) if len(word) > 3 and word.isalpha()]
        for i in long and [long[int(rng.integers(len(long)))] for _ in range(1 + int(rng.random() < 0.3))]:
            words[i] = _slipped(words[i], rng)
    if rng.random() < 0.15:
        strange = "".join(_one(rng, _ALPHABET) for _ in range(int(rng.integers(3, 10))))
        words.insert(int(rng.integers(len(words) + 1)), _one(rng, _ASIDE) if rng.random() < 0.6 else strange)
    return " ".join(words)


def _slipped(word: str, rng: np.random.Generator) -> str:
    at = int(rng.integers(1, len(word) - 1)) if len(word) > 2 else 0
    kind = int(rng.integers(4))
    if kind == 0:
        return word[:at] + word[at + 1 :]
    if kind == 1:
        return word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :]
    letter = word[at] if kind == 2 else _one(rng, _ALPHABET)
    return word[: at + (kind == 2)] + letter + word[at + 1 :]


def _one(rng: np.random.Generator, items: Sequence[str]) -> str:
    return items[int(rng.random() * len(items))]
