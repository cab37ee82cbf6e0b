"""Wide layers as matrix products: the same numbers as torch's own convolutions make."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from torch.nn import functional  # noqa: E402

from nawgraph.models import checkpoints  # noqa: E402
from nawgraph.models.codecs.filters import WIDE, Longer, SevenTaps, Shorter, worth  # noqa: E402
from nawgraph.values import Audio  # noqa: E402

EXACT = 1e-5
"""Of the size of an output: float32 sums in another order come to 1e-6, and the points add a little."""


def drawn(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def same(found: torch.Tensor, wanted: torch.Tensor, terms: int) -> None:
    """Equal for outputs that are sums of so many products of numbers of size 1."""
    assert found.shape == wanted.shape
    error = (found - wanted) / terms**0.5
    assert error.abs().max() < 5 * EXACT
    assert error.pow(2).mean().sqrt() < EXACT


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 300), st.integers(1, 12), st.integers(1, 40), st.integers(1, 40), st.integers(1, 3), st.booleans()
)
def test_seven_taps(count: int, dilation: int, before: int, after: int, batch: int, biased: bool) -> None:
    weight, x = drawn(count, after, before, 7), drawn(dilation, batch, before, count + 6 * dilation)
    bias = drawn(1, after) if biased else None
    same(SevenTaps(weight, bias, dilation)(x), functional.conv1d(x, weight, bias, dilation=dilation), 7 * before)


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 9), st.integers(0, 8), st.integers(1, 9), st.integers(1, 40), st.integers(1, 3), st.booleans())
def test_shorter_and_longer(blocks: int, more: int, stride: int, wide: int, batch: int, biased: bool) -> None:
    x = drawn(blocks, batch, wide, blocks * stride + min(more, stride - 1))
    bias = drawn(1, wide + 1) if biased else None
    weight = drawn(stride, wide + 1, wide, 2 * stride)
    same(Shorter(weight, bias)(x), functional.conv1d(x, weight, bias, stride), 2 * stride * wide)
    weight = drawn(stride, wide, wide + 1, 2 * stride)
    same(Longer(weight, bias)(x), functional.conv_transpose1d(x, weight, bias, stride), 2 * wide)


def test_seven_taps_are_as_exact_at_the_size_of_a_published_layer() -> None:
    weight, x = drawn(0, 384, 384, 7) / (7 * 384) ** 0.5, drawn(1, 1, 384, 1_000)
    exact = functional.conv1d(x.double(), weight.double(), dilation=3)
    found = SevenTaps(weight, None, 3)(x).double()
    plain = functional.conv1d(x, weight, dilation=3).double()
    assert (found - exact).std() / exact.std() < EXACT
    assert (plain - exact).std() / exact.std() < EXACT / 10  # so the bound above says something


def test_what_is_narrow_or_not_float32_goes_the_plain_way() -> None:
    assert worth(drawn(0, 1, WIDE, 9), drawn(0, WIDE, WIDE, 7))
    assert not worth(drawn(0, 1, WIDE - 1, 9), drawn(0, WIDE, WIDE - 1, 7))
    assert not worth(drawn(0, 1, WIDE, 9).half(), drawn(0, WIDE, WIDE, 7).half())


@pytest.mark.parametrize("frames", [1, 23, 24 * 6 + 1, 24 * 150])
def test_a_dac_with_wide_layers_makes_what_the_published_network_makes(tmp_path: Path, frames: int) -> None:
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    config = transformers.DacConfig(
        encoder_hidden_size=48,
        decoder_hidden_size=384,
        downsampling_ratios=[4, 3, 2],
        upsampling_ratios=[2, 3, 4],
        hidden_size=384,
        n_codebooks=3,
        sampling_rate=16_000,
    )
    theirs = transformers.DacModel(config).eval()
    theirs.save_pretrained(tmp_path)
    ours = checkpoints.build(checkpoints.read(tmp_path / "model.safetensors"), "dac", "dac/wide")
    x = np.random.default_rng(0).normal(0, 0.2, (1, frames)).astype(np.float32)
    whole = np.pad(x, ((0, 0), (0, -frames % 24)))
    with torch.inference_mode():
        codes = theirs.encode(torch.tensor(whole[None])).audio_codes
        sound = theirs.decode(audio_codes=codes).audio_values.numpy().reshape(1, -1)
    for piece in (10.0, 0.031):
        ours.piece = piece
        tokens = ours.encode({"x": Audio(x, 16_000)})
        assert np.array_equal(tokens.codes[0, 0], codes[0].numpy())
        made = ours.decode(tokens)["x"].samples[:, : sound.shape[-1]]
        np.testing.assert_allclose(made, sound[:, : made.shape[1]], atol=1e-5)
