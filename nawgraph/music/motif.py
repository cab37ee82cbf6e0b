"""Motifs: short rhythms with a contour, not yet with pitches, from which a melody is made."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from nawgraph.music.patterns import STEP, cells, strong_ticks
from nawgraph.music.streams import chance, pick, weighted
from nawgraph.values import Meter

_CELLS: dict[int, tuple[dict[str, float], ...]] = {
    4: (
        {"x---": 4, "x-x-": 2, "----": 2, "..x-": 1, "....": 1},
        {"x-x-": 5, "x---": 2, "x-xx": 1.2, "..x-": 1, "x--x": 1.5, "-.x-": 0.7},
        {"x-xx": 3, "xxx-": 2, "x-x-": 2, "xxxx": 1.2, ".xx-": 1, "x--x": 1.2, ".x-x": 0.6},
    ),
    6: (
        {"x-----": 4, "x---x-": 3, "------": 1, "....x-": 1},
        {"x---x-": 4, "x-x-x-": 3, "x-----": 1, "..x-x-": 1},
        {"x-x-x-": 4, "x-xxx-": 1.5, "xxx-x-": 1, "x---x-": 1},
    ),
}  # fmt: skip
"""Rhythms of one felt beat by its sixteenths, for sparse, moderate and dense singing: ``x`` sounds, ``-`` holds."""

SHAPES = ("arch", "fall", "rise", "dip", "wave")


class Tone(NamedTuple):
    """A note of a motif: tick and ticks in it, height in scale steps above the line's base, and its weight.

    `anchor` is 2 on strong beats, where it must be a chord tone, 1 on other beats and long notes, 0 in between.
    """

    tick: int
    length: int
    height: float
    anchor: int


def motif(meter: Meter, bars: int, busy: float, closing: bool, rng: np.random.Generator) -> tuple[Tone, ...]:
    """A motif of `bars` bars.

    Args:
        meter: its meter.
        bars: its length.
        busy: 0 long notes to 1 a syllable a sixteenth.
        closing: end on a long note (a cadence) instead of breathing and going on.
        rng: the decision's stream.
    """
    line = ""
    places: list[int] = []
    spots = cells(meter)
    for bar in range(bars):
        for index, cell in enumerate(spots):
            last = bar == bars - 1 and index >= len(spots) - (2 if len(spots) > 3 else 1)
            piece = _piece(cell.steps, busy, first=not line, rng=rng)
            if last:
                held = closing and index == len(spots) - (2 if len(spots) > 3 else 1)
                piece = ("x" if held else "-" if closing else ".") + ("-" if closing else ".") * (cell.steps - 1)
            line += piece
            places += [bar * meter.bar_ticks + cell.tick + i * STEP for i in range(cell.steps)]
    return _shaped(line, places, meter, rng)


def _piece(steps: int, busy: float, first: bool, rng: np.random.Generator) -> str:
    level = busy * 2 + (rng.random() - 0.5) * 0.8
    table = _CELLS[6 if steps > 4 else 4][min(2, max(0, round(level)))]
    piece = weighted(rng, table)[:steps].ljust(steps, "-")
    return "x" + piece[1:] if first and piece[0] == "-" else piece


def _shaped(line: str, places: list[int], meter: Meter, rng: np.random.Generator) -> tuple[Tone, ...]:
    shape, span = pick(rng, SHAPES), 2.0 + rng.random() * 3.0
    strong, felt = strong_ticks(meter), {c.tick for c in cells(meter)}
    tones = []
    for i, sign in enumerate(line):
        if sign != "x":
            continue
        end = i + 1
        while end < len(line) and line[end] == "-":
            end += 1
        length = places[end - 1] + STEP - places[i]
        inside = places[i] % meter.bar_ticks
        anchor = 2 if inside in strong else 1 if inside in felt or length >= 4 * STEP else 0
        height = span * _height(shape, i / max(1, len(line) - 1)) + (rng.random() - 0.5) * 1.6
        tones.append(Tone(places[i], length, height, anchor))
    return tuple(tones)


def _height(shape: str, x: float) -> float:
    """The contour at 0 ≤ x ≤ 1, about −1 to 1."""
    if shape == "arch":
        return math.sin(math.pi * x) * 1.4 - 0.4
    if shape == "dip":
        return 0.6 - math.sin(math.pi * x) * 1.2
    if shape == "rise":
        return 2 * x - 1
    if shape == "fall":
        return 1 - 2 * x
    return math.sin(2 * math.pi * x)


def varied(tones: tuple[Tone, ...], amount: float, rng: np.random.Generator) -> tuple[Tone, ...]:
    """A motif said again in other words: weak notes fall away, long ones divide, the end turns elsewhere.

    Something always changes, and strong beats keep their place so that it stays the same motif.
    """
    found: list[Tone] = []
    for index, tone in enumerate(tones):
        late = index >= 0.6 * len(tones)
        if tone.anchor == 0 and index and chance(rng, 0.5 * amount):
            tick, length, height, anchor = found[-1]
            found[-1] = Tone(tick, length if length + tick < tone.tick else tone.tick - tick, height, anchor)
            continue
        if tone.length >= 4 * STEP and chance(rng, 0.6 * amount):
            half = 2 * STEP
            found.append(Tone(tone.tick, tone.length - half, tone.height, tone.anchor))
            found.append(Tone(tone.tick + tone.length - half, half, tone.height + 1, 0))
            continue
        turn = (rng.random() - 0.5) * 5 * amount if late else (rng.random() - 0.5) * amount
        found.append(tone._replace(height=tone.height + turn))
    if found and [t[:2] for t in found] == [t[:2] for t in tones]:
        last = found[-1]
        lift = 2.0 if rng.random() < 0.5 else -2.0
        found[-1] = last._replace(height=last.height + lift)
    return tuple(found)
