from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nawgraph.music import harmony
from nawgraph.music.numerals import parse_numeral
from nawgraph.music.patterns import STEP, cells, fitted, strong_ticks
from nawgraph.music.streams import stream, weighted
from nawgraph.music.styles import STYLES
from nawgraph.music.theory import CHORDS, MODES, is_home, is_minor
from nawgraph.music.voicing import power, voiced, voices
from nawgraph.values import Chord, Key, Meter
from nawgraph.values.score import QUALITIES

METERS = [(4, 4), (3, 4), (6, 8), (7, 8), (5, 4), (12, 8), (2, 2), (11, 16), (1, 4), (5, 32)]


@given(st.booleans(), st.integers(2, 16), st.integers(0, 10_000))
def test_phrases_begin_on_the_tonic_and_end_in_a_cadence(minor, chords, seed):
    line = harmony.phrase(minor, chords, harmony.FULL, np.random.default_rng(seed))
    assert len(line) == chords
    assert line[0] == line[-1] == ("i" if minor else "I") or chords == 2
    assert line[-2] == "V" or chords == 2
    assert harmony.phrase(minor, max(chords, 3), harmony.HALF, np.random.default_rng(seed))[-1] == "V"


@given(st.integers(3, 12), st.integers(0, 10_000))
def test_applied_dominants_resolve(chords, seed):
    line = harmony.phrase(False, chords, harmony.FULL, np.random.default_rng(seed))
    for chord, following in pairwise(line):
        if "/" in chord:
            assert following == chord.split("/")[1]


@pytest.mark.parametrize("style", STYLES.values(), ids=lambda s: s.name)
def test_every_progression_of_every_style_is_spelled_in_all_its_modes(style):
    for mode in style.modes:
        for loop in style.minor if is_minor(mode) else style.major:
            for numeral in loop.split():
                chord = harmony.spelled(numeral, Key(0, 2, mode), 0, 960)
                hue = harmony.coloured(chord, Key(0, 2, mode), style, np.random.default_rng(1))
                assert parse_numeral(hue.numeral, Key(0, 2, mode)).quality == hue.quality
                assert hue.root == chord.root


@given(
    st.lists(st.tuples(st.integers(0, 11), st.sampled_from(QUALITIES)), min_size=2, max_size=8),
    st.booleans(),
    st.booleans(),
)
def test_voices_stay_in_their_register_and_move_little(chords, home, rootless):
    previous = ()
    for root, quality in chords:
        pitches = voiced(root, voices(quality, home, rootless), previous, 52, 76)
        assert pitches[0] >= 52 and pitches[-1] <= 76 and len(set(pitches)) == len(pitches)
        if previous:
            assert all(min(abs(p - q) for q in previous) <= 7 for p in pitches)
        previous = pitches


@pytest.mark.parametrize("quality", QUALITIES)
def test_the_tonic_keeps_its_root_and_fifth(quality):
    whole = CHORDS[quality]
    for rootless in (False, True):
        home = voices(quality, True, rootless)
        assert home[0] == 0 and whole[-1 if quality == "5" else 2] in home and len(home) == min(len(whole), 4)
    if len(whole) > 3:
        assert voices(quality, False, False)[0] == 0 and voices(quality, False, True) == whole[1:]


def test_home_is_the_tonic_with_the_third_of_the_key():
    c_minor = Key(0, 0, "minor")
    assert is_home(Chord(0, 1, 0, "min9"), c_minor) and is_home(Chord(0, 1, 0, "5"), c_minor)
    assert not is_home(Chord(0, 1, 0, "7"), c_minor) and not is_home(Chord(0, 1, 3, "maj"), c_minor)
    assert is_home(Chord(0, 1, 0, "maj7"), Key(0, 0, "lydian"))


def test_power_chords_are_root_fifth_octave():
    assert power(Chord(0, 1, 4, "min"), 40) == (40, 47, 52)
    assert power(Chord(0, 1, 11, "dim"), 40) == (47, 53, 59)


def test_rhythms_are_played_as_written_in_four_and_say_the_beat_in_three():
    def line(pattern, meter, role="tune"):
        return "".join(sign for _, sign in fitted(pattern, meter, 0, role))

    four, three, six = Meter(0, 4, 4), Meter(0, 3, 4), Meter(0, 6, 8)
    tresillo = "x..x..x.x..x..x."
    assert all(line(tresillo, four, role) == tresillo for role in ("tune", "low", "drum"))
    assert line(tresillo, three) == "x...x...x..." and line(tresillo, six) == "x.....x....."
    assert line("R-..RO-.R-..5-b-", three) == "R-..R...5-b-"
    assert line("X.x...x.X.......", three, "low") == "X..........."
    assert line("....X..o.oo.X.x.", three, "drum") == "....X...X.o."


@pytest.mark.parametrize(("beats", "unit"), METERS)
def test_patterns_fit_every_meter(beats, unit):
    meter = Meter(0, beats, unit)
    ticks = [tick for tick, _ in fitted("x" * 16, meter, 0)]
    assert ticks[0] == 0 and ticks == sorted(set(ticks)) and ticks[-1] < meter.bar_ticks
    assert sum(cell.steps for cell in cells(meter)) * STEP <= max(meter.bar_ticks, STEP)
    assert strong_ticks(meter)[0] == 0


def test_a_backbeat_stays_one():
    snare = "....X.......X..."
    assert [t // 960 for t, s in fitted(snare, Meter(0, 3, 4), 0) if s == "X"] == [1, 2]
    assert [t // 480 for t, s in fitted(snare, Meter(0, 6, 8), 0) if s == "X"] == [3]
    assert [t // 960 for t, s in fitted(snare, Meter(0, 4, 4), 0) if s == "X"] == [1, 3]


def test_streams_are_independent_and_named():
    assert stream(1, "a").random() == stream(1, "a").random() != stream(1, "b").random()
    with pytest.raises(ValueError, match="seed"):
        stream(-1, "a")
    draws = [weighted(stream(s, "w"), {"a": 3.0, "b": 1.0}) for s in range(400)]
    assert 0.65 < draws.count("a") / 400 < 0.85


@pytest.mark.parametrize("style", STYLES.values(), ids=lambda s: s.name)
def test_style_data_is_sound(style):
    rhythms = [r for layer in style.layers for r in layer.rhythms] + [r for r in style.bass_rhythms if r != "k"]
    assert all(len(r) % 16 == 0 for r in rhythms)
    assert all(len(p) % 16 == 0 and set(p) <= set("Xxo?.") for g in style.grooves for p in g.values())
    assert all(set(r) <= set("RO357wb-.") for r in style.bass_rhythms if r != "k")
    assert style.bpm[0] <= style.bpm[1] <= style.bpm[2] and set(style.modes) <= set(MODES)
    assert all(layer.high - layer.low >= 16 for layer in style.layers)
    assert 500 <= style.swing[0] <= style.swing[1] <= 750
