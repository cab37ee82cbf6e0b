"""Separation: a song to its stems."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from nawgraph.context import Context
from nawgraph.hints import File, Model, Range, Seed
from nawgraph.node import node
from nawgraph.nodes.codec import digest_of
from nawgraph.values import Audio, ModelRef, Stems
from nawgraph.values.signal import Float

HOUSE = ModelRef("separator", "house", "1")
"""The separator that comes with nawgraph. Its revision is raised with its weights, and the node's version with it."""

SILENT = 1e-6
"""RMS of silence: −120 dBFS."""

LOW_RATE = 32_000
"""Hz below which the user is told that the highs are not there."""


@node(
    "separate.model",
    version=2,
    migrations={1: dict},
    title="Separator weights",
    pure=False,
    needs="io",
    aliases=("checkpoint", "Demucs", "load separator"),
)
def model(
    *, name: Annotated[str, Model("separator")] = "", file: Annotated[str, File(("safetensors",))] = "", ctx: Context
) -> ModelRef:
    """Choose a separator: the `name` of an installed one (`nawgraph models list`), or a `file` of weights.

    A file is what `nawgraph train separator` made, or a Demucs as the hub has it. Both empty: nawgraph's own.
    """
    if name and file:
        raise ValueError("give a name or a file, not both")
    if name:
        return ctx.model("separator", name)
    return ModelRef("separator", file, digest_of(file)) if file else HOUSE


@node(
    "separate.house",
    title="Separate",
    needs="gpu",
    models={"model": HOUSE},
    aliases=("stems", "demix", "unmix", "karaoke", "source separation"),
)
def house(audio: Audio, model: ModelRef | None = None, *, residual: bool = True, ctx: Context) -> Stems:
    """Take a song apart into drums, bass, vocals and other, with nawgraph's own small network or a `model` wired in.

    The stems have the song's rate and length. With `residual`, what the network leaves over goes to `other`, and the
    stems add up to the song. The network learned from synthesised songs: expect more spill on recordings.
    """
    with ctx.borrow(_separator(model or HOUSE)) as network:
        return _apart(network, audio, residual, ctx, lambda mixture: network.separate(mixture, ctx.steps))


@node(
    "separate.demucs",
    title="Separate by Demucs",
    needs="gpu",
    aliases=("stems", "demix", "htdemucs", "6 stems", "karaoke", "source separation"),
)
def demucs(
    audio: Audio,
    model: ModelRef,
    *,
    shifts: Annotated[int, Range(0, 20)] = 0,
    overlap: Annotated[float, Range(0, 0.9)] = 0.25,
    residual: bool = True,
    seed: Annotated[int, Seed()] = 0,
    ctx: Context,
) -> Stems:
    """Take a song apart with a Demucs that `separate.model` chose: drums, bass, vocals, other, maybe guitar and piano.

    With `shifts`, it is done so many times, moved by up to half a second by chance (`seed`), and averaged: a little
    better, and as many times slower. Segments cover one another by the share `overlap`. With `residual`, what the
    network leaves over goes to `other`, and the stems add up to the song.
    """
    with ctx.borrow(_separator(model)) as network:
        if not getattr(network, "shifts", False):
            raise ValueError("separate.demucs needs a Demucs: choose one in separate.model, or use separate.house")
        wishes = {"shifts": shifts, "overlap": overlap, "seed": seed}
        return _apart(network, audio, residual, ctx, lambda mixture: network.separate(mixture, ctx.steps, **wishes))


def _separator(model: ModelRef) -> ModelRef:
    if model.kind != "separator":
        raise ValueError(f"this node needs a separator, got a model of kind {model.kind!r}: use separate.model")
    return model


def _apart(network: Any, audio: Audio, residual: bool, ctx: Context, work: Callable[[Float], Float]) -> Stems:
    """The stems of a song, at its rate and of its length."""
    from nawgraph.audio import large
    from nawgraph.audio.apart import heard, restored
    from nawgraph.audio.memory import demand

    channels, stems = min(audio.channels, 2), len(network.names)
    needed = 4 * (round(audio.seconds * network.rate) * 2 * (stems + 1) + audio.frames * channels * (stems + 2))
    if not large.roomy(needed):
        demand(needed, f"separating {audio.seconds / 60:.0f} minutes")
    mixture = heard(audio, network.rate)
    _tell(audio, mixture, ctx)
    return restored(work(mixture), network.names, network.rate, audio, residual)


def _tell(audio: Audio, mixture: Float, ctx: Context) -> None:
    """Say what is odd about a song."""
    from nawgraph.audio.levels import rms, without_dc

    if rms(without_dc(mixture, audio.rate)) < SILENT:
        ctx.warn("the song is silent, and so are its stems")
    elif audio.rate < LOW_RATE:
        ctx.warn(
            f"the song has {audio.rate:,} Hz, so nothing above {audio.rate // 2:,} Hz: cymbals and voices are "
            "harder to tell apart without it"
        )
