"""The Descript Audio Codec (Kumar et al. 2023) and the autoencoder of Stable Audio, which has the same layers.

Names of weights are those of the hub form (transformers' `DacModel`, diffusers' `AutoencoderOobleck`); those of the
original `.pth` files are turned into them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from nawgraph.models.codecs.ops import Conv, Op, Residual, Snake, Tanh, Upsample
from nawgraph.models.codecs.weights import Taker

Stages = tuple[tuple[Op, ...], ...]


@dataclass(frozen=True)
class Shape:
    """Sizes of a network of this kind.

    Attributes:
        rate: of the sound, Hz.
        channels: of the sound.
        encoder, decoder: width of the first and of the last layer but one; the width doubles, or follows `multiples`.
        rates: by how much each block of the encoder shortens; the decoder has the reverse.
        latent: width of the latents.
        books, size, dim: codebooks, codes in each, and dimensions of a code; no books for Oobleck.
        multiples: widths of Oobleck's blocks, over that of the first layer.
    """

    rate: int
    encoder: int
    decoder: int
    rates: tuple[int, ...]
    latent: int
    books: int = 0
    size: int = 0
    dim: int = 0
    channels: int = 1
    multiples: tuple[int, ...] = ()

    @property
    def hop(self) -> int:
        """Samples a frame."""
        return math.prod(self.rates)


def shape_of_dac(config: Mapping[str, Any]) -> Shape:
    """From the hub's `config.json`, or the `kwargs` in the metadata of a `.pth` file.

    Raises:
        KeyError, TypeError, ValueError: it describes no DAC.
    """
    if "encoder_rates" in config:
        rates, width = tuple(int(r) for r in config["encoder_rates"]), int(config["encoder_dim"])
        latent = config.get("latent_dim") or width * 2 ** len(rates)
        if tuple(config.get("decoder_rates", rates[::-1])) != rates[::-1]:
            raise ValueError("decoder_rates are not the reverse of encoder_rates")
        rate, decoder = config["sample_rate"], config["decoder_dim"]
    else:
        rates, width = tuple(int(r) for r in config["downsampling_ratios"]), int(config["encoder_hidden_size"])
        latent = config.get("hidden_size") or width * 2 ** len(rates)
        rate, decoder = config["sampling_rate"], config["decoder_hidden_size"]
    books, size, dim = (int(config[k]) for k in ("n_codebooks", "codebook_size", "codebook_dim"))
    return Shape(int(rate), width, int(decoder), rates, int(latent), books, size, dim)


def shape_of_oobleck(config: Mapping[str, Any]) -> Shape:
    """From diffusers' `config.json`.

    Raises:
        KeyError, TypeError: it describes no Oobleck.
    """
    return Shape(
        rate=int(config["sampling_rate"]),
        encoder=int(config["encoder_hidden_size"]),
        decoder=int(config["decoder_channels"]),
        rates=tuple(int(r) for r in config["downsampling_ratios"]),
        latent=int(config["decoder_input_channels"]),
        channels=int(config["audio_channels"]),
        multiples=tuple(int(m) for m in config["channel_multiples"]),
    )


class Network:
    """Encoder, decoder and codebooks.

    Attributes:
        encoder, decoder: layers in stages; sound [B, channels, T] to latents [B, C, frames] and back.
        quantiser: its codebooks, in order.
    """

    def __init__(self, take: Taker, shape: Shape) -> None:
        self.shape = shape
        make = Maker(take, oobleck=not shape.books)
        self.encoder = make.encoder(shape)
        self.decoder = make.decoder(shape)
        self.quantiser = [_Book(take, i, shape) for i in range(shape.books)]


class Maker:
    """Layers from weights."""

    def __init__(self, take: Taker, oobleck: bool) -> None:
        self.take, self.oobleck = take, oobleck

    def conv(
        self,
        name: str,
        before: int,
        after: int,
        kernel: int,
        *,
        pad: int,
        stride: int = 1,
        dilation: int = 1,
        bias: bool = True,
    ) -> Conv:
        weight = self.take(f"{name}.weight", after, before, kernel)
        return Conv(weight, self.take(f"{name}.bias", after) if bias else None, stride, dilation, pad, pad)

    def snake(self, name: str, width: int) -> Snake:
        a = self.take(f"{name}.alpha", 1, width, 1)[0]
        if not self.oobleck:
            return Snake(a, (a + 1e-9).reciprocal())
        b = self.take(f"{name}.beta", 1, width, 1)[0]
        return Snake(a.exp(), (b.exp() + 1e-9).reciprocal())

    def units(self, name: str, width: int) -> tuple[Op, ...]:
        return tuple(
            Residual(
                (
                    self.snake(f"{name}.res_unit{i}.snake1", width),
                    self.conv(f"{name}.res_unit{i}.conv1", width, width, 7, dilation=d, pad=3 * d),
                    self.snake(f"{name}.res_unit{i}.snake2", width),
                    self.conv(f"{name}.res_unit{i}.conv2", width, width, 1, pad=0),
                )
            )
            for i, d in ((1, 1), (2, 3), (3, 9))
        )

    def encoder(self, s: Shape) -> Stages:
        doubling = tuple(2**i for i in range(1, len(s.rates) + 1))
        widths = [s.encoder * m for m in (1, *(s.multiples if self.oobleck else doubling))]
        stages: list[tuple[Op, ...]] = []
        first: tuple[Op, ...] = (self.conv("encoder.conv1", s.channels, s.encoder, 7, pad=3),)
        for i, stride in enumerate(s.rates):
            name, before, after = f"encoder.block.{i}", widths[i], widths[i + 1]
            units, snake = self.units(name, before), self.snake(f"{name}.snake1", before)
            down = self.conv(f"{name}.conv1", before, after, 2 * stride, stride=stride, pad=math.ceil(stride / 2))
            stages.append((*first, *units, snake, down))
            first = ()
        last = self.snake("encoder.snake1", widths[-1])
        out = s.encoder if self.oobleck else s.latent
        stages.append((last, self.conv("encoder.conv2", widths[-1], out, 3, pad=1)))
        return tuple(stages)

    def decoder(self, s: Shape) -> Stages:
        count = len(s.rates)
        halves = [s.decoder // 2**i for i in range(count + 1)]
        widths = [s.decoder * m for m in reversed((1, *s.multiples))] if self.oobleck else halves
        stages: list[tuple[Op, ...]] = [(self.conv("decoder.conv1", s.latent, widths[0], 7, pad=3),)]
        for i, stride in enumerate(reversed(s.rates)):
            name, before, after = f"decoder.block.{i}", widths[i], widths[i + 1]
            snake, pad = self.snake(f"{name}.snake1", before), math.ceil(stride / 2)
            weight = self.take(f"{name}.conv_t1.weight", before, after, 2 * stride)
            up = Upsample(weight, self.take(f"{name}.conv_t1.bias", after), stride, pad, pad)
            stages.append((snake, up, *self.units(name, after)))
        stages[-1] += (
            self.snake("decoder.snake1", widths[-1]),
            self.conv("decoder.conv2", widths[-1], s.channels, 7, pad=3, bias=not self.oobleck),
            *(() if self.oobleck else (Tanh(),)),
        )
        return tuple(stages)


class _Book:
    """One codebook of DAC: codes of few dimensions, found by their direction."""

    def __init__(self, take: Taker, index: int, shape: Shape) -> None:
        name = f"quantizer.quantizers.{index}"
        self.enter = take(f"{name}.in_proj.weight", shape.dim, shape.latent, 1)[..., 0]
        self.enter_bias = take(f"{name}.in_proj.bias", shape.dim)
        self.leave = take(f"{name}.out_proj.weight", shape.latent, shape.dim, 1)[..., 0]
        self.leave_bias = take(f"{name}.out_proj.bias", shape.latent)
        self.codes = take(f"{name}.codebook.weight", shape.size, shape.dim)
        self._directions = functional.normalize(self.codes)

    def find(self, x: Tensor) -> Tensor:
        """Codes [B, T] of latents [B, T, C]."""
        seen = functional.normalize(functional.linear(x, self.enter, self.enter_bias), dim=-1)
        return (seen @ self._directions.T).argmax(dim=-1)

    def of(self, codes: Tensor) -> Tensor:
        """Latents [B, T, C] of codes [B, T]."""
        return functional.linear(functional.embedding(codes, self.codes), self.leave, self.leave_bias)


def quantised(books: list[Any], latents: Tensor, count: int) -> Tensor:
    """Codes [B, count, T] of latents [B, C, T], each book coding what those before it left."""
    rest, found = latents.mT, []
    for book in books[:count]:
        found.append(book.find(rest))
        rest = rest - book.of(found[-1])
    return torch.stack(found, dim=1)


def restored(books: list[Any], codes: Tensor) -> Tensor:
    """Latents [B, C, T] of codes [B, books, T]."""
    total: Tensor = books[0].of(codes[:, 0])
    for book, row in zip(books[1:], codes.unbind(1)[1:], strict=False):
        total = total + book.of(row)
    return total.mT


_LAYERS = {0: "snake1", 1: "conv1", 2: "snake2", 3: "conv2"}


def renamed(tensors: Mapping[str, Tensor], rates: int) -> dict[str, Tensor]:
    """Weights of a `.pth` file of `rates` blocks under the hub's names."""
    return {_renamed(name, rates): value for name, value in tensors.items()}


def _renamed(name: str, rates: int) -> str:
    found = re.match(r"(encoder\.block|decoder\.model)\.(\d+)\.(.*)", name)
    if not found:
        return name
    part, number, rest = found[1][:7], int(found[2]), found[3]
    if number == 0 or number > rates:
        return f"{part}.{ {0: 'conv1', rates + 1: 'snake1', rates + 2: 'conv2'}.get(number, number) }.{rest}"
    inner = re.match(r"block\.(\d+)\.(?:block\.(\d+)\.)?(.*)", rest)
    if not inner:
        return name
    place = int(inner[1])
    if inner[2] is not None:
        unit = place + 1 if part == "encoder" else place - 1
        layer = f"res_unit{unit}.{_LAYERS[int(inner[2])]}"
    elif part == "encoder":
        layer = {3: "snake1", 4: "conv1"}[place]
    else:
        layer = {0: "snake1", 1: "conv_t1"}[place]
    return f"{part}.block.{number - 1}.{layer}.{inner[3]}"
