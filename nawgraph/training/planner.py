"""Training the planner: one process, resumable at any moment to the same curve.

The learning rate is warmed up, constant, and falls to zero over the last part, so that a run can be
prolonged by resuming it with more steps as long as it has not begun to cool.
"""

from __future__ import annotations

import json
import pickle
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as nnf

from nawgraph.models.planner.config import LOGIT_OFFSETS, Config
from nawgraph.models.planner.network import Network
from nawgraph.models.planner.vocabulary import COUNT
from nawgraph.training.crops import Batch, Crops
from nawgraph.training.data import Song
from nawgraph.training.feeding import feed
from nawgraph.training.muon import Muon, orthogonal


@dataclass(frozen=True)
class Recipe:
    """How to train.

    Attributes:
        steps: optimiser steps in all.
        batch: crops a step.
        length: steps of the grid a crop.
        lr: of AdamW and Muon.
        warm: steps of warming up.
        cooling: share of the steps over which the learning rate falls to zero, while repeats and chords weigh more.
        average: half-life of the moving average of the weights, in steps.
        seed: of initialisation and batches.
        save_every: steps between checkpoints.
        check_every: steps between validations.
    """

    steps: int = 3000
    batch: int = 16
    length: int = 256
    lr: float = 4e-3
    warm: int = 60
    cooling: float = 0.4
    average: float = 60.0
    seed: int = 0
    save_every: int = 50
    check_every: int = 200

    def rate(self, step: int) -> float:
        """Learning rate of a step, as a share of `lr`."""
        cool = max(1, round(self.steps * self.cooling))
        return min(1.0, (step + 1) / self.warm, max(0.0, (self.steps - step) / cool))

    def late(self, step: int) -> bool:
        """Whether a step is of the last part, in which the learning rate falls."""
        return step >= self.steps - round(self.steps * self.cooling)


FURTHER: dict[str, Any] = {"steps": 460, "lr": 2e-3, "warm": 20, "cooling": 0.9, "check_every": 100}
"""Fields of a `Recipe` for a run that starts from the weights of another."""


def kept_recipe(folder: Path) -> Recipe | None:
    """The recipe of a folder's checkpoint, None without one."""
    path = folder / "checkpoint.pt"
    return Recipe(**torch.load(path, weights_only=True)["recipe"]) if path.exists() else None


TINY: dict[str, Any] = {
    "width": 48, "layers": 2, "heads": 2, "hidden": 96, "window": 128, "reader_width": 32, "reader_layers": 1,
    "reader_heads": 2, "reader_hidden": 32, "reader_span": 64,
}  # fmt: skip
"""Fields of a `Config` that trains in seconds."""


@dataclass(frozen=True)
class Report:
    """Where a run stands: step of `steps`, mean loss (weighted nats a grid step) since the last report."""

    step: int
    steps: int
    loss: float
    seconds: float
    validation: float | None = None


class Trainer:
    """A run of training.

    Args:
        config: of the network.
        recipe: of the run.
        train: songs to learn.
        validation: songs to check on.
        folder: of checkpoint and log; None keeps nothing.
        device: that the network is trained on.
    """

    def __init__(
        self, config: Config, recipe: Recipe, train: Sequence[Song], validation: Sequence[Song], folder: Path | None,
        device: str = "cpu",
    ) -> None:  # fmt: skip
        torch.manual_seed(recipe.seed)
        self.config, self.recipe, self.folder = config, recipe, folder
        self.device = torch.device(device)
        self.network = Network(config).to(self.device)
        self.average = {name: p.detach().clone() for name, p in self.network.named_parameters()}
        self.crops = Crops(train, recipe.length, recipe.batch, recipe.seed)
        self.checks = Crops(validation, recipe.length, recipe.batch, 1)
        self.step = 0
        hidden = [p for n, p in self.network.named_parameters() if p.ndim == 2 and ("blocks" in n or n == "reader_out")]
        ids = {id(p) for p in hidden}
        rest = [p for p in self.network.parameters() if id(p) not in ids]
        self.optimisers: list[torch.optim.Optimizer] = [
            Muon(hidden, lr=recipe.lr),
            torch.optim.AdamW(rest, lr=recipe.lr, betas=(0.9, 0.95), weight_decay=0.0, eps=1e-10),
        ]

    def start(self, path: Path) -> None:
        """Begin with the averaged weights of another run's checkpoint.

        Raises:
            ValueError: the file is no checkpoint, or of a network of another shape.
        """
        try:
            state = torch.load(path, weights_only=True, map_location=self.device)
            config, weights = state["config"], state["average"]
        except (OSError, RuntimeError, KeyError, TypeError, EOFError, pickle.UnpicklingError):
            raise ValueError(f"{path} is no checkpoint of a planner: name the checkpoint.pt of a run") from None
        self._same_shape(path, config)
        self.network.load_state_dict(weights)
        self.average = {name: p.detach().clone() for name, p in self.network.named_parameters()}

    def run(self) -> Iterator[Report]:
        """Train to the end, reporting and keeping as the recipe says."""
        recipe, losses, begin = self.recipe, [], time.perf_counter()
        for batch in feed(self._batch, self.step, recipe.steps, self.device):
            losses.append(self._learn(batch))
            self.step += 1
            checked = self.step % recipe.check_every == 0 or self.step == recipe.steps
            if checked or self.step % 10 == 0:
                value = self.check() if checked else None
                mean = sum(losses) / len(losses)
                report = Report(self.step, recipe.steps, mean, time.perf_counter() - begin, value)
                losses = []
                self._log(report)
                yield report
            if self.step % recipe.save_every == 0 or self.step == recipe.steps:
                self.save()

    def steps_in(self, seconds: float, trials: int = 4) -> int:
        """How many steps of this run take so long here; measured on a few that change nothing."""
        times = []
        for _ in range(trials):
            begin = time.perf_counter()
            loss_of(self.network, self.crops.batch(0)).backward()  # type: ignore[no-untyped-call]
            for p in self.optimisers[0].param_groups[0]["params"]:
                orthogonal(p.grad)
            if self.device.type == "cuda":
                torch.cuda.synchronize()
            times.append(time.perf_counter() - begin)
            self.network.zero_grad(set_to_none=True)
        return max(1, round(seconds / sorted(times)[len(times) // 2]))

    def _batch(self, step: int) -> Batch:
        return self.crops.batch(step, late=self.recipe.late(step))

    def _learn(self, batch: Batch) -> float:
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = self.recipe.lr * self.recipe.rate(self.step)
        loss = loss_of(self.network, batch)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 20.0)
        for optimiser in self.optimisers:
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
        keep = min(0.5 ** (1 / self.recipe.average), (self.step + 1) / (self.step + 10))
        with torch.no_grad():
            for name, p in self.network.named_parameters():
                self.average[name].lerp_(p, 1 - keep)
        return float(loss.detach())

    def check(self, batches: int = 6) -> float:
        """Nats a grid step of the averaged weights on validation songs, nothing fixed."""
        with swapped(self.network, self.average), torch.no_grad():
            count = min(batches, self.checks.batches)
            found = [float(loss_of(self.network, self.checks.batch(i, plain=True))) for i in range(count)]
        return sum(found) / len(found)

    # ------------------------------------------------------------------------------- keeping

    def save(self) -> None:
        """Write the checkpoint, whole or not at all."""
        if self.folder is None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        state = {
            "config": self.config.as_dict(), "recipe": asdict(self.recipe), "step": self.step, "average": self.average,
            "network": self.network.state_dict(), "optimisers": [o.state_dict() for o in self.optimisers],
        }  # fmt: skip
        part = self.folder / ".checkpoint.tmp"
        torch.save(state, part)
        part.replace(self.folder / "checkpoint.pt")

    def resume(self) -> bool:
        """Go on from the folder's checkpoint; False if there is none.

        Raises:
            ValueError: the checkpoint is of another network, or of a recipe with another curve.
        """
        path = None if self.folder is None else self.folder / "checkpoint.pt"
        if path is None or not path.exists():
            return False
        state = torch.load(path, weights_only=True, map_location=self.device)
        self._same_shape(path, state["config"])
        self._same_curve(path, state)
        self.network.load_state_dict(state["network"])
        self.average = state["average"]
        for optimiser, kept in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(kept)
        self.step = state["step"]
        self._forget_log()
        return True

    def _same_shape(self, path: Path, config: dict[str, Any]) -> None:
        if config != self.config.as_dict():
            raise ValueError(f"{path} is of a network of another shape: choose another")

    def _same_curve(self, path: Path, state: dict[str, Any]) -> None:
        old, new = Recipe(**state["recipe"]), self.recipe
        for name in ("batch", "length", "lr", "warm", "cooling", "average", "seed"):
            if getattr(old, name) != getattr(new, name):
                raise ValueError(
                    f"{path} was trained with {name} {getattr(old, name)}, not {getattr(new, name)}: "
                    "choose another folder, or the same recipe"
                )
        if any(old.rate(s) != new.rate(s) for s in (state["step"] - 1,)):
            raise ValueError(f"{path} has begun to cool for {old.steps} steps: resume it with {old.steps} steps")

    def _forget_log(self) -> None:
        """Drop what was logged after the checkpoint: it is done again."""
        path = self.folder / "log.jsonl" if self.folder is not None else None
        if path is not None and path.exists():
            lines = path.read_text(encoding="utf-8").splitlines()
            kept = [line for line in lines if json.loads(line)["step"] <= self.step]
            path.write_text("".join(line + "\n" for line in kept), encoding="utf-8")

    def _log(self, report: Report) -> None:
        if self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True)
            with (self.folder / "log.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(report)) + "\n")


class swapped:  # noqa: N801 - reads as a verb in a with statement
    """Other weights in a network for the duration of a ``with`` block."""

    def __init__(self, network: Network, weights: dict[str, Tensor]) -> None:
        self._network, self._weights = network, weights

    def __enter__(self) -> None:
        self._kept = {name: p.detach().clone() for name, p in self._network.named_parameters()}
        self._network.load_state_dict(self._weights)

    def __exit__(self, *_: object) -> None:
        self._network.load_state_dict(self._kept)


def loss_of(network: Network, batch: Batch) -> Tensor:
    """Weighted nats a grid step: all streams together, per step that has anything to learn."""
    told = (batch.tokens, batch.features, batch.conditions, batch.position, batch.fixed, batch.reads)
    device = network.tokens.device
    with torch.autocast(device.type, torch.bfloat16):
        logits = network(*(torch.from_numpy(array).to(device) for array in told))
    target, weight = torch.from_numpy(batch.target).to(device), torch.from_numpy(batch.weight).to(device)
    total = torch.zeros((), device=device)
    for s in range(COUNT):
        mine = logits[..., int(LOGIT_OFFSETS[s]) : int(LOGIT_OFFSETS[s + 1])].float()
        nats = nnf.cross_entropy(mine.flatten(0, 1), target[..., s].flatten(), reduction="none")
        total = total + (nats * weight[..., s].flatten()).sum()
    return total / (weight.sum() / COUNT).clamp(min=1.0)
