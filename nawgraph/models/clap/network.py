"""The two encoders of the house CLAP, each ending in a vector of length 1.

Text: embedding bags of words, two convolutional blocks over the words, pooling by attention. Sound: ConvNeXt blocks
(Liu et al. 2022) over log-mel bands for timbre, the autocorrelation of the onsets in four bands on a logarithmic axis
of lags for tempo and meter, the mean spectrum of semitones for key and register.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from nawgraph.models.clap.hearing import BANDS, SEMITONES
from nawgraph.models.clap.reading import ROWS, Pages

_GROUPS = 4
"""Bands of onsets."""

_LAGS = (8, 180)
"""Frames of the shortest and the longest lag: 0.19 to 4.2 s."""


@dataclass(frozen=True)
class Shape:
    """Sizes of the network, kept with its weights.

    Attributes:
        dimension: of the space.
        table: width of the rows that words are made of.
        words, text_blocks: width and number of the blocks over words.
        sound, sound_blocks: width and number of the blocks over frames.
        lags: points on the axis of lags.
        hidden: width of the layers between.
    """

    dimension: int = 256
    table: int = 96
    words: int = 128
    text_blocks: int = 2
    sound: int = 128
    sound_blocks: int = 3
    lags: int = 120
    hidden: int = 256

    def as_dict(self) -> dict[str, int]:
        """As plain data."""
        return asdict(self)


class Block(nn.Module):
    """A ConvNeXt block over a sequence [B, T, width]."""

    def __init__(self, width: int, reach: int) -> None:
        super().__init__()
        self.deep = nn.Conv1d(width, width, reach, padding=reach // 2, groups=width)
        self.norm = nn.LayerNorm(width)
        self.up, self.down = nn.Linear(width, 3 * width), nn.Linear(3 * width, width)

    def forward(self, x: Tensor, there: Tensor | None = None) -> Tensor:
        """`there` [B, T, 1] is 0 where the sequence has ended."""
        seen = x if there is None else x * there
        out: Tensor = x + self.down(functional.gelu(self.up(self.norm(self.deep(seen.mT).mT))))
        return out


class TextEncoder(nn.Module):
    """Texts to vectors."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.randn(ROWS, shape.table) * 0.1)
        self.first = nn.Linear(shape.table, shape.words)
        self.blocks = nn.ModuleList(Block(shape.words, 5) for _ in range(shape.text_blocks))
        self.norm = nn.LayerNorm(shape.words)
        self.heads = 4
        self.look = nn.Linear(shape.words, self.heads)
        self.out = _ends(shape.words, shape.hidden, shape.dimension)

    def forward(self, pages: Pages) -> Tensor:
        """Unit vectors [texts, dimension]."""
        device = self.table.device
        rows, weights, starts, mask = (
            torch.from_numpy(a).to(device) for a in (pages.rows, pages.weights, pages.starts, pages.there)
        )
        bags = functional.embedding_bag(rows, self.table, starts, mode="sum", per_sample_weights=weights)
        return self.of_words(bags, mask)

    def of_words(self, bags: Tensor, mask: Tensor) -> Tensor:
        """The same from words [texts · longest, table] and where there are any, bool [texts, longest]."""
        there = mask[..., None].to(bags.dtype)
        x = self.first(bags.reshape(*mask.shape, -1)) * there
        for block in self.blocks:
            x = block(x, there)
        x = self.norm(x)
        attention = torch.softmax(self.look(x).masked_fill(there == 0, -1e9), dim=1)
        parts = x.reshape(*x.shape[:2], self.heads, -1)
        pooled = (attention[..., None] * parts).sum(dim=1).flatten(1)
        return functional.normalize(self.out(pooled).float(), dim=-1)


class SoundEncoder(nn.Module):
    """Windows of sound to vectors."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        width, side = shape.sound, shape.hidden // 2
        self.first = nn.Conv1d(BANDS, width, 6, stride=4, padding=1)
        self.second = nn.Conv1d(width, width, 3, stride=2, padding=1)
        self.blocks = nn.ModuleList(Block(width, 7) for _ in range(shape.sound_blocks))
        self.rhythm = _ends(_GROUPS * shape.lags, shape.hidden, side)
        self.pitch = _ends(2 * SEMITONES + 24, shape.hidden, side)
        self.out = _ends(2 * width + 2 * side, shape.hidden, shape.dimension)
        self.axis: Tensor
        self.classes: Tensor
        self.register_buffer("axis", torch.from_numpy(_axis(shape.lags)), persistent=False)
        self.register_buffer("classes", torch.from_numpy(_classes()), persistent=False)

    def forward(self, bands: Tensor, pitches: Tensor) -> Tensor:
        """Unit vectors [windows, dimension] of log-mel bands [windows, T, 64] and semitones [windows, T / 4, 66]."""
        x = functional.gelu(self.first((bands.mT + 4) / 1.5))
        x = self.second(x).mT
        for block in self.blocks:
            x = block(x)
        with torch.autocast(bands.device.type, enabled=False):  # lags and powers need more than eight bits
            repeats, spectra = self._rhythm(bands), self._pitch(pitches)
        parts = [x.mean(dim=1), x.amax(dim=1), self.rhythm(repeats), self.pitch(spectra)]
        return functional.normalize(self.out(torch.cat(parts, dim=-1)).float(), dim=-1)

    def _rhythm(self, bands: Tensor) -> Tensor:
        """How much the onsets repeat after each lag, [windows, groups · lags]."""
        rises = (
            functional.relu(bands.diff(dim=1)).reshape(bands.shape[0], -1, _GROUPS, BANDS // _GROUPS).mean(dim=-1).mT
        )
        rises = rises - rises.mean(dim=-1, keepdim=True)
        size = 2 * rises.shape[-1]
        spectrum = torch.fft.rfft(rises.float(), n=size)
        repeats = torch.fft.irfft(spectrum.abs() ** 2, n=size)
        repeats = repeats[..., _LAGS[0] : _LAGS[1] + 1] / (repeats[..., :1] + 1e-4)
        made: Tensor = 3 * (repeats @ self.axis).flatten(1)
        return made

    def _pitch(self, pitches: Tensor) -> Tensor:
        """Mean spectra of semitones and their pitch classes, those of the bass apart: [windows, 156]."""
        logs = pitches.mean(dim=1)
        power = (10 ** (2 * pitches)).mean(dim=1)
        loud = torch.log10(power + 1e-8) / 2
        all_ = power @ self.classes
        low = power[:, :24] @ self.classes[:24]
        shares = [torch.sqrt(c / (c.amax(dim=-1, keepdim=True) + 1e-9)) * 2 - 1 for c in (all_, low)]
        flat = [2 * (p - p.mean(dim=-1, keepdim=True)) for p in (logs, loud)]
        return torch.cat([*flat, *shares], dim=-1)


def _ends(before: int, hidden: int, after: int) -> nn.Sequential:
    return nn.Sequential(nn.LayerNorm(before), nn.Linear(before, hidden), nn.GELU(), nn.Linear(hidden, after))


def _axis(points: int) -> npt.NDArray[np.float32]:
    """Interpolation from frames of lag to points on a logarithmic axis, float32 [frames, points]."""
    low, high = _LAGS
    wanted = np.geomspace(low, high, points) - low
    apart = np.maximum(1, np.gradient(wanted))
    weights = np.maximum(0, 1 - np.abs(np.arange(high - low + 1)[:, None] - wanted) / apart)
    return np.asarray(weights / weights.sum(axis=0), np.float32)


def _classes() -> npt.NDArray[np.float32]:
    """Which pitch class each semitone from C2 up is, float32 [66, 12]."""
    return np.asarray(np.eye(12, dtype=np.float32)[np.arange(SEMITONES) % 12])


class Clap(nn.Module):
    """Both encoders, and the sharpness with which training compares them."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.text, self.sound = TextEncoder(shape), SoundEncoder(shape)
        self.sharpness = nn.Parameter(torch.tensor(2.66))

    def compared(self, texts: Tensor, sounds: Tensor) -> Tensor:
        """Similarities [texts, sounds], sharpened."""
        made: Tensor = torch.exp(self.sharpness.clamp(max=4.6)) * texts @ sounds.mT
        return made


def shape_of(data: dict[str, Any]) -> Shape:
    """The inverse of `Shape.as_dict`.

    Raises:
        ValueError: fields that do not belong.
    """
    try:
        return Shape(**{str(k): int(v) for k, v in data.items()})
    except (TypeError, ValueError):
        raise ValueError("the weights describe a CLAP of another shape") from None
