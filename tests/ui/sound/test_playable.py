"""Hear any wire."""

from __future__ import annotations

import numpy as np
import pytest
from player_sounds import noise

from nawgraph.music.compose import compose
from nawgraph.ui.sound import playable
from nawgraph.values import Audio, Curve, Embedding, Grid, Latents, Part, Prompt, Score, Stems


def test_sound_is_heard_as_it_is() -> None:
    audio = Audio(noise(1000), 44_100)
    assert playable(audio).sound is audio
    stems = Stems.of({"drums": audio, "bass": audio})
    assert playable(stems).sound is stems
    assert playable(stems).sentence == "the mix of drums, bass"


def test_a_score_is_played() -> None:
    score = compose("funk, 100 bpm", 2, 0)
    heard = playable(score)
    assert isinstance(heard.sound, Stems)
    assert heard.grid == score.grid
    assert max(float(np.abs(a.samples).max()) for a in heard.sound.audios) > 0.01


@pytest.mark.parametrize("kind", ["onsets", "dynamics", "harmony", "melody", "timbre"])
def test_curves_are_heard(kind: str) -> None:
    rows = {"harmony": 12, "timbre": 5}.get(kind, 1)
    data = np.abs(np.sin(np.arange(200) / 9)).astype(np.float32) * np.ones((rows, 1), np.float32)
    data[0, 3] = np.nan
    heard = playable(Curve(kind, data, 50.0))
    assert isinstance(heard.sound, Audio)
    assert heard.sound.seconds == pytest.approx(4.0, abs=0.01)
    assert 0.05 < float(np.abs(heard.sound.samples).max()) <= 1
    assert kind in heard.sentence


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (3, "an int"), (2.0, "a float"), ("words", "a str"), (Prompt.of("funk"), "a prompt is words"),
        (Audio(np.zeros((2, 0), np.float32)), "no samples"), (Score(), "no notes"), ((), "empty"),
        ((1, 2), "nothing in this list"), (Grid(), "a Grid"), (Embedding(np.ones(3), "x/1"), "an Embedding"),
        (Latents(("drums",), (np.ones((2, 3), np.float32),), 10.0, "x/1"), "Latents"),
        (Curve("melody", np.zeros((1, 0), np.float32), 10.0), "empty"),
        (Score(parts=(Part("choir", "a"),)), "no notes"),
    ],
)  # fmt: skip
def test_what_cannot_be_heard_says_why(value: object, words: str) -> None:
    heard = playable(value)
    assert heard.sound is None
    assert words in heard.sentence


def test_of_a_list_the_first_that_sounds_is_heard() -> None:
    audio = Audio(noise(1000), 44_100)
    heard = playable((1, audio, audio))
    assert heard.sound is audio
    assert heard.sentence == "number 2 of 3: audio"
