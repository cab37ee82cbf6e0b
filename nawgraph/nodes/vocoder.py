"""Published vocoders, switchable: sound to the spectrogram that a vocoder reads, and spectrograms to sound."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from nawgraph.context import Context
from nawgraph.hints import File, Model
from nawgraph.node import node
from nawgraph.nodes.codec import Decoded, digest_of
from nawgraph.values import Audio, Latents, ModelRef, Stems, VocoderRef

HOUSE = VocoderRef("vocoder", "house", "2")
"""The vocoder that is used where none is wired."""


@node("vocoder.model", title="Vocoder weights", pure=False, needs="io", aliases=("checkpoint", "Vocos", "BigVGAN"))
def model(
    *, name: Annotated[str, Model("vocoder")] = "", file: Annotated[str, File(("safetensors",))] = "", ctx: Context
) -> VocoderRef:
    """Choose a vocoder: the `name` of an installed one (`nawgraph models list`), or a `file` with its config beside it.

    Both empty: nawgraph's own.
    """
    if name and file:
        raise ValueError("give a name or a file, not both")
    if name:
        found = ctx.model("vocoder", name)
        return VocoderRef("vocoder", found.name, found.revision)
    return VocoderRef("vocoder", file, digest_of(file)) if file else HOUSE


@node(
    "vocoder.mel",
    title="Sound to a vocoder's spectrogram",
    needs="gpu",
    models={"vocoder": HOUSE},
    aliases=("mel spectrogram", "features", "analysis"),
)
def mel(
    audio: Audio | None = None, stems: Stems | None = None, vocoder: ModelRef | None = None, *, ctx: Context
) -> Latents:
    """Turn a sound or stems of any rate into the spectrogram that a vocoder reads.

    A published vocoder's is of mel bands, at its rate, each channel by itself; vocoders of one spectrogram can stand in
    for one another. The house vocoder's are latents of its render space, in which what is no stem of the four is other.
    """
    if (audio is None) == (stems is None):
        raise ValueError("wire either audio or stems")
    sounds = {"mix": audio} if audio is not None else dict(stems or ())
    with ctx.borrow(_vocoder(vocoder)) as model:
        made: Latents = model.latents(sounds, ctx.progress)
    return made


@node(
    "vocoder.decode",
    title="Spectrogram to sound",
    needs="gpu",
    models={"vocoder": HOUSE},
    aliases=("vocoder", "resynthesis", "Vocos", "BigVGAN", "DisCoder"),
)
def decode(mel: Latents, vocoder: ModelRef | None = None, *, ctx: Context) -> Decoded:
    """Turn the spectrogram of `vocoder.mel` into sound, at the vocoder's rate, in whole frames.

    Long sounds are made in pieces without seams. Only a vocoder of the same spectrogram reads it.
    """
    with ctx.borrow(_vocoder(vocoder)) as model:
        made: dict[str, Audio] = model.from_latents(mel, ctx.progress)
    sounds = list(made.values())
    total = np.asarray(np.sum([s.samples for s in sounds], axis=0, dtype=np.float32))
    return Decoded(Audio(total, sounds[0].rate), Stems.of(made))


def _vocoder(vocoder: ModelRef | None) -> ModelRef:
    if vocoder is not None and vocoder.kind != "vocoder":
        raise ValueError(f"vocoder is a {vocoder.kind}: wire a vocoder, as vocoder.model gives")
    return vocoder or HOUSE
