"""Songs from sixty prompts, eight bars each, measured: tempo and key of all, sums, levels and onsets of a third.

These of all sixty are measured by ``benchmarks/songs.py``.
"""

from __future__ import annotations

import functools

import numpy as np
import pytest
from acceptance import CEILING, LOUDNESS, Take, key_score, lengths, levels, make, onset_errors, residual, tempo_error
from prompts import PROMPTS, Wanted

from nawgraph.music.prompt import read

THIRD = range(0, len(PROMPTS), 3)


@functools.cache
def song(number: int) -> Take:
    """Made once; the number is the seed as well."""
    return make(PROMPTS[number].text, number)


@pytest.mark.parametrize("wanted", PROMPTS, ids=lambda wanted: wanted.text[:30])
def test_all_sixty_prompts_are_understood(wanted: Wanted) -> None:
    brief = read(wanted.text)
    assert brief.styles == ((wanted.style, 1.0),) and brief.bpm == wanted.bpm
    assert brief.key is not None and (brief.key.tonic, brief.key.mode) == (wanted.tonic, wanted.mode)


def test_there_are_five_prompts_a_style() -> None:
    styles = [wanted.style for wanted in PROMPTS]
    assert len(set(styles)) == 12 and {styles.count(style) for style in styles} == {5}
    assert len({wanted.text for wanted in PROMPTS}) == 60


@pytest.mark.parametrize("number", THIRD)
def test_levels_sums_and_lengths(number: int) -> None:
    take = song(number)
    loudness, peak = levels(take)
    assert abs(loudness - LOUDNESS) <= 1 and peak <= CEILING
    assert residual(take) < -90
    assert len(lengths(take)) == 1
    assert take.stems.frames == take.score.grid.frames(44_100) + 3 * 44_100
    assert all(np.isfinite(audio.samples).all() for audio in take.mixed.stems.audios)


@functools.cache
def heard(number: int) -> tuple[float, float]:
    """Relative error of the tempo, score of the key; the songs themselves are not kept, sixty would fill the memory."""
    take = song(number) if number in THIRD else make(PROMPTS[number].text, number)
    return tempo_error(take, PROMPTS[number]), key_score(take, PROMPTS[number])


def test_tempo_is_heard_as_asked_in_all_sixty() -> None:
    """Within 0.5 %, half and double counted as wrong."""
    errors = {PROMPTS[i].text: heard(i)[0] for i in range(len(PROMPTS))}
    assert max(errors.values()) <= 0.005, {text: error for text, error in errors.items() if error > 0.005}
    assert np.median(list(errors.values())) < 0.0005


def test_key_is_heard_as_asked_in_all_sixty() -> None:
    """The same key counts 1, its relative 0.7, a fifth away 0.5."""
    scores = {PROMPTS[i].text: heard(i)[1] for i in range(len(PROMPTS))}
    assert np.mean(list(scores.values())) >= 0.9, {text: score for text, score in scores.items() if score < 1}


def test_drums_begin_on_the_grid() -> None:
    """Every attack within 5 ms of a hit of the score, in a song that is not humanised."""
    errors = [onset_errors(song(i)) for i in THIRD]
    assert sum(len(e) for e in errors) > 600
    worst = {PROMPTS[i].text: float(np.abs(e).max(initial=0)) for i, e in zip(THIRD, errors, strict=True)}
    assert max(worst.values()) < 0.005, {text: error for text, error in worst.items() if error >= 0.005}


def test_no_stem_is_lost() -> None:
    """What the score has notes for is heard, and only that."""
    for i in THIRD:
        take = song(i)
        written = {part.stem for part in take.score.parts if part.notes}
        heard = {name for name, audio in take.mixed.stems if np.abs(audio.samples).max() > 1e-3}
        assert heard == written, PROMPTS[i].text
