"""Watermarks: a faint sound that says where a sound comes from. Nothing in nawgraph adds one unless this node is on."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import numpy as np

from nawgraph.audio.check import signal
from nawgraph.audio.resample import fit, resample
from nawgraph.context import Context
from nawgraph.hints import File, Model, Range
from nawgraph.node import node
from nawgraph.nodes.codec import digest_of
from nawgraph.values import Audio, ModelRef
from nawgraph.values.signal import Float


class Marked(NamedTuple):
    """The sound with its watermark, and how loud that is, in words."""

    audio: Audio
    table: str


class Found(NamedTuple):
    """The share of the sound that seems marked (0–1), the message, its bits, and that in words."""

    presence: float
    message: int
    bits: str
    table: str


@node("watermark.model", title="Watermark weights", pure=False, needs="io", aliases=("checkpoint", "AudioSeal"))
def model(
    *, name: Annotated[str, Model("watermark")] = "", file: Annotated[str, File(("safetensors",))] = "", ctx: Context
) -> ModelRef:
    """Choose the network of a watermark: the `name` of an installed one (`nawgraph models list`), or a `file`."""
    if bool(name) == bool(file):
        raise ValueError("give the name of an installed watermark, or a file: nawgraph models add audioseal")
    if name:
        found = ctx.model("watermark", name)
        return ModelRef("watermark", found.name, found.revision)
    return ModelRef("watermark", file, digest_of(file))


@node("watermark.mark", title="Add a watermark", needs="gpu", aliases=("AudioSeal", "provenance", "sign"))
def mark(
    audio: Audio,
    model: ModelRef,
    *,
    on: bool = False,
    message: Annotated[int, Range(0, 65_535)] = 0,
    strength: Annotated[float, Range(0, 4)] = 1.0,
    ctx: Context,
) -> Marked:
    """Add a watermark that carries a `message` of 16 bits. Off unless switched `on`: then the sound passes unchanged.

    The watermark is made of the mean of all channels at 16 kHz, brought to the sound's rate and added to each channel
    alike, `strength` times; nothing above 8 kHz changes.
    """
    if not on:
        return Marked(audio, "off: no watermark was added")
    x = _heard(audio)
    with ctx.borrow(_watermark(model)) as network:
        if not hasattr(network, "watermark"):
            raise ValueError(f"{network.name} reads watermarks and writes none: choose the generator")
        if message >= 2**network.bits:
            raise ValueError(f"message must be below {2**network.bits}: {network.name} carries {network.bits} bits")
        bits = [int(b) for b in f"{message:0{network.bits}b}"]
        made: Float = network.watermark(x, bits, ctx.progress)
    added = strength * fit(resample(made, network.rate, audio.rate), audio.frames)
    loud, quiet = (float(np.sqrt(np.mean(np.square(v, dtype=np.float64)))) for v in (x, added))
    below = f", {20 * np.log10(loud / quiet):.1f} dB below the sound" if loud > 0 and quiet > 0 else ""
    marked = np.asarray(audio.samples + added, np.float32)
    return Marked(Audio(marked, audio.rate), f"message {message} ({len(bits)} bits) by {network.name}{below}")


@node("watermark.read", title="Read a watermark", needs="gpu", aliases=("AudioSeal", "provenance", "detect"))
def read(audio: Audio, model: ModelRef, *, ctx: Context) -> Found:
    """Find a watermark, and its message, in a sound of any rate, length and number of channels.

    Of a sound without one, the presence is near 0 and the message means nothing.
    """
    x = _heard(audio)
    with ctx.borrow(_watermark(model)) as network:
        if not hasattr(network, "read"):
            raise ValueError(f"{network.name} writes watermarks and reads none: choose the detector")
        presence, chances = network.read(x, ctx.progress)
    bits = "".join(str(int(c > 0.5)) for c in chances)
    sure = min((abs(c - 0.5) for c in chances), default=0.5) + 0.5
    table = f"{100 * presence:.1f} % of the sound seem marked; message {int(bits or '0', 2)} ({bits}), "
    return Found(presence, int(bits or "0", 2), bits, f"{table}its least certain bit {100 * sure:.0f} % sure")


def _heard(audio: Audio) -> Float:
    """Mono at 16 kHz, [1, frames]."""
    if not audio.frames:
        raise ValueError("the sound is empty: give it at least one sample")
    x = signal(audio.samples, audio.rate).mean(axis=0, keepdims=True)
    made = resample(x, audio.rate, 16_000)
    return np.array(made if made.shape[1] else fit(made, 1), np.float32)


def _watermark(model: ModelRef) -> ModelRef:
    if model.kind != "watermark":
        raise ValueError(f"model is a {model.kind}: wire a watermark, as watermark.model gives")
    return model
