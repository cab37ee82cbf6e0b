"""Log-spectra to sound: a network fills in the magnitudes between the bands, heap integration gives them phases.

Tonal stems: 4096-point transform, two frames for each of the space; drums: 1024-point, four. The network adds to what
the bands say by themselves, so that before any training it is a blurred version of the truth. Drums also say how
noisy each band is: that much of the magnitude is drawn at random, as the magnitudes of noise are.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from nawgraph.models.render.phase import inverse, phases
from nawgraph.models.render.space import (
    DRUM_PARTS,
    DRUM_SIZE,
    HOP,
    SIDES,
    TONAL_SIZE,
    edges_of,
    side_edges,
    side_share,
)  # fmt: skip

F32 = npt.NDArray[np.float32]

QUIET = 3e-5
"""Magnitudes are compared with this added: −90 dB."""

_LN = 2.302585092994046


class Block(nn.Module):
    """A ConvNeXt block over time."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.deep = nn.Conv1d(width, width, 7, padding=3, groups=width)
        self.norm = nn.LayerNorm(width)
        self.up, self.down = nn.Linear(width, 3 * width), nn.Linear(3 * width, width)
        nn.init.zeros_(self.down.weight)
        nn.init.zeros_(self.down.bias)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.down(functional.gelu(self.up(self.norm(self.deep(x.mT).mT))))
        return out


class Magnitudes(nn.Module):
    """Bands → log10 magnitudes of a finer transform.

    Args:
        drums: whether it is the network of the drums, else that of all tonal stems.
        width: channels.
    """

    def __init__(self, drums: bool, width: int = 256) -> None:
        super().__init__()
        self.drums = drums
        self.size = DRUM_SIZE if drums else TONAL_SIZE
        self.parts = DRUM_PARTS if drums else 2
        self.hop = HOP // self.parts
        bands = len(edges_of("drums" if drums else "other")) - 1
        self.first = nn.Linear(bands, width)
        self.before = nn.Sequential(*(Block(width) for _ in range(1 if drums else 3)))
        self.spread = nn.Linear(width, width if drums else 2 * width)
        self.after = nn.Sequential(*(Block(width) for _ in range(3 if drums else 2)))
        self.norm = nn.LayerNorm(width)
        self.out = nn.Linear(width, self.size // 2 + 1)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)
        self.noise = nn.Linear(width, bands) if drums else None
        self.where: Tensor
        self.spacing: Tensor
        self.register_buffer("where", torch.from_numpy(band_of(drums)), persistent=False)
        self.register_buffer("spacing", torch.from_numpy(band_width(drums)), persistent=False)

    def forward(self, bands: Tensor) -> tuple[Tensor, Tensor | None]:
        """From log10 powers [B, T, 128]: log10 magnitudes [B, T · parts, bins], and the noisiness of each bin."""
        batch, frames = bands.shape[:2]
        if self.drums:
            bands = bands.reshape(batch, frames * self.parts, -1)
        x = self.before(self.first(bands / 2 + 2))
        x = self.spread(x)
        if not self.drums:
            x = x.reshape(batch, frames * 2, -1)
            following = torch.cat([bands[:, 1:], bands[:, -1:]], dim=1)
            bands = torch.stack([bands, (bands + following) / 2], dim=2).reshape(batch, frames * 2, -1)
        x = self.norm(self.after(x))
        plain = (bands - self.spacing)[..., self.where] / 2
        noise = functional.softplus(self.noise(x))[..., self.where] if self.noise is not None else None
        return plain + self.out(x), noise


@lru_cache(maxsize=2)
def band_of(drums: bool) -> npt.NDArray[np.int64]:
    """The band that each bin lies in."""
    edges = edges_of("drums" if drums else "other")
    bins = (DRUM_SIZE if drums else TONAL_SIZE) // 2 + 1
    return np.clip(np.searchsorted(edges, np.arange(bins), side="right") - 1, 0, len(edges) - 2).astype(np.int64)


@lru_cache(maxsize=2)
def band_width(drums: bool) -> F32:
    """log10 of how many bins lie in each band."""
    return np.log10(np.diff(edges_of("drums" if drums else "other"))).astype(np.float32)


def sound(network: Magnitudes, features: F32, length: int, rng: np.random.Generator) -> F32:
    """Samples [2, length] at 44.1 kHz of a stem from its features [frames, 134]."""
    with torch.no_grad():
        told = torch.from_numpy(np.ascontiguousarray(features[None, :, :-SIDES]))
        logs, noise = network(told.to(network.out.weight.device))
    magnitudes = (10 ** logs[0]).cpu().numpy()
    magnitudes = np.maximum(magnitudes - QUIET, 0)
    turn = phases(magnitudes, network.size, network.hop, rng)
    if noise is not None:
        share = np.clip(noise[0].cpu().numpy() / 0.5, 0, 1)
        draw = np.log(np.maximum(rng.rayleigh(1.0, magnitudes.shape), 1e-3)) - 0.058
        magnitudes = magnitudes * np.exp(share * draw)
        turn = turn + share * rng.uniform(-np.pi, np.pi, magnitudes.shape)
    mid = (magnitudes * np.exp(1j * turn)).astype(np.complex64)
    side = (mid * _width(network, features) * np.exp(1j * _decorrelation(network.size))).astype(np.complex64)
    middle, sides = (inverse(part, network.size, network.hop, length) for part in (mid, side))
    return np.stack([middle + sides, middle - sides])


def _width(network: Magnitudes, features: F32) -> F32:
    """Amplitude of the side signal over the mid, a frame and bin of the network's transform."""
    share = side_share(features[:, -SIDES:])
    marks = side_edges(network.size)
    centres = (marks[:-1] + marks[1:]) / 2
    bins = np.arange(network.size // 2 + 1)
    rows = np.stack([np.interp(bins, centres, row) for row in share]).astype(np.float32)
    return np.repeat(rows, network.parts, axis=0)


@lru_cache(maxsize=2)
def _decorrelation(size: int) -> npt.NDArray[np.float64]:
    """A phase that wanders with frequency, so that the side signal is not a copy of the mid: always the same one."""
    rng = np.random.Generator(np.random.Philox(key=[5, size]))
    steps = rng.normal(0, 0.35 * np.sqrt(1024 / size), size // 2 + 1)
    return np.asarray(np.cumsum(steps) + np.pi / 2)


def quiet_arrays(network: nn.Module, prefix: str) -> dict[str, F32]:
    """A network's weights as arrays by name."""
    return {f"{prefix}.{k}": v.detach().float().numpy() for k, v in network.state_dict().items()}


def filled(network: nn.Module, arrays: Mapping[str, F32], prefix: str) -> nn.Module:
    """The network with weights by name. Raises KeyError or RuntimeError where they are not its own."""
    network.load_state_dict(
        {k: torch.from_numpy(np.array(arrays[f"{prefix}.{k}"], np.float32)) for k in network.state_dict()}
    )
    return network.eval()
