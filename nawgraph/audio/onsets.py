"""Where notes begin: the onset envelope and the onsets."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nawgraph.audio.check import signal
from nawgraph.audio.resample import resample
from nawgraph.audio.spectrum import magnitudes, mel_bands
from nawgraph.heavy import importing
from nawgraph.values.signal import Float

Array = npt.NDArray[np.float64]

RATE = 22050
HOP = 256
BANDS = 64
_SIZE = 1024
_FLOOR = 1e-3
"""Share of the loudest band below which nothing counts: −60 dB."""

_LEAD = 0.6
"""Frames by which the flux peaks before the onset: the logarithm sees the window's first touch."""

_BEFORE, _AFTER = 0.02, 0.015
"""Seconds around a peak of the flux in which its onset lies: claps and crashes have their peak late."""

_STEEP = 0.25
"""Share of the steepest rise from which a rise is an onset."""

_CONTEXT = 0.05
"""Seconds before, whose rises are noise."""

_CLEARER = 1.5
"""How many times more clearly the samples must show a rise than their differences, to be preferred."""


def onset_envelope(samples: Float, rate: int) -> tuple[Float, float]:
    """How much begins at each moment: spectral flux of log mel bands (Böck and Widmer 2013), independent of level.

    Rises are taken against the loudest of a band and its neighbours one frame earlier, so that vibrato is no onset.

    Returns:
        float32 [frames] ≥ 0, frame t at t / frame rate seconds, and the frame rate (86.13 Hz). Silence gives zeros.
    """
    flux, frame_rate = band_flux(samples, rate)
    return flux.mean(axis=0), frame_rate


def band_flux(samples: Float, rate: int) -> tuple[Float, float]:
    """The onset envelope by mel band, float32 [64, frames], lowest band first, and the frame rate."""
    x = resample(signal(samples, rate).mean(axis=0, keepdims=True), rate, RATE)
    if x.shape[1] == 0:
        return np.zeros((BANDS, 0), np.float32), RATE / HOP
    bands = mel_bands(RATE, _SIZE, BANDS) @ magnitudes(x, RATE, _SIZE, HOP)
    top = float(bands.max())
    if top < 1e-7:
        return np.zeros_like(bands), RATE / HOP
    logs = np.log1p(bands / (top * _FLOOR))
    wide = np.pad(logs, ((1, 1), (0, 0)), mode="edge")
    before = np.maximum(np.maximum(wide[:-2], wide[1:-1]), wide[2:])
    # Frame 0 stands for a rise from silence before the beginning.
    flux = np.concatenate([logs[:, :1], np.maximum(logs[:, 1:] - before[:, :-1], 0)], axis=1)
    return flux, RATE / HOP


def onsets(samples: Float, rate: int, threshold: float = 0.12, gap: float = 0.03) -> Array:
    """Times of onsets in seconds, rising.

    Peaks of the onset envelope that stand out of the mean around them, each moved to the first steep rise of
    energy nearby, which is right to about 2 ms for plucked and struck sounds.

    Args:
        samples: [channels, frames].
        rate: Hz.
        threshold: how far a peak must stand out, as a share of the strongest ones.
        gap: seconds between two onsets at least.
    """
    x = signal(samples, rate)
    envelope, frame_rate = onset_envelope(x, rate)
    peaks = _peaks(envelope.astype(np.float64), threshold, max(round(gap * frame_rate), 1))
    mono = x.mean(axis=0, dtype=np.float32)
    times = np.array([_refined(mono, rate, (p + _LEAD) / frame_rate) for p in peaks])
    keep = np.diff(times, prepend=-np.inf) >= gap / 2
    return times[keep] if len(times) else times


def _peaks(envelope: Array, threshold: float, gap: int) -> npt.NDArray[np.int64]:
    """Local maxima over the mean of ±0.1 s by a share of the strong peaks' height, at least `gap` frames apart."""
    with importing:
        from scipy.ndimage import maximum_filter1d, uniform_filter1d

    if len(envelope) == 0 or envelope.max() <= 0:
        return np.zeros(0, np.int64)
    strong = np.percentile(envelope[envelope > 0.1 * envelope.max()], 75)
    largest = envelope == maximum_filter1d(envelope, 2 * gap + 1, mode="constant")
    above = envelope >= uniform_filter1d(envelope, 17, mode="constant") + threshold * strong
    return np.flatnonzero(largest & above)


def _refined(mono: Float, rate: int, seconds: float) -> float:
    """The moment of the first steep rise of energy from 20 ms before `seconds` to 15 ms after it, to 0.5 ms.

    The first, since a kick's waves and a clap's hands rise again and again; but one that stands out of the 50 ms
    before, since the noise of a cymbal that rings on rises all the time. The energy is that of the differences between
    samples, in which the beginning of a stroke outweighs the waves of a bass, or that of the samples themselves, in
    which a kick outweighs a cymbal: whichever shows the rise more clearly.
    """
    step = max(rate // 2000, 1)
    middle = round(seconds * rate)
    first = max(middle - round(_BEFORE * rate) - 8 * step, 0)
    begin = first - min(first, round(_CONTEXT * rate)) // step * step
    part = mono[begin : middle + round(_AFTER * rate)].astype(np.float64)
    start = (first - begin) // step
    clearest, least, found = 0.0, 0.0, np.zeros(0)
    for wave in (np.diff(part, prepend=part[:1] if begin else 0.0), part):
        rise = _rises(np.square(wave), step)
        if len(rise) < start + 8:
            return seconds
        noise = float(rise[: max(start - 4, 0)].max(initial=0.0))
        rise = rise[start:]
        rise *= np.clip(1 - np.abs(np.arange(len(rise)) * step + first - middle) / rate * 20, 0.5, 1)
        top = float(rise.max())
        clear = top / (noise + 1e-12)
        if not len(found) or clear > _CLEARER * clearest:
            clearest, found, least = clear, rise, max(_STEEP * top, min(noise, 0.9 * top))
    # A step of energy weighs most where the 2 ms after it are set against the 2 ms before: at most 1.5 ms further on.
    at = int(np.argmax(found >= least))
    best = at + int(np.argmax(found[at : at + 4]))
    return float(first + best * step) / rate


def _rises(energy: Array, step: int) -> Array:
    """By how much the 2 ms after a moment have more energy than the 2 ms before, every `step` samples."""
    count = len(energy) // step
    sums = np.concatenate([np.zeros(4), energy[: count * step].reshape(count, step).sum(axis=1)])
    total = np.concatenate([[0.0], np.cumsum(sums)])
    windows = total[4:] - total[:-4]
    return np.asarray(windows[4:] - windows[:-4])
