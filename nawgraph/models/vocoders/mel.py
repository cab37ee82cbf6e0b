"""Mel spectrograms as published vocoders were trained on them, made piece by piece of a sound of any length."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

FRAMES = 1024
"""Frames that are made at once."""


@dataclass(frozen=True)
class Recipe:
    """How a mel spectrogram is made.

    Attributes:
        rate: of the sound, Hz.
        size: of the transform, and of its Hann window.
        hop: samples from one frame to the next.
        bands: of the result.
        low, high: Hz, between which they lie.
        scale: of the bands, "htk" or "slaney"; those of Slaney have areas alike.
        centre: frames lie around multiples of `hop`, the last at the end; else as many frames as hops, each around
            the middle of its own.
        floor: the least that a logarithm is taken of.
        power: what is added to powers before magnitudes are made of them.
        even: of how many frames there is always a multiple.
    """

    rate: int
    size: int
    hop: int
    bands: int
    low: float
    high: float
    scale: str
    centre: bool
    floor: float
    power: float = 0.0
    even: int = 1

    def __post_init__(self) -> None:
        if not (8 <= self.size <= 65_536 and 1 <= self.hop <= self.size and 1 <= self.bands <= 4096):
            raise ValueError(f"a mel spectrogram of {self.bands} bands, {self.size} points, hop {self.hop} cannot be")
        if not (0 <= self.low < self.high <= self.rate / 2 and self.scale in ("htk", "slaney")):
            raise ValueError(f"mel bands from {self.low:g} to {self.high:g} Hz at {self.rate:,} Hz cannot be")

    @property
    def space(self) -> str:
        """Its id: vocoders that were trained on the same spectrogram can stand in for one another."""
        centre = "centre" if self.centre else "hops"
        return (
            f"mel/{self.rate}-{self.size}-{self.hop}-{self.bands}-{self.low:g}-{self.high:g}-{self.scale}-{centre}"
            f"-{self.floor:g}"
        )

    def filters(self) -> Tensor:
        """Float32 [bands, size // 2 + 1]."""
        from nawgraph.audio.mel import filters

        scale, even = ("slaney", True) if self.scale == "slaney" else ("htk", False)
        made = filters(self.rate, self.size, self.bands, self.low, self.high, scale=scale, even=even)  # type: ignore[arg-type]
        return torch.from_numpy(made).float()


def spectrogram(x: Tensor, recipe: Recipe, watch: Callable[[int, int], None] = lambda done, total: None) -> Tensor:
    """Natural logarithms of mel bands [B, bands, frames] of a sound [B, T]; silence fills its last hops.

    Args:
        x: at the recipe's rate, T at least 1.
        recipe: of the spectrogram.
        watch: told how many frames of how many are made; may raise to give up.
    """
    reach = recipe.size // 2 if recipe.centre else (recipe.size - recipe.hop) // 2
    x = torch.nn.functional.pad(x, (0, -x.shape[1] % (recipe.hop * recipe.even)))
    frames = x.shape[1] // recipe.hop + recipe.centre
    short = max(0, reach + 1 - x.shape[1])  # too short a sound to be mirrored is followed by silence first
    x = torch.nn.functional.pad(x, (0, short))
    x = torch.nn.functional.pad(x[:, None], (reach, reach), mode="reflect")[:, 0]
    window, filters = torch.hann_window(recipe.size, device=x.device), recipe.filters().to(x.device)
    parts = []
    for start in range(0, frames, FRAMES):
        watch(start, frames)
        end = min(start + FRAMES, frames)
        part = x[:, start * recipe.hop : (end - 1) * recipe.hop + recipe.size]
        seen = torch.fft.rfft(part.unfold(1, recipe.size, recipe.hop) * window).abs()  # [B, frames, bins]
        if recipe.power:
            seen = (seen.square() + recipe.power).sqrt()
        parts.append((seen @ filters.T).clamp(min=recipe.floor).log().mT)
    watch(frames, frames)
    return torch.cat(parts, dim=2)
