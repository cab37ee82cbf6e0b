"""The musical grid: tempo map, meters, bars and swing, turned into seconds and samples without any rounding on the way.

Time is counted in **ticks**, whole numbers, `PPQ` a quarter note. With a tempo of *m* thousandths of a quarter note a
minute, a tick lasts 125 / 2*m* seconds. Swing moves a tick by whole 500ths of a tick, so that 1 / 8*m* seconds measures
everything: positions are sums of fractions, and samples follow from integers alone (64 bits, no float anywhere).

Beyond the last bar the last tempo and meter go on, so that tails and pick-ups into nothing have a place too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple, overload

import numpy as np
import numpy.typing as npt

from nawgraph.values.core import Value, value

PPQ = 960
"""Ticks a quarter note."""

MAX_BARS = 100_000
UNITS = (1, 2, 4, 8, 16, 32)
_FINE = 500
"""Parts of a tick in which swing counts."""

Ticks = npt.NDArray[np.int64]


def _whole(x: object) -> bool:
    return isinstance(x, int) and not isinstance(x, bool)


@value
@dataclass(frozen=True)
class Tempo(Value):
    """From `tick` on, `milli_bpm` thousandths of a quarter note a minute (whole, so that time is exact).

    Raises:
        ValueError: a negative tick, or a tempo outside 1 to 1000 quarter notes a minute.
    """

    tick: int
    milli_bpm: int

    def __post_init__(self) -> None:
        if not _whole(self.tick) or self.tick < 0:
            raise ValueError(f"a tempo change needs a whole tick of 0 or more, got {self.tick!r}")
        if not _whole(self.milli_bpm) or not 1_000 <= self.milli_bpm <= 1_000_000:
            raise ValueError(
                f"a tempo must be 1,000 to 1,000,000 thousandths of a beat a minute, got {self.milli_bpm!r}"
            )

    @property
    def bpm(self) -> float:
        """Quarter notes a minute."""
        return self.milli_bpm / 1000


@value
@dataclass(frozen=True)
class Meter(Value):
    """From bar `bar` (counted from 0) on, `beats` beats of a `unit`-th note; `groups` adds up to `beats` (7/8 = 2+2+3).

    Raises:
        ValueError: beats outside 1 to 64, a unit that is no power of two up to 32, groups with another sum.
    """

    bar: int
    beats: int
    unit: int
    groups: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not _whole(self.bar) or self.bar < 0:
            raise ValueError(f"a meter needs a whole bar of 0 or more, got {self.bar!r}")
        if not _whole(self.beats) or not 1 <= self.beats <= 64 or self.unit not in UNITS:
            raise ValueError(f"a meter has 1 to 64 beats of a 1st, 2nd, 4th … 32nd note, got {self.beats}/{self.unit}")
        object.__setattr__(self, "groups", tuple(self.groups))
        if self.groups and (sum(self.groups) != self.beats or min(self.groups) < 1):
            raise ValueError(f"the groups of {self.beats}/{self.unit} must add up to {self.beats}, got {self.groups}")

    def __str__(self) -> str:
        return f"{self.beats}/{self.unit}"

    @property
    def beat_ticks(self) -> int:
        """Ticks of one `unit`-th note."""
        return 4 * PPQ // self.unit

    @property
    def bar_ticks(self) -> int:
        """Ticks of one bar."""
        return self.beats * self.beat_ticks

    @property
    def stress(self) -> tuple[int, ...]:
        """How the beats group when nothing is said: 6/8 = 3+3, 7/8 = 2+2+3, 5/8 = 3+2, quarters one by one."""
        if self.groups:
            return self.groups
        if self.unit <= 4 or self.beats < 4:
            return (1,) * self.beats if self.unit <= 4 else (self.beats,)
        if self.beats % 3 == 0:
            return (3,) * (self.beats // 3)
        if self.beats == 5:
            return (3, 2)
        return (2,) * (self.beats // 2 - self.beats % 2) + ((3,) if self.beats % 2 else ())

    @property
    def pulses(self) -> tuple[int, ...]:
        """Tick within the bar of every felt beat: the quarters of 4/4, the dotted quarters of 6/8, 0, 2, 4 of 7/8."""
        at, found = 0, []
        for group in self.stress:
            found.append(at * self.beat_ticks)
            at += group
        return tuple(found)


class _Stretch(NamedTuple):
    """Bars of one meter, from a bar and tick on."""

    bar: int
    tick: int
    meter: Meter


@value
@dataclass(frozen=True)
class Grid(Value):
    """Tempo map, meters and length: the one measure of time for every layer of a song.

    Attributes:
        tempi: tempo changes by tick, the first at 0.
        meters: meter changes by bar, the first at 0.
        bars: length in bars.
        swing: where the second of each pair of `swing_unit`-th notes falls, in thousandths of the pair: 500 straight,
            667 triplet feel, at most 750. Pairs are counted from the start of a bar (of a group, where the meter
            groups its beats); a group that whole pairs do not fill, as the 3 of 7/8 with eighths, stays straight.
        swing_unit: 8 or 16.

    Raises:
        ValueError: no tempo at tick 0 or meter at bar 0, changes out of order, bars outside 1 to 100,000, swing
            outside 500 to 750, another swing unit.
    """

    tempi: tuple[Tempo, ...] = (Tempo(0, 120_000),)
    meters: tuple[Meter, ...] = (Meter(0, 4, 4),)
    bars: int = 4
    swing: int = 500
    swing_unit: int = 8

    def __post_init__(self) -> None:
        object.__setattr__(self, "tempi", tuple(self.tempi))
        object.__setattr__(self, "meters", tuple(self.meters))
        _ascending([t.tick for t in self.tempi], "tempi", "tick")
        _ascending([m.bar for m in self.meters], "meters", "bar")
        if not _whole(self.bars) or not 1 <= self.bars <= MAX_BARS:
            raise ValueError(f"bars must be a whole number from 1 to {MAX_BARS:,}, got {self.bars!r}")
        if not _whole(self.swing) or not 500 <= self.swing <= 750:
            raise ValueError(f"swing must be 500 (straight) to 750 thousandths of a pair, got {self.swing!r}")
        if self.swing_unit not in (8, 16):
            raise ValueError(f"swing_unit must be 8 or 16, got {self.swing_unit!r}")

    @classmethod
    def of(cls, bpm: float, bars: int, beats: int = 4, unit: int = 4, swing: int = 500, swing_unit: int = 8) -> Grid:
        """A grid of one tempo and meter."""
        return cls((Tempo(0, round(bpm * 1000)),), (Meter(0, beats, unit),), bars, swing, swing_unit)

    # ------------------------------------------------------------------ bars and beats

    @cached_property
    def _stretches(self) -> tuple[_Stretch, ...]:
        found = [_Stretch(0, 0, self.meters[0])]
        for meter in self.meters[1:]:
            last = found[-1]
            found.append(_Stretch(meter.bar, last.tick + (meter.bar - last.bar) * last.meter.bar_ticks, meter))
        return tuple(found)

    @cached_property
    def bar_starts(self) -> Ticks:
        """Tick of every bar and of the end, int64 [bars + 1], read-only."""
        starts = np.array([self.bar_start(bar) for bar in range(self.bars + 1)], np.int64)
        starts.setflags(write=False)
        return starts

    @property
    def ticks(self) -> int:
        """Length in ticks."""
        return self.bar_start(self.bars)

    def meter_at(self, bar: int) -> Meter:
        """The meter of a bar (also past the end)."""
        return self._stretch_of_bar(bar).meter

    def bar_start(self, bar: int) -> int:
        """First tick of a bar, 0 for the first; the bar may lie past the end."""
        stretch = self._stretch_of_bar(bar)
        return stretch.tick + (bar - stretch.bar) * stretch.meter.bar_ticks

    def bar_ticks(self, bar: int) -> int:
        """Length of a bar in ticks."""
        return self.meter_at(bar).bar_ticks

    def bar_at(self, tick: int) -> tuple[int, int]:
        """The bar that a tick lies in and the ticks since its start."""
        stretch = self._stretch_of_tick(tick)
        bars, rest = divmod(tick - stretch.tick, stretch.meter.bar_ticks)
        return stretch.bar + bars, rest

    def beat_at(self, tick: int) -> tuple[int, Fraction]:
        """The bar that a tick lies in and the beat within it, both counted from 0: tick 1440 of 4/4 is (0, 3/2)."""
        bar, rest = self.bar_at(tick)
        return bar, Fraction(rest, self.meter_at(bar).beat_ticks)

    def tick_of(self, bar: int, beat: Fraction | float = 0) -> int:
        """The tick of a beat of a bar, both counted from 0 (rounded to the nearest tick)."""
        return self.bar_start(bar) + round(Fraction(beat) * self.meter_at(bar).beat_ticks)

    def beats(self) -> Iterator[tuple[int, int, int]]:
        """Every written beat in order: (tick, bar, beat)."""
        for bar in range(self.bars):
            meter, start = self.meter_at(bar), self.bar_start(bar)
            for beat in range(meter.beats):
                yield start + beat * meter.beat_ticks, bar, beat

    def _stretch_of_bar(self, bar: int) -> _Stretch:
        if bar < 0:
            raise ValueError(f"bars are counted from 0, got {bar}")
        return next(s for s in reversed(self._stretches) if s.bar <= bar)

    def _stretch_of_tick(self, tick: int) -> _Stretch:
        if tick < 0:
            raise ValueError(f"ticks are counted from 0, got {tick}")
        return next(s for s in reversed(self._stretches) if s.tick <= tick)

    # ------------------------------------------------------------------ swing

    def _fine(self, ticks: Ticks) -> Ticks:
        """Swung positions in 500ths of a tick: in a pair of length P tick y moves by (swing − 500)·min(y, P − y)."""
        fine = ticks * _FINE
        if self.swing == 500:
            return fine
        pair = 2 * 4 * PPQ // self.swing_unit
        starts = np.array([s.tick for s in self._stretches], np.int64)
        which = np.searchsorted(starts, ticks, side="right") - 1
        for index, stretch in enumerate(self._stretches):
            inside = np.flatnonzero(which == index)
            if inside.size:
                at = (ticks[inside] - stretch.tick) % stretch.meter.bar_ticks
                fine[inside] += (self.swing - 500) * _bend(at, stretch.meter, pair)
        return fine

    def swung(self, ticks: npt.ArrayLike) -> Ticks:
        """Where straight ticks are heard, in ticks rounded to the nearest, same shape."""
        array = np.atleast_1d(np.asarray(ticks, np.int64))
        return ((self._fine(array.ravel()) + _FINE // 2) // _FINE).reshape(np.shape(ticks))

    # ------------------------------------------------------------------ seconds and samples

    @cached_property
    def _tempo_fine(self) -> Ticks:
        return self._fine(np.array([t.tick for t in self.tempi], np.int64))

    @cached_property
    def _tempo_seconds(self) -> tuple[Fraction, ...]:
        """Exact time of every tempo change."""
        times = [Fraction(0)]
        for index, tempo in enumerate(self.tempi[:-1]):
            span = int(self._tempo_fine[index + 1] - self._tempo_fine[index])
            times.append(times[-1] + Fraction(span, 8 * tempo.milli_bpm))
        return tuple(times)

    def seconds(self, tick: int) -> Fraction:
        """Exact time of a tick, swing included."""
        if tick < 0:
            raise ValueError(f"ticks are counted from 0, got {tick}")
        index = max(i for i, tempo in enumerate(self.tempi) if tempo.tick <= tick)
        fine = int(self._fine(np.array([tick], np.int64))[0]) - int(self._tempo_fine[index])
        return self._tempo_seconds[index] + Fraction(fine, 8 * self.tempi[index].milli_bpm)

    @property
    def duration(self) -> Fraction:
        """Exact length in seconds."""
        return self.seconds(self.ticks)

    @overload
    def samples(self, ticks: int, rate: int) -> int: ...
    @overload
    def samples(self, ticks: npt.NDArray[Any], rate: int) -> Ticks: ...
    def samples(self, ticks: int | npt.NDArray[Any], rate: int) -> int | Ticks:
        """Sample nearest to the exact time of each tick (half up), for an int or an int array of any shape.

        With `rate`·seconds + ½ of a tempo change split into whole q and fraction p/d, a tick that lies a/b samples
        later falls on q + ⌊p/d + a/b⌋ = q + ⌊a/b⌋ + [a mod b ≥ ⌈b·(1 − p/d)⌉]: all in 64-bit integers.
        """
        array = np.atleast_1d(np.asarray(ticks, np.int64)).ravel()
        if array.size and array.min() < 0:
            raise ValueError("ticks are counted from 0, got a negative one")
        which = np.searchsorted([t.tick for t in self.tempi], array, side="right") - 1
        whole, limit = self._sample_marks(rate)
        per = 8 * np.array([t.milli_bpm for t in self.tempi], np.int64)[which]
        quotient, rest = np.divmod(rate * (self._fine(array) - self._tempo_fine[which]), per)
        found = whole[which] + quotient + (rest >= limit[which])
        return int(found[0]) if np.ndim(ticks) == 0 else found.reshape(np.shape(ticks))

    def _sample_marks(self, rate: int) -> tuple[Ticks, Ticks]:
        """For each tempo change: the whole samples before it, and from which remainder on one more has passed."""
        if not _whole(rate) or rate < 1:
            raise ValueError(f"a sample rate must be a whole number of Hz, got {rate!r}")
        whole, limit = [], []
        for tempo, seconds in zip(self.tempi, self._tempo_seconds, strict=True):
            exact = seconds * rate + Fraction(1, 2)
            whole.append(exact.numerator // exact.denominator)
            left = 8 * tempo.milli_bpm * (1 - (exact - whole[-1]))
            limit.append(-(-left.numerator // left.denominator))
        return np.array(whole, np.int64), np.array(limit, np.int64)

    def frames(self, rate: int) -> int:
        """Length in samples."""
        return self.samples(self.ticks, rate)

    @overload
    def tick_at(self, samples: int, rate: int) -> int: ...
    @overload
    def tick_at(self, samples: npt.NDArray[Any], rate: int) -> Ticks: ...
    def tick_at(self, samples: int | npt.NDArray[Any], rate: int) -> int | Ticks:
        """The last tick on or before each sample: the inverse of `samples` wherever a tick spans at least one."""
        target = np.atleast_1d(np.asarray(samples, np.int64)).ravel()
        if target.size and target.min() < 0:
            raise ValueError("samples are counted from 0, got a negative one")
        fastest = max(t.milli_bpm for t in self.tempi)
        low = np.zeros_like(target)
        high = (target + 1) * (8 * fastest) // (_FINE * rate) + 4 * PPQ
        while bool(np.any(high - low > 1)):
            middle = (low + high) // 2
            past = self.samples(middle, rate) > target
            high = np.where(past, middle, high)
            low = np.where(past, low, middle)
        return int(low[0]) if np.ndim(samples) == 0 else low.reshape(np.shape(samples))


def _bend(at: Ticks, meter: Meter, pair: int) -> Ticks:
    """min(y, P − y) for ticks within a bar, 0 in groups that whole pairs do not fill."""
    bend = np.zeros_like(at)
    groups = meter.groups or ((meter.beats,) if meter.unit <= 4 else meter.stress)
    begin = 0
    for group in groups:
        end = begin + group * meter.beat_ticks
        if (end - begin) % pair == 0:
            y = (at - begin) % pair
            bend = np.where((at >= begin) & (at < end), np.minimum(y, pair - y), bend)
        begin = end
    return bend


def _ascending(at: list[int], what: str, unit: str) -> None:
    if not at or at[0] != 0:
        raise ValueError(f"{what} must begin at {unit} 0")
    if any(b <= a for a, b in pairwise(at)):
        raise ValueError(f"{what} must be in order, one a {unit}, got {unit}s {at[:8]}")
