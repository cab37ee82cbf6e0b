"""The network of the house separator: what of each bin belongs to which stem.

Log magnitudes of both channels, one vector a band; blocks that mix along time by dilated convolution and along
frequency by matrices over the bands (the band split of Luo and Yu 2023, the mixing of Tolstikhin et al. 2021); masks
for every stem. A stem's left channel is m · left + n · right of the mixture: over the stems all m sum to 1 and all n to
0, so that the stems add up to the mixture by construction. The n take apart what is panned to different places.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from nawgraph.models.separator.bands import BANDS, COUNT, POSITIONS
from nawgraph.values import STEMS

QUIET = 1e-3
"""Magnitudes, of a mixture of RMS 1, are compared with this added."""


@dataclass(frozen=True)
class Shape:
    """Sizes of the network, kept with its weights.

    Attributes:
        width: of the vector of a band.
        hidden: of the layers between.
        heads: channels are mixed along frequency in so many groups, each by a matrix of its own.
        dilations: of the blocks, in frames.
    """

    width: int = 48
    hidden: int = 96
    heads: int = 8
    dilations: tuple[int, ...] = (1, 2, 4, 8, 16, 1)

    def as_dict(self) -> dict[str, object]:
        """As plain data."""
        return asdict(self)

    @property
    def reach(self) -> int:
        """Frames before and after one that its masks depend on."""
        return sum(self.dilations)


class Enter(nn.Module):
    """A linear layer for every band, [B, T, 2, positions] to [B, T, bands, width]."""

    def __init__(self, width: int) -> None:
        super().__init__()
        rows = [2 * positions for _, positions in BANDS]
        counts = [count for count, _ in BANDS]
        self.weights = nn.ParameterList(torch.randn(n, r, width) / r**0.5 for n, r in zip(counts, rows, strict=True))
        self.bias = nn.Parameter(torch.zeros(COUNT, width))

    def forward(self, x: Tensor) -> Tensor:
        parts, at = [], 0
        for (count, positions), weight in zip(BANDS, self.weights, strict=True):
            part = x[..., at : at + count * positions].reshape(*x.shape[:3], count, positions)
            split = weight.reshape(count, 2, positions, -1)
            parts.append(torch.einsum("btcgp,gcpo->btgo", part, split.to(part.dtype)))
            at += count * positions
        return torch.cat(parts, dim=2) + self.bias.to(x.dtype)


class Leave(nn.Module):
    """A linear layer for every band, [B, T, bands, width] to [B, T, outputs, positions]."""

    def __init__(self, width: int, outputs: int) -> None:
        super().__init__()
        self.outputs = outputs
        self.weights = nn.ParameterList(
            torch.randn(count, width, outputs * positions) * 0.3 / width**0.5 for count, positions in BANDS
        )
        self.bias = nn.Parameter(torch.zeros(outputs, POSITIONS))

    def forward(self, x: Tensor) -> Tensor:
        parts, at = [], 0
        for (count, positions), weight in zip(BANDS, self.weights, strict=True):
            made = torch.einsum("btgi,gio->btgo", x[:, :, at : at + count], weight.to(x.dtype))
            split = made.reshape(*x.shape[:2], count, self.outputs, positions).transpose(2, 3)
            parts.append(split.flatten(-2))
            at += count
        return torch.cat(parts, dim=-1).float() + self.bias


class Block(nn.Module):
    """Along time, then along frequency, [B, T, bands, width] each."""

    def __init__(self, shape: Shape, dilation: int) -> None:
        super().__init__()
        width, self.heads = shape.width, shape.heads
        self.norm, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.time = nn.Conv2d(width, shape.hidden, (3, 1), padding=(dilation, 0), dilation=(dilation, 1))
        self.down = nn.Linear(shape.hidden, width)
        self.mix = nn.Parameter(torch.randn(self.heads, COUNT, COUNT) * 0.5 / COUNT**0.5)
        self.gate = nn.Linear(width, width)
        self.out = nn.Linear(width, width)
        for last in (self.down, self.out):
            nn.init.normal_(last.weight, std=0.1 / width**0.5)
            nn.init.zeros_(last.bias)

    def forward(self, x: Tensor) -> Tensor:
        inner = self.time(self.norm(x).permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        x = x + self.down(functional.gelu(inner))
        y = self.norm2(x)
        heads = y.reshape(*y.shape[:3], self.heads, -1)
        mixed = torch.einsum("btkhc,hkj->btjhc", heads, self.mix.to(heads.dtype)).reshape(y.shape)
        made: Tensor = x + self.out(mixed * torch.sigmoid(self.gate(y)))
        return made


class Separator(nn.Module):
    """Masks from magnitudes.

    Args:
        shape: sizes.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.enter = Enter(shape.width)
        self.blocks = nn.ModuleList(Block(shape, dilation) for dilation in shape.dilations)
        self.norm = nn.LayerNorm(shape.width)
        self.leave = Leave(shape.width, 4 * len(STEMS))

    def forward(self, magnitudes: Tensor) -> tuple[Tensor, Tensor]:
        """From magnitudes [B, T, 2, positions] of a mixture of RMS 1: masks m and n, [B, T, 2, stems, positions]."""
        x = self.enter(torch.log10(magnitudes + QUIET) * 0.7 + 0.7)
        for block in self.blocks:
            x = block(x)
        made = self.leave(self.norm(x)).reshape(*x.shape[:2], 2, 2, len(STEMS), POSITIONS)
        own, other = made[:, :, 0], made[:, :, 1]
        return torch.softmax(own, dim=-2), other - other.mean(dim=-2, keepdim=True)
