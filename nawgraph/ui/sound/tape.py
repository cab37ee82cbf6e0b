"""A sound as stereo pages at the rate of the output.

The audio callback must never wait for a disk or a resampler. So a feeder makes pages ahead of the position, and the
callback only reads pages that are there. A page is a view of the sound where that lies in memory at the right rate, and
a copy where it is mapped from a file (reading a mapped page may wait for the disk) or has another rate.
"""

from __future__ import annotations

import math

import numpy as np

from nawgraph.audio.levels import to_stereo
from nawgraph.audio.resample import fit, resampled_length, soxr_resample
from nawgraph.values.signal import Audio, Float

_FULL = np.float32(1)

PAGE = 1 << 14
"""Frames of a page, about; a third of a second."""

KEPT = 192
"""Pages that a tape keeps at most beside those that are asked for: a minute, 24 MB."""

_MARGIN = 1024
"""Frames around a page, at the lower of both rates, that the resampler hears too: more than its filter is long."""

Gain = np.float32 | Float
"""One factor, or one a frame."""


class Tape:
    """One sound. `load` and `keep` belong to one feeder thread, `ready` and `add` to the audio callback."""

    def __init__(self, audio: Audio, rate: int) -> None:
        common = math.gcd(audio.rate, rate)
        self._up, self._down = rate // common, audio.rate // common
        self._audio = audio
        self._owned = _in_memory(audio.samples)
        self.frames = resampled_length(audio.frames, audio.rate, rate)
        self.page = self._up * -(-PAGE // self._up)
        self._pages: dict[int, Float] = {}

    def load(self, start: int, end: int) -> None:
        """Make the pages of frames `start` to `end` that are not there yet."""
        for index in self._indices(start, end):
            if index not in self._pages:
                self._pages[index] = self._made(index)

    def keep(self, spans: list[tuple[int, int]]) -> None:
        """Let go of pages outside the spans, the longest made first, until `KEPT` others are left."""
        wanted = {index for start, end in spans for index in self._indices(start, end)}
        others = [index for index in self._pages if index not in wanted]
        for index in others[: max(len(others) - KEPT, 0)]:
            del self._pages[index]

    def ready(self, start: int, end: int) -> bool:
        """Whether `add` could read frames `start` to `end`."""
        return all(index in self._pages for index in self._indices(start, end))

    def add(self, out: Float, start: int, gain: Gain = _FULL) -> None:
        """Add frames from `start` on to `out` [2, frames]; before and after the sound lies silence."""
        end = start + out.shape[1]
        for index in self._indices(start, end):
            page = self._pages.get(index)
            if page is None:  # let go in the meantime: silence, never a wait
                continue
            first = index * self.page
            begin, stop = max(start, first), min(end, first + page.shape[1])
            part, place = page[:, begin - first : stop - first], slice(begin - start, stop - start)
            if isinstance(gain, np.ndarray):
                part = part * gain[place]
            elif gain != 1:
                part = part * gain
            out[:, place] += part

    def _indices(self, start: int, end: int) -> range:
        start, end = max(start, 0), min(end, self.frames)
        return range(start // self.page, -(-end // self.page)) if start < end else range(0)

    def _made(self, index: int) -> Float:
        start = index * self.page
        end = min(start + self.page, self.frames)
        if self._up == self._down:
            part = self._audio.samples[:, start:end]
            return _stereo(part if self._owned else part.copy())
        groups = -(-_MARGIN // min(self._up, self._down))
        first = start // self._up  # a page begins with a whole group: here input and output fall on one instant
        before = min(groups, first)
        begin = (first - before) * self._down
        stop = min((first + self.page // self._up + groups) * self._down, self._audio.frames)
        sound = soxr_resample(_stereo(self._audio.samples[:, begin:stop]), self._down, self._up)
        return fit(sound[:, before * self._up :], end - start)


def _in_memory(samples: Float) -> bool:
    """Whether an array's memory is its own, not mapped from a file or shared with another process."""
    base = samples
    while isinstance(base.base, np.ndarray):
        base = base.base
    return base.base is None


def _stereo(part: Float) -> Float:
    """[2, frames] without NaN and infinity: mono on both sides, surround folded down, of odd counts the first two."""
    if not np.isfinite(part).all():
        part = np.nan_to_num(part, nan=0.0, posinf=0.0, neginf=0.0)
    if len(part) == 1:
        return np.broadcast_to(part, (2, part.shape[1]))
    return part[:2] if len(part) not in (4, 6, 8) else to_stereo(part, 48_000)
