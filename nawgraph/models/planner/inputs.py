"""From tokens to rows of the embedding tables: delays, lags, echoes. Training and sampling share it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nawgraph.models.planner.config import FEATURE_OFFSETS, LAGS, READER_OFFSETS
from nawgraph.models.planner.vocabulary import COUNT, DELAYS, LONGEST_DELAY, SIZES, Tokens

Ints = npt.NDArray[np.int32]
NOTHING = np.array(SIZES, np.int16)
"""The token of every stream that stands for "nothing there"."""


def delayed(tokens: Tokens) -> Tokens:
    """Every stream moved later by its delay, int16 [steps + longest delay, streams]; `NOTHING` fills the gaps."""
    found = np.tile(NOTHING, (len(tokens) + LONGEST_DELAY, 1))
    for stream, delay in enumerate(DELAYS):
        found[delay : delay + len(tokens), stream] = tokens[:, stream]
    return found


def undelayed(late: Tokens) -> Tokens:
    """The inverse of `delayed`."""
    steps = len(late) - LONGEST_DELAY
    return np.stack([late[delay : delay + steps, stream] for stream, delay in enumerate(DELAYS)], axis=1)


def echo_sources(echoes: npt.NDArray[np.int32]) -> Ints:
    """For every delayed position and stream the delayed position that its echo is read from, −1 for none.

    int32 [steps + longest delay, streams]
    """
    steps = len(echoes)
    found = np.full((steps + LONGEST_DELAY, COUNT), -1, np.int32)
    for stream, delay in enumerate(DELAYS):
        shifted = np.where(echoes >= 0, echoes + delay, -1)
        found[delay : delay + steps, stream] = shifted
    return found


def lags(steps_a_bar: int) -> tuple[int, ...]:
    """Steps that every lag but the echo looks back."""
    return (1, steps_a_bar, 4 * steps_a_bar, 8 * steps_a_bar)


def looked_back(late: Tokens, positions: npt.NDArray[np.int64], steps_a_bar: int, echo: Ints) -> Tokens:
    """The tokens that every lag shows at the given positions, int16 [positions, lags, streams]."""
    found = np.empty((len(positions), len(LAGS), COUNT), np.int16)
    for index, lag in enumerate(lags(steps_a_bar)):
        at = positions - lag
        found[:, index] = np.where((at >= 0)[:, None], late[np.maximum(at, 0)], NOTHING)
    sources = echo[positions]
    streams = np.arange(COUNT)
    found[:, -1] = np.where(sources >= 0, late[np.maximum(sources, 0), streams], NOTHING)
    return found


def extended(features: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
    """Features of every delayed position: those past the end are the last step's."""
    return np.concatenate([features, np.repeat(features[-1:], LONGEST_DELAY, axis=0)])


def feature_rows(features: npt.NDArray[np.int16]) -> Ints:
    """Rows of the feature table, int32 [steps, features]."""
    rows: Ints = (features + FEATURE_OFFSETS[:-1]).astype(np.int32)
    return rows


def reader_rows(tokens: Tokens, fixed: npt.NDArray[np.bool_]) -> Ints:
    """Rows of the reader's table, int32 [steps, streams]: the token where it is fixed, else "not fixed"."""
    shown = np.where(fixed, np.minimum(tokens, NOTHING - 1), NOTHING)
    rows: Ints = (shown + READER_OFFSETS[:-1]).astype(np.int32)
    return rows
