"""Neural rendering: scores to latents, latents to sound, and what of them is made anew."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from nawgraph.context import Context
from nawgraph.hints import Range, Seed
from nawgraph.node import node
from nawgraph.values import STEMS, Audio, Latents, Mask, ModelRef, Score, Stems
from nawgraph.values.signal import Float

RENDERER = ModelRef("renderer", "house", "1")
VOCODER = ModelRef("vocoder", "house", "1")
"""The models that come with nawgraph. A revision is raised with its weights, and the nodes' versions with it."""

MASK_RATE = 1000
"""Frames a second of a mask of bars."""

TAIL = 4
"""Seconds that such a mask goes on after the last bar, for what rings there."""


@node(
    "render.flow", title="Render by network", needs="gpu", aliases=("neural", "diffusion", "flow matching", "renderer")
)
def flow(
    score: Score,
    latents: Latents | None = None,
    mask: Mask | None = None,
    *,
    steps: Annotated[int, Range(1, 64)] = 3,
    seed: Annotated[int, Seed()] = 0,
    ctx: Context,
) -> Latents:
    """Paint the sound of a score with the acoustic renderer: latents of the house render space, for `latent.decode`.

    More `steps` follow the flow more closely, each costs the same. With `latents` and a `mask`, only what the mask
    covers is made anew; the rest is kept as it is and heard by the network.
    """
    if (latents is None) != (mask is None):
        raise ValueError("to render a part anew, wire both: the latents to keep and the mask of what is not kept")
    with ctx.borrow(RENDERER) as model:
        keep = None if latents is None or mask is None else _kept(mask, latents)
        made: Latents = model.render(score, seed=seed, count=steps, steps=ctx.steps, known=latents, keep=keep)
    return made


@node("latent.decode", title="Latents to sound", needs="gpu", aliases=("vocoder", "decoder"))
def decode(latents: Latents, score: Score | None = None, *, seed: Annotated[int, Seed()] = 0, ctx: Context) -> Stems:
    """Turn latents of the house render space into stems (44.1 kHz, stereo).

    With a `score` the stems are as long as its song and 3 s more, to the sample; without one as the frames have it.
    """
    with ctx.borrow(VOCODER) as model:
        length = None if score is None else model.length_of(score)
        made: Stems = model.decode(latents, seed=seed, length=length, steps=ctx.progress)
    return made


@node("latent.encode", title="Sound to latents", aliases=("encoder",))
def encode(stems: Stems, *, ctx: Context) -> Latents:
    """Turn stems into latents of the house render space, to render parts of them anew or to see what it keeps."""
    if stems.rate != 44_100:
        raise ValueError(
            f"the house render space is of 44,100 Hz, these stems have {stems.rate:,} Hz: resample them first"
        )
    with ctx.borrow(VOCODER) as model:
        made: Latents = model.encode(stems)
    return made


@node("mask.bars", title="Mask bars", aliases=("inpaint", "region"))
def bars(
    score: Score,
    *,
    first: Annotated[int, Range(0, 100_000, unit="bars")] = 0,
    count: Annotated[int, Range(1, 100_000, unit="bars")] = 4,
    drums: bool = True,
    bass: bool = True,
    vocals: bool = True,
    other: bool = True,
) -> Mask:
    """Choose bars (counted from 0) and stems that are to be made anew."""
    if first >= score.bars:
        raise ValueError(f"first must be below {score.bars}, the number of bars of the score, got {first}")
    chosen = [stem for stem, on in zip(STEMS, (drums, bass, vocals, other), strict=True) if on]
    if not chosen:
        raise ValueError("no stem is chosen: turn on at least one of drums, bass, vocals and other")
    end = min(first + count, score.bars)
    begin, stop = (score.grid.samples(score.grid.bar_start(bar), MASK_RATE) for bar in (first, end))
    data = np.zeros((4, 1, score.grid.frames(MASK_RATE) + TAIL * MASK_RATE), np.float32)
    for stem in chosen:
        data[STEMS.index(stem), 0, begin : None if end == score.bars else stop] = 1
    return Mask(STEMS, data, MASK_RATE)


@node("stems.splice", title="Splice stems", aliases=("inpaint", "patch", "punch in"))
def splice(stems: Stems, fresh: Stems, mask: Mask, *, fade: Annotated[float, Range(0, 1, unit="s")] = 0.03) -> Stems:
    """Put new sound in where a mask says so, faded in and out within `fade` seconds inside the mask.

    Every sample outside the mask is the old one, bit for bit.
    """
    if (stems.rate, stems.frames) != (fresh.rate, fresh.frames) or stems.names != fresh.names:
        raise ValueError(
            f"both stems must have one rate, length and names, got {stems.frames} and {fresh.frames} frames at "
            f"{stems.rate} and {fresh.rate} Hz, {', '.join(stems.names)} and {', '.join(fresh.names)}"
        )
    made = {}
    for name, audio in stems:
        weight = _weights(mask, name, stems.rate, stems.frames, fade)
        if weight is None:
            made[name] = audio
            continue
        mixed = audio.samples + weight * (fresh[name].samples - audio.samples)
        made[name] = Audio(np.where(weight > 0, mixed, audio.samples).astype(np.float32), audio.rate)
    return Stems.of(made)


def _weights(mask: Mask, stem: str, rate: int, frames: int, fade: float) -> Float | None:
    """How much of the new sound is heard at each sample, None where a stem is not in the mask at all."""
    if stem not in mask.names:
        return None
    on = mask.data[mask.names.index(stem)].max(axis=0) > 0.5
    if not on.any():
        return None
    places = np.minimum((np.arange(frames) * (mask.frame_rate / rate)).astype(np.int64), len(on) - 1)
    inside = on[places]
    edges = np.flatnonzero(np.diff(inside.astype(np.int8)))
    weight: Float = inside.astype(np.float32)
    size = round(fade * rate)
    for edge in edges if size else ():
        ramp = ((np.arange(size) + 0.5) / size).astype(np.float32)
        if inside[edge + 1]:
            part = weight[edge + 1 : edge + 1 + size]
            part *= ramp[: len(part)]
        else:
            part = weight[max(edge + 1 - size, 0) : edge + 1]
            part *= ramp[::-1][size - len(part) :]
    return weight


def _kept(mask: Mask, latents: Latents) -> Float:
    """1 where a mask leaves latents alone, float32 [4, frames]."""
    frames = latents.data[0].shape[1]
    places = np.minimum(
        (np.arange(frames) * (mask.frame_rate / latents.frame_rate)).astype(np.int64), mask.data.shape[2] - 1
    )
    keep = np.ones((len(STEMS), frames), np.float32)
    for index, stem in enumerate(STEMS):
        if stem in mask.names:
            keep[index] = 1 - (mask.data[mask.names.index(stem)].max(axis=0) > 0.5)[places]
    return keep
