"""A planner so small that a test can make one: random weights, or weights trained for a few seconds."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from nawgraph.models.planner.config import Config
from nawgraph.models.planner.house import Planner
from nawgraph.models.planner.weights import packed, quantised, save, shapes
from nawgraph.music.styles import STYLES

SHAPE = Config(
    width=32, layers=2, heads=2, hidden=48, window=64, reader_width=16, reader_layers=2, reader_heads=2,
    reader_hidden=16, reader_span=24, styles=tuple(STYLES),
)  # fmt: skip


def tensors(config: Config = SHAPE, seed: int = 0, gain: float = 1.0) -> dict[str, np.ndarray]:
    """Random weights: matrices scaled by their width, embeddings of size `gain`."""
    rng = np.random.default_rng(seed)
    found = {}
    for name, shape in shapes(config).items():
        size = gain if len(shape) == 2 and "block" not in name and "out" not in name else shape[-1] ** -0.5
        found[name] = np.ones(shape, np.float32) if len(shape) == 1 else rng.normal(0, size, shape).astype(np.float32)
    return found


def planner(config: Config = SHAPE, *, small: bool = False) -> Planner:
    """A planner that knows nothing."""
    made = tensors(config, gain=0.3)
    return Planner(packed(config, quantised(made) if small else made))


def weights_file(path: Path, config: Config = SHAPE) -> Path:
    """The same in a file."""
    save(path, config, quantised(tensors(config, gain=0.3)))
    return path


def every(bars: int, _label: str) -> range:
    """Steps that nobody watches."""
    return range(bars)
