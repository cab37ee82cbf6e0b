"""Tones to phrases, remembered sounds, randomness by name."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nawgraph.synth import INSTRUMENTS, Desk, Phrase, Tone
from nawgraph.synth.instrument import one_by_one, one_voice

RATE = 44100


def tones(*spans: tuple[int, int, int]) -> list[Tone]:
    return [Tone(start, length, pitch, index=i) for i, (start, length, pitch) in enumerate(spans)]


def starts(phrases: Sequence[Phrase]) -> list[list[int]]:
    return [[tone.start for tone in phrase.tones] for phrase in phrases]


def test_keys_ring_side_by_side_and_a_key_struck_again_damps_itself() -> None:
    phrases = one_by_one(tones((0, 900, 60), (0, 900, 64), (500, 900, 60)), RATE)
    assert starts(phrases) == [[0], [0], [500]]
    assert [p.stop for p in phrases] == [500 + 265, None, None]


def test_one_voice_slides_where_tones_overlap_and_cuts_where_they_do_not() -> None:
    phrases = one_voice(tones((0, 1100, 40), (1000, 1000, 43), (2000, 1000, 45)), RATE)
    assert starts(phrases) == [[0, 1000], [2000]]
    assert phrases[0].stop == 2000 + 265


def test_a_singer_joins_tones_over_a_short_breath() -> None:
    phrases = one_voice(tones((0, 1000, 60), (1200, 1000, 62), (9000, 1000, 64)), RATE, 0.03)
    assert starts(phrases) == [[0, 1200], [9000]]


def test_of_a_chord_a_single_voice_plays_the_top() -> None:
    (phrase,) = one_voice(tones((0, 100, 60), (0, 100, 67)), RATE)
    assert [tone.pitch for tone in phrase.tones] == [67]


@given(
    st.lists(st.tuples(st.integers(0, 9_000), st.integers(1, 4_000), st.integers(30, 80)), min_size=1, max_size=20),
    st.sampled_from(sorted(INSTRUMENTS)),
)
def test_every_instrument_plays_every_start_once_and_in_order(spans: list[tuple[int, int, int]], name: str) -> None:
    ordered = sorted(tones(*spans), key=lambda tone: (tone.start, tone.pitch))
    phrases = INSTRUMENTS[name].phrases(ordered, RATE)
    played = [tone for phrase in phrases for tone in phrase.tones]
    assert {tone.start for tone in played} == {tone.start for tone in ordered}
    assert len(set(played)) == len(played)
    assert [p.start for p in phrases] == sorted(p.start for p in phrases)
    assert all(p.stop is None or p.stop > p.start for p in phrases)


def test_randomness_is_named_not_ordered() -> None:
    a, b = Desk(RATE, (1, "bass")), Desk(RATE, (1, "bass"))
    b.rng("something else").random(100)
    assert np.array_equal(a.rng("x", 3).random(9), b.rng("x", 3).random(9))
    assert not np.array_equal(a.rng("x", 3).random(9), a.rng("x", 4).random(9))
    assert not np.array_equal(a.rng("x").random(9), Desk(RATE, (2, "bass")).rng("x").random(9))


@pytest.mark.parametrize("name", sorted(INSTRUMENTS))
def test_forgetting_does_not_change_the_sound(name: str) -> None:
    """Played after a longer note of the same pitch and touch, or with no memory at all: the same bits."""
    instrument = INSTRUMENTS[name]
    pitch = 38 if name.startswith("kit.") else 57
    short, long = (Phrase((Tone(0, length, pitch, 100),)) for length in (7_001, 33_333))
    memory, none = Desk(22_050), Desk(22_050, budget=0)
    instrument.play(long, memory)
    assert np.array_equal(instrument.play(short, memory), instrument.play(short, none))
