"""Checkpoints as networks of nawgraph take them: names made one, weight norm folded, shapes checked."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import torch
from torch import Tensor

Shapes = dict[str, tuple[int, ...]]

_NORMED = re.compile(r"(.*)\.(weight_v|parametrizations\.weight\.original1)$")


def folded(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights in float32 without weight norm: direction times length (Salimans & Kingma 2016)."""
    made = {}
    for name, value in tensors.items():
        found = _NORMED.match(name)
        if found:
            plain = found[2] == "weight_v"
            length = tensors.get(f"{found[1]}.weight_g" if plain else f"{found[1]}.parametrizations.weight.original0")
            if length is None:
                raise ValueError(f"the length that belongs to {name} is missing")
            wide = value.float()
            size = torch.linalg.vector_norm(wide, dim=tuple(range(1, wide.ndim)), keepdim=True)
            made[f"{found[1]}.weight"] = wide * (length.float() / size)
        elif not name.endswith((".weight_g", ".parametrizations.weight.original0")):
            made[name] = value.float() if value.is_floating_point() else value
    return made


class Taker:
    """Hands out tensors by name and checks their shapes; without tensors, it only notes what is asked for.

    Args:
        tensors: folded weights, or None for a network on the meta device.

    Attributes:
        shapes: name → shape of all that was asked for.
    """

    def __init__(self, tensors: Mapping[str, Tensor] | None = None) -> None:
        self.tensors = tensors
        self.shapes: Shapes = {}

    def __call__(self, name: str, *shape: int) -> Tensor:
        """The tensor of this name.

        Raises:
            ValueError: it is missing, or has another shape.
        """
        self.shapes[name] = shape
        if self.tensors is None:
            return torch.empty(shape, device="meta")
        found = self.tensors.get(name)
        if found is None:
            raise ValueError(f"{name} is missing")
        if tuple(found.shape) != shape:
            raise ValueError(f"{name} has the shape {list(found.shape)} where {list(shape)} is expected")
        if not bool(torch.isfinite(found).all()):
            raise ValueError(f"{name} holds numbers that are not finite")
        return found.contiguous()


def nothing_left(take: Taker, ignored: Callable[[str], bool] = lambda name: False) -> None:
    """Refuse weights that no layer asked for.

    Raises:
        ValueError: there are some; the first is named.
    """
    for name in take.tensors or ():
        if name not in take.shapes and not ignored(name):
            raise ValueError(f"{name} belongs to no layer of this network")
