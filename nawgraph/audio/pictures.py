"""Pictures of sound: waveform, spectrogram, chroma. Each returns a Pillow image; `plot.png` makes a file of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from nawgraph.audio import colours
from nawgraph.audio.check import signal
from nawgraph.audio.chroma import chroma
from nawgraph.audio.levels import to_db
from nawgraph.audio.peaks import peaks
from nawgraph.audio.plot import Chart
from nawgraph.audio.spectrum import frames_in, magnitudes
from nawgraph.values.signal import Float

if TYPE_CHECKING:
    from PIL.Image import Image

PITCHES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
"""Pillow's own font has no sharps, flats and minus signs."""
_SCALE_WIDTH = 84
_MOST_FRAMES = 150_000
_FULL = 0.999
"""From here on a sample counts as clipped."""


def waveform(samples: Float, rate: int, width: int = 1200, height: int = 360, title: str = "Waveform") -> Image:
    """Each channel's minima and maxima over time, root mean square brighter, clipped places red.

    Raises:
        ValueError: a picture under 200 or over 16,000 pixels, more than 16 channels, NaN.
    """
    x = signal(samples, rate)
    if len(x) > 16:
        raise ValueError(f"a picture shows at most 16 channels, the sound has {len(x)}")
    chart = Chart(width, height, f"{title}   peak {_level(np.abs(x).max(initial=0))}")
    chart.time_axis(x.shape[1] / rate)
    lane = chart.height / len(x)
    pairs = peaks(x, rate).view(0, x.shape[1], chart.width) if x.shape[1] else np.zeros((len(x), 2, chart.width))
    for c, (low, high) in enumerate(pairs):
        middle = (c + 0.5) * lane
        labels = [(middle - 0.46 * lane, "1"), (middle, "0"), (middle + 0.46 * lane, "-1")]
        chart.marks(labels if lane >= 60 else [(middle, str(c + 1))])
        _lane(chart, low, high, _column_rms(x[c], chart.width), middle, 0.46 * lane)
    return chart.image


def _lane(chart: Chart, low: Float, high: Float, rms: Float, middle: float, half: float) -> None:
    x0, y0 = chart.box[0], chart.box[1] + middle
    for i, (a, b, r) in enumerate(zip(low.clip(-1, 1), high.clip(-1, 1), rms.clip(0, 1), strict=True)):
        x = x0 + i
        chart.draw.line((x, y0 - half * b, x, y0 - half * a), fill=colours.ACCENT)
        if r > 0:
            chart.draw.line((x, y0 - half * min(r, b), x, y0 + half * min(r, -a)), fill=colours.BRIGHT)
    for clipped in np.flatnonzero((low <= -_FULL) | (high >= _FULL)):
        i = int(clipped)
        chart.draw.line((x0 + i, y0 - half, x0 + i, y0 - half + 4), fill=colours.WARNING)
        chart.draw.line((x0 + i, y0 + half - 4, x0 + i, y0 + half), fill=colours.WARNING)


def _column_rms(x: npt.NDArray[np.float32], columns: int) -> Float:
    if len(x) == 0:
        return np.zeros(columns, np.float32)
    edges = np.linspace(0, len(x), columns + 1).astype(int)
    first = np.minimum(edges[:-1], len(x) - 1)
    counts = np.maximum(np.diff(edges), 1)
    return np.asarray(np.sqrt(np.add.reduceat(np.square(x, dtype=np.float64), first) / counts), np.float32)


def spectrogram(
    samples: Float,
    rate: int,
    width: int = 1200,
    height: int = 480,
    title: str = "Spectrogram",
    low: float = 30.0,
    floor_db: float = -80.0,
) -> Image:
    """Level by frequency (logarithmic, from `low` Hz to half the sample rate) and time, in dB under the loudest.

    Raises:
        ValueError: a picture under 200 or over 16,000 pixels, a lowest frequency or floor out of range, NaN.
    """
    x = signal(samples, rate)
    top = min(rate / 2, 20_000.0)
    if not 1 <= low <= top / 2 or not -200 <= floor_db <= -10:
        raise ValueError(
            f"a spectrogram begins between 1 and {top / 2:g} Hz and goes 10 to 200 dB down, got {low:g}, {floor_db:g}"
        )
    chart = Chart(width, height, title, right=_SCALE_WIDTH)
    size = 1 << max(round(np.log2(rate * 0.06)), 5)
    # Overlapping frames leave nothing out; only beyond an hour or so some sound goes unseen, to bound the memory.
    hop = max(min(x.shape[1] // (2 * chart.width), size // 2), size // 16, x.shape[1] // _MOST_FRAMES, 1)
    levels = _decibels(magnitudes(x, rate, size, hop), floor_db)
    hz = np.geomspace(top, low, chart.height)
    rows = _at_rows(levels, hz * size / rate)
    seconds = x.shape[1] / rate
    chart.paste(_coloured(_columns(rows, x.shape[1], hop, chart.width)), *chart.box[:2])
    chart.time_axis(seconds, grid=False)
    shown = [f for f in (31.25, 62.5, 125, 250, 500, 1000, 2000, 4000, 8000, 16000) if low <= f <= top]
    span = np.log(top / low)
    chart.marks(((np.log(top / f) / span * (chart.height - 1), _hertz(f)) for f in shown), grid=False)
    chart.scale([f"{floor_db * i / 4 + 0.0:.0f} dB" for i in range(5)])
    return chart.image


def chromagram(samples: Float, rate: int, width: int = 1200, height: int = 360, title: str = "Chroma") -> Image:
    """Strength of the twelve pitch classes over time, C at the bottom.

    Raises:
        ValueError: a picture under 200 or over 16,000 pixels, NaN.
    """
    x = signal(samples, rate)
    chart = Chart(width, height, title, right=_SCALE_WIDTH)
    values, frame_rate = chroma(x, rate)
    rows = values[::-1][np.arange(chart.height) * 12 // chart.height]
    hop = max(round(rate / frame_rate), 1)
    chart.paste(_coloured(_columns(rows, x.shape[1], hop, chart.width)), *chart.box[:2])
    chart.time_axis(x.shape[1] / rate, grid=False)
    chart.marks((((11.5 - i) * chart.height / 12, name) for i, name in enumerate(PITCHES)), grid=False)
    chart.scale(["1", "0.5", "0"])
    return chart.image


def _decibels(spectrum: Float, floor_db: float) -> Float:
    """0–1: from `floor_db` under the loudest up to it; silence is 0."""
    top = float(spectrum.max(initial=0))
    if top < 1e-9:
        return np.zeros_like(spectrum)
    db = 20 * np.log10(np.maximum(spectrum / top, 1e-12))
    return np.asarray((1 - db / floor_db).clip(0, 1), np.float32)


def _at_rows(levels: Float, bins: npt.NDArray[np.float64]) -> Float:
    """Values [bins, frames] at fractional bins [rows]; a row that spans several bins shows the strongest."""
    edges = np.sqrt(bins[:-1] * bins[1:])
    high = np.concatenate([bins[:1], edges])
    below = np.concatenate([edges, bins[-1:]])
    out = np.empty((len(bins), levels.shape[1]), np.float32)
    for row, (middle, a, b) in enumerate(zip(bins, below, high, strict=True)):
        first, last = int(np.ceil(a)), int(np.floor(b))
        if last > first:
            out[row] = levels[first : last + 1].max(axis=0, initial=0)
        else:
            k = min(int(middle), len(levels) - 2)
            part = np.float32(min(middle - k, 1.0))
            out[row] = levels[k] + part * (levels[k + 1] - levels[k])
    return out


def _columns(rows: Float, frames: int, hop: int, columns: int) -> Float:
    """Values [rows, frames of `hop`] as [rows, columns]: the strongest in each column."""
    count = frames_in(frames, hop)
    if rows.shape[1] == 0 or count == 0:
        return np.zeros((len(rows), columns), np.float32)
    edges = (np.arange(columns + 1) / columns * frames / hop).round().astype(int).clip(0, rows.shape[1] - 1)
    return np.asarray(np.maximum.reduceat(rows, edges[:-1], axis=1))


def _coloured(values: Float) -> npt.NDArray[np.uint8]:
    return colours.ember()[(values * 255).round().astype(np.uint8)]


def _hertz(f: float) -> str:
    return f"{f / 1000:g} kHz" if f >= 1000 else f"{f:.0f} Hz"


def _level(amplitude: float) -> str:
    return f"{to_db(amplitude):.1f} dBFS" if amplitude > 0 else "silence"
