"""The codec's nodes with small published-layout codecs: there and back, edits, halves, conversion, refusals."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

from nawgraph.audio.spectral import log_spectral_distance, mel_distance, si_sdr, stft_distance
from nawgraph.context import Context
from nawgraph.models import loaders
from nawgraph.nodes import codec
from nawgraph.values import Audio, CodecRef, Stems, Tokens

UPSTREAM = Path(__file__).parents[1] / "models" / "upstream"
load = lru_cache(loaders.load)


@contextmanager
def lend(ref: Any) -> Iterator[Any]:
    yield load(ref)


def watch() -> Context:
    return Context(lend=lend)


def ref(name: str) -> CodecRef:
    file = next((UPSTREAM / name).glob("*.safetensors"))
    return codec.model(file=str(file), ctx=watch())


DAC, ENCODEC, OOBLECK = "dac-hub", "encodec-24k", "oobleck"


def song(frames: int = 6_000) -> Audio:
    return Audio(np.sin(np.arange(frames) * 0.05).astype(np.float32)[None] * 0.3, 44_100)


def tokens(frames: int = 6_000) -> Tokens:
    return codec.encode(audio=song(frames), codec=ref(DAC), ctx=watch())


def test_there_and_back_with_stems() -> None:
    stems = Stems.of({"drums": song(), "bass": Audio(song().samples * 0.5, 44_100)})
    made = codec.encode(stems=stems, codec=ref(DAC), ctx=watch())
    assert made.codes.shape[:3] == (2, 1, 3) and made.space.startswith("dac/")
    back = codec.decode(tokens=made, codec=ref(DAC), ctx=watch())
    assert back.stems.names == ("drums", "bass") and back.audio.frames == 6_000
    total = back.stems["drums"].samples + back.stems["bass"].samples
    np.testing.assert_allclose(back.audio.samples, total, atol=1e-6)


def test_latents_there_and_back() -> None:
    made = codec.latents(audio=song(), codec=ref(OOBLECK), ctx=watch())
    assert made.data[0].shape == (4, 188)
    assert codec.decode(latents=made, codec=ref(OOBLECK), ctx=watch()).audio.samples.shape == (2, 188 * 32)
    with pytest.raises(ValueError, match="reads those of dac"):
        codec.decode(latents=made, codec=ref(DAC), ctx=watch())


def test_fewer_codebooks() -> None:
    low = codec.encode(audio=song(), codec=ref(DAC), codebooks=1, ctx=watch())
    assert np.array_equal(low.codes, codec.truncate(tokens(), codebooks=1).codes)
    assert codec.truncate(tokens(), codebooks=64).codes.shape[2] == 3


def test_split_and_join_give_the_tokens_back() -> None:
    whole = tokens()
    structure, texture = codec.split(whole, structure=1)
    assert (structure.codes.shape[2], texture.codes.shape[2]) == (1, 2)
    assert codec.join(structure, texture).digest() == whole.digest()
    assert codec.join(structure, codec.split(tokens(3_000), structure=1).texture).samples == 3_000
    with pytest.raises(ValueError, match="below 3"):
        codec.split(whole, structure=3)
    other = codec.encode(audio=song(), codec=ref(ENCODEC), ctx=watch())
    with pytest.raises(ValueError, match="of one codec"):
        codec.join(structure, other)


def test_edits_change_only_their_span() -> None:
    whole = tokens()
    frames = whole.codes.shape[3]
    rate = whole.frame_rate
    for edit in ("set", "repeat", "reverse", "shuffle codebook"):
        span = {"first": 10 / rate, "seconds": 20 / rate}
        made = codec.tokens_(whole, edit=edit, codebook=1, code=5, seed=3, **span, ctx=watch()).tokens.codes
        changed = made != whole.codes
        assert not changed[:, :, [0, 2]].any() and not changed[..., :10].any() and not changed[..., 30:].any()
        if edit == "set":
            assert (made[0, 0, 1, 10:30] == 5).all()
        if edit == "shuffle codebook":
            assert sorted(made[0, 0, 1, 10:30]) == sorted(whole.codes[0, 0, 1, 10:30])
    viewed = codec.tokens_(whole, ctx=watch())
    assert viewed.tokens.digest() == whole.digest()
    assert f"{frames} frames" in viewed.table and viewed.kbps > 1
    with pytest.raises(ValueError, match="codebook must be below 3"):
        codec.tokens_(whole, codebook=3, ctx=watch())


def test_conversion_says_what_it_cost() -> None:
    made = codec.convert(tokens(), ref(DAC), ref(ENCODEC), ctx=watch())
    assert made.tokens.space.startswith("encodec/")
    assert "SI-SDR" in made.table and made.distance > 0
    same = codec.decode(tokens=made.tokens, codec=ref(ENCODEC), ctx=watch())
    assert same.audio.rate == 24_000


def test_bad_wires_get_a_sentence() -> None:
    with pytest.raises(ValueError, match="either audio or stems"):
        codec.encode(codec=ref(DAC), ctx=watch())
    with pytest.raises(ValueError, match="either tokens or latents"):
        codec.decode(codec=ref(DAC), ctx=watch())
    with pytest.raises(ValueError, match="wire their codec"):
        codec.decode(tokens=tokens(), codec=ref(ENCODEC), ctx=watch())
    with pytest.raises(ValueError, match="not both"):
        codec.model(name="a", file="b", ctx=watch())
    with pytest.raises(ValueError, match="cannot be read"):
        codec.model(file="nowhere.safetensors", ctx=watch())
    with pytest.raises(ValueError, match="is a clap"):
        codec.encode(audio=song(), codec=CodecRef("clap", "house"), ctx=watch())


def test_distances_know_same_from_other() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(0, 0.2, (1, 9_000)).astype(np.float32)
    noisy = x + rng.normal(0, 0.02, x.shape).astype(np.float32)
    assert si_sdr(x, 3 * x) > 60 and abs(si_sdr(x, noisy) - 20) < 0.5
    assert mel_distance(x, x, 44_100) == stft_distance(x, x) == log_spectral_distance(x, x, 44_100) == 0
    assert log_spectral_distance(x, 10 * x, 44_100) == pytest.approx(20, abs=1)  # the edges fade to the floor
    assert 0 < mel_distance(x, noisy, 44_100) < mel_distance(x, x[:, ::-1], 44_100)
    assert si_sdr(np.zeros_like(x), x) == -100 and si_sdr(np.zeros_like(x), np.zeros_like(x)) == 100
