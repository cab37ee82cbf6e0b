"""Log-spectra to sound: a network fills in the magnitudes between the bands, heap integration gives them phases.

Tonal stems: 4096-point transform, two frames for each of the space; drums: 1024-point, four. The network adds to what
the bands say by themselves, so that before any training it is a blurred version of the truth. Drums also say how
noisy each band is: that much of the magnitude is drawn at random, as the magnitudes of noise are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from nawgraph.audio import large
from nawgraph.models.render.phase import inverse, missing, phases
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

SILENT = -7.0
"""Frames whose strongest band has a smaller log10 power (−70 dB) are not made when nothing follows them."""

PIECE = 2048
"""Frames made at once: 48 s, about 300 MB of spectra."""

AROUND = 16
"""Frames on either side that can reach a frame through the network's convolutions."""

Network = TypeVar("Network", bound=nn.Module)


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


def sound(
    network: Magnitudes, features: F32, length: int, rng: np.random.Generator, tell: Callable[[], None] | None = None
) -> F32:
    """Samples [2, length] at 44.1 kHz of a stem from its features [frames, 134].

    It is made in pieces of `PIECE` frames, whose phases go on where those of the last piece ended, and only from the
    first frame on that can be heard to the last. `tell` is called after each piece.
    """
    made = large.zeros(2, length)
    lead = network.size // 2  # samples that the first frame reaches before the sound begins

    def place(begin: int, count: int) -> tuple[slice, slice]:
        """Where so many samples from one on lie in the sound, and which of them do."""
        first, last = np.clip([begin - lead, begin - lead + count], 0, length)
        return slice(first, last), slice(first - begin + lead, last - begin + lead)

    heard = np.flatnonzero(features[:, :-SIDES].max(axis=1, initial=-np.inf) > SILENT)
    if len(heard):
        start, stop = max(int(heard[0]) - 2, 0), min(int(heard[-1]) + 3, len(features))
        before: F32 | None = None
        loudest = 0.0
        for begin in range(start, stop, PIECE):
            end = min(begin + PIECE, stop)
            part, before, loudest = _piece(network, features, begin, end, before, loudest, rng)
            there, own = place(begin * HOP, part.shape[1])
            made[:, there] += part[:, own]
            if tell is not None:
                tell()
        rise, fall = missing(network.size, network.hop)
        for begin, weight in ((start * HOP, rise), (stop * HOP - network.hop, fall)):
            there, own = place(begin, network.size)
            made[:, there] *= weight[own]
    return large.done(made)


def _piece(
    network: Magnitudes, features: F32, begin: int, end: int, before: F32 | None, loudest: float,
    rng: np.random.Generator,
) -> tuple[F32, F32, float]:  # fmt: skip
    """Samples [2, n] of frames begin … end − 1, the phases of the last of them, and the strongest magnitude so far.

    The frame before them and the one after them go along, since the phases follow from how magnitudes change.
    """
    parts, first = network.parts, begin - (before is not None)
    logs, noise = _magnitudes(network, features, first, min(end + 1, len(features)))
    skip, count = (begin - first) * parts, (end - begin) * parts
    lead = max(skip - 1, 0)  # the frame of the transform whose phases are known
    magnitudes = np.maximum(np.power(10, logs[lead : skip + count + 1]) - QUIET, 0)
    loudest = max(loudest, float(magnitudes.max(initial=0)))
    turn = phases(magnitudes, network.size, network.hop, rng, before=before, loudest=loudest)
    here = slice(skip - lead, skip - lead + count)
    magnitudes, turn = magnitudes[here], turn[here]
    last = turn[-1].copy()
    if noise is not None:
        share = np.clip(noise[skip : skip + count] / 0.5, 0, 1)
        draw = np.log(np.maximum(rng.rayleigh(1.0, magnitudes.shape), 1e-3)).astype(np.float32) - 0.058
        magnitudes = magnitudes * np.exp(share * draw)
        turn = turn + share * rng.uniform(-np.pi, np.pi, magnitudes.shape).astype(np.float32)
    mid = np.empty(turn.shape, np.complex64)
    np.multiply(magnitudes, np.cos(turn), out=mid.real)
    np.multiply(magnitudes, np.sin(turn), out=mid.imag)
    side = mid * _width(network, features[begin:end])
    side *= np.exp(1j * _decorrelation(network.size)).astype(np.complex64)
    middle, sides = (inverse(x, network.size, network.hop) for x in (mid, side))
    return np.stack([middle + sides, middle - sides]), last, loudest


def _magnitudes(network: Magnitudes, features: F32, first: int, last: int) -> tuple[F32, F32 | None]:
    """log10 magnitudes [(last − first) · parts, bins] and noisiness of frames; what is around them is heard too."""
    low, high = max(first - AROUND, 0), min(last + AROUND, len(features))
    with torch.no_grad():
        told = torch.from_numpy(np.ascontiguousarray(features[None, low:high, :-SIDES]))
        logs, noise = network(told.to(network.out.weight.device))
    rows = slice((first - low) * network.parts, (last - low) * network.parts)
    return logs[0, rows].cpu().numpy(), None if noise is None else noise[0, rows].cpu().numpy()


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


def filled(network: Network, arrays: Mapping[str, F32], prefix: str) -> Network:
    """The network with weights by name. Raises KeyError or RuntimeError where they are not its own."""
    network.load_state_dict(
        {k: torch.from_numpy(np.array(arrays[f"{prefix}.{k}"], np.float32)) for k in network.state_dict()}
    )
    return network.eval()
