"""The nodes, called as the functions that they are."""

import numpy as np
import pytest
from nawgraph_dsp import bitcrush, chorus, granulate, ring, vocoder

import nawgraph as ng

RATE = 44_100


def tone(frequency: float = 220.0, seconds: float = 1.0, channels: int = 1) -> ng.Audio:
    wave = 0.5 * np.sin(2 * np.pi * frequency * np.arange(round(seconds * RATE)) / RATE)
    return ng.Audio(np.tile(wave, (channels, 1)).astype(np.float32), RATE)


def spectrum(audio: ng.Audio) -> np.ndarray:
    return np.abs(np.fft.rfft(audio.samples[0] * np.hanning(audio.frames)))


def test_bitcrush_has_so_many_levels_and_holds() -> None:
    made = bitcrush(tone(), bits=3.0, hold=4).samples[0]
    assert len(np.unique(made)) <= 8
    assert (made[: len(made) // 4 * 4].reshape(-1, 4) == made[: len(made) // 4 * 4 : 4, None]).all()


def test_bitcrush_of_16_bits_is_nearly_the_same() -> None:
    sound = tone()
    assert np.abs(bitcrush(sound, bits=16.0, hold=1).samples - sound.samples).max() <= 2**-16 + 1e-7


def test_chorus_without_depth_is_a_delay() -> None:
    sound = tone()
    late = round(0.010 * RATE)
    made = chorus(sound, voices=1, depth=0.0, delay=10.0, mix=1.0, ctx=ng.Context())
    np.testing.assert_allclose(made.samples[0, late + 2 :], sound.samples[0, 2:-late], atol=1e-3)
    assert np.abs(made.samples[0, : late - 1]).max() < 1e-6


def test_ring_makes_sum_and_difference() -> None:
    found = spectrum(ring(tone(1000.0), None, frequency=300.0))
    peaks = sorted(np.argsort(found)[-2:])
    assert abs(peaks[0] - 700) <= 1
    assert abs(peaks[1] - 1300) <= 1


def test_ring_with_a_carrier_of_another_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="resample"):
        ring(tone(), ng.Audio(np.ones((1, 10), np.float32), 48_000))


def test_granulate_is_as_long_as_asked_and_follows_its_seed() -> None:
    one, two, other = (granulate(tone(), seconds=2.0, seed=s, ctx=ng.Context()) for s in (1, 1, 2))
    assert one.frames == 2 * RATE
    assert one.digest() == two.digest() != other.digest()


def test_granulate_keeps_the_pitch_without_spread() -> None:
    found = spectrum(granulate(tone(440.0), seconds=1.0, grain=200.0, ctx=ng.Context()))
    assert abs(int(np.argmax(found)) - 440) <= 5


def test_vocoder_is_silent_where_the_voice_is() -> None:
    voice = np.zeros((1, 2 * RATE), np.float32)
    voice[:, RATE:] = np.random.default_rng(0).standard_normal(RATE) * 0.1
    made = vocoder(ng.Audio(voice, RATE), tone(220.0, 2.0, 2), ctx=ng.Context())
    assert made.samples.shape == (2, 2 * RATE)
    assert np.abs(made.samples[:, : RATE // 2]).max() < 1e-6
    assert np.abs(made.samples[:, RATE + 5000 :]).max() > 1e-3
