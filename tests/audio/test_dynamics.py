"""The compressor's curve and times, the limiter's promise."""

from __future__ import annotations

import numpy as np
import pytest
from audio_signals import RATE, burst, noise, sine
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import resample_poly

from nawgraph.audio import dynamics as d
from nawgraph.audio.levels import to_db
from nawgraph.audio.loudness import true_peak


@pytest.mark.parametrize("knee", [0.0, 6.0, 12.0])
@pytest.mark.parametrize("level", [-40.0, -22.0, -18.0, -14.0, -3.0])
def test_static_curve(level: float, knee: float) -> None:
    settings = d.Compressor(threshold_db=-18, ratio=4, knee_db=knee, attack=0, release=5, makeup_db=2)
    y = d.compress(sine(1000, 0.5, level), RATE, settings)
    # With the longest release the gain stays at what the sine's peaks ask for.
    assert to_db(float(np.abs(y[:, -2000:]).max())) == pytest.approx(settings.curve(level), abs=0.1)


def test_curve_is_steady_and_has_the_ratio() -> None:
    c = d.Compressor(threshold_db=-20, ratio=4, knee_db=8)
    levels = np.linspace(-40, 0, 400)
    curve = np.array([c.curve(v) for v in levels])
    slopes = np.diff(curve) / np.diff(levels)
    assert slopes[0] == pytest.approx(1)
    assert slopes[-1] == pytest.approx(0.25)
    assert (np.diff(slopes) < 1e-9).all()


def test_attack_and_release_times() -> None:
    c = d.Compressor(threshold_db=-20, ratio=100, knee_db=0, attack=0.05, release=0.2)
    x = np.full((1, 3 * RATE), 0.1, np.float32)
    x[:, :RATE] = 1.0
    y = d.compress(x, RATE, c)
    reduction = -20 * np.log10(np.abs(y[0]) / x[0])
    assert reduction[RATE - 1] == pytest.approx(19.8, abs=0.1)
    assert reduction[round(0.05 * RATE)] == pytest.approx(19.8 * (1 - np.exp(-1)), rel=0.02)
    # The release follows the decoupled detector: the attack's smoothing is in series with it.
    assert reduction[RATE + round(0.2 * RATE)] == pytest.approx(19.8 * np.exp(-1), rel=0.35)


def test_sidechain_ducks_and_image_stays() -> None:
    x = noise(0.5)
    key = np.zeros((1, x.shape[1]), np.float32)
    assert np.array_equal(d.compress(x, RATE, d.Compressor(), key), x)
    key[:] = 1
    y = d.compress(x, RATE, d.Compressor(threshold_db=-20, ratio=10), key)
    assert np.abs(y[:, -1000:]).max() < 0.2 * np.abs(x).max()
    assert y[0] * x[1] == pytest.approx(y[1] * x[0], abs=1e-6)
    with pytest.raises(ValueError, match="sidechain has 5 frames"):
        d.compress(x, RATE, d.Compressor(), key[:, :5])


def test_compressor_chunks_equal_the_whole() -> None:
    x, c = noise(0.5, -6), d.Compressor()
    state, parts = d.start(), []
    for start in range(0, x.shape[1], 777):
        part, state = d.process(x[:, start : start + 777], RATE, c, state)
        parts.append(part)
    assert np.array_equal(np.concatenate(parts, axis=1), d.compress(x, RATE, c))


def music() -> np.ndarray:
    """Kicks, crashes and a bass, far too loud."""
    x = noise(2.0, -20) + sine(55, 2.0, 3, channels=2)
    for n in range(16):
        at = n * 5000
        x[n % 2, at : at + 6000] += 8 * burst(900, n)[: x.shape[1] - at].astype(np.float32)
    return x * 2


@pytest.mark.parametrize("ceiling", [-0.1, -1.0, -6.0])
@pytest.mark.parametrize(
    "make",
    [music, lambda: noise(1.0, 6), lambda: sine(11025, 0.5, 6, channels=2), lambda: np.sign(sine(997, 0.5)) * 3],
)
def test_true_peak_is_below_the_ceiling(make: object, ceiling: float) -> None:
    x = make()  # type: ignore[operator]
    y = d.limit(x.astype(np.float32), RATE, ceiling)
    assert true_peak(y, RATE) <= ceiling
    eightfold = resample_poly(y.astype(np.float64), 8, 1, axis=1, window=("kaiser", 12.0))
    # White noise up to half the rate has parts that no short interpolator sees: 0.15 dB for these.
    assert to_db(float(np.abs(eightfold).max())) <= ceiling + 0.15
    assert to_db(float(np.abs(y).max())) > ceiling - 4  # and it is not simply turned down


def test_limiter_leaves_alone_what_is_below() -> None:
    x = noise(0.5, -30)
    assert np.array_equal(d.limit(x, RATE, -1), x)
    y = d.limit(np.concatenate([x, 9 * noise(0.01, 0), x], axis=1), RATE, -1)
    assert np.array_equal(y[:, :20_000], x[:, :20_000])


def test_limiter_gain_is_smooth() -> None:
    x = sine(100, 1.0, -6)
    x[0, RATE // 2] = 4.0
    y = d.limit(x, RATE, -1)
    gain = y[0] / np.where(np.abs(x[0]) > 0.01, x[0], np.nan)
    steps = np.abs(np.diff(gain))
    assert np.nanmax(steps) < 0.02  # of full scale a frame: 3 ms down


@given(st.integers(0, 3000), st.integers(0, 99), st.floats(-20, 20))
@settings(max_examples=25)
def test_limiter_on_anything(frames: int, seed: int, db: float) -> None:
    x = noise(1, db, seed)[:, :frames]
    y = d.limit(x, RATE, -1)
    assert y.shape == x.shape
    assert true_peak(y, RATE) <= -1


def test_impossible_settings_are_refused() -> None:
    for make in (
        lambda: d.Compressor(ratio=0.5),
        lambda: d.Compressor(attack=-1),
        lambda: d.Compressor(threshold_db=float("nan")),
        lambda: d.limit(noise(0.1), RATE, 3),
        lambda: d.limit(noise(0.1), RATE, -1, release=0),
    ):
        with pytest.raises(ValueError, match="must be between"):
            make()


def test_what_is_wrong_with_a_long_sound_is_said_as_with_a_short_one() -> None:
    x = np.zeros((1, 2_000_000), np.float32)
    with pytest.raises(ValueError, match="sidechain has 2000001 frames, the sound 2000000"):
        d.compress(x, 44_100, d.Compressor(), np.zeros((1, 2_000_001), np.float32))
    x[0, 1_500_000] = np.nan
    with pytest.raises(ValueError, match=r"at 34\.014 s"):
        d.compress(x, 44_100, d.Compressor())
