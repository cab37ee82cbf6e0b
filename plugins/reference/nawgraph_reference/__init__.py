"""The original codec and text-audio model as nodes, and how far transformers' networks are from them.

Parity is shown on small random networks: every weight of the original is copied, by name, into the other one. A network
that differs in a layer, an order or a constant gives other numbers, whatever the weights are.
"""

from typing import Annotated, NamedTuple

import nawgraph as ng

Checkpoint = Annotated[str, ng.File(("pth",))]


class DacParity(NamedTuple):
    """What the two networks make of one sound."""

    equal: float
    error: float
    audio: ng.Audio


class ClapParity(NamedTuple):
    """How far the two embeddings of a sound, and of a text, are apart."""

    audio_error: float
    text_error: float


@ng.node("reference.dac", version=1, aliases=("descript", "codec"))
def dac(
    audio: ng.Audio, *, checkpoint: Checkpoint = "", seed: Annotated[int, ng.Seed()] = 0, ctx: ng.Context
) -> ng.Audio:
    """A sound through descript-audio-codec, there and back.

    `checkpoint` is a file of weights as the project publishes them; without one, a small random network is used, which
    makes noise of it and needs no file.
    """
    from nawgraph_reference.dac_layout import original, rebuilt, samples

    model = original(checkpoint, seed, audio.rate)
    decoded = rebuilt(model, samples(audio, model.sample_rate), ctx)[1]
    return ng.Audio(decoded[:, : audio.frames], audio.rate)


@ng.node("reference.dac_parity", version=1, aliases=("compare", "proof"))
def dac_parity(
    audio: ng.Audio, *, checkpoint: Checkpoint = "", seed: Annotated[int, ng.Seed()] = 0, ctx: ng.Context
) -> DacParity:
    """Code and decode a sound with descript-audio-codec and with transformers' DacModel of the same weights.

    `equal` is the share of codes that are the same (1 is all), `error` the largest difference of a sample of the two
    decoded sounds, `audio` what the second one made.
    """
    import numpy as np

    from nawgraph_reference.dac_layout import original, rebuilt, samples, translated

    model = original(checkpoint, seed, audio.rate)
    sound = samples(audio, model.sample_rate)
    codes, decoded = rebuilt(model, sound, ctx)
    other_codes, other = rebuilt(translated(model), sound, ctx)
    error = float(np.abs(decoded - other).max(initial=0.0))
    equal = float((codes == other_codes).mean()) if codes.size else 1.0
    return DacParity(equal, error, ng.Audio(other[:, : audio.frames], audio.rate))


@ng.node("reference.clap_parity", version=1, aliases=("compare", "proof"))
def clap_parity(audio: ng.Audio, *, seed: Annotated[int, ng.Seed()] = 0, ctx: ng.Context) -> ClapParity:
    """Embed a sound and a text with laion_clap and with transformers' ClapModel of the same weights.

    The largest difference of an element of the two embeddings, which have length 1. Network and text are random, from
    the seed. The sound has 48 kHz; its first ten seconds count.
    """
    from nawgraph_reference.clap_layout import embedded, original, text, translated, waveform

    model = original(seed)
    ctx.check()  # each of these steps takes a second or so on a busy machine
    pair = waveform(audio), text(seed)
    ctx.check()
    sound, words = embedded(model, None, *pair)
    ctx.check()
    other = translated(model)
    ctx.check()
    other_sound, other_words = embedded(model, other, *pair)
    return ClapParity(abs(sound - other_sound).max().item(), abs(words - other_words).max().item())
