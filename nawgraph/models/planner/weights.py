"""Weights of a planner: in a file (safetensors, int8 or fp16), and laid out for the kernel.

A file's metadata holds the configuration as JSON under ``planner``. Matrices may be int8 with a float32 scale a row
under the same name and ``.scale``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nawgraph.models.planner.config import (
    CONDITION_OFFSETS,
    FEATURE_OFFSETS,
    LOGIT_OFFSETS,
    READER_OFFSETS,
    TOKEN_OFFSETS,
    Config,
)  # fmt: skip

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]
SCALE = ".scale"


def shapes(config: Config) -> dict[str, tuple[int, ...]]:
    """Names and shapes of all tensors of a planner."""
    w, r = config.width, config.reader_width
    found: dict[str, tuple[int, ...]] = {
        "tokens": (int(TOKEN_OFFSETS[-1]), w), "features": (int(FEATURE_OFFSETS[-1]), w),
        "conditions": (int(CONDITION_OFFSETS[-1]), w), "gain": (w,), "heads": (int(LOGIT_OFFSETS[-1]), w),
        "reader_tokens": (int(READER_OFFSETS[-1]), r), "reader_features": (int(FEATURE_OFFSETS[-1]), r),
        "reader_out": (w, r),
    }  # fmt: skip
    for name, count, width, hidden in (
        ("blocks", config.layers, w, config.hidden), ("reader_blocks", config.reader_layers, r, config.reader_hidden),
    ):  # fmt: skip
        for i in range(count):
            block = {"gain_a": (width,), "gain_b": (width,), "qkv": (3 * width, width), "out": (width, width),
                     "up": (hidden, width), "down": (width, hidden)}  # fmt: skip
            found |= {f"{name}.{i}.{key}": shape for key, shape in block.items()}
    return found


@dataclass(frozen=True)
class Packed:
    """A planner's weights in memory.

    Attributes:
        config: its shape.
        tensors: float32, or int8 for the large matrices of the kernel where the file has them so.
        scales: by name, float32 [rows]; ones for matrices that are not int8.
    """

    config: Config
    tensors: Mapping[str, Array]
    scales: Mapping[str, Floats]

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""
        return sum(a.nbytes for a in (*self.tensors.values(), *self.scales.values()))

    def plain(self, name: str) -> Floats:
        """A tensor in float32."""
        tensor: Floats = np.asarray(self.tensors[name], np.float32)
        return tensor * self.scales[name][:, None] if tensor.ndim == 2 else tensor

    def stacked(self, prefix: str, key: str, count: int) -> tuple[Array, Floats]:
        """One matrix of all layers and its scales: [layers, rows, columns], [layers, rows]."""
        names = [f"{prefix}.{i}.{key}" for i in range(count)]
        return np.stack([self.tensors[n] for n in names]), np.stack([self.scales[n] for n in names])

    def layers(self) -> tuple[Array, ...]:
        """The writing transformer as `nawgraph.models.planner.kernel.step` wants it."""
        count = self.config.layers
        gains = [np.stack([self.plain(f"blocks.{i}.{key}") for i in range(count)]) for key in ("gain_a", "gain_b")]
        pairs = [self.stacked("blocks", key, count) for key in ("qkv", "out", "up", "down")]
        return (*gains, *(array for pair in pairs for array in pair))


def packed(config: Config, tensors: Mapping[str, Array]) -> Packed:
    """Weights from arrays of any float type, or int8 with scales.

    Raises:
        ValueError: a tensor is missing, of another shape, or holds a number that is not finite.
    """
    kept: dict[str, Array] = {}
    scales: dict[str, Floats] = {}
    for name, shape in shapes(config).items():
        if name not in tensors:
            raise ValueError(f"the weights lack {name}")
        tensor = tensors[name]
        if tensor.shape != shape:
            raise ValueError(f"{name} has the shape {tensor.shape}, and this planner needs {shape}")
        scale = np.asarray(tensors.get(name + SCALE, np.ones(shape[0])), np.float32)
        if scale.shape != (shape[0],) or not np.isfinite(scale).all():
            raise ValueError(f"the scales of {name} are damaged")
        if tensor.dtype != np.int8:
            tensor = np.ascontiguousarray(tensor, np.float32)
            if not np.isfinite(tensor).all():
                raise ValueError(f"{name} holds numbers that are not finite")
        kept[name], scales[name] = tensor, scale
    return Packed(config, kept, scales)


def quantised(tensors: Mapping[str, Array]) -> dict[str, Array]:
    """Every matrix as int8, each row scaled so that its largest number becomes 127; vectors as float32."""
    found: dict[str, Array] = {}
    for name, tensor in tensors.items():
        array = np.asarray(tensor, np.float32)
        if array.ndim != 2:
            found[name] = array
            continue
        scale = np.maximum(np.abs(array).max(axis=1), 1e-12) / 127
        found[name] = np.round(array / scale[:, None]).astype(np.int8)
        found[name + SCALE] = scale.astype(np.float32)
    return found


def save(path: Path, config: Config, tensors: Mapping[str, Array], notes: Mapping[str, str] | None = None) -> None:
    """Write a file of weights, whole or not at all; `notes` join the metadata."""
    from safetensors.numpy import save as serialised

    metadata = {"planner": json.dumps(config.as_dict()), **(notes or {})}
    data = serialised({name: np.ascontiguousarray(a) for name, a in tensors.items()}, metadata)
    part = path.with_name(f".{path.name}.tmp")
    part.write_bytes(data)
    part.replace(path)


def load(path: Path) -> Packed:
    """Read a file of weights.

    Raises:
        LookupError: there is no such file.
        ValueError: it is damaged, of another version, or no planner.
    """
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise LookupError(f"the planner's weights {path} are missing: install nawgraph again, or choose another file")
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    except (SafetensorError, OSError, ValueError) as error:
        raise ValueError(f"{path} is damaged or no safetensors file ({error}): fetch or train it anew") from None
    if "planner" not in metadata:
        raise ValueError(f"{path} holds no planner: choose weights that 'nawgraph train planner' made")
    try:
        return packed(Config.of(json.loads(metadata["planner"])), tensors)
    except ValueError as error:
        raise ValueError(f"{path} cannot be used, {error}: fetch or train it anew") from None
