"""BigVGAN (Lee et al. 2022, v2 2024): upsampling blocks with periodic activations that are kept from folding.

Names of weights are those of the published `bigvgan_generator.pt`, of which `config.json` tells.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from nawgraph.models.codecs.ops import Conv, Op, Pointwise, Residual, Snake, Span, Tanh, Upsample, needs, run
from nawgraph.models.codecs.weights import Taker
from nawgraph.models.vocoders.mel import Recipe

Stages = tuple[tuple[Op, ...], ...]

TAPS = 12
"""Of the filters around an activation."""


@dataclass(frozen=True)
class Shape:
    """Sizes, from `config.json`.

    Attributes:
        recipe: of the spectrogram that it reads.
        width: of its first layer; every block halves it.
        rates: by how much each block lengthens.
        kernels: of the blocks' transposed convolutions.
        residuals: kernel and dilations of the residual blocks that stand side by side.
        snake: "snake" or "snakebeta".
        logarithmic: the activations' numbers are logarithms.
        tanh: at the end; else numbers beyond ±1 are cut.
        bias: whether the last layer has one.
    """

    recipe: Recipe
    width: int
    rates: tuple[int, ...]
    kernels: tuple[int, ...]
    residuals: tuple[tuple[int, tuple[int, ...]], ...]
    snake: str
    logarithmic: bool
    tanh: bool
    bias: bool
    channels: int = 1
    books: int = 0
    size: int = 0

    @property
    def rate(self) -> int:
        """Of the sound, Hz."""
        return self.recipe.rate

    @property
    def hop(self) -> int:
        """Samples a frame."""
        return math.prod(self.rates)

    @property
    def latent(self) -> int:
        """Bands of the spectrogram."""
        return self.recipe.bands


def shape_of(config: Mapping[str, Any]) -> Shape:
    """From `config.json`.

    Raises:
        KeyError, TypeError, ValueError: it describes no BigVGAN that can be run here.
    """
    if str(config["resblock"]) != "1":
        raise ValueError(f"resblock is {config['resblock']!r}, of which nawgraph runs only '1'")
    if config["activation"] not in ("snake", "snakebeta"):
        raise ValueError(f"activation is {config['activation']!r}, which no BigVGAN has")
    rate = int(config["sampling_rate"])
    recipe = Recipe(
        rate=rate,
        size=int(config["n_fft"]),
        hop=int(config["hop_size"]),
        bands=int(config["num_mels"]),
        low=float(config["fmin"]),
        high=float(config["fmax"] or rate / 2),
        scale="slaney",
        centre=False,
        floor=1e-5,
        power=1e-9,
    )
    sizes, dilations = config["resblock_kernel_sizes"], config["resblock_dilation_sizes"]
    made = Shape(
        recipe=recipe,
        width=int(config["upsample_initial_channel"]),
        rates=tuple(int(r) for r in config["upsample_rates"]),
        kernels=tuple(int(k) for k in config["upsample_kernel_sizes"]),
        residuals=tuple((int(k), tuple(int(d) for d in row)) for k, row in zip(sizes, dilations, strict=True)),
        snake=config["activation"],
        logarithmic=bool(config["snake_logscale"]),
        tanh=bool(config.get("use_tanh_at_final", True)),
        bias=bool(config.get("use_bias_at_final", True)),
    )
    if made.hop != recipe.hop or int(config["win_size"]) != recipe.size or len(made.kernels) != len(made.rates):
        raise ValueError("the parts of config.json do not fit each other (upsample_rates, hop_size or win_size)")
    if any(k < r or (k - r) % 2 for k, r in zip(made.kernels, made.rates, strict=True)):
        raise ValueError("upsample_kernel_sizes do not fit upsample_rates")
    if not made.residuals or any(k % 2 == 0 for k, _ in made.residuals):
        raise ValueError("resblock_kernel_sizes must be odd numbers")
    return made


class Network:
    """Frames [B, bands, T] to sound [B, 1, samples].

    Attributes:
        decoder: layers in stages.
    """

    def __init__(self, take: Taker, shape: Shape) -> None:
        self.shape = shape
        width = shape.width
        first: tuple[Op, ...] = (conv(take, "conv_pre", shape.recipe.bands, width, 7),)
        stages: list[tuple[Op, ...]] = []
        count = len(shape.residuals)
        for i, (rate, kernel) in enumerate(zip(shape.rates, shape.kernels, strict=True)):
            half, pad = width // 2, (kernel - rate) // 2
            weight, bias = take(f"ups.{i}.0.weight", width, half, kernel), take(f"ups.{i}.0.bias", half)
            stages.append((*first, Upsample(weight, bias, rate, pad, pad)))
            blocks = tuple(
                self._block(take, f"resblocks.{i * count + j}", half, size, dilations)
                for j, (size, dilations) in enumerate(shape.residuals)
            )
            stages.append((Mean(blocks),))
            first, width = (), half
        last: tuple[Op, ...] = (
            self._active(take, "activation_post", width),
            conv(take, "conv_post", width, 1, 7, bias=shape.bias),
            Tanh() if shape.tanh else Cut(),
        )
        self.decoder: Stages = (*stages, last)

    def _block(self, take: Taker, name: str, width: int, kernel: int, dilations: tuple[int, ...]) -> tuple[Op, ...]:
        return tuple(
            Residual(
                (
                    self._active(take, f"{name}.activations.{2 * i}", width),
                    conv(take, f"{name}.convs1.{i}", width, width, kernel, dilation),
                    self._active(take, f"{name}.activations.{2 * i + 1}", width),
                    conv(take, f"{name}.convs2.{i}", width, width, kernel),
                )
            )
            for i, dilation in enumerate(dilations)
        )

    def _active(self, take: Taker, name: str, width: int) -> Op:
        s = self.shape
        a = take(f"{name}.act.alpha", width)[:, None]
        b = take(f"{name}.act.beta", width)[:, None] if s.snake == "snakebeta" else a
        if s.logarithmic:
            a, b = a.exp(), b.exp()
        return smooth(take, name, Snake(a, (b + 1e-9).reciprocal()))


def conv(
    take: Taker,
    name: str,
    before: int,
    after: int,
    kernel: int,
    dilation: int = 1,
    *,
    stride: int = 1,
    bias: bool = True,
) -> Conv:
    """A convolution whose outputs lie around their inputs."""
    pad = (kernel - 1) * dilation // 2
    weight = take(f"{name}.weight", after, before, kernel)
    return Conv(weight, take(f"{name}.bias", after) if bias else None, stride, dilation, pad, pad)


def smooth(take: Taker, name: str, inner: Snake) -> Smooth:
    """An activation with the filters that lie beside it in a checkpoint."""
    up = take(f"{name}.upsample.filter", 1, 1, TAPS)
    return Smooth(inner, up, take(f"{name}.downsample.lowpass.filter", 1, 1, TAPS))


@dataclass(frozen=True)
class Smooth:
    """An activation at twice the rate, between two low passes, so that its overtones do not fold (Karras et al. 2021).

    Beyond the ends, at either rate, stands the last number there.

    Attributes:
        inner: the activation.
        up, down: filters [1, 1, 12].
    """

    inner: Snake
    up: Tensor
    down: Tensor

    def length(self, total: int) -> int:
        return total

    def needs(self, span: Span, total: int) -> Span:
        return max(span[0] - 6, 0), min(span[1] + 6, total)

    def run(self, x: Tensor, begin: int, total: int, span: Span) -> Tensor:
        first, last = 2 * span[0] - 5, 2 * span[1] + 5  # what the second filter looks at, at twice the rate
        u, v = max(first, 0), min(last, 2 * total)
        a, b = u // 2, (v + 1) // 2
        low, high = a - 3, b + 3
        inner = x[..., max(low, 0) - begin : min(high, total) - begin]
        batch, width = inner.shape[:2]
        held = _held(inner.reshape(batch * width, 1, -1), max(0, -low), max(0, high - total))
        # Places in between are zeros before the first filter: even and odd outputs meet every other tap of it each.
        made = functional.conv1d(held, 2 * torch.cat([self.up[..., 1::2], self.up[..., ::2]]).flip(2))
        doubled = torch.stack([made[:, 0, :-1], made[:, 1, 1:]], dim=2).reshape(batch, width, 2 * (b - a))
        active = self.inner.of(doubled[..., u - 2 * a : v - 2 * a]).reshape(batch * width, 1, -1)
        return functional.conv1d(_held(active, u - first, last - v), self.down, stride=2).reshape(batch, width, -1)


def _held(x: Tensor, before: int, after: int) -> Tensor:
    """The first and the last number once more, so many times."""
    return functional.pad(x, (before, after), mode="replicate") if before or after else x


@dataclass(frozen=True)
class Mean:
    """Layers side by side; the mean of what they make."""

    branches: tuple[tuple[Op, ...], ...]

    def length(self, total: int) -> int:
        return total

    def needs(self, span: Span, total: int) -> Span:
        found = [needs(branch, span, total) for branch in self.branches]
        return min(a for a, _ in found), max(b for _, b in found)

    def run(self, x: Tensor, begin: int, total: int, span: Span) -> Tensor:
        made = run(self.branches[0], x, begin, total, span)
        for branch in self.branches[1:]:
            made = made + run(branch, x, begin, total, span)
        return made / len(self.branches)


@dataclass(frozen=True)
class Cut(Pointwise):
    """Numbers beyond ±1 are cut off."""

    def of(self, x: Tensor) -> Tensor:
        return x.clamp(-1, 1)
