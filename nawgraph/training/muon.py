"""Muon (Jordan et al., 2024): momentum whose matrices are made orthogonal, scaled to the step size of AdamW."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

_QUINTIC = (3.4445, -4.775, 2.0315)


def orthogonal(matrix: Tensor, rounds: int = 5) -> Tensor:
    """The nearest matrix with orthogonal rows or columns, about: Newton–Schulz in bfloat16."""
    a, b, c = _QUINTIC
    x = matrix.bfloat16()
    tall = x.shape[0] > x.shape[1]
    x = x.T if tall else x
    x = x / (x.norm() + 1e-7)
    for _ in range(rounds):
        gram = x @ x.T
        x = a * x + (b * gram + c * (gram @ gram)) @ x
    found: Tensor = (x.T if tall else x).to(matrix.dtype)
    return found


class Muon(torch.optim.Optimizer):
    """For the matrices of hidden layers; everything else is for AdamW.

    Args:
        matrices: parameters of two axes.
        lr: as AdamW's would be.
        momentum: Nesterov's.
        decay: of the weights, decoupled.
    """

    def __init__(self, matrices: Iterable[Tensor], lr: float, momentum: float = 0.95, decay: float = 0.05) -> None:
        super().__init__(matrices, {"lr": lr, "momentum": momentum, "decay": decay})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """One step along the gradients."""
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state["momentum"] = torch.zeros_like(p)
                kept: Tensor = state["momentum"]
                kept.lerp_(p.grad, 1 - group["momentum"])
                update = orthogonal(p.grad.lerp(kept, group["momentum"]))
                p.mul_(1 - group["lr"] * group["decay"])
                p.add_(update, alpha=-group["lr"] * 0.2 * max(p.shape) ** 0.5)
