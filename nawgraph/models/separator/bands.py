"""Where the separator looks and masks: bins of a 4096-point transform, gathered to positions, these to bands.

Below 5.5 kHz a position is one bin (10.8 Hz), since harmonics of different stems lie side by side; above it two, from
11 kHz on four. Bands are runs of positions that one vector of the network stands for, narrow where basses are.
"""

from __future__ import annotations

from itertools import accumulate

import numpy as np
import numpy.typing as npt

RATE, SIZE, HOP = 44_100, 4096, 1024
BINS = SIZE // 2 + 1

GATHERED = ((512, 1), (256, 2), (256, 4))
"""Positions, and bins of each; the last bin of all joins the last position."""

POSITIONS = sum(count for count, _ in GATHERED)

BANDS = ((24, 4), (16, 12), (14, 16), (8, 32), (4, 64))
"""Bands, and positions of each."""

COUNT = sum(count for count, _ in BANDS)


def first_bins() -> npt.NDArray[np.int64]:
    """First bin of every position, int64 [positions]."""
    widths = [width for count, width in GATHERED for _ in range(count)]
    return np.array([0, *accumulate(widths)][:-1], np.int64)


def position_of() -> npt.NDArray[np.int64]:
    """Position of every bin, int64 [bins]."""
    return np.searchsorted(first_bins(), np.arange(BINS), side="right") - 1
