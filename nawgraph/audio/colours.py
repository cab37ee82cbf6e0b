"""Colours of pictures."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

Colour = tuple[int, int, int]

BACKGROUND: Colour = (17, 18, 23)
PANEL: Colour = (26, 28, 35)
GRID: Colour = (52, 55, 66)
TEXT: Colour = (206, 209, 218)
ACCENT: Colour = (92, 178, 255)
BRIGHT: Colour = (176, 218, 255)
WARNING: Colour = (255, 107, 97)

# Lightness, chroma and hue (degrees) in OKLCh: lightness rises evenly, so that equal steps look equal also in grey.
_EMBER = (
    (0.10, 0.020, 285), (0.22, 0.090, 290), (0.34, 0.140, 310), (0.46, 0.170, 345), (0.58, 0.180, 20),
    (0.70, 0.160, 45), (0.82, 0.140, 75), (0.95, 0.070, 100),
)  # fmt: skip


@cache
def ember() -> npt.NDArray[np.uint8]:
    """The map of spectrograms and chroma, from near black over purple and orange to pale yellow: uint8 [256, 3]."""
    points = np.array(_EMBER)
    hue = np.unwrap(np.radians(points[:, 2]))
    at, places = np.linspace(0, 1, 256), np.linspace(0, 1, len(points))
    light, colour = np.interp(at, places, points[:, 0]), np.interp(at, places, points[:, 1])
    angle = np.interp(at, places, hue)
    return _srgb(light, colour * np.cos(angle), colour * np.sin(angle))


def _srgb(
    light: npt.NDArray[np.float64], a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]
) -> npt.NDArray[np.uint8]:
    """OKLab (Ottosson 2020) to sRGB bytes, clipped."""
    long = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (light - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = np.stack(
        [
            4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
            -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
            -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
        ],
        axis=1,
    ).clip(0, 1)
    gamma = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(gamma * 255), np.uint8)
