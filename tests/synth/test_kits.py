"""Drums: every General MIDI number answers, hats choke, takes differ, styles differ."""

from __future__ import annotations

import numpy as np
import pytest

from nawgraph.audio.onsets import onsets
from nawgraph.synth import Desk, Tone
from nawgraph.synth.kits import KITS, VARIANTS

RATE = 16000


def stroke(kit: str, pitch: int, velocity: int = 110, index: int = 0, seed: int = 0) -> np.ndarray:
    phrase = KITS[kit].phrases([Tone(0, 100, pitch, velocity, index)], RATE)[0]
    return KITS[kit].play(phrase, Desk(RATE, (seed, kit)))


def centroid(sound: np.ndarray) -> float:
    power = np.abs(np.fft.rfft(sound[0])) ** 2
    return float(np.sum(power * np.fft.rfftfreq(sound.shape[1], 1 / RATE)) / np.sum(power))


@pytest.mark.parametrize("kit", sorted(KITS))
def test_every_percussion_number_sounds(kit: str) -> None:
    desk = Desk(RATE)
    for phrase in KITS[kit].phrases([Tone(0, 100, pitch, 110) for pitch in range(27, 88)], RATE):
        assert 0.05 < np.abs(KITS[kit].play(phrase, desk)).max() < 2.0, phrase
    assert stroke(kit, 12).shape[1] == 0


@pytest.mark.parametrize("kit", sorted(KITS))
def test_drums_lie_where_they_belong(kit: str) -> None:
    kick, snare, hat = (centroid(stroke(kit, pitch)) for pitch in (36, 38, 42))
    assert kick < 450
    assert kick < snare < hat
    assert hat > 3_000


def test_the_closed_hat_stops_the_open_one() -> None:
    kit = KITS["kit.house"]
    open_hat, closed = kit.phrases([Tone(0, 9, 46), Tone(5_000, 9, 42, index=1)], RATE)
    assert open_hat.stop == 5_000 + round(0.006 * RATE)
    assert closed.stop is None
    crash, _ = kit.phrases([Tone(0, 9, 49), Tone(5_000, 9, 42, index=1)], RATE)
    assert crash.stop is None


def test_takes_differ_and_repeat() -> None:
    takes = [stroke("kit.funk", 38, index=i) for i in range(VARIANTS + 1)]
    assert not np.array_equal(takes[0], takes[1])
    assert np.array_equal(takes[0], takes[VARIANTS])
    assert not np.array_equal(takes[0], stroke("kit.funk", 38, seed=1))


def test_velocity_makes_louder_and_brighter() -> None:
    soft, hard = stroke("kit.rock", 38, 40), stroke("kit.rock", 38, 120)
    assert np.abs(hard).max() > 3 * np.abs(soft).max()
    assert centroid(hard) > centroid(soft)


@pytest.mark.parametrize("kit", sorted(KITS))
@pytest.mark.parametrize("pitch", [54, 69, 70, 73, 82])
def test_shakers_and_their_like_speak_at_once(kit: str, pitch: int) -> None:
    sound = np.abs(stroke(kit, pitch)).max(axis=0)
    assert np.argmax(sound > 0.1 * sound.max()) <= 0.003 * RATE


@pytest.mark.parametrize("kit", ["kit.house", "kit.dnb", "kit.dubstep", "kit.trap", "kit.jazz", "kit.rock"])
def test_strokes_are_found_where_they_are_played(kit: str) -> None:
    rate = 44100
    desk = Desk(rate)
    for pitch in (36, 37, 38, 39, 42, 46, 49, 51, 82):
        phrases = KITS[kit].phrases([Tone(rate // 2, 100, pitch, 100)], rate)
        sound = np.pad(KITS[kit].play(phrases[0], desk), ((0, 0), (rate // 2, 0)))
        assert onsets(sound, rate)[0] == pytest.approx(0.5, abs=0.003), pitch


def test_a_cymbal_swell_peaks_late() -> None:
    swell = np.abs(stroke("kit.orchestral", 52)[0])
    assert 1.2 * RATE < np.argmax(np.convolve(swell, np.ones(500), "same")) < 2.6 * RATE


def test_styles_sound_different() -> None:
    """No two kits share a kick or a snare."""
    for pitch in (36, 38):
        digests = {stroke(kit, pitch).tobytes() for kit in KITS}
        assert len(digests) == len(KITS)
