"""From a checkpoint of training to the weights that nawgraph samples with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from nawgraph.models.planner.config import Config
from nawgraph.models.planner.weights import quantised, save


def export(folder: Path, path: Path, *, small: bool = True) -> int:
    """Write the averaged weights of a run; bytes of the file.

    Args:
        folder: of the run, with its checkpoint.
        path: of the file.
        small: int8 matrices, else float32.

    Raises:
        ValueError: there is no checkpoint.
    """
    import torch

    source = folder / "checkpoint.pt"
    if not source.exists():
        raise ValueError(f"{folder} holds no checkpoint: train first, or name the folder of a run")
    state = torch.load(source, weights_only=True, map_location="cpu")
    tensors: Mapping[str, Any] = {name: np.asarray(t, np.float32) for name, t in state["average"].items()}
    notes = {"step": str(state["step"]), "recipe": json.dumps(state["recipe"]), "licence": "MIT"}
    save(path, Config.of(state["config"]), quantised(tensors) if small else tensors, notes)
    return path.stat().st_size
