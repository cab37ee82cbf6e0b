"""One door: a value and a size give a picture."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nawgraph.ui.viewers.curves import MOST_LINES, lines, matrix
from nawgraph.ui.viewers.pictures import Image, Lane, Picture, Size, Waveform, Words
from nawgraph.ui.viewers.pyramid import Pyramid
from nawgraph.ui.viewers.roll import roll
from nawgraph.ui.viewers.spectrum import spectrogram
from nawgraph.ui.viewers.summary import lines_of
from nawgraph.values import Audio, Curve, Embedding, Latents, Mask, Score, Stems, Tokens
from nawgraph.values.signal import Float

CLIP = 0.999
"""From here on a sample counts as clipped."""

_SHORT_LANE = 28
"""Pixels under which channels are merged into one waveform."""


def kinds(value: Any) -> tuple[str, ...]:
    """The ways to show a value, the usual one first: names for `picture`."""
    if isinstance(value, (Audio, Stems)):
        return "waveform", "spectrogram"
    if isinstance(value, Score):
        return ("roll",)
    if isinstance(value, Curve):
        return ("lines", "image") if len(value.data) <= MOST_LINES else ("image", "lines")
    if isinstance(value, (Latents, Tokens, Mask)):
        return ("image",)
    return ("lines",) if isinstance(value, Embedding) else ("words",)


def picture(value: Any, size: Size, kind: str = "") -> Picture:
    """What to draw of a value in a box of so many pixels. Pure: one value, size and kind give one picture.

    Takes up to a tenth of a second or so for long sounds: call it on a worker, keep the result by the digest.

    Raises:
        ValueError: a box without a pixel, a kind that is none of `kinds(value)`.
    """
    if min(size) < 1:
        raise ValueError(f"a picture needs at least a pixel, got {size[0]} × {size[1]}")
    known = kinds(value)
    if kind and kind not in known:
        raise ValueError(f"no view {kind!r} of this value; there are {', '.join(known)}")
    return _drawn(value, size, kind or known[0])


def _drawn(value: Any, size: Size, kind: str) -> Picture:
    if isinstance(value, Score):
        return roll(value, size)
    if isinstance(value, (Audio, Stems)):
        if kind == "spectrogram":
            return Image(size, spectrogram(value if isinstance(value, Audio) else mixed(value), size))
        return _waveform(value, size)
    if isinstance(value, Curve):
        return lines(value.data, size) if kind == "lines" else matrix(value.data, size)
    if isinstance(value, Embedding):
        return lines(value.vector[None], size)
    if isinstance(value, (Latents, Tokens, Mask)):
        return matrix(_rows(value), size, upwards=False)
    return Words(size, lines_of(value))


def waveform_of(
    pyramids: list[tuple[str, Pyramid]], size: Size, span: tuple[int, int], rate: int, scale: float = 1.0
) -> Waveform:
    """Waveforms above one another, one strip a channel: for a viewer that keeps its pyramids and moves its span.

    Args:
        pyramids: of stems or channels, by name; a pyramid of two channels that are not merged gives two strips.
        size: of the box.
        span: frames (first, end) to show.
        rate: in Hz.
        scale: the level that fills half a strip.
    """
    width, height = size
    strips = [(name, pyramid, c) for name, pyramid in pyramids for c in range(pyramid.channels)]
    views = {id(p): p.view(span[0], max(span[1], span[0] + 1), width) for _, p in pyramids}
    lanes = []
    for i, (name, pyramid, c) in enumerate(strips):
        view = views[id(pyramid)]
        low, high, rms = view.low[c], view.high[c], view.rms[c]
        side = "LR"[c] if pyramid.channels == 2 and not name else name
        top, bottom = i * height / len(strips), (i + 1) * height / len(strips)
        lanes.append(Lane(side, name, top, bottom, low, high, rms, (low <= -CLIP) | (high >= CLIP)))
    return Waveform(size, tuple(lanes), span, rate, scale)


def _waveform(value: Audio | Stems, size: Size) -> Waveform:
    if isinstance(value, Stems):
        made = [(name, Pyramid.of(audio.samples, merged=True)) for name, audio in value]
    else:
        merged = size[1] < _SHORT_LANE * value.channels
        made = [("", Pyramid.of(value.samples, merged=merged))]
    top = max((float(np.abs(p.levels[-1][:2]).max(initial=0)) for _, p in made), default=0.0)
    return waveform_of(made, size, (0, value.frames), value.rate, _scale(top))


def _scale(top: float) -> float:
    """Full scale, or as many steps of 3 dB less as quiet sound needs to be seen (at most 24 dB)."""
    if not 0 < top < 1:
        return 1.0
    return float(2 ** -(min(math.floor(-2 * math.log2(top)), 8) / 2))


def mixed(stems: Stems) -> Audio:
    """The sum of stems, mono where their channels differ."""
    shapes = {audio.channels for audio in stems.audios}
    parts = [a.samples if len(shapes) == 1 else a.samples.mean(axis=0, keepdims=True) for a in stems.audios]
    total: Float = parts[0].copy()
    for part in parts[1:]:
        total += part
    return Audio(total, stems.rate)


def _rows(value: Latents | Tokens | Mask) -> Float:
    """All stems' rows under one another in the order of their names, each stem scaled to 0–1 by itself."""
    if isinstance(value, Latents):
        blocks = list(value.data)
    elif isinstance(value, Tokens):
        blocks = [codes.reshape(-1, codes.shape[-1]).astype(np.float32) for codes in value.codes]
    else:
        blocks = [block[::-1] for block in value.data]
    scaled = blocks if isinstance(value, Mask) else [_unit(np.nan_to_num(block)) for block in blocks]
    return np.concatenate(scaled) if scaled else np.zeros((0, 0), np.float32)


def _unit(block: Float) -> Float:
    low, high = float(block.min(initial=0)), float(block.max(initial=0))
    return (block - low) / (high - low) if high > low else np.zeros_like(block)
