"""Masks: which stems, when and at which frequencies are to be made anew, and putting the new sound in."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated

import numpy as np

from nawgraph.hints import Choice, Range, Text
from nawgraph.node import node
from nawgraph.values import STEMS, Audio, Mask, Score, Stems
from nawgraph.values.signal import Float

MASK_RATE = 1000
"""Frames a second of masks that are made here."""

TAIL = 4
"""Seconds that a mask goes on after the last bar, for what rings there."""

CELLS = 100_000_000
"""Numbers that a mask may hold."""


@node("mask.bars", title="Mask bars", aliases=("inpaint", "region"))
def bars(
    score: Score,
    *,
    first: Annotated[int, Range(0, 100_000, unit="bars")] = 0,
    count: Annotated[int, Range(1, 100_000, unit="bars")] = 4,
    drums: bool = True,
    bass: bool = True,
    vocals: bool = True,
    other: bool = True,
) -> Mask:
    """Choose bars (counted from 0) and stems that are to be made anew."""
    if first >= score.bars:
        raise ValueError(f"first must be below {score.bars}, the number of bars of the score, got {first}")
    chosen = [stem for stem, on in zip(STEMS, (drums, bass, vocals, other), strict=True) if on]
    if not chosen:
        raise ValueError("no stem is chosen: turn on at least one of drums, bass, vocals and other")
    end = min(first + count, score.bars)
    begin, stop = (score.grid.samples(score.grid.bar_start(bar), MASK_RATE) for bar in (first, end))
    data = np.zeros((4, 1, _frames(score)), np.float32)
    for stem in chosen:
        data[STEMS.index(stem), 0, begin : None if end == score.bars else stop] = 1
    return Mask(STEMS, data, MASK_RATE)


@node("mask.band", title="Mask band", aliases=("inpaint", "frequencies", "region"))
def band(
    mask: Mask,
    *,
    low: Annotated[float, Range(0, 24_000, unit="Hz")] = 0.0,
    high: Annotated[float, Range(0, 24_000, unit="Hz")] = 0.0,
) -> Mask:
    """Keep of a mask what lies between two frequencies: the rest of the sound there stays as it is.

    `low` 0 has no lower end, `high` 0 no upper one. A band is at least 60 Hz wide.
    """
    from nawgraph.audio.regions import TOP, edges_of, rebanded

    top = high or TOP
    _wide(low, top)
    edges = tuple(sorted({*edges_of(mask), low, top}))
    data = np.array(rebanded(mask, edges))
    for index, (a, b) in enumerate(pairwise(edges)):
        if not (low <= a and b <= top):
            data[:, index] = 0
    return Mask(mask.names, data, mask.frame_rate, edges)


@node("mask.brush", title="Mask brush", aliases=("inpaint", "paint", "strokes", "region"))
def brush(
    score: Score,
    mask: Mask | None = None,
    *,
    strokes: Annotated[list[str], Text(limit=200)] = ["all 0 1"],  # noqa: B006 - coerced to a tuple, never changed
    unit: Annotated[str, Choice("bars", "seconds")] = "bars",
) -> Mask:
    """Paint what is to be made anew, stroke by stroke, onto a mask or onto none.

    A stroke is a line of stems, begin and end, and if wanted the lowest and highest frequency in Hz: `drums 2 4`,
    `bass,other 0.5 1.25 200 2000`, `all 7 8`. With `erase` before it, it takes away. Bars count from 0
    and may be broken; the last one goes on to where the sound has died away.
    """
    from nawgraph.audio.regions import TOP, edges_of, rebanded

    painted = [_stroke(text, score, unit) for text in strokes]
    if mask is not None and (mask.names != STEMS or mask.frame_rate != MASK_RATE):
        raise ValueError(
            "mask must be one of mask.bars, mask.band or mask.brush: those have the four stems and 1,000 Hz"
        )
    marks = {
        0.0,
        TOP,
        *(edges_of(mask) if mask else ()),
        *(hertz for *_, low, high in painted for hertz in (low, high)),
    }
    edges = tuple(sorted(marks))
    frames = max(_frames(score), mask.data.shape[2] if mask else 0)
    if 4 * (len(edges) - 1) * frames > CELLS:
        raise ValueError(f"{len(edges) - 1} bands are too many for a song this long: paint fewer frequencies")
    data = np.zeros((4, len(edges) - 1, frames), np.float32)
    if mask is not None:
        data[:, :, : mask.data.shape[2]] = rebanded(mask, edges)
    for stems, value, begin, end, low, high in painted:
        data[stems, edges.index(low) : edges.index(high), begin:end] = value
    return Mask(STEMS, data, MASK_RATE, edges)


def _stroke(text: str, score: Score, unit: str) -> tuple[list[list[int]], float, int, int, float, float]:
    """Stems (to index with), value, first frame and end, lowest and highest frequency of a stroke.

    Raises:
        ValueError: it cannot be understood; the sentence shows how one is written.
    """
    from nawgraph.audio.regions import TOP

    words = text.replace(",", " ").split()
    erase = words[:1] == ["erase"]
    names = [word for word in words[erase:] if word in (*STEMS, "all")]
    try:
        begin, end, low, high = map(float, [*words[erase + len(names) :], "0", "0"][:4])
        if not names or len(words) - erase - len(names) not in (2, 4) or not np.isfinite([begin, end, low, high]).all():
            raise ValueError
    except ValueError:
        raise ValueError(f"{text[:60]!r} is no stroke: write stems, begin, end and if need be two frequencies, "
                         "as in 'bass,other 2 4 200 2000'") from None  # fmt: skip
    if not 0 <= begin < end:
        raise ValueError(f"the stroke {text[:60]!r} must end after it begins, and begin at 0 or later")
    top = high or TOP
    _wide(low, top)
    which = sorted({STEMS.index(n) for name in names for n in (STEMS if name == "all" else (name,))})
    first, last = (round(_seconds(at, score, unit) * MASK_RATE) for at in (begin, end))
    return [[i] for i in which], float(not erase), first, last, max(low, 0.0), top


def _seconds(at: float, score: Score, unit: str) -> float:
    if unit == "seconds":
        return at
    whole = min(int(at), score.bars)
    begin, end = (
        score.grid.samples(score.grid.bar_start(bar), MASK_RATE) for bar in (whole, min(whole + 1, score.bars))
    )
    return (begin + (at - whole) * (end - begin)) / MASK_RATE if whole < score.bars else (begin / MASK_RATE + TAIL)


def _wide(low: float, high: float) -> None:
    from nawgraph.audio.regions import NARROWEST

    if high - low < NARROWEST:
        raise ValueError(f"a band must be at least {NARROWEST:g} Hz wide, got {low:g} to {high:g} Hz")


def _frames(score: Score) -> int:
    return score.grid.frames(MASK_RATE) + TAIL * MASK_RATE


@node(
    "stems.splice",
    version=3,
    title="Splice stems",
    migrations={1: dict, 2: dict},
    aliases=("inpaint", "patch", "punch in"),
)
def splice(stems: Stems, fresh: Stems, mask: Mask, *, fade: Annotated[float, Range(0, 1, unit="s")] = 0.03) -> Stems:
    """Put new sound in where a mask says so, faded in and out within `fade` seconds inside the mask.

    Every sample outside the mask's time is the old one, bit for bit. Of a mask with bands, what lies outside them stays
    as it is too: of the change, less than a thousandth of the power gets there.
    """
    if (stems.rate, stems.frames) != (fresh.rate, fresh.frames) or stems.names != fresh.names:
        raise ValueError(
            f"both stems must have one rate, length and names, got {stems.frames} and {fresh.frames} frames at "
            f"{stems.rate} and {fresh.rate} Hz, {', '.join(stems.names)} and {', '.join(fresh.names)}"
        )
    return spliced(stems, fresh, mask, fade)


def spliced(stems: Stems, fresh: Stems, mask: Mask, fade: float) -> Stems:
    """`splice`, of stems that fit."""
    from nawgraph.audio.regions import put

    made = {}
    for name, audio in stems:
        on = chosen(mask, name)
        made[name] = audio
        if on is not None:
            made[name] = Audio(put(audio.samples, fresh[name].samples, audio.rate, on, mask, fade), audio.rate)
    return Stems.of(made)


def chosen(mask: Mask, stem: str) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]] | None:
    """Where a mask is on for a stem, bool [band, frame]; None if nowhere."""
    if stem not in mask.names:
        return None
    on = mask.data[mask.names.index(stem)] > 0.5
    return on if on.any() else None


def kept(mask: Mask, frames: int, frame_rate: float, regions: Sequence[float]) -> Float:
    """1 where a mask leaves latents alone, float32 [4, regions, frames]: wherever it is on in no band of the region.

    Args:
        mask: of any rate and bands.
        frames: how many are wanted.
        frame_rate: of them, Hz.
        regions: edges of the regions of the spectrum, Hz.
    """
    from nawgraph.audio.regions import edges_of

    places = np.minimum((np.arange(frames) * (mask.frame_rate / frame_rate)).astype(np.int64), mask.data.shape[2] - 1)
    keep = np.ones((len(STEMS), len(regions) - 1, frames), np.float32)
    bands = list(pairwise(edges_of(mask)))
    for index, stem in enumerate(STEMS):
        if stem not in mask.names:
            continue
        on = mask.data[mask.names.index(stem)] > 0.5
        for number, (low, high) in enumerate(pairwise(regions)):
            touched = [row for row, (a, b) in zip(on, bands, strict=True) if a < high and b > low]
            if touched:
                keep[index, number] = 1 - np.any(touched, axis=0)[places]
    return keep
