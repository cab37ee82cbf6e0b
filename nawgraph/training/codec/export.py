"""From a run of the codec to the file of weights that nodes use."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from nawgraph.models.codec.house import save


def export(run: Path, path: Path) -> int:
    """Weights of the codec from a run's codebooks and moving average; bytes written."""
    state = torch.load(run / "state.pt", weights_only=True, map_location="cpu")
    with np.load(run / "books.npz") as data:
        tensors = {name: data[name] for name in ("mean", "matrix", "books")}
    tensors |= {f"decoder.{k}": v.float().numpy() for k, v in state["average"].items()}
    width = int(state["average"]["first.weight"].shape[0])
    return save(path, tensors, {"width": width, "steps": int(state["step"])})
