"""Weights drawn by their names: a test makes the same checkpoint as the script that asked the published packages.

So nothing but names, shapes and what the published network made of them lies in the repository.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent / "upstream"


def rng(name: str) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=zlib.crc32(name.encode())))


def weight(name: str, shape: list[int] | tuple[int, ...]) -> np.ndarray:
    """A tensor that would show a layer, an order or a constant that is not the same."""
    draw, last = rng(name), name.rpartition(".")[2]
    if name.endswith("running_var"):
        return draw.uniform(50, 200, shape).astype(np.float32)
    if name.endswith("running_mean"):
        return draw.normal(-20, 5, shape).astype(np.float32)
    if last == "filter":  # a low pass, more or less
        return draw.uniform(0, 2 / shape[-1], shape).astype(np.float32)
    if name == "conv_post.weight_g":  # that what comes out lies within ±1
        return draw.uniform(0.2, 0.4, shape).astype(np.float32)
    if name.startswith("decoder.dac_decoder.") and last == "weight_g":
        return draw.uniform(0.1, 0.4, shape).astype(np.float32)
    if last in ("alpha", "beta"):
        return draw.uniform(0.2, 0.8, shape).astype(np.float32)
    if last in ("weight_g", "original0", "gamma") or (last == "weight" and len(shape) == 1) or ".scale." in name:
        return draw.uniform(0.6, 1.4, shape).astype(np.float32)
    if len(shape) < 2 or ".shift." in name or "bias" in last:
        return draw.normal(0, 0.05, shape).astype(np.float32)
    return (draw.normal(0, 1, shape) / np.prod(shape[1:]) ** 0.5).astype(np.float32)


def weights(shapes: Mapping[str, list[int]]) -> dict[str, np.ndarray]:
    return {name: weight(name, shape) for name, shape in shapes.items()}


def shapes(name: str) -> dict[str, list[int]]:
    """Names and shapes of the floating tensors of a checkpoint that the published package wrote."""
    found: dict[str, dict[str, list[int]]] = json.loads((HERE / "shapes.json").read_text())
    return found[name]


def sound(frames: int, rate: int, channels: int = 1) -> np.ndarray:
    """A chord that decays, and noise, float32 [channels, frames]."""
    t = np.arange(frames) / rate
    tones = sum(np.sin(2 * np.pi * f * t) for f in (220, 277.2, 329.6, 1000)) * np.exp(-2 * (t % 1)) / 6
    return (tones + rng("noise").normal(0, 0.05, (channels, frames))).astype(np.float32)
