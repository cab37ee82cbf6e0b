"""Onsets, tempo and beats of drums whose times are known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from audio_signals import RATE, burst, drums, kick, noise, sine

from nawgraph.audio.onsets import onset_envelope, onsets
from nawgraph.audio.tempo import beats, tempo

PATTERNS = {
    "house": ("kh h ksh h", 2),
    "rock": ("kh h sh h kh kh sh h", 2),
    "sixteenths": ("kh h h h sh h h k h h kh h sh h h h", 4),
    "waltz": ("kh h sh h sh h", 2),
    "shuffle": ("kh - h sh - h", 3),
}


@pytest.mark.parametrize("name", PATTERNS)
@pytest.mark.parametrize("bpm", [84, 97.3, 120, 140])
def test_tempo(name: str, bpm: float) -> None:
    pattern, steps = PATTERNS[name]
    found = tempo(drums(bpm, 15, pattern, steps)[0], RATE)
    assert found is not None
    assert found.bpm == pytest.approx(bpm, rel=0.002)
    assert found.confidence > 0.3


@pytest.mark.parametrize("bpm", [62.0, 174.0, 200.0])
def test_a_range_settles_the_octave(bpm: float) -> None:
    found = tempo(drums(bpm, 15, *PATTERNS["rock"])[0], RATE, low=bpm * 0.75, high=bpm * 1.4, centre=bpm)
    assert found is not None
    assert found.bpm == pytest.approx(bpm, rel=0.002)


def test_tempo_survives_pads_and_noise() -> None:
    x, _ = drums(128, 15, *PATTERNS["house"])
    x = x + sine(220, 16, -12)[:, : x.shape[1]] + noise(16, -40, channels=1)[:, : x.shape[1]]
    found = tempo(x, RATE)
    assert found is not None
    assert found.bpm == pytest.approx(128, rel=0.005)


@pytest.mark.parametrize("x", [
    np.zeros((1, 0), np.float32), np.zeros((2, 1), np.float32), np.zeros((1, RATE), np.float32),
    np.ones((1, 5 * RATE), np.float32), sine(440, 0.2),
])  # fmt: skip
def test_no_pulse_no_tempo(x: np.ndarray) -> None:
    assert tempo(x, RATE) is None
    assert len(beats(x, RATE)) == 0


def test_impossible_ranges_are_refused() -> None:
    for low, high in ((100, 100), (5, 100), (100, 900)):
        with pytest.raises(ValueError, match="tempo range"):
            tempo(noise(1), RATE, low, high)


@pytest.mark.parametrize("name", ["house", "rock", "shuffle"])
def test_onsets_are_found_where_they_are(name: str) -> None:
    pattern, steps = PATTERNS[name]
    x, times = drums(110, 8, pattern, steps)
    found = onsets(x, RATE)
    distance = np.array([np.abs(found - t).min() for t in times])
    assert (distance < 0.004).mean() >= 0.98
    assert len(found) <= 1.1 * len(times)


def clap() -> np.ndarray:
    """Four hands within 30 ms, each as loud as the others, and the room after them."""
    x = burst(3000, 3) * 0.5
    for hand in (0.0, 0.01, 0.02, 0.03):
        at = round(hand * RATE)
        x[at:] += burst(150, 4)[: len(x) - at]
    return x


def crash() -> np.ndarray:
    """Noise that takes 4 ms to spread over the plate."""
    x = burst(5000, 5)
    return np.asarray(x * (1 - np.exp(-np.arange(len(x)) / (0.004 * RATE))))


def hard_kick() -> np.ndarray:
    """A sine that falls from 240 to 56 Hz: its waves rise again and again."""
    t = np.arange(12_000) / RATE
    turns = np.cumsum(56 + 184 * np.exp(-t / 0.016)) / RATE
    return np.asarray(np.tanh(2 * np.sin(2 * np.pi * turns) * np.exp(-t * 20)) * np.minimum(t / 0.0004, 1))


@pytest.mark.parametrize("make", [clap, crash, hard_kick])
def test_a_stroke_begins_with_its_first_rise(make: Callable[[], np.ndarray]) -> None:
    hit, places = make(), [0.5, 1.013, 1.5217, 2.2, 2.9071]
    x = np.zeros((1, 4 * RATE), np.float32)
    for t in places:
        x[0, round(t * RATE) :][: len(hit)] += hit
    assert onsets(x, RATE) == pytest.approx(places, abs=0.003)


def test_kicks_are_heard_in_time_under_cymbals_that_ring() -> None:
    """The noise of a cymbal rises all the time: none of its rises may be taken for the kick's."""
    rng, places = np.random.default_rng(1), [0.5 + 0.31 * n for n in range(10)]
    x = np.zeros((1, 4 * RATE), np.float32)
    ring = rng.standard_normal(3 * RATE) * np.exp(-np.arange(3 * RATE) / RATE) * 0.08
    x[0, round(0.5 * RATE) :][: len(ring)] += ring.astype(np.float32)
    for t in places:
        x[0, round(t * RATE) :][:8000] += kick().astype(np.float32) * 0.6
    assert onsets(x, RATE, threshold=0.06) == pytest.approx(places, abs=0.006)


def test_onsets_of_soft_hits_and_of_plucked_notes() -> None:
    x = np.zeros((1, 3 * RATE), np.float32)
    places = [0.5, 1.0, 1.7, 2.2]
    for n, t in enumerate(places):
        at = round(t * RATE)
        tail = sine(300 * 1.3**n, 0.5)[0] * np.exp(-np.arange(RATE // 2) / 3000)
        x[0, at : at + RATE // 2] += tail * 0.05
    assert onsets(x, RATE) == pytest.approx(places, abs=0.004)


def test_envelope_is_independent_of_level_and_flat_for_steady_sound() -> None:
    x, _ = drums(120, 4, *PATTERNS["house"])
    a, rate = onset_envelope(x, RATE)
    b, _ = onset_envelope(x * np.float32(0.01), RATE)
    assert b == pytest.approx(a, abs=1e-3)
    assert len(a) == pytest.approx(x.shape[1] / RATE * rate, abs=1)
    steady = onset_envelope(sine(440, 2), RATE)[0][20:-20]
    assert steady.max() < 0.05 * a.max()


def test_silence_has_no_onsets() -> None:
    for x in (np.zeros((1, 0)), np.zeros((1, 1)), np.zeros((2, RATE))):
        assert len(onsets(x.astype(np.float32), RATE)) == 0
    assert len(onsets(np.pad(burst(900, 1)[None], ((0, 0), (9000, 9000))).astype(np.float32), RATE)) == 1


@pytest.mark.parametrize("bpm", [84.0, 120.0, 174.0])
def test_beats_fall_on_the_grid(bpm: float) -> None:
    x, _ = drums(bpm, 12, *PATTERNS["rock"])
    found = beats(x, RATE, bpm)
    period = 60 / bpm
    off = (found + period / 2) % period - period / 2
    assert np.abs(off).max() < 0.015
    assert abs(np.median(off)) < 0.006
    assert len(found) == pytest.approx(12 / period, abs=2)


def test_beats_follow_a_change_of_tempo() -> None:
    x = np.concatenate([drums(118, 8, *PATTERNS["house"])[0][:, : 8 * RATE], drums(124, 8, *PATTERNS["house"])[0]], 1)
    found = np.diff(beats(x, RATE, 120))
    assert np.median(found[:12]) == pytest.approx(60 / 118, rel=0.02)
    assert np.median(found[-12:]) == pytest.approx(60 / 124, rel=0.02)
