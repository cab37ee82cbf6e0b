"""Training of the house codec: principal components and codebooks in closed form and by k-means, then the decoder."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from nawgraph.models.codec import books as rvq
from nawgraph.models.codec.network import Decoder
from nawgraph.models.codec.spectra import HOP, LATENTS, SIZE, STACK, STEP, features, principal
from nawgraph.models.render.space import spectrum
from nawgraph.training.codec.sounds import I16, piece
from nawgraph.training.feeding import feed
from nawgraph.training.render.vocoder import loss_of

F32 = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Plan:
    """How a codec is trained.

    Attributes:
        steps: of the decoder.
        batch, frames: clips a step, frames of codes each.
        rate: highest learning rate.
        rows: frames that the codebooks learn from.
        rounds: of k-means, a codebook.
        books, codes: how many codebooks, how many codes in each.
        width: of the decoder.
        seed: of everything.
    """

    steps: int = 3000
    batch: int = 8
    frames: int = 32
    rate: float = 1.5e-3
    rows: int = 60_000
    rounds: int = 8
    books: int = rvq.BOOKS
    codes: int = rvq.CODES
    width: int = 160
    seed: int = 0


TINY = Plan(steps=60, batch=2, frames=16, rows=3000, rounds=3, books=4, codes=64, width=32)
"""A codec to try the command out with, and for tests."""


def learnt(sounds: Sequence[I16], plan: Plan, say: Callable[[str], None] = print) -> dict[str, F32]:
    """Mean, components and codebooks: `mean` [192], `matrix` [192, 80], `books` [books, codes, 80].

    Codebooks are learnt one after the other by k-means on what is left over; codes that nothing is near to begin again
    at the rows that fit worst (Dhariwal et al. 2020).
    """
    rng = np.random.Generator(np.random.Philox(key=[plan.seed, 1]))
    size = 200
    parts = [features(piece(sounds, rng, size * STEP))[1:-1] for _ in range(-(-plan.rows // (size - 2)) + 1)]
    rows = np.concatenate(parts)[: plan.rows]
    mean, matrix = principal(rows)
    rest = np.asarray((rows - mean) @ matrix, np.float32)
    lost = float(np.mean((rows - mean - rest @ matrix.T) ** 2))
    say(f"{LATENTS} components lose {10 * lost**0.5:.2f} dB")
    found = []
    for number in range(plan.books):
        book, rest, use = _book(rest, plan.codes, plan.rounds, rng)
        found.append(book)
        error = 10 * (lost + float(np.mean(rest**2)) * LATENTS / rows.shape[1]) ** 0.5
        say(f"codebook {number + 1} of {plan.books}: perplexity {use:.0f} of {plan.codes}, error {error:.2f} dB")
    return {"mean": mean, "matrix": matrix, "books": np.stack(found)}


def _book(rest: F32, codes: int, rounds: int, rng: np.random.Generator) -> tuple[F32, F32, float]:
    """A codebook, what it leaves over, and its perplexity."""
    book = rest[rng.choice(len(rest), codes, replace=len(rest) < codes)].copy()
    for _ in range(rounds):
        which, gain = _assigned(rest, book)
        count = np.bincount(which, minlength=codes)
        sums = np.zeros_like(book)
        np.add.at(sums, which, rest)
        book = np.where(count[:, None] > 0, sums / np.maximum(count, 1)[:, None], book).astype(np.float32)
        idle = np.flatnonzero(count < 2)
        worst = np.argsort((rest**2).sum(axis=1) + gain)[::-1]
        book[idle] = rest[worst[: len(idle)]]
    which, _ = _assigned(rest, book)
    share = np.bincount(which, minlength=codes) / len(which)
    perplexity = float(np.exp(-(share[share > 0] * np.log(share[share > 0])).sum()))
    return book, rest - book[which], perplexity


def _assigned(rest: F32, book: F32) -> tuple[Any, F32]:
    pairs = [rvq.nearest(rest[i : i + 8192], book) for i in range(0, len(rest), 8192)]
    return np.concatenate([p[0][:, 0] for p in pairs]), np.concatenate([p[1][:, 0] for p in pairs])


class Run:
    """A training that goes on from its last checkpoint along the same curve."""

    def __init__(
        self, sounds: Sequence[I16], out: Path, plan: Plan, *, say: Callable[[str], None] = print, device: str = "cpu"
    ) -> None:
        self.sounds, self.out, self.plan, self.say = sounds, out, plan, say
        self.device = torch.device(device)
        out.mkdir(parents=True, exist_ok=True)
        base = out / "books.npz"
        if not base.exists():
            unfinished = out / "unfinished.npz"
            np.savez(unfinished, **learnt(sounds, plan, say))  # type: ignore[arg-type]
            unfinished.replace(base)
        with np.load(base) as data:
            self.base: dict[str, F32] = {name: data[name] for name in ("mean", "matrix", "books")}
        torch.manual_seed(plan.seed)
        self.network = Decoder(plan.width).to(self.device)
        self.average = {k: v.clone() for k, v in self.network.state_dict().items()}
        self.optimiser = torch.optim.AdamW(self.network.parameters(), plan.rate, betas=(0.9, 0.98), weight_decay=0.01)
        self.step = 0
        if (out / "state.pt").exists():
            state = torch.load(out / "state.pt", weights_only=True, map_location=self.device)
            self.network.load_state_dict(state["network"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.average, self.step = state["average"], int(state["step"])

    def save(self) -> None:
        """Write a checkpoint, whole or not at all."""
        unfinished = self.out / "state.unfinished"
        state = {
            "network": self.network.state_dict(), "optimiser": self.optimiser.state_dict(), "average": self.average,
            "step": self.step,
        }  # fmt: skip
        torch.save(state, unfinished)
        unfinished.replace(self.out / "state.pt")

    def go(self, until: float = math.inf) -> None:
        """Train to the last step, or until `time.monotonic()` reaches `until`."""
        recent: list[float] = []
        began = time.process_time()
        for rows, truth in feed(self.batch, self.step, self.plan.steps, self.device):
            if time.monotonic() >= until:
                break
            recent.append(self.once(rows, truth))
            if self.step % 50 == 0:
                line = {"step": self.step, "loss": round(float(np.mean(recent)), 4)}
                recent.clear()
                line["cpu"] = round(time.process_time() - began)
                with (self.out / "log.jsonl").open("a") as log:
                    log.write(json.dumps(line) + "\n")
                self.say(json.dumps(line))
            if self.step % 250 == 0:
                self.save()
        self.save()

    def batch(self, step: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Rounded rows [B, frames, 192] and true magnitudes [B, 2 frames, bins]; depends on seed and step alone."""
        rng = np.random.Generator(np.random.Philox(key=[self.plan.seed + 11, step]))
        made, truths, total = [], [], len(self.base["books"])
        for _ in range(self.plan.batch):
            sound = piece(self.sounds, rng, (self.plan.frames + 4) * STEP + SIZE)
            rows = features(sound, self.plan.frames + 4)[2:-2]
            power = spectrum(sound, SIZE, HOP, (self.plan.frames + 4) * STACK)[2 * STACK : -2 * STACK]
            latents = np.asarray((rows - self.base["mean"]) @ self.base["matrix"], np.float32)
            kind = rng.random()
            used = total if kind < 0.6 else int(rng.integers(1, total + 1))
            if kind < 0.9:
                books = self.base["books"][:used]
                latents = rvq.decode(rvq.encode(latents, books, beam=1), books)
            made.append(latents @ self.base["matrix"].T + self.base["mean"])
            truths.append(np.abs(power))
        return torch.from_numpy(np.stack(made)), torch.from_numpy(np.stack(truths).astype(np.float32))

    def once(self, rows: torch.Tensor, truth: torch.Tensor) -> float:
        """One step; its loss."""
        plan = self.plan
        up, down = min(1.0, (self.step + 1) / 100), max(0.0, (self.step / plan.steps - 0.4) / 0.6)
        for group in self.optimiser.param_groups:
            group["lr"] = plan.rate * up * (0.51 + 0.49 * math.cos(math.pi * min(down, 1.0)))
        with torch.autocast(self.device.type, torch.bfloat16):
            logs, noise = self.network(rows.to(self.device))
        loss = loss_of(logs.float(), noise.float(), truth.to(self.device))
        self.optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        self.step += 1
        decay = min(0.995, (self.step + 1) / (self.step + 20))
        with torch.no_grad():
            for name, value in self.network.state_dict().items():
                self.average[name].lerp_(value, 1 - decay)
        return float(loss.detach())
