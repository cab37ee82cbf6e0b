"""Sounds that lie in files: the same bits as in memory, and nothing of their size besides."""

from __future__ import annotations

import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from nawgraph.audio import large
from nawgraph.audio.apart import restored
from nawgraph.audio.dynamics import Compressor, compress, limit
from nawgraph.audio.files import read, write
from nawgraph.audio.loudness import measure
from nawgraph.audio.mixer import Channel, Master, mixdown
from nawgraph.audio.resample import resample
from nawgraph.values import STEMS, Audio, Stems
from nawgraph.values.signal import Float

RATE = 44_100


def sounds(frames: int) -> Stems:
    rng, t = np.random.default_rng(frames), np.arange(frames) / RATE
    made = {
        name: (rng.normal(0, 0.3, (2, frames)) * (1 + np.sin(3 * t + i))).astype(np.float32)
        for i, name in enumerate(STEMS)
    }
    return Stems.of({name: Audio(x, RATE) for name, x in made.items()})


@pytest.fixture
def mapped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv(large.FOLDER, str(tmp_path))
    monkeypatch.setattr(large, "LARGE", 1 << 10)
    return tmp_path


def song(stems: Stems) -> list[Float]:
    strips = {"drums": Channel(reverb=0.1, delay=0.2, pan=0.3), "bass": Channel(mute=True), "vocals": Channel(reverb=1)}
    made = mixdown(stems, strips, bpm=121, master=Master(target_lufs=-9))
    return [made.mix.samples, made.premaster.samples, *(audio.samples for _, audio in made.stems)]


@pytest.mark.parametrize("frames", [1, 300, 70_001, 400_000])
def test_a_mix_has_the_same_bits_in_a_file_as_in_memory(
    frames: int, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    stems = sounds(frames)
    whole = song(stems)
    request.getfixturevalue("mapped")
    monkeypatch.setattr(large, "BLOCK", 1 << 14)
    for a, b in zip(whole, song(stems), strict=True):
        assert np.array_equal(a, b)
        assert not b.flags.writeable
    assert frames < 300 or b.base is not None  # it does lie in a file


@pytest.mark.parametrize("size", [2048, 4096, 1 << 15])
@pytest.mark.parametrize("work", [lambda x: limit(x, RATE, -12), lambda x: compress(x, RATE, Compressor()), measure])
def test_blocks_of_any_size_make_the_same(
    size: int, work: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    x = sounds(60_000)["drums"].samples * 3
    told = (x, RATE) if work is measure else (x,)
    whole = work(*told)
    monkeypatch.setattr(large.blocks, "__defaults__", (size,))
    assert np.array_equal(whole, work(*told)) if isinstance(whole, np.ndarray) else whole == work(*told)


def test_a_large_wav_has_the_same_bytes(mapped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    audio = sounds(30_000)["other"]
    for subtype in ("24", "16", "32-float"):
        write(mapped / "large.wav", audio, subtype=subtype, text="a graph")
        with monkeypatch.context() as patch:
            patch.setattr(large, "LARGE", 1 << 40)
            write(mapped / "small.wav", audio, subtype=subtype, text="a graph")
        assert (mapped / "large.wav").read_bytes() == (mapped / "small.wav").read_bytes()
        assert read(mapped / "large.wav").frames == 30_000


def test_nothing_of_the_size_of_a_song_is_made_besides(mapped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large.blocks, "__defaults__", (1 << 15,))
    stems = sounds(6_000_000)
    song(sounds(30_000))  # what is compiled and kept
    tracemalloc.start()
    made = song(stems)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert made[0].nbytes == 48e6
    assert peak < 40e6


@pytest.mark.parametrize("rates", [(48_000, 44_100), (44_100, 48_000), (22_050, 44_100)])
def test_a_large_sound_is_resampled_as_a_small_one(
    rates: tuple[int, int], monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    x = sounds(100_001)["drums"].samples
    whole = resample(x, *rates)
    request.getfixturevalue("mapped")
    monkeypatch.setattr(large.blocks, "__defaults__", (1 << 13,))
    parts = resample(x, *rates)
    assert parts.shape == whole.shape
    assert parts.base is not None
    np.testing.assert_allclose(parts, whole, atol=1e-6)


def test_a_large_song_comes_apart_as_a_small_one(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    pytest.importorskip("torch")
    from nawgraph.models.loaders import load
    from nawgraph.values import ModelRef

    network = load(ModelRef("separator", "house"))
    song = Audio(sum(audio.samples for _, audio in sounds(100_000)) / 4, RATE)
    found = network.separate(song.samples)
    whole = restored(found, network.names, network.rate, song, True)
    request.getfixturevalue("mapped")
    monkeypatch.setattr(large.blocks, "__defaults__", (1 << 13,))
    parts = restored(found, network.names, network.rate, song, True)
    for (_, a), (_, b) in zip(whole, parts, strict=True):
        assert np.array_equal(a.samples, b.samples)
    assert parts["other"].samples.base is not None  # it does lie in a file
    again = network.separate(song.samples)
    assert again.base is not None
    # A segment in a wrong place is off by 0.1 and more. Two runs of the network had the same bits wherever this was
    # tried but once, on a machine busy with other tests: 9e-5 apart, and nobody found out why.
    np.testing.assert_allclose(again, found, atol=1e-3)


def test_without_room_on_the_disk_memory_is_taken(mapped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert large.zeros(2, 1000).base is not None
    assert not list(mapped.iterdir())  # the file has no name
    monkeypatch.setenv(large.FOLDER, str(mapped / "missing"))
    made = large.zeros(2, 1000)
    assert made.base is None
    assert not made.any()
    monkeypatch.delenv(large.FOLDER)
    assert os.access(large.folder(), os.W_OK)


def test_what_is_done_is_taken_over_by_a_value_as_it_is(mapped: Path) -> None:
    made = large.zeros(2, 1000)
    audio = Audio(large.done(made), RATE)
    assert np.shares_memory(audio.samples, made)
