"""The audio encoder of LAION CLAP: HTS-AT (Chen et al. 2022), a shifted-window transformer over a folded spectrogram.

Names of weights are those of the hub form (transformers' `ClapModel`).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from nawgraph.models.codecs.weights import Taker

_P = "audio_model.audio_encoder"


@dataclass(frozen=True)
class Shape:
    """Sizes of the audio encoder.

    Attributes:
        bands: mel bands.
        side: of the square picture that the spectrogram is folded into.
        patch: side of a patch of it.
        width: of the first stage; each further one has twice as much.
        depths: blocks of each stage.
        heads: of attention in each stage.
        window: patches on a side of what attention looks at.
        dimension: of the embedding.
        hidden: of the blocks' inner layers, as a multiple of their width.
        eps: of the norms in the blocks.
    """

    bands: int
    side: int
    patch: int
    width: int
    depths: tuple[int, ...]
    heads: tuple[int, ...]
    window: int
    dimension: int
    hidden: int = 4
    eps: float = 1e-5

    @property
    def fold(self) -> int:
        """Pieces of time that lie under one another in the picture."""
        return self.side // self.bands


class AudioEncoder:
    """Log-mel spectrograms to embeddings, before they are brought to length 1."""

    def __init__(self, take: Taker, shape: Shape) -> None:
        self.shape = shape
        s = shape
        self.norm_in = [
            take(f"{_P}.batch_norm.{k}", s.bands) for k in ("running_mean", "running_var", "weight", "bias")
        ]
        self.patch = take(f"{_P}.patch_embed.proj.weight", s.width, 1, s.patch, s.patch)
        self.patch_bias = take(f"{_P}.patch_embed.proj.bias", s.width)
        self.patch_norm = _norm(take, f"{_P}.patch_embed.norm", s.width)
        grid = s.side // s.patch
        self.stages = [
            _Stage(take, f"{_P}.layers.{i}", s, s.width << i, depth, heads, grid >> i, last=i == len(s.depths) - 1)
            for i, (depth, heads) in enumerate(zip(s.depths, s.heads, strict=True))
        ]
        wide = s.width << (len(s.depths) - 1)
        self.norm_out = _norm(take, f"{_P}.norm", wide)
        self.ends = projection(take, "audio_projection", wide, s.dimension)

    def __call__(self, mel: Tensor) -> Tensor:
        """Embeddings [B, dimension] of spectrograms [B, frames, bands] in dB."""
        mean, var, weight, bias = self.norm_in
        x = functional.batch_norm(mel.mT[..., None], mean, var, weight, bias)[..., 0].mT
        x = functional.conv2d(self._picture(x), self.patch, self.patch_bias, stride=self.shape.patch)
        x = functional.layer_norm(x.permute(0, 2, 3, 1), x.shape[1:2], *self.patch_norm)
        for stage in self.stages:
            x = stage(x)
        x = functional.layer_norm(x, x.shape[-1:], *self.norm_out)
        return projected(self.ends, x.mean(dim=(1, 2)))

    def _picture(self, x: Tensor) -> Tensor:
        """Spectrograms [B, frames, bands] stretched in time and folded: [B, 1, side, side]."""
        s = self.shape
        time = s.side * s.fold
        if x.shape[1] > time:
            raise ValueError(f"a window of {x.shape[1]} frames is longer than the {time} that this CLAP hears at once")
        if x.shape[1] < time:
            x = functional.interpolate(x[:, None], (time, s.bands), mode="bicubic", align_corners=True)[:, 0]
        return x.reshape(len(x), s.fold, s.side, s.bands).transpose(2, 3).reshape(len(x), 1, s.side, s.side)


class _Stage:
    """Blocks of one resolution, and what halves it."""

    def __init__(
        self, take: Taker, name: str, s: Shape, width: int, depth: int, heads: int, grid: int, *, last: bool
    ) -> None:
        window = min(s.window, grid)
        self.blocks = [
            _Block(take, f"{name}.blocks.{i}", s, width, heads, grid, window // 2 if i % 2 and grid > window else 0)
            for i in range(depth)
        ]
        self.last = last
        if not last:
            self.norm = _norm(take, f"{name}.downsample.norm", 4 * width)
            self.down = take(f"{name}.downsample.reduction.weight", 2 * width, 4 * width)

    def __call__(self, x: Tensor) -> Tensor:
        for block in self.blocks:
            x = block(x)
        if self.last:
            return x
        quarters = [x[:, row::2, col::2] for col in range(2) for row in range(2)]
        x = torch.cat(quarters, dim=-1)
        return functional.linear(functional.layer_norm(x, x.shape[-1:], *self.norm), self.down)


class _Block:
    """Attention within windows, which lie shifted in every second block; then a layer over each patch."""

    def __init__(self, take: Taker, name: str, s: Shape, width: int, heads: int, grid: int, shift: int) -> None:
        self.heads, self.window, self.shift, self.eps = heads, min(s.window, grid), shift, s.eps
        self.before, self.after = (
            _norm(take, f"{name}.layernorm_before", width),
            _norm(take, f"{name}.layernorm_after", width),
        )
        parts = [linear(take, f"{name}.attention.self.{part}", width, width) for part in ("query", "key", "value")]
        self.qkv = torch.cat([p[0] for p in parts]), torch.cat([p[1] for p in parts])
        table = take(f"{name}.attention.self.relative_position_bias_table", (2 * self.window - 1) ** 2, heads)
        self.bias = table[_places(self.window).to(table.device)].permute(2, 0, 1)[None]
        self.out = linear(take, f"{name}.attention.output.dense", width, width)
        self.up = linear(take, f"{name}.intermediate.dense", width, s.hidden * width)
        self.down = linear(take, f"{name}.output.dense", s.hidden * width, width)
        self.mask = _mask(grid, self.window, shift).to(table.device) if shift else None

    def __call__(self, x: Tensor) -> Tensor:
        y = functional.layer_norm(x, x.shape[-1:], *self.before, self.eps)
        x = x + self._attended(y)
        y = functional.layer_norm(x, x.shape[-1:], *self.after, self.eps)
        return x + functional.linear(functional.gelu(functional.linear(y, *self.up)), *self.down)

    def _attended(self, x: Tensor) -> Tensor:
        """x [B, grid, grid, width], each patch having looked at those in its window."""
        if self.shift:
            x = x.roll((-self.shift, -self.shift), dims=(1, 2))
        batch, grid, _, width = x.shape
        across, w = grid // self.window, self.window
        x = x.reshape(batch, across, w, across, w, width).transpose(2, 3).reshape(-1, w * w, width)
        q, k, v = (
            p.reshape(len(x), w * w, self.heads, -1).transpose(1, 2)
            for p in functional.linear(x, *self.qkv).chunk(3, dim=-1)
        )
        bias = self.bias
        if self.mask is not None:
            bias = (bias + self.mask[:, None]).repeat(batch, 1, 1, 1)
        made = functional.scaled_dot_product_attention(q, k, v, attn_mask=bias)
        x = functional.linear(made.transpose(1, 2).reshape(-1, w * w, width), *self.out)
        x = x.reshape(batch, across, across, w, w, width).transpose(2, 3).reshape(batch, grid, grid, width)
        return x.roll((self.shift, self.shift), dims=(1, 2)) if self.shift else x


def linear(take: Taker, name: str, before: int, after: int) -> tuple[Tensor, Tensor]:
    """Weight and bias of a layer."""
    return take(f"{name}.weight", after, before), take(f"{name}.bias", after)


def projection(take: Taker, name: str, before: int, after: int) -> tuple[tuple[Tensor, Tensor], ...]:
    """The two layers between an encoder and the common space."""
    return linear(take, f"{name}.linear1", before, after), linear(take, f"{name}.linear2", after, after)


def projected(layers: tuple[tuple[Tensor, Tensor], ...], x: Tensor) -> Tensor:
    """x [B, before] in the common space [B, after]."""
    return functional.linear(functional.relu(functional.linear(x, *layers[0])), *layers[1])


def _norm(take: Taker, name: str, width: int) -> tuple[Tensor, Tensor]:
    return take(f"{name}.weight", width), take(f"{name}.bias", width)


def _places(window: int) -> Tensor:
    """Row of the table of biases for each pair of places in a window, int64 [w², w²]."""
    along = torch.arange(window)
    rows, columns = (axis.flatten() for axis in torch.meshgrid(along, along, indexing="ij"))
    down, right = rows[:, None] - rows + window - 1, columns[:, None] - columns + window - 1
    return down * (2 * window - 1) + right


def _mask(grid: int, window: int, shift: int) -> Tensor:
    """What patches of a shifted window that are no neighbours get added: [windows, w², w²]."""
    along = torch.arange(grid)
    region = (along >= grid - window).long() + (along >= grid - shift).long()
    regions, across = region[:, None] * 3 + region, grid // window
    parts = regions.reshape(across, window, across, window).transpose(1, 2).reshape(-1, window * window)
    return torch.where(parts[:, None] == parts[:, :, None], 0.0, -100.0)
