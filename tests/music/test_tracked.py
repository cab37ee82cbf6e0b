"""From beats to grids: every beat where it was heard, bars counted, tempo changes few."""

from __future__ import annotations

import numpy as np
import pytest

from nawgraph.music.tracked import grid_of
from nawgraph.values import Grid, Tempo


def beats_of(grid: Grid) -> np.ndarray:
    return np.array([float(grid.seconds(tick)) for tick, _, _ in grid.beats()])


def bars_of(grid: Grid) -> np.ndarray:
    return np.array([float(grid.seconds(int(tick))) for tick in grid.bar_starts])


def worst(wanted: np.ndarray, found: np.ndarray) -> float:
    return float(max(np.abs(found - t).min() for t in wanted))


@pytest.mark.parametrize(
    ("first", "period", "place", "beats"),
    [(0.0, 0.5, 0, 4), (0.37, 0.5, 0, 4), (0.02, 0.5, 0, 4), (1.9, 0.5, 2, 4), (7.33, 60 / 131, 1, 3),
     (0.24, 0.5, 3, 4), (0.004, 0.61, 0, 5), (1.999, 0.5, 0, 4)],
)  # fmt: skip
def test_a_steady_song_has_one_tempo_and_its_bars_where_they_are(
    first: float, period: float, place: int, beats: int
) -> None:
    times = first + period * np.arange(48)
    places = [(place + n) % beats for n in range(48)]
    grid = grid_of(times, places, beats, float(times[-1]) + 1.3)
    assert worst(times, beats_of(grid)) < 0.005
    firsts = times[[p == 0 for p in places]]
    assert worst(firsts, bars_of(grid)) < 0.005
    assert len(grid.tempi) <= 3 and len(grid.meters) <= 2
    assert grid.tempi[-1].bpm == pytest.approx(60 / period, rel=1e-3)
    assert grid.meter_at(grid.bars - 1).beats == beats
    assert float(grid.duration) >= times[-1] + 1.3 - 0.01


def test_a_drifting_song_is_followed_with_few_tempo_changes() -> None:
    times = [0.3]
    while times[-1] < 60:
        times.append(times[-1] + 60 / (120 * (1 + 0.05 * np.sin(2 * np.pi * times[-1] / 24))))
    heard = np.array(times) + np.random.default_rng(0).normal(0, 0.004, len(times))
    grid = grid_of(heard, [n % 4 for n in range(len(times))], 4, 61.0)
    assert worst(np.array(times), beats_of(grid)) < 0.015
    assert len(grid.tempi) < len(times) / 3
    assert grid_of(heard, [n % 4 for n in range(len(times))], 4, 61.0) == grid


def test_beats_misheard_in_a_break_do_not_move_the_others() -> None:
    times = 0.25 + 0.5 * np.arange(120)
    wrong = times.copy()
    wrong[50:58] += np.linspace(0.02, 0.4, 8)
    wrong[58:] = times[58:] + 0.5
    grid = grid_of(wrong, [n % 4 for n in range(len(wrong))], 4, 70.0)
    assert grid.tempi[-1] == Tempo(grid.tempi[-1].tick, 120_000)
    assert len(grid.tempi) <= 3
    assert worst(times, beats_of(grid)) < 0.005


def test_a_bar_of_another_length_is_a_change_of_meter() -> None:
    rng = np.random.default_rng(1)
    times = np.cumsum(0.5 + 0.03 * np.sin(np.arange(40) / 3)) + rng.normal(0, 1e-3, 40)
    places = [n % 4 for n in range(20)] + [0, 1] + [n % 4 for n in range(18)]
    grid = grid_of(times, places, 4, float(times[-1]))
    assert {m.beats for m in grid.meters if m.unit == 4} == {4, 2}
    firsts = times[[p == 0 for p in places]]
    assert worst(firsts, bars_of(grid)) < 0.01


def test_what_are_no_beats_is_refused() -> None:
    for times, says in (([1.0], "two beats or more"), ([1.0, 1.0], "must rise"), ([-1.0, 1.0], "must rise")):
        with pytest.raises(ValueError, match=says):
            grid_of(times, [0] * len(times), 4, 5.0)
