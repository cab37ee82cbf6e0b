"""Pitch: constant-Q, tuning, chroma, key."""

from __future__ import annotations

import numpy as np
import pytest
from audio_signals import RATE, cadence, sine

from nawgraph.audio.chroma import chroma, constant_q, tuning
from nawgraph.audio.key import key, key_similarity, keys


@pytest.mark.parametrize("note", range(40, 96, 5))
def test_a_sine_lands_in_its_bin(note: int) -> None:
    cq, rate = constant_q(sine(440 * 2 ** ((note - 69) / 12), 1.5, -6), RATE)
    middle = cq[:, round(0.75 * rate)]
    assert int(np.argmax(middle)) == 3 * (note - 36) + 1
    assert middle.max() == pytest.approx(0.5, rel=0.1)


@pytest.mark.parametrize("pitch", range(12))
def test_chroma_of_a_note(pitch: int) -> None:
    c, rate = chroma(sine(440 * 2 ** ((60 + pitch - 69) / 12), 1.0), RATE)
    assert c.shape[0] == 12
    assert rate == pytest.approx(10.77, abs=0.01)
    middle = c[:, c.shape[1] // 2]
    assert int(np.argmax(middle)) == pitch
    assert np.sort(middle)[-2] < 0.2


@pytest.mark.parametrize("offset", [-0.4, -0.15, 0.0, 0.3])
def test_tuning(offset: float) -> None:
    cq, _ = constant_q(cadence(2, "major", offset), RATE)
    assert tuning(cq) == pytest.approx(offset, abs=0.04)


@pytest.mark.parametrize("mode", ["major", "minor"])
@pytest.mark.parametrize("tonic", range(12))
def test_key_of_a_cadence(tonic: int, mode: str) -> None:
    found = key(cadence(tonic, mode, 0.2 if tonic % 2 else 0.0), RATE)
    assert found is not None
    assert (found.tonic, found.mode) == (tonic, mode)
    assert found.score > 0.7


def test_keys_of_the_profiles_themselves() -> None:
    found = keys([5, 2, 3.5, 2, 4.5, 4, 2.5, 5, 2.5, 3.5, 1.5, 4])  # Temperley's major, from C
    assert (found[0].tonic, found[0].mode) == (0, "major")
    assert len(found) == 24
    with pytest.raises(ValueError, match="twelve"):
        keys([1, 2, 3])


def test_silence_has_no_key() -> None:
    for x in (np.zeros((1, 0)), np.zeros((1, 1)), np.zeros((2, RATE))):
        assert key(x.astype(np.float32), RATE) is None
        assert not chroma(x.astype(np.float32), RATE)[0].any()


@pytest.mark.parametrize("level", [0.3, -1.0, 1e-3])
def test_a_constant_has_no_key_and_changes_none(level: float) -> None:
    assert key(np.full((2, 3 * RATE), level, np.float32), RATE) is None
    moved = key(cadence(9, "minor") + np.float32(level), RATE)
    assert moved is not None
    assert (moved.tonic, moved.mode) == (9, "minor")


def test_key_similarity() -> None:
    assert key_similarity((0, "major"), (0, "major")) == 1
    assert key_similarity((0, "major"), (9, "minor")) == 0.7 == key_similarity((9, "minor"), (0, "major"))
    assert key_similarity((0, "minor"), (7, "minor")) == 0.5
    assert key_similarity((0, "major"), (0, "minor")) == 0
