"""The beat network: a stack of dilated convolutions, in numpy alone.

A temporal convolutional network after Davies and Böck (2019): each block looks twice as far as the one below, so that
few weights see whole bars. The same arrays are trained in `nawgraph.training.beats`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from nawgraph.models.beats.hearing import BANDS

F32 = npt.NDArray[np.float32]

OUTPUTS = 2
"""Beat, and first beat of a bar."""


@dataclass(frozen=True)
class Shape:
    """Sizes of the network.

    Attributes:
        width: channels.
        kernel: frames that a convolution sees, odd.
        blocks: how many; block n is dilated by 2ⁿ.
    """

    width: int = 24
    kernel: int = 5
    blocks: int = 9

    def as_dict(self) -> dict[str, int]:
        """For a file of weights."""
        return asdict(self)

    def tensors(self) -> dict[str, tuple[int, ...]]:
        """The shape of every tensor by name."""
        w, k = self.width, self.kernel
        found: dict[str, tuple[int, ...]] = {"first.weight": (w, 2 * BANDS, k), "first.bias": (w,)}
        for n in range(self.blocks):
            found |= {f"blocks.{n}.wide.weight": (w, w, k), f"blocks.{n}.wide.bias": (w,)}
            found |= {f"blocks.{n}.mix.weight": (w, w, 1), f"blocks.{n}.mix.bias": (w,)}
        return found | {"last.weight": (OUTPUTS, w, 1), "last.bias": (OUTPUTS,)}


def probabilities(tensors: Mapping[str, F32], shape: Shape, x: F32) -> F32:
    """Probabilities that each frame is a beat and a bar's first beat, float32 [2, frames].

    Args:
        tensors: named and shaped as `Shape.tensors` says.
        shape: of the network.
        x: what is heard, float32 [2 · BANDS, frames].
    """
    h = np.maximum(_convolved(x, tensors["first.weight"], tensors["first.bias"], 1), 0)
    for n in range(shape.blocks):
        wide = _convolved(h, tensors[f"blocks.{n}.wide.weight"], tensors[f"blocks.{n}.wide.bias"], 1 << n)
        np.maximum(wide, 0, out=wide)
        h += tensors[f"blocks.{n}.mix.weight"][:, :, 0] @ wide + tensors[f"blocks.{n}.mix.bias"][:, None]
    logits = tensors["last.weight"][:, :, 0] @ np.maximum(h, 0) + tensors["last.bias"][:, None]
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -30, 30))), np.float32)


def _convolved(x: F32, weight: F32, bias: F32, dilation: int) -> F32:
    """A convolution over time, silence around: [inputs, frames] → [outputs, frames]."""
    frames, half = x.shape[1], weight.shape[2] // 2
    out = np.repeat(bias[:, None], frames, axis=1).astype(np.float32)
    for tap in range(weight.shape[2]):
        shift = (tap - half) * dilation
        if abs(shift) >= frames:
            continue
        part = weight[:, :, tap] @ x[:, max(shift, 0) : frames + min(shift, 0)]
        out[:, max(-shift, 0) : frames - max(shift, 0)] += part
    return out
