"""Control curves in the render space: how loud and how bright a stem is, frame by frame."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nawgraph.models.render.space import FLOOR, SIDES, edges_of

F32 = npt.NDArray[np.float32]

SMOOTH = 9
"""Frames over which curves are smoothed: 0.2 s, so that they ask for a course and not for single notes."""


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
