"""The equaliser against its analytic response, and chunks against the whole."""

from __future__ import annotations

import math

import numpy as np
import pytest
from audio_signals import RATE, noise, sine

from nawgraph.audio import filters as f

ALL = {
    "low_pass": f.low_pass(RATE, 1000),
    "high_pass": f.high_pass(RATE, 1000),
    "band_pass": f.band_pass(RATE, 1000, 2),
    "notch": f.notch(RATE, 1000),
    "peaking": f.peaking(RATE, 1000, 6, 1.4),
    "low_shelf": f.low_shelf(RATE, 200, -9),
    "high_shelf": f.high_shelf(RATE, 5000, 12),
    "eq": f.cascade(f.low_shelf(RATE, 100, 4), f.peaking(RATE, 800, -5), f.high_shelf(RATE, 8000, 3)),
}


def db(x: complex) -> float:
    return 20 * math.log10(max(abs(x), 1e-12))


@pytest.mark.parametrize("name", ALL)
def test_measured_response_is_the_analytic_one(name: str) -> None:
    impulse = np.zeros((1, 1 << 15), np.float32)
    impulse[0, 0] = 1
    measured = np.abs(np.fft.rfft(f.filtered(impulse, RATE, ALL[name])[0]))[20:16000:97]
    hz = np.arange(1 << 14)[20:16000:97] * RATE / (1 << 15)
    assert measured == pytest.approx(np.abs(f.response(ALL[name], RATE, hz)), abs=2e-4, rel=2e-3)


def test_corner_points() -> None:
    at = lambda sos, hz: db(complex(f.response(sos, RATE, hz)))  # noqa: E731
    assert at(ALL["low_pass"], 1000) == pytest.approx(-3.01, abs=0.01)
    assert at(ALL["high_pass"], 1000) == pytest.approx(-3.01, abs=0.01)
    assert at(ALL["high_pass"], 100) == pytest.approx(-40, abs=0.2)
    assert at(ALL["band_pass"], 1000) == pytest.approx(0, abs=1e-6)
    assert at(ALL["notch"], 1000) < -200
    assert at(ALL["peaking"], 1000) == pytest.approx(6, abs=1e-6)
    assert at(ALL["low_shelf"], 1) == pytest.approx(-9, abs=0.01)
    assert at(ALL["low_shelf"], 200) == pytest.approx(-4.5, abs=0.01)
    assert at(ALL["high_shelf"], 22000) == pytest.approx(12, abs=0.05)
    assert at(f.cascade(), 440) == 0


@pytest.mark.parametrize("name", ALL)
def test_chunks_equal_the_whole(name: str) -> None:
    x, sos = noise(0.3), ALL[name]
    state, parts, start = f.start(sos, 2), [], 0
    for size in (1, 0, 7, 4096, 1, 20_000):
        part, state = f.process(x[:, start : start + size], RATE, sos, state)
        parts.append(part)
        start += size
    assert np.array_equal(np.concatenate(parts, axis=1), f.filtered(x, RATE, sos))


def test_silence_dc_and_no_frames() -> None:
    assert f.filtered(np.zeros((2, 0), np.float32), RATE, ALL["eq"]).shape == (2, 0)
    assert not f.filtered(np.zeros((2, 99), np.float32), RATE, ALL["eq"]).any()
    assert abs(f.filtered(np.ones((1, RATE), np.float32), RATE, ALL["high_pass"])[0, -1]) < 1e-6


@pytest.mark.parametrize(
    "make",
    [
        lambda: f.low_pass(RATE, 22_000),
        lambda: f.low_pass(RATE, float("nan")),
        lambda: f.high_pass(RATE, 0),
        lambda: f.peaking(RATE, 1000, 61),
        lambda: f.notch(RATE, 1000, 0),
    ],
)
def test_impossible_filters_are_refused(make: object) -> None:
    with pytest.raises(ValueError, match="must be between"):
        make()  # type: ignore[operator]


def test_nan_is_refused() -> None:
    x = sine(440, 0.1)
    x[0, 4000] = np.nan
    with pytest.raises(ValueError, match=r"0\.091 s"):
        f.filtered(x, RATE, ALL["eq"])
