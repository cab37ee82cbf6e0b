"""MusicGen (Copet et al. 2023) by transformers: text, a melody or a beginning to sound, window by window.

Tokens are drawn by Gumbel noise from a generator of our own (Gumbel 1954; the largest sum of logit and noise is a draw
from the softmax), so that the same seed gives the same tokens and nobody's random numbers are used up.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
Tell = Callable[[int, int, str], None]

WINDOW = 30.0
"""Seconds that the network was trained on: longer sounds go on from their last seconds, window by window."""

KEPT = 10.0
"""Seconds of a window that the next one goes on from."""


class MusicGen:
    """A MusicGen of a folder: mono or stereo, with or without a melody.

    Raises:
        LookupError: transformers is not installed.
        ValueError: weights and config do not fit.
    """

    def __init__(self, folder: Path, melody: bool) -> None:
        try:
            import torch
            import transformers
        except ImportError as error:
            raise LookupError(f"MusicGen needs transformers ({error}): install nawgraph[generators]") from None
        kind = "MusicgenMelodyForConditionalGeneration" if melody else "MusicgenForConditionalGeneration"
        try:
            with torch.random.fork_rng(devices=[]):  # initial weights are drawn, though they are not needed
                self.network = getattr(transformers, kind).from_pretrained(folder, local_files_only=True).eval()
            self.tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
        except (OSError, RuntimeError, ValueError, KeyError) as error:
            first = str(error).strip().splitlines()[0][:200]
            raise ValueError(f"{folder} does not fit: {first}") from None
        self.melody = melody
        config = self.network.config
        self.rate = int(config.audio_encoder.sampling_rate)
        self.channels = int(config.decoder.audio_channels)
        self.frame_rate = float(config.audio_encoder.frame_rate)
        self._delay = int(config.decoder.num_codebooks) // self.channels - 1

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""
        return sum(p.numel() * p.element_size() for p in self.network.parameters())

    def to(self, device: str) -> None:
        """Move the network to a device, in half precision where that is no processor."""
        import torch

        self.network.to(device, dtype=torch.float32 if device == "cpu" else torch.float16)

    def generate(
        self, text: str, seconds: float, *, begin: F32 | None = None, melody: F32 | None = None, guidance: float = 3.0,
        temperature: float = 1.0, top_k: int = 250, seed: int = 0, tell: Tell = lambda done, total, label: None,
        show: Callable[[F32], None] | None = None,
    ) -> F32:  # fmt: skip
        """Sound, float32 [channels, samples] at `rate`, that begins with `begin` if there is one.

        Args:
            text: what is asked for.
            seconds: of the whole, with its beginning.
            begin: float32 [channels, samples] at `rate` that it goes on from.
            melody: float32 [samples] at `rate` whose melody it is to have; a network with melody alone.
            guidance: classifier-free guidance, 1 for none.
            temperature: of the draws; 0 takes the likeliest token.
            top_k: likeliest tokens that are drawn from, 0 for all.
            seed: of the draws.
            tell: told tokens made, tokens in all, and a label; may raise to stop.
            show: given what there is after each window.
        """
        import torch

        total = max(1, round(seconds * self.rate))
        made = np.zeros((self.channels, 0), np.float32) if begin is None else begin[:, :total]
        done, whole = 0, max(1, round((total - made.shape[1]) / self.rate * self.frame_rate))
        noise = torch.Generator().manual_seed(seed)
        while made.shape[1] < total:
            kept = made[:, -round(KEPT * self.rate) :]
            left = min((total - made.shape[1]) / self.rate, WINDOW - kept.shape[1] / self.rate)
            count = max(1, int(np.ceil(left * self.frame_rate)))
            draw = _Draw(temperature, top_k, noise, partial(_told, tell, done, min(done + count, whole), whole))
            fresh = self._window(text, kept, melody, count, guidance, draw)
            made = np.concatenate([made, fresh], axis=1)[:, :total]
            done += count
            if show is not None and made.shape[1] < total:
                show(made)
        tell(whole, whole, "tokens")
        return made

    def _window(self, text: str, kept: F32, melody: F32 | None, count: int, guidance: float, draw: Any) -> F32:
        """Sound of `count` tokens that goes on from `kept`, float32 [channels, samples]."""
        import torch

        device = self.network.device
        inputs = dict(self.tokenizer([text], padding=True, return_tensors="pt").to(device))
        before = 0
        if kept.shape[1]:
            inputs["decoder_input_ids"] = codes = self._codes(kept)
            before = codes.shape[1]
        if melody is not None:
            from nawgraph.models.generators.chroma import features

            rows = features(melody, self.rate, int(self.network.config.num_chroma))
            inputs["input_features"] = torch.from_numpy(rows[None]).to(device, self.network.dtype)
        with torch.no_grad():
            out = self.network.generate(
                **inputs, max_new_tokens=max(count + self._delay, 2 * self._delay + 2), guidance_scale=guidance,
                do_sample=False, logits_processor=_last(draw),
            )  # fmt: skip
        sound = np.asarray(out[0].float().cpu().numpy(), np.float32)
        fresh = sound[:, round(before / self.frame_rate * self.rate) :]
        if not fresh.shape[1]:
            raise ValueError("the network made no sound: ask for a longer one")
        return fresh

    def _codes(self, sound: F32) -> Any:
        """Codes of a sound as the decoder reads them, int [codebooks, frames]."""
        import torch

        rows = torch.tensor(sound).to(self.network.device, self.network.dtype)
        found = []
        with torch.no_grad():
            for row in rows:
                encoded = self.network.audio_encoder.encode(row[None, None])
                found.append(encoded.audio_codes[0, 0])  # [codebooks, frames]
        return found[0] if len(found) == 1 else torch.stack(found, dim=1).flatten(0, 1)  # left and right by turns


def _told(tell: Tell, before: int, most: int, whole: int, count: int) -> None:
    """Tell of a window's tokens; those that only end its delays are not counted."""
    tell(min(before + count, most), whole, "tokens")


class _Draw:
    """Takes the scores of the next tokens and leaves the one that was drawn; counts, and may stop."""

    def __init__(self, temperature: float, top_k: int, noise: Any, tell: Callable[[int], None]) -> None:
        self._temperature, self._top_k, self._noise, self._tell = temperature, top_k, noise, tell
        self._count = 0

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        import torch

        self._tell(self._count)
        self._count += 1
        if self._temperature <= 0:
            return scores
        found = scores.float() / self._temperature
        if 0 < self._top_k < found.shape[-1]:
            least = found.topk(self._top_k, dim=-1).values[..., -1:]
            found = found.masked_fill(found < least, -torch.inf)
        even = torch.rand(found.shape, generator=self._noise).clamp_min(1e-20)
        return found - torch.log(-torch.log(even)).to(found.device)


def _last(draw: _Draw) -> Any:
    """A list of processors in which the draw stays last: generation itself adds the guidance to the end."""
    from transformers import LogitsProcessorList

    class Processors(LogitsProcessorList):
        def append(self, item: Any) -> None:
            self.insert(max(len(self) - 1, 0), item)

    made = Processors()
    list.append(made, draw)
    return made
