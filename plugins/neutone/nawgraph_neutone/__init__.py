"""Neutone models (``.nm``) as nodes. A model is TorchScript, which is code: it runs in this pack's process only."""

from typing import Annotated

import nawgraph as ng

Model = Annotated[str, ng.File(("nm",))]
Unit = Annotated[float, ng.Range(0, 1)]


@ng.node("neutone.run", version=1, aliases=("nm", "neural effect"))
def run(
    audio: ng.Audio,
    *,
    model: Model = "",
    a: Unit = 0.5,
    b: Unit = 0.5,
    c: Unit = 0.5,
    d: Unit = 0.5,
    own: bool = True,
    mix: Unit = 1.0,
    ctx: ng.Context,
) -> ng.Audio:
    """A sound through a real-time model of the Neutone SDK.

    `a` to `d` are the model's four knobs, of which `describe` tells the meaning; with `own` on, they stand where the
    model's author left them. The model's delay is taken out: the result is as long as the sound, and in time with it.
    """
    from nawgraph_neutone.models import loaded, rendered

    if audio.frames == 0:
        return audio
    if audio.channels > 2:
        raise ValueError(f"audio has {audio.channels} channels and a model takes one or two: mix them down")
    found, _ = loaded(model)
    return rendered(found, audio, None if own else (a, b, c, d), mix, ctx)


@ng.node("neutone.describe", version=1, aliases=("nm", "info"))
def describe(*, model: Model = "") -> str:
    """What a model says of itself: name, authors, what it does, its knobs."""
    from nawgraph_neutone.models import described, loaded

    return described(loaded(model)[1])
