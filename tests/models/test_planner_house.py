"""The planner as nodes use it: seeds, what is fixed, what is asked, progress, long songs. Weights are random."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from tiny import SHAPE, every, planner

from nawgraph.context import Cancelled
from nawgraph.models.planner.conditions import NAMES
from nawgraph.models.planner.context import continued, guessed_key
from nawgraph.models.planner.encode import encode
from nawgraph.models.planner.sampler import Task, Taste
from nawgraph.models.planner.vocabulary import COUNT, INDEX
from nawgraph.music.compose import compose
from nawgraph.music.edit import transpose
from nawgraph.values import Grid, Key, Keyframe, Note, Part, Prompt, Score

FUNK = Prompt.of("funk, E minor, 108 bpm, female vocals")
SONG = compose("funk, E minor, 108 bpm, female vocals", 8, 3)


def notes(score: Score, stem: str, first: int = 0, end: int = 1000) -> list[Note]:
    ticks = score.grid.meters[0].bar_ticks
    return [n for p in score.of_stem(stem) for n in p.notes if first * ticks <= n.start < end * ticks]


def test_the_same_seed_gives_the_same_bits() -> None:
    made = planner()
    scores = [made.generate(FUNK, 4, Taste(seed=seed), every) for seed in (1, 1, 2)]
    assert scores[0].digest() == scores[1].digest() != scores[2].digest()
    assert planner().generate(FUNK, 4, Taste(seed=1), every).digest() == scores[0].digest()


@pytest.mark.parametrize("guidance", [1.0, 2.0])
def test_the_prompt_gives_the_frame(guidance: float) -> None:
    score = planner().generate(FUNK, 6, Taste(guidance=guidance), every, title="T")
    assert (score.bars, score.bpm, score.style, score.title, score.seed) == (6, 108, "funk", "T", 0)
    assert [(k.tonic, k.mode) for k in score.keys] == [(4, "minor")]
    assert score.sections == compose(FUNK, 6, 0).sections
    assert {"drums", "bass", "other", "vocals"} <= {part.stem for part in score.parts}


@pytest.mark.parametrize(
    ("words", "silent"), [("rock, no drums", "drums"), ("rock, without bass", "bass"), ("rock, instrumental", "vocals")]
)
def test_what_is_not_wanted_is_silent(words: str, silent: str) -> None:
    assert not planner().generate(Prompt.of(words), 4, Taste(), every).of_stem(silent)


@pytest.mark.parametrize("meter", ["3/4", "6/8"])
def test_twelve_steps_a_bar(meter: str) -> None:
    score = planner().generate(Prompt.of(f"rock in {meter}"), 4, Taste(), every)
    assert str(score.grid.meters[0]) == meter and score.ticks <= 4 * 2880


def test_other_meters_are_refused() -> None:
    with pytest.raises(ValueError, match="the planner writes 4/4, 3/4, 6/8, not 7/8"):
        planner().generate(Prompt.of("rock in 7/8"), 4, Taste(), every)


def test_keyframes_change_style_and_key() -> None:
    prompt = Prompt((Keyframe(0, "ambient, A minor, 100 bpm"), Keyframe(4, "techno, C minor")))
    score = planner().generate(prompt, 8, Taste(), every)
    assert [(k.bar, k.tonic) for k in score.keys] == [(0, 9), (4, 0)]
    assert any("kit.techno" in part.instrument for part in score.of_stem("drums")) or len(score.of_stem("drums")) > 1


def test_progress_is_told_bar_by_bar_and_a_cancel_ends_it() -> None:
    seen = []

    def steps(bars: int, label: str) -> Iterator[int]:
        for bar in range(bars):
            seen.append((bar, label))
            if bar == 2:
                raise Cancelled
            yield bar

    with pytest.raises(Cancelled):
        planner().generate(FUNK, 8, Taste(), steps)
    assert seen == [(0, "plan"), (1, "plan"), (2, "plan")]


def test_a_long_song_needs_bounded_memory_in_the_kernel() -> None:
    score = planner().generate(Prompt.of("techno"), 200, Taste(guidance=1.0), every)
    assert score.bars == 200 and notes(score, "drums", 190)


# ------------------------------------------------------------------------------------- infill


@pytest.mark.parametrize("stem", ["drums", "bass", "other", "vocals"])
def test_infill_touches_nothing_else(stem: str) -> None:
    changed = planner().infill(SONG, (stem,), 2, 3, None, Taste(seed=1), every)
    for part in SONG.parts:
        if part.stem != stem:
            assert part in changed.parts
    assert notes(changed, stem, 2, 5) != notes(SONG, stem, 2, 5)
    for part in changed.of_stem(stem):
        old = next((p for p in SONG.of_stem(stem) if p.name == part.name), replace(part, notes=()))
        ticks = SONG.grid.meters[0].bar_ticks
        outside = [n for n in part.notes if not 2 * ticks <= n.start < 5 * ticks]
        assert outside == [n for n in old.notes if not 2 * ticks <= n.start < 5 * ticks]
    assert (changed.grid, changed.keys, changed.sections, changed.chords) == (
        SONG.grid,
        SONG.keys,
        SONG.sections,
        SONG.chords,
    )


def test_infill_of_everything_keeps_the_bars_around() -> None:
    stems = ("drums", "bass", "other", "vocals", "chords")
    changed = planner().infill(SONG, stems, 3, 2, None, Taste(seed=1), every)
    old, new = encode(SONG), encode(changed)
    outside = np.r_[0 : 3 * 16, 5 * 16 : 8 * 16]
    for name in ("chord", "kit", "bass"):
        assert (old[outside, INDEX[name]] == new[outside, INDEX[name]]).all()
    assert (old[48:80] != new[48:80]).any()


def test_what_is_fixed_is_seen_from_both_sides() -> None:
    """Changing one fixed step changes what the planner is told about steps before and after it, as far as it reads."""
    sampler, tokens = planner().sampler, encode(SONG)
    fixed = np.ones(tokens.shape, bool)
    fixed[40:56] = False
    silent = np.zeros((len(SONG.sections), COUNT), bool)
    rows = np.zeros((len(SONG.sections), len(NAMES)), np.int16)
    other = tokens.copy()
    other[60, INDEX["bass"]] = 7
    told = [sampler.told(Task(SONG.sections, 16, rows, t, fixed, silent), 2) for t in (tokens, other)]
    moved = np.abs(told[0] - told[1]).max(axis=2)
    assert (moved[0, 40:56] > 0).all() and (moved[0, 61:80] > 0).all()
    reach = SHAPE.reader_layers * SHAPE.reader_span
    assert (moved[0, : 60 - reach] == 0).all()
    assert (moved[1] == 0).all()  # the branch that knows nothing


def test_drums_to_a_lonely_bass() -> None:
    line = Part("bass", "line", "bass.finger", tuple(Note(i * 960, 480, 40) for i in range(32)))
    lonely = Score(Grid.of(100, 8), (line,))
    score = planner().infill(lonely, ("drums",), 0, 0, Prompt.of("funk"), Taste(), every)
    assert {part.stem for part in score.parts} == {"drums", "bass"} and line in score.parts
    assert score.chords  # a song that named none gets the harmony that the planner heard


def test_infill_refuses_what_it_cannot_do() -> None:
    with pytest.raises(ValueError, match="stems is empty: name at least one"):
        planner().infill(SONG, (), 0, 0, None, Taste(), every)
    with pytest.raises(ValueError, match="first and bars must lie within the score's 8 bars, got 6 to 10"):
        planner().infill(SONG, ("drums",), 6, 4, None, Taste(), every)
    with pytest.raises(ValueError, match="got 8 to 8"):
        planner().infill(SONG, ("drums",), 8, 0, None, Taste(), every)


# ------------------------------------------------------------------------------------- continue


def test_continue_keeps_every_note_and_adds_bars() -> None:
    longer = planner().extend(SONG, 5, None, Taste(), every)
    assert longer.bars == 13 and longer.sections[: len(SONG.sections)] == SONG.sections
    assert longer.chords[: len(SONG.chords)] == SONG.chords
    for stem in ("drums", "bass", "vocals", "other"):
        assert notes(longer, stem, 0, 8) == notes(SONG, stem)
    assert notes(longer, "drums", 8) or notes(longer, "other", 8)


def test_continue_ends_at_a_thousand_bars() -> None:
    with pytest.raises(ValueError, match=r"at most 1,000 bars, and 8 \+ 995 are more"):
        planner().extend(SONG, 995, None, Taste(), every)


def test_the_form_goes_on_with_its_body() -> None:
    sections = continued(SONG.sections, 20)
    assert sections[-1].end == 28
    assert {s.kind for s in sections[len(SONG.sections) :]} <= {s.kind for s in SONG.sections} - {"intro", "outro"}


@pytest.mark.parametrize("semitones", [0, 3, 7])
def test_the_key_of_a_score_without_one_is_found(semitones: int) -> None:
    song = transpose(compose("house, C major", 16, 1), semitones)
    key = guessed_key(replace(song, keys=()))
    assert key in (Key(0, semitones, "major"), Key(0, (semitones + 9) % 12, "minor"))
