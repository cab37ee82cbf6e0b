"""Loudness and true peak against the standard's own figures and another implementation."""

from __future__ import annotations

import math

import numpy as np
import pyloudnorm
import pytest
from audio_signals import RATE, noise, sine

from nawgraph.audio import loudness
from nawgraph.audio.levels import fade
from nawgraph.audio.truepeak import fine_kernel


@pytest.mark.parametrize("rate", [44100, 48000, 96000])
@pytest.mark.parametrize("level", [-23.0, -33.0])
def test_ebu_3341_sine(rate: int, level: float) -> None:
    """EBU Tech 3341, cases 1 and 2: a stereo sine of 1 kHz reads its own level, within 0.1 LU."""
    found = loudness.measure(sine(1000, 20, level, rate, 2), rate)
    assert found.integrated == pytest.approx(level, abs=0.1)
    assert found.momentary == pytest.approx(level, abs=0.1)
    assert found.short_term == pytest.approx(level, abs=0.1)
    assert found.range == pytest.approx(0, abs=0.1)
    assert found.true_peak == pytest.approx(level, abs=0.1)


def parts(*levels_and_seconds: tuple[float, float], rate: int = 48000) -> np.ndarray:
    return np.concatenate([sine(1000, s, db, rate, 2) for db, s in levels_and_seconds], axis=1)


def test_ebu_3341_gates() -> None:
    """Cases 3 and 4 at half their length: what is quieter by the relative and by the absolute gate does not count."""
    assert loudness.integrated(parts((-36, 5), (-23, 30), (-36, 5)), 48000) == pytest.approx(-23, abs=0.1)
    x = parts((-72, 5), (-36, 5), (-23, 30), (-36, 5), (-72, 5))
    assert loudness.integrated(x, 48000) == pytest.approx(-23, abs=0.1)


def test_ebu_3341_surround() -> None:
    """Case 6: five channels at −28, −24 and −30 dBFS make −23 LUFS."""
    levels = [-28, -28, -24, -99, -30, -30]
    x = np.concatenate([sine(1000, 20, db, 48000) for db in levels])
    assert loudness.integrated(x, 48000) == pytest.approx(-23, abs=0.1)


def test_ebu_3342_range() -> None:
    """EBU Tech 3342, case 1: 20 s each at −20 and −30 dBFS have a range of 10 LU, within 1."""
    assert loudness.measure(parts((-20, 20), (-30, 20)), 48000).range == pytest.approx(10, abs=1)


def test_another_implementation_agrees() -> None:
    x = noise(5.0, -20)
    x[:, : 2 * RATE] *= 0.1
    meter = pyloudnorm.Meter(RATE, filter_class="DeMan")
    assert loudness.integrated(x, RATE) == pytest.approx(meter.integrated_loudness(x.T.astype(float)), abs=0.02)


def test_silence_and_short_sounds() -> None:
    for x in (np.zeros((2, 0)), np.zeros((2, 1)), np.zeros((2, RATE))):
        found = loudness.measure(x.astype(np.float32), RATE)
        assert (found.integrated, found.momentary, found.true_peak, found.range) == (-math.inf, -math.inf, -math.inf, 0)
    assert loudness.integrated(sine(1000, 0.2, -23, RATE, 2), RATE) == pytest.approx(-23, abs=0.5)


def test_curve() -> None:
    curve = loudness.curve(parts((-20, 6), (-40, 6)), 48000, 3)
    assert len(curve) == 120
    assert curve[50] == pytest.approx(-20, abs=0.1)
    assert curve[-1] == pytest.approx(-40, abs=0.1)
    assert loudness.curve(np.zeros((1, 0), np.float32), RATE).shape == (0,)
    with pytest.raises(ValueError, match="window"):
        loudness.curve(noise(1), RATE, 0)


@pytest.mark.parametrize(("part", "phase"), [(4, 0.0), (4, 45.0), (6, 60.0), (8, 67.5)])
def test_ebu_3341_true_peak(part: int, phase: float) -> None:
    """Cases 15 to 18: sines of rate / part at −6 dBFS whose samples miss the peak, +0.2 to −0.4 dB."""
    x = 0.5 * np.sin(2 * np.pi * np.arange(48000) / part + np.radians(phase))
    # An abrupt start would overshoot between the samples, and rightly so.
    found = loudness.true_peak(fade(x[None].astype(np.float32), 48000, 0.1, 0.1), 48000)
    assert -6.02 - 0.4 <= found <= -6.02 + 0.2


def test_fine_kernel_interpolates() -> None:
    taps, before = fine_kernel()
    t = np.arange(400)
    for hz in (0.01, 0.1, 0.3):
        x = np.sin(2 * np.pi * hz * t)
        exact = np.sin(2 * np.pi * hz * (200 + np.arange(1, 8) / 8))
        assert taps @ x[200 - before : 200 - before + taps.shape[1]] == pytest.approx(exact, abs=0.002)
