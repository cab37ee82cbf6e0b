"""Vocos (Siuzdak 2023): blocks of ConvNeXt at the rate of the frames, and an inverse Fourier transform that sounds.

Names of weights are those of the package vocos, of which `config.yaml` tells.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from nawgraph.models.codecs.ops import Conv, Op, Pointwise, Residual, Span
from nawgraph.models.codecs.weights import Taker
from nawgraph.models.vocoders.mel import Recipe

Stages = tuple[tuple[Op, ...], ...]

BLOCKS = 4
"""Blocks that are run together on a tile: more would compute more of what neighbours compute too."""


@dataclass(frozen=True)
class Shape:
    """Sizes, from `config.yaml`.

    Attributes:
        recipe: of the spectrogram that it reads.
        width: of its frames.
        inner: width within a block.
        blocks: how many there are.
        size, hop: of the transform that sounds, samples.
        centre: the first frame lies around the first sample, the last around the last; else each around its hop.
    """

    recipe: Recipe
    width: int
    inner: int
    blocks: int
    size: int
    hop: int
    centre: bool
    channels: int = 1
    books: int = 0

    @property
    def rate(self) -> int:
        """Of the sound, Hz."""
        return self.recipe.rate

    @property
    def latent(self) -> int:
        """Bands of the spectrogram."""
        return self.recipe.bands


def shape_of(config: Mapping[str, Any]) -> Shape:
    """From `config.yaml`, with the package's defaults.

    Raises:
        KeyError, TypeError, ValueError: it describes no Vocos that can be run here.
    """
    heard, heard_by = _part(config, "feature_extractor", "MelSpectrogramFeatures")
    body, _ = _part(config, "backbone", "VocosBackbone")
    head, _ = _part(config, "head", "ISTFTHead")
    if body.get("adanorm_num_embeddings"):
        raise ValueError(f"a {heard_by} with bandwidths is not run here")
    rate = int(heard.get("sample_rate", 24_000))
    recipe = Recipe(
        rate=rate,
        size=int(heard.get("n_fft", 1024)),
        hop=int(heard.get("hop_length", 256)),
        bands=int(heard.get("n_mels", 100)),
        low=0.0,
        high=rate / 2,
        scale="htk",
        centre=_centre(heard.get("padding", "center")),
        floor=1e-7,
    )
    made = Shape(
        recipe=recipe,
        width=int(body["dim"]),
        inner=int(body["intermediate_dim"]),
        blocks=int(body["num_layers"]),
        size=int(head["n_fft"]),
        hop=int(head["hop_length"]),
        centre=_centre(head.get("padding", "same")),
    )
    if int(body["input_channels"]) != recipe.bands or int(head["dim"]) != made.width or recipe.hop != made.hop:
        raise ValueError("the parts of config.yaml do not fit each other (input_channels, dim or hop_length)")
    if made.size % 2 or made.hop > made.size // 2 or recipe.centre != made.centre:
        raise ValueError("the transforms of config.yaml are of no Vocos (n_fft, hop_length or padding)")
    return made


def _part(config: Mapping[str, Any], name: str, known: str) -> tuple[Mapping[str, Any], str]:
    found = config[name]
    kind = str(found["class_path"]).rpartition(".")[2]
    if kind != known:
        raise ValueError(f"{name} is {kind}, of which nawgraph runs only {known}")
    return found.get("init_args", {}), kind


def _centre(padding: str) -> bool:
    if padding not in ("center", "same"):
        raise ValueError(f"padding is {padding!r}, which no Vocos has")
    return padding == "center"


class Network:
    """Frames [B, bands, T] to sound [B, 1, samples].

    Attributes:
        decoder: layers in stages.
    """

    def __init__(self, take: Taker, shape: Shape) -> None:
        self.shape = shape
        width, recipe = shape.width, shape.recipe
        take("feature_extractor.mel_spec.spectrogram.window", recipe.size)
        take("feature_extractor.mel_spec.mel_scale.fb", recipe.size // 2 + 1, recipe.bands)
        weight = take("backbone.embed.weight", width, recipe.bands, 7)
        first: tuple[Op, ...] = (
            Conv(weight, take("backbone.embed.bias", width), left=3, right=3),
            LayerNorm(take("backbone.norm.weight", width), take("backbone.norm.bias", width)),
        )
        blocks = tuple(_block(take, f"backbone.convnext.{i}", width, shape.inner) for i in range(shape.blocks))
        norm = LayerNorm(take("backbone.final_layer_norm.weight", width), take("backbone.final_layer_norm.bias", width))
        weight, bias = take("head.out.weight", shape.size + 2, width), take("head.out.bias", shape.size + 2)
        window = take("head.istft.window", shape.size)
        reach = shape.size // 2 if shape.centre else (shape.size - shape.hop) // 2
        last: tuple[Op, ...] = (norm, Linear(weight, bias), Inverse(window, shape.hop, reach))
        groups = [blocks[i : i + BLOCKS] for i in range(0, shape.blocks, BLOCKS)]
        self.decoder: Stages = (first, *groups, last)


def _block(take: Taker, name: str, width: int, inner: int) -> Op:
    near = take(f"{name}.dwconv.weight", width, 1, 7)
    return Residual(
        (
            Conv(near, take(f"{name}.dwconv.bias", width), left=3, right=3, groups=width),
            LayerNorm(take(f"{name}.norm.weight", width), take(f"{name}.norm.bias", width)),
            Linear(take(f"{name}.pwconv1.weight", inner, width), take(f"{name}.pwconv1.bias", inner)),
            Gelu(),
            _scaled(take, name, width, inner),
        )
    )


def _scaled(take: Taker, name: str, width: int, inner: int) -> Linear:
    """The last layer of a block and the scale after it, in one."""
    weight, bias = take(f"{name}.pwconv2.weight", width, inner), take(f"{name}.pwconv2.bias", width)
    scale = take(f"{name}.gamma", width)
    return Linear(weight * scale[:, None], bias * scale)


@dataclass(frozen=True)
class LayerNorm(Pointwise):
    """A norm over the channels of every frame."""

    weight: Tensor
    bias: Tensor

    def of(self, x: Tensor) -> Tensor:
        return functional.layer_norm(x.mT, self.weight.shape, self.weight, self.bias, 1e-6).mT


@dataclass(frozen=True)
class Linear(Pointwise):
    """Every frame by a matrix [out, in]."""

    weight: Tensor
    bias: Tensor

    def of(self, x: Tensor) -> Tensor:
        return functional.linear(x.mT, self.weight, self.bias).mT


@dataclass(frozen=True)
class Gelu(Pointwise):
    """The activation of ConvNeXt."""

    def of(self, x: Tensor) -> Tensor:
        return functional.gelu(x)


@dataclass(frozen=True)
class Inverse:
    """Logarithms of magnitudes and phases [B, size + 2, T] to sound [B, 1, samples], by overlapped inverse transforms.

    Attributes:
        window: [size], by which the transforms are multiplied.
        hop: samples from one to the next.
        reach: samples of the first that lie before the sound.
    """

    window: Tensor
    hop: int
    reach: int

    def length(self, total: int) -> int:
        return (total - 1) * self.hop + self.window.shape[0] - 2 * self.reach

    def needs(self, span: Span, total: int) -> Span:
        low = -(-(span[0] + self.reach - self.window.shape[0] + 1) // self.hop)
        high = (span[1] - 1 + self.reach) // self.hop + 1
        low = min(max(low, 0), total - 1)
        return low, max(min(high, total), low + 1)

    def run(self, x: Tensor, begin: int, total: int, span: Span) -> Tensor:
        low, high = self.needs(span, total)
        size, (loud, phase) = self.window.shape[0], x[..., low - begin : high - begin].chunk(2, dim=1)
        waves = torch.fft.irfft(torch.polar(loud.exp().clamp(max=1e2), phase), size, dim=1) * self.window[:, None]
        at = span[0] + self.reach - low * self.hop
        made = _added(waves, self.hop)[..., at : at + span[1] - span[0]]
        square = self.window.square()[None, :, None].expand(1, size, high - low)
        return made / _added(square, self.hop)[..., at : at + span[1] - span[0]]


def _added(waves: Tensor, hop: int) -> Tensor:
    """Waves [B, size, T] laid over one another, `hop` apart: [B, 1, samples]."""
    size, count = waves.shape[1:]
    length = (count - 1) * hop + size
    return functional.fold(waves, (1, length), (1, size), stride=(1, hop))[:, :, 0]
