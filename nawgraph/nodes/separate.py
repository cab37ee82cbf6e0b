"""Separation: a song to its stems."""

from __future__ import annotations

from typing import Annotated

from nawgraph.context import Context
from nawgraph.hints import File
from nawgraph.node import node
from nawgraph.values import Audio, ModelRef, Stems
from nawgraph.values.signal import Float

HOUSE = ModelRef("separator", "house", "1")
"""The separator that comes with nawgraph. Its revision is raised with its weights, and the node's version with it."""

SILENT = 1e-6
"""RMS of silence: −120 dBFS."""

LOW_RATE = 32_000
"""Hz below which the user is told that the highs are not there."""


@node("separate.model", title="Separator weights", needs="io", aliases=("checkpoint",))
def model(*, file: Annotated[str, File(("safetensors",))] = "") -> ModelRef:
    """Choose the separator: weights that `nawgraph train separator` made; empty for nawgraph's own."""
    from pathlib import Path

    from nawgraph.values import digest

    if not file:
        return HOUSE
    try:
        data = Path(file).read_bytes()
    except OSError as error:
        raise ValueError(f"{file} cannot be read: {error.strerror}") from None
    return ModelRef("separator", file, digest(data).hex())


@node(
    "separate.house",
    title="Separate",
    needs="gpu",
    models={"model": HOUSE},
    aliases=("stems", "demix", "unmix", "karaoke", "source separation"),
)
def house(audio: Audio, model: ModelRef | None = None, *, residual: bool = True, ctx: Context) -> Stems:
    """Take a song apart into drums, bass, vocals and other, with nawgraph's own small network.

    The stems have the song's rate and length. With `residual`, what the network leaves over goes to `other`, and the
    stems add up to the song. The network learned from synthesised songs: expect more spill on recordings.
    """
    from nawgraph.audio.apart import heard, restored
    from nawgraph.audio.memory import demand

    if model is not None and model.kind != "separator":
        raise ValueError(f"separate.house needs a separator, got a model of kind {model.kind!r}: use separate.model")
    with ctx.borrow(model or HOUSE) as network:
        channels = min(audio.channels, 2)
        stems = len(network.names)
        demand(
            4 * (round(audio.seconds * network.rate) * 2 * (stems + 1) + audio.frames * channels * (stems + 2)),
            f"separating {audio.seconds / 60:.0f} minutes",
        )
        mixture = heard(audio, network.rate)
        _tell(audio, mixture, ctx)
        found = network.separate(mixture, ctx.steps)
        return restored(found, network.names, network.rate, audio, residual)


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
