"""Masks of bars and splicing: what lies outside a mask is never touched."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nawgraph.context import Context
from nawgraph.nodes.render import bars, encode, flow, splice
from nawgraph.values import STEMS, Audio, Grid, Mask, Score, Stems

SCORE = Score(grid=Grid(bars=8))


def stems(seed: int, frames: int = 44_100 * 4, rate: int = 44_100) -> Stems:
    rng = np.random.default_rng(seed)
    return Stems.of({n: Audio(rng.standard_normal((2, frames)).astype(np.float32), rate) for n in STEMS})


@given(st.integers(0, 7), st.integers(1, 10), st.floats(0, 0.2))
def test_outside_the_mask_every_sample_is_the_old_one(first: int, count: int, fade: float) -> None:
    mask = bars(SCORE, first=first, count=count, drums=True, bass=False, vocals=True, other=False)
    old, new = stems(1, 50_000, 8_000), stems(2, 50_000, 8_000)
    made = splice(old, new, mask, fade=fade)
    seconds = np.arange(50_000) / 8_000
    begin, end = first * 2.0, min(first + count, 8) * 2.0 if first + count < 8 else 1e9
    for name in STEMS:
        inside = (seconds >= begin) & (seconds < end) if name in ("drums", "vocals") else np.zeros(50_000, bool)
        assert np.array_equal(made[name].samples[:, ~inside], old[name].samples[:, ~inside])
        deep = inside & (seconds > begin + fade + 0.01) & (seconds < end - fade - 0.01)
        assert made[name].samples[:, deep] == pytest.approx(new[name].samples[:, deep], abs=1e-5)


def test_a_splice_has_no_step() -> None:
    flat = [Stems.of({n: Audio(np.full((2, 40_000), level, np.float32), 8_000) for n in STEMS}) for level in (0.0, 1.0)]
    made = splice(flat[0], flat[1], bars(SCORE, first=1, count=1), fade=0.05)["bass"].samples
    assert made.max() == 1
    assert np.abs(np.diff(made)).max() < 1.5 / (0.05 * 8_000)


def test_what_cannot_be_done_is_said() -> None:
    with pytest.raises(ValueError, match="first must be below 8"):
        bars(SCORE, first=8)
    with pytest.raises(ValueError, match="turn on at least one"):
        bars(SCORE, drums=False, bass=False, vocals=False, other=False)
    with pytest.raises(ValueError, match="one rate, length and names"):
        splice(stems(1, 1000), stems(2, 1001), bars(SCORE))
    with pytest.raises(ValueError, match="wire both"):
        flow(SCORE, mask=Mask(STEMS, np.ones((4, 1, 4), np.float32), 100.0), ctx=Context())
    with pytest.raises(ValueError, match="resample them first"):
        encode(stems(1, 1000, 48_000), ctx=Context())
