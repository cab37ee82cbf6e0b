import pytest
from hypothesis import given
from hypothesis import strategies as st

from nawgraph.music import theory
from nawgraph.music.numerals import numeral_of, parse_numeral
from nawgraph.values import Chord, Key
from nawgraph.values.score import QUALITIES

C, CM = Key(0, 0, "major"), Key(0, 0, "minor")
keys = st.builds(Key, st.just(0), st.integers(0, 11), st.sampled_from(list(theory.MODES)))


def test_every_quality_has_notes_and_a_name():
    assert set(theory.CHORDS) == set(QUALITIES) == set(theory.SUFFIXES)
    assert len(set(theory.CHORDS.values())) == len(QUALITIES)


@pytest.mark.parametrize(
    ("text", "tonic", "mode"),
    [
        ("E♭ major", 3, "major"), ("Ebm", 3, "minor"), ("F# dorian", 6, "dorian"), ("c-moll", 0, "minor"),
        ("A", 9, "major"), ("bb minor", 10, "minor"), ("f sharp minor", 6, "minor"), ("Dmaj", 2, "major"),
        ("e harmonic minor", 4, "harmonic minor"), ("G flat major", 6, "major"), ("F♯m", 6, "minor"),
        ("D phrygian dominant", 2, "phrygian dominant"), ("Fb major", 4, "major"), ("B# minor", 0, "minor"),
    ],
)  # fmt: skip
def test_keys_as_people_write_them(text, tonic, mode):
    assert theory.parse_key(text) == Key(0, tonic, mode)


@pytest.mark.parametrize("text", ["H# minor", "", "Z major", "E♭ blurple", "minor", "Cb#"])
def test_keys_that_do_not_exist(text):
    with pytest.raises(ValueError, match="there is no key"):
        theory.parse_key(text)


@given(keys)
def test_key_names_read_back(key):
    assert theory.parse_key(theory.key_name(key)) == key


@pytest.mark.parametrize(
    ("numeral", "key", "root", "quality", "bass"),
    [
        ("I", C, 0, "maj", -1), ("ii7", C, 2, "min7", -1), ("V7", C, 7, "7", -1), ("viio", C, 11, "dim", -1),
        ("V7/V", C, 2, "7", -1), ("V7/ii", C, 9, "7", -1), ("viio7/vi", C, 8, "dim7", -1), ("bVI", C, 8, "maj", -1),
        ("iv", C, 5, "min", -1), ("VI", CM, 8, "maj", -1), ("bVI", CM, 8, "maj", -1), ("V", CM, 7, "maj", -1),
        ("viio7", CM, 11, "dim7", -1), ("VII", CM, 10, "maj", -1), ("iiø7", CM, 2, "m7b5", -1),
        ("V/3", C, 7, "maj", 11), ("V7/7", C, 7, "7", 5), ("Imaj9", C, 0, "maj9", -1), ("Vsus4", C, 7, "sus4", -1),
        ("i5", CM, 0, "5", -1), ("III+", C, 4, "aug", -1), ("bII", CM, 1, "maj", -1), ("I6", C, 0, "6", -1),
        ("♮VI", CM, 9, "maj", -1), ("IVmaj7", C, 5, "maj7", -1), ("i7/3", CM, 0, "min7", 3),
    ],
)  # fmt: skip
def test_numerals(numeral, key, root, quality, bass):
    chord = parse_numeral(numeral, key)
    assert (chord.root, chord.quality, chord.bass) == (root, quality, bass)


@pytest.mark.parametrize("numeral", ["", "X", "Iv", "I/9", "V/7", "io9", "hello", "viiø9"])
def test_nonsense_numerals_are_refused(numeral):
    with pytest.raises(ValueError, match=r"numeral|asks for|without a name"):
        parse_numeral(numeral, C)


@given(keys, st.integers(0, 11), st.sampled_from(QUALITIES))
def test_numerals_read_back(key, root, quality):
    chord = Chord(0, 1, root, quality)
    again = parse_numeral(numeral_of(chord, key), key)
    assert (again.root, again.quality) == (root, quality)


def test_notes_of_chords_and_scales():
    assert theory.pitch_classes(Chord(0, 1, 2, "min9")) == {2, 5, 9, 0, 4}
    assert theory.pitch_classes(Chord(0, 1, 5, "maj", 7)) == {5, 9, 0, 7}
    assert theory.scale(Key(0, 2, "dorian")) == (2, 4, 5, 7, 9, 11, 0)
    assert theory.chord_name(Chord(0, 1, 3, "min7", 10), flats=True) == "Ebm7/Bb"
    assert theory.pitch_name(60) == "C4" and theory.pitch_name(61, flats=True) == "Db4"
    assert theory.relative(CM) == Key(0, 3, "major") and theory.relative(C) == Key(0, 9, "minor")
    with pytest.raises(ValueError, match="no mode"):
        theory.scale(Key(0, 0, "blurple"))


@pytest.mark.parametrize(
    ("key", "flats"), [(CM, True), (C, False), (Key(0, 9, "minor"), False), (Key(0, 2, "minor"), True)]
)
def test_flats_and_sharps(key, flats):
    assert theory.uses_flats(key) is flats
