"""Compressor and true-peak limiter."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nawgraph.audio import large
from nawgraph.audio.check import signal, within
from nawgraph.audio.levels import from_db
from nawgraph.audio.loudness import true_peak
from nawgraph.audio.truepeak import frame_peaks
from nawgraph.values.signal import Float

State = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Compressor:
    """Settings of a feed-forward compressor.

    Attributes:
        threshold_db: level from which it works, −80 to 0 dBFS (peak).
        ratio: dB in for one dB out, 1 to 100.
        attack: seconds to reach 63 % of a reduction, 0 to 1.
        release: seconds to lose 63 % of it, 0.001 to 5.
        knee_db: width of the soft knee, 0 to 24 dB.
        makeup_db: gain afterwards, −24 to 24 dB.

    Raises:
        ValueError: a setting out of its range.
    """

    threshold_db: float = -18.0
    ratio: float = 3.0
    attack: float = 0.01
    release: float = 0.15
    knee_db: float = 6.0
    makeup_db: float = 0.0

    def __post_init__(self) -> None:
        within(self.threshold_db, -80, 0, "the threshold", "dB")
        within(self.ratio, 1, 100, "the ratio")
        within(self.attack, 0, 1, "the attack", "s")
        within(self.release, 0.001, 5, "the release", "s")
        within(self.knee_db, 0, 24, "the knee", "dB")
        within(self.makeup_db, -24, 24, "the makeup gain", "dB")

    def curve(self, db: float) -> float:
        """Level out for a steady level in, both in dB: the static characteristic, makeup included."""
        over, slope = db - self.threshold_db, 1 - 1 / self.ratio
        if 2 * over <= -self.knee_db:
            reduction = 0.0
        elif 2 * over < self.knee_db:
            reduction = slope * (over + self.knee_db / 2) ** 2 / (2 * self.knee_db)
        else:
            reduction = slope * over
        return db - reduction + self.makeup_db


def start() -> State:
    """The state of a compressor at rest."""
    return np.zeros(2)


def process(
    samples: Float, rate: int, settings: Compressor, state: State, sidechain: Float | None = None
) -> tuple[Float, State]:
    """Compress one chunk; chunk by chunk gives the same bits as the whole at once.

    All channels get one gain, so that the stereo image stays.

    Args:
        samples: [channels, frames].
        rate: Hz.
        settings: see `Compressor`.
        state: from `start` or the chunk before.
        sidechain: what is listened to in place of the sound itself, [any channels, the same frames].

    Raises:
        ValueError: a sidechain of another length, NaN.
    """
    from nawgraph.audio.kernels.dynamics import compressor_gain

    x = signal(samples, rate)
    key = x if sidechain is None else _key(sidechain, rate, x)
    after = state.copy()
    factors = compressor_gain(
        np.ascontiguousarray(key),
        settings.threshold_db,
        1 - 1 / settings.ratio,
        settings.knee_db,
        _pole(settings.attack, rate),
        _pole(settings.release, rate),
        after,
    )
    return x * (factors * np.float32(from_db(settings.makeup_db))), after


def compress(samples: Float, rate: int, settings: Compressor, sidechain: Float | None = None) -> Float:
    """Compress [channels, frames] from rest; see `process`."""
    x = signal(samples, rate)
    key = None if sidechain is None else _key(sidechain, rate, x)
    made, state = large.zeros(*x.shape), start()
    for span in large.blocks(x.shape[1]):
        made[:, span], state = process(x[:, span], rate, settings, state, None if key is None else key[:, span])
    return made


def _key(sidechain: Float, rate: int, x: Float) -> Float:
    key = signal(sidechain, rate, "the sidechain")
    if key.shape[1] != x.shape[1]:
        raise ValueError(f"the sidechain has {key.shape[1]} frames, the sound {x.shape[1]}: make them equally long")
    return key


def _pole(seconds: float, rate: int) -> float:
    return math.exp(-1 / (seconds * rate)) if seconds > 0 else 0.0


def limit(
    samples: Float, rate: int, ceiling_db: float = -1.0, lookahead: float = 0.003, release: float = 0.08
) -> Float:
    """Look-ahead limiter: the true peak of the result (`loudness.true_peak`) is at most `ceiling_db` dBTP.

    No delay: the whole sound is known, so gain goes down `lookahead` seconds before a peak. One gain for all channels.
    A moving gain bends the curve between samples a little, so the result is measured, and what still exceeds the
    ceiling is limited again; as a last resort all is scaled.

    Args:
        samples: [channels, frames].
        rate: Hz.
        ceiling_db: −60 to 0 dBTP.
        lookahead: 0.0005 to 0.05 s.
        release: seconds to lose 63 % of a reduction, 0.005 to 5.

    Raises:
        ValueError: a setting out of its range, NaN.
    """
    y = signal(samples, rate)
    ceiling = from_db(within(ceiling_db, -60, 0, "the ceiling", "dBTP"))
    ahead = round(within(lookahead, 0.0005, 0.05, "the lookahead", "s") * rate)
    pole = _pole(within(release, 0.005, 5, "the release", "s"), rate)
    own = False  # whether y is ours to change
    for _ in range(3):
        peaks = large.zeros(y.shape[1])
        for span, part in frame_peaks(y, ceiling):
            peaks[span] = part
        if peaks.max(initial=0) <= ceiling:
            return y
        made = y if own else large.zeros(*y.shape)
        for span, gain in _gains(peaks, ceiling * _MARGIN, ahead, pole):
            np.multiply(y[:, span], gain, out=made[:, span])
        y, own = made, True
    top = from_db(true_peak(y, rate))
    if top > ceiling:
        for span in large.blocks(y.shape[1]):
            y[:, span] *= np.float32(ceiling * _MARGIN / top)
    return y


def _gains(peaks: Float, ceiling: float, ahead: int, pole: float) -> Iterator[tuple[slice, Float]]:
    """The limiter's gain for all frames, block by block."""
    from nawgraph.audio.kernels.dynamics import limiter_gain, limiter_start

    state, reach = limiter_start(ahead), 2 * max(ahead // 2, 1)
    for span in large.blocks(len(peaks)):
        # A gain is known `reach` frames later: after the end nothing is above the ceiling.
        ends = span.stop == len(peaks)
        part = np.concatenate([peaks[span], np.zeros(reach, np.float32)]) if ends else peaks[span]
        gain = limiter_gain(part, ceiling, pole, *state)
        first = max(span.start - reach, 0)
        yield slice(first, first + len(gain)), gain


_MARGIN = 1 - 1e-4
"""0.001 dB below the ceiling: room for rounding to float32."""
