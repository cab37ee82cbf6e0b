"""Time-stretch, pitch-shift and resampling: lengths, frequencies, places."""

from __future__ import annotations

import math

import numpy as np
import pytest
from audio_signals import RATE, drums, frequency, noise, sine

from nawgraph.audio.onsets import onsets
from nawgraph.audio.resample import resample, resampled_length
from nawgraph.audio.stretch import pitch_shift, time_stretch


@pytest.mark.parametrize("factor", [0.5, 0.8, 1.37, 2.0])
def test_stretch_keeps_pitch_and_has_the_length(factor: float) -> None:
    x = sine(440, 2.0, channels=2)
    y = time_stretch(x, RATE, factor)
    assert y.shape == (2, round(x.shape[1] * factor))
    middle = y[:1, y.shape[1] // 4 : -y.shape[1] // 4]
    assert 1200 * abs(math.log2(frequency(middle) / 440)) < 1
    assert np.array_equal(y, time_stretch(x, RATE, factor))


def test_stretched_drums_stay_on_their_grid() -> None:
    x, times = drums(120, 4.0, "s h")
    for factor in (0.8, 1.25):
        found = onsets(time_stretch(x, RATE, factor), RATE)
        for t in times[1:]:
            assert np.abs(found - t * factor).min() < 0.004


@pytest.mark.parametrize("semitones", [-12.0, -5.0, 0.5, 7.0, 12.0])
def test_pitch_shift_hits_the_pitch_and_keeps_the_length(semitones: float) -> None:
    x = sine(440, 2.0)
    y = pitch_shift(x, RATE, semitones)
    assert y.shape == x.shape
    assert 1200 * abs(math.log2(frequency(y[:, 20_000:-20_000]) / 440) - semitones / 12) < 0.5


@pytest.mark.parametrize("frames", [0, 1, 2, 500, 5000])
def test_short_sounds_have_the_length_too(frames: int) -> None:
    x = noise(1.0)[:, :frames]
    assert time_stretch(x, RATE, 1.5).shape == (2, round(frames * 1.5))
    assert pitch_shift(x, RATE, -3).shape == x.shape
    assert np.isfinite(time_stretch(x, RATE, 0.5)).all()


def test_nothing_to_do_changes_nothing() -> None:
    x = noise(0.1)
    assert time_stretch(x, RATE, 1) is x
    assert pitch_shift(x, RATE, 0) is x
    assert resample(x, RATE, RATE) is x
    assert not time_stretch(x * 0, RATE, 2).any()


@pytest.mark.parametrize("call", [
    lambda x: time_stretch(x, RATE, 5), lambda x: time_stretch(x, RATE, float("nan")),
    lambda x: time_stretch(x, 1000, 2),
    lambda x: pitch_shift(x, RATE, 25), lambda x: resample(x, RATE, 10),
])  # fmt: skip
def test_impossible_settings_are_refused(call: object) -> None:
    with pytest.raises(ValueError, match="must be between"):
        call(noise(0.1))  # type: ignore[operator]


@pytest.mark.parametrize(("rate", "new_rate"), [(44100, 48000), (48000, 44100), (44100, 22050), (8000, 96000)])
def test_resampling(rate: int, new_rate: int) -> None:
    x = sine(1000, 1.0, -6, rate)
    y = resample(x, rate, new_rate)
    assert y.shape == (1, resampled_length(x.shape[1], rate, new_rate)) == (1, new_rate)
    expected = sine(1000, 1.0, -6, new_rate)
    inside = slice(new_rate // 20, -new_rate // 20)
    assert np.abs(y - expected)[:, inside].max() < 2e-5  # no delay, −94 dB
    for frames in (0, 1, 7):
        assert resample(x[:, :frames], rate, new_rate).shape[1] == resampled_length(frames, rate, new_rate)


def test_resampled_length_is_exact() -> None:
    assert resampled_length(3, 2, 1) == 2  # 1.5, halves up
    assert resampled_length(44100 * 10**7, 44100, 48000) == 48000 * 10**7
