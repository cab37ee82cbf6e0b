from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nawgraph.values import PPQ, Grid, Meter, Tempo

METERS = [(4, 4), (3, 4), (6, 8), (7, 8), (5, 4), (12, 8), (5, 8), (2, 2), (11, 16)]


@st.composite
def grids(draw):
    bars = draw(st.integers(1, 40))
    at = sorted(draw(st.sets(st.integers(1, 40), max_size=3)))
    meters = tuple(Meter(bar, *draw(st.sampled_from(METERS))) for bar in [0, *at])
    at = sorted(draw(st.sets(st.integers(1, 40 * 4 * PPQ), max_size=3)))
    tempi = tuple(Tempo(tick, draw(st.integers(20_000, 400_000))) for tick in [0, *at])
    return Grid(tempi, meters, bars, draw(st.integers(500, 750)), draw(st.sampled_from([8, 16])))


@given(grids(), st.lists(st.integers(0, 200_000), min_size=1, max_size=20), st.sampled_from([44100, 48000, 96000]))
def test_samples_are_the_exact_seconds_rounded(grid, ticks, rate):
    expected = [int(grid.seconds(t) * rate + Fraction(1, 2)) for t in ticks]
    assert grid.samples(np.array(ticks), rate).tolist() == expected
    assert grid.samples(ticks[0], rate) == expected[0]


@settings(max_examples=50)
@given(grids(), st.integers(0, 200_000))
def test_ticks_and_samples_are_monotonic_and_invertible(grid, tick):
    ticks = np.arange(tick, tick + 500)
    samples = grid.samples(ticks, 96000)
    assert (np.diff(samples) >= 1).all()
    assert (grid.tick_at(samples, 96000) == ticks).all()
    assert (grid.tick_at(samples[1:] - 1, 96000) == ticks[:-1]).all()


@given(grids())
def test_bars_tile_the_song(grid):
    starts = grid.bar_starts
    assert starts[0] == 0 and starts[-1] == grid.ticks
    assert np.diff(starts).tolist() == [grid.bar_ticks(b) for b in range(grid.bars)]
    for bar in range(grid.bars):
        assert grid.bar_at(int(starts[bar])) == (bar, 0)
        assert grid.bar_at(int(starts[bar + 1]) - 1)[0] == bar
    assert sum(np.diff(grid.samples(starts, 44100))) == grid.frames(44100)


@given(grids(), st.integers(0, 39), st.integers(0, 63))
def test_beats_and_ticks_are_inverse(grid, bar, sixteenth):
    beat = Fraction(sixteenth % (4 * grid.meter_at(bar).beats), 4)
    assert grid.beat_at(grid.tick_of(bar, beat)) == (bar, beat)


@given(grids())
def test_swing_keeps_bar_lines_and_order(grid):
    starts = grid.bar_starts
    assert (grid.swung(starts) == starts).all()
    straight = Grid(tuple(t for t in grid.tempi[:1]), grid.meters, grid.bars)
    swung = Grid(straight.tempi, straight.meters, grid.bars, grid.swing, grid.swing_unit)
    assert swung.duration == straight.duration


def test_swing_is_linear_on_both_sides_of_the_pair():
    grid = Grid.of(120, 1, swing=750)
    assert grid.swung(np.array([0, 240, 480, 720, 960])).tolist() == [0, 360, 720, 840, 960]
    triplet = Grid.of(120, 1, swing=667, swing_unit=16)
    assert triplet.seconds(240) == Fraction(667, 1000) * Fraction(1, 4)


def test_groups_that_pairs_do_not_fill_stay_straight():
    grid = Grid.of(120, 2, 7, 8, swing=700)
    pairs, three = np.array([480, 1440]), np.array([1920, 2400, 2880])
    assert (grid.swung(pairs) > pairs).all()
    assert (grid.swung(three) == three).all()
    assert (Grid.of(120, 2, 6, 8, swing=700).swung(np.arange(0, 5760, 60)) == np.arange(0, 5760, 60)).all()


def test_seconds_are_exact_after_ten_thousand_bars():
    grid = Grid.of(123.457, 10_000)
    assert grid.duration == Fraction(60 * 4 * 10_000 * 1000, 123_457)
    exact = grid.duration * 44100
    assert grid.frames(44100) == int(exact + Fraction(1, 2))
    changes = tuple(Tempo(bar * 4 * PPQ, 90_001 + bar) for bar in range(10_000))
    varied = Grid(changes, bars=10_000)
    assert varied.duration == sum((Fraction(240_000, t.milli_bpm) for t in changes), Fraction(0))


def test_tempo_change_holds_from_its_tick():
    grid = Grid((Tempo(0, 120_000), Tempo(2 * PPQ, 60_000)), bars=1)
    assert [grid.seconds(q * PPQ) for q in range(5)] == [0, Fraction(1, 2), 1, 2, 3]


@pytest.mark.parametrize(
    ("beats", "unit", "pulses"),
    [(4, 4, 4), (3, 4, 3), (6, 8, 2), (12, 8, 4), (7, 8, 3), (5, 8, 2), (5, 4, 5), (3, 8, 1), (11, 8, 5)],
)
def test_felt_beats(beats, unit, pulses):
    meter = Meter(0, beats, unit)
    assert sum(meter.stress) == beats and len(meter.pulses) == pulses


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Tempo(0, 900), "tempo"),
        (lambda: Tempo(-1, 120_000), "tick"),
        (lambda: Meter(0, 4, 3), "4/3"),
        (lambda: Meter(0, 7, 8, (2, 2)), "add up to 7"),
        (lambda: Grid(bars=0), "bars"),
        (lambda: Grid(bars=100_001), "bars"),
        (lambda: Grid(tempi=()), "begin at tick 0"),
        (lambda: Grid(meters=(Meter(0, 4, 4), Meter(0, 3, 4))), "in order"),
        (lambda: Grid(swing=800), "swing"),
        (lambda: Grid().samples(-1, 44100), "negative"),
        (lambda: Grid().samples(1, 0), "rate"),
        (lambda: Grid().seconds(-1), "counted from 0"),
    ],
)
def test_bad_grids_are_refused_in_one_sentence(make, words):
    with pytest.raises(ValueError, match=words) as error:
        make()
    assert "\n" not in str(error.value)
