"""The pyramid against the samples themselves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nawgraph.ui.viewers import Pyramid
from nawgraph.ui.viewers.pyramid import BASE
from nawgraph.values.signal import Float


def noise(frames: int, channels: int = 1, seed: int = 0) -> Float:
    return np.random.default_rng(seed).standard_normal((channels, frames)).astype(np.float32)


@given(st.integers(1, 60_000), st.integers(1, 400), st.integers(0, 70_000), st.integers(1, 70_000), st.booleans())
def test_a_view_has_every_extreme_and_none_from_far(
    frames: int, columns: int, start: int, length: int, merged: bool
) -> None:
    """Each column reaches as far as its samples do, and no further than those of a column more on either side."""
    x = noise(frames, 2)
    pyramid = Pyramid.of(x, merged=merged)
    view = pyramid.view(start, start + length, columns)
    assert view.low.shape == view.high.shape == view.rms.shape == (1 if merged else 2, columns)
    edges = np.linspace(start, start + length, columns + 1)
    wide = length / columns
    for i in {0, columns // 3, columns // 2, columns - 1}:
        left, right = edges[i], edges[i + 1]
        if left >= frames:
            assert not view.low[:, i].any()
            assert not view.high[:, i].any()
            continue
        near = x[:, max(int(left - wide - 1), 0) : int(right + wide + 2)]
        inside = x[:, int(np.ceil(left)) : max(int(np.ceil(min(right, frames))), 0)]
        if merged:
            near, inside = near.reshape(1, -1), inside.reshape(1, -1)
        assert (view.low[:, i] >= near.min(axis=1)).all()
        assert (view.high[:, i] <= near.max(axis=1)).all()
        if inside.size:
            assert (view.low[:, i] <= inside.min(axis=1)).all()
            assert (view.high[:, i] >= inside.max(axis=1)).all()


@given(st.integers(1, 3), st.integers(1, 200), st.integers(1, 2 * BASE - 1))
def test_close_up_it_is_exact(channels: int, columns: int, per: int) -> None:
    x = noise(columns * per + 500, channels)
    view = Pyramid.of(x).view(100, 100 + columns * per, columns)
    parts = x[:, 100 : 100 + columns * per].reshape(channels, columns, per)
    assert np.array_equal(view.low, parts.min(axis=2))
    assert np.array_equal(view.high, parts.max(axis=2))
    assert view.rms == pytest.approx(np.sqrt(np.square(parts).mean(axis=2)), abs=1e-5)


@given(st.integers(1, 300_000), st.integers(1, 3))
def test_power_is_that_of_the_whole(frames: int, channels: int) -> None:
    x = noise(frames, channels)
    whole = np.sqrt(np.square(x, dtype=np.float64).mean(axis=1))
    view = Pyramid.of(x).view(0, frames, 1)
    assert view.rms[:, 0] == pytest.approx(whole, rel=1e-4)
    assert np.array_equal(view.low[:, 0], x.min(axis=1))
    assert np.array_equal(view.high[:, 0], x.max(axis=1))


def test_between_samples_a_column_shows_the_one_before() -> None:
    x = noise(10)
    view = Pyramid.of(x).view(2, 4, 8)
    assert np.array_equal(view.low[0], np.repeat(x[0, 2:4], 4))


def test_the_line_has_a_neighbour_on_either_side() -> None:
    x = noise(100, 2)
    at, values = Pyramid.of(x).line(10.5, 20.2)
    assert at.tolist() == list(range(9, 22))
    assert np.array_equal(values, x[:, 9:22])
    at, values = Pyramid.of(x, merged=True).line(-5, 3)
    assert at.tolist() == [0, 1, 2, 3]
    assert values == pytest.approx(x[:, :4].mean(axis=0, keepdims=True))
    assert Pyramid.of(x).line(500, 600)[1].size == 0


def test_odd_sounds() -> None:
    assert not Pyramid.of(np.zeros((2, 0), np.float32)).view(0, 100, 10).high.any()
    x = noise(5000)
    x[0, 77], x[0, 4000] = np.nan, np.inf
    view = Pyramid.of(x).view(0, 5000, 10)
    assert np.isfinite(view.low).all()
    assert view.high[0].max() < 10
    assert not Pyramid.of(noise(100)).view(-200, -100, 10).high.any()
    assert Pyramid.of(noise(100)).view(-50, 50, 10).high[0, 5:].any()
    with pytest.raises(ValueError, match="column"):
        Pyramid.of(x).view(0, 10, 0)


def test_levels_are_small_beside_the_sound() -> None:
    x = noise(1_000_000)
    assert Pyramid.of(x).nbytes < x.nbytes / 7
