"""Control curves in the render space: how loud and how bright a stem is, frame by frame."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nawgraph.models.render.space import FLOOR, SIDES, edges_of

F32 = npt.NDArray[np.float32]
Array = npt.NDArray[np.float64]

SMOOTH = 9
"""Frames over which curves are smoothed: 0.2 s, so that they ask for a course and not for single notes."""

AUDIBLE = 0.25
"""Level (0 is −60 dB) below which a stem is left alone by a course: what is not played is not made loud."""

STEEPEST = 60.0
"""dB by which the highest band may be moved against the lowest one."""


def curves(stem: str, features: F32, smooth: int = SMOOTH) -> F32:
    """Level and brightness, float32 [frames, 2], from features [frames, 134].

    Level is (dB + 60) / 60 of the power (1 for a full-scale sine, 0 at −60 dB); brightness the power-weighted mean of
    the band's place, 0 to 1. Both are of the mean power over `smooth` frames, an odd number.
    """
    bands = len(edges_of(stem)) - 1
    power = np.maximum(10.0 ** features[:, :-SIDES].astype(np.float64) - FLOOR, 0)
    power = power.reshape(len(features), -1, bands).mean(axis=1)
    power = smoothed(power, smooth)
    total = power.sum(axis=1)
    level = np.maximum(10 * np.log10(total + 1e-9) + 60, 0) / 60
    bright = (power * np.linspace(0, 1, bands)).sum(axis=1) / (total + 1e-7)
    return np.stack([level, bright], axis=1).astype(np.float32)


def smoothed(rows: npt.NDArray[np.float64], smooth: int = SMOOTH) -> npt.NDArray[np.float64]:
    """Moving mean over an odd number of frames of an array [frames, n]; the ends are repeated."""
    half = smooth // 2
    padded = np.concatenate([np.repeat(rows[:1], half + 1, 0), rows, np.repeat(rows[-1:], half, 0)])
    sums = np.cumsum(padded, axis=0)
    return np.asarray((sums[smooth:] - sums[:-smooth]) / smooth)


def moved(stem: str, features: F32, gain: npt.NDArray[np.float64], tilt: npt.NDArray[np.float64]) -> F32:
    """Features made louder and brighter.

    Args:
        stem: name.
        features: float32 [frames, 134].
        gain: dB a frame.
        tilt: dB a frame by which the highest band gains on the lowest one.

    Returns:
        float32 [frames, 134]; the floor and the width stay as they are.
    """
    bands = len(edges_of(stem)) - 1
    place = np.linspace(-0.5, 0.5, bands)
    power = np.maximum(10.0 ** features[:, :-SIDES].astype(np.float64) - FLOOR, 0).reshape(len(features), -1, bands)
    power = power * 10 ** ((gain[:, None] + tilt[:, None] * place) / 10)[:, None]
    made = features.copy()
    made[:, :-SIDES] = np.log10(power.reshape(len(features), -1) + FLOOR)
    return made


def followed(stem: str, features: F32, level: Array | None, brightness: Array | None) -> F32:
    """Features brought to courses of level and brightness where the stem sounds, float32 [frames, 134].

    Args:
        stem: name.
        features: float32 [frames, 134].
        level: wanted, [frames] as `curves` has it; at most 40 dB down and 20 dB up are gone.
        brightness: wanted, [frames]; the bands are tilted by at most `STEEPEST` dB.
    """
    made, still = features, np.zeros(len(features))
    sounds = curves(stem, features)[:, 0] > AUDIBLE
    if brightness is not None:
        tilt = np.where(sounds, _tilt(stem, features, brightness), 0)
        made = moved(stem, made, still, smoothed(tilt[:, None])[:, 0])
        if level is None:
            level = curves(stem, features)[:, 0].astype(np.float64)  # brighter or darker, but as loud as before
    if level is not None:
        gain = np.where(sounds, np.clip(60 * (level - curves(stem, made)[:, 0]), -40, 20), 0)
        made = moved(stem, made, smoothed(gain[:, None])[:, 0], still)
    return made


def _tilt(stem: str, features: F32, wanted: Array) -> Array:
    """dB a frame by which the highest band must gain on the lowest one, [frames]: found by halving intervals."""
    bands = len(edges_of(stem)) - 1
    power = np.maximum(10.0 ** features[:, :-SIDES].astype(np.float64) - FLOOR, 0)
    power = smoothed(power.reshape(len(features), -1, bands).mean(axis=1))
    place = np.linspace(0, 1, bands)
    low, high = np.full(len(features), -STEEPEST), np.full(len(features), STEEPEST)
    for _ in range(12):
        middle = (low + high) / 2
        bent = power * 10 ** (middle[:, None] * (place - 0.5) / 10)
        darker = (bent * place).sum(axis=1) / (bent.sum(axis=1) + 1e-12) < wanted
        low, high = np.where(darker, middle, low), np.where(darker, high, middle)
    return np.asarray((low + high) / 2)
