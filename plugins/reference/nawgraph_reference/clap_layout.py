"""LAION CLAP's network, and the same weights in transformers' `ClapModel`."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

import nawgraph as ng
from nawgraph_reference import originals

RATE = 48_000
FRAMES = 480_000
"""The ten seconds that LAION CLAP looks at."""

_JOINT, _CHANNELS, _DEPTHS, _HEADS = 32, 16, [2, 2, 2, 2], [2, 2, 4, 4]
_TEXT = {
    "vocab_size": 200,
    "hidden_size": 768,  # the original's projection has this number written in it
    "num_hidden_layers": 2,
    "num_attention_heads": 12,
    "intermediate_size": 128,
    "max_position_embeddings": 64,
    "type_vocab_size": 1,
    "layer_norm_eps": 1e-5,  # as roberta-base has it; ClapTextConfig's own default is 1e-12
}

_RENAMES = [
    ("audio_branch.", "audio_model.audio_encoder."),
    ("text_branch.", "text_model."),
    (".bn0.", ".batch_norm."),
    (".attn.relative", ".attention.self.relative"),
    (".attn.proj.", ".attention.output.dense."),
    (".norm1.", ".layernorm_before."),
    (".norm2.", ".layernorm_after."),
    (".mlp.fc1.", ".intermediate.dense."),
    (".mlp.fc2.", ".output.dense."),
    ("_projection.0.", "_projection.linear1."),
    ("_projection.2.", "_projection.linear2."),
]
_ELSEWHERE = re.compile(
    r"spectrogram_extractor|logmel_extractor|tscam_conv|attn_mask|\.head\.|_transform\.|\.embeddings\.position_ids"
)
"""What `ClapModel` has not: mel filters (a feature extractor's), masks (it makes them), heads for training only."""


def original(seed: int) -> Any:
    """The original network, small and random; its batch norm has statistics as if it had been trained."""
    module = originals.clap()  # before transformers' models, which look for torchaudio
    import torch
    from transformers import RobertaConfig, RobertaModel

    makers = module.create_htsat_model, module.RobertaModel

    class Roberta:
        """In the place of `RobertaModel`, whose `from_pretrained` would download."""

        @staticmethod
        def from_pretrained(name: str) -> Any:
            return RobertaModel(RobertaConfig(**_TEXT, pad_token_id=1))

    audio = module.CLAPAudioCfp(model_type="HTSAT", model_name="tiny", hop_size=480, class_num=8)
    text = module.CLAPTextCfg(77, _TEXT["vocab_size"], 768, 12, 2, "roberta")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module.create_htsat_model, module.RobertaModel = _small_htsat, Roberta
        try:
            made = module.CLAP(_CHANNELS * 8, audio, text, joint_embed_shape=_JOINT)
        finally:
            module.create_htsat_model, module.RobertaModel = makers
        norm = made.audio_branch.bn0
        norm.running_mean.normal_(-20, 5)
        norm.running_var.uniform_(50, 200)
        for name, value in made.named_parameters():
            if name.endswith(("bias", "bias_table")):  # zeros would hide a bias in the wrong place
                value.data.normal_(0, 0.05)
    return made.eval()


def _small_htsat(config: Any, *options: Any) -> Any:
    from clap_module.htsat import HTSAT_Swin_Transformer

    return HTSAT_Swin_Transformer(
        num_classes=config.class_num, embed_dim=_CHANNELS, depths=_DEPTHS, num_heads=_HEADS, config=config
    )


def translated(model: Any) -> Any:
    """A `ClapModel` with the weights of the original network."""
    from transformers import ClapConfig, ClapModel

    audio = {
        "patch_embeds_hidden_size": _CHANNELS,
        "hidden_size": _CHANNELS * 8,
        "depths": _DEPTHS,
        "num_attention_heads": _HEADS,
        "num_classes": 8,
        "projection_dim": _JOINT,
    }
    text = {**_TEXT, "projection_dim": _JOINT, "pad_token_id": 1}
    made = ClapModel(ClapConfig(text_config=text, audio_config=audio, projection_dim=_JOINT)).eval()
    missing, unexpected = made.load_state_dict(renamed(model.state_dict()), strict=False)
    rest = [name for name in missing if not name.endswith(("position_ids", "token_type_ids"))]
    if rest or unexpected:
        raise ValueError(f"the two networks have different weights: {', '.join([*rest, *unexpected][:4])}")
    return made


def renamed(state: dict[str, Any]) -> dict[str, Any]:
    """Weights under transformers' names, with query, key and value apart."""
    made = {}
    for name, value in state.items():
        if _ELSEWHERE.search(name):
            continue
        for old, new in _RENAMES:
            name = name.replace(old, new)
        if ".attn.qkv." in name:
            for part, third in zip(("query", "key", "value"), value.chunk(3), strict=True):
                made[name.replace(".attn.qkv.", f".attention.self.{part}.")] = third
        else:
            made[name] = value
    return made


def waveform(audio: ng.Audio) -> Any:
    """Ten seconds in one channel, [1, frames]; a shorter sound is followed by silence."""
    import torch

    if audio.rate != RATE:
        raise ValueError(f"audio has {audio.rate} Hz and CLAP wants {RATE} Hz: resample it")
    made = np.zeros((1, FRAMES), np.float32)
    sound = audio.samples[:, :FRAMES]
    made[0, : sound.shape[1]] = sound.mean(axis=0)
    return torch.from_numpy(made)


def text(seed: int) -> dict[str, Any]:
    """Numbers of 20 tokens at random, and some that only fill the line."""
    import torch

    rng = np.random.default_rng([seed, 1])
    words = np.r_[0, rng.integers(3, _TEXT["vocab_size"], 20), 2, np.ones(8)].astype(np.int64)[None]
    return {"input_ids": torch.from_numpy(words), "attention_mask": torch.from_numpy((words != 1).astype(np.int64))}


def embedded(model: Any, other: Any, sound: Any, words: dict[str, Any]) -> tuple[Any, Any]:
    """Embeddings of a sound and of a text, of length 1: by the original, or by the other with the original's mel."""
    import torch
    from torch.nn.functional import normalize

    with torch.inference_mode():
        if other is None:
            found = model.audio_branch({"waveform": sound}, device="cpu")["embedding"]
            return normalize(model.audio_projection(found), dim=-1), model.get_text_embedding(dict(words))
        branch = model.audio_branch
        mel = branch.logmel_extractor(branch.spectrogram_extractor(sound))
        made = (
            other.get_audio_features(input_features=mel).pooler_output,
            other.get_text_features(**words).pooler_output,
        )
        return normalize(made[0], dim=-1), normalize(made[1], dim=-1)
