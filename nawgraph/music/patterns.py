"""Rhythms written for a 4/4 bar of sixteenths, fitted to any meter.

A 4/4 pattern falls into four cells of a beat each. Another meter takes one cell for each of its felt beats (of a waltz:
the first, second and fourth, so that a backbeat stays one); a beat of three eighths repeats the off-beat half of its
cell, a short beat cuts it off.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from nawgraph.values import PPQ, Meter

STEP = PPQ // 4
"""Ticks of a sixteenth."""

_CELLS = {1: (0,), 2: (0, 1), 3: (0, 1, 3), 4: (0, 1, 2, 3), 5: (0, 1, 2, 1, 3), 6: (0, 1, 2, 1, 2, 3)}


class Cell(NamedTuple):
    """A felt beat: its tick in the bar, its steps, and the beat of the 4/4 pattern that it is played like."""

    tick: int
    steps: int
    source: int


@lru_cache(maxsize=64)
def cells(meter: Meter) -> tuple[Cell, ...]:
    """The felt beats of a bar as cells of at most 6 sixteenths; very long beats are split into quarters."""
    spans: list[tuple[int, int]] = []
    for begin, end in zip(meter.pulses, (*meter.pulses[1:], meter.bar_ticks), strict=True):
        at = begin
        while end - at > 6 * STEP:
            spans.append((at, 4))
            at += 4 * STEP
        spans.append((at, max(1, (end - at) // STEP)))
    sources = _CELLS.get(len(spans)) or tuple(i % 4 for i in range(len(spans)))
    return tuple(Cell(tick, steps, source) for (tick, steps), source in zip(spans, sources, strict=True))


@lru_cache(maxsize=4096)
def fitted(pattern: str, meter: Meter, bar: int) -> tuple[tuple[int, str], ...]:
    """The signs of a pattern in one bar of a meter.

    Args:
        pattern: 16 signs a bar, one or more bars.
        meter: what to fit it to.
        bar: bar within the section; patterns of several bars go round.

    Returns:
        (tick in the bar, sign) in order.
    """
    offset = bar * 16 % len(pattern)
    line = pattern[offset : offset + 16]
    return tuple(
        (cell.tick + i * STEP, line[4 * cell.source + _step(i)]) for cell in cells(meter) for i in range(cell.steps)
    )


def _step(i: int) -> int:
    return i if i < 4 else 2 + i % 2


def strikes(pattern: str, meter: Meter, bar: int) -> Iterator[tuple[int, int, str]]:
    """Struck notes of a pattern with holds: (tick in the bar, ticks, sign)."""
    signs = fitted(pattern, meter, bar)
    for index, (tick, sign) in enumerate(signs):
        if sign in ".-":
            continue
        end = index + 1
        while end < len(signs) and signs[end][1] == "-":
            end += 1
        stop = signs[end][0] if end < len(signs) else meter.bar_ticks
        yield tick, stop - tick, sign


def strong_ticks(meter: Meter) -> tuple[int, ...]:
    """Ticks of the strong beats of a bar: the first, and the middle one where the felt beats are even in number."""
    pulses = [cell.tick for cell in cells(meter)]
    return (pulses[0], pulses[len(pulses) // 2]) if len(pulses) % 2 == 0 else (pulses[0],)
