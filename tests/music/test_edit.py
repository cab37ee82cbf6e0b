import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nawgraph.music import edit, rules
from nawgraph.music.compose import compose

SONG = compose("lo-fi, vocals, no swing", 8, 3)


@settings(max_examples=25, deadline=None)
@given(st.integers(-12, 12))
def test_transposing_there_and_back(semitones):
    moved = edit.transpose(SONG, semitones)
    assert edit.transpose(moved, -semitones) == edit.transpose(SONG, 0)
    assert moved.of_stem("drums") == SONG.of_stem("drums")
    assert moved.keys[0].tonic == (SONG.keys[0].tonic + semitones) % 12
    assert rules.bass_roots(moved) == rules.bass_roots(SONG)


def test_transposing_one_stem_keeps_the_harmony():
    moved = edit.transpose(SONG, 12, ["bass"])
    assert moved.chords == SONG.chords and moved.of_stem("other") == SONG.of_stem("other")
    assert (moved.of_stem("bass")[0].table[:, 2] - SONG.of_stem("bass")[0].table[:, 2] == 12).all()


def test_far_transposition_stays_in_midi():
    assert all(0 <= n.pitch <= 127 for p in edit.transpose(SONG, 48).parts for n in p.notes)


@pytest.mark.parametrize("division", [4, 8, 16, 12])
def test_quantising(division):
    straight = edit.quantise(edit.humanise(SONG, 1), division)
    step = 4 * 960 // division
    for part in straight.parts:
        assert all(n.start % step == 0 and n.shift == 0 for n in part.notes)
    assert not rules.overlaps(edit.quantise(SONG, 16))


def test_strength_is_a_share_of_the_way():
    half, none = edit.quantise(SONG, 16, 0.5), edit.quantise(SONG, 16, 0.0)
    assert none == edit.transpose(SONG, 0)
    shifts = [n.shift for n in SONG.parts[0].notes]
    assert [n.shift for n in half.parts[0].notes] == [round(s * 0.5) for s in shifts]


def test_humanising_follows_the_seed_and_leaves_other_stems():
    a, b = edit.humanise(SONG, 5, stems=["other"]), edit.humanise(SONG, 6, stems=["other"])
    assert a == edit.humanise(SONG, 5, stems=["other"]) and a != b
    assert a.of_stem("bass") == SONG.of_stem("bass")
    moved = a.of_stem("other")[0].table[:, 4] - SONG.of_stem("other")[0].table[:, 4]
    assert 0 < abs(moved).max() <= 20_000


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda: edit.transpose(SONG, 99), "semitones"),
        (lambda: edit.transpose(SONG, 1.5), "semitones"),
        (lambda: edit.transpose(SONG, 1, ["flute"]), "no stem flute"),
        (lambda: edit.quantise(SONG, 5), "division"),
        (lambda: edit.quantise(SONG, 16, 2), "strength"),
        (lambda: edit.humanise(SONG, 1, timing=-1), "timing"),
        (lambda: edit.humanise(SONG, -1), "seed"),
    ],
)
def test_impossible_edits(change, words):
    with pytest.raises(ValueError, match=words):
        change()
