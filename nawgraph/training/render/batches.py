"""Batches of clips for the renderer, with what is dropped, kept and controlled drawn anew each time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from nawgraph.models.render.conditions import DRUM_WIDTH, TONAL_WIDTH
from nawgraph.models.render.controls import curves
from nawgraph.models.render.network import CONTROLS, Scene, Shape
from nawgraph.models.render.space import Space
from nawgraph.training.render.songs import STYLE_NAMES, Example
from nawgraph.values import STEMS

DROP_STYLE, DROP_PLAYER, KEEP, CONTROL = 0.2, 0.05, 0.35, 0.15
"""Probabilities: the style is not said, an instrument is not said, something is kept, a curve is given."""


class Clips:
    """Draws clips of songs. The n-th batch depends on the seed and n alone."""

    def __init__(self, examples: Sequence[Example], space: Space, shape: Shape, frames: int, seed: int) -> None:
        self.examples = [e for e in examples if e.frames >= frames]
        self.space, self.shape, self.frames, self.seed = space, shape, frames, seed

    def batch(self, number: int, size: int) -> tuple[torch.Tensor, Scene]:
        """Latents [B, T, latents] and what goes with them."""
        rng = np.random.Generator(np.random.Philox(key=[self.seed, number]))
        picks = [(int(rng.integers(len(self.examples))), rng.random()) for _ in range(size)]
        clips = [(self.examples[i], int(u * (self.examples[i].frames - self.frames + 1))) for i, u in picks]
        return self.collate(clips, rng)

    def collate(self, clips: Sequence[tuple[Example, int]], rng: np.random.Generator | None) -> tuple[Any, Scene]:
        """A batch of given clips (song, first frame); without `rng` nothing is dropped, kept or controlled."""
        count, frames = len(clips), self.frames
        latents = np.zeros((count, frames, self.shape.latents), np.float32)
        controls = np.zeros((count, frames, 4 * CONTROLS), np.float32)
        tonal: list[Any] = []
        drums: list[Any] = []
        for index, (song, begin) in enumerate(clips):
            window = slice(begin, begin + frames)
            rows = [np.asarray(song.features(s)[window], np.float32) for s in STEMS]
            latents[index] = np.concatenate([self.space.encode(s, r) for s, r in zip(STEMS, rows, strict=True)], axis=1)
            controls[index] = np.concatenate([curves(s, r) for s, r in zip(STEMS, rows, strict=True)], axis=1)
            for stem, player, slot in song.slots():
                said = rng is None or rng.random() >= DROP_PLAYER
                of = (index, stem, player if said else self.shape.instruments)
                (drums if stem == 0 else tonal).append((of, np.asarray(slot[window], np.float32)))
        style = np.array(
            [
                STYLE_NAMES.index(song.facts["style"]) if song.facts["style"] in STYLE_NAMES else len(STYLE_NAMES)
                for song, _ in clips
            ]
        )
        keep, told = np.zeros((count, frames, 4), np.float32), np.zeros((count, 4 * CONTROLS), np.float32)
        if rng is not None:
            style = np.where(rng.random(count) < DROP_STYLE, self.shape.styles, style)
            keep = np.stack([_kept(frames, rng) for _ in range(count)])
            told = (rng.random((count, 4 * CONTROLS)) < CONTROL).astype(np.float32)
        tempo = np.array([(song.facts["bpm"] - 120) / 60 for song, _ in clips], np.float32)
        made = torch.from_numpy(latents)
        kept = torch.from_numpy(keep)
        return made, Scene(
            *_slots(tonal, frames, TONAL_WIDTH), *_slots(drums, frames, DRUM_WIDTH),
            style=torch.from_numpy(style).long(), tempo=torch.from_numpy(tempo),
            known=made * spread(kept, self.space), keep=kept,
            controls=torch.from_numpy(controls), controlled=torch.from_numpy(told),
        )  # fmt: skip


def spread(keep: torch.Tensor, space: Space) -> torch.Tensor:
    """A mask [.., 4] by stem as one by latent, [.., latents]."""
    return torch.repeat_interleave(keep, torch.tensor(space.sizes, device=keep.device), dim=-1)


def _slots(found: Sequence[Any], frames: int, width: int) -> tuple[torch.Tensor, torch.Tensor]:
    if not found:
        return torch.zeros(0, frames, width), torch.zeros(0, 3, dtype=torch.long)
    of = torch.tensor([o for o, _ in found], dtype=torch.long)
    return torch.from_numpy(np.stack([a for _, a in found])), of


def _kept(frames: int, rng: np.random.Generator) -> Any:
    """What an edit would leave alone: nothing, whole stems, or everything but a span of some stems."""
    keep = np.zeros((frames, 4), np.float32)
    kind = rng.random()
    if kind < KEEP:
        chosen = rng.random(4) < 0.5
        if kind < KEEP / 3:
            keep[:, chosen] = 1
        else:
            length = int(rng.integers(frames // 16, frames))
            begin = int(rng.integers(0, frames - length + 1))
            keep[:] = 1
            keep[begin : begin + length, chosen if kind < 2 * KEEP / 3 else slice(None)] = 0
    return keep
