"""Decibels, gain, pan, fades, cutting, joining and mixing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Literal

import numpy as np
import numpy.typing as npt

from nawgraph.audio import large
from nawgraph.audio.check import signal, within
from nawgraph.values.signal import Float

Shape = Literal["linear", "power", "smooth"]
SHAPES: tuple[Shape, ...] = ("linear", "power", "smooth")
"""Fade shapes: straight line; sine quarter (constant power); raised cosine."""


def from_db(db: float) -> float:
    """Amplitude factor of a level in dB; −inf gives 0."""
    return float(10.0 ** (db / 20))


def to_db(amplitude: float) -> float:
    """Level in dB of an amplitude factor; 0 gives −inf.

    Raises:
        ValueError: a negative amplitude.
    """
    if amplitude < 0:
        raise ValueError(f"an amplitude cannot be negative, got {amplitude:g}")
    return 20 * math.log10(amplitude) if amplitude > 0 else -math.inf


def peak(samples: Float) -> float:
    """Largest absolute sample of [channels, frames], 0 for no frames."""
    return float(max(samples.max(initial=0), -samples.min(initial=0)))


def rms(samples: Float) -> float:
    """Root mean square over all channels and frames, 0 for no frames."""
    if samples.size == 0:
        return 0.0
    total = 0.0
    for row in samples:
        for span in large.blocks(len(row)):
            total += float(np.dot(row[span].astype(np.float64), row[span]))
    return math.sqrt(total / samples.size)


def gain(samples: Float, rate: int, db: float) -> Float:
    """[channels, frames] louder by `db` (−inf to 120); has no state, so chunks give the same as the whole.

    Raises:
        ValueError: NaN in the sound or the gain.
    """
    if not db <= 120:
        raise ValueError(f"a gain must be at most 120 dB, got {db:g}")
    return signal(samples, rate) * np.float32(from_db(db))


def normalise(samples: Float, rate: int, db: float = -1.0) -> Float:
    """Scale [channels, frames] so that its largest sample is at `db` dBFS; silence stays silence."""
    x = signal(samples, rate)
    top = peak(x)
    return x * np.float32(from_db(within(db, -120, 24, "the peak", "dBFS")) / top) if top > 0 else x


def without_dc(samples: Float, rate: int) -> Float:
    """[channels, frames] with each channel's mean taken off."""
    x = signal(samples, rate)
    if x.shape[1] == 0:
        return x
    made, mean = large.zeros(*x.shape), x.mean(axis=1, keepdims=True, dtype=np.float64)
    for span in large.blocks(x.shape[1]):
        made[:, span] = x[:, span] - mean
    return large.done(made)


# ------------------------------------------------------------------------------------- stereo


def to_stereo(samples: Float, rate: int) -> Float:
    """[2, frames]: mono twice, stereo as it is, 5.1 and 7.1 (WAV order) folded down after ITU-R BS.775 (no LFE).

    Raises:
        ValueError: another number of channels.
    """
    x = signal(samples, rate)
    if len(x) == 1:
        return np.repeat(x, 2, axis=0)
    if len(x) == 2:
        return x
    side = math.sqrt(0.5)
    folds = {
        4: [[1, 0, side, 0], [0, 1, 0, side]],
        6: [[1, 0, side, 0, side, 0], [0, 1, side, 0, 0, side]],
        8: [[1, 0, side, 0, side, 0, side, 0], [0, 1, side, 0, 0, side, 0, side]],
    }
    if len(x) not in folds:
        raise ValueError(f"{len(x)} channels cannot be folded down to stereo: use 1, 2, 4, 6 or 8")
    return np.asarray(folds[len(x)], np.float32) @ x


def to_mono(samples: Float, rate: int) -> Float:
    """[1, frames]: the mean of all channels."""
    x = signal(samples, rate)
    return x if len(x) == 1 else x.mean(axis=0, keepdims=True, dtype=np.float32)


def pan(samples: Float, rate: int, position: float) -> Float:
    """Place a sound between left (−1) and right (1); returns [2, frames].

    Mono follows the constant-power law (sine and cosine, −3 dB in the middle). Stereo is balanced: the far side gets
    quieter by the same curve's ratio, the near one stays, and 0 changes nothing.

    Raises:
        ValueError: a position outside −1 to 1, more than two channels.
    """
    x = signal(samples, rate)
    angle = (within(position, -1, 1, "pan") + 1) * math.pi / 4
    left, right = math.cos(angle), math.sin(angle)
    if len(x) == 1:
        return np.concatenate([x * np.float32(left), x * np.float32(right)])
    if len(x) != 2:
        raise ValueError(f"pan needs mono or stereo, the sound has {len(x)} channels")
    factors = np.minimum([left / right if right > 0 else 1, right / left if left > 0 else 1], 1)
    if position == -1 or position == 1:
        factors = np.array([position < 0, position > 0], float)
    return x * factors.astype(np.float32)[:, None]


def width(samples: Float, rate: int, amount: float) -> Float:
    """Stereo width of [2, frames] by mid and side: 0 mono, 1 unchanged, up to 2.

    Raises:
        ValueError: not stereo, or an amount outside 0 to 2.
    """
    x = signal(samples, rate)
    if len(x) != 2:
        raise ValueError(f"width needs stereo, the sound has {len(x)} channels")
    half = np.float32(within(amount, 0, 2, "width") / 2)
    side = (x[0] - x[1]) * half
    mid = (x[0] + x[1]) * np.float32(0.5)
    return np.stack([mid + side, mid - side])


# --------------------------------------------------------------------------------------- time


def ramp(frames: int, shape: Shape = "power") -> npt.NDArray[np.float32]:
    """A fade in: float32 [frames] from 0 towards 1. A `power` ramp and its reverse have squares that add up to 1.

    Raises:
        ValueError: an unknown shape.
    """
    t = (np.arange(frames) + 0.5) / max(frames, 1)
    if shape == "linear":
        curve = t
    elif shape == "power":
        curve = np.sin(t * (np.pi / 2))
    elif shape == "smooth":
        curve = 0.5 - 0.5 * np.cos(t * np.pi)
    else:
        raise ValueError(f"unknown fade shape {shape!r}: choose from {', '.join(SHAPES)}")
    return curve.astype(np.float32)


def fade(samples: Float, rate: int, seconds_in: float = 0.0, seconds_out: float = 0.0, shape: Shape = "power") -> Float:
    """Fade [channels, frames] in and out. Fades longer than the sound are cut to its length; they may overlap."""
    x = signal(samples, rate).copy()
    n_in = min(frames_of(seconds_in, rate, "the fade in"), x.shape[1])
    n_out = min(frames_of(seconds_out, rate, "the fade out"), x.shape[1])
    x[:, :n_in] *= ramp(n_in, shape)
    x[:, x.shape[1] - n_out :] *= ramp(n_out, shape)[::-1]
    return x


def frames_of(seconds: float, rate: int, what: str = "a time") -> int:
    """Whole frames nearest to a time.

    Raises:
        ValueError: negative, infinite, no number.
    """
    if not 0 <= seconds < math.inf:
        raise ValueError(f"{what} must be a time from 0 s on, got {seconds:g}")
    return round(seconds * rate)


def trim(samples: Float, rate: int, start: float = 0.0, end: float | None = None) -> Float:
    """The part of [channels, frames] between two times in seconds; None means to the end, as does any time after it.

    Raises:
        ValueError: a negative time, or an end before the start.
    """
    x = signal(samples, rate)
    first = frames_of(start, rate, "the start")
    last = x.shape[1] if end is None else frames_of(end, rate, "the end")
    if last < first and end is not None:
        raise ValueError(f"the end ({end:g} s) lies before the start ({start:g} s)")
    return np.ascontiguousarray(x[:, first:last])


def trim_silence(samples: Float, rate: int, threshold_db: float = -60.0) -> Float:
    """[channels, frames] without what is below the threshold at either end; silence gives no frames."""
    x = signal(samples, rate)
    loud = np.flatnonzero(np.abs(x).max(axis=0, initial=0) > from_db(threshold_db))
    return np.ascontiguousarray(x[:, loud[0] : loud[-1] + 1] if len(loud) else x[:, :0])


def concat(parts: Sequence[Float], rate: int, crossfade: float = 0.0, shape: Shape = "power") -> Float:
    """Parts [channels, frames] one after another, each overlapping the one before by `crossfade` seconds.

    A crossfade is cut to half the shorter neighbour, so that no three parts overlap. `power` suits different material,
    `linear` and `smooth` suit parts of one recording (their amplitudes add up to 1).

    Raises:
        ValueError: no part, or different numbers of channels.
    """
    xs = _alike([signal(part, rate) for part in parts], "join")
    wanted = frames_of(crossfade, rate, "the crossfade")
    overlaps = [min(wanted, a.shape[1] // 2, b.shape[1] // 2) for a, b in pairwise(xs)]
    total = sum(x.shape[1] for x in xs) - sum(overlaps)
    out = np.zeros((len(xs[0]), total), np.float32)
    at = 0
    for x, before, after in zip(xs, [0, *overlaps], [*overlaps, 0], strict=True):
        end = at + x.shape[1]
        piece = x
        if before or after:  # the parts themselves may be read-only
            piece = x.copy()
            piece[:, :before] *= ramp(before, shape)
            piece[:, x.shape[1] - after :] *= ramp(after, shape)[::-1]
        out[:, at:end] += piece
        at = end - after
    return out


def mix(parts: Sequence[Float], rate: int, gains_db: Iterable[float] | None = None) -> Float:
    """The sum of [channels, frames] parts, shorter ones followed by silence, each with its gain in dB.

    Adds in the given order, so equal input gives equal bits; nothing is normalised or clipped.

    Raises:
        ValueError: no part, different numbers of channels, or not one gain a part.
    """
    xs = _alike([signal(part, rate) for part in parts], "mix")
    factors = [1.0] * len(xs) if gains_db is None else [from_db(db) for db in gains_db]
    if len(factors) != len(xs):
        raise ValueError(f"{len(factors)} gains for {len(xs)} sounds: give one each")
    out = np.zeros((len(xs[0]), max(x.shape[1] for x in xs)), np.float32)
    for x, factor in zip(xs, factors, strict=True):
        out[:, : x.shape[1]] += x if factor == 1 else x * np.float32(factor)
    return out


def _alike(xs: list[Float], verb: str) -> list[Float]:
    """Mono parts doubled where others are stereo.

    Raises:
        ValueError: none, or channels that do not match.
    """
    if not xs:
        raise ValueError(f"there is nothing to {verb}: give at least one sound")
    most = max(len(x) for x in xs)
    if any(len(x) not in (1, most) for x in xs):
        raise ValueError(f"cannot {verb} sounds with {sorted({len(x) for x in xs})} channels: make them alike first")
    return [x if len(x) == most else np.repeat(x, most, axis=0) for x in xs]
