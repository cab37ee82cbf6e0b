"""Values made of samples: checked once, when they are made."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nawgraph.values import STEMS, Audio, Curve, Embedding, Latents, Mask, Stems, Tokens


def zeros(*shape: int) -> Any:
    return np.zeros(shape, np.float32)


def test_audio_knows_its_shape():
    audio = Audio(zeros(2, 22_050), 44_100)
    assert (audio.channels, audio.frames, audio.seconds) == (2, 22_050, 0.5)
    assert Audio(np.zeros((1, 4), np.int16)).samples.dtype == np.float32


def test_stems_are_a_mapping_in_order():
    stems = Stems.of({name: Audio(zeros(1, 10)) for name in STEMS})
    assert [name for name, _ in stems] == list(STEMS) and stems["bass"].frames == stems.frames == 10
    assert stems.rate == 44_100 and stems.seconds == 10 / 44_100
    with pytest.raises(KeyError, match="no stem 'guitar' here, only drums"):
        stems["guitar"]


def sound(frames: int = 10, rate: int = 44_100) -> Audio:
    return Audio(zeros(1, frames), rate)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Audio(zeros(10)), "dimensions"),
        (lambda: Audio(zeros(100, 2)), "channels"),
        (lambda: Audio(zeros(0, 5)), "channels"),
        (lambda: Audio(zeros(1, 5), 10), "sample rate"),
        (lambda: Audio(zeros(1, 5), True), "sample rate"),
        (lambda: Audio(zeros(1, 5), float("nan")), "sample rate"),  # type: ignore[arg-type]
        (lambda: Stems((), ()), "distinct name"),
        (lambda: Stems(("a", "a"), (sound(), sound())), "distinct name"),
        (lambda: Stems(("a",), (sound(), sound())), "distinct name"),
        (lambda: Stems(("a", "b"), (sound(), sound(11))), "b: 11 frames"),
        (lambda: Stems(("a", "b"), (sound(), sound(10, 48_000))), "48000 Hz"),
        (lambda: Latents(("a",), (zeros(4, 5), zeros(4, 5)), 86.0, "s/1"), "one array a stem"),
        (lambda: Latents(("a", "b"), (zeros(4, 5), zeros(4, 6)), 86.0, "s/1"), "of one length"),
        (lambda: Latents(("a",), (zeros(4, 5),), 0.0, "s/1"), "frame rate"),
        (lambda: Tokens(("a",), np.zeros((2, 1, 4, 5)), 50.0, "s/1", zeros(0, 0, 0)), "1 names for 2 stems"),
        (lambda: Tokens(("a",), np.zeros((1, 4, 5)), 50.0, "s/1", zeros(0, 0, 0)), "codes"),
        (lambda: Curve("melody", zeros(5), 100.0), "curve"),
        (lambda: Mask(("a",), zeros(1, 2, 5), 10.0), "edge"),
        (lambda: Mask(("a",), zeros(1, 1, 5) + 1.5, 10.0), "between 0 and 1"),
        (lambda: Mask(("a",), zeros(1, 1, 5) * np.nan, 10.0), "between 0 and 1"),
        (lambda: Embedding(zeros(2, 2), "s/1"), "embedding"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(make: Any, words: str):
    with pytest.raises(ValueError, match=words):
        make()


def test_good_ones_are_taken():
    Mask(("a", "b"), zeros(2, 3, 5), 10.0, (0, 100, 1000, 20_000))
    Mask(("a",), zeros(1, 1, 0), 10.0)
    Latents(("a", "b"), (zeros(4, 5), zeros(8, 5)), 86.13, "dac-44k/1")
    Tokens(("a",), np.zeros((1, 2, 4, 5)), 50.0, "enc/1", zeros(1, 2, 3))
