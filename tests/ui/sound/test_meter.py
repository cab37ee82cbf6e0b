"""The master meter against the measurements of whole sounds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from player_sounds import RATE, noise, sine

from nawgraph.audio.loudness import measure
from nawgraph.ui.sound import Meter
from nawgraph.values.signal import Float


def fed(sound: Float, block: int, rate: int = RATE) -> Meter:
    meter = Meter(rate)
    for start in range(0, sound.shape[1], block):
        meter.feed(sound[:, start : start + block])
    return meter


@given(st.integers(32, 5000), st.sampled_from([44_100, 48_000, 96_000]))
def test_momentary_loudness_is_that_of_the_last_400_ms(block: int, rate: int) -> None:
    x = noise(2 * rate, level=0.1)
    x[:, rate:] *= np.float32(0.5)
    x = x[:, : rate * 19 // 10]
    # 1.9 s: the window of the meter is the last of the whole sound.
    quiet = measure(x[:, rate * 5 // 10 :], rate)
    reading = fed(x, block, rate).reading
    assert reading.momentary == pytest.approx(quiet.momentary - 6.02, abs=0.4)


def test_loudness_of_the_standard_sine() -> None:
    """EBU Tech 3341: a stereo sine of 1 kHz at −23 dBFS reads −23 LUFS."""
    reading = fed(sine(RATE, 1000, level=10 ** (-23 / 20)), 512).reading
    assert reading.momentary == pytest.approx(-23, abs=0.1)


def test_rms_and_peak_of_a_sine() -> None:
    reading = fed(sine(3 * RATE, 997, level=0.5), 480).reading
    assert reading.rms == pytest.approx((-9.03, -9.03), abs=0.02)
    assert reading.peak == pytest.approx((-6.02, -6.02), abs=0.02)
    assert reading.hold == pytest.approx((-6.02, -6.02), abs=0.02)
    assert not reading.clipped


def test_peak_falls_and_is_held() -> None:
    x = np.zeros((2, 4 * RATE), np.float32)
    x[0, 100] = 0.5
    meter = fed(x[:, :RATE], 480)
    assert meter.reading.peak[0] == pytest.approx(-6.02 - 11.8, abs=0.2)
    assert meter.reading.hold[0] == pytest.approx(-6.02, abs=0.01)
    assert meter.reading.peak[1] == -math.inf
    meter.feed(x[:, RATE : 3 * RATE])
    meter.feed(x[:, 3 * RATE :])
    assert meter.reading.hold[0] < -10


def test_clipping_is_kept_until_it_is_reset() -> None:
    x = np.zeros((2, 480), np.float32)
    x[1, 7] = -1.0
    meter = fed(x, 480)
    meter.feed(np.zeros((2, 48_000), np.float32))
    assert meter.reading.clipped
    meter.reset()
    assert not meter.reading.clipped
    assert Meter(RATE).reading.momentary == -math.inf
