"""What painting anew leaves as it was, and whether its edges are heard: `render.inpaint` on songs of the networks."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from nawgraph.context import Context
from nawgraph.nodes.mask import band, brush
from nawgraph.nodes.render import inpaint
from nawgraph.training.whole import RATE, House, Row, Take
from nawgraph.values import ModelRef, Stems

Array = npt.NDArray[np.float64]

_BARS = (2, 4)
"""Bars that are painted anew."""

_BAND = (300.0, 3000.0)
"""Hz, of what is painted anew in one stem."""

_FADE = 0.15
"""Seconds in which the new sound comes and goes."""


def rows(house: House, found: list[Take], say: Callable[[str], None] = print) -> Iterator[Row]:
    """Three rows: what changed outside, what changed beside the band, and what is heard at the edges."""
    say("painting bars anew")
    outside, beside, edges, cuts = [], [], [], []
    for number, take in enumerate(found):
        score, old = take.made
        ctx = Context(lend=_lender(house))
        mask = brush(score, strokes=[f"bass,other {_BARS[0]} {_BARS[1]}"])
        on = np.flatnonzero(mask.data.any(axis=(0, 1)))
        begin, end = (math.ceil(at * RATE / mask.frame_rate) for at in (on[0], on[-1] + 1))
        made = inpaint(score, old, mask, seed=100 + number, fade=_FADE, ctx=ctx)
        cut = inpaint(score, old, mask, seed=100 + number, fade=0.0, ctx=ctx)
        outside.append(_outside(old, made, begin, end))
        for name in ("bass", "other"):
            if _loud(old, name, begin, end):
                own = float(_flux(old[name].samples).max())
                edges.append(_edge(made, name, begin, end) / own)
                cuts.append(_edge(cut, name, begin, end) / own)
        if _loud(old, "other", begin, end):
            narrow = band(brush(score, strokes=[f"other {_BARS[0]} {_BARS[1]}"]), low=_BAND[0], high=_BAND[1])
            beside.append(_beside(old, inpaint(score, old, narrow, seed=100 + number, ctx=ctx), begin, end))
    changed, leak, seam = float(np.max(outside)), float(np.max(beside)), float(np.max(edges))
    yield Row("painted anew: samples changed outside the mask, worst of all", changed, None, None, "0", changed == 0)
    yield Row("painted anew in a band: change beside it, dB, worst", leak, None, None, "≤ -40", leak <= -40)
    name = "painted anew: change of spectrum at the edges over the song's own largest, worst (chance: without fades)"
    yield Row(name, seam, None, float(np.median(cuts)), "≤ 1", seam <= 1)


def _lender(house: House) -> Any:
    models = {"renderer": house.renderer, "vocoder": house.vocoder, "planner": house.planner}

    @contextmanager
    def lend(ref: ModelRef) -> Iterator[Any]:
        yield models[ref.kind]

    return lend


def _outside(old: Stems, made: Stems, begin: int, end: int) -> int:
    """Samples that differ where the mask is off."""
    changed = 0
    for name, audio in old:
        differs = (audio.samples != made[name].samples).any(axis=0)
        if name in ("bass", "other"):
            differs[begin:end] = False
        changed += int(np.count_nonzero(differs))
    return changed


def _beside(old: Stems, made: Stems, begin: int, end: int) -> float:
    """Energy of the change beside the band, over the energy that was there, dB."""
    a = old["other"].samples[:, begin:end]
    change = made["other"].samples[:, begin:end] - a
    hertz = np.fft.rfftfreq(end - begin, 1 / RATE)
    beside = (hertz < _BAND[0]) | (hertz > _BAND[1])
    power, moved = (float(np.square(np.abs(np.fft.rfft(x)[:, beside])).sum()) for x in (a, change))
    return 10 * float(np.log10(max(moved, 1e-20) / max(power, 1e-20)))


def _edge(made: Stems, name: str, begin: int, end: int) -> float:
    """The largest change of the spectrum from frame to frame at both edges, dB."""
    fade = round(_FADE * RATE)
    change = _flux(made[name].samples)
    spans = ((begin, begin + fade), (end - fade, end))
    return float(max(change[first // 256 - 6 : last // 256 + 4].max() for first, last in spans))


def _flux(samples: npt.NDArray[np.float32]) -> Array:
    """How much the spectrum changes from frame to frame: mean over the bins in dB, [frames − 1]."""
    blocks = np.lib.stride_tricks.sliding_window_view(samples.mean(axis=0), 1024)[::256] * np.hanning(1024)
    logs = 20 * np.log10(np.abs(np.fft.rfft(blocks, axis=1)) + 1e-3)
    return np.asarray(np.abs(np.diff(logs, axis=0)).mean(axis=1))


def _loud(stems: Stems, name: str, begin: int, end: int) -> bool:
    """Whether there is sound before, in and after the mask, so that there is an edge."""
    x = np.abs(stems[name].samples)
    near = RATE // 2
    return all(float(x[:, max(at - near, 0) : at + near].max(initial=0)) > 1e-2 for at in (begin, end))
