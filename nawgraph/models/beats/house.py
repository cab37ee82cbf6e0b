"""The house beat tracker's network as nodes see it: a song in, probabilities of beats and first beats out.

It is nawgraph's own, learned from its composer's songs, and needs no PyTorch.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nawgraph.models import own_weights
from nawgraph.models.beats.hearing import FRAME_RATE, heard, levels
from nawgraph.models.beats.network import Shape, probabilities
from nawgraph.models.loaders import loader
from nawgraph.values import ModelRef

F32 = npt.NDArray[np.float32]

HOUSE = "house"
WEIGHTS = Path(__file__).parents[1] / "weights" / "beats.safetensors"
REVISION = "1"
"""Of the weights that come with nawgraph; raised with them, and with it the version of the nodes that use them."""


class HouseBeats:
    """Hears beats. Any number of threads may use one."""

    frame_rate = FRAME_RATE

    def __init__(self, tensors: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
        self.shape = Shape(**facts["shape"])
        wanted = self.shape.tensors()
        self.tensors = {name: np.asarray(tensors[name], np.float32) for name in wanted}
        for name, shape in wanted.items():
            if self.tensors[name].shape != shape:
                raise ValueError(f"{name} has the shape {self.tensors[name].shape}, {shape} is needed")

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""
        return sum(t.nbytes for t in self.tensors.values())

    def to(self, device: str) -> None:
        """The network is small and stays where it is."""

    def probabilities(self, samples: F32, rate: int) -> F32:
        """How likely each frame is a beat and a bar's first beat, float32 [2, frames], `frame_rate` frames a second.

        Args:
            samples: [channels, frames], finite.
            rate: Hz.

        Raises:
            ValueError: NaN in it.
        """
        return probabilities(self.tensors, self.shape, heard(levels(samples, rate)))


def save(path: Path, tensors: Mapping[str, Any], facts: Mapping[str, Any]) -> int:
    """Write weights in fp16, whole or not at all; bytes of the file."""
    arrays = {name: np.ascontiguousarray(tensor, np.float16) for name, tensor in tensors.items()}
    return own_weights.write(path, arrays, {"beats": json.dumps({"kind": "beats", "licence": "MIT", **facts})})


def read(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Tensors and facts of a file of weights. Raises LookupError, ValueError, as `own_weights.read` does."""
    return own_weights.read(path, "beats", called="beat tracker", torch=False)


def path_of(ref: ModelRef) -> Path:
    """The file of a reference: the house's own, or the path that it names."""
    return WEIGHTS if ref.name == HOUSE else Path(ref.name)


def _size(ref: ModelRef) -> int:
    path = path_of(ref)
    return 2 * path.stat().st_size if path.is_file() else 0


@loader("beats", estimate=_size)
def load_beats(ref: ModelRef) -> HouseBeats:
    """The house beat tracker, or one that `nawgraph train beats` made. Raises LookupError, ValueError."""
    path = path_of(ref)
    tensors, facts = read(path)
    return own_weights.made(path, lambda: HouseBeats(tensors, facts))
