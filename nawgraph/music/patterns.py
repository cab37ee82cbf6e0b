"""Rhythms written for a 4/4 bar of sixteenths, fitted to any meter.

A 4/4 pattern falls into four cells of a beat each. Another meter takes one cell for each of its felt beats (of a waltz:
the first, second and fourth, so that a backbeat stays one); a beat of three eighths repeats the off-beat half of its
cell, a short beat cuts it off.

Syncopation lives on the square of four beats: 3 + 3 + 2 sixteenths push against 4/4, but in three beats two groups of
three sixteenths make a bar of two. So in meters that are not square every cell is settled: it says its beat.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Literal, NamedTuple

from nawgraph.values import PPQ, Meter

STEP = PPQ // 4
"""Ticks of a sixteenth."""

Role = Literal["tune", "low", "drum"]
"""What a line is in a groove: notes and chords, a drum that carries the first beat, another drum."""

_CELLS = {
    1: (0,), 2: (0, 1), 3: (0, 1, 3), 4: (0, 1, 2, 3), 5: (0, 1, 3, 2, 3), 6: (0, 1, 3, 2, 1, 3),
    7: (0, 1, 2, 3, 0, 1, 3),
}  # fmt: skip


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


@lru_cache(maxsize=64)
def is_square(meter: Meter) -> bool:
    """Whether a bar is two, four or eight simple beats, so that 4/4 rhythms keep their meaning in it."""
    felt = cells(meter)
    return len(felt) in (2, 4, 8) and all(cell.steps == 4 for cell in felt)


@lru_cache(maxsize=4096)
def fitted(pattern: str, meter: Meter, bar: int, role: Role = "tune") -> tuple[tuple[int, str], ...]:
    """The signs of a pattern in one bar of a meter.

    Args:
        pattern: 16 signs a bar, one or more bars.
        meter: what to fit it to.
        bar: bar within the section; patterns of several bars go round.
        role: what the line is; it decides how its cells are settled where the meter is not square.

    Returns:
        (tick in the bar, sign) in order.
    """
    offset = bar * 16 % len(pattern)
    line = pattern[offset : offset + 16]
    if not is_square(meter):
        line = "".join(_settled(line[i : i + 4], role) for i in range(0, 16, 4))
    return tuple(
        (cell.tick + i * STEP, line[4 * cell.source + _step(i)]) for cell in cells(meter) for i in range(cell.steps)
    )


def _settled(cell: str, role: Role) -> str:
    """A cell without syncopation: low drums keep the beat alone, other drums are soft eighths off the beat, and the
    first note of a tune comes on the beat."""
    if role == "low":
        return cell[0] + "..."
    if role == "drum":
        return cell[0] + (".o." if cell[2] != "." else "...")
    struck = [i for i, sign in enumerate(cell) if sign not in ".-"]
    if not struck:
        return cell
    first = struck[0]
    held = len(cell[first + 1 :]) - len(cell[first + 1 :].lstrip("-"))
    line = (cell[first] + "-" * held).ljust(4, ".")
    if 2 in struck[1:]:
        line = line[:2] + cell[2] + ("-" if cell[3] == "-" else ".")
    return line


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
