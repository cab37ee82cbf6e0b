"""Analysis nodes: known signals are measured right, and sound without an answer gets a sentence."""

from __future__ import annotations

import numpy as np
import pytest

from nawgraph.nodes import analyse
from nawgraph.values import Audio

RATE = 22050
T = np.arange(12 * RATE) / RATE


def sound(x: object) -> Audio:
    return Audio(np.atleast_2d(np.asarray(x, np.float32)), RATE)


def clicks(bpm: float, offset: float = 0.0) -> Audio:
    """Noise bursts, every fourth one stronger."""
    rng = np.random.default_rng(0)
    phase = ((T - offset) * bpm / 60) % 1 * 60 / bpm
    count = np.floor((T - offset) * bpm / 60)
    return sound(
        np.where(offset <= T, np.exp(-phase / 0.02) * (0.2 + 0.3 * (count % 4 == 0)), 0) * rng.standard_normal(len(T))
    )


SCALES = {
    "C major": (60, 64, 67, 65, 69, 72, 67, 71, 74, 60, 64, 67),
    "A minor": (57, 60, 64, 62, 65, 69, 64, 67, 71, 57, 60, 64),
}
BROKEN = {"NaN": np.nan, "infinite": np.inf}
ALL = (analyse.tempo, analyse.beats, analyse.onsets, analyse.key, analyse.loudness)


@pytest.mark.parametrize("bpm", [72.0, 99.5, 128.0, 174.0])
def test_tempo_of_a_click_track(bpm: float) -> None:
    found = analyse.tempo(clicks(bpm), low=0.75 * bpm, high=1.4 * bpm)
    assert found.bpm == pytest.approx(bpm, rel=0.002) and found.confidence > 0.3


def test_the_range_decides_between_a_tempo_and_its_double() -> None:
    audio = clicks(160.0)
    assert analyse.tempo(audio, low=110.0, high=220.0).bpm == pytest.approx(160, rel=0.005)
    assert analyse.tempo(audio, low=55.0, high=110.0).bpm == pytest.approx(80, rel=0.005)


def test_beats_and_onsets_lie_on_the_clicks() -> None:
    audio = clicks(120.0, offset=0.25)
    for times in (analyse.beats(audio, bpm=120.0), analyse.beats(audio), analyse.onsets(audio)):
        late = np.array(times) - 0.25
        assert len(late) >= 20 and np.abs(late - np.round(late * 2) / 2).max() < 0.02


@pytest.mark.parametrize("name", list(SCALES))
def test_key_of_broken_chords(name: str) -> None:
    notes = np.repeat(440 * 2 ** ((np.array(SCALES[name]) - 69) / 12), RATE)
    assert analyse.key(sound(0.3 * np.sin(2 * np.pi * np.cumsum(notes) / RATE))) == name


def test_loudness_of_a_tone() -> None:
    t = np.arange(5 * 48_000) / 48_000
    tone = np.tile(np.sin(2 * np.pi * 997 * t), (2, 1)).astype(np.float32)
    found = analyse.loudness(Audio(tone * np.float32(10 ** (-23 / 20)), 48_000))
    assert (found.lufs, found.true_peak) == (pytest.approx(-23, abs=0.1), pytest.approx(-23, abs=0.1))
    assert found.range == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize("frames", [0, 1, 100, 5 * RATE])
def test_silence_has_neither_tempo_nor_key(frames: int) -> None:
    silence = sound(np.zeros((2, frames)))
    with pytest.raises(ValueError, match="no beat was found: the sound is silent"):
        analyse.tempo(silence)
    with pytest.raises(ValueError, match="no key was found: the sound is silent"):
        analyse.key(silence)
    assert analyse.beats(silence) == [] and analyse.onsets(silence) == []
    assert analyse.loudness(silence) == (-200, 0, -200)


def test_a_constant_has_no_beat() -> None:
    with pytest.raises(ValueError, match="no beat was found"):
        analyse.tempo(sound(np.full(5 * RATE, 0.5)))


@pytest.mark.parametrize("node", ALL)
@pytest.mark.parametrize("what", list(BROKEN))
def test_broken_sound_is_refused_with_its_place(node: object, what: str) -> None:
    samples = np.zeros((2, RATE), np.float32)
    samples[1, RATE // 4] = BROKEN[what]
    with pytest.raises(ValueError, match=r"the sound is not a number or infinite at 0\.250 s"):
        node(Audio(samples, RATE))  # type: ignore[operator]


def test_a_range_upside_down_is_refused() -> None:
    with pytest.raises(ValueError, match="got 200 to 60"):
        analyse.tempo(clicks(120.0), low=200.0, high=60.0)
