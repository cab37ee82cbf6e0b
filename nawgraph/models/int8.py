"""Weights rounded to eight bits: a whole number from −127 to 127 each, and a scale a row."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]

SMALLEST = 1024
"""Numbers that a tensor must have for its rounding to be worth its scales."""


def rounded(values: F32) -> tuple[npt.NDArray[np.int8], F32, int]:
    """Weights as int8 of the same shape, float32 scales, and the axis whose entries they belong to.

    Each entry's largest number becomes 127; of all axes it is the one that loses least.
    """
    found = []
    for axis in range(values.ndim):
        others = tuple(i for i in range(values.ndim) if i != axis)
        scale = np.maximum(np.abs(values).max(axis=others, keepdims=True), 1e-12) / 127
        whole = np.round(values / scale)
        found.append((float(np.square(whole * scale - values).sum()), axis, whole.astype(np.int8), scale))
    _, axis, whole, scale = min(found, key=lambda f: f[:2])
    return whole, np.asarray(scale.reshape(-1), np.float32), axis


def widened(values: F32) -> F32:
    """Weights as they are after rounding; small tensors stay as they are."""
    if values.ndim < 2 or values.size < SMALLEST:
        return values
    whole, scale, axis = rounded(values)
    return np.asarray(whole * scale.reshape([-1 if i == axis else 1 for i in range(values.ndim)]), np.float32)


def round_weights(model: Any) -> None:
    """Round the weights of every PyTorch network that a model has, in place: what INT8 files of it would do."""
    import torch

    networks = [part for part in vars(model).values() if isinstance(part, torch.nn.Module)]
    with torch.no_grad():
        for network in networks:
            for weights in network.parameters():
                weights.copy_(torch.from_numpy(widened(weights.detach().cpu().numpy())))
