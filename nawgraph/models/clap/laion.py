"""LAION CLAP (Wu et al. 2023) as nodes see it: published checkpoints, read from either of their two layouts.

A sound is heard in windows of 10 s that lie evenly over it, always the same ones, and their mean is its embedding; the
original takes one window at random instead. Checkpoints with fusion are used the same way: each window by itself is
what their first channel was trained on, so the fusion of a long sound's windows is never called for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from nawgraph.audio.mel import Scale, filters
from nawgraph.audio.resample import resample
from nawgraph.models.clap import bpe, roberta, swin
from nawgraph.models.clap.hearing import MOST, SHORTEST
from nawgraph.models.clap.house import TOGETHER, unit
from nawgraph.models.codecs.weights import Taker, folded, nothing_left
from nawgraph.values import Audio, Embedding, Prompt

F32 = npt.NDArray[np.float32]

LONGEST = 77
"""Tokens of a text, as LAION trained it; what follows is not read."""

_SIZE = 1024
_QUIET = 1e-10
_IGNORED = re.compile(
    r"position_ids|token_type_ids|relative_position_index|num_batches_tracked|logit_scale|fusion_model|mel_conv2d|"
    r"spectrogram_extractor|logmel_extractor|tscam_conv|attn_mask|\.head\.|_transform\."
)
"""What is not needed to embed: numbers of places, heads for training, fusion, filters that are made here."""


@dataclass(frozen=True)
class Shape:
    """Both encoders, and how the sound is prepared.

    Attributes:
        audio, text: sizes of the encoders.
        rate: of the sound, Hz.
        hop: samples between frames of the spectrogram.
        window: samples that are heard at once.
        low, high: Hz, between which the mel bands lie.
        fused: trained with fusion, whose mel filters are others.
    """

    audio: swin.Shape
    text: roberta.Shape
    rate: int = 48_000
    hop: int = 480
    window: int = 480_000
    low: float = 50.0
    high: float = 14_000.0
    fused: bool = False


class Network:
    """Both encoders; asked for nothing, they only say which weights they need."""

    def __init__(self, take: Taker, shape: Shape) -> None:
        self.audio = swin.AudioEncoder(take, shape.audio)
        self.text = roberta.TextEncoder(take, shape.text)


class LaionClap:
    """Embeds texts and sounds with a published checkpoint. Any number of threads may use one."""

    def __init__(
        self, name: str, space: str, tensors: Mapping[str, Tensor], shape: Shape, files: Mapping[str, Path]
    ) -> None:
        self.name, self.space, self.shape = name, space, shape
        self._tensors, self._files = dict(tensors), dict(files)
        self.network, self.device = Network(Taker(self._tensors), shape), "cpu"
        self._reader: bpe.Reader | None = None

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""
        return sum(t.nbytes for t in self._tensors.values())

    def to(self, device: str) -> None:
        """Move the network to a device."""
        self._tensors = {k: v.to(device) for k, v in self._tensors.items()}
        self.network, self.device = Network(Taker(self._tensors), self.shape), device

    def texts(self, texts: Sequence[str]) -> F32:
        """Unit vectors float32 [texts, dimension].

        Raises:
            ValueError: the checkpoint lies without its tokenizer, or with one of another size.
        """
        read = self._tokenizer()
        limit = min(LONGEST, self.shape.text.positions - self.shape.text.pad - 1)
        with torch.inference_mode():
            found = [self.tokens(read(text, limit)) for text in texts]
        return np.stack(found)

    def tokens(self, numbers: Sequence[int]) -> F32:
        """The unit vector of a text's tokens, float32 [dimension]."""
        with torch.inference_mode():
            made = self.network.text(torch.tensor(numbers, device=self.device))
            return np.asarray(functional.normalize(made, dim=-1).float().cpu().numpy(), np.float32)

    def prompt(self, prompt: Prompt) -> Embedding:
        """The embedding of a prompt; several keyframes are blended by their weights.

        Raises:
            ValueError: all keyframes have the weight 0; no tokenizer.
        """
        weights = np.array([k.weight for k in prompt.keyframes])
        if not weights.sum() > 0:
            raise ValueError("every keyframe of the prompt has the weight 0: give one of them more")
        return Embedding(unit(weights @ self.texts([k.text for k in prompt.keyframes])), self.space)

    def audio(self, audio: Audio, steps: Callable[[int, str], Iterable[int]] | None = None) -> Embedding:
        """The embedding of a sound: the mean of its windows, each of length 1.

        Args:
            audio: any rate and number of channels.
            steps: iterates over a number of steps with a label, showing progress.

        Raises:
            ValueError: it is silent, shorter than half a second, or holds a number that is not finite.
        """
        samples = self._mono(audio)
        starts = windows(len(samples), self.shape.window)
        groups = [starts[i : i + TOGETHER] for i in range(0, len(starts), TOGETHER)]
        total = np.zeros(self.shape.audio.dimension)
        for index in steps(len(groups), "listen") if steps else range(len(groups)):
            total += self.heard(np.stack([self._window(samples, start) for start in groups[index]])).sum(axis=0)
        return Embedding(unit(total), self.space)

    def heard(self, sounds: F32) -> npt.NDArray[np.float64]:
        """Unit vectors [B, dimension] of windows [B, samples]."""
        with torch.inference_mode():
            made = self.network.audio(self.spectrogram(torch.from_numpy(sounds)).to(self.device))
            return np.asarray(functional.normalize(made.double(), dim=-1).cpu().numpy())

    def spectrogram(self, sounds: Tensor) -> Tensor:
        """Mel bands in dB, float32 [B, frames, bands], of windows [B, samples]."""
        s = self.shape
        wide = torch.stft(
            sounds.double(), _SIZE, s.hop, window=torch.hann_window(_SIZE, dtype=torch.float64), return_complex=True
        )
        scale: Scale = "htk" if s.fused else "slaney"
        bank = _bank(s.rate, s.audio.bands, s.low, s.high, scale)
        return (10 * torch.log10((bank @ wide.abs().square()).clamp(min=_QUIET))).mT.float()

    def completed(self, prompt: Prompt | None, embedding: Embedding) -> Prompt:
        """A prompt that says, of what it leaves open, what an embedding is nearest to.

        Raises:
            ValueError: the embedding is of another space; no tokenizer.
        """
        from nawgraph.models.clap.describing import completed, heard

        return completed(prompt, heard(self, embedding))

    def _tokenizer(self) -> bpe.Reader:
        if self._reader is None:
            try:
                found = bpe.read(self._files)
            except LookupError as error:
                raise ValueError(f"{self.name} cannot read words: {error}") from None
            if max(found.vocabulary.values()) >= self.shape.text.words:
                raise ValueError(
                    f"the tokenizer of {self.name} has {len(found.vocabulary):,} tokens and its network "
                    f"{self.shape.text.words:,}: put that of roberta-base beside it"
                )
            self._reader = found
        return self._reader

    def _mono(self, audio: Audio) -> F32:
        if not np.isfinite(audio.samples).all():
            raise ValueError("the sound holds a number that is not finite (NaN or infinity): make it anew")
        if audio.seconds < SHORTEST:
            raise ValueError(f"the sound lasts {audio.seconds:.2f} s: CLAP needs at least {SHORTEST} s")
        mixed = audio.samples.mean(axis=0, keepdims=True, dtype=np.float32)
        if not float(np.abs(mixed).max(initial=0)) > 1e-5:
            raise ValueError("the sound is silent (or its channels cancel out): choose a reference that can be heard")
        return np.asarray(resample(mixed, audio.rate, self.shape.rate)[0], np.float32)

    def _window(self, samples: F32, start: int) -> F32:
        """One window; a shorter sound is repeated as often as it fits whole, then followed by silence."""
        size = self.shape.window
        part = samples[start : start + size]
        part = np.tile(part, size // len(part))
        return np.asarray(np.pad(part, (0, size - len(part))), np.float32)


def windows(frames: int, size: int) -> list[int]:
    """First samples of the windows of a sound: evenly over it, as many as cover it, at most `MOST`."""
    count = min(MOST, max(1, -(-frames // size)))
    return [0] if count == 1 else [int(start) for start in np.linspace(0, frames - size, count).round()]


@lru_cache(maxsize=4)
def _bank(rate: int, bands: int, low: float, high: float, scale: Scale) -> Tensor:
    return torch.from_numpy(filters(rate, _SIZE, bands, low, high, scale=scale, even=scale == "slaney"))


def from_hub(tensors: Mapping[str, Any], config: Mapping[str, Any], name: str, space: str) -> LaionClap:
    """A CLAP in the hub form. Raises KeyError, TypeError, ValueError."""
    return _made(folded(tensors), shape_of(config), config, name, space)


def from_laion(tensors: Mapping[str, Any], config: Mapping[str, Any], name: str, space: str) -> LaionClap:
    """A CLAP from a file of laion-clap. Raises ValueError."""
    ready = renamed(folded(tensors))
    return _made(ready, shape_from(ready), config, name, space)


def _made(tensors: Mapping[str, Tensor], shape: Shape, config: Mapping[str, Any], name: str, space: str) -> LaionClap:
    ready = {key: value for key, value in tensors.items() if not _IGNORED.search(key)}
    take = Taker(ready)
    Network(take, shape)
    nothing_left(take)
    files = {n: Path(p) for n, p in dict(config.get("files", {})).items()}
    return LaionClap(name, f"{name}/{space.rpartition('/')[2]}", ready, shape, files)


def shape_of(config: Mapping[str, Any]) -> Shape:
    """From the hub's `config.json`, and what a `preprocessor_config.json` beside it says.

    Raises:
        KeyError, TypeError, ValueError: it describes no CLAP that can be run.
    """
    a, t, p = dict(config["audio_config"]), dict(config["text_config"]), dict(config.get("preprocessor", {}))
    for said, wanted in (("hidden_act", "gelu"), ("projection_hidden_act", "relu")):
        if a.get(said, wanted) != wanted or t.get(said, wanted) != wanted:
            raise ValueError(f"its {said} is not {wanted}")
    dimension = int(config.get("projection_dim", 512))
    patch, stride = a.get("patch_size", 4), a.get("patch_stride", 4)
    if {*_pair(patch), *_pair(stride)} != {_pair(patch)[0]} or float(a.get("mlp_ratio", 4)) % 1:
        raise ValueError("its patches overlap or are not square, or mlp_ratio is no whole number")
    audio = swin.Shape(
        int(a.get("num_mel_bins", 64)), int(a.get("spec_size", 256)), _pair(patch)[0],
        int(a.get("patch_embeds_hidden_size", 96)), tuple(int(d) for d in a.get("depths", (2, 2, 6, 2))),
        tuple(int(h) for h in a.get("num_attention_heads", (4, 8, 16, 32))), int(a.get("window_size", 8)), dimension,
        int(a.get("mlp_ratio", 4)), float(a.get("layer_norm_eps", 1e-5)),
    )  # fmt: skip
    text = roberta.Shape(
        int(t.get("vocab_size", 50_265)), int(t.get("hidden_size", 768)), int(t.get("num_hidden_layers", 12)),
        int(t.get("num_attention_heads", 12)), int(t.get("intermediate_size", 3072)),
        int(t.get("max_position_embeddings", 514)), int(t.get("type_vocab_size", 1)), dimension,
        int(t.get("pad_token_id", 1)), float(t.get("layer_norm_eps", 1e-12)),
    )  # fmt: skip
    rate, seconds = int(p.get("sampling_rate", 48_000)), int(p.get("max_length_s", 10))
    return Shape(
        audio, text, rate, int(p.get("hop_length", 480)), rate * seconds, float(p.get("frequency_min", 50)),
        float(p.get("frequency_max", 14_000)), bool(a.get("enable_fusion", False)),
    )  # fmt: skip


def shape_from(tensors: Mapping[str, Tensor]) -> Shape:
    """Sizes read off the weights of a file of laion-clap, which carries no config.

    Raises:
        ValueError: a weight that says them is missing.
    """

    def size(name: str) -> tuple[int, ...]:
        if name not in tensors:
            raise ValueError(f"{name} is missing")
        return tuple(tensors[name].shape)

    def count(pattern: str) -> int:
        found = [int(m[1]) for m in map(re.compile(pattern).match, tensors) if m]
        return max(found, default=-1) + 1

    layers, hub = r"audio_model\.audio_encoder\.layers\.", "audio_model.audio_encoder"
    stages = count(layers + r"(\d+)\.")
    table = "blocks.0.attention.self.relative_position_bias_table"
    tables = [size(f"{hub}.layers.{i}.{table}") for i in range(stages)]
    width, _, patch, _ = size(f"{hub}.patch_embed.proj.weight")
    bands = size(f"{hub}.batch_norm.weight")[0]
    dimension = size("audio_projection.linear2.weight")[0]
    audio = swin.Shape(
        bands, 4 * bands, patch, width, tuple(count(layers + rf"{i}\.blocks\.(\d+)\.") for i in range(stages)),
        tuple(t[1] for t in tables), (round(tables[0][0] ** 0.5) + 1) // 2 if tables else 8, dimension,
    )  # fmt: skip
    words, wide = size("text_model.embeddings.word_embeddings.weight")
    text = roberta.Shape(
        words, wide, count(r"text_model\.encoder\.layer\.(\d+)\."), max(1, wide // 64),
        size("text_model.encoder.layer.0.intermediate.dense.weight")[0],
        size("text_model.embeddings.position_embeddings.weight")[0],
        size("text_model.embeddings.token_type_embeddings.weight")[0], dimension,
    )  # fmt: skip
    return Shape(audio, text, fused=f"{hub}.patch_embed.mel_conv2d.weight" in tensors)


_NAMES = (
    ("audio_branch.", "audio_model.audio_encoder."), ("text_branch.", "text_model."), (".bn0.", ".batch_norm."),
    (".attn.relative", ".attention.self.relative"), (".attn.proj.", ".attention.output.dense."),
    (".norm1.", ".layernorm_before."), (".norm2.", ".layernorm_after."), (".mlp.fc1.", ".intermediate.dense."),
    (".mlp.fc2.", ".output.dense."), ("_projection.0.", "_projection.linear1."),
    ("_projection.2.", "_projection.linear2."),
)  # fmt: skip


def renamed(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights of laion-clap under the hub's names, with query, key and value apart."""
    made = {}
    for name, value in tensors.items():
        for old, new in _NAMES:
            name = name.replace(old, new)
        if ".attn.qkv." in name:
            for part, third in zip(("query", "key", "value"), value.chunk(3), strict=True):
                made[name.replace(".attn.qkv.", f".attention.self.{part}.")] = third
        else:
            made[name] = value
    return made


def _pair(value: Any) -> tuple[int, ...]:
    return (int(value),) * 2 if isinstance(value, int) else tuple(int(v) for v in value)
