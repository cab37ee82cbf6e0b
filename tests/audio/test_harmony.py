"""Chords and keys of tones that are known."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from audio_signals import RATE, cadence, chord, noise

from nawgraph.audio import harmony

ROWS = [(0, "maj"), (9, "min"), (5, "maj"), (7, "7"), (0, "maj7"), (2, "min7")]


def played(rows: list[tuple[int, str]], seconds: float = 1.0) -> np.ndarray:
    parts = []
    for root, quality in rows:
        notes = [48 + root + s for s in harmony.QUALITIES[quality]]
        # A seventh is played without doubling its root, and its seventh twice.
        low = [36 + root] if len(notes) == 3 else [notes[-1]]
        parts += [chord([*low, *notes], seconds / 2)] * 2
    return np.concatenate(parts)[None].astype(np.float32)


def heard(x: np.ndarray, beats: int, marks: int, tonic: tuple[int, str]) -> list[harmony.Heard]:
    found = harmony.tonal(x, RATE, np.linspace(0, x.shape[1] / RATE, marks + 1))
    places = [n % beats for n in range(marks)]
    return harmony.chords(found, places, beats, [harmony.scale_of(*tonic)] * marks)


def test_chords_are_found_with_their_borders() -> None:
    found = heard(played(ROWS, 2.0), 4, 4 * len(ROWS), (0, "major"))
    assert [(c.root, c.quality) for c in found] == ROWS
    assert [(c.begin, c.end) for c in found] == [(4 * n, 4 * n + 4) for n in range(len(ROWS))]


def test_chords_survive_drums() -> None:
    x = played(ROWS[:4], 2.0)
    x = x + 0.3 * noise(x.shape[1] / RATE, -20, channels=1)[:, : x.shape[1]]
    found = heard(x, 4, 16, (0, "major"))
    assert [c.root for c in found] == [r for r, _ in ROWS[:4]]


@pytest.mark.parametrize(("tonic", "mode"), [(0, "major"), (9, "minor"), (3, "major")])
def test_keys_of_cadences_and_a_change_of_key(tonic: int, mode: str) -> None:
    one, two = cadence(tonic, mode), cadence((tonic + 6) % 12, mode)
    x = np.concatenate([one, one, one, two, two, two], axis=1)
    found = harmony.tonal(x, RATE, np.linspace(0, x.shape[1] / RATE, 49))
    keys = harmony.keys_of(found.chroma, around=4)
    assert keys[0] == (tonic, mode) and keys[-1] == ((tonic + 6) % 12, mode)
    assert sum(a != b for a, b in pairwise(keys)) == 1


def test_silence_and_strokes_have_no_chords() -> None:
    for x in (np.zeros((1, 0)), np.zeros((2, RATE)), np.ones((1, 2 * RATE))):
        found = harmony.tonal(x.astype(np.float32), RATE, [0.0, 0.2, 0.4])
        assert not found.chroma.any()
        assert harmony.chords(found, [0, 1], 4, [frozenset()] * 2) == []
        assert harmony.keys_of(found.chroma) == []
