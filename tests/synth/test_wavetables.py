"""Band-limited waves: no harmonic above the ceiling, right amplitudes, smooth changes of level."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nawgraph.synth import kernels
from nawgraph.synth.wavetables import CEILING, HARMONICS, SIZE, STEPS, WAVES, tables

FRAMES = 8192


def tone(wave: str, begin: float, end: float | None = None) -> np.ndarray:
    """A wave whose frequency (cycles a frame) goes from `begin` to `end`."""
    knots = FRAMES // kernels.HOP + 1
    pitch = np.linspace(begin, begin if end is None else end, knots)[None]
    out = np.zeros((2, FRAMES), np.float32)
    kernels.bank(tables(wave), pitch, np.zeros(1), np.ones((2, 1), np.float32), out)
    return out[0].astype(np.float64)


@pytest.mark.parametrize("wave", sorted(WAVES))
def test_a_level_holds_the_waves_harmonics_and_no_more(wave: str) -> None:
    wanted = WAVES[wave](np.arange(1.0, HARMONICS + 1))
    for level in (0, 5, 3 * STEPS, len(tables(wave)) - 1):
        count = int(HARMONICS * 2 ** (-level / STEPS) + 1e-9)
        found = np.fft.rfft(tables(wave)[level, :SIZE].astype(np.float64)) / (SIZE / 2)
        assert np.allclose(-found.imag[1 : count + 1], wanted[:count], atol=1e-6)
        assert np.abs(found[count + 1 :]).max() < 1e-6
        assert abs(found[0]) < 1e-6


@settings(max_examples=30, deadline=None)
@given(cycles=st.integers(5, 3500), wave=st.sampled_from(["saw", "square", "pulse", "glottis"]))
def test_no_alias_at_any_pitch(cycles: int, wave: str) -> None:
    """A whole number of cycles in the window: whatever falls beside its multiples is alias or interpolation noise."""
    power = np.abs(np.fft.rfft(tone(wave, cycles / FRAMES))) ** 2
    beside = np.arange(len(power)) % cycles != 0
    assert power[beside].sum() < 1e-6 * power.sum()
    assert power[int(CEILING * FRAMES) + 1 :].sum() < 1e-6 * power.sum()


@settings(max_examples=8, deadline=None)
@given(begin=st.floats(0.002, 0.1), octaves=st.floats(-2.0, 2.0))
def test_a_glide_makes_no_steps_of_its_own(begin: float, octaves: float) -> None:
    """Through all changes of level a gliding sine stays a sine, a triangle within the slope of its harmonics."""
    end = begin * 2**octaves
    knots = np.linspace(begin, end, FRAMES // kernels.HOP + 1)
    frequency = np.interp(np.arange(FRAMES), np.arange(len(knots)) * kernels.HOP, knots)
    phase = np.concatenate([[0.0], np.cumsum(frequency)[:-1]])
    assert np.abs(tone("sine", begin, end) - np.sin(2 * np.pi * phase)).max() < 1e-3
    assert np.abs(np.diff(tone("triangle", begin, end))).max() < 5.1 * max(begin, end)
