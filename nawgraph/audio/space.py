"""Room: a stereo reverb and a stereo delay. Both give the wet sound only; mix it with the dry one as you like."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from nawgraph.audio.check import signal, within
from nawgraph.audio.levels import to_stereo
from nawgraph.values.signal import Float

# ------------------------------------------------------------------------------------- reverb

_LENGTHS_MS = (
    29.63, 31.37, 33.91, 36.13, 38.69, 41.11, 43.97, 47.27, 50.47, 53.83, 57.91, 61.67, 66.19, 70.87, 76.03, 81.47,
)  # fmt: skip
_DIFFUSERS_MS = ((4.771, 3.595, 12.73, 9.307), (4.523, 3.797, 12.03, 9.811))
_DIFFUSION = (0.75, 0.75, 0.625, 0.625)
_DEPTH_MS = 0.25
_CHUNK = 1 << 16


@dataclass(frozen=True)
class Reverb:
    """Settings of the reverb.

    Attributes:
        decay: seconds in which low notes lose 60 dB, 0.1 to 30.
        size: of the room, 0.3 to 2: scales all delays.
        damping: how much faster the highest notes decay: 0 not at all, 1 ten times as fast.
        predelay: seconds before it begins, 0 to 0.5.
        low_cut: Hz below which nothing enters, 10 to 1000.
    """

    decay: float = 1.8
    size: float = 1.0
    damping: float = 0.5
    predelay: float = 0.015
    low_cut: float = 120.0

    def __post_init__(self) -> None:
        within(self.decay, 0.1, 30, "the reverb's decay", "s")
        within(self.size, 0.3, 2, "the reverb's size")
        within(self.damping, 0, 1, "the reverb's damping")
        within(self.predelay, 0, 0.5, "the reverb's predelay", "s")
        within(self.low_cut, 10, 1000, "the reverb's low cut", "Hz")


@dataclass(frozen=True)
class ReverbState:
    """All delay memory of a reverb."""

    pre: Float
    cut: npt.NDArray[np.float64]
    diffusers: tuple[tuple[Float, ...], ...]
    places: tuple[tuple[int, ...], ...]
    lines: Float
    lows: Float
    at: int


def reverb_start(rate: int, settings: Reverb) -> ReverbState:
    """A silent room."""
    lengths = _lengths(rate, settings)
    size = 1 << math.ceil(math.log2(float(lengths.max()) + 2 * _DEPTH_MS * rate / 1000 + 4))
    diffusers = tuple(
        tuple(np.zeros(max(round(ms * rate / 1000), 1), np.float32) for ms in side) for side in _DIFFUSERS_MS
    )
    return ReverbState(
        pre=np.zeros((2, round(settings.predelay * rate)), np.float32),
        cut=np.zeros((1, 2, 2)),
        diffusers=diffusers,
        places=tuple(tuple(0 for _ in side) for side in diffusers),
        lines=np.zeros((len(lengths), size), np.float32),
        lows=np.zeros(len(lengths), np.float32),
        at=0,
    )


def reverb_process(samples: Float, rate: int, settings: Reverb, state: ReverbState) -> tuple[Float, ReverbState]:
    """Reverberate one chunk: a feedback delay network (Jot and Chaigne 1991) behind allpass diffusers.

    Sixteen lines of slowly moving length feed each other through a Hadamard matrix; a low pass in each makes high
    notes decay faster at the same rate in every line, so that no mode rings on. The impulse response has about unit
    energy, whatever the decay. Chunk by chunk gives the same bits as the whole at once.

    Args:
        samples: [1 or 2 channels (or 4, 6, 8: folded down), frames].
        rate: Hz.
        settings: see `Reverb`.
        state: from `reverb_start` with the same settings, or the chunk before.

    Returns:
        The reverberation alone [2, frames], and the state for the next chunk.
    """
    from nawgraph.audio import filters
    from nawgraph.audio.kernels.space import allpass, feedback_network

    x = to_stereo(samples, rate)
    if x.shape[1] == 0:
        return x, state
    delayed = np.concatenate([state.pre, x], axis=1)
    x, pre = delayed[:, : x.shape[1]], delayed[:, x.shape[1] :].copy()
    y, cut = filters.process(x, rate, filters.high_pass(rate, min(settings.low_cut, 0.4 * rate)), state.cut)
    diffusers = tuple(tuple(buffer.copy() for buffer in side) for side in state.diffusers)
    places = tuple(
        tuple(
            allpass(row, buffer, place, np.float32(gain))
            for buffer, place, gain in zip(side, at, _DIFFUSION, strict=True)
        )
        for row, side, at in zip(y, diffusers, state.places, strict=True)
    )
    lengths = _lengths(rate, settings)
    gains, poles, level = _absorption(lengths, rate, settings)
    lines, lows = state.lines.copy(), state.lows.copy()
    k = np.arange(len(lengths))
    wet, at = feedback_network(
        y * np.float32(level),
        lines,
        lengths,
        gains,
        poles,
        lows,
        np.asarray((k * 0.381966) % 1, np.float64),  # golden section: no two lines move together
        (0.31 + 0.047 * k) / rate,
        _DEPTH_MS * rate / 1000,
        state.at,
    )
    return wet, replace(state, pre=pre, cut=cut, diffusers=diffusers, places=places, lines=lines, lows=lows, at=at)


def reverb(samples: Float, rate: int, settings: Reverb | None = None, tail: float | None = None) -> Float:
    """The reverberation alone, [2, frames + tail]; see `reverb_process`.

    Args:
        samples: [channels, frames].
        rate: Hz.
        settings: see `Reverb`.
        tail: seconds after the sound's end; None: until 60 dB down.
    """
    settings = settings or Reverb()
    x = signal(samples, rate)
    seconds = settings.decay + settings.predelay if tail is None else within(tail, 0, 60, "the tail", "s")
    x = np.pad(x, ((0, 0), (0, round(seconds * rate))))
    state = reverb_start(rate, settings)
    parts = []
    for start in range(0, x.shape[1], _CHUNK):
        part, state = reverb_process(x[:, start : start + _CHUNK], rate, settings, state)
        parts.append(part)
    return np.concatenate(parts, axis=1) if parts else np.zeros((2, 0), np.float32)


def _lengths(rate: int, settings: Reverb) -> Float:
    return (np.array(_LENGTHS_MS) * settings.size * rate / 1000).round().astype(np.float32)


def _absorption(lengths: Float, rate: int, settings: Reverb) -> tuple[Float, Float, float]:
    """Gain and pole of each line's low pass, and the input level for unit energy."""
    d = lengths.astype(np.float64)
    low = 10 ** (-3 * d / (settings.decay * rate))
    high = 10 ** (-3 * d / (settings.decay / (1 + 9 * settings.damping) * rate))
    ratio = np.maximum(high / low, 1e-3)
    poles = (1 - ratio) / (1 + ratio)
    # Energy of all passes over 64 frequencies: a geometric series of the lines' mean energy gain.
    z = np.exp(-1j * np.pi * (np.arange(64) + 0.5) / 64)[:, None]
    passed = np.mean(np.abs(low * (1 - poles) / (1 - poles * z)) ** 2, axis=1)
    energy = float(np.mean(passed / (1 - passed))) * len(d) / 2
    matrix = 1 / math.sqrt(len(d))
    return (low * (1 - poles) * matrix).astype(np.float32), poles.astype(np.float32), 1 / (matrix * math.sqrt(energy))


# -------------------------------------------------------------------------------------- delay


@dataclass(frozen=True)
class Delay:
    """Settings of the delay.

    Attributes:
        left: seconds to the first echo on the left, 0.001 to 4.
        right: the same on the right.
        feedback: share of an echo that is repeated, 0 to 0.95.
        cross: how much of that changes sides, 0 to 1 (1: ping-pong).
        tone: Hz above which each repeat is duller, 200 to 20,000.
    """

    left: float = 0.375
    right: float = 0.5
    feedback: float = 0.4
    cross: float = 0.0
    tone: float = 6000.0

    def __post_init__(self) -> None:
        within(self.left, 0.001, 4, "the delay on the left", "s")
        within(self.right, 0.001, 4, "the delay on the right", "s")
        within(self.feedback, 0, 0.95, "the delay's feedback")
        within(self.cross, 0, 1, "the delay's cross feedback")
        within(self.tone, 200, 20_000, "the delay's tone", "Hz")


@dataclass(frozen=True)
class DelayState:
    """All memory of a delay."""

    buffer: Float
    lows: npt.NDArray[np.float64]
    at: int


def synced(beats: float, bpm: float) -> float:
    """Seconds of so many beats (0.75: a dotted eighth) at a tempo.

    Raises:
        ValueError: a tempo that is not positive.
    """
    if not bpm > 0:
        raise ValueError(f"a tempo must be positive, got {bpm:g} bpm")
    return beats * 60 / bpm


def delay_start(rate: int, settings: Delay) -> DelayState:
    """A delay without echoes."""
    size = round(max(settings.left, settings.right) * rate) + 1
    return DelayState(np.zeros((2, size), np.float32), np.zeros(2), 0)


def delay_process(samples: Float, rate: int, settings: Delay, state: DelayState) -> tuple[Float, DelayState]:
    """The echoes of one chunk [2, frames], and the state for the next; the first echo is the sound itself, later."""
    from nawgraph.audio.kernels.space import echo

    x = np.ascontiguousarray(to_stereo(samples, rate))
    delays = np.array([round(settings.left * rate), round(settings.right * rate)])
    own, other = settings.feedback * (1 - settings.cross), settings.feedback * settings.cross
    pole = math.exp(-2 * math.pi * min(settings.tone, 0.49 * rate) / rate)
    buffer, lows = state.buffer.copy(), state.lows.copy()
    wet, at = echo(x, buffer, np.maximum(delays, 1), own, other, pole, lows, state.at)
    return wet, DelayState(buffer, lows, at)


def delay(samples: Float, rate: int, settings: Delay | None = None, tail: float | None = None) -> Float:
    """The echoes alone, [2, frames + tail]; `tail` in seconds, None: until 60 dB down, at most 20 s."""
    settings = settings or Delay()
    x = signal(samples, rate)
    if tail is None:
        repeats = 1 + (math.log(1e-3) / math.log(settings.feedback) if settings.feedback > 0 else 0)
        tail = min(repeats * max(settings.left, settings.right), 20.0)
    x = np.pad(x, ((0, 0), (0, round(within(tail, 0, 60, "the tail", "s") * rate))))
    return delay_process(x, rate, settings, delay_start(rate, settings))[0]
