"""From checkpoints to the files of weights that nodes use."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from nawgraph.models.render.house import save
from nawgraph.models.render.space import Space
from nawgraph.models.render.vocoder import Magnitudes, quiet_arrays
from nawgraph.training.render.songs import INSTRUMENT_NAMES, STYLE_NAMES


def export_renderer(run: Path, path: Path) -> int:
    """Weights of the renderer from a run's moving average; bytes written."""
    state = torch.load(run / "state.pt", weights_only=True, map_location="cpu")
    tensors = {f"renderer.{k}": v.float().numpy() for k, v in state["average"].items()}
    space = Space.of(dict(np.load(run / "space.npz")))
    facts = {
        "kind": "renderer", "instruments": INSTRUMENT_NAMES, "styles": STYLE_NAMES, "steps": int(state["step"]),
    }  # fmt: skip
    save(path, {**space.arrays(), **tensors}, facts)
    return path.stat().st_size


def export_vocoder(run: Path, space: Path, path: Path) -> int:
    """Weights of the vocoder from its two runs in one folder; bytes written."""
    tensors = Space.of(dict(np.load(space))).arrays()
    steps, widths = {}, {}
    for name in ("tonal", "drums"):
        state = torch.load(run / f"vocoder-{name}.pt", weights_only=True, map_location="cpu")
        widths[name] = int(state["network"]["first.weight"].shape[0])
        network = Magnitudes(name == "drums", widths[name])
        network.load_state_dict(state["network"])
        tensors |= quiet_arrays(network, name)
        steps[name] = int(state["step"])
    save(path, tensors, {"kind": "vocoder", "widths": widths, "steps": steps})
    return path.stat().st_size
