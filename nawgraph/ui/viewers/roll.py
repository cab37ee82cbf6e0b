"""A score as boxes: pitched notes above, drums in lanes below, bars and sections behind them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nawgraph.ui.viewers.pictures import Label, Roll, Row, Size
from nawgraph.values import STEMS, Grid, Score
from nawgraph.values.signal import Float

MOST_BOXES = 800
"""A roll of more notes than this, or than was asked for, is binned into columns."""

_FINEST = 2
_LANE, _NAMED_LANE = (2.0, 12.0), 9.0
_BAR_ROOM = 8.0
_OCTAVE = 12

Ints = npt.NDArray[np.int64]
Boxes = tuple[Float, npt.NDArray[np.uint8], Float]

DRUMS = {
    35: "kick", 36: "kick", 37: "rim", 38: "snare", 39: "clap", 40: "snare", 41: "tom", 42: "hat", 43: "tom",
    44: "pedal", 45: "tom", 46: "open", 47: "tom", 48: "tom", 49: "crash", 50: "tom", 51: "ride", 52: "china",
    53: "bell", 54: "tamb", 55: "splash", 56: "cowbell", 57: "crash", 59: "ride", 69: "cabasa", 70: "shaker",
}  # fmt: skip
"""Short names of the General MIDI percussion map."""


def roll(score: Score, size: Size, most: int = MOST_BOXES) -> Roll:
    """The notes of a score in a box of `size`, at most about `most` boxes."""
    width, height = size
    ticks = max(score.ticks, 1)
    tints = (*STEMS, *sorted({p.stem for p in score.parts} - set(STEMS)))
    notes = _notes(score, tints)  # [notes, 5]: start, end, pitch, velocity, stem
    drum = notes[:, 4] == STEMS.index("drums")
    rows, floor = _lanes(notes[drum, 2], height)
    low, high = _range(notes[~drum, 2])
    top, bottom = _places(notes, drum, rows, floor, (low, high))
    left, right = notes[:, 0] * (width / ticks), notes[:, 1] * (width / ticks)
    right = np.where(drum, np.minimum(right, left + max(width / ticks * 240, 1.5)), right)
    boxes = np.stack([left, top, np.maximum(right, left + 1), bottom], axis=1).astype(np.float32)
    stems, strengths = notes[:, 4].astype(np.uint8), (notes[:, 3] / 127).astype(np.float32)
    binned = len(boxes) > most
    column = _FINEST
    while len(boxes) > most and column <= width:
        boxes, stems, strengths = _binned(boxes, stems, strengths, column)
        column *= 2
    grid = score.grid
    return Roll(
        size, boxes, stems, strengths, tints, _bars(grid, width / ticks), _sections(score, width / ticks),
        tuple(rows.values()), (low, high), binned,
    )  # fmt: skip


def _notes(score: Score, tints: tuple[str, ...]) -> Ints:
    parts = [np.zeros((0, 5), np.int64)]
    for part in score.parts:
        start, length, pitch, velocity, _ = part.table.T
        stem = np.full(len(start), tints.index(part.stem), np.int64)
        parts.append(np.stack([start, start + length, pitch, velocity, stem], axis=1))
    return np.concatenate(parts)


def _lanes(pitches: Ints, height: int) -> tuple[dict[int, Row], float]:
    """A lane for every drum, the lowest pitch at the bottom, and where the pitched notes end."""
    drums = np.unique(pitches)[::-1].tolist()
    if not drums:
        return {}, float(height)
    size = min(max(0.35 * height / len(drums), _LANE[0]), _LANE[1], height / len(drums))
    floor = height - size * len(drums)
    rows = {}
    for i, pitch in enumerate(drums):
        name = DRUMS.get(pitch, str(pitch)) if size >= _NAMED_LANE else ""
        rows[pitch] = Row(floor + i * size, floor + (i + 1) * size, name)
    return rows, floor


def _range(pitches: Ints) -> tuple[int, int]:
    """Lowest and highest pitch to show: an octave at least, with a semitone of air."""
    if not len(pitches):
        return 60 - _OCTAVE // 2, 60 + _OCTAVE // 2
    low, high = int(pitches.min()) - 1, int(pitches.max()) + 1
    more = max(_OCTAVE - (high - low), 0)
    return low - more // 2, high + more - more // 2


def _places(
    notes: Ints, drum: npt.NDArray[np.bool_], rows: dict[int, Row], floor: float, pitches: tuple[int, int]
) -> tuple[Float, Float]:
    """Top and bottom of every note."""
    step = floor / (pitches[1] - pitches[0] + 1)
    top = (pitches[1] - notes[:, 2]) * step
    bottom = top + max(step - (1 if step >= 4 else 0), 1.0)
    gap = 1 if rows and next(iter(rows.values())).bottom - next(iter(rows.values())).top >= 4 else 0
    for pitch, row in rows.items():
        here = drum & (notes[:, 2] == pitch)
        top[here], bottom[here] = row.top, row.bottom - gap
    return top.astype(np.float32), bottom.astype(np.float32)


def _binned(boxes: Float, stems: npt.NDArray[np.uint8], strengths: Float, column: int) -> Boxes:
    """Boxes in whole columns; those of one stem and row that touch become one, as strong as the strongest."""
    first = np.floor(boxes[:, 0] / column).astype(np.int64)
    last = np.maximum(np.ceil(boxes[:, 2] / column).astype(np.int64), first + 1)
    order = np.lexsort((first, boxes[:, 1], stems))
    first, last, kept = first[order], last[order], boxes[order]
    key = np.stack([stems[order].astype(np.float64), kept[:, 1].astype(np.float64)], axis=1)
    new_row = np.ones(len(order), bool)
    new_row[1:] = (key[1:] != key[:-1]).any(axis=1)
    # The furthest end so far within a row: rows are lifted apart, so that one running maximum serves all.
    lift = np.cumsum(new_row) * (int(last.max(initial=0)) + 2)
    reach = np.maximum.accumulate(last + lift)
    begins = new_row.copy()
    begins[1:] |= (first + lift)[1:] > reach[:-1]
    at = np.flatnonzero(begins)
    ends = np.maximum.reduceat(last, at)
    left, right = first[at] * column, np.maximum(ends * column, first[at] * column + 1)
    merged = np.stack([left, kept[at, 1], right, np.maximum.reduceat(kept[:, 3], at)], axis=1).astype(np.float32)
    return merged, stems[order][at], np.maximum.reduceat(strengths[order], at)


def _bars(grid: Grid, scale: float) -> Float:
    starts = grid.bar_starts * scale
    every = 1
    while len(starts) > every and starts[-1] / (len(starts) - 1) * every < _BAR_ROOM:
        every *= 2
    return starts[::every].astype(np.float32)


def _sections(score: Score, scale: float) -> tuple[Label, ...]:
    starts = score.grid.bar_start
    return tuple(
        Label(starts(s.bar) * scale, starts(s.end) * scale, f"{s.kind} {s.label}".strip()) for s in score.sections
    )
