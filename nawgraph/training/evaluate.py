"""How good a planner is, on songs of the test split: each figure beside the composer's own and the level of chance."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from nawgraph.models.planner.conditions import conditions, voice
from nawgraph.models.planner.decode import decode
from nawgraph.models.planner.encode import encode
from nawgraph.models.planner.house import Planner, silent
from nawgraph.models.planner.sampler import Taste, blank
from nawgraph.models.planner.vocabulary import steps_a_bar
from nawgraph.music.blueprint import Blueprint
from nawgraph.music.edit import transpose
from nawgraph.music.prompt import read as understood
from nawgraph.training.classify import StyleJudge, described
from nawgraph.training.data import SPLITS, Song, compose_song, example
from nawgraph.training.measures import (
    Share,
    bass_on_root,
    kick_with_bass,
    melody_in_chord,
    pieces,
    recall,
    total,
)  # fmt: skip
from nawgraph.values import Chord, Prompt, Score

Figure = float | None


@dataclass(frozen=True)
class Row:
    """A figure of the table.

    Attributes:
        name: what is measured.
        planner: the planner's.
        composer: that of the songs it learnt from (of the test split), None where there is none.
        chance: what no skill at all gives, None where that means nothing.
        target: what is wanted, in words.
        met: whether the planner reaches it, None without a target.
    """

    name: str
    planner: Figure
    composer: Figure = None
    chance: Figure = None
    target: str = ""
    met: bool | None = None


@dataclass(frozen=True)
class Case:
    """A test song: its prompt, its plan, the composer's score and the planner's."""

    number: int
    text: str
    plan: Blueprint
    real: Score
    made: Score


@dataclass(frozen=True)
class Settings:
    """How to evaluate.

    Attributes:
        songs: of the test split.
        taste: how tokens are drawn; every song has its own seed.
        judge_songs: songs that the style classifier learns from.
        first: number of the first test song, counted within the split.
    """

    songs: int = 64
    taste: Taste = Taste()  # noqa: RUF009 - frozen
    judge_songs: int = 1600
    first: int = 0


def evaluate(
    planner: Planner, settings: Settings, train: Sequence[Song] | None, note: Callable[[str], None]
) -> Iterator[Row]:
    """All rows, one after another.

    Args:
        planner: what is judged.
        settings: how.
        train: the songs it was trained on, to look for copies in and for the style classifier to learn from; None
            composes songs of the training split for the classifier and leaves copies unmeasured.
        note: told what is being done.
    """
    note(f"composing and planning {settings.songs} songs")
    cases = [_case(planner, settings, i) for i in range(settings.songs)]
    yield from _harmony(cases)
    yield from _form(cases)
    note("learning to tell styles apart")
    judge = _judge(train, settings.judge_songs)
    yield from _asked(planner, cases, judge, settings)
    note("writing drums to given basses")
    yield from _drums_to_bass(planner, cases, settings)
    if train is not None:
        note("looking for copies")
        yield _copies(cases, train)
    yield _speed(planner, settings.taste)


def _steps(bars: int, _label: str) -> range:
    return range(bars)


def _case(planner: Planner, settings: Settings, index: int) -> Case:
    number = SPLITS["test"] + settings.first + index
    text, plan, real = compose_song(number)
    taste = replace(settings.taste, seed=number)
    return Case(
        number, text, plan, real, planner.generate(Prompt.of(text), plan.grid.bars, taste, _steps, humanise=0.0)
    )


def _harmony(cases: Sequence[Case]) -> Iterator[Row]:
    foreign = [_foreign_chords(c.real, cases[(i + 1) % len(cases)].real) for i, c in enumerate(cases)]
    for name, measure, goal in (
        ("bass on the chord's root on beat 1", bass_on_root, 0.95),
        ("melody on strong beats in the chord", melody_in_chord, 0.97),
    ):
        made = total(measure(c.made) for c in cases)
        chance = total(measure(c.real, chords) for c, chords in zip(cases, foreign, strict=True))
        yield Row(name, made, total(measure(c.real) for c in cases), chance, f"≥ {goal}", made >= goal)


def _foreign_chords(score: Score, other: Score) -> Sequence[Chord]:
    """Another song's harmony in this song's key, repeated to its length."""
    shift = (score.keys[0].tonic - other.keys[0].tonic + 6) % 12 - 6
    chords = transpose(other, shift).chords
    span = max(c.end for c in chords)
    times = -(-score.grid.ticks // span)
    return [replace(c, start=c.start + t * span) for t in range(times) for c in chords]


def _form(cases: Sequence[Case]) -> Iterator[Row]:
    for name, columns, share in (("chords", ("chord",), 0.95), ("melody", ("vocal", "lead"), 0.85)):
        made = total(recall(c.made, columns) for c in cases)
        real = total(recall(c.real, columns) for c in cases)
        chance = total(recall(c.real, columns, shift=1) for c in cases)
        goal = f"≥ {share} of the composer's"
        yield Row(f"repeated sections have the same {name}", made, real, chance, goal, made >= share * real)


# ---------------------------------------------------------------------------------------- what was asked


def _judge(train: Sequence[Song] | None, count: int) -> StyleJudge:
    songs = train if train is not None else (_song(SPLITS["train"] + i) for i in range(2 * count))
    chosen = []
    for song in songs:
        if song.steps_a_bar == 16 and _pure(song.text):
            chosen.append(song)
        if len(chosen) == count:
            break
    return StyleJudge.learnt([described(s.tokens, 16) for s in chosen], [s.style for s in chosen])


def _song(number: int) -> Song:
    return example(number, *compose_song(number))


def _pure(text: str) -> bool:
    """Whether a prompt names exactly one style."""
    return len(understood(text).styles) == 1


def _asked(planner: Planner, cases: Sequence[Case], judge: StyleJudge, settings: Settings) -> Iterator[Row]:
    styled = [c for c in cases if _pure(c.text) and steps_a_bar(c.plan.grid.meters[0]) == 16]

    def right(case: Case, score: Score) -> Share:
        return Share(int(judge.style(described(encode(score), 16)) == case.plan.style.name), 1)

    made = total(right(c, c.made) for c in styled)
    real = total(right(c, c.real) for c in styled)
    yield Row("style as asked, by a classifier of notes", made, real, 1 / len(judge.styles), "≥ 0.9", made >= 0.9)
    mixed = [
        _with_foreign_conditions(planner, c, styled[(i + 1) % len(styled)], settings.taste)
        for i, c in enumerate(styled)
    ]
    shuffled = total(right(c, score) for c, score in zip(styled, mixed, strict=True))
    same = total(Share(int(c.plan.style is styled[(i + 1) % len(styled)].plan.style), 1) for i, c in enumerate(styled))
    goal = "chance"
    yield Row("the same with the conditions of another song", shuffled, None, max(same, 1 / len(judge.styles)), goal,
              shuffled <= same + 0.1)  # fmt: skip
    wanted = [c for c in cases if understood(c.text).vocals and "vocals" not in understood(c.text).without]
    sung = total(Share(int(bool(c.made.of_stem("vocals"))), 1) for c in wanted)
    composed = total(Share(int(bool(c.real.of_stem("vocals"))), 1) for c in wanted)
    yield Row("somebody sings where asked", sung, composed, None, "≥ 0.95", sung >= 0.95)


def _with_foreign_conditions(planner: Planner, case: Case, other: Case, taste: Taste) -> Score:
    """The case's form, planned with everything that another song's prompt asks for."""
    singer = voice(case.plan, case.number)
    size = steps_a_bar(case.plan.grid.meters[0])
    rows = conditions(other.plan, other.number, planner.styles)
    rows = rows[np.arange(len(case.plan.sections)) % len(rows)]
    task = blank(
        case.plan.sections,
        size,
        rows,
        silent(other.plan, singer, other.number)[np.arange(len(rows)) % len(other.plan.sections)],
    )
    tokens = planner.sampler.write(task, replace(taste, seed=case.number), _steps)
    return decode(tokens, case.plan, singer, case.number, humanise=0.0)


# ---------------------------------------------------------------------------------------- what is given


def _drums_to_bass(planner: Planner, cases: Sequence[Case], settings: Settings) -> Iterator[Row]:
    given, free, real = [], [], []
    for case in cases:
        if not case.real.of_stem("bass") or not case.real.of_stem("drums"):
            continue
        bare = replace(case.real, parts=tuple(p for p in case.real.parts if p.stem != "drums"))
        prompt = Prompt.of(case.text)
        taste = replace(settings.taste, seed=case.number)
        drums = planner.infill(bare, ("drums",), 0, 0, prompt, taste, _steps, humanise=0.0)
        given.append(kick_with_bass(drums, case.real))
        free.append(kick_with_bass(case.made, case.real))
        real.append(kick_with_bass(case.real, case.real))
    to, without, composed = total(given), total(free), total(real)
    half = (without + composed) / 2
    yield Row("drums to this bass: kick with bass", to, composed, without, f"≥ {half:.3f}, half way", to >= half)


def _copies(cases: Sequence[Case], train: Sequence[Song]) -> Row:
    known: set[int] = set()
    for song in train:
        known |= {hash(p) for p in pieces(song.tokens, song.steps_a_bar)}
    made, composed = Share(), Share()
    for case in cases:
        for score, real in ((case.made, False), (case.real, True)):
            found = pieces(encode(score), steps_a_bar(score.grid.meters[0]))
            share = Share(sum(hash(p) in known for p in found), len(found))
            made, composed = (made, composed + share) if real else (made + share, composed)
    return Row(
        "4 bars copied from the training data, all streams", made.value, composed.value, None, "0", made.hits == 0
    )


def _speed(planner: Planner, taste: Taste) -> Row:
    seconds = []
    for seed in range(6):
        begin = time.process_time()
        planner.generate(Prompt.of("funk, 4/4, female vocals"), 32, replace(taste, seed=seed), _steps)
        seconds.append(time.process_time() - begin)
    middle = float(np.median(seconds[1:]))
    return Row("CPU seconds for 32 bars, warm", middle, None, None, "≤ 0.5", middle <= 0.5)


def load(path: Path) -> Planner:
    """The planner in a file."""
    from nawgraph.models.planner.weights import load as weights

    return Planner(weights(path))
