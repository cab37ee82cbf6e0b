"""How fast published networks run here: `python benchmarks/models.py [NAME…] [--seconds 5] [--rounds 3] [--threads 2]`.

Nobody's weights are needed: networks of the published sizes are filled with random numbers, which cost as much time.
Printed is processing time over the sound's length (median of the rounds; below 1 is faster than the sound), for
generators the seconds that one step or token takes. What a name needs that is not installed is said, and left out.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch

from nawgraph.models import checkpoints
from nawgraph.models.codecs.weights import Taker
from nawgraph.values import Audio

HERE = Path(__file__).parents[1] / "tests" / "models" / "upstream"
Timed = Iterator[tuple[str, float]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help=f"default: all of {', '.join(MODELS)}")
    parser.add_argument("--seconds", type=float, default=5.0, help="of sound")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    print("| model | what | time |\n|---|---|---|", flush=True)
    for name in options.names or MODELS:
        try:
            for what, value in MODELS[name](name, options):
                print(f"| `{name}` | {what} | {value:.3g} |", flush=True)
        except ImportError as error:
            print(f"| `{name}` | left out: {error} | |", flush=True)


def codec(name: str, options: argparse.Namespace) -> Timed:
    model, rate = filled(name)
    sound = {"x": noise(rate, 2 if "48k" in name or "oobleck" in name else 1, options.seconds)}
    if "oobleck" in name:
        latents = model.latents(sound)
        yield "encode", timed(lambda: model.latents(sound), options) / options.seconds
        yield "decode", timed(lambda: model.from_latents(latents), options) / options.seconds
        return
    tokens = model.encode(sound)
    yield "encode", timed(lambda: model.encode(sound), options) / options.seconds
    yield "decode", timed(lambda: model.decode(tokens), options) / options.seconds


def vocoder(name: str, options: argparse.Namespace) -> Timed:
    model, rate = filled(name)
    mel = model.latents({"x": noise(rate, 1, options.seconds)})
    yield "decode", timed(lambda: model.from_latents(mel), options) / options.seconds


def clap(name: str, options: argparse.Namespace) -> Timed:
    model, rate = filled(name)
    sound = noise(rate, 1, 10.0)
    yield "hear, a window of 10 s", timed(lambda: model.heard(sound.samples), options) / 10


def demucs(name: str, options: argparse.Namespace) -> Timed:
    from demucs.htdemucs import HTDemucs

    stems = ["drums", "bass", "other", "vocals", "guitar", "piano"][: 6 if "6s" in name else 4]
    network = HTDemucs(stems, bottom_channels=0 if "6s" in name else 512, dconv_mode=3).eval()
    sound = torch.randn(1, 2, round(7.8 * 44_100))
    with torch.no_grad():
        yield "take apart, a segment of 7.8 s", timed(lambda: network(sound), options) / 7.8


def musicgen(name: str, options: argparse.Namespace) -> Timed:
    from transformers import EncodecConfig, MusicgenConfig, MusicgenForConditionalGeneration, T5Config
    from transformers.models.musicgen.configuration_musicgen import MusicgenDecoderConfig

    wide = {"num_filters": 64, "hidden_size": 128, "codebook_dim": 128, "codebook_size": 2048,
            "upsampling_ratios": [8, 5, 4, 4], "target_bandwidths": [2.2]}  # fmt: skip
    plain = json.loads((HERE / "encodec-32k" / "config.json").read_text())
    decoder = MusicgenDecoderConfig(hidden_size=1024, num_hidden_layers=24, num_attention_heads=16, ffn_dim=4096)
    text = T5Config(d_model=768, d_kv=64, d_ff=3072, num_layers=12, num_heads=12, vocab_size=32_128)
    audio = EncodecConfig.from_dict(plain | wide)
    network = MusicgenForConditionalGeneration(
        MusicgenConfig(text_encoder=text.to_dict(), audio_encoder=audio.to_dict(), decoder=decoder.to_dict())
    ).eval()
    words, count = torch.randint(0, 32_000, (1, 8)), 25
    with torch.no_grad():
        took = timed(
            lambda: network.generate(
                input_ids=words, attention_mask=torch.ones_like(words), max_new_tokens=count + 4, guidance_scale=3.0,
                do_sample=False,
            ),
            options,
        )  # fmt: skip
    yield "generate with guidance (50 tokens a second of sound)", took / (count / 50)


def stable_audio(name: str, options: argparse.Namespace) -> Timed:
    from diffusers import StableAudioDiTModel

    network = StableAudioDiTModel().eval()
    x, told, length = torch.randn(2, 64, 1024), torch.randn(2, 130, 768), torch.randn(2, 1, 1536)
    with torch.no_grad():
        yield (
            "a step with guidance, 47 s of sound, in seconds",
            timed(
                lambda: network(x, torch.tensor([0.5]), encoder_hidden_states=told, global_hidden_states=length),
                options,
            ),
        )


def filled(name: str) -> tuple[object, int]:
    """A model of the published size with random numbers in it, and its rate."""
    from nawgraph.models.clap import laion
    from nawgraph.models.codecs import dac, encodec
    from nawgraph.models.families import family
    from nawgraph.models.vocoders import bigvgan, vocos

    sizes = {k: v for f in ("sizes", "sizes_drawn") for k, v in json.loads((HERE / f"{f}.json").read_text()).items()}
    told, known = sizes[name], family(name)
    assert known is not None
    makers = {
        "dac": (dac.Network, dac.shape_of_dac), "oobleck": (dac.Network, dac.shape_of_oobleck),
        "encodec": (encodec.Network, encodec.shape_of), "vocos": (vocos.Network, vocos.shape_of),
        "bigvgan": (bigvgan.Network, bigvgan.shape_of), "clap": (laion.Network, laion.shape_of),
    }  # fmt: skip
    network, shape_of = next(v for k, v in makers.items() if name.startswith(k))
    take = Taker()
    network(take, shape_of(told["config"]))
    tensors = {k: 0.02 * torch.randn(v) for k, v in take.shapes.items()}
    return checkpoints.layouts()[known.layout].build(tensors, told["config"], name, f"{name}/bench"), known.rate


def noise(rate: int, channels: int, seconds: float) -> Audio:
    x = np.random.default_rng(0).normal(0, 0.1, (channels, round(seconds * rate)))
    return Audio(x.astype(np.float32), rate)


def timed(call: Callable[[], object], options: argparse.Namespace) -> float:
    """Median of the rounds, after one that does not count."""
    spent = []
    for _ in range(options.rounds + 1):
        begin = time.perf_counter()
        call()
        spent.append(time.perf_counter() - begin)
    return statistics.median(spent[1:])


MODELS: dict[str, Callable[[str, argparse.Namespace], Timed]] = {
    **dict.fromkeys(("dac-44k", "encodec-24k", "encodec-32k", "encodec-48k", "oobleck-44k"), codec),
    **dict.fromkeys(("vocos-mel-24k", "bigvgan-v2-44k"), vocoder),
    **dict.fromkeys(("clap-htsat-unfused", "clap-music"), clap),
    **dict.fromkeys(("htdemucs", "htdemucs-6s"), demucs),
    "musicgen-small": musicgen,
    "stable-audio-open": stable_audio,
}

if __name__ == "__main__":
    main()
