"""From probabilities to beats and bars: drifts are followed, silences bridged, bars counted."""

from __future__ import annotations

import numpy as np
import pytest

from nawgraph.audio.pulse import pulse

RATE = 86.13


def curve(times: np.ndarray, frames: int, height: float = 0.9) -> np.ndarray:
    """Probabilities with a peak at each time."""
    at = np.arange(frames)[:, None] - np.asarray(times) * RATE
    return (height * np.exp(-0.5 * at**2).max(axis=1)).astype(np.float32)


def drifted(bpm: float, drift: float, seconds: float) -> np.ndarray:
    times = [0.4]
    while times[-1] < seconds:
        times.append(times[-1] + 60 / (bpm * (1 + drift * np.sin(2 * np.pi * times[-1] / 20))))
    return np.array(times[:-1])


@pytest.mark.parametrize("bpm", [58.0, 91.0, 120.0, 176.0])
@pytest.mark.parametrize("drift", [0.0, 0.05])
def test_beats_are_where_they_are_likely(bpm: float, drift: float) -> None:
    times = drifted(bpm, drift, 30)
    found = pulse(np.stack([curve(times, 2600), curve(times[::4], 2600)]), RATE)
    assert found is not None and found.beats == 4
    assert len(found.times) == len(times)
    assert np.abs(found.times - times).max() < 0.006
    assert np.flatnonzero(found.places == 0).tolist() == list(range(0, len(times), 4))
    assert found.confidence > 0.8


@pytest.mark.parametrize("beats", [2, 3, 5, 7])
def test_bars_are_counted_or_given(beats: int) -> None:
    times = drifted(120, 0, 30)
    heard = np.stack([curve(times, 2600), curve(times[1::beats], 2600)])
    for asked in (0, beats):
        found = pulse(heard, RATE, beats=asked)
        assert found is not None and found.beats == beats
        assert set(np.flatnonzero(found.places == 0) % beats) == {1 % beats}


def test_a_break_without_beats_is_bridged() -> None:
    times = drifted(100, 0, 40)
    heard = times[(times < 14) | (times > 20)]
    found = pulse(np.stack([curve(heard, 3450), curve(times[::4], 3450)]), RATE)
    assert found is not None
    assert max(np.abs(found.times - t).min() for t in heard) < 0.01
    assert len(found.times) == len(times)


def test_weak_ends_are_left_out() -> None:
    times = drifted(120, 0, 20)
    found = pulse(np.stack([curve(times + 8, 3000), curve(times[::4] + 8, 3000)]), RATE)
    assert found is not None and found.times[0] == pytest.approx(times[0] + 8, abs=0.01)
    assert found.times[-1] == pytest.approx(times[-1] + 8, abs=0.01)


def test_a_range_settles_the_octave() -> None:
    times = drifted(160, 0, 20)
    soft = curve(times, 1800, 0.5)
    soft = np.maximum(soft, curve(times[::2], 1800, 0.9))
    for low, high in ((60.0, 110.0), (110.0, 220.0)):
        found = pulse(np.stack([soft, soft * 0]), RATE, low, high)
        assert found is not None
        assert low < 60 / np.median(np.diff(found.times)) < high


def test_nothing_is_found_in_nothing() -> None:
    for frames in (0, 1, 20, 3000):
        assert pulse(np.zeros((2, frames), np.float32), RATE) is None
    with pytest.raises(ValueError, match="tempo range"):
        pulse(np.zeros((2, 100), np.float32), RATE, 120, 100)
