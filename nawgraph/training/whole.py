"""How good the whole way is, from a prompt to four stems by networks, beside the instruments and chance.

What is heard is judged by listeners that no network was trained with: a linear classifier of styles that has heard only
composed songs played by the instruments, and the detectors of tempo, key and onsets.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from nawgraph.audio.key import key, key_similarity
from nawgraph.audio.onsets import onsets
from nawgraph.audio.tempo import tempo
from nawgraph.models.planner.house import Planner
from nawgraph.models.planner.sampler import Taste
from nawgraph.models.render.house import HouseRenderer, HouseVocoder
from nawgraph.music.compose import compose
from nawgraph.music.styles import STYLES
from nawgraph.synth.render import render
from nawgraph.training.listener import Listener, features
from nawgraph.values import Audio, Prompt, Score, Stems

RATE = 44_100
HEARD = ("techno", "house", "drum and bass", "dubstep", "trap", "lo-fi", "hip hop", "jazz", "funk", "rock", "ambient",
         "orchestral")  # fmt: skip
"""Styles that are asked for."""

_KEYS = ("C minor", "D minor", "E minor", "G minor", "A minor", "C major", "D major", "F major", "G major", "A major")


@dataclass(frozen=True)
class Row:
    """A figure of the networks, of the instruments that play composed songs to the same prompts, and of chance."""

    name: str
    networks: float
    instruments: float | None = None
    chance: float | None = None
    target: str = ""
    met: bool | None = None


@dataclass(frozen=True)
class House:
    """The networks of the way."""

    planner: Planner
    renderer: HouseRenderer
    vocoder: HouseVocoder

    def song(self, text: str, bars: int, seed: int, steps: int = 3) -> tuple[Score, Stems]:
        """A song to a prompt, on the grid."""
        score = self.write(text, seed, bars)
        return score, self.paint(score, seed, steps)

    def write(self, text: str, seed: int, bars: int = 8) -> Score:
        """The planner's answer to a prompt."""
        return self.planner.generate(Prompt.of(text), bars, Taste(seed=seed), _steps, humanise=0.0)

    def paint(self, score: Score, seed: int, steps: int = 3) -> Stems:
        """How a score sounds."""
        latents = self.renderer.render(score, seed=seed, count=steps, steps=_steps)
        return self.vocoder.decode(latents, length=self.vocoder.length_of(score))


@dataclass(frozen=True)
class Take:
    """What was asked for, and what came of it: by networks, and by composer and instruments."""

    text: str
    style: str
    wanted: tuple[int, str]
    made: tuple[Score, Stems]
    played: tuple[Score, Stems]


def _steps(count: int, _label: str) -> range:
    return range(count)


def takes(house: House, a_style: int, say: Callable[[str], None] = print) -> list[Take]:
    """So many prompts a style, eight bars each; style, tempo and key are asked for."""
    found = []
    rng = np.random.default_rng(0)
    for number in range(a_style * len(HEARD)):
        style = HEARD[number % len(HEARD)]
        slow, _, fast = STYLES[style].bpm
        tone = _KEYS[int(rng.integers(len(_KEYS)))]
        text = f"{style}, {round(slow + (fast - slow) * rng.random())} bpm, {tone}"
        score = compose(text, 8, number, humanise=0.0)
        played = score, render(score, RATE, seed=number)
        wanted = score.keys[0]
        found.append(Take(text, style, (wanted.tonic, wanted.mode), house.song(text, 8, number), played))
        if number % 12 == 11:
            say(f"{number + 1} of {a_style * len(HEARD)} songs")
    return found


def evaluate(house: House, found: list[Take], known: int = 8, say: Callable[[str], None] = print) -> Iterator[Row]:
    """The table, row by row.

    Args:
        house: the networks.
        found: what they made of prompts.
        known: composed songs a style that the listener learns from.
        say: told what is being done.
    """
    say("learning to tell styles apart by ear")
    names = [style for style in HEARD for _ in range(known)]
    listener = Listener(np.array([_heard(*_known(style, i)) for i, style in enumerate(names)]), names)
    others = [found[i - 1] for i in range(len(found))]
    styles = [[listener.name(_heard(*of(t))) for t in found] for of in (_made, _played)]
    right = [[name == t.style for name, t in zip(side, found, strict=True)] for side in styles]
    strange = [name == t.style for name, t in zip(styles[0], others, strict=True)]
    yield _row("style as asked, heard in the mix", right, strange, 0.90)
    exact = [[_tempo_error(t, of(t)) <= 0.005 for t in found] for of in (_made, _played)]
    strange = [_tempo_error(o, (o.made[0], t.made[1])) <= 0.005 for o, t in zip(others, found, strict=True)]
    yield _row("tempo within 0.5 %", exact, strange, 0.95)
    keys = [[_key_score(t.wanted, of(t)[1]) for t in found] for of in (_made, _played)]
    turned = [_key_score(o.wanted, t.made[1]) for o, t in zip(others, found, strict=True)]
    yield _row("key: 1 the same, 0.7 its relative, 0.5 a fifth off", keys, turned, 0.9)
    off = [_off(of(t) for t in found) for of in (_made, _played)]
    chance = _off((o.made[0], t.made[1]) for o, t in zip(others, found, strict=True))
    yield Row("drum onsets off the score, median, ms", off[0], off[1], chance, "< 10", off[0] < 10)
    say("measuring speed")
    yield from _speed(house)


def _made(take: Take) -> tuple[Score, Stems]:
    return take.made


def _played(take: Take) -> tuple[Score, Stems]:
    return take.played


def _row(name: str, sides: Sequence[Sequence[float]], others: Sequence[float], target: float) -> Row:
    """The means of networks and instruments; chance is the networks' songs judged by what other prompts asked for."""
    networks, instruments, chance = (float(np.mean(side)) for side in (*sides, others))
    return Row(name, networks, instruments, chance, f"≥ {target}", networks >= target)


def _off(sides: Iterable[tuple[Score, Stems]]) -> float:
    """Median of the drums' distances from the score, ms."""
    return float(np.median(np.concatenate([_onset_errors(*side) for side in sides]))) * 1000


def _known(style: str, index: int) -> tuple[Score, Stems]:
    score = compose(style, 8, 1000 + index)
    return score, render(score, RATE, seed=1000 + index)


def mix(stems: Stems) -> Audio:
    """All stems together."""
    return Audio(np.sum([audio.samples for _, audio in stems], axis=0, dtype=np.float32), stems.rate)


def _heard(score: Score, stems: Stems) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    meter = score.grid.meters[0]
    return features(mix(stems), score.bpm, 4 * meter.beats // meter.unit)


def _tempo_error(take: Take, side: tuple[Score, Stems]) -> float:
    """Share by which the estimated tempo is off, with the range of the style's tempi as a user would set it."""
    slow, _, fast = STYLES[take.style].bpm
    score, stems = side
    found = tempo(mix(stems).samples, RATE, min(slow, score.bpm), max(fast, score.bpm))
    return abs(found.bpm / score.bpm - 1) if found is not None else 1.0


def _key_score(wanted: tuple[int, str], stems: Stems) -> float:
    found = key(mix(stems).samples, RATE)
    return key_similarity((found.tonic, found.mode), wanted) if found is not None else 0.0


def _onset_errors(score: Score, stems: Stems) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Seconds from each stroke that is heard to the nearest one of the score; strokes further off are others."""
    starts = [part.spans(score.grid, RATE)[:, 0] / RATE for part in score.of_stem("drums") if part.notes]
    heard = onsets(stems["drums"].samples, RATE)
    if not starts or not len(heard):
        return np.zeros(0)
    gaps = np.abs(heard[:, None] - np.unique(np.concatenate(starts))[None]).min(axis=1)
    return np.asarray(gaps[gaps < 0.05])


def _speed(house: House) -> Iterator[Row]:
    """Wall time of the whole way, warm, medians: as many threads as PyTorch was given."""
    text = "funk, 120 bpm, female vocals"  # a bar lasts 2 s
    house.song(text, 1, 0)
    for name, bars, count, target in (
        ("seconds for 16 s of music, prompt to stems", 8, 3, 4.0),
        ("seconds for 32 bars (64 s)", 32, 1, 15.0),
        ("seconds for one bar, median of 15", 1, 15, 0.4),
    ):
        spent = []
        for seed in range(count):
            begin = time.perf_counter()
            house.song(text, bars, seed)
            spent.append(time.perf_counter() - begin)
        middle = statistics.median(spent)
        yield Row(name, middle, None, None, f"≤ {target:g}", middle <= target)
