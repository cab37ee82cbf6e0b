"""Writes the small checkpoints beside this file with the packages that published them, and what they make of a sound.

Run by hand, in an environment of its own with transformers, diffusers and descript-audio-codec: `python make.py`.
"""

import hashlib
import json
import sys
import types
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file as save_arrays

HERE = Path(__file__).parent


def dressed(model, seed):
    """Random weights that would show a layer, an order or a constant that is not the same."""
    torch.manual_seed(seed)
    for name, value in model.named_parameters():
        if name.endswith(("alpha", "beta")):
            value.data.uniform_(0.3, 1.5)
        elif name.endswith("bias"):
            value.data.normal_(0, 0.05)
        elif name.endswith(("weight_g", "original0")):
            value.data.mul_(torch.rand_like(value) + 0.75)
    return model.eval()


def sound(channels, frames, seed=1):
    """A chord that decays, and noise."""
    rng = np.random.default_rng(seed)
    t = np.arange(frames) / 8000
    tones = sum(np.sin(2 * np.pi * f * t) for f in (220, 277, 330)) * np.exp(-2 * t) / 4
    return (tones + rng.normal(0, 0.1, (channels, frames))).astype(np.float32)


def original_dac():
    """The package `dac` without audiotools, of which it only uses base classes here."""
    tools, ml = types.ModuleType("audiotools"), types.ModuleType("audiotools.ml")
    tools.AudioSignal, ml.BaseModel, tools.ml, tools.STFTParams = object, torch.nn.Module, ml, object
    sys.modules |= {"audiotools": tools, "audiotools.ml": ml}
    package = types.ModuleType("dac")
    found = next(Path(p) / "dac" for p in sys.path if (Path(p) / "dac" / "model" / "dac.py").is_file())
    package.__path__ = [str(found)]
    sys.modules["dac"] = package
    model = types.ModuleType("dac.model")
    model.__path__ = [str(found / "model")]
    sys.modules["dac.model"] = model
    base = types.ModuleType("dac.model.base")
    base.CodecMixin = type("CodecMixin", (), {"get_delay": lambda self: 0})
    sys.modules["dac.model.base"] = base
    from dac.model.dac import DAC

    return DAC


def keep(name, **arrays):
    save_arrays({k: np.ascontiguousarray(v) for k, v in arrays.items()}, HERE / f"{name}.made.safetensors")


@torch.inference_mode()
def dac_pth():
    kwargs = {
        "encoder_dim": 4, "encoder_rates": [2, 4, 5], "latent_dim": 24, "decoder_dim": 32, "decoder_rates": [5, 4, 2],
        "n_codebooks": 3, "codebook_size": 32, "codebook_dim": 4, "sample_rate": 16000,
    }  # fmt: skip
    model = dressed(original_dac()(**kwargs), 1)
    torch.save({"state_dict": model.state_dict(), "metadata": {"kwargs": kwargs}}, HERE / "dac.pth")
    x = sound(1, 8000)
    z, codes, *_ = model.encode(torch.from_numpy(x)[None])
    keep("dac", sound=x, codes=codes[0].numpy(), decoded=model.decode(z)[0].numpy())


@torch.inference_mode()
def dac_hub():
    from transformers import DacConfig, DacModel

    model = DacModel(
        DacConfig(
            encoder_hidden_size=4, downsampling_ratios=[2, 4, 8], decoder_hidden_size=32, n_codebooks=3,
            codebook_size=32, codebook_dim=4, sampling_rate=44100,
        )
    )  # fmt: skip
    dressed(model, 2).save_pretrained(HERE / "dac-hub")
    x = sound(1, 64 * 120)
    made = model.encode(torch.from_numpy(x)[None])
    decoded = model.decode(made.quantized_representation).audio_values.reshape(1, -1)
    keep("dac-hub", sound=x, codes=made.audio_codes[0].numpy(), decoded=decoded.numpy())


@torch.inference_mode()
def oobleck():
    from diffusers import AutoencoderOobleck

    model = AutoencoderOobleck(
        encoder_hidden_size=8, downsampling_ratios=[2, 4, 4], channel_multiples=[1, 2, 4], decoder_channels=8,
        decoder_input_channels=4,
    )  # fmt: skip
    dressed(model, 3).save_pretrained(HERE / "oobleck")
    x = sound(2, 32 * 200)
    latents = model.encode(torch.from_numpy(x)[None]).latent_dist.mode()
    keep("oobleck", sound=x, latents=latents[0].numpy(), decoded=model.decode(latents).sample[0].numpy())


ENCODECS = {
    "encodec-24k": {"sampling_rate": 24000, "target_bandwidths": [3.0, 6.0], "upsampling_ratios": [8, 5, 4]},
    "encodec-32k": {
        "sampling_rate": 32000, "target_bandwidths": [4.5], "upsampling_ratios": [8, 5, 4], "use_causal_conv": False,
    },
    "encodec-48k": {
        "sampling_rate": 48000, "target_bandwidths": [9.0], "upsampling_ratios": [8, 5, 4], "audio_channels": 2,
        "normalize": True, "chunk_length_s": 0.1, "overlap": 0.01, "norm_type": "time_group_norm",
        "use_causal_conv": False,
    },
}  # fmt: skip


@torch.inference_mode()
def encodec(name, seed):
    from transformers import EncodecConfig, EncodecModel

    config = ENCODECS[name]
    model = EncodecModel(EncodecConfig(num_filters=4, hidden_size=8, codebook_size=32, **config))
    dressed(model, seed)
    for layer in model.quantizer.layers:
        layer.codebook.embed.normal_(0, 0.3)
    model.save_pretrained(HERE / name)
    x = sound(config.get("audio_channels", 1), 11111)
    e = model.encode(torch.from_numpy(x)[None], bandwidth=config["target_bandwidths"][-1])
    made = model.decode(e.audio_codes, e.audio_scales, last_frame_pad_length=e.last_frame_pad_length)
    keep(
        name, sound=x, codes=np.concatenate(list(e.audio_codes[:, 0].numpy()), -1), decoded=made.audio_values[0].numpy()
    )


def sizes():
    """Names and shapes at full size, as digests: built on the meta device by the upstream packages."""
    from diffusers import AutoencoderOobleck
    from transformers import DacConfig, DacModel, EncodecConfig, EncodecModel

    dac = {"encoder_hidden_size": 64, "decoder_hidden_size": 1536, "codebook_size": 1024, "codebook_dim": 8}
    published = {
        "dac-44k": ("dac", dac | {"downsampling_ratios": [2, 4, 8, 8], "n_codebooks": 9, "sampling_rate": 44100}),
        "dac-24k": ("dac", dac | {"downsampling_ratios": [2, 4, 5, 8], "n_codebooks": 32, "sampling_rate": 24000}),
        "dac-16k": ("dac", dac | {"downsampling_ratios": [2, 4, 5, 8], "n_codebooks": 12, "sampling_rate": 16000}),
        "dac-44k-16kbps": (
            "dac",
            dac | {"downsampling_ratios": [2, 4, 8, 8], "n_codebooks": 18, "sampling_rate": 44100, "hidden_size": 128},
        ),
        "encodec-24k": ("encodec", {"sampling_rate": 24000, "target_bandwidths": [1.5, 3.0, 6.0, 12.0, 24.0]}),
        "encodec-32k": (
            "encodec",
            {
                "sampling_rate": 32000, "target_bandwidths": [2.2], "upsampling_ratios": [8, 5, 4, 4],
                "num_filters": 64, "codebook_size": 2048, "use_causal_conv": False, "use_conv_shortcut": False,
            },
        ),
        "encodec-48k": (
            "encodec",
            {
                "sampling_rate": 48000, "target_bandwidths": [3.0, 6.0, 12.0, 24.0], "audio_channels": 2,
                "normalize": True, "chunk_length_s": 1.0, "overlap": 0.01, "norm_type": "time_group_norm",
                "use_causal_conv": False,
            },
        ),
        "oobleck-44k": (
            "oobleck",
            {
                "encoder_hidden_size": 128, "downsampling_ratios": [2, 4, 4, 8, 8],
                "channel_multiples": [1, 2, 4, 8, 16], "decoder_channels": 128, "decoder_input_channels": 64,
                "audio_channels": 2, "sampling_rate": 44100,
            },
        ),
    }  # fmt: skip
    found = {}
    for name, (kind, config) in published.items():
        with torch.device("meta"):
            if kind == "dac":
                given = {k: v for k, v in config.items() if k != "hidden_size"}
                made = DacConfig(**given)
                if "hidden_size" in config:
                    made.hidden_size = config["hidden_size"]
                model = DacModel(made)
            elif kind == "encodec":
                model = EncodecModel(EncodecConfig(**config))
            else:
                model = AutoencoderOobleck(**config)
        shapes = {}
        for key, value in model.state_dict().items():
            if key.endswith((".weight_v", ".original1")):
                key = key.removesuffix(".weight_v").removesuffix(".parametrizations.weight.original1") + ".weight"
            elif key.endswith((".weight_g", ".original0", ".inited", ".cluster_size", ".embed_avg")):
                continue
            shapes[key] = list(value.shape)
        lines = "\n".join(f"{k} {v}" for k, v in sorted(shapes.items()))
        count = int(sum(np.prod(v) for v in shapes.values()))
        digest = hashlib.sha256(lines.encode()).hexdigest()
        found[name] = {"layout": kind, "config": config, "tensors": len(shapes), "numbers": count, "sha256": digest}
    (HERE / "sizes.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    sizes()
    dac_hub()
    oobleck()
    for place, each in enumerate(ENCODECS):
        encodec(each, 4 + place)
    dac_pth()
