"""Gain, pan, fades, cutting, joining, mixing."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from audio_signals import RATE, noise, sine
from hypothesis import given
from hypothesis import strategies as st

from nawgraph.audio import levels
from nawgraph.audio.check import signal

ONE = np.ones((1, 1000), np.float32)


def test_decibels() -> None:
    assert levels.from_db(-6) == pytest.approx(0.501187)
    assert levels.to_db(0.5) == pytest.approx(-6.0206, abs=1e-4)
    assert levels.to_db(0) == -math.inf
    assert levels.from_db(-math.inf) == 0
    with pytest.raises(ValueError, match="negative"):
        levels.to_db(-1)


def test_peak_and_rms_of_a_sine() -> None:
    x = sine(441, 1.0, 0.0)
    assert levels.peak(x) == pytest.approx(1, abs=1e-4)
    assert levels.rms(x) == pytest.approx(math.sqrt(0.5), abs=1e-5)
    assert levels.peak(x[:, :0]) == levels.rms(x[:, :0]) == 0


@given(st.floats(-1, 1))
def test_mono_pan_keeps_the_power(position: float) -> None:
    left, right = levels.pan(ONE, RATE, position)[:, 0]
    assert left**2 + right**2 == pytest.approx(1, abs=1e-5)


def test_pan_law() -> None:
    assert levels.pan(ONE, RATE, 0)[:, 0] == pytest.approx([math.sqrt(0.5)] * 2)
    assert levels.pan(ONE, RATE, -1)[:, 0] == pytest.approx([1, 0], abs=1e-7)
    stereo = np.ones((2, 10), np.float32)
    assert np.array_equal(levels.pan(stereo, RATE, 0), stereo)
    assert levels.pan(stereo, RATE, 1)[:, 0].tolist() == [0, 1]
    left, right = levels.pan(stereo, RATE, -0.5)[:, 0]
    assert left == 1
    assert 0 < right < 1
    with pytest.raises(ValueError, match="pan"):
        levels.pan(ONE, RATE, 1.5)


@pytest.mark.parametrize("shape", levels.SHAPES)
def test_fades_begin_and_end_in_silence(shape: levels.Shape) -> None:
    y = levels.fade(np.ones((2, RATE), np.float32), RATE, 0.1, 0.2, shape)
    assert y[0, 0] < 0.001
    assert y[0, -1] < 0.001
    assert (y[:, 4410 : -2 * 4410] == 1).all()
    assert (np.diff(y[0, :4410]) >= 0).all()
    assert levels.fade(ONE, RATE, 9, 9, shape).shape == ONE.shape


def test_power_ramps_add_up_in_power_and_others_in_amplitude() -> None:
    for shape, exponent in (("power", 2), ("linear", 1), ("smooth", 1)):
        r = levels.ramp(100, shape)
        assert r**exponent + r[::-1] ** exponent == pytest.approx(np.ones(100), abs=1e-6)
    with pytest.raises(ValueError, match="choose from"):
        levels.ramp(10, "steep")  # type: ignore[arg-type]


def test_trim() -> None:
    x = np.arange(100, dtype=np.float32)[None]
    assert levels.trim(x, 10, 2, 4).tolist() == [list(range(20, 40))]
    assert levels.trim(x, 10, 9, 99).shape == (1, 10)
    assert levels.trim(x, 10, 20).shape == (1, 0)
    with pytest.raises(ValueError, match="before the start"):
        levels.trim(x, 10, 4, 2)
    with pytest.raises(ValueError, match="a time from 0"):
        levels.trim(x, 10, -1)


def test_trim_silence() -> None:
    x = np.pad(ONE, ((0, 0), (50, 70)))
    assert np.array_equal(levels.trim_silence(x, RATE), ONE)
    assert levels.trim_silence(x * 0, RATE).shape == (1, 0)


@given(st.lists(st.integers(0, 500), min_size=1, max_size=5), st.floats(0, 0.02))
def test_concat_length_and_steady_sound(sizes: list[int], crossfade: float) -> None:
    parts = [np.ones((1, n), np.float32) for n in sizes]
    y = levels.concat(parts, 10_000, crossfade, "linear")
    frames = round(crossfade * 10_000)
    overlaps = [min(frames, a // 2, b // 2) for a, b in pairwise(sizes)]
    assert y.shape == (1, sum(sizes) - sum(overlaps))
    assert y == pytest.approx(np.ones(y.shape), abs=1e-5)


def test_mix_adds_pads_and_widens() -> None:
    y = levels.mix([ONE, np.ones((2, 400), np.float32)], RATE, [0, -6])
    assert y.shape == (2, 1000)
    assert y[0, 0] == pytest.approx(1.501187)
    assert y[1, 999] == 1
    with pytest.raises(ValueError, match="nothing to mix"):
        levels.mix([], RATE)
    with pytest.raises(ValueError, match="gains for"):
        levels.mix([ONE], RATE, [1, 2])
    with pytest.raises(ValueError, match="channels"):
        levels.mix([np.ones((2, 5), np.float32), np.ones((3, 5), np.float32)], RATE)


def test_channels() -> None:
    assert levels.to_stereo(ONE, RATE).shape == (2, 1000)
    surround = np.zeros((6, 10), np.float32)
    surround[2] = 1
    assert levels.to_stereo(surround, RATE)[:, 0] == pytest.approx([math.sqrt(0.5)] * 2)
    assert levels.to_mono(np.stack([ONE[0], -ONE[0]]), RATE).max() == 0
    with pytest.raises(ValueError, match="folded down"):
        levels.to_stereo(np.zeros((5, 10), np.float32), RATE)
    x = noise(0.1)
    assert levels.width(x, RATE, 1) == pytest.approx(x, abs=1e-6)
    assert np.ptp(levels.width(x, RATE, 0), axis=0).max() == 0


def test_normalise_and_dc() -> None:
    assert levels.peak(levels.normalise(noise(0.1), RATE, -3)) == pytest.approx(levels.from_db(-3), abs=1e-6)
    assert not levels.normalise(ONE * 0, RATE).any()
    assert levels.without_dc(sine(441, 1) + np.float32(0.3), RATE).mean() == pytest.approx(0, abs=1e-5)


def test_gain_has_no_state() -> None:
    x = noise(0.1)
    parts = [levels.gain(x[:, i : i + 999], RATE, -7) for i in range(0, x.shape[1], 999)]
    assert np.array_equal(np.concatenate(parts, axis=1), levels.gain(x, RATE, -7))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_refused_with_its_place(bad: float) -> None:
    x = np.zeros((2, 3_000_000), np.float32)
    assert signal(x, RATE) is x
    x[1, 2_205_000] = bad
    with pytest.raises(ValueError, match=r"50\.000 s"):
        levels.gain(x, RATE, 0)


def test_shape_is_checked() -> None:
    for wrong in (np.zeros(5), np.zeros((0, 5)), np.zeros((1, 2, 3))):
        with pytest.raises(ValueError, match=r"\[channels, frames\]"):
            signal(wrong, RATE)
