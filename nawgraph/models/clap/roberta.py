"""The text encoder of LAION CLAP: RoBERTa (Liu et al. 2019), whose first token stands for the text.

Names of weights are those of the hub form (transformers' `ClapModel`).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from nawgraph.models.clap.swin import linear, projected, projection
from nawgraph.models.codecs.weights import Taker

_P = "text_model"


@dataclass(frozen=True)
class Shape:
    """Sizes of the text encoder.

    Attributes:
        words: tokens that are known.
        width: of the layers.
        layers: how many.
        heads: of attention in each.
        hidden: width of their inner layers.
        positions: tokens of the longest text, and what comes before the first one's.
        kinds: of text; only the first is used.
        dimension: of the embedding.
        pad: number of the token that fills up; places are counted from the one after it.
        eps: of the norms.
    """

    words: int
    width: int
    layers: int
    heads: int
    hidden: int
    positions: int
    kinds: int
    dimension: int
    pad: int = 1
    eps: float = 1e-5


class TextEncoder:
    """Tokens to embeddings, before they are brought to length 1."""

    def __init__(self, take: Taker, shape: Shape) -> None:
        s = self.shape = shape
        self.words = take(f"{_P}.embeddings.word_embeddings.weight", s.words, s.width)
        self.places = take(f"{_P}.embeddings.position_embeddings.weight", s.positions, s.width)
        self.kinds = take(f"{_P}.embeddings.token_type_embeddings.weight", s.kinds, s.width)
        self.norm = _norm(take, f"{_P}.embeddings.LayerNorm", s.width)
        self.layers = [_Layer(take, f"{_P}.encoder.layer.{i}", s) for i in range(s.layers)]
        self.pool = linear(take, f"{_P}.pooler.dense", s.width, s.width)
        self.ends = projection(take, "text_projection", s.width, s.dimension)

    def __call__(self, tokens: Tensor) -> Tensor:
        """The embedding [dimension] of one text, int64 [tokens]."""
        s = self.shape
        places = self.places[s.pad + 1 : s.pad + 1 + len(tokens)]
        x = functional.layer_norm(self.words[tokens] + self.kinds[0] + places, (s.width,), *self.norm, s.eps)
        for layer in self.layers:
            x = layer(x)
        return projected(self.ends, torch.tanh(functional.linear(x[0], *self.pool)))


class _Layer:
    """Attention among all tokens, then a layer over each, with a norm after either."""

    def __init__(self, take: Taker, name: str, s: Shape) -> None:
        self.heads, self.eps = s.heads, s.eps
        parts = [linear(take, f"{name}.attention.self.{part}", s.width, s.width) for part in ("query", "key", "value")]
        self.qkv = torch.cat([p[0] for p in parts]), torch.cat([p[1] for p in parts])
        self.out = linear(take, f"{name}.attention.output.dense", s.width, s.width)
        self.first = _norm(take, f"{name}.attention.output.LayerNorm", s.width)
        self.up = linear(take, f"{name}.intermediate.dense", s.width, s.hidden)
        self.down = linear(take, f"{name}.output.dense", s.hidden, s.width)
        self.second = _norm(take, f"{name}.output.LayerNorm", s.width)

    def __call__(self, x: Tensor) -> Tensor:
        q, k, v = (
            p.reshape(len(x), self.heads, -1).transpose(0, 1) for p in functional.linear(x, *self.qkv).chunk(3, dim=-1)
        )
        made = functional.scaled_dot_product_attention(q, k, v).transpose(0, 1).reshape(x.shape)
        x = functional.layer_norm(x + functional.linear(made, *self.out), x.shape[-1:], *self.first, self.eps)
        y = functional.linear(functional.gelu(functional.linear(x, *self.up)), *self.down)
        return functional.layer_norm(x + y, x.shape[-1:], *self.second, self.eps)


def _norm(take: Taker, name: str, width: int) -> tuple[Tensor, Tensor]:
    return take(f"{name}.weight", width), take(f"{name}.bias", width)
