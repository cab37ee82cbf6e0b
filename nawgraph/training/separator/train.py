"""Training of the separator: signal to error in decibels, resumable, weights averaged over time."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nawgraph.models.separator.network import Separator, Shape
from nawgraph.models.separator.spectra import gathered, seen, spectrum
from nawgraph.training.feeding import feed
from nawgraph.training.render.songs import read
from nawgraph.training.separator.mixtures import Mixtures

FLOOR = 1e-3
"""Share of the mixture's energy below which an error counts no more: −30 dB."""

TINY = Shape(width=8, hidden=8, heads=2, dilations=(1,))


@dataclass(frozen=True)
class Plan:
    """How a network is trained.

    Attributes:
        steps: optimiser steps; the learning rate falls to a fiftieth over the last third of them.
        batch, frames: mixtures a step and their length (43 frames a second).
        rate: highest learning rate.
        decay: of the moving average.
        seed: of weights and mixtures.
    """

    steps: int = 3000
    batch: int = 4
    frames: int = 112
    rate: float = 2e-3
    decay: float = 0.995
    seed: int = 0


def rate_at(step: int, plan: Plan) -> float:
    """Learning rate: 100 steps up, flat, then a cosine down over the last third."""
    up = min(1.0, (step + 1) / 100)
    down = max(0.0, (step / plan.steps - 2 / 3) * 3)
    return plan.rate * up * (0.51 + 0.49 * math.cos(math.pi * min(down, 1.0)))


@dataclass(frozen=True)
class Sums:
    """Energies of a batch in every position, from which the error of any masks follows without a transform.

    Attributes:
        mixture: magnitudes [B, T, 2, positions].
        own, other, both: |X|² of the same and the other channel, and Re(X* Y) of the two, [B, T, 2, 1, positions].
        stems, to_own, to_other: |S|² of each stem, and Re(S* X), Re(S* Y), [B, T, 2, 4, positions].
    """

    mixture: Tensor
    own: Tensor
    other: Tensor
    both: Tensor
    stems: Tensor
    to_own: Tensor
    to_other: Tensor

    @classmethod
    def of(cls, stems: Tensor) -> Sums:
        """Of stems [B, 4, 2, samples]."""
        parts = spectrum(stems)
        x = parts.sum(dim=1)
        y = x.flip(1)

        def product(a: Tensor, b: Tensor) -> Tensor:
            return gathered(a.real * b.real + a.imag * b.imag)

        def last(a: Tensor) -> Tensor:  # [B, 2, P, T] or [B, 4, 2, P, T]
            moved = a.permute(0, 3, 1, 2)[:, :, :, None] if a.dim() == 4 else a.permute(0, 4, 2, 1, 3)
            return moved.contiguous()

        own = product(x, x)
        return cls(
            seen(x), last(own), last(own.flip(1)), last(product(x, y)),
            last(product(parts, parts)), last(product(parts, x[:, None])), last(product(parts, y[:, None])),
        )  # fmt: skip

    def error(self, m: Tensor, n: Tensor) -> Tensor:
        """Energy of what m · own + n · other misses of each stem, [B, 4]."""
        missed = (
            self.stems - 2 * (m * self.to_own + n * self.to_other)
            + m * m * self.own + 2 * m * n * self.both + n * n * self.other
        )  # fmt: skip
        return missed.sum(dim=(1, 2, 4)).clamp(min=0)

    def loss(self, m: Tensor, n: Tensor) -> Tensor:
        """Mean over mixtures and stems of the error in decibels below the stem, within `FLOOR` of the mixture."""
        floor = FLOOR * self.own.sum(dim=(1, 2, 4)) + 1e-6
        wanted = self.stems.sum(dim=(1, 2, 4))
        return (10 * torch.log10((self.error(m, n) + floor) / (wanted + floor))).mean()


class Run:
    """A training that can be stopped at any moment and goes on from its last checkpoint along the same curve."""

    def __init__(
        self,
        data: Path,
        out: Path,
        plan: Plan,
        *,
        shape: Shape | None = None,
        say: Callable[[str], None] = print,
        device: str = "cpu",
    ) -> None:
        self.plan, self.out, self.say, self.device = plan, out, say, torch.device(device)
        out.mkdir(parents=True, exist_ok=True)
        self.mixtures = Mixtures([s for s in read(data, "train") if s.has_audio], plan.frames, plan.seed)
        self.shape = shape or Shape()
        torch.manual_seed(plan.seed)
        self.network = Separator(self.shape).to(self.device)
        self.average = {k: v.clone() for k, v in self.network.state_dict().items()}
        self.optimiser = torch.optim.AdamW(self.network.parameters(), plan.rate, betas=(0.9, 0.99), weight_decay=0.01)
        self.step = 0
        if (out / "state.pt").exists():
            state = torch.load(out / "state.pt", weights_only=True, map_location=self.device)
            self.network.load_state_dict(state["network"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.average, self.step = state["average"], int(state["step"])

    def save(self) -> None:
        """Write a checkpoint, whole or not at all."""
        state: dict[str, Any] = {
            "network": self.network.state_dict(), "optimiser": self.optimiser.state_dict(),
            "average": self.average, "step": self.step, "plan": asdict(self.plan), "shape": self.shape.as_dict(),
        }  # fmt: skip
        unfinished = self.out / "state.unfinished"
        torch.save(state, unfinished)
        unfinished.replace(self.out / "state.pt")

    def go(self, until: float = math.inf, every: int = 200) -> None:
        """Train to the last step, or until `time.monotonic()` reaches `until`."""
        recent: list[float] = []
        began = time.process_time()
        for stems in feed(self._batch, self.step, self.plan.steps, self.device):
            if time.monotonic() >= until:
                break
            recent.append(self._once(stems))
            if self.step % 25 == 0:
                line = json.dumps(
                    {
                        "step": self.step,
                        "loss": round(float(np.mean(recent)), 3),
                        "cpu": round(time.process_time() - began),
                    }
                )
                recent.clear()
                with (self.out / "log.jsonl").open("a") as log:
                    log.write(line + "\n")
                self.say(line)
            if self.step % every == 0:
                self.save()
        self.save()

    def _batch(self, step: int) -> Tensor:
        return torch.from_numpy(self.mixtures.batch(step, self.plan.batch))

    def _once(self, stems: Tensor) -> float:
        sums = Sums.of(stems.to(self.device))
        for group in self.optimiser.param_groups:
            group["lr"] = rate_at(self.step, self.plan)
        with torch.autocast(self.device.type, torch.bfloat16):
            masks = self.network(sums.mixture)
        loss = sums.loss(*masks)
        self.optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        self.step += 1
        decay = min(self.plan.decay, (self.step + 1) / (self.step + 20))
        with torch.no_grad():
            for name, value in self.network.state_dict().items():
                self.average[name].lerp_(value, 1 - decay)
        return float(loss.detach())
