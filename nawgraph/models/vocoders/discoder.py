"""DisCoder (Lanzendörfer et al. 2025): latents of DAC are guessed from a mel spectrogram, and DAC's decoder sounds.

Names of weights are those of the published `model.pt`, of which `config.json` tells; the sizes of the decoder, which
the config leaves to DAC, follow from its weights.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from nawgraph.models.codecs import dac
from nawgraph.models.codecs.ops import Op, Residual, Snake, Span, needs, run
from nawgraph.models.codecs.weights import Taker
from nawgraph.models.vocoders.bigvgan import conv, smooth
from nawgraph.models.vocoders.mel import Recipe

Stages = tuple[tuple[Op, ...], ...]

_DECODER = "decoder.dac_decoder."


@dataclass(frozen=True)
class Shape:
    """Sizes, from `config.json` and the weights.

    Attributes:
        recipe: of the spectrogram that it reads; two of its frames are one of the decoder's.
        width: of the first and the last but two layers of the guesser.
        inner: width between them.
        residuals: kernel and dilations of the residual blocks, one after the other.
        decoder: of DAC.
    """

    recipe: Recipe
    width: int
    inner: int
    residuals: tuple[tuple[int, tuple[int, ...]], ...]
    decoder: dac.Shape
    channels: int = 1
    books: int = 0
    size: int = 0

    @property
    def rate(self) -> int:
        """Of the sound, Hz."""
        return self.recipe.rate

    @property
    def hop(self) -> int:
        """Samples a frame of the spectrogram."""
        return self.recipe.hop

    @property
    def latent(self) -> int:
        """Bands of the spectrogram."""
        return self.recipe.bands


def renamed(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Folded weights, those of the decoder under the hub's names for DAC; what it does not need is left out."""
    made = {k.replace("module.", ""): v for k, v in tensors.items() if not k.startswith("dac_encoder_quantizer.")}
    rates = sum(bool(re.fullmatch(re.escape(_DECODER) + r"model\.\d+\.block\.1\.weight", k)) for k in made)
    inner = {k.removeprefix(_DECODER): v for k, v in made.items() if k.startswith(_DECODER)}
    inner = dac.renamed({f"decoder.{k}": v for k, v in inner.items()}, rates)
    return {**{k: v for k, v in made.items() if not k.startswith(_DECODER)}, **inner}


def shape_of(config: Mapping[str, Any], sizes: Mapping[str, Sequence[int]]) -> Shape:
    """From `config.json` and the shapes of renamed weights.

    Raises:
        KeyError, TypeError, ValueError: it describes no DisCoder that can be run here.
    """
    model, mel, rate = config["model"], config["mel"], int(config["sample_rate"])
    for name, known in (("predict_type", "z"), ("activation", "snake"), ("resblock_type", "AMP")):
        if model[name] != known:
            raise ValueError(f"{name} is {model[name]!r}, of which nawgraph runs only {known!r}")
    recipe = Recipe(
        rate=rate,
        size=int(mel["n_fft"]),
        hop=int(mel["hop_length"]),
        bands=int(mel["n_mels"]),
        low=float(mel["f_min"]),
        high=float(mel["f_max"] or rate / 2),
        scale="slaney",
        centre=False,
        floor=1e-5,
        power=1e-9,
        even=2,
    )
    kernels, rows = model["resblock_kernel_sizes"], model["resblock_dilations"]
    residuals = tuple((int(k), tuple(int(d) for d in row)) for k, row in zip(kernels, rows, strict=True))
    if len(residuals) < int(model["n_resblocks"]) or int(mel["win_length"]) != recipe.size:
        raise ValueError("the parts of config.json do not fit each other (n_resblocks, win_length)")
    ups = [sizes[k] for k in _ups(sizes)]
    if "decoder.conv1.weight" not in sizes or not ups:
        raise ValueError("decoder.conv1.weight or the blocks after it are missing")
    decoder = dac.Shape(
        rate=rate,
        encoder=0,
        decoder=int(sizes["decoder.conv1.weight"][0]),
        rates=tuple(int(shape[2]) // 2 for shape in reversed(ups)),
        latent=int(model["codebook_size"]),
        books=1,
    )
    if math.prod(decoder.rates) != 2 * recipe.hop or int(model["initial_out_channels"]) != decoder.latent:
        raise ValueError("the decoder's blocks do not fit the hop, or its width initial_out_channels")
    count = int(model["n_resblocks"])
    return Shape(recipe, decoder.latent, int(model["intermediate_dim"]), residuals[:count], decoder)


def _ups(sizes: Mapping[str, Sequence[int]]) -> list[str]:
    """The decoder's transposed convolutions, in order."""
    found: list[str] = []
    while (name := f"decoder.block.{len(found)}.conv_t1.weight") in sizes:
        found.append(name)
    return found


class Network:
    """Frames [B, bands, T], T even, to sound [B, 1, samples].

    Attributes:
        decoder: layers in stages.
    """

    def __init__(self, take: Taker, shape: Shape) -> None:
        self.shape = shape
        width, inner, latent = shape.width, shape.inner, shape.decoder.latent
        blocks = tuple(
            op for i, (kernel, rows) in enumerate(shape.residuals) for op in _block(take, i, inner, kernel, rows)
        )
        first = conv(take, "encoder.init_conv", shape.recipe.bands, width, 7)
        guess: tuple[Op, ...] = (
            _active(take, "encoder.acts.0", width),
            conv(take, "encoder.sec_conv", width, inner, 7),
            _active(take, "encoder.acts.1", inner),
            conv(take, "encoder.up_conv", inner, inner, 7),
            _active(take, "encoder.acts.2", inner),
            Residual(blocks),
            conv(take, "encoder.strided_conv", inner, width, 7, stride=2),
            _active(take, "encoder.acts.3", width),
            conv(take, "encoder.down_conv", width, latent, 7),
            _active(take, "encoder.acts.4", latent),
            conv(take, "encoder.output_conv", latent, latent, 7),
        )
        self.decoder: Stages = (
            (first,),
            (Skipped(guess),),
            *dac.Maker(take, oobleck=False).decoder(shape.decoder),
        )


def _block(take: Taker, index: int, width: int, kernel: int, dilations: tuple[int, ...]) -> tuple[Op, ...]:
    name = f"encoder.resblocks.{index}"
    return tuple(
        Residual(
            (
                _active(take, f"{name}.acts.{2 * i}", width),
                conv(take, f"{name}.convs1.{i}", width, width, kernel, dilation),
                _active(take, f"{name}.acts.{2 * i + 1}", width),
                conv(take, f"{name}.convs2.{i}", width, width, kernel),
            )
        )
        for i, dilation in enumerate(dilations)
    )


def _active(take: Taker, name: str, width: int) -> Op:
    a = take(f"{name}.act.alpha", 1, width, 1)[0]
    return smooth(take, name, Snake(a, (a + 1e-9).reciprocal()))


@dataclass(frozen=True)
class Skipped:
    """Layers that halve the rate, and beside them the mean of every two inputs; their sum."""

    inner: tuple[Op, ...]

    def length(self, total: int) -> int:
        return total // 2

    def needs(self, span: Span, total: int) -> Span:
        low, high = needs(self.inner, span, total)
        return min(low, 2 * span[0]), max(high, 2 * span[1])

    def run(self, x: Tensor, begin: int, total: int, span: Span) -> Tensor:
        made = run(self.inner, x, begin, total, span)
        return made + torch.nn.functional.avg_pool1d(x[..., 2 * span[0] - begin : 2 * span[1] - begin], 2)
