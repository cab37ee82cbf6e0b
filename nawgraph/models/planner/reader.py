"""The constraint reader without torch: attention to both sides over what is fixed, once before anything is written."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from nawgraph.models.planner.config import FEATURE_OFFSETS, periods
from nawgraph.models.planner.weights import Floats, Packed

Ints = npt.NDArray[np.int32]
_PIECE = 512
_EPSILON = 1e-5


def angles(position: npt.NDArray[Any], pairs: int) -> tuple[Floats, Floats]:
    """Cosines and sines of rotary positions (in sixteenths of a bar), float32 [steps, pairs]."""
    turn = position.astype(np.float64)[:, None] * (2 * math.pi / periods(pairs).astype(np.float64))
    return np.cos(turn).astype(np.float32), np.sin(turn).astype(np.float32)


def read(weights: Packed, features: npt.NDArray[np.int16], fixed: Ints, position: npt.NDArray[Any]) -> Floats:
    """What the reader tells the writer about every step, float32 [steps, width].

    Long songs are read piece by piece with margins as wide as the layers can see, so that memory stays bounded and
    the result is that of reading the whole.

    Args:
        weights: of the planner.
        features: int16 [steps, features].
        fixed: rows of the reader's table [steps, streams].
        position: sixteenths of a bar [steps].
    """
    config = weights.config
    margin = config.reader_layers * config.reader_span
    out = np.empty((len(fixed), config.width), np.float32)
    x = weights.plain("reader_tokens")[fixed].sum(axis=1)
    x += weights.plain("reader_features")[features + FEATURE_OFFSETS[:-1]].sum(axis=1)
    final = weights.plain("reader_out").T
    for begin in range(0, len(fixed), _PIECE):
        a, b = max(0, begin - margin), min(len(fixed), begin + _PIECE + margin)
        piece = _blocks(weights, x[a:b], position[a:b])
        out[begin : begin + _PIECE] = (_normed(piece) @ final)[begin - a : begin - a + _PIECE]
    return out


def _blocks(weights: Packed, x: Floats, position: npt.NDArray[Any]) -> Floats:
    config, x = weights.config, x.copy()
    heads, size = config.reader_heads, config.reader_width // config.reader_heads
    cos, sin = angles(position, size // 2)
    at = np.arange(len(x))
    far = np.abs(at[:, None] - at[None, :]) > config.reader_span
    for i in range(config.reader_layers):
        part = {
            key: weights.plain(f"reader_blocks.{i}.{key}") for key in ("gain_a", "gain_b", "qkv", "out", "up", "down")
        }
        mixed: Any = (_normed(x) * part["gain_a"]) @ part["qkv"].T
        q, k, v = mixed.reshape(len(x), 3, heads, size).transpose(1, 2, 0, 3)
        q, k = _turned(_normed(q), cos, sin), _turned(_normed(k), cos, sin)
        scores = q @ k.transpose(0, 2, 1) / np.float32(math.sqrt(size))
        scores[:, far] = -np.inf
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        scores /= scores.sum(axis=-1, keepdims=True)
        x += (scores @ v).transpose(1, 0, 2).reshape(len(x), -1) @ part["out"].T
        inner: Floats = np.maximum((_normed(x) * part["gain_b"]) @ part["up"].T, 0)
        x += (inner * inner) @ part["down"].T
    return x


def _normed(x: Floats) -> Floats:
    scaled: Floats = x / np.sqrt((x * x).mean(axis=-1, keepdims=True, dtype=np.float32) + np.float32(_EPSILON))
    return scaled


def _turned(x: Floats, cos: Floats, sin: Floats) -> Floats:
    a, b = np.split(x, 2, axis=-1)
    return np.concatenate([a * cos - b * sin, a * sin + b * cos], axis=-1)
