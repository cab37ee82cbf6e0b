"""Reverb and delay: decay, energy, no ringing, chunks."""

from __future__ import annotations

import numpy as np
import pytest
from audio_signals import RATE, noise

from nawgraph.audio import filters
from nawgraph.audio import space as s


def impulse(frames: int = 1) -> np.ndarray:
    x = np.zeros((1, frames), np.float32)
    x[0, 0] = 1
    return x


def decay_time(x: np.ndarray) -> float:
    """Time to lose 60 dB by Schroeder's backward integration, from −5 to −35 dB."""
    energy = np.cumsum(np.square(x, dtype=np.float64)[::-1])[::-1]
    db = 10 * np.log10(energy / energy[0] + 1e-30)
    return float((np.argmax(db < -35) - np.argmax(db < -5)) / RATE * 2)


@pytest.mark.parametrize("decay", [0.5, 1.8, 4.0])
def test_low_notes_decay_as_asked(decay: float) -> None:
    h = s.reverb(impulse(), RATE, s.Reverb(decay=decay, low_cut=20))
    low = filters.filtered(h, RATE, filters.cascade(filters.low_pass(RATE, 300), filters.low_pass(RATE, 300)))
    assert decay_time(low[0]) == pytest.approx(decay, rel=0.15)


def test_damping_shortens_high_notes_only() -> None:
    high = filters.cascade(filters.high_pass(RATE, 6000), filters.high_pass(RATE, 6000))
    times = [
        decay_time(filters.filtered(s.reverb(impulse(), RATE, s.Reverb(decay=2, damping=x)), RATE, high)[0])
        for x in (0.0, 0.5, 1.0)
    ]
    assert times[0] > 1.5 * times[1] > 2 * times[2]


@pytest.mark.parametrize("decay", [0.4, 2.0, 8.0])
def test_energy_hardly_depends_on_the_decay(decay: float) -> None:
    h = s.reverb(impulse(), RATE, s.Reverb(decay=decay, low_cut=20))
    energy = np.square(h, dtype=np.float64).sum(axis=1)
    assert (energy > 0.35).all()
    assert (energy < 1.5).all()


def test_sides_are_decorrelated_and_one_side_reaches_both() -> None:
    h = s.reverb(impulse(), RATE)
    assert abs(np.corrcoef(h)[0, 1]) < 0.1
    one = s.reverb(np.concatenate([impulse(), impulse() * 0]), RATE)
    energy = np.square(one, dtype=np.float64).sum(axis=1)
    assert 1 < energy[0] / energy[1] < 5  # its own side has the first echoes


def test_tail_is_noise_like_without_ringing_modes() -> None:
    h = s.reverb(impulse(), RATE, s.Reverb(decay=3, damping=0, low_cut=20))[0]
    late = h[RATE // 2 : RATE * 2] * 10 ** (3 * np.arange(RATE * 3 // 2) / (3 * RATE))  # decay undone
    kurtosis = float(np.mean(late**4) / np.mean(late**2) ** 2)
    assert kurtosis == pytest.approx(3, abs=0.5)  # Gaussian: dense
    power = np.abs(np.fft.rfft(late * np.hanning(len(late)))) ** 2
    band = power[3000:15000].reshape(-1, 1000)
    # The bins of Gaussian noise are exponentially distributed: the strongest of 1000 is about 7 to 12 times the mean.
    assert float((band.max(axis=1) / band.mean(axis=1)).max()) < 20


def test_reverb_chunks_equal_the_whole() -> None:
    x, r = noise(1.0), s.Reverb(predelay=0.013)
    state, parts = s.reverb_start(RATE, r), []
    for start in range(0, x.shape[1], 777):
        part, state = s.reverb_process(x[:, start : start + 777], RATE, r, state)
        parts.append(part)
    assert np.array_equal(np.concatenate(parts, axis=1), s.reverb(x, RATE, r, tail=0))


def test_reverb_of_nothing_is_nothing_and_predelay_waits() -> None:
    assert s.reverb(np.zeros((2, 0), np.float32), RATE, tail=0).shape == (2, 0)
    assert not s.reverb(np.zeros((2, 9000), np.float32), RATE).any()
    h = s.reverb(impulse(), RATE, s.Reverb(predelay=0.1))
    assert not h[:, : RATE // 10].any()
    assert h[:, RATE // 10 : RATE // 5].any()


@pytest.mark.parametrize("rate", [8000, 48000, 192000])
def test_reverb_at_other_rates(rate: int) -> None:
    for size in (0.3, 2.0):
        h = s.reverb(impulse(), rate, s.Reverb(size=size, decay=1), tail=1.5)
        assert h.shape == (2, 1 + round(1.5 * rate))
        assert 0.1 < np.square(h, dtype=np.float64).sum() < 4


def test_echoes_come_when_they_should() -> None:
    d = s.Delay(left=0.25, right=0.5, feedback=0.5, tone=20_000)
    y = s.delay(impulse(), RATE, d)
    left = [float(y[0, round(0.25 * RATE * k)]) for k in (1, 2, 3)]
    assert left[0] == 1
    assert 0.3 < left[1] / left[0] < 0.5
    assert y[1, RATE // 2] == 1
    assert not y[:, : RATE // 4].any()


def test_ping_pong_changes_sides() -> None:
    x = np.concatenate([impulse(), impulse() * 0])
    y = s.delay(x, RATE, s.Delay(left=0.2, right=0.2, feedback=0.6, cross=1, tone=20_000))
    k = round(0.2 * RATE)
    assert y[0, k] == 1
    assert y[1, k] == 0
    assert y[1, 2 * k] > 0.4
    assert y[0, 2 * k] == 0


def test_delay_chunks_equal_the_whole() -> None:
    x, d = noise(1.0), s.Delay(left=0.01, right=0.013)
    state, parts = s.delay_start(RATE, d), []
    for start in range(0, x.shape[1], 333):
        part, state = s.delay_process(x[:, start : start + 333], RATE, d, state)
        parts.append(part)
    assert np.array_equal(np.concatenate(parts, axis=1), s.delay(x, RATE, d, tail=0))


def test_synced_and_impossible_settings() -> None:
    assert s.synced(0.75, 120) == 0.375
    for make in (
        lambda: s.synced(1, 0),
        lambda: s.Delay(feedback=1),
        lambda: s.Reverb(decay=0),
        lambda: s.Reverb(size=float("nan")),
    ):
        with pytest.raises(ValueError, match="must be"):
            make()
