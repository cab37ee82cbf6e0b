"""From a checkpoint of training to weights."""

from __future__ import annotations

from pathlib import Path

from nawgraph.models.beats.house import save


def export(folder: Path, path: Path) -> int:
    """Write the averaged weights of a run; bytes of the file.

    Raises:
        ValueError: there is no checkpoint.
    """
    import torch

    source = folder / "state.pt"
    if not source.exists():
        raise ValueError(f"{folder} holds no checkpoint: train first, or name the folder of a run")
    state = torch.load(source, weights_only=True, map_location="cpu")
    tensors = {name: tensor.float().numpy() for name, tensor in state["average"].items()}
    return save(path, tensors, {"shape": state["shape"], "step": state["step"], "plan": state["plan"]})
