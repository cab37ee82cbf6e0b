"""Neural rendering: scores to latents, latents to sound, and parts of a song painted anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np

from nawgraph.audio.regions import REGIONS
from nawgraph.context import Context
from nawgraph.hints import Choice, Range, Seed
from nawgraph.node import node
from nawgraph.nodes.mask import chosen, kept, spliced
from nawgraph.values import STEMS, Audio, Curve, Latents, Mask, ModelRef, Score, Stems
from nawgraph.values.signal import Float

RENDERER = ModelRef("renderer", "house", "2")
VOCODER = ModelRef("vocoder", "house", "2")
"""The models that come with nawgraph. A revision is raised with its weights, and the nodes' versions with it."""


@node(
    "render.flow",
    version=2,
    migrations={1: dict},
    title="Render by network",
    needs="gpu",
    models={"renderer": RENDERER},
    aliases=("neural", "diffusion", "flow matching", "renderer"),
)
def flow(
    score: Score,
    latents: Latents | None = None,
    mask: Mask | None = None,
    dynamics: Curve | None = None,
    timbre: Curve | None = None,
    *,
    guided: Annotated[list[str], Choice(*STEMS)] = list(STEMS),  # noqa: B006 - coerced to a tuple, never changed
    steps: Annotated[int, Range(1, 64)] = 3,
    seed: Annotated[int, Seed()] = 0,
    ctx: Context,
) -> Latents:
    """Paint the sound of a score with the acoustic renderer: latents of the house render space, for `latent.decode`.

    More `steps` follow the flow more closely, each costs the same. With `latents` and a `mask`, only what the mask
    covers is made anew; the rest is kept as it is and heard by the network.

    Curves of `dynamics` and `timbre`, as `control.dynamics` and `control.timbre` give them, say how loud and how bright
    the `guided` stems become over time where they sound: one row for all of them, or four rows, one a stem.
    """
    if (latents is None) != (mask is None):
        raise ValueError("to render a part anew, wire both: the latents to keep and the mask of what is not kept")
    guides = [*_guides("dynamics", dynamics, guided), *_guides("timbre", timbre, guided)]
    keep = None
    if latents is not None and mask is not None:
        keep = kept(mask, latents.data[0].shape[1], latents.frame_rate, REGIONS)
    with ctx.borrow(RENDERER) as model:
        made: Latents = model.render(
            score, seed=seed, count=steps, steps=ctx.steps, known=latents, keep=keep, guides=guides
        )
    return made


@node(
    "latent.decode",
    version=2,
    migrations={1: dict},
    title="Latents to sound",
    needs="gpu",
    models={"vocoder": VOCODER},
    aliases=("vocoder", "decoder"),
)
def decode(latents: Latents, score: Score | None = None, *, seed: Annotated[int, Seed()] = 0, ctx: Context) -> Stems:
    """Turn latents of the house render space into stems (44.1 kHz, stereo).

    With a `score` the stems are as long as its song and 3 s more, to the sample; without one as the frames have it.
    """
    with ctx.borrow(VOCODER) as model:
        length = None if score is None else model.length_of(score)
        made: Stems = model.decode(latents, seed=seed, length=length, steps=ctx.progress)
    return made


@node("latent.encode", title="Sound to latents", models={"vocoder": VOCODER}, aliases=("encoder",))
def encode(stems: Stems, *, ctx: Context) -> Latents:
    """Turn stems into latents of the house render space, to render parts of them anew or to see what it keeps."""
    if stems.rate != 44_100:
        raise ValueError(
            f"the house render space is of 44,100 Hz, these stems have {stems.rate:,} Hz: resample them first"
        )
    with ctx.borrow(VOCODER) as model:
        made: Latents = model.encode(stems)
    return made


@node(
    "render.inpaint",
    version=3,
    migrations={1: dict, 2: dict},
    title="Paint anew by network",
    needs="gpu",
    models={"renderer": RENDERER, "vocoder": VOCODER},
    aliases=("neural", "repaint", "inpainting", "edit"),
)
def inpaint(
    score: Score,
    stems: Stems,
    mask: Mask,
    *,
    steps: Annotated[int, Range(1, 64)] = 3,
    fade: Annotated[float, Range(0, 1, unit="s")] = 0.15,
    seed: Annotated[int, Seed()] = 0,
    ctx: Context,
) -> Stems:
    """Paint the stems, times and bands of a mask anew as the score has them; the network hears what is kept.

    Other stems and every sample outside the mask's time stay as they are, bit for bit; the new sound comes and goes
    within `fade` seconds inside. Outside a mask's bands the sound stays as it is but for a thousandth. The stems may be
    rendered, composed or recorded (44.1 kHz); change the score first to hear other notes.
    """
    wanted = [name for name in mask.names if chosen(mask, name) is not None]
    strange = [name for name in wanted if name not in STEMS]
    if strange:
        raise ValueError(f"the renderer paints drums, bass, vocals and other; the mask is on for {strange[0]}")
    if stems.rate != 44_100:
        raise ValueError(f"the renderer paints at 44,100 Hz, these stems have {stems.rate:,} Hz: resample them first")
    if any(name not in stems.names for name in wanted):
        raise ValueError(f"the mask is on for {', '.join(wanted)}; the stems are {', '.join(stems.names)}")
    if not all(np.isfinite(audio.samples).all() for _, audio in stems):
        raise ValueError("the stems hold a number that is not finite (NaN or infinity): make them anew")
    if not wanted or not stems.frames:
        return stems
    with ctx.borrow(VOCODER) as vocoder:
        length = vocoder.length_of(score)
        known: Latents = vocoder.encode(_fitted(stems, length))
    with ctx.borrow(RENDERER) as model:
        keep = kept(mask, known.data[0].shape[1], known.frame_rate, REGIONS)
        made: Latents = model.render(score, seed=seed, count=steps, steps=ctx.steps, known=known, keep=keep)
    with ctx.borrow(VOCODER) as vocoder:
        painted: Stems = vocoder.decode(made, seed=seed, length=length, steps=ctx.progress)
    fresh = {n: painted[n] if n in painted.names else audio for n, audio in _fitted(stems, length)}
    return spliced(stems, _alike(Stems.of(fresh), stems), mask, fade)


def _fitted(stems: Stems, frames: int) -> Stems:
    """Stems cut, or followed by silence, to a length."""
    made = {}
    for name, audio in stems:
        part = audio.samples[:, :frames]
        made[name] = Audio(np.pad(part, ((0, 0), (0, frames - part.shape[1]))), audio.rate)
    return Stems.of(made)


def _alike(fresh: Stems, old: Stems) -> Stems:
    """Fresh stems with the length and the channels of the old ones."""
    made = {}
    for name, audio in _fitted(fresh, old.frames):
        count, samples = old[name].channels, audio.samples
        if count == 1:
            samples = samples.mean(axis=0, keepdims=True)
        elif count != audio.channels:
            samples = np.resize(samples, (count, audio.frames))
        made[name] = Audio(samples, audio.rate)
    return Stems.of(made)


def _guides(kind: str, curve: Curve | None, stems: Sequence[str]) -> list[tuple[str, str, Float, float]]:
    """A course for each stem of what the renderer follows: stem, kind, values, frame rate."""
    if curve is None:
        return []
    if curve.kind != kind:
        raise ValueError(f"{kind} is a curve of {curve.kind}: wire one of {kind}, as control.{kind} gives")
    if curve.data.shape[0] not in (1, len(STEMS)) or not curve.data.shape[1]:
        raise ValueError(f"a curve of {kind} has one row, or four for the stems, got {list(curve.data.shape)}")
    if not np.isfinite(curve.data).all():
        raise ValueError(f"the curve of {kind} holds a number that is not finite (NaN or infinity): make it anew")
    rows = np.repeat(curve.data, len(STEMS), axis=0) if curve.data.shape[0] == 1 else curve.data
    return [(stem, kind, rows[STEMS.index(stem)], curve.frame_rate) for stem in stems]
