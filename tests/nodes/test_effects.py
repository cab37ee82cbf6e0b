"""Effects as nodes: each does what its knobs say, and odd or broken sound is no accident."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nawgraph.audio.loudness import integrated, true_peak
from nawgraph.nodes import effects
from nawgraph.values import Audio, Grid, Score, Tempo

RATE = 44_100
T = np.arange(RATE) / RATE

EFFECTS: dict[str, Any] = {
    "eq": lambda a: effects.eq(a, low=6.0, mid=-6.0, high=6.0),
    "filter": lambda a: effects.filter_(a),
    "compress": lambda a: effects.compress(a, None),
    "limit": lambda a: effects.limit(a),
    "reverb": lambda a: effects.reverb(a, tail=0.2),
    "delay": lambda a: effects.delay(a, None, tail=0.2),
    "stretch": lambda a: effects.stretch(a, factor=1.5),
    "pitch": lambda a: effects.pitch(a, semitones=3.0),
    "peak": lambda a: effects.normalise(a),
    "loudness": lambda a: effects.normalise(a, to="loudness", level=-20.0),
}


def tone(hz: float = 440.0, level: float = 0.5, channels: int = 2) -> Audio:
    return Audio(np.tile(level * np.sin(2 * np.pi * hz * T), (channels, 1)).astype(np.float32), RATE)


def noise(level: float = 0.2, channels: int = 2) -> Audio:
    return Audio((level * np.random.default_rng(0).standard_normal((channels, RATE))).astype(np.float32), RATE)


def gain(before: Audio, after: Audio) -> float:
    """Change of RMS in dB, edges left out."""
    a, b = (np.sqrt(np.mean(x.samples[:, 4000:-4000].astype(np.float64) ** 2)) for x in (before, after))
    return float(20 * np.log10(b / a))


def loudest_hz(audio: Audio) -> float:
    x = audio.samples[0, : audio.frames] * np.hanning(audio.frames)
    return float(np.abs(np.fft.rfft(x)).argmax() * audio.rate / audio.frames)


# ------------------------------------------------------------------------------------ what they do


@pytest.mark.parametrize(("hz", "knob"), [(40.0, "low"), (1000.0, "mid"), (15_000.0, "high")])
@pytest.mark.parametrize("db", [-12.0, 6.0])
def test_a_band_of_the_equaliser_moves_its_own_region(hz: float, knob: str, db: float) -> None:
    assert gain(tone(hz), effects.eq(tone(hz), **{knob: db})) == pytest.approx(db, abs=0.8)
    far = 15_000.0 if knob != "high" else 40.0
    assert gain(tone(far), effects.eq(tone(far), **{knob: db})) == pytest.approx(0, abs=0.5)


@pytest.mark.parametrize(
    ("shape", "kept", "lost"),
    [("low pass", 100, 8000), ("high pass", 8000, 100), ("band pass", 1000, 60), ("notch", 8000, 1000)],
)
def test_a_filter_keeps_and_removes(shape: str, kept: float, lost: float) -> None:
    assert gain(tone(kept), effects.filter_(tone(kept), shape=shape)) == pytest.approx(0, abs=0.5)
    assert gain(tone(lost), effects.filter_(tone(lost), shape=shape)) < -20


def test_a_filter_above_half_the_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="lies above half the sample rate"):
        effects.filter_(Audio(np.zeros((1, 100), np.float32), 8000), frequency=5000.0)


def test_a_compressor_lowers_what_is_loud_only() -> None:
    settings = {"threshold": -20.0, "ratio": 4.0, "knee": 0.0}
    loud, soft = tone(level=10 ** (-8 / 20)), tone(level=10 ** (-40 / 20))
    assert gain(soft, effects.compress(soft, None, **settings)) == pytest.approx(0, abs=0.1)
    assert gain(loud, effects.compress(loud, None, **settings)) == pytest.approx(-9, abs=1.0)


def test_a_sidechain_ducks() -> None:
    pad, kick = tone(level=0.05), tone(60.0, level=0.9)
    settings = {"threshold": -30.0, "ratio": 10.0}
    assert gain(pad, effects.compress(pad, kick, **settings)) < -10
    assert gain(pad, effects.compress(pad, None, **settings)) > -4  # it lies 4 dB over the threshold itself
    short = Audio(kick.samples[:, : RATE // 2], RATE // 2)
    assert effects.compress(pad, short, **settings).frames == pad.frames


@pytest.mark.parametrize("ceiling", [-1.0, -6.0, -20.0])
def test_the_limiter_keeps_the_true_peak(ceiling: float) -> None:
    limited = effects.limit(noise(2.0), ceiling=ceiling)
    assert true_peak(limited.samples, RATE) <= ceiling
    assert limited.frames == RATE


def test_a_reverb_rings_on_and_mix_0_is_dry() -> None:
    wet = effects.reverb(noise(), tail=1.0)
    assert wet.frames == 2 * RATE and wet.channels == 2
    assert np.abs(wet.samples[:, RATE : RATE + 4410]).max() > 1e-3
    assert np.allclose(effects.reverb(noise(), mix=0.0, tail=0.0).samples, noise().samples, atol=1e-6)


def test_the_delay_is_in_time() -> None:
    click = np.zeros((2, RATE), np.float32)
    click[:, 0] = 1
    score = Score(Grid((Tempo(0, 150_000),)))
    for given, bpm, expected in ((score, 0.0, 0.4), (None, 0.0, 0.5), (score, 100.0, 0.6)):
        out = effects.delay(Audio(click, RATE), given, beats=1.0, bpm=bpm, feedback=0.0, cross=0.0, tail=1.0)
        assert np.abs(out.samples[0, 100:]).argmax() / RATE == pytest.approx(expected, abs=0.005)
    with pytest.raises(ValueError, match=r"would be 12\.0 s long, at most 4 s"):
        effects.delay(Audio(click, RATE), None, beats=4.0, bpm=20.0)


@pytest.mark.parametrize("factor", [0.5, 0.8, 1.5, 3.0])
def test_stretching_keeps_the_pitch(factor: float) -> None:
    out = effects.stretch(tone(), factor=factor)
    assert out.frames == pytest.approx(RATE * factor, abs=2)
    assert loudest_hz(out) == pytest.approx(440, rel=0.01)


@pytest.mark.parametrize("semitones", [-12.0, -3.0, 7.0])
def test_pitch_shifting_keeps_the_length(semitones: float) -> None:
    out = effects.pitch(tone(), semitones=semitones)
    assert out.frames == RATE
    assert loudest_hz(out) == pytest.approx(440 * 2 ** (semitones / 12), rel=0.01)


def test_nothing_to_do_is_nothing_done() -> None:
    audio = noise()
    assert effects.eq(audio) is audio and effects.stretch(audio) is audio and effects.pitch(audio) is audio


def test_normalising_by_peak_and_by_loudness() -> None:
    assert np.abs(effects.normalise(noise(), level=-3.0).samples).max() == pytest.approx(10 ** (-3 / 20), rel=1e-4)
    quiet = effects.normalise(noise(), to="loudness", level=-30.0)
    assert integrated(quiet.samples, RATE) == pytest.approx(-30, abs=0.1)


# --------------------------------------------------------------------------------------- odd input


@pytest.mark.parametrize("name", list(EFFECTS))
@pytest.mark.parametrize("shape", [(2, RATE // 4), (2, 0), (1, 1), (6, 5000)])
def test_silence_stays_silent_in_any_shape(name: str, shape: tuple[int, int]) -> None:
    out = EFFECTS[name](Audio(np.zeros(shape, np.float32), RATE))
    assert not out.samples.any() and out.rate == RATE


@pytest.mark.parametrize("name", list(EFFECTS))
@pytest.mark.parametrize("level", [1e-30, 0.5, 100.0])
def test_dc_of_any_level_stays_finite(name: str, level: float) -> None:
    out = EFFECTS[name](Audio(np.full((2, 8000), level, np.float32), RATE))
    assert np.isfinite(out.samples).all()


@pytest.mark.parametrize("name", list(EFFECTS))
@pytest.mark.parametrize("bad", [np.nan, -np.inf])
def test_broken_sound_is_refused_with_its_place(name: str, bad: float) -> None:
    samples = np.zeros((2, RATE), np.float32)
    samples[0, RATE // 2] = bad
    with pytest.raises(ValueError, match=r"the sound is not a number or infinite at 0\.500 s"):
        EFFECTS[name](Audio(samples, RATE))


@pytest.mark.parametrize("name", list(EFFECTS))
def test_an_effect_gives_the_same_bits_twice(name: str) -> None:
    assert np.array_equal(EFFECTS[name](noise()).samples, EFFECTS[name](noise()).samples)
