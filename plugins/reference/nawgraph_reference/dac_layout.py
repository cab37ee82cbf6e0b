"""descript-audio-codec's network, and the same weights in transformers' `DacModel`."""

from __future__ import annotations

import contextlib
import re
from typing import Any

import numpy as np
import numpy.typing as npt

import nawgraph as ng
from nawgraph_reference import originals

SMALL: dict[str, Any] = {
    "encoder_dim": 8,
    "encoder_rates": [2, 4, 8],
    "latent_dim": 32,
    "decoder_dim": 64,
    "decoder_rates": [8, 4, 2],
    "n_codebooks": 4,
    "codebook_size": 64,
    "codebook_dim": 8,
}

_RENAMES = [  # layers that the original numbers have names in transformers
    (r"^encoder\.block\.0\.", "encoder.conv1."),
    (r"^decoder\.model\.0\.", "decoder.conv1."),
    (r"\.block\.0\.alpha", ".snake1.alpha"),
    (r"\.block\.1\.(weight|bias)", r".conv1.\1"),
    (r"\.block\.2\.alpha", ".snake2.alpha"),
    (r"\.block\.3\.(weight|bias)", r".conv2.\1"),
]


def original(checkpoint: str, seed: int, rate: int) -> Any:
    """The original network: from a file, or small and random."""
    import torch

    kind = originals.dac().DAC
    if not checkpoint:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return kind(**SMALL, sample_rate=rate).eval()
    try:
        found = torch.load(checkpoint, map_location="cpu", weights_only=True)
        model = kind(**found["metadata"]["kwargs"])
        model.load_state_dict(found["state_dict"])
    except Exception as error:
        first = " ".join(str(error).split())[:120]
        raise ValueError(f"checkpoint is no file of weights of descript-audio-codec: {first}") from None
    return model.eval()


def samples(audio: ng.Audio, rate: int) -> npt.NDArray[np.float32]:
    """Its channels, [channels, frames], as a batch; refused at another rate or without a frame."""
    if audio.rate != rate:
        raise ValueError(f"audio has {audio.rate} Hz and the network wants {rate} Hz: resample it")
    if audio.frames == 0:
        raise ValueError("audio is empty: give a sound of at least one frame")
    return np.array(audio.samples)


def rebuilt(
    model: Any, sound: npt.NDArray[np.float32], ctx: ng.Context
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Codes [channels, codebooks, steps] and decoded sound [channels, frames], by either network.

    `DacModel` does not pad: what the original's `preprocess` does is done for both. The whole sound goes through in one
    piece; a user who gives up is heard between two layers.
    """
    import torch

    theirs = hasattr(model, "preprocess")
    hop = int(model.hop_length if theirs else np.prod(model.config.downsampling_ratios))
    batch = torch.from_numpy(np.pad(sound, ((0, 0), (0, -sound.shape[1] % hop))))[:, None]
    with torch.inference_mode(), contextlib.ExitStack() as stack:
        for layer in model.modules():
            stack.callback(layer.register_forward_pre_hook(lambda *_: ctx.check()).remove)
        if theirs:
            quantised, codes, *_ = model.encode(batch)
            decoded = model.decode(quantised)
        else:
            coded = model.encode(batch)
            codes, decoded = coded.audio_codes, model.decode(coded.quantized_representation).audio_values
    return codes.numpy(), decoded.reshape(sound.shape[0], -1).numpy()


def translated(model: Any) -> Any:
    """A `DacModel` with the weights of the original network."""
    from transformers import DacConfig, DacModel

    book = model.quantizer.quantizers[0].codebook.weight.shape
    config = DacConfig(
        encoder_hidden_size=model.encoder_dim,
        downsampling_ratios=list(model.encoder_rates),
        decoder_hidden_size=model.decoder_dim,
        upsampling_ratios=list(model.decoder_rates),
        n_codebooks=model.n_codebooks,
        codebook_size=book[0],
        codebook_dim=book[1],
        hidden_size=model.latent_dim,
        sampling_rate=model.sample_rate,
    )
    made = DacModel(config).eval()
    made.load_state_dict(renamed(folded(model.state_dict()), len(model.encoder_rates), len(model.decoder_rates)))
    return made


def folded(state: dict[str, Any]) -> dict[str, Any]:
    """Weights without weight norm: direction times length."""
    import torch

    made = {}
    for name, value in state.items():
        if name.endswith("weight_v"):
            length = state[name.removesuffix("v") + "g"]
            made[name.removesuffix("_v")] = torch._weight_norm(value, length, 0)
        elif not name.endswith("weight_g"):
            made[name] = value
    return made


def renamed(state: dict[str, Any], encoders: int, decoders: int) -> dict[str, Any]:
    """Weights under transformers' names. `encoders` and `decoders` count the blocks, after which two layers follow."""
    return {_renamed(name, encoders, decoders): value for name, value in state.items()}


def _renamed(name: str, encoders: int, decoders: int) -> str:
    for part, inner, count in (("encoder", "block", encoders), ("decoder", "model", decoders)):
        found = re.match(rf"{part}\.{inner}\.(\d+)\.(.*)", name)
        if not found or found[1] == "0":
            continue
        number, rest = int(found[1]), found[2]
        if number > count:
            return f"{part}.{'snake1' if number == count + 1 else 'conv2'}.{rest}"
        return f"{part}.block.{number - 1}.{_inside(rest, part)}"
    for pattern, new in _RENAMES[:2]:
        name = re.sub(pattern, new, name)
    return name


def _inside(name: str, part: str) -> str:
    """A layer in a block: three residual units before (encoder) or after (decoder) a snake and a convolution."""
    number, rest = re.match(r"block\.(\d+)\.(.*)", name).groups()  # type: ignore[union-attr]
    first = 0 if part == "encoder" else 2
    if first <= int(number) < first + 3:
        unit = f"res_unit{int(number) - first + 1}.{rest}"
        for pattern, new in _RENAMES[2:]:
            unit = re.sub(pattern, new, unit)
        return unit
    return f"snake1.{rest}" if int(number) in (0, 3) else f"{'conv1' if part == 'encoder' else 'conv_t1'}.{rest}"
