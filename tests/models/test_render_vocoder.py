"""The shipped vocoder: long sounds in pieces, silence left alone, stems beside each other."""

from __future__ import annotations

import numpy as np
import pytest

from nawgraph.models.loaders import load
from nawgraph.models.render import vocoder
from nawgraph.models.render.house import HouseVocoder
from nawgraph.training.render.songs import SPLITS, Recipe, song
from nawgraph.values import Audio, ModelRef, Stems


@pytest.fixture(scope="module")
def speak() -> HouseVocoder:
    made: HouseVocoder = load(ModelRef("vocoder", "house"))
    return made


@pytest.fixture(scope="module")
def played() -> Stems:
    return song(SPLITS["test"] + 3, Recipe(bars=3))[1]


def spectrum(samples: np.ndarray) -> np.ndarray:
    """Magnitudes, [frames, bins]."""
    blocks = np.lib.stride_tricks.sliding_window_view(samples.mean(axis=0), 2048)[::512] * np.hanning(2048)
    return np.abs(np.fft.rfft(blocks, axis=1))


def test_pieces_sound_like_the_whole(speak: HouseVocoder, played: Stems, monkeypatch: pytest.MonkeyPatch) -> None:
    latents = speak.encode(played)
    told: list[tuple[int, int]] = []
    whole = speak.decode(latents, length=played.frames, steps=lambda done, total, name: told.append((done, total)))
    assert [done for done, _ in told] == sorted(done for done, _ in told) and len(told) == 4
    monkeypatch.setattr(vocoder, "PIECE", 50)
    pieces = speak.decode(latents, length=played.frames)
    for name in ("bass", "other"):
        a, b = spectrum(whole[name].samples), spectrum(pieces[name].samples)
        loud = a > 1e-3 * a.max()
        assert np.abs(20 * np.log10((a[loud] + 1e-6) / (b[loud] + 1e-6))).mean() < 0.3
    assert pieces.digest() == speak.decode(latents, length=played.frames).digest()


def test_a_cancel_ends_all_stems(speak: HouseVocoder, played: Stems) -> None:
    def stop(_done: int, _total: int, _name: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        speak.decode(speak.encode(played), steps=stop)


def test_silence_before_and_after_a_sound_stays_silent(speak: HouseVocoder) -> None:
    bass = np.zeros((2, 44_100 * 6), np.float32)
    bass[:, 44_100 * 2 : 44_100 * 3] = 0.4 * np.sin(2 * np.pi * 110 * np.arange(44_100) / 44_100)
    made = speak.decode(speak.encode(Stems.of({"bass": Audio(bass, 44_100)})), length=bass.shape[1])
    found = made["bass"].samples
    assert found.shape == bass.shape
    assert not found[:, : round(44_100 * 1.7)].any() and not found[:, round(44_100 * 3.3) :].any()
    middle = slice(round(44_100 * 2.2), round(44_100 * 2.8))
    assert np.sqrt(np.mean(found[0, middle] ** 2)) == pytest.approx(0.4 / np.sqrt(2), rel=0.15)
    assert not made["drums"].samples.any()
