"""The planner's network for training, in torch. `nawgraph.models.planner.kernel` computes the same without torch.

Shapes: B crops, T steps, W width.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as nnf

from nawgraph.models.planner.config import (
    CONDITION_OFFSETS,
    FEATURE_OFFSETS,
    LOGIT_OFFSETS,
    READER_OFFSETS,
    TOKEN_OFFSETS,
    Config,
    periods,
)  # fmt: skip

EPSILON = 1e-5


def normed(x: Tensor) -> Tensor:
    """Root mean square 1 along the last axis."""
    return nnf.rms_norm(x, (x.shape[-1],), eps=EPSILON)


def rotated(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary positions: pairs (i, i + half) of [B, heads, T, size] turn by angles [B, 1, T, half]."""
    a, b = x.chunk(2, dim=-1)
    return torch.cat([a * cos - b * sin, a * sin + b * cos], dim=-1)


class Block(nn.Module):
    """Attention and a feed-forward layer, each on a normed input and added."""

    def __init__(self, width: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.heads = heads
        self.gain_a = nn.Parameter(torch.ones(width))
        self.gain_b = nn.Parameter(torch.ones(width))
        self.qkv = _matrix(3 * width, width)
        self.out = _matrix(width, width, 0.3)
        self.up = _matrix(hidden, width)
        self.down = _matrix(width, hidden, 0.3)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, mask: Tensor | None) -> Tensor:
        b, t, w = x.shape
        mixed = nnf.linear(normed(x) * self.gain_a, self.qkv).float()
        q, k, v = mixed.view(b, t, 3, self.heads, w // self.heads).permute(2, 0, 3, 1, 4)
        q, k = rotated(normed(q), cos, sin), rotated(normed(k), cos, sin)
        seen = nnf.scaled_dot_product_attention(q, k, v, mask, is_causal=mask is None)
        x = x + nnf.linear(seen.transpose(1, 2).reshape(b, t, w), self.out)
        return x + nnf.linear(nnf.relu(nnf.linear(normed(x) * self.gain_b, self.up)).square(), self.down)


def _matrix(rows: int, columns: int, gain: float = 1.0) -> nn.Parameter:
    return nn.Parameter(torch.randn(rows, columns) * gain / math.sqrt(columns))


class Network(nn.Module):
    """Logits of every stream's next token from what was written, what is asked and what is fixed."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        width, narrow = config.width, config.reader_width
        self.tokens = nn.Parameter(torch.randn(int(TOKEN_OFFSETS[-1]), width) * 0.1)
        self.features = nn.Parameter(torch.randn(int(FEATURE_OFFSETS[-1]), width) * 0.2)
        self.conditions = nn.Parameter(torch.randn(int(CONDITION_OFFSETS[-1]), width) * 0.2)
        self.blocks = nn.ModuleList(Block(width, config.heads, config.hidden) for _ in range(config.layers))
        self.gain = nn.Parameter(torch.ones(width))
        self.heads = nn.Parameter(torch.randn(int(LOGIT_OFFSETS[-1]), width) * 0.3 / math.sqrt(width))
        self.reader_tokens = nn.Parameter(torch.randn(int(READER_OFFSETS[-1]), narrow) * 0.2)
        self.reader_features = nn.Parameter(torch.randn(int(FEATURE_OFFSETS[-1]), narrow) * 0.2)
        self.reader_blocks = nn.ModuleList(
            Block(narrow, config.reader_heads, config.reader_hidden) for _ in range(config.reader_layers)
        )
        self.reader_out = _matrix(width, narrow)

    def forward(
        self, tokens: Tensor, features: Tensor, conditions: Tensor, position: Tensor, fixed: Tensor, reads: Tensor
    ) -> Tensor:
        """Logits [B, T, all tokens].

        Args:
            tokens: rows of the token table, int [B, T, lags · streams].
            features: rows, int [B, T, features].
            conditions: rows, int [B, T, conditions].
            position: sixteenths of a bar, float [B, T].
            fixed: rows of the reader's table, int [B, T, streams].
            reads: 1 for crops with anything fixed, else 0, float [B].
        """
        return self.written(tokens, features, conditions, position, self.read(features, position, fixed, reads))

    def written(self, tokens: Tensor, features: Tensor, conditions: Tensor, position: Tensor, told: Tensor) -> Tensor:
        """Logits, with what the reader says [B, T, W]."""
        x = _bag(self.tokens, tokens) + _bag(self.features, features) + _bag(self.conditions, conditions) + told
        cos, sin = angles(position, self.config.width // self.config.heads // 2)
        for block in self.blocks:
            x = block(x, cos, sin, None)
        return nnf.linear(normed(x) * self.gain, self.heads)

    def read(self, features: Tensor, position: Tensor, fixed: Tensor, reads: Tensor) -> Tensor:
        """What the constraint reader makes of the fixed tokens, [B, T, W]; zero for crops without any."""
        chosen = torch.nonzero(reads > 0)[:, 0]
        out = torch.zeros(*position.shape, self.config.width, device=position.device)
        if not len(chosen):
            return out
        told = self.read_all(features[chosen], position[chosen], fixed[chosen])
        return out.index_copy(0, chosen, told.to(out.dtype))

    def read_all(self, features: Tensor, position: Tensor, fixed: Tensor) -> Tensor:
        """The same of crops that all have something fixed."""
        x = _bag(self.reader_tokens, fixed) + _bag(self.reader_features, features)
        cos, sin = angles(position, self.config.reader_width // self.config.reader_heads // 2)
        at = torch.arange(position.shape[1], device=position.device)
        near = (at[:, None] - at[None, :]).abs() <= self.config.reader_span
        for block in self.reader_blocks:
            x = block(x, cos, sin, near)
        return nnf.linear(normed(x), self.reader_out)


def angles(position: Tensor, pairs: int) -> tuple[Tensor, Tensor]:
    """Cosines and sines of rotary positions, [B, 1, T, pairs]."""
    turn = position[:, None, :, None] * (2 * math.pi / torch.from_numpy(periods(pairs)).to(position.device))
    return turn.cos(), turn.sin()


def _bag(table: Tensor, rows: Tensor) -> Tensor:
    b, t, n = rows.shape
    return nnf.embedding_bag(rows.reshape(b * t, n), table, mode="sum").view(b, t, -1)
