"""Painting parts of a song anew, with the shipped renderer and vocoder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from nawgraph.context import Context
from nawgraph.models import loaders
from nawgraph.nodes.mask import band, brush
from nawgraph.nodes.plan import compose
from nawgraph.nodes.render import decode, flow, inpaint
from nawgraph.values import STEMS, Audio, Mask, ModelRef, Prompt, Score, Stems

pytest.importorskip("torch")
RATE = 44_100
BEGIN, END = round(2.125 * RATE), round(4.875 * RATE)
FADE = round(0.15 * RATE)
SEAMS = (slice(BEGIN // 256 - 6, (BEGIN + FADE) // 256 + 4), slice((END - FADE) // 256 - 6, END // 256 + 4))


@contextmanager
def lend(ref: ModelRef) -> Iterator[Any]:
    if ref.kind not in MODELS:
        MODELS[ref.kind] = loaders.load(ref)
    yield MODELS[ref.kind]


MODELS: dict[str, Any] = {}


def ctx() -> Context:
    return Context(lend=lend)


@pytest.fixture(scope="module")
def song() -> tuple[Score, Stems]:
    score = compose(Prompt.of("house, 120 bpm, A minor, female vocals"), bars=4, seed=2)
    return score, decode(flow(score, seed=1, ctx=ctx()), score, ctx=ctx())


def flux(samples: np.ndarray) -> np.ndarray:
    """How much the spectrum changes from frame to frame: mean over the bins in dB, [frames − 1]."""
    mono = samples.mean(axis=0)
    blocks = np.lib.stride_tricks.sliding_window_view(mono, 1024)[::256] * np.hanning(1024)
    logs = 20 * np.log10(np.abs(np.fft.rfft(blocks, axis=1)) + 1e-3)
    return np.abs(np.diff(logs, axis=0)).mean(axis=1)


def test_outside_nothing_changes_and_no_seam_is_heard(song: tuple[Score, Stems]) -> None:
    score, old = song
    mask = brush(score, strokes=["bass,drums 1.0625 2.4375"])
    made = inpaint(score, old, mask, seed=9, ctx=ctx())
    begin, end = BEGIN, END
    for name in ("vocals", "other"):
        assert np.array_equal(made[name].samples, old[name].samples)
    for name in ("bass", "drums"):
        a, b = old[name].samples, made[name].samples
        assert np.array_equal(a[:, :begin], b[:, :begin]) and np.array_equal(a[:, end:], b[:, end:])
        inside = slice(begin + RATE // 10, end - RATE // 10)
        assert np.sqrt(np.mean((a - b)[:, inside] ** 2)) > 0.1 * np.sqrt(np.mean(a[:, inside] ** 2))
        own, now = flux(a[:, : 8 * RATE]), flux(b[:, : 8 * RATE])
        assert max(now[seam].max() for seam in SEAMS) <= own.max()
    cut = flux(inpaint(score, old, mask, fade=0.0, seed=9, ctx=ctx())["bass"].samples)
    assert max(cut[seam].max() for seam in SEAMS) > 1.5 * flux(old["bass"].samples[:, : 8 * RATE]).max()
    again = inpaint(score, old, mask, seed=9, ctx=ctx())
    assert again.digest() == made.digest()
    assert inpaint(score, old, mask, seed=10, ctx=ctx()).digest() != made.digest()


def test_outside_the_band_little_changes(song: tuple[Score, Stems]) -> None:
    score, old = song
    low, high = 300.0, 3000.0
    mask = band(brush(score, strokes=["other 1 3"]), low=low, high=high)
    made = inpaint(score, old, mask, seed=9, ctx=ctx())
    assert all(np.array_equal(made[n].samples, old[n].samples) for n in ("drums", "bass", "vocals"))
    part = slice(2 * RATE, 6 * RATE)
    a, change = old["other"].samples[:, part], (made["other"].samples - old["other"].samples)[:, part]
    hertz = np.fft.rfftfreq(4 * RATE, 1 / RATE)
    outside = (hertz < low) | (hertz > high)
    power, moved = (np.abs(np.fft.rfft(x)) ** 2 for x in (a, change))
    assert 10 * np.log10(moved[:, outside].sum() / power[:, outside].sum()) <= -40
    assert moved[:, ~outside].sum() > 0.01 * power[:, ~outside].sum()


def test_what_is_no_business_of_the_renderer(song: tuple[Score, Stems]) -> None:
    score, old = song
    none = Mask(STEMS, np.zeros((4, 1, 10), np.float32), 10.0)
    assert inpaint(score, old, none, ctx=Context()) is old
    mask = brush(score, strokes=["bass 0 1"])
    with pytest.raises(ValueError, match="44,100 Hz"):
        inpaint(score, Stems.of({n: Audio(a.samples, 48_000) for n, a in old}), mask, ctx=Context())
    with pytest.raises(ValueError, match="not finite"):
        broken = {n: Audio(np.full_like(a.samples, np.nan), a.rate) for n, a in old}
        inpaint(score, Stems.of(broken), mask, ctx=Context())
    with pytest.raises(ValueError, match="the mask is on for bass; the stems are drums"):
        inpaint(score, Stems.of({"drums": old["drums"]}), mask, ctx=Context())
    with pytest.raises(ValueError, match="the mask is on for piano"):
        inpaint(score, old, Mask(("piano",), np.ones((1, 1, 10), np.float32), 10.0), ctx=Context())


def test_recorded_stems_of_another_length_in_mono(song: tuple[Score, Stems]) -> None:
    score, old = song
    longer = Stems.of({n: Audio(np.resize(a.samples.mean(axis=0), (1, 12 * RATE)), RATE) for n, a in old})
    made = inpaint(score, longer, brush(score, strokes=["bass 2 3"]), steps=1, ctx=ctx())
    assert made.frames == 12 * RATE and made["bass"].channels == 1
    changed = np.flatnonzero((made["bass"].samples != longer["bass"].samples).any(axis=0))
    assert changed.min() >= 4 * RATE and changed.max() < 6 * RATE
