"""Waveforms and rolls as pixels."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nawgraph.ui.viewers import picture, raster
from nawgraph.values import Audio

RED = (200, 10, 20)


@given(st.integers(2, 60), st.integers(12, 80), st.floats(0, 1))
def test_a_waveform_is_as_tall_as_it_is_loud_and_never_empty(width: int, height: int, level: float) -> None:
    samples = np.full((1, 4410), level, np.float32)
    samples[:, ::2] *= -1
    image = raster.waveform(picture(Audio(samples, 44100), (width, height)), lambda tint: RED)
    assert image.pixels.shape == (height, width, 4) and image.size == (width, height)
    alpha = image.pixels[:, :, 3]
    assert (alpha.max(0) > 0).all()
    assert set(map(tuple, image.pixels[alpha > 0][:, :3].tolist())) == {RED}
