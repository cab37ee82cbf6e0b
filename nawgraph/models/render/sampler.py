"""From noise to latents: Euler steps along the flow, in overlapping windows that agree at every step.

A song of any length is one line of frames. At each step the network looks at windows of 12 s; where two overlap, what
they believe is faded from one into the other before the step is taken (Bar-Tal et al. 2023, "MultiDiffusion"), so there
is no seam to hear. Noise is keyed by seed and frame: the same frame gets the same noise however long the song is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from nawgraph.models.render.conditions import DRUM_WIDTH, TONAL_WIDTH, Notes, slots
from nawgraph.models.render.network import PATCH, Renderer, Scene
from nawgraph.values import STEMS

F32 = npt.NDArray[np.float32]
Steps = Callable[[int, str], Iterator[Any]]

WINDOW, OVERLAP = 512, 96
"""Frames of a window, and of what it shares with the next: both multiples of `PATCH`."""

BLOCK = 1024
"""Frames whose noise is drawn together."""


def noise(seed: int, frames: int, width: int) -> F32:
    """Gaussian noise [frames, width] that depends on seed and frame number alone."""
    blocks = []
    for number in range(-(-frames // BLOCK)):
        rng = np.random.Generator(np.random.Philox(key=[seed & (2**64 - 1), number]))
        blocks.append(rng.standard_normal((BLOCK, width), np.float32))
    return np.concatenate(blocks)[:frames]


def windows(frames: int) -> list[tuple[int, int]]:
    """First frame and length of each window; every length is a multiple of `PATCH`, the last may reach past the end."""
    padded = -(-frames // PATCH) * PATCH
    if padded <= WINDOW:
        return [(0, padded)]
    starts = [*list(range(0, padded - WINDOW, WINDOW - OVERLAP)), padded - WINDOW]
    return [(start, WINDOW) for start in starts]


def fades(spans: Sequence[tuple[int, int]], frames: int) -> list[F32]:
    """Weights of the windows, a frame; they add up to 1 everywhere."""
    made = []
    for index, (_, length) in enumerate(spans):
        ramp = (np.arange(length) + 0.5).astype(np.float32)
        left = np.minimum(ramp / OVERLAP, 1) if index else np.ones(length, np.float32)
        right = np.minimum(ramp[::-1] / OVERLAP, 1) if index < len(spans) - 1 else np.ones(length, np.float32)
        made.append(np.asarray(left * right, np.float32))
    total = np.zeros(max(start + length for start, length in spans), np.float32)
    for (start, length), weight in zip(spans, made, strict=True):
        total[start : start + length] += weight
    return [w / total[start : start + length] for (start, length), w in zip(spans, made, strict=True)]


def scene_of(
    notes: Sequence[Notes], players: Callable[[str], int], begin: int, frames: int, *, style: int, bpm: float,
    known: F32, keep: F32, controls: F32, controlled: F32,
) -> Scene:  # fmt: skip
    """What the network is told of a window: parts, style, tempo, what is known and kept of it, and curves."""
    found = slots(notes, begin, frames)
    tonal = [s for s in found if s.stem != "drums"]
    drums = [s for s in found if s.stem == "drums"]

    def stacked(some: Sequence[Any], width: int) -> tuple[torch.Tensor, torch.Tensor]:
        if not some:
            return torch.zeros(0, frames, width), torch.zeros(0, 3, dtype=torch.long)
        of = [(0, STEMS.index(s.stem), players(s.instrument)) for s in some]
        return torch.from_numpy(np.stack([s.frames for s in some])), torch.tensor(of)

    return Scene(
        *stacked(tonal, TONAL_WIDTH), *stacked(drums, DRUM_WIDTH), style=torch.tensor([style]),
        tempo=torch.tensor([(bpm - 120) / 60]), known=torch.from_numpy(known[None]),
        keep=torch.from_numpy(keep[None]), controls=torch.from_numpy(controls[None]),
        controlled=torch.from_numpy(controlled[None]),
    )  # fmt: skip


def sample(
    network: Renderer, scenes: Iterable[Scene], spans: Sequence[tuple[int, int]], frames: int, seed: int,
    count: int, steps: Steps, bend: Callable[[F32], None] | None = None,
) -> F32:  # fmt: skip
    """Latents [frames, latents].

    Args:
        network: the renderer.
        scenes: one a window, each asked for once.
        spans: the windows.
        frames: how many are wanted.
        seed: of the noise.
        count: Euler steps, 1 to 100.
        steps: iterates over them, showing progress and obeying a cancel.
        bend: brings what the network believes in, [frames, latents], to where it is wanted, in place, at each step, so
            that the network sees it there in the next one.
    """
    total = max(start + length for start, length in spans)
    device = next(network.parameters()).device
    x = torch.from_numpy(noise(seed, total, network.shape.latents)).to(device)
    weights = [torch.from_numpy(w)[:, None].to(device) for w in fades(spans, frames)]
    times = np.linspace(0, 1, count + 1)
    with torch.no_grad():
        heard, rest = [], []
        for scene in scenes:
            there = scene.to(device)
            heard.append(network.hear(there))
            rest.append(there.heard())
        for number in steps(count, "render"):
            now, then = float(times[number]), float(times[number + 1])
            believed = torch.zeros_like(x)
            for (start, length), scene, told, weight in zip(spans, rest, heard, weights, strict=True):
                part = x[start : start + length]
                made = network(part[None], torch.tensor([now], device=device), scene, told)[0]
                believed[start : start + length] += weight * made
            if bend is not None:
                rows = believed[:frames].cpu().numpy()
                bend(rows)
                believed[:frames] = torch.from_numpy(rows).to(device)
            x = believed if then >= 1 else x + (then - now) / (1 - now) * (believed - x)
    return np.asarray(x[:frames].cpu().numpy(), np.float32)
