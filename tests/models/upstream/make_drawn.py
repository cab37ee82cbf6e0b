"""Asks the published CLAPs and vocoders what they make of weights that are drawn by name (see ../drawn.py).

Run by hand, in an environment of its own with transformers, tokenizers, laion-clap, vocos, encodec and audioseal, and
with the repositories of BigVGAN and DisCoder in folders:
`python make_drawn.py clap laion vocos audioseal bigvgan=FOLDER discoder=FOLDER`.
"""

import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE.parents[2] / "plugins" / "reference"), str(HERE.parents[2])]
from drawn import sound, weight  # noqa: E402

TEXTS = ["dark techno, 130 bpm", "It's  a naïve\n\nsynth-pop  tune; they'd  call it '80s…", "ピアノ ½ 12345 !?", " a"]


def note(file, **more):
    path = HERE / file
    found = json.loads(path.read_text()) if path.is_file() else {}
    path.write_text(json.dumps(found | more, separators=(",", ":"), ensure_ascii=False) + "\n")


def drawn(model, name, also=lambda key: False):
    """Fill a network with drawn weights and note its names and shapes."""
    state = model.state_dict()
    kept = {k: list(v.shape) for k, v in state.items() if v.is_floating_point() and not also(k)}
    note("shapes.json", **{name: kept})
    model.load_state_dict({k: torch.from_numpy(weight(k, s)) for k, s in kept.items()}, strict=False)
    return model.eval()


def digest(found):
    lines = "\n".join(f"{k} {v}" for k, v in sorted(found.items()))
    return {
        "tensors": len(found), "numbers": int(sum(np.prod(v) for v in found.values())),
        "sha256": hashlib.sha256(lines.encode()).hexdigest(),
    }  # fmt: skip


def full(name, config, make, skip):
    """Names and shapes at the published size, as a digest."""
    with torch.device("meta"):
        model = make()
    kept = {}
    for key, value in model.state_dict().items():
        if key.endswith((".weight_g", ".original0")) or any(part in key for part in skip):
            continue
        key = key.removesuffix(".parametrizations.weight.original1") + (".weight" if key.endswith("original1") else "")
        kept[key.removesuffix("_v") if key.endswith("weight_v") else key] = list(value.shape)
    note("sizes_drawn.json", **{name: {"config": config, **digest(kept)}})


def keep(name, **arrays):
    save_file({k: np.ascontiguousarray(v, np.float32) for k, v in arrays.items()}, HERE / f"{name}.made.safetensors")


AUDIO = {
    "patch_embeds_hidden_size": 8, "hidden_size": 64, "depths": [2, 2, 2, 2], "num_attention_heads": [1, 2, 2, 4],
    "num_classes": 8,
}  # fmt: skip
TEXT = {
    "vocab_size": 400, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 48,
    "max_position_embeddings": 80, "type_vocab_size": 1, "layer_norm_eps": 1e-5,
}  # fmt: skip
BUFFERS = ("position_ids", "token_type_ids", "relative_position_index", "num_batches_tracked", "logit_scale")


def tokenizer(folder):
    """A small vocabulary of the same kind, learnt from a few lines."""
    from tokenizers import ByteLevelBPETokenizer

    made = ByteLevelBPETokenizer()
    lines = [
        "dark techno with a synth bass, 130 bpm",
        "it's a naïve tune that they'd call synth-pop",
        "ピアノ and 123 ",
    ] * 9
    made.train_from_iterator(lines, vocab_size=TEXT["vocab_size"], min_frequency=2,
                             special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"])  # fmt: skip
    made.save_model(str(folder))


@torch.inference_mode()
def clap():
    from transformers import ClapConfig, ClapFeatureExtractor, ClapModel, RobertaTokenizer

    for name, fused in (("clap", False), ("clap-fused", True)):
        folder = HERE / name
        folder.mkdir(exist_ok=True)
        more = {"enable_fusion": True, "fusion_type": "aff_2d"} if fused else {}
        config = ClapConfig(text_config=TEXT, audio_config=AUDIO | more, projection_dim=16)
        model = drawn(ClapModel(config), name, lambda key: any(b in key for b in BUFFERS))
        config.save_pretrained(folder)
        hear = ClapFeatureExtractor(frequency_min=50, truncation="fusion" if fused else "rand_trunc")
        hear.save_pretrained(folder)
        made = {}
        for label, frames in (("short", 150_000), ("long", 1_200_000)):
            x, size, found = sound(frames, 48_000)[0], 480_000, []
            for start in [0] if frames < size else np.linspace(0, frames - size, -(-frames // size)).round():
                mel = hear(x[int(start) : int(start) + size], sampling_rate=48_000, return_tensors="pt").input_features
                longer = torch.zeros(1, 1, dtype=torch.bool)
                found.append(model.get_audio_features(mel.float(), is_longer=longer).pooler_output[0].numpy())
            total = np.sum(found, axis=0)
            made[label] = total / np.linalg.norm(total)
        if not fused:
            tokenizer(folder)
            read = RobertaTokenizer.from_pretrained(folder)
            assert 300 < len(read) <= TEXT["vocab_size"], len(read)
            numbers = [read(t, truncation=True, max_length=77).input_ids for t in TEXTS]
            note("tokens.json", texts=TEXTS, numbers=numbers)
            rows = [model.get_text_features(torch.tensor([n])).pooler_output[0].numpy() for n in numbers]
            made["texts"] = np.stack(rows)
        keep(name, **made)
    published = {
        "clap-htsat-unfused": {"audio_config": {"num_classes": 527}, "text_config": {}},
        "clap-music": {
            "audio_config": {
                "patch_embeds_hidden_size": 128, "hidden_size": 1024, "depths": [2, 2, 12, 2], "num_classes": 527,
                "num_attention_heads": [4, 8, 16, 32],
            },
            "text_config": {},
        },
    }  # fmt: skip
    for name, config in published.items():
        full(name, config, lambda config=config: ClapModel(ClapConfig(**config)), BUFFERS)


@torch.inference_mode()
def laion():
    from nawgraph_reference import clap_layout

    model = clap_layout.original(0)
    model = drawn(
        model, "laion-clap", lambda key: any(p in key for p in (*BUFFERS, "extractor", "attn_mask", "logit_scale"))
    )
    words = [0, 5, 77, 199, 23, 42, 2]
    made = {}
    x = np.zeros((1, 480_000), np.float32)
    part = sound(150_000, 48_000)
    x[:, :450_000] = np.tile(part, 3)
    found = model.audio_branch({"waveform": torch.from_numpy(x)}, device="cpu")["embedding"]
    made["short"] = torch.nn.functional.normalize(model.audio_projection(found), dim=-1)[0].numpy()
    given = {"input_ids": torch.tensor([words]), "attention_mask": torch.ones(1, len(words), dtype=torch.long)}
    made["text"] = model.get_text_embedding(given)[0].numpy()
    made["words"] = np.array(words)
    keep("laion-clap", **made)


VOCOS = """feature_extractor:
  class_path: vocos.feature_extractors.MelSpectrogramFeatures
  init_args:
    sample_rate: 24000
    n_fft: {size}
    hop_length: {hop}
    n_mels: {bands}
    padding: {padding}

backbone:
  class_path: vocos.models.VocosBackbone
  init_args:
    input_channels: {bands}
    dim: {width}
    intermediate_dim: {inner}
    num_layers: {blocks}

head:
  class_path: vocos.heads.ISTFTHead
  init_args:
    dim: {width}
    n_fft: {size}
    hop_length: {hop}
    padding: {padding}
"""


@torch.inference_mode()
def vocos():
    import yaml
    from vocos import Vocos

    small = {"size": 256, "hop": 64, "bands": 20, "width": 24, "inner": 40, "blocks": 5}
    for name, padding in (("vocos", "center"), ("vocos-same", "same")):
        folder = HERE / name
        folder.mkdir(exist_ok=True)
        told = VOCOS.format(**small, padding=padding)
        (folder / "config.yaml").write_text(told)
        model = drawn(
            Vocos.from_hparams(str(folder / "config.yaml")), name, lambda k: k.endswith(("window", "mel_scale.fb"))
        )
        x = torch.from_numpy(sound(64 * 60, 24_000))
        mel = model.feature_extractor(x)
        keep(name, mel=mel[0].numpy(), sound=model.decode(mel).numpy())
    told = VOCOS.format(size=1024, hop=256, bands=100, width=512, inner=1536, blocks=8, padding="center")
    (HERE / "full.yaml").write_text(told)
    made = Vocos.from_hparams(str(HERE / "full.yaml"))
    (HERE / "full.yaml").unlink()
    full("vocos-mel-24k", yaml.safe_load(told), lambda: made, ())


@torch.inference_mode()
def bigvgan(repository):
    sys.path.insert(0, repository)
    from bigvgan import BigVGAN
    from env import AttrDict
    from meldataset import get_mel_spectrogram

    published = json.loads((Path(repository) / "configs" / "bigvgan_v2_44khz_128band_512x.json").read_text())
    small = {
        "upsample_rates": [4, 4, 2], "upsample_kernel_sizes": [8, 8, 4], "upsample_initial_channel": 32,
        "resblock_kernel_sizes": [3, 7], "resblock_dilation_sizes": [[1, 3], [1, 5]], "num_mels": 16, "n_fft": 256,
        "hop_size": 32, "win_size": 256, "num_freq": 129, "segment_size": 8192,
    }  # fmt: skip
    old = {"use_tanh_at_final": True, "use_bias_at_final": True, "activation": "snake", "snake_logscale": False}
    for name, more in (("bigvgan", {}), ("bigvgan-snake", old | {"fmax": 8000})):
        config = published | small | more  # its training too, as in the published file
        folder = HERE / name
        folder.mkdir(exist_ok=True)
        (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
        model = drawn(BigVGAN(AttrDict(config)), name)
        mel = get_mel_spectrogram(torch.from_numpy(sound(32 * 60, 44_100)), AttrDict(config))
        keep(name, mel=mel[0].numpy(), sound=model(mel)[0].numpy())
    full("bigvgan-v2-44k", published, lambda: BigVGAN(AttrDict(published)), ())


@torch.inference_mode()
def discoder(repository):
    sys.path.insert(0, repository)
    from dac.model.dac import Decoder
    from discoder.models import DisCoder
    from discoder.utils import get_mel_spectrogram_from_config

    published = json.loads((Path(repository) / "configs" / "config_z.json").read_text())
    small = published["model"] | {
        "n_resblocks": 2, "initial_out_channels": 12, "intermediate_dim": 10, "codebook_size": 12,
        "resblock_kernel_sizes": [3, 7], "resblock_dilations": [[1, 3], [1, 5]],
    }  # fmt: skip
    mel = published["mel"] | {"n_fft": 128, "win_length": 128, "hop_length": 16, "n_mels": 16}
    config = {"sample_rate": 44_100, "model": small, "mel": mel}
    folder = HERE / "discoder"
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    model = drawn(DisCoder(config, Decoder(12, 16, [4, 4, 2]), None), "discoder")
    model.frozen_decoder = False
    heard = get_mel_spectrogram_from_config(torch.from_numpy(sound(16 * 60, 44_100)), config)
    keep("discoder", mel=heard[0].numpy(), sound=model(heard)[0].numpy())
    with torch.device("meta"):
        whole = DisCoder(published, Decoder(1024, 1536, [8, 8, 4, 2]), None).state_dict()
    note("shapes.json", **{"discoder-full": {k: list(v.shape) for k, v in whole.items()}})
    note("sizes_drawn.json", discoder={k: published[k] for k in ("sample_rate", "model", "mel")})


@torch.inference_mode()
def audioseal():
    from audioseal.builder import AudioSealDetectorConfig, AudioSealWMConfig, create_detector, create_generator
    from audioseal.loader import AudioSeal, load_local_model_config
    from omegaconf import OmegaConf

    kinds = {
        "audioseal": ("audioseal_wm_16bits", AudioSealWMConfig, create_generator),
        "audioseal-detector": ("audioseal_detector_16bits", AudioSealDetectorConfig, create_detector),
    }
    bits = torch.tensor([[1, 0, 1, 1, 0, 0, 0, 1, 0, 1, 1, 1, 0, 1, 0, 0]])
    for name, (card, kind, create) in kinds.items():
        told = OmegaConf.to_container(load_local_model_config(card))
        told.pop("checkpoint")
        if name == "audioseal":  # the official files hold their config as omegaconf's own objects
            held = {"xp.cfg": load_local_model_config(card), "model": {"some.weight": torch.arange(3.0)}}
            torch.save(held, HERE / "audioseal-config.pth")
        config = AudioSeal.parse_config(told, config_type=kind)
        with torch.device("meta"):
            published = create(config).state_dict()
        note("shapes.json", **{f"{name}-full": {k: list(v.shape) for k, v in published.items()}})
        config.seanet.n_filters, config.seanet.dimension, config.seanet.ratios = 4, 12, [5, 4, 2]
        model = drawn(create(config), name)
        x = torch.from_numpy(sound(5_003, 16_000))[None]
        if name == "audioseal":
            keep(name, sound=x[0].numpy(), mark=model.get_watermark(x, message=bits)[0].numpy())
        else:
            chances, message = model(x)
            keep(name, sound=x[0].numpy(), presence=chances[0, 1:].numpy(), message=message.numpy())


if __name__ == "__main__":
    for word in sys.argv[1:]:
        what, _, folder = word.partition("=")
        globals()[what](*[folder] * bool(folder))
