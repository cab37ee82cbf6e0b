"""Stems, put together and taken apart."""

from __future__ import annotations

import numpy as np
import pytest

from nawgraph.nodes.stems import pack, pick, replace, unpack
from nawgraph.values import STEMS, Audio, Stems

RATE = 22050


def noise(channels: int = 2, frames: int = 1000, rate: int = RATE, seed: int = 0) -> Audio:
    samples = 0.1 * np.random.default_rng(seed).standard_normal((channels, frames))
    return Audio(samples.astype(np.float32), rate)


def same(a: Audio, b: Audio) -> bool:
    return a.rate == b.rate and np.array_equal(a.samples, b.samples)


def test_unpack_undoes_pack() -> None:
    sounds = [noise(seed=i) for i in range(4)]
    assert all(map(same, unpack(pack(*sounds)), sounds))


def test_pack_makes_all_alike() -> None:
    stems = pack(noise(1, 500), None, noise(6, 3000, 44_100), noise(2, 800))
    assert stems.names == STEMS and stems.rate == RATE
    assert {(audio.channels, audio.frames) for audio in stems.audios} == {(2, 1500)}
    assert not stems["bass"].samples.any() and not stems["drums"].samples[:, 500:].any()


def test_pack_needs_something() -> None:
    with pytest.raises(ValueError, match="nothing is connected"):
        pack(None, None, None, None)


def test_stems_that_are_not_there_are_silent_or_told() -> None:
    stems = Stems.of({"drums": noise()})
    assert not unpack(stems).vocals.samples.any() and same(unpack(stems).drums, stems["drums"])
    assert same(pick(stems, stem="drums"), stems["drums"])
    with pytest.raises(ValueError, match="there is no stem 'bass' here, only drums"):
        pick(stems, stem="bass")


@pytest.mark.parametrize("audio", [noise(1, 300), noise(2, 5000, 44_100), noise(6, 10), noise(2, 0)])
def test_a_replaced_stem_fits_the_song(audio: Audio) -> None:
    stems = pack(*(noise(seed=i) for i in range(4)))
    changed = replace(stems, audio, stem="bass")
    assert (changed["bass"].rate, changed["bass"].channels, changed["bass"].frames) == (RATE, 2, 1000)
    assert same(changed["drums"], stems["drums"]) and changed.names == STEMS
