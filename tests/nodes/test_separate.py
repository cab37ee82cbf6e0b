"""Separation as nodes: lengths, rates and channels come back, stems add up, odd songs get a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nawgraph.audio import memory
from nawgraph.context import Cancelled, Context
from nawgraph.models import loaders
from nawgraph.nodes import separate
from nawgraph.values import STEMS, Audio, ModelRef

load = lru_cache(loaders.load)


@contextmanager
def lend(ref: ModelRef) -> Iterator[Any]:
    yield load(ref)


def watch() -> Context:
    """Lends models as the runtime does."""
    return Context(lend=lend)


def noise(seconds: float, rate: int = 44_100, channels: int = 2) -> Audio:
    rng = np.random.default_rng(4)
    return Audio(rng.normal(0, 0.1, (channels, round(seconds * rate))).astype(np.float32), rate)


@pytest.mark.parametrize(("rate", "channels"), [(44_100, 2), (48_000, 2), (8_000, 1), (96_000, 6)])
def test_stems_are_as_the_song_is_and_add_up(rate: int, channels: int) -> None:
    song = noise(1.3, rate, channels)
    ctx = watch()
    stems = separate.house(song, ctx=ctx)
    assert stems.names == STEMS
    assert (stems.rate, stems.frames) == (rate, song.frames)
    assert {a.channels for _, a in stems} == {min(channels, 2)}
    total = np.sum([a.samples for _, a in stems], axis=0)
    if channels <= 2:
        assert np.abs(total - song.samples).max() < 10 ** (-90 / 20)
    assert bool(ctx.warnings) == (rate < 32_000)


def test_without_the_residual_only_the_network_speaks() -> None:
    song = noise(1.0, 48_000)
    with_, without = (separate.house(song, residual=flag, ctx=watch()) for flag in (True, False))
    assert np.array_equal(with_["drums"].samples, without["drums"].samples)
    assert not np.array_equal(with_["other"].samples, without["other"].samples)


def test_silence_is_told_and_stays_silent() -> None:
    for samples in (np.zeros((1, 20_000), np.float32), np.full((2, 20_000), 0.5, np.float32)):
        ctx = watch()
        stems = separate.house(Audio(samples, 44_100), ctx=ctx)
        assert ctx.warnings == ["the song is silent, and so are its stems"]
        assert np.allclose(np.sum([a.samples for _, a in stems], axis=0), samples, atol=1e-6)


def test_bad_songs_get_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = noise(0.5).samples.copy()
    broken[1, 11_025] = np.nan
    with pytest.raises(ValueError, match=r"not a number or infinite at 0\.250 s"):
        separate.house(Audio(broken, 44_100), ctx=watch())
    with pytest.raises(ValueError, match="no samples"):
        separate.house(Audio(np.zeros((2, 0), np.float32), 44_100), ctx=watch())
    with pytest.raises(ValueError, match=r"use separate\.model"):
        separate.house(noise(0.5), ModelRef("clap", "house"), ctx=watch())
    monkeypatch.setattr(memory, "available", lambda: 1 << 20)
    with pytest.raises(ValueError, match=r"GiB of memory and 0\.0 GiB are free: cut the song"):
        separate.house(noise(3), ctx=watch())


def test_a_cancel_takes_effect_between_segments() -> None:
    class Impatient(Context):
        seen = 0

        def check(self) -> None:
            self.seen += 1
            if self.seen == 2:
                raise Cancelled

    ctx = Impatient(lend=lend)
    with pytest.raises(Cancelled):
        separate.house(noise(30), ctx=ctx)


def test_choosing_weights(tmp_path: Path) -> None:
    assert separate.model(ctx=watch()) == separate.HOUSE
    with pytest.raises(ValueError, match="cannot be read"):
        separate.model(file=str(tmp_path / "none"), ctx=watch())
    file = tmp_path / "a.safetensors"
    file.write_bytes(b"x")
    ref = separate.model(file=str(file), ctx=watch())
    assert (ref.kind, ref.name, bool(ref.revision)) == ("separator", str(file), True)
