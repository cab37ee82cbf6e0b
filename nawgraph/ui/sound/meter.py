"""The master meter: peak, RMS, loudness and clipping of what is played, in the time of its samples."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nawgraph.values.signal import Float

if TYPE_CHECKING:
    from nawgraph.audio.filters import Sos, State

FALL = 11.8
"""dB a second that a peak falls (20 dB in 1.7 s, as IEC 60268-10 type I has it); it rises at once."""

HOLD = 1.5
"""Seconds that the highest peak is held before it falls too."""

RMS_TIME = 0.3
"""Seconds of the RMS value's integration."""

_STEP, _STEPS = 0.1, 4
"""The momentary window of EBU Tech 3341: 400 ms, moved by 100 ms."""

Pair = tuple[float, float]
SILENT: Pair = (-math.inf, -math.inf)


@dataclass(frozen=True)
class Reading:
    """What a meter shows, left and right in dBFS (a full-scale sine has an RMS of −3.01), loudness in LUFS.

    Attributes:
        peak: falling slowly.
        hold: the highest peak of the last while.
        rms: over 300 ms.
        momentary: loudness over 400 ms, −inf below −70 LUFS.
        clipped: whether any sample was at or above full scale since `Meter.reset`.
    """

    peak: Pair = SILENT
    hold: Pair = SILENT
    rms: Pair = SILENT
    momentary: float = -math.inf
    clipped: bool = False


class Meter:
    """Measures stereo blocks in their order; `reading` may be read from any thread."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self.reading = Reading()
        self._peak, self._hold, self._held = np.zeros(2), np.zeros(2), np.zeros(2)
        self._square = np.zeros(2)
        self._filter: tuple[Sos, State] | None = None
        self._steps: deque[float] = deque(maxlen=_STEPS)
        self._sum, self._count = 0.0, 0

    def reset(self) -> None:
        """Forget that anything clipped."""
        self.reading = Reading(self.reading.peak, self.reading.hold, self.reading.rms, self.reading.momentary)

    def feed(self, block: Float) -> None:
        """Take in the next frames [2, frames]."""
        frames = block.shape[1]
        if frames == 0:
            return
        seconds = frames / self.rate
        top = np.abs(block).max(axis=1).astype(float)
        self._peaks(top, seconds)
        left = math.exp(-seconds / RMS_TIME)
        power = np.square(block, dtype=np.float64).mean(axis=1)
        self._square = left * self._square + (1 - left) * power
        self._loudness(block)
        self.reading = Reading(
            _db(self._peak),
            _db(self._hold),
            _db(np.sqrt(self._square)),
            self._momentary(),
            self.reading.clipped or bool((top >= 1).any()),
        )

    def _peaks(self, top: np.ndarray[tuple[int], np.dtype[np.float64]], seconds: float) -> None:
        fall = 10 ** (-FALL * seconds / 20)
        self._peak = np.maximum(top, self._peak * fall)
        self._held += seconds
        falling = np.where(self._held > HOLD, self._hold * fall, self._hold)
        higher = self._peak >= falling
        self._held[higher] = 0
        self._hold = np.where(higher, self._peak, falling)

    def _loudness(self, block: Float) -> None:
        # Imported on the feeder thread: scipy takes a fifth of a second to load.
        from nawgraph.audio.filters import process, start
        from nawgraph.audio.loudness import k_weighting

        if self._filter is None:
            sections = k_weighting(self.rate)
            self._filter = sections, start(sections, 2)
        sections, state = self._filter
        weighted, state = process(block, self.rate, sections, state)
        self._filter = sections, state
        squares = np.square(weighted, dtype=np.float64).sum(axis=0)
        size = round(_STEP * self.rate)
        at = 0
        while at < len(squares):
            part = squares[at : at + size - self._count]
            self._sum += float(part.sum())
            self._count += len(part)
            at += len(part)
            if self._count == size:
                self._steps.append(self._sum / size)
                self._sum, self._count = 0.0, 0

    def _momentary(self) -> float:
        from nawgraph.audio.loudness import SILENCE

        power = sum(self._steps) / _STEPS
        lufs = -0.691 + 10 * math.log10(power) if power > 0 else -math.inf
        return lufs if lufs >= SILENCE else -math.inf


def _db(amplitude: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Pair:
    left, right = (20 * math.log10(a) if a > 1e-6 else -math.inf for a in amplitude.tolist())
    return left, right
