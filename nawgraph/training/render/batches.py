"""Batches of clips for the renderer, with what is said, kept and controlled drawn anew each time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from nawgraph.models.render.conditions import DRUM_WIDTH, TONAL_WIDTH
from nawgraph.models.render.controls import curves, moved
from nawgraph.models.render.network import CONTROLS, KEPT, Scene, Shape
from nawgraph.models.render.space import Space
from nawgraph.training.render.songs import STYLE_NAMES, Example
from nawgraph.values import STEMS

F32 = npt.NDArray[np.float32]

DROP_STYLE, DROP_PLAYER = 0.2, 0.05
"""Probabilities: the style is not said, an instrument is not said."""

KEEP, BANDS = 0.35, 0.3
"""Probabilities: something is kept; then, that of what is not kept some regions of the spectrum are."""

CONTROL = 0.25
"""Probability that a curve of a stem is given."""

SMOOTHED = (9, 21, 43, 87)
"""Frames over which given curves are smoothed: those that users draw are rarely as nervous as those of music."""

GAIN, TILT = 7.0, 14.0
"""Standard deviations in dB of how far a stem with a curve is moved away from how its notes were played."""


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
        """A batch of given clips (song, first frame); without `rng` nothing is left unsaid, kept or controlled."""
        count, frames = len(clips), self.frames
        latents = np.zeros((count, frames, self.shape.latents), np.float32)
        known = np.zeros_like(latents)
        keep = np.zeros((count, frames, 4, KEPT), np.float32)
        controls = np.zeros((count, frames, 4 * CONTROLS), np.float32)
        told = np.zeros((count, 4 * CONTROLS), np.float32)
        style = np.zeros(count, np.int64)
        tonal: list[Any] = []
        drums: list[Any] = []
        for index, (song, begin) in enumerate(clips):
            window = slice(begin, begin + frames)
            rows = [np.asarray(song.features(s)[window], np.float32) for s in STEMS]
            if rng is not None:
                told[index] = rng.random(4 * CONTROLS) < CONTROL
                keep[index] = _kept(frames, rng)
                rows, controls[index] = _directed(rows, told[index], rng)
            latents[index] = np.concatenate([self.space.encode(s, r) for s, r in zip(STEMS, rows, strict=True)], axis=1)
            if keep[index].any():
                parts = [
                    self.space.encode_kept(s, r, keep[index, :, i])
                    for i, (s, r) in enumerate(zip(STEMS, rows, strict=True))
                ]
                known[index] = np.concatenate(parts, axis=1)
            for stem, player, slot in song.slots():
                said = rng is None or rng.random() >= DROP_PLAYER
                of = (index, stem, player if said else self.shape.instruments)
                (drums if stem == 0 else tonal).append((of, np.asarray(slot[window], np.float32)))
            name = song.facts["style"]
            unsaid = rng is not None and rng.random() < DROP_STYLE
            style[index] = STYLE_NAMES.index(name) if name in STYLE_NAMES and not unsaid else self.shape.styles
        tempo = np.array([(song.facts["bpm"] - 120) / 60 for song, _ in clips], np.float32)
        return torch.from_numpy(latents), Scene(
            *_slots(tonal, frames, TONAL_WIDTH), *_slots(drums, frames, DRUM_WIDTH),
            style=torch.from_numpy(style), tempo=torch.from_numpy(tempo),
            known=torch.from_numpy(known), keep=torch.from_numpy(keep.reshape(count, frames, -1)),
            controls=torch.from_numpy(controls), controlled=torch.from_numpy(told),
        )  # fmt: skip


def _slots(found: Sequence[Any], frames: int, width: int) -> tuple[torch.Tensor, torch.Tensor]:
    if not found:
        return torch.zeros(0, frames, width), torch.zeros(0, 3, dtype=torch.long)
    of = torch.tensor([o for o, _ in found], dtype=torch.long)
    return torch.from_numpy(np.stack([a for _, a in found])), of


def _kept(frames: int, rng: np.random.Generator) -> F32:
    """What an edit would leave alone, [frames, 4, KEPT]: nothing, whole stems, or everything but a span of some stems,
    of which some regions of the spectrum may be left alone, too."""
    keep = np.zeros((frames, 4, KEPT), np.float32)
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
            if rng.random() < BANDS:
                keep[..., rng.random(KEPT) < 0.5] = 1
    return keep


def _directed(rows: Sequence[F32], told: F32, rng: np.random.Generator) -> tuple[list[F32], F32]:
    """Features of the stems as curves would have them, and the curves, float32 [frames, 4 · CONTROLS].

    A stem whose level is told is made louder and softer, one whose brightness is told brighter and darker, along
    courses drawn at random: curves that always agreed with the notes would teach nothing that the notes do not say.
    """
    frames = len(rows[0])
    made, every = [], np.zeros((frames, 4 * CONTROLS), np.float32)
    for index, (stem, row) in enumerate(zip(STEMS, rows, strict=True)):
        mine = slice(index * CONTROLS, (index + 1) * CONTROLS)
        level, bright = told[mine] > 0
        if level or bright:
            still = np.zeros(frames)
            row = moved(
                stem, row, np.clip(_course(frames, GAIN, rng), -25, 12) if level else still,
                _course(frames, TILT, rng) if bright else still,
            )  # fmt: skip
            every[:, mine] = curves(stem, row, SMOOTHED[int(rng.integers(len(SMOOTHED)))])
        made.append(row)
    return made, every


def _course(frames: int, deviation: float, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """A course drawn at random: a constant, and straight lines between 1 to 6 points."""
    count = int(rng.integers(1, 7))
    points = deviation * (0.7 * rng.standard_normal() + 0.7 * rng.standard_normal(count))
    return np.interp(np.linspace(0, 1, frames), np.linspace(0, 1, count), points)
