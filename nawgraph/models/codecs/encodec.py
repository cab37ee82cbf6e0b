"""EnCodec (Défossez et al. 2022): 24 kHz, 48 kHz in pieces of a second, and the 32 kHz one of MusicGen.

Names of weights are those of transformers' `EncodecModel`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from nawgraph.models.codecs.ops import Conv, Elu, Norm, Op, Residual, Upsample
from nawgraph.models.codecs.weights import Taker

Stages = tuple[tuple[Op, ...], ...]


@dataclass(frozen=True)
class Shape:
    """Sizes, from the hub's `config.json`.

    Attributes:
        rate: of the sound, Hz.
        channels: of the sound.
        rates: by how much each block of the decoder lengthens.
        books: codebooks in all; those that the encoder may use follow from the bit rate.
        chunk, stride: samples that are coded as one, and from one to the next; 0 for no such pieces.
        loud: each piece is brought to one loudness, which goes with its codes.
    """

    rate: int
    channels: int
    filters: int
    rates: tuple[int, ...]
    latent: int
    books: int
    size: int
    residuals: int
    kernel: int
    last_kernel: int
    residual_kernel: int
    growth: int
    compress: int
    lstm_layers: int
    causal: bool
    reflect: bool
    trim: float
    shortcut: bool
    norm: bool
    loud: bool
    chunk: int = 0
    stride: int = 0

    @property
    def hop(self) -> int:
        """Samples a frame."""
        return math.prod(self.rates)


def shape_of(config: Mapping[str, Any]) -> Shape:
    """From the hub's `config.json`, with transformers' defaults.

    Raises:
        KeyError, TypeError, ValueError: it describes no EnCodec.
    """
    get = config.get
    rates = tuple(int(r) for r in get("upsampling_ratios", (8, 5, 4, 2)))
    rate, size = int(config["sampling_rate"]), int(get("codebook_size", 1024))
    frame_rate = math.ceil(rate / math.prod(rates))
    books = int(1000 * config["target_bandwidths"][-1] // (frame_rate * math.ceil(math.log2(size))))
    seconds = get("chunk_length_s")
    chunk = int(seconds * rate) if seconds else 0
    norm = get("norm_type", "weight_norm")
    if norm not in ("weight_norm", "time_group_norm"):
        raise ValueError(f"norm_type is {norm!r}, which no published EnCodec has")
    return Shape(
        rate=rate,
        channels=int(get("audio_channels", 1)),
        filters=int(get("num_filters", 32)),
        rates=rates,
        latent=int(get("hidden_size", 128)),
        books=books,
        size=size,
        residuals=int(get("num_residual_layers", 1)),
        kernel=int(get("kernel_size", 7)),
        last_kernel=int(get("last_kernel_size", 7)),
        residual_kernel=int(get("residual_kernel_size", 3)),
        growth=int(get("dilation_growth_rate", 2)),
        compress=int(get("compress", 2)),
        lstm_layers=int(get("num_lstm_layers", 2)),
        causal=bool(get("use_causal_conv", True)),
        reflect=get("pad_mode", "reflect") == "reflect",
        trim=float(get("trim_right_ratio", 1.0)),
        shortcut=bool(get("use_conv_shortcut", True)),
        norm=norm == "time_group_norm",
        loud=bool(get("normalize", False)),
        chunk=chunk,
        stride=max(1, int((1.0 - float(get("overlap") or 0)) * chunk)) if chunk else 0,
    )


class Network:
    """Encoder, decoder and codebooks; both halves have a recurrent layer that takes its frames in order.

    Attributes:
        before, after: the encoder's layers before and after its recurrent one.
        first, last: the decoder's.
    """

    def __init__(self, take: Taker, shape: Shape) -> None:
        self.shape = shape
        make = Maker(take, shape)
        self.before, self.remember, self.after = make.encoder()
        self.first, self.recall, self.last = make.decoder()
        self.quantiser = [_Book(take, i, shape) for i in range(shape.books)]


class Maker:
    """Layers from weights."""

    def __init__(self, take: Taker, shape: Shape) -> None:
        self.take, self.shape = take, shape

    def conv(
        self, name: str, before: int, after: int, kernel: int, stride: int = 1, dilation: int = 1
    ) -> tuple[Op, ...]:
        s = self.shape
        outside = (kernel - 1) * dilation + 1 - stride
        left = outside if s.causal else outside - outside // 2
        weight, bias = self.take(f"{name}.conv.weight", after, before, kernel), self.take(f"{name}.conv.bias", after)
        # As many outputs as strides have begun: the last may look at `stride - 1` positions after the end.
        made = Conv(weight, bias, stride, dilation, left, outside - left + stride - 1, s.reflect)
        return (made, *self.normed(name, after))

    def up(self, name: str, before: int, after: int, stride: int) -> tuple[Op, ...]:
        s = self.shape
        right = math.ceil(stride * s.trim) if s.causal else stride // 2
        weight, bias = (
            self.take(f"{name}.conv.weight", before, after, 2 * stride),
            self.take(f"{name}.conv.bias", after),
        )
        if s.norm:  # the norm sees also what is cut off afterwards
            whole = Upsample(weight, bias, stride, 0, 0)
            return (whole, *self.normed(name, after), _Cut(stride - right, right))
        return (Upsample(weight, bias, stride, stride - right, right),)

    def normed(self, name: str, width: int) -> tuple[Op, ...]:
        if not self.shape.norm:
            return ()
        return (Norm(self.take(f"{name}.norm.weight", width), self.take(f"{name}.norm.bias", width)),)

    def residual(self, name: str, width: int, dilation: int) -> Op:
        s = self.shape
        hidden = width // s.compress
        inner = (
            Elu(),
            *self.conv(f"{name}.block.1", width, hidden, s.residual_kernel, dilation=dilation),
            Elu(),
            *self.conv(f"{name}.block.3", hidden, width, 1),
        )
        return Residual(inner, self.conv(f"{name}.shortcut", width, width, 1) if s.shortcut else ())

    def encoder(self) -> tuple[Stages, _Recurrent, Stages]:
        s, number, width = self.shape, 1, self.shape.filters
        stages: list[tuple[Op, ...]] = []
        ops = self.conv("encoder.layers.0", s.channels, width, s.kernel)
        for stride in reversed(s.rates):
            for j in range(s.residuals):
                ops += (self.residual(f"encoder.layers.{number}", width, s.growth**j),)
                number += 1
            ops += (Elu(), *self.conv(f"encoder.layers.{number + 1}", width, 2 * width, 2 * stride, stride))
            stages, ops, number, width = [*stages, ops], (), number + 2, 2 * width
        remember = _Recurrent(self.take, f"encoder.layers.{number}", width, s.lstm_layers)
        last = (Elu(), *self.conv(f"encoder.layers.{number + 2}", width, s.latent, s.last_kernel))
        return tuple(stages), remember, (last,)

    def decoder(self) -> tuple[Stages, _Recurrent, Stages]:
        s, number, width = self.shape, 2, self.shape.filters * 2 ** len(self.shape.rates)
        first = self.conv("decoder.layers.0", s.latent, width, s.kernel)
        recall = _Recurrent(self.take, "decoder.layers.1", width, s.lstm_layers)
        stages: list[tuple[Op, ...]] = []
        for stride in s.rates:
            ops: tuple[Op, ...] = (Elu(), *self.up(f"decoder.layers.{number + 1}", width, width // 2, stride))
            number, width = number + 2, width // 2
            for j in range(s.residuals):
                ops += (self.residual(f"decoder.layers.{number}", width, s.growth**j),)
                number += 1
            stages.append(ops)
        stages[-1] += (Elu(), *self.conv(f"decoder.layers.{number + 1}", width, s.channels, s.last_kernel))
        return (first,), recall, tuple(stages)


@dataclass(frozen=True)
class _Cut:
    """Cuts positions off at both ends."""

    left: int
    right: int

    def length(self, total: int) -> int:
        return total - self.left - self.right

    def needs(self, span: tuple[int, int], total: int) -> tuple[int, int]:
        return span[0] + self.left, span[1] + self.left

    def run(self, x: Tensor, begin: int, total: int, span: tuple[int, int]) -> Tensor:
        return x[..., span[0] + self.left - begin : span[1] + self.left - begin]


State = tuple[Tensor, Tensor] | None


class _Recurrent:
    """An LSTM beside a shortcut. Its state is handed from piece to piece."""

    def __init__(self, take: Taker, name: str, width: int, layers: int) -> None:
        named = {}
        for i in range(layers):
            named[f"weight_ih_l{i}"] = take(f"{name}.lstm.weight_ih_l{i}", 4 * width, width)
            named[f"weight_hh_l{i}"] = take(f"{name}.lstm.weight_hh_l{i}", 4 * width, width)
            named[f"bias_ih_l{i}"] = take(f"{name}.lstm.bias_ih_l{i}", 4 * width)
            named[f"bias_hh_l{i}"] = take(f"{name}.lstm.bias_hh_l{i}", 4 * width)
        with torch.device("meta"):
            self.lstm = nn.LSTM(width, width, layers)
        self.lstm.load_state_dict(named, assign=True)
        self.lstm.requires_grad_(False).eval()

    def __call__(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        """x [B, C, T] and the state before it → the same shape, and the state after it."""
        rows = x.permute(2, 0, 1)
        made, state = self.lstm(rows, state)
        return (made + rows).permute(1, 2, 0), state


class _Book:
    """One codebook of EnCodec: the nearest code by distance."""

    def __init__(self, take: Taker, index: int, shape: Shape) -> None:
        self.codes = take(f"quantizer.layers.{index}.codebook.embed", shape.size, shape.latent)
        self._sizes = self.codes.pow(2).sum(dim=1)

    def find(self, x: Tensor) -> Tensor:
        """Codes [B, T] of latents [B, T, C]."""
        return (2 * (x @ self.codes.T) - self._sizes).argmax(dim=-1)

    def of(self, codes: Tensor) -> Tensor:
        """Latents [B, T, C] of codes [B, T]."""
        return functional.embedding(codes, self.codes)


def ignored(name: str) -> bool:
    """Weights that only training needs."""
    return name.endswith((".inited", ".cluster_size", ".embed_avg"))
