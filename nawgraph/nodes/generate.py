"""Generators of others: words to sound by published networks, which the user installs."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from nawgraph.context import Context
from nawgraph.hints import Choice, Model, Range, Seed, Text
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


@node("generate.stable_audio", title="Stable Audio", needs="gpu", aliases=("text to music", "variation", "generator"))
def stable_audio(
    prompt: Prompt,
    model: ModelRef,
    audio: Audio | None = None,
    *,
    seconds: Annotated[float, Range(0.5, 600, unit="s")] = 30.0,
    steps: Annotated[int, Range(1, 500)] = 100,
    strength: Annotated[float, Range(0.01, 1)] = 0.5,
    guidance: Annotated[float, Range(1, 20)] = 7.0,
    negative: Annotated[str, Text(limit=1000)] = "",
    seed: Annotated[int, Seed()] = 0,
    ctx: Context,
) -> Audio:
    """Stereo sound to words by a Stable Audio Open that `generate.model` chose, up to the length that it knows (47 s).

    With `audio`, that sound is varied: a little by a small `strength`, and at 1 nothing is left of it. `negative` says
    what is not wanted. Unfinished sound is shown at each quarter of the `steps`.
    """
    text = _text(prompt)
    with ctx.borrow(_generator(model)) as network:
        if not hasattr(network, "longest"):
            raise ValueError(f"{model.name} is no Stable Audio Open: use the node of its own kind")
        if seconds > network.longest + 1e-6:
            raise ValueError(
                f"seconds is {seconds:g}, and {model.name} makes at most {network.longest:.2f} s: lower it"
            )
        begin = None if audio is None else _fitted(audio, network.rate, network.channels, "audio")
        made = network.generate(
            text, seconds, negative=negative, begin=begin, steps=steps, strength=strength, guidance=guidance, seed=seed,
            tell=ctx.progress, show=lambda samples: ctx.preview(Audio(samples, network.rate)),
        )  # fmt: skip
        return Audio(made, network.rate)


@node(
    "generate.ace_step", title="ACE-Step 1.5", needs="gpu",
    aliases=("text to music", "song", "lyrics", "cover", "repaint", "inpaint", "extend", "continue", "generator"),
)  # fmt: skip
def ace_step(
    prompt: Prompt,
    model: ModelRef,
    audio: Audio | None = None,
    reference: Audio | None = None,
    *,
    task: Annotated[str, Choice("text", "cover", "repaint", "extend")] = "text",
    lyrics: Annotated[str, Text(lines=8, limit=8000)] = "",
    language: Annotated[str, Text(limit=10)] = "en",
    seconds: Annotated[float, Range(1, 600, unit="s")] = 60.0,
    start: Annotated[float, Range(0, 600, unit="s")] = 0.0,
    end: Annotated[float, Range(0, 600, unit="s")] = 0.0,
    strength: Annotated[float, Range(0, 1)] = 1.0,
    steps: Annotated[int, Range(1, 200)] = 8,
    guidance: Annotated[float, Range(1, 20)] = 7.0,
    shift: Annotated[float, Range(1, 5)] = 3.0,
    tempo: Annotated[int, Range(0, 300, unit="bpm")] = 0,
    key: Annotated[str, Text(limit=40)] = "",
    metre: Annotated[str, Choice("", "2", "3", "4", "6")] = "",
    seed: Annotated[int, Seed()] = 0,
    ctx: Context,
) -> Audio:
    """A song in stereo to words and `lyrics` by an ACE-Step 1.5 that `generate.model` chose, up to 10 min.

    *cover* plays `audio` in the way the words say, *repaint* makes it anew from `start` to `end` (0: its end) and
    leaves the rest as it is, *extend* goes on from its end until `seconds`. A `reference` lends its timbre. Turbo
    weights want 8 `steps` and take no `guidance`, others 30 to 60. `tempo` 0, `key` and `metre` empty leave them open.
    """
    text = _text(prompt)
    with ctx.borrow(_generator(model)) as network:
        if not hasattr(network, "covers"):
            raise ValueError(f"{model.name} is no ACE-Step 1.5: use the node of its own kind")
        _tasked(task, audio)
        if task == "cover" and not network.covers:
            raise ValueError(f"{model.name} came without the two networks for covers (audio_tokenizer): choose another")
        begin = None if audio is None else _fitted(audio, network.rate, network.channels, "audio")
        span = None
        if begin is not None:
            lasts = begin.shape[1] / network.rate
            seconds, span = _spanned(task, lasts, seconds, start, end)
        timbre = None if reference is None else _fitted(reference, network.rate, network.channels, "reference")
        made = network.generate(
            text, seconds, lyrics=lyrics, language=language, begin=begin, reference=timbre, span=span,
            strength=strength, steps=steps, guidance=guidance, shift=shift, tempo=tempo, key=key, metre=metre,
            seed=seed, tell=ctx.progress, show=lambda samples: ctx.preview(Audio(samples, network.rate)),
        )  # fmt: skip
        return Audio(made, network.rate)


@node(
    "generate.stable_audio_3", title="Stable Audio 3", needs="gpu",
    aliases=("text to music", "sound effect", "variation", "inpaint", "extend", "continue", "generator"),
)  # fmt: skip
def stable_audio_3(
    prompt: Prompt,
    model: ModelRef,
    audio: Audio | None = None,
    *,
    task: Annotated[str, Choice("text", "vary", "inpaint", "extend")] = "text",
    seconds: Annotated[float, Range(0.5, 600, unit="s")] = 30.0,
    start: Annotated[float, Range(0, 600, unit="s")] = 0.0,
    end: Annotated[float, Range(0, 600, unit="s")] = 0.0,
    strength: Annotated[float, Range(0.01, 1)] = 0.7,
    steps: Annotated[int, Range(0, 500)] = 0,
    guidance: Annotated[float, Range(1, 20)] = 1.0,
    negative: Annotated[str, Text(limit=1000)] = "",
    seed: Annotated[int, Seed()] = 0,
    ctx: Context,
) -> Audio:
    """Stereo sound to words by a Stable Audio 3 that `generate.model` chose, up to the length that it knows (6 min).

    *vary* changes `audio`, the more the larger `strength`; *inpaint* makes it anew from `start` to `end` (0: its end)
    and leaves the rest as it is; *extend* goes on from its end until `seconds`. `steps` 0 takes 8 for distilled
    weights, which want no `guidance`, and 100 for base ones. Guidance and what is `negative` work for words alone.
    """
    text = _text(prompt)
    with ctx.borrow(_generator(model)) as network:
        if not hasattr(network, "reach"):
            raise ValueError(f"{model.name} is no Stable Audio 3: use the node of its own kind")
        _tasked(task, audio)
        if guidance > 1 and task != "text":
            raise ValueError(f"guidance works for words alone, and task is {task}: set guidance to 1")
        if negative and guidance <= 1:
            raise ValueError("negative is heard only with guidance above 1: raise guidance, or empty negative")
        begin = None if audio is None else _fitted(audio, network.rate, network.channels, "audio")
        span = None
        if begin is not None:
            seconds, span = _spanned(task, begin.shape[1] / network.rate, seconds, start, end)
        if seconds > network.reach + 1e-6:
            raise ValueError(f"{seconds:g} s are asked for, and {model.name} makes at most {network.reach:.2f} s")
        made = network.generate(
            text, seconds, negative=negative, begin=begin, span=span, strength=strength, steps=steps,
            guidance=guidance, seed=seed, tell=ctx.progress,
            show=lambda samples: ctx.preview(Audio(samples, network.rate)),
        )  # fmt: skip
        return Audio(made, network.rate)


def _tasked(task: str, audio: Audio | None) -> None:
    """See that a task has its sound, and a sound its task. Raises ValueError."""
    if audio is None and task != "text":
        raise ValueError(f"task is {task}, and no audio is wired: wire a sound, or set task to text")
    if audio is not None and task == "text":
        raise ValueError("audio is wired, and task is text: choose the task that uses it, or unwire it")


def _spanned(
    task: str, lasts: float, seconds: float, start: float, end: float
) -> tuple[float, tuple[float, float] | None]:
    """Seconds of the whole, and the span that is made anew in a sound that lasts `lasts`. Raises ValueError."""
    if task == "extend":
        if seconds <= lasts:
            raise ValueError(
                f"audio lasts {lasts:.1f} s, and the whole is to last {seconds:g} s: raise seconds, or cut it"
            )
        return seconds, (lasts, seconds)
    if lasts > 600:
        raise ValueError(f"audio lasts {lasts:.1f} s, and at most 600 s can be heard: cut it")
    if task in ("cover", "vary"):
        return lasts, None
    end = end or lasts
    if end > lasts + 1e-3:
        raise ValueError(f"end is {end:g}, and audio lasts {lasts:.2f} s: lower it, or take the task extend")
    if start >= end:
        raise ValueError(f"the span from {start:g} s to {end:g} s is empty: lower start, or raise end")
    return lasts, (start, min(end, lasts))


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
