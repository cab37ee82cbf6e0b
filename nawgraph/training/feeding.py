"""Batches made ahead of the training step that needs them, and where training runs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import torch
from torch.utils.data import DataLoader, Dataset

T = TypeVar("T")

AHEAD = 4
"""Batches that each process has ready."""


def device_of(name: str) -> str:
    """The device of a name: "auto" is CUDA where torch sees it, else the processor.

    Raises:
        ValueError: CUDA is asked for and there is none.
    """
    there = torch.cuda.is_available()
    if name == "cuda" and not there:
        raise ValueError("--device cuda: torch sees no CUDA device here; use --device cpu")
    return ("cuda" if there else "cpu") if name == "auto" else name


def feed(make: Callable[[int], T], first: int, last: int, device: torch.device) -> Iterable[T]:
    """make(first) … make(last − 1), in order.

    On CUDA other processes make them, since one alone cannot keep up; what is made depends on its number alone, so that
    it is the same either way.
    """
    if device.type == "cpu" or first >= last:
        return _made(make, first, last)
    count = max(1, min(12, (os.cpu_count() or 2) - 1))
    return DataLoader(
        _Numbered(make), batch_size=None, sampler=range(first, last), num_workers=count, prefetch_factor=AHEAD,
        collate_fn=_as_it_is, multiprocessing_context="fork",
    )  # fmt: skip


def _made(make: Callable[[int], T], first: int, last: int) -> Iterator[T]:
    for number in range(first, last):
        yield make(number)


def _as_it_is(made: T) -> T:
    return made


class _Numbered(Dataset[Any]):
    def __init__(self, make: Callable[[int], Any]) -> None:
        self._make = make

    def __getitem__(self, number: int) -> Any:
        return self._make(number)
