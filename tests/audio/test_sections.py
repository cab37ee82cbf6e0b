"""Sections of bars whose form is known."""

from __future__ import annotations

import numpy as np
import pytest
from audio_signals import RATE, noise, sine

from nawgraph.audio import sections


def bars(form: list[tuple[int, int, float]], seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Levels and chroma of sections (kind, bars, level in dB)."""
    rng = np.random.default_rng(seed)
    colours, pitches = rng.normal(0, 6, (8, 20)), rng.uniform(0, 1, (8, 12))
    level = np.concatenate([np.tile(colours[k] + db, (n, 1)) for k, n, db in form])
    pitch = np.concatenate([np.tile(pitches[k], (n, 1)) for k, n, _ in form])
    return level + rng.normal(0, 1, level.shape) - 30, pitch + rng.uniform(0, 0.1, pitch.shape)


def test_borders_labels_and_strength() -> None:
    form = [(0, 4, -20.0), (1, 8, -6.0), (2, 8, 0.0), (1, 8, -6.0), (2, 8, 0.0), (0, 4, -20.0)]
    found = sections.sections(*bars(form))
    assert [s.begin for s in found] == [0, 4, 12, 20, 28, 36] and found[-1].end == 40
    assert [s.label for s in found] == ["A", "B", "C", "B", "C", "A"]
    energy = [s.energy for s in found]
    assert energy[2] > energy[1] > energy[0] and energy[2] == pytest.approx(energy[4], abs=0.05)


def test_what_never_changes_is_few_sections_of_one_kind() -> None:
    found = sections.sections(*bars([(3, 24, 0.0)]))
    assert found[0].begin == 0 and found[-1].end == 24
    assert len(found) <= 3


def test_no_bars_no_sections_and_silence_is_one_kind() -> None:
    assert sections.sections(np.zeros((0, 20)), np.zeros((0, 12))) == []
    found = sections.sections(np.full((8, 20), -60.0), np.zeros((8, 12)))
    assert {s.label for s in found} == {"A"} and found[-1].end == 8


def test_levels_between_marks() -> None:
    x = np.concatenate([sine(200, 1), sine(5000, 1), 0 * sine(1, 1)], axis=1)
    level = sections.levels(x, RATE, [0.0, 1.0, 2.0, 3.0, 4.0])
    assert level.shape == (4, 20) and level.max() == 0
    assert level[0].argmax() < level[1].argmax()
    assert (level[3] == -60).all()
    assert level[2].max() < -30
    loud = sections.levels(noise(1.0), RATE, [0.0, 0.5, 1.0])
    assert np.abs(loud[0] - loud[1]).max() < 3
