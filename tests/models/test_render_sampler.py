"""Windows, noise and the sampler of the renderer, on a tiny network."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nawgraph.models.render.network import CONTROLS, KEPT, PATCH, Renderer, Shape
from nawgraph.models.render.sampler import BLOCK, fades, noise, sample, scene_of, windows

SMALL = Shape(instruments=3, styles=2, width=32, layers=1, heads=2, local=16, slot=8)


def counted(count: int, label: str) -> Iterator[int]:
    return iter(range(count))


@given(st.integers(1, 5000))
def test_windows_cover_every_frame_and_their_weights_add_up_to_one(frames: int) -> None:
    spans = windows(frames)
    total = np.zeros(max(start + length for start, length in spans))
    for (start, length), weight in zip(spans, fades(spans, frames), strict=True):
        assert length % PATCH == 0
        assert (weight >= 0).all()
        total[start : start + length] += weight
    assert len(total) >= frames
    assert total == pytest.approx(np.ones(len(total)), abs=1e-5)


@given(st.integers(0, 2**63 - 1), st.integers(1, 3 * BLOCK), st.integers(1, 3 * BLOCK))
def test_the_noise_of_a_frame_does_not_depend_on_the_length(seed: int, a: int, b: int) -> None:
    common = min(a, b)
    assert np.array_equal(noise(seed, a, 4)[:common], noise(seed, b, 4)[:common])
    assert not np.array_equal(noise(seed, a, 4), noise(seed ^ 1, a, 4))


def rendered(
    network: Renderer, seed: int, frames: int = 600, bend: Callable[[np.ndarray], None] | None = None
) -> np.ndarray:
    spans = windows(frames)
    scenes = [
        scene_of(
            [], lambda name: 0, start, length, style=0, bpm=120.0,
            known=np.zeros((length, SMALL.latents), np.float32), keep=np.zeros((length, 4 * KEPT), np.float32),
            controls=np.zeros((length, 4 * CONTROLS), np.float32), controlled=np.zeros(4 * CONTROLS, np.float32),
        )
        for start, length in spans
    ]  # fmt: skip
    return sample(network, scenes, spans, frames, seed, 3, counted, bend)


def test_one_seed_one_result() -> None:
    torch.manual_seed(0)
    network = Renderer(SMALL).eval()
    first = rendered(network, 7)
    assert first.shape == (600, SMALL.latents)
    assert np.array_equal(first, rendered(network, 7))
    assert not np.array_equal(first, rendered(network, 8))


def test_what_is_bent_at_each_step_is_where_it_was_bent_to_in_the_end() -> None:
    torch.manual_seed(0)
    network = Renderer(SMALL).eval()
    seen: list[np.ndarray] = []

    def bend(latents: np.ndarray) -> None:
        seen.append(latents.copy())
        latents[:, 0] = 2.0

    bent = rendered(network, 7, bend=bend)
    assert len(seen) == 3 and seen[0].shape == bent.shape
    assert np.all(bent[:, 0] == 2.0)
    assert np.array_equal(bent[:, 1:], seen[-1][:, 1:])
    assert not np.array_equal(bent[:, 1:], rendered(network, 7)[:, 1:])  # the network saw it
