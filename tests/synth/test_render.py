"""Rendering: on the sample, of one length, the same bits in any span."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synth_scores import song

from nawgraph.synth import INSTRUMENTS, TAIL_SECONDS, render, tones_of
from nawgraph.synth.render import highest
from nawgraph.values import PPQ, STEMS, Grid, Meter, Note, Part, Score, Tempo

RATE = 22050


def first_sound(samples: np.ndarray) -> int:
    """First frame that is not exactly silent."""
    return int(np.flatnonzero(np.any(samples != 0, axis=0))[0])


def test_four_stereo_stems_of_one_exact_length() -> None:
    score = song(2)
    stems = render(score, RATE)
    assert stems.names == STEMS
    assert {(a.channels, a.frames, a.rate) for _, a in stems} == {
        (2, score.grid.frames(RATE) + TAIL_SECONDS * RATE, RATE)
    }
    assert render(score, RATE, tail=False).frames == score.grid.frames(RATE)
    assert all(np.abs(a.samples).max() > 0.01 for _, a in stems)


def test_same_seed_same_bits_other_seed_other_sound() -> None:
    score = song(1)
    a, b, c = render(score, RATE, seed=3), render(score, RATE, seed=3), render(score, RATE, seed=4)
    assert a.digest() == b.digest()
    assert a["drums"].digest() != c["drums"].digest()


@settings(max_examples=5, deadline=None)
@given(first=st.integers(0, 3), bars=st.integers(1, 4), style=st.sampled_from(["rock", "trap", "jazz", "ambient"]))
def test_a_span_is_the_same_span_of_the_whole(first: int, bars: int, style: str) -> None:
    score = song(4, style)
    bars = min(bars, 4 - first)
    whole, part = render(score, RATE), render(score, RATE, span=(first, bars))
    begin, end = (score.grid.samples(score.grid.bar_start(bar), RATE) for bar in (first, first + bars))
    for name in STEMS:
        assert np.array_equal(part[name].samples, whole[name].samples[:, begin:end])


def test_last_span_without_tail_has_the_same_fade() -> None:
    score = song(2)
    whole, part = render(score, RATE, tail=False), render(score, RATE, tail=False, span=(1, 1))
    begin = score.grid.samples(score.grid.bar_start(1), RATE)
    assert np.array_equal(part["other"].samples, whole["other"].samples[:, begin:])
    assert np.abs(whole["other"].samples[:, -1]).max() < 1e-5


@pytest.mark.parametrize(
    "instrument", ["kit.techno", "bass.finger", "bass.saw", "voice.tenor", "keys.piano", "bell.fm"]
)
@pytest.mark.parametrize("shift", [0, 13_000, -9_000])
def test_onsets_fall_on_the_grids_sample(instrument: str, shift: int) -> None:
    """With a tempo change and 7/8, the first sound of a note comes on its sample (whose own value is 0)."""
    grid = Grid((Tempo(0, 97_130), Tempo(3360, 141_777)), (Meter(0, 7, 8),), 4, 620, 8)
    note = Note(3360 + 480, 480, 38 if instrument.startswith("kit") else 50, 110, "a", shift)
    stem = "drums" if instrument.startswith("kit") else "other"
    stems = render(Score(grid, (Part(stem, "x", instrument, (note,)),)), 44100)
    exact = grid.seconds(note.start) + shift / 1e6
    assert 0 <= first_sound(stems[stem].samples) - round(float(exact) * 44100) <= 2


def test_notes_before_the_song_begin_with_it() -> None:
    part = Part("bass", "b", "bass.saw", (Note(0, 480, 40, 100, "", -50_000),))
    assert tones_of(part, Score(parts=(part,)), RATE)[0].start == 0


def test_pan_and_gain_of_parts() -> None:
    def played(**settings: float) -> np.ndarray:
        part = Part("other", "x", "keys.organ", (Note(0, 960, 60),), **settings)
        return np.asarray(render(Score(parts=(part,)), RATE)["other"].samples)

    left, quiet, middle = played(pan=-1.0), played(gain=-6.0), played()
    assert np.abs(left[1]).max() < 1e-6 * np.abs(left[0]).max()
    assert np.allclose(quiet, middle * 10 ** (-6 / 20), atol=1e-6)


def test_empty_scores_are_silent() -> None:
    stems = render(Score(Grid.of(120, 1)), RATE)
    assert all(not a.samples.any() for _, a in stems)


@pytest.mark.parametrize("rate", [8_000, 16_000, 48_000, 96_000])
def test_every_rate_sounds_alike(rate: int) -> None:
    """Alone, every pitched instrument keeps its level, whatever the rate."""
    for name in (n for n in INSTRUMENTS if not n.startswith("kit.")):
        score = Score(Grid.of(120, 1), (Part("other", "x", name, (Note(0, 900, 57),)),))
        sound = render(score, rate)["other"].samples[:, : rate // 2]
        assert 0.02 < np.sqrt(np.mean(sound**2)) < 0.2, name


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rate": 10}, "rate must be between"),
        ({"span": (3, 2)}, "span must lie within the 4 bars"),
        ({"span": (-1, 1)}, "span must lie"),
    ],
)
def test_bad_arguments_are_named(change: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        render(song(4), **change)


def test_bad_parts_are_named() -> None:
    with pytest.raises(ValueError, match="'x' has the stem 'tuba'"):
        render(Score(parts=(Part("tuba", "x"),)))
    with pytest.raises(ValueError, match=r"unknown instrument 'bas.sawe'. Did you mean bass.saw\?"):
        render(Score(parts=(Part("bass", "x", "bas.sawe"),)))


@pytest.mark.parametrize("name", sorted(name for name in INSTRUMENTS if name.startswith(("bass.", "lead.", "pluck."))))
@pytest.mark.parametrize("rate", [8_000, 22_050])
def test_what_is_too_high_for_a_rate_is_played_octaves_lower(name: str, rate: int) -> None:
    stem = "bass" if name.startswith("bass.") else "other"
    high, low = (
        render(Score(Grid(bars=1), (Part(stem, "p", name, (Note(0, PPQ, pitch),)),)), rate, tail=False)[stem].samples
        for pitch in (127, 127 - 12 * math.ceil((127 - highest(rate)) / 12))
    )
    assert np.abs(high).max() > 0 and np.array_equal(high, low)
