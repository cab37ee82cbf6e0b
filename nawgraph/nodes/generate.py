"""Generators of others: words to sound by published networks, which the user installs."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from nawgraph.context import Context
from nawgraph.hints import Model, Range, Seed
from nawgraph.node import node
from nawgraph.values import Audio, ModelRef, Prompt
from nawgraph.values.signal import Float


@node("generate.model", title="Generator weights", pure=False, needs="io", aliases=("checkpoint", "MusicGen"))
def model(*, name: Annotated[str, Model("generator")] = "", ctx: Context) -> ModelRef:
    """Choose a generator that is installed (`nawgraph models list`, `nawgraph models add`)."""
    if not name:
        raise ValueError("name is empty: nawgraph models list shows the generators there are, models add installs one")
    return ctx.model("generator", name)


@node("generate.musicgen", title="MusicGen", needs="gpu", aliases=("text to music", "continue", "melody", "generator"))
def musicgen(
    prompt: Prompt,
    model: ModelRef,
    audio: Audio | None = None,
    melody: Audio | None = None,
    *,
    seconds: Annotated[float, Range(0.5, 600, unit="s")] = 10.0,
    guidance: Annotated[float, Range(1, 10)] = 3.0,
    temperature: Annotated[float, Range(0, 2)] = 1.0,
    top_k: Annotated[int, Range(0, 2048)] = 250,
    seed: Annotated[int, Seed()] = 0,
    ctx: Context,
) -> Audio:
    """Sound to words by a MusicGen that `generate.model` chose; stereo where its weights are.

    With `audio` it goes on from its last 10 s, and `seconds` are those of the whole; beyond 30 s it goes on from itself
    in the same way. With a `melody`, weights of the melody kind play its notes. `temperature` 0 takes the likeliest
    token each time; `top_k` 0 draws from all.
    """
    text = _text(prompt)
    with ctx.borrow(_generator(model)) as network:
        if not hasattr(network, "melody"):
            raise ValueError(f"{model.name} is no MusicGen: use the node of its own kind")
        if melody is not None and not network.melody:
            raise ValueError(f"{model.name} hears no melody: choose weights of the melody kind, or unwire it")
        begin = None if audio is None else _fitted(audio, network.rate, network.channels, "audio")
        if begin is not None and begin.shape[1] >= seconds * network.rate:
            raise ValueError(
                f"audio lasts {audio.seconds if audio else 0:.1f} s, and the whole is to last {seconds:g} s: raise "
                "seconds, or cut it"
            )
        tune = None if melody is None else _fitted(melody, network.rate, 1, "melody")[0]
        made = network.generate(
            text, seconds, begin=begin, melody=tune, guidance=guidance, temperature=temperature, top_k=top_k, seed=seed,
            tell=ctx.progress, show=lambda samples: ctx.preview(Audio(samples, network.rate)),
        )  # fmt: skip
        return Audio(made, network.rate)


def _generator(model: ModelRef) -> ModelRef:
    if model.kind != "generator":
        raise ValueError(f"this node needs a generator, got a model of kind {model.kind!r}: use generate.model")
    return model


def _text(prompt: Prompt) -> str:
    """The words of a prompt; generators hear one text, so keyframes after the first are left out."""
    text = prompt.text.strip()
    if not text:
        raise ValueError("the prompt is empty: say what is to be heard")
    return text


def _fitted(audio: Audio, rate: int, channels: int, what: str) -> Float:
    """Sound as a network hears it: float32 [channels, samples] at its rate. Raises ValueError."""
    from nawgraph.audio.levels import to_stereo
    from nawgraph.audio.resample import resample

    if not np.isfinite(audio.samples).all():
        raise ValueError(f"{what} holds a number that is not finite (NaN or infinity): make it anew")
    if not audio.frames:
        raise ValueError(f"{what} has no samples")
    x = to_stereo(audio.samples, audio.rate)
    if channels == 1:
        x = x.mean(axis=0, keepdims=True)
    return np.asarray(resample(np.asarray(x, np.float32), audio.rate, rate), np.float32)
