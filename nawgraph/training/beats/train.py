"""Training of the beat network: crops of songs, varied as other engineers and players would have them; resumable."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from nawgraph.models.beats.hearing import BANDS, FRAME_RATE, heard
from nawgraph.models.beats.network import OUTPUTS, Shape
from nawgraph.training.beats.songs import Example, read

F32 = npt.NDArray[np.float32]

WARP = (0.85, 1.18)
"""How much slower or faster a crop is played."""

SILENT, DRUMLESS, NOISY = 0.1, 0.2, 0.4
"""Probabilities: a stem is left out, the drums are, there is noise."""

NEAR = (1.0, 0.5, 0.15)
"""How much of a beat a frame is that lies 0, 1 or 2 frames from it."""


TINY = Shape(width=8, blocks=5)


@dataclass(frozen=True)
class Plan:
    """How the network is trained.

    Attributes:
        steps: optimiser steps; the learning rate falls along a cosine.
        batch, frames: crops a step and their length.
        rate: highest learning rate.
        decay: of the moving average of the weights.
        seed: of weights and crops.
    """

    steps: int = 3000
    batch: int = 8
    frames: int = 2048
    rate: float = 3e-3
    decay: float = 0.997
    seed: int = 0


class Block(nn.Module):
    """A dilated convolution whose output is added to its input."""

    def __init__(self, shape: Shape, dilation: int) -> None:
        super().__init__()
        half = shape.kernel // 2
        self.wide = nn.Conv1d(shape.width, shape.width, shape.kernel, padding=half * dilation, dilation=dilation)
        self.mix = nn.Conv1d(shape.width, shape.width, 1)

    def forward(self, x: Tensor) -> Tensor:
        """[B, width, frames] → the same."""
        added: Tensor = self.mix(torch.relu(self.wide(x)))
        return x + added


class Network(nn.Module):
    """The network of `nawgraph.models.beats.network`, to be trained."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.first = nn.Conv1d(2 * BANDS, shape.width, shape.kernel, padding=shape.kernel // 2)
        self.blocks = nn.ModuleList(Block(shape, 1 << n) for n in range(shape.blocks))
        self.last = nn.Conv1d(shape.width, OUTPUTS, 1)

    def forward(self, x: Tensor) -> Tensor:
        """[B, 2 · BANDS, frames] → logits [B, 2, frames]."""
        h = torch.relu(self.first(x))
        for block in self.blocks:
            h = block(h)
        logits: Tensor = self.last(torch.relu(h))
        return logits


class Crops:
    """Draws crops. The n-th batch depends on the seed and n alone."""

    def __init__(self, songs: Sequence[Example], frames: int, seed: int) -> None:
        self.songs, self.frames, self.seed = songs, frames, seed

    def batch(self, number: int, size: int) -> tuple[Tensor, Tensor]:
        """What is heard [size, 2 · BANDS, frames], and what is true [size, 2, frames]."""
        rng = np.random.Generator(np.random.Philox(key=[self.seed, number]))
        made = [self._crop(rng) for _ in range(size)]
        return torch.from_numpy(np.stack([x for x, _ in made])), torch.from_numpy(np.stack([y for _, y in made]))

    def _crop(self, rng: np.random.Generator) -> tuple[F32, F32]:
        song = self.songs[int(rng.integers(len(self.songs)))]
        speed = float(np.exp(rng.uniform(*np.log(WARP))))
        length = song.levels.shape[2]
        start = rng.uniform(-0.1 * self.frames, max(length - 0.9 * self.frames * speed, 1))
        at = start + np.arange(self.frames) * speed
        whole = np.floor(at).astype(int)
        inside = (whole >= 0) & (whole < length - 1)
        whole = np.clip(whole, 0, length - 2)
        part = np.where(inside, at - whole, 0).astype(np.float32)
        stems = song.levels[:, :, whole] * (1 - part) + song.levels[:, :, whole + 1] * part
        bands = mixed(np.asarray(stems * inside, np.float32), rng)
        targets = [_targets((t * FRAME_RATE - start) / speed, self.frames) for t in (song.beats, song.bars)]
        return heard(bands), np.stack(targets)


def mixed(stems: F32, rng: np.random.Generator) -> F32:
    """Stems [4, bands, frames] as one sound [bands, frames]: other levels and colours, stems left out, noise."""
    gains = 10 ** (rng.uniform(-9, 6, len(stems)) / 20)
    gains *= rng.random(len(stems)) >= SILENT
    if rng.random() < DRUMLESS:
        gains[0] = 0
    if not gains[1:].any():
        gains[:] = 1
    bend = np.interp(np.arange(BANDS), np.linspace(0, BANDS - 1, 5), np.clip(rng.normal(0, 4, 5), -9, 9))
    tint = 10 ** (bend / 20)
    power = np.einsum("s,sbt->bt", gains**2, np.square(stems)) * tint[:, None] ** 2
    moved = int(rng.integers(-2, 3))
    power = np.roll(power, moved, axis=0)
    if moved > 0:
        power[:moved] = 0
    if rng.random() < NOISY:
        level = float(power.max()) * 10 ** (rng.uniform(-65, -25) / 10)
        power += level * rng.exponential(1, power.shape) * 10 ** (rng.normal(0, 5, (BANDS, 1)) / 10)
    return np.asarray(np.sqrt(power), np.float32)


def _targets(places: npt.NDArray[np.float64], frames: int) -> F32:
    out = np.zeros(frames + 4, np.float32)
    nearest = np.rint(places).astype(int)
    nearest = nearest[(nearest >= 0) & (nearest < frames)]
    for away, worth in reversed(list(enumerate(NEAR))):
        for side in (-away, away):
            out[nearest + 2 + side] = worth
    return out[2:-2]


class Run:
    """A training that can be stopped and goes on from its last checkpoint."""

    def __init__(
        self, data: Path, out: Path, plan: Plan, shape: Shape | None = None, say: Callable[[str], None] = print
    ) -> None:
        self.plan, self.out, self.say, self.shape = plan, out, say, shape or Shape()
        out.mkdir(parents=True, exist_ok=True)
        self.crops = Crops(read(data), plan.frames, plan.seed)
        torch.manual_seed(plan.seed)
        self.network = Network(self.shape)
        self.average = {k: v.clone() for k, v in self.network.state_dict().items()}
        self.optimiser = torch.optim.AdamW(self.network.parameters(), plan.rate, weight_decay=0.01)
        self.step = 0
        if (out / "state.pt").exists():
            state = torch.load(out / "state.pt", weights_only=True)
            self.network.load_state_dict(state["network"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.average, self.step = state["average"], int(state["step"])

    def save(self) -> None:
        """Write a checkpoint, whole or not at all."""
        state = {
            "network": self.network.state_dict(), "optimiser": self.optimiser.state_dict(), "average": self.average,
            "step": self.step, "shape": self.shape.as_dict(), "plan": asdict(self.plan),
        }  # fmt: skip
        part = self.out / ".state.tmp"
        torch.save(state, part)
        part.replace(self.out / "state.pt")

    def train(self) -> float:
        """To the last step of the plan; the mean loss of the last hundred steps."""
        began, losses = time.perf_counter(), [math.nan]
        while self.step < self.plan.steps:
            losses.append(self._step())
            losses = losses[-100:]
            if self.step % 100 == 0 or self.step == self.plan.steps:
                loss, spent = float(np.nanmean(losses)), time.perf_counter() - began
                self.say(f"step {self.step:,} of {self.plan.steps:,}: loss {loss:.4f}, {spent:.0f} s")
                self.save()
        return float(np.nanmean(losses))

    def _step(self) -> float:
        warm = min(1.0, (self.step + 1) / 100)
        rate = self.plan.rate * warm * (0.51 + 0.49 * math.cos(math.pi * self.step / self.plan.steps))
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        x, y = self.crops.batch(self.step, self.plan.batch)
        logits = self.network(x)
        loss = nn.functional.binary_cross_entropy_with_logits(logits, y)
        self.optimiser.zero_grad()
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        decay = min(self.plan.decay, (1 + self.step) / (10 + self.step))
        for name, tensor in self.network.state_dict().items():
            self.average[name].lerp_(tensor, 1 - decay)
        self.step += 1
        return float(loss.detach())
