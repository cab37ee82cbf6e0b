"""Batches made ahead are those that would have been made in place."""

from __future__ import annotations

import pytest
import torch

from nawgraph.training.feeding import device_of, feed


def squares(number: int) -> torch.Tensor:
    return torch.arange(number) ** 2


def test_processes_make_the_same_batches_in_the_same_order() -> None:
    here = list(feed(squares, 3, 40, torch.device("cpu")))
    ahead = list(feed(squares, 3, 40, torch.device("cuda")))  # the device says only who makes them
    assert len(here) == len(ahead) == 37
    assert all(torch.equal(a, b) for a, b in zip(here, ahead, strict=True))


def test_nothing_is_left_to_make() -> None:
    assert list(feed(squares, 5, 5, torch.device("cuda"))) == []


def test_a_device_that_is_not_there_is_said() -> None:
    assert device_of("cpu") == "cpu"
    if not torch.cuda.is_available():
        assert device_of("auto") == "cpu"
        with pytest.raises(ValueError, match="--device cpu"):
            device_of("cuda")
