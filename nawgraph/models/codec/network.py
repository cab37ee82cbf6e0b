"""The codec's decoder: from powers in bands, roughened by rounding, to the magnitudes of every bin."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from nawgraph.models.codec.spectra import BANDS, SIZE, STACK, edges
from nawgraph.models.render.vocoder import Block

BLOCKS = 5

REACH = 3 * BLOCKS
"""Frames of the transform to each side that one frame depends on."""


class Decoder(nn.Module):
    """Bands → log10 magnitudes; before any training, what the bands say by themselves."""

    def __init__(self, width: int = 160) -> None:
        super().__init__()
        self.width = width
        self.first = nn.Linear(BANDS, width)
        self.blocks = nn.Sequential(*(Block(width) for _ in range(BLOCKS)))
        self.norm = nn.LayerNorm(width)
        self.out = nn.Linear(width, SIZE // 2 + 1)
        self.noise = nn.Linear(width, BANDS)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)
        self.where: Tensor
        self.spacing: Tensor
        self.register_buffer("where", torch.from_numpy(_band_of()), persistent=False)
        self.register_buffer(
            "spacing", torch.from_numpy(np.log10(np.diff(edges())).astype(np.float32)), persistent=False
        )

    def forward(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """From log10 powers [B, T, 192]: log10 magnitudes [B, 2 T, bins], and how noisy each bin is, in nepers."""
        bands = rows.reshape(len(rows), rows.shape[1] * STACK, BANDS)
        x = self.norm(self.blocks(self.first(bands / 2 + 2)))
        plain = (bands - self.spacing)[..., self.where] / 2
        return plain + self.out(x), functional.softplus(self.noise(x))[..., self.where]


@lru_cache(maxsize=1)
def _band_of() -> npt.NDArray[np.int64]:
    """The band that each bin lies in."""
    marks = edges()
    return np.clip(np.searchsorted(marks, np.arange(SIZE // 2 + 1), side="right") - 1, 0, BANDS - 1).astype(np.int64)
