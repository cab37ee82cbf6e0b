"""Training of the house CLAP by symmetric contrastive loss (Radford et al. 2021): resumable, weights averaged."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from nawgraph.models.clap.house import HouseClap, read, save
from nawgraph.models.clap.network import Clap, Shape
from nawgraph.training.clap.batches import Batch, Pairs
from nawgraph.training.clap.clips import Clip
from nawgraph.training.clap.measures import retrieval
from nawgraph.training.feeding import feed

FULL = Shape()

TINY = Shape(dimension=32, table=24, words=32, text_blocks=1, sound=32, sound_blocks=1, lags=40, hidden=48)
"""A network a hundred times smaller, to try the command out."""

CHECK = 250
"""Steps between two looks at the validation clips, and between two checkpoints."""


@dataclass(frozen=True)
class Plan:
    """How a network is trained.

    Attributes:
        steps: optimiser steps; the learning rate falls along a cosine to a fiftieth.
        batch: pairs a step: each text is told from the sounds of all others.
        rate: highest learning rate.
        decay: of the moving average.
        seed: of weights and batches.
    """

    steps: int = 4000
    batch: int = 128
    rate: float = 1e-3
    decay: float = 0.998
    seed: int = 0


def rate_at(step: int, plan: Plan) -> float:
    """Learning rate: 200 steps up (a tenth of short runs), then a cosine down."""
    up = min(1.0, (step + 1) / min(200, 1 + plan.steps // 10))
    return plan.rate * up * (0.51 + 0.49 * math.cos(math.pi * min(1.0, step / plan.steps)))


def loss_of(network: Clap, batch: Batch) -> torch.Tensor:
    """Cross-entropy of finding each sound by its words and each words by their sound."""
    device = network.sharpness.device
    with torch.autocast(device.type, torch.bfloat16):
        texts = network.text(batch.pages)
        sounds = network.sound(*(torch.from_numpy(a).to(device) for a in (batch.bands, batch.pitches)))
    odds = network.compared(texts.float(), sounds.float())
    right = torch.arange(len(odds), device=device)
    made: torch.Tensor = (functional.cross_entropy(odds, right) + functional.cross_entropy(odds.mT, right)) / 2
    return made


class Run:
    """A training that can be stopped at any moment and goes on from its last checkpoint along the same curve."""

    def __init__(
        self, train: Sequence[Clip], validation: Sequence[Clip], out: Path, plan: Plan, *, shape: Shape = FULL,
        say: Callable[[str], None] = print, device: str = "cpu",
    ) -> None:  # fmt: skip
        self.plan, self.out, self.say, self.device = plan, out, say, torch.device(device)
        out.mkdir(parents=True, exist_ok=True)
        self.pairs, self.validation = Pairs(train, plan.seed), validation
        torch.manual_seed(plan.seed)
        self.network = Clap(shape).to(self.device)
        self.average = {k: v.clone() for k, v in self.network.state_dict().items()}
        self.optimiser = torch.optim.AdamW(self.network.parameters(), plan.rate, betas=(0.9, 0.98), weight_decay=0.05)
        self.step = 0
        if (out / "state.pt").exists():
            self._resume()

    def _resume(self) -> None:
        state = torch.load(self.out / "state.pt", weights_only=True, map_location=self.device)
        if state["shape"] != self.network.shape.as_dict():
            raise ValueError(f"{self.out} holds a run of another shape: choose another --out")
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.average, self.step = state["average"], int(state["step"])

    def begin_with(self, path: Path) -> None:
        """Take the weights of a file, unless this run has begun already.

        Raises:
            LookupError: there is no such file.
            ValueError: it is damaged, no CLAP, or of another shape.
        """
        if self.step:
            return
        tensors, facts = read(path)
        if facts.get("shape") != self.network.shape.as_dict():
            raise ValueError(f"{path} holds a CLAP of another shape: start with one of the same size")
        self.network.load_state_dict({k: torch.from_numpy(np.array(v, np.float32)) for k, v in tensors.items()})
        self.average = {k: v.clone() for k, v in self.network.state_dict().items()}

    def save(self) -> None:
        """Write a checkpoint, whole or not at all."""
        state: dict[str, Any] = {
            "network": self.network.state_dict(), "optimiser": self.optimiser.state_dict(),
            "average": self.average, "step": self.step, "plan": asdict(self.plan),
            "shape": self.network.shape.as_dict(),
        }  # fmt: skip
        unfinished = self.out / "state.unfinished"
        torch.save(state, unfinished)
        unfinished.replace(self.out / "state.pt")

    def go(self, until: float = math.inf) -> None:
        """Train to the last step, or until `time.monotonic()` reaches `until`."""
        recent: list[float] = []
        began = time.process_time()
        for batch in feed(self._batch, self.step, self.plan.steps, self.device):
            if time.monotonic() >= until:
                break
            recent.append(self.once(batch))
            if self.step % 50 == 0 or self.step == self.plan.steps:
                line: dict[str, Any] = {"step": self.step, "loss": round(float(np.mean(recent)), 4)}
                recent.clear()
                if self.step % CHECK == 0 or self.step == self.plan.steps:
                    line["validation"] = round(retrieval(self.averaged(), self.validation, 32).found, 4)
                    self.save()
                line["cpu"] = round(time.process_time() - began)
                with (self.out / "log.jsonl").open("a") as log:
                    log.write(json.dumps(line) + "\n")
                self.say(json.dumps(line))
        self.save()

    def _batch(self, step: int) -> Batch:
        return self.pairs.batch(step, self.plan.batch)

    def once(self, batch: Batch | None = None) -> float:
        """One step; its loss."""
        for group in self.optimiser.param_groups:
            group["lr"] = rate_at(self.step, self.plan)
        loss = loss_of(self.network, batch or self._batch(self.step))
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

    def averaged(self) -> HouseClap:
        """The averaged network as nodes would use it."""
        tensors = {name: value.float().cpu().numpy() for name, value in self.average.items()}
        return HouseClap(tensors, {"space": "training", "shape": self.network.shape.as_dict()}, "training")

    def export(self, path: Path) -> int:
        """Write the averaged weights; bytes of the file."""
        tensors = {name: value.float().cpu().numpy() for name, value in self.average.items()}
        return save(path, tensors, {"shape": self.network.shape.as_dict(), "steps": self.step, "seed": self.plan.seed})
