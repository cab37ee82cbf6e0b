"""Training of the vocoder's networks on recordings of single stems."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from nawgraph.models.render.space import HOP, SIDES, Space, spectrum
from nawgraph.models.render.vocoder import QUIET, Magnitudes
from nawgraph.training.feeding import feed
from nawgraph.training.render.songs import Example, read
from nawgraph.values import STEMS


class VocoderRun:
    """A training of the tonal or the drum network; goes on from its last checkpoint along the same curve."""

    def __init__(
        self, data: Path, out: Path, drums: bool, *, steps: int, space: Space | None = None, batch: int = 8,
        frames: int = 48, rate: float = 1.5e-3, seed: int = 0, say: Callable[[str], None] = print,
        device: str = "cpu",
    ) -> None:  # fmt: skip
        self.examples = [e for e in read(data, "train") if (e.path / "audio.drums.npy").exists()]
        self.out, self.steps, self.batch, self.frames, self.rate, self.seed = out, steps, batch, frames, rate, seed
        self.say, self.space, self.drums = say, space, drums
        out.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(seed)
        self.device = torch.device(device)
        self.network = Magnitudes(drums, 160 if drums else 256).to(self.device)
        self.optimiser = torch.optim.AdamW(self.network.parameters(), rate, betas=(0.9, 0.98), weight_decay=0.01)
        self.step = 0
        if self._file.exists():
            state = torch.load(self._file, weights_only=True, map_location=self.device)
            self.network.load_state_dict(state["network"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.step = int(state["step"])

    @property
    def _file(self) -> Path:
        return self.out / f"vocoder-{'drums' if self.drums else 'tonal'}.pt"

    def save(self) -> None:
        unfinished = self._file.with_suffix(".unfinished")
        torch.save(
            {"network": self.network.state_dict(), "optimiser": self.optimiser.state_dict(), "step": self.step},
            unfinished,
        )
        unfinished.replace(self._file)

    def go(self, until: float = math.inf) -> None:
        """Train to the last step, or until `time.monotonic()` reaches `until`."""
        recent: list[float] = []
        began = time.process_time()
        for bands, truth in feed(self._batch, self.step, self.steps, self.device):
            if time.monotonic() >= until:
                break
            recent.append(self._once(bands.to(self.device), truth.to(self.device)))
            if self.step % 100 == 0:
                line = {
                    "step": self.step,
                    "loss": round(float(np.mean(recent)), 4),
                    "cpu": round(time.process_time() - began),
                }
                self.say(json.dumps(line))
                recent.clear()
            if self.step % 500 == 0:
                self.save()
        self.save()

    def _batch(self, step: int) -> tuple[torch.Tensor, torch.Tensor]:
        rng = np.random.Generator(np.random.Philox(key=[self.seed + 11, step]))
        return pairs(self.examples, self.network, rng, self.batch, self.frames, self.space)

    def _once(self, bands: torch.Tensor, truth: torch.Tensor) -> float:
        up, down = min(1.0, (self.step + 1) / 100), max(0.0, (self.step / self.steps - 0.5) / 0.5)
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate * up * (0.51 + 0.49 * math.cos(math.pi * min(down, 1.0)))
        with torch.autocast(self.device.type, torch.bfloat16):
            logs, noise = self.network(bands)
        loss = loss_of(logs.float(), None if noise is None else noise.float(), truth)
        self.optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        self.step += 1
        return float(loss.detach())


def loss_of(logs: torch.Tensor, noise: torch.Tensor | None, truth: torch.Tensor) -> torch.Tensor:
    """Error of the log-magnitudes, in nepers: of all bins, of the strong ones, and how well the noise is foretold."""
    error = (torch.log(10**logs + QUIET) - torch.log(truth + QUIET)).abs()
    weight = truth.sqrt()
    weight = weight / weight.mean(dim=(1, 2), keepdim=True).clamp(min=1e-6)
    loss = error.mean() + (weight * error).mean()
    if noise is not None:
        loud = truth > 10 * QUIET
        foretold = (noise - error.detach()).abs()
        loss = loss + 0.3 * (foretold * loud).sum() / loud.sum().clamp(min=1)
    return loss


def pairs(
    examples: Sequence[Example], network: Magnitudes, rng: np.random.Generator, batch: int, frames: int,
    space: Space | None,
) -> tuple[torch.Tensor, torch.Tensor]:  # fmt: skip
    """Bands [B, frames, 128] (through the latents of `space`, as the renderer will give them) and true magnitudes."""
    bands: list[Any] = []
    truths: list[Any] = []
    while len(bands) < batch:
        song = examples[int(rng.integers(len(examples)))]
        stem = "drums" if network.drums else STEMS[int(rng.integers(1, 4))]
        rows = song.features(stem)
        begin = int(rng.integers(8, max(9, song.frames - frames - 8)))
        window = np.asarray(rows[begin : begin + frames], np.float32)
        if len(window) < frames or window[:, :-SIDES].max() < -5:
            continue
        if space is not None and rng.random() < 0.5:
            window = space.decode(stem, space.encode(stem, window))
        first = begin * HOP - network.size // 2
        part = np.zeros(frames * HOP + network.size, np.float32)
        audio = song.audio(stem)
        piece = audio[:, max(first, 0) : first + len(part)].astype(np.float32).mean(axis=0) / 32767
        part[max(-first, 0) : max(-first, 0) + len(piece)] = piece
        count = frames * network.parts
        whole = np.abs(spectrum(np.concatenate([part]), network.size, network.hop, count + network.size // network.hop))
        truths.append(whole[network.size // 2 // network.hop :][:count])
        bands.append(window[:, :-SIDES])
    return torch.from_numpy(np.stack(bands)), torch.from_numpy(np.stack(truths).astype(np.float32))
