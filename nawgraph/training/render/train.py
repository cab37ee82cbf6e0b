"""Training of the renderer: conditional flow matching with x-prediction, resumable, weights averaged over time."""

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

from nawgraph.models.render.house import HouseRenderer
from nawgraph.models.render.network import KEPT, Renderer, Scene, Shape
from nawgraph.models.render.space import SIDES, Space, fit
from nawgraph.training.feeding import feed
from nawgraph.training.render.batches import Clips
from nawgraph.training.render.songs import INSTRUMENT_NAMES, STYLE_NAMES, Example, read
from nawgraph.values import STEMS


@dataclass(frozen=True)
class Plan:
    """How a network is trained.

    Attributes:
        steps: optimiser steps; the learning rate falls to a twentieth over the last 40 % of them.
        batch, frames: clips a step and their length.
        rate: highest learning rate.
        decay: of the moving average.
        seed: of weights, clips and noise.
    """

    steps: int = 20_000
    batch: int = 8
    frames: int = 192
    rate: float = 8e-4
    decay: float = 0.999
    seed: int = 0


def fit_space(examples: Sequence[Example], rows: int = 60_000) -> Space:
    """The render space of some songs, from at most `rows` frames a stem."""
    bases = {}
    for stem in STEMS:
        parts = [np.asarray(e.features(stem), np.float32) for e in examples]
        heard = [p[p[:, :-SIDES].max(axis=1) > -6] for p in parts]
        every = np.concatenate(heard)
        bases[stem] = fit(stem, every[:: max(1, len(every) // rows)])
    return Space(bases)


def rate_at(step: int, plan: Plan) -> float:
    """Learning rate: 200 steps up, flat, then a cosine down over the last 40 %."""
    up = min(1.0, (step + 1) / 200)
    down = max(0.0, (step / plan.steps - 0.6) / 0.4)
    return plan.rate * up * (0.525 + 0.475 * math.cos(math.pi * min(down, 1.0)))


def loss_of(network: Renderer, latents: torch.Tensor, scene: Scene, rng: torch.Generator) -> torch.Tensor:
    """Mean square error of the believed latents at random times, of what is not kept whole."""
    device = latents.device
    time_ = torch.sigmoid(1.2 * torch.randn(len(latents), generator=rng) - 1.2).to(device)
    noise = torch.randn(latents.shape, generator=rng).to(device)
    t = time_[:, None, None]
    noisy = (1 - t) * noise + t * latents
    believed = network(noisy, time_, scene)
    counts = torch.tensor(_sizes(latents.shape[-1]), device=device)
    whole = scene.keep.view(*scene.keep.shape[:2], len(STEMS), KEPT).amin(dim=-1)
    free = 1 - torch.repeat_interleave(whole, counts, dim=-1, output_size=latents.shape[-1])
    loss: torch.Tensor = ((believed - latents) ** 2 * free).sum() / free.sum().clamp(min=1)
    return loss


def _sizes(total: int) -> list[int]:
    from nawgraph.models.render.space import LATENTS

    sizes = [LATENTS[s] + SIDES for s in STEMS]
    assert sum(sizes) == total
    return sizes


class Run:
    """A training that can be stopped at any moment and goes on from its last checkpoint along the same curve."""

    def __init__(
        self, data: Path, out: Path, plan: Plan, say: Callable[[str], None] = print, device: str = "cpu",
        space: Space | None = None,
    ) -> None:  # fmt: skip
        self.plan, self.out, self.say, self.device = plan, out, say, torch.device(device)
        out.mkdir(parents=True, exist_ok=True)
        self.examples = read(data, "train")
        self.space = self._space(space)
        self.shape = Shape(len(INSTRUMENT_NAMES), len(STYLE_NAMES))
        torch.manual_seed(plan.seed)
        self.network = Renderer(self.shape).to(self.device)
        self.average = {k: v.clone() for k, v in self.network.state_dict().items()}
        self.optimiser = torch.optim.AdamW(self.network.parameters(), plan.rate, betas=(0.9, 0.98), weight_decay=0.01)
        self.clips = Clips(self.examples, self.space, self.shape, plan.frames, plan.seed)
        self.step = 0
        if (out / "state.pt").exists():
            self._resume()

    def start(self, weights: HouseRenderer) -> None:
        """Begin with the weights of a renderer of this run's space; a run that has begun goes on instead."""
        if not self.step:
            self.network.load_state_dict(weights.network.state_dict())
            self.average = {k: v.clone() for k, v in self.network.state_dict().items()}

    def _space(self, given: Space | None) -> Space:
        path = self.out / "space.npz"
        if not path.exists():
            np.savez(path, **(given or fit_space(self.examples)).arrays())  # type: ignore[arg-type]
        return Space.of(dict(np.load(path)))

    def _resume(self) -> None:
        state = torch.load(self.out / "state.pt", weights_only=True, map_location=self.device)
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.average, self.step = state["average"], int(state["step"])

    def save(self) -> None:
        """Write a checkpoint, whole or not at all."""
        state: dict[str, Any] = {
            "network": self.network.state_dict(), "optimiser": self.optimiser.state_dict(),
            "average": self.average, "step": self.step, "plan": asdict(self.plan),
        }  # fmt: skip
        unfinished = self.out / "state.unfinished"
        torch.save(state, unfinished)
        unfinished.replace(self.out / "state.pt")

    def go(self, until: float = math.inf, every: int = 500) -> None:
        """Train to the last step, or until `time.monotonic()` reaches `until`."""
        recent: list[float] = []
        began = time.process_time()
        for latents, scene in feed(self._batch, self.step, self.plan.steps, self.device):
            if time.monotonic() >= until:
                break
            recent.append(self._once(latents, scene))
            if self.step % 100 == 0:
                line = {
                    "step": self.step,
                    "loss": round(float(np.mean(recent)), 4),
                    "cpu": round(time.process_time() - began),
                }
                recent.clear()
                with (self.out / "log.jsonl").open("a") as log:
                    log.write(json.dumps(line) + "\n")
                self.say(json.dumps(line))
            if self.step % every == 0:
                self.save()
        self.save()

    def _batch(self, step: int) -> tuple[torch.Tensor, Scene]:
        return self.clips.batch(step, self.plan.batch)

    def _once(self, latents: torch.Tensor, scene: Scene) -> float:
        latents, scene = latents.to(self.device), scene.to(self.device)
        rng = torch.Generator().manual_seed(self.plan.seed * 1_000_003 + self.step)
        for group in self.optimiser.param_groups:
            group["lr"] = rate_at(self.step, self.plan)
        with torch.autocast(self.device.type, torch.bfloat16):
            loss = loss_of(self.network, latents, scene, rng)
        self.optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        self.step += 1
        decay = min(self.plan.decay, (self.step + 1) / (self.step + 20))
        with torch.no_grad():
            now = self.network.state_dict()
            torch._foreach_lerp_(list(self.average.values()), [now[name] for name in self.average], 1 - decay)
        return float(loss.detach())
