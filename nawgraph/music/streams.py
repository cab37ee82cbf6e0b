"""Independent random streams: every decision draws from a stream of its own, named by what it decides.

A change in one part then never reshuffles the others: the drums of a seed stay the same when its melody gets denser.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")


def stream(seed: int, *names: object) -> np.random.Generator:
    """The generator of a decision: same seed and names, same numbers."""
    if seed < 0:
        raise ValueError(f"a seed is 0 or more, got {seed}")
    return np.random.default_rng([seed, zlib.crc32("/".join(map(str, names)).encode())])


def pick(rng: np.random.Generator, items: Sequence[T]) -> T:
    """One of the items, all equally likely."""
    return items[int(rng.random() * len(items))]


def weighted(rng: np.random.Generator, weights: Mapping[T, float]) -> T:
    """One of the keys, as likely as its weight says."""
    left = rng.random() * sum(weights.values())
    for item, weight in weights.items():
        left -= weight
        if left < 0:
            return item
    return next(reversed(list(weights)))


def chance(rng: np.random.Generator, probability: float) -> bool:
    """True as often as asked."""
    return bool(rng.random() < probability)
