"""Equaliser sections: biquads after R. Bristow-Johnson, *Audio EQ Cookbook*.

A filter is an array of second-order sections, float64 [sections, 6] (b0 b1 b2 a0 a1 a2, a0 = 1), as scipy has them;
`cascade` puts filters in series.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from nawgraph.audio.check import signal, within
from nawgraph.heavy import importing
from nawgraph.values.signal import Float

Sos = npt.NDArray[np.float64]
State = npt.NDArray[np.float64]
BUTTERWORTH = math.sqrt(0.5)
"""The Q of a second-order section without resonance."""

_BLOCK = 1 << 16
_NOTHING = 1e-60
"""Far below the smallest float32: taking it away changes no bit of the result."""


def low_pass(rate: int, hz: float, q: float = BUTTERWORTH) -> Sos:
    """Second-order low pass, 12 dB an octave; −3 dB at `hz` with the default Q."""
    w, alpha = _angle(rate, hz, q)
    c = math.cos(w)
    return _section((1 - c) / 2, 1 - c, (1 - c) / 2, 1 + alpha, -2 * c, 1 - alpha)


def high_pass(rate: int, hz: float, q: float = BUTTERWORTH) -> Sos:
    """Second-order high pass, 12 dB an octave; −3 dB at `hz` with the default Q."""
    w, alpha = _angle(rate, hz, q)
    c = math.cos(w)
    return _section((1 + c) / 2, -1 - c, (1 + c) / 2, 1 + alpha, -2 * c, 1 - alpha)


def band_pass(rate: int, hz: float, q: float = 1.0) -> Sos:
    """Band pass with 0 dB at `hz`; Q = centre / bandwidth."""
    w, alpha = _angle(rate, hz, q)
    return _section(alpha, 0, -alpha, 1 + alpha, -2 * math.cos(w), 1 - alpha)


def notch(rate: int, hz: float, q: float = 10.0) -> Sos:
    """Takes `hz` out."""
    w, alpha = _angle(rate, hz, q)
    c = math.cos(w)
    return _section(1, -2 * c, 1, 1 + alpha, -2 * c, 1 - alpha)


def peaking(rate: int, hz: float, db: float, q: float = 1.0) -> Sos:
    """Bell of `db` at `hz`."""
    w, alpha = _angle(rate, hz, q)
    a, c = _amplitude(db), math.cos(w)
    return _section(1 + alpha * a, -2 * c, 1 - alpha * a, 1 + alpha / a, -2 * c, 1 - alpha / a)


def low_shelf(rate: int, hz: float, db: float, q: float = BUTTERWORTH) -> Sos:
    """`db` below, 0 dB above, half of it at `hz`."""
    w, alpha = _angle(rate, hz, q)
    a, c = _amplitude(db), math.cos(w)
    s = 2 * math.sqrt(a) * alpha
    return _section(
        a * (a + 1 - (a - 1) * c + s),
        2 * a * (a - 1 - (a + 1) * c),
        a * (a + 1 - (a - 1) * c - s),
        a + 1 + (a - 1) * c + s,
        -2 * (a - 1 + (a + 1) * c),
        a + 1 + (a - 1) * c - s,
    )


def high_shelf(rate: int, hz: float, db: float, q: float = BUTTERWORTH) -> Sos:
    """`db` above, 0 dB below, half of it at `hz`."""
    w, alpha = _angle(rate, hz, q)
    a, c = _amplitude(db), math.cos(w)
    s = 2 * math.sqrt(a) * alpha
    return _section(
        a * (a + 1 + (a - 1) * c + s),
        -2 * a * (a - 1 + (a + 1) * c),
        a * (a + 1 + (a - 1) * c - s),
        a + 1 - (a - 1) * c + s,
        2 * (a - 1 - (a + 1) * c),
        a + 1 - (a - 1) * c - s,
    )


def cascade(*filters: Sos) -> Sos:
    """Filters in series; none gives a wire."""
    return np.concatenate(filters) if filters else np.array([[1.0, 0, 0, 1, 0, 0]])


def response(sos: Sos, rate: int, hz: npt.ArrayLike) -> npt.NDArray[np.complex128]:
    """Complex frequency response at the given frequencies."""
    z = np.exp(-2j * np.pi * np.asarray(hz, float) / rate)[..., None]
    num = sos[:, 0] + sos[:, 1] * z + sos[:, 2] * z**2
    den = sos[:, 3] + sos[:, 4] * z + sos[:, 5] * z**2
    return np.asarray(np.prod(num / den, axis=-1))


def start(sos: Sos, channels: int) -> State:
    """The state of a filter at rest, float64 [sections, channels, 2]."""
    return np.zeros((len(sos), channels, 2))


def process(samples: Float, rate: int, sos: Sos, state: State) -> tuple[Float, State]:
    """Filter one chunk [channels, frames]; chunk by chunk gives the same bits as the whole at once.

    Returns:
        The filtered chunk and the state for the next one.
    """
    with importing:
        from scipy.signal import sosfilt

    x = signal(samples, rate)
    y = np.empty_like(x)
    for start in range(0, x.shape[1], _BLOCK):
        block = slice(start, start + _BLOCK)
        y[:, block], state = sosfilt(sos, x[:, block].astype(np.float64), axis=1, zi=state)
        # What rings on after the end would become denormal, which is slow on many processors.
        state[np.abs(state) < _NOTHING] = 0
    return y, state


def filtered(samples: Float, rate: int, sos: Sos) -> Float:
    """[channels, frames] through a filter that starts at rest."""
    return process(samples, rate, sos, start(sos, np.shape(samples)[0]))[0]


def _angle(rate: int, hz: float, q: float) -> tuple[float, float]:
    # Sections degenerate towards half the sample rate: the last hundredth is refused.
    within(hz, 1, 0.495 * rate, f"a filter frequency at {rate} Hz sample rate", "Hz")
    within(q, 0.01, 100, "Q")
    w = 2 * math.pi * hz / rate
    return w, math.sin(w) / (2 * q)


def _amplitude(db: float) -> float:
    return float(10 ** (within(db, -60, 60, "the gain of a filter", "dB") / 40))


def _section(b0: float, b1: float, b2: float, a0: float, a1: float, a2: float) -> Sos:
    return np.array([[b0, b1, b2, a0, a1, a2]]) / a0
