"""Masks and splicing: what lies outside a mask is never touched, in time as in frequency."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nawgraph.context import Context
from nawgraph.nodes.mask import band, bars, brush, kept, splice
from nawgraph.nodes.render import encode, flow
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


def test_regions_that_no_band_of_a_mask_touches_are_kept() -> None:
    regions = (0.0, 200.0, 800.0, 3_200.0, 24_000.0)
    mask = band(bars(SCORE, first=2, count=1, drums=False, bass=True, vocals=False, other=False), low=250, high=700)
    keep = kept(mask, 160, 10.0, regions)
    assert keep.shape == (4, 4, 160)
    changed = np.zeros((4, 4, 160))
    changed[1, 1, 40:60] = 1  # bass, 200 to 800 Hz, bar 2 (2 s a bar)
    assert np.array_equal(keep, 1 - changed)
    whole = bars(SCORE, first=2, count=1, drums=False, bass=True, vocals=False, other=False)
    assert np.array_equal(kept(whole, 160, 10.0, regions)[1], np.repeat(keep[1, 1:2], 4, axis=0))


def test_a_splice_has_no_step() -> None:
    flat = [Stems.of({n: Audio(np.full((2, 40_000), level, np.float32), 8_000) for n in STEMS}) for level in (0.0, 1.0)]
    made = splice(flat[0], flat[1], bars(SCORE, first=1, count=1), fade=0.05)["bass"].samples
    assert made.max() == 1
    assert np.abs(np.diff(made)).max() < 1.6 / (0.05 * 8_000)


@given(st.floats(0, 3000), st.floats(60, 6000), st.integers(0, 5))
def test_outside_a_masked_band_the_energy_stays(low: float, width: float, seed: int) -> None:
    """Old and new sound are noise of one loudness: at least 40 dB less than that gets out of the band."""
    rate, frames = 22_050, 22_050 * 3
    mask = band(brush(SCORE, strokes=["bass 0.25 1"]), low=low, high=low + width)
    old, new = stems(seed, frames, rate), stems(seed + 10, frames, rate)
    made = splice(old, new, mask)
    inside = slice(round(0.5 * rate), 2 * rate)
    assert np.array_equal(made["drums"].samples, old["drums"].samples)
    assert np.array_equal(made["bass"].samples[:, : inside.start], old["bass"].samples[:, : inside.start])
    assert np.array_equal(made["bass"].samples[:, inside.stop :], old["bass"].samples[:, inside.stop :])
    hertz, spectra = np.fft.rfftfreq(frames, 1 / rate), {}
    for name, x in (("old", old["bass"].samples), ("change", made["bass"].samples - old["bass"].samples)):
        part = np.zeros_like(x)
        part[:, inside] = x[:, inside]
        spectra[name] = np.abs(np.fft.rfft(part)) ** 2
    outside = (hertz < low) | (hertz > low + width)
    leaked = spectra["change"][:, outside].sum() / spectra["old"][:, outside].sum()
    assert 10 * np.log10(leaked) <= -40
    within = spectra["change"][:, ~outside].sum() / spectra["old"][:, ~outside].sum()
    assert within > 0.2


def test_bands_that_stand_together_are_one() -> None:
    """Two strokes, one above the other, leave no gap between them: together they are the new sound itself."""
    old, new = stems(1, 60_000), stems(2, 60_000)
    both = brush(SCORE, strokes=["bass 0 0.6 0 900", "bass 0 0.6 900 0"])
    assert both.data.shape[1] == 2
    whole = brush(SCORE, strokes=["bass 0 0.6"])
    assert np.array_equal(splice(old, new, both)["bass"].samples, splice(old, new, whole)["bass"].samples)


def test_strokes() -> None:
    mask = brush(SCORE, strokes=["drums,bass 1 3", "erase bass 2 2.5", "other 0 1 200 800", "all 7.5 9"])
    assert mask.edges[1:3] == (200, 800) and mask.names == STEMS
    on = mask.data > 0.5
    assert on[0, :, 2000:6000].all() and not on[0, :, :2000].any() and not on[0, :, 6000:15_000].any()
    assert not on[1, :, 4000:5000].any() and on[1, :, 5000:6000].all()
    assert on[3, 1, :2000].all() and not on[3, [0, 2], :2000].any()
    assert on[:, :, 15_000:].all()
    again = brush(SCORE, mask, strokes=["erase all 0 6"], unit="seconds")
    assert not again.data[:, :, :6000].any() and np.array_equal(again.data[:, :, 6000:], mask.data[:, :, 6000:])
    low = band(mask, high=500)
    assert low.edges[1:4] == (200, 500, 800) and not low.data[:, 2:].any()
    assert np.array_equal(low.data[:, :2, :], np.stack([mask.data[:, 0], mask.data[:, 1]], axis=1))


@pytest.mark.parametrize(
    ("stroke", "sentence"),
    [
        ("", "is no stroke"),
        ("piano 1 2", "is no stroke"),
        ("drums 1", "is no stroke"),
        ("drums one two", "is no stroke"),
        ("drums 1 nan", "is no stroke"),
        ("drums 1 2 300", "is no stroke"),
        ("drums 2 1", "must end after it begins"),
        ("drums -1 1", "must end after it begins"),
        ("drums 1 2 300 310", "at least 60 Hz wide"),
        ("🥁" * 100, "is no stroke"),
    ],
)
def test_strokes_that_cannot_be_understood(stroke: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        brush(SCORE, strokes=[stroke])


def test_too_many_bands_for_a_long_song() -> None:
    with pytest.raises(ValueError, match="paint fewer frequencies"):
        brush(Score(grid=Grid(bars=1000)), strokes=[f"bass 0 1 {100 * i} {100 * i + 100}" for i in range(40)])


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
    with pytest.raises(ValueError, match="at least 60 Hz wide"):
        band(bars(SCORE), low=500, high=520)
    with pytest.raises(ValueError, match=r"one of mask\.bars"):
        brush(SCORE, Mask(("bass",), np.ones((1, 1, 4), np.float32), 100.0))
