"""ACE-Step 1.5 by diffusers: words and lyrics to songs, covers, new spans, longer sounds."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from nawgraph.models.generators import pipelines
from nawgraph.models.generators.pipelines import F32, Tell

PEAK = 10 ** (-1 / 20)
"""Peak of what is made of words alone, as the published pipeline leaves it: −1 dBFS."""

_ENCODING = 1 << 32
"""Added to the seed for the noise of encoded sounds, which is another one than that of the steps."""


class AceStep:
    """An AceStepPipeline of a folder.

    Attributes:
        rate: Hz.
        channels: of its sounds.
        covers: whether it has the two networks that covers need.
        turbo: whether its weights hold the guidance already.

    Raises:
        LookupError: diffusers is not installed, or too old.
        ValueError: weights and config do not fit.
    """

    def __init__(self, folder: Path) -> None:
        self.pipeline = pipelines.opened("AceStepPipeline", folder, "ACE-Step 1.5")
        vae = self.pipeline.vae
        self.rate = int(vae.config.sampling_rate)
        self.channels = int(vae.config.audio_channels)
        self.covers = None not in (self.pipeline.audio_tokenizer, self.pipeline.audio_token_detokenizer)
        self.turbo = bool(self.pipeline.is_turbo)
        self._hop = int(vae.hop_length)

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""
        return pipelines.size(self.pipeline)

    def to(self, device: str) -> None:
        """Move the networks to a device, in bfloat16, which they are published in, where that is no processor."""
        import torch

        self.pipeline.to(device, torch.float32 if device == "cpu" else torch.bfloat16)

    def generate(
        self, text: str, seconds: float, *, lyrics: str = "", language: str = "en", begin: F32 | None = None,
        reference: F32 | None = None, span: tuple[float, float] | None = None, strength: float = 1.0, steps: int = 8,
        guidance: float = 7.0, shift: float = 3.0, tempo: int = 0, key: str = "", metre: str = "", seed: int = 0,
        tell: Tell = lambda done, total, label: None, show: Callable[[F32], None] | None = None,
    ) -> F32:  # fmt: skip
        """Sound, float32 [channels, samples] at `rate`.

        Args:
            text: what is asked for.
            seconds: of the whole.
            lyrics: with marks like ``[verse]``; empty for none.
            language: of the lyrics, ISO 639-1.
            begin: float32 [channels, samples] at `rate`: covered, or what lies around the span.
            reference: float32 [channels, samples] at `rate`, whose timbre is taken.
            span: seconds from and to which `begin` is made anew; None for a cover.
            strength: of a cover, 0 to 1: at 0 it is made of the words alone.
            steps: of the scheduler.
            guidance: 1 for none; turbo weights take none.
            shift: the larger, the more of the steps are spent on the rough form.
            tempo: beats a minute, 0 to leave it open.
            key: like ``A minor``, empty to leave it open.
            metre: beats of a bar, empty to leave them open.
            seed: of all noise.
            tell: told steps made, steps in all, and a label; may raise to stop.
            show: given the unfinished sound now and then.
        """
        import torch

        device, dtype = self.pipeline.device, self.pipeline.transformer.dtype
        noise = torch.Generator("cpu").manual_seed(seed)
        encoding = torch.Generator("cpu").manual_seed((seed + _ENCODING) % (1 << 63))
        pipeline = pipelines.own(self.pipeline, vae=pipelines.drawn(self.pipeline.vae, encoding))
        samples = round(seconds * self.rate)
        frames = math.ceil(seconds * pipeline.latents_per_second)  # as the pipeline counts them
        kept = np.zeros((self.channels, frames * self._hop), np.float32)
        if begin is not None:
            kept[:, : min(begin.shape[1], samples)] = begin[:, :samples]

        def finished(latents: Any) -> F32:
            with torch.no_grad():
                made = pipelines.array(self.pipeline.vae.decode(latents.transpose(1, 2)).sample[0])[:, :samples]
            if span is None:
                return np.asarray(made * (PEAK / max(float(np.abs(made).max(initial=0)), 1e-6)), np.float32)
            start, end = (min(round(at * self.rate), samples) for at in span)
            return pipelines.spliced(kept[:, :samples], made, start, end, round(pipelines.FADE * self.rate))

        more: dict[str, Any] = {}
        if begin is not None:
            more = {"src_audio": torch.from_numpy(kept).to(device), "task_type": "cover" if span is None else "repaint"}
        if span is not None:  # whole frames, read in their middles, where rounding does no harm
            first, last = math.floor(span[0] * self.rate / self._hop), math.ceil(span[1] * self.rate / self._hop)
            for name, frame in (("repainting_start", first), ("repainting_end", last)):
                more[name] = (frame + 0.5) / pipeline.latents_per_second
        if reference is not None:
            more["reference_audio"] = torch.tensor(reference).to(device)
        shape = (1, frames, int(pipeline.transformer.config.audio_acoustic_hidden_dim))
        pipelines.follow(
            pipeline.scheduler, steps, tell, None if show is None else lambda latents: show(finished(latents))
        )
        made = pipeline(
            prompt=text, lyrics=lyrics, audio_duration=seconds, vocal_language=language, num_inference_steps=steps,
            guidance_scale=1.0 if self.turbo else guidance, shift=shift, output_type="latent", bpm=tempo or None,
            keyscale=key or None, timesignature=metre or None, audio_cover_strength=strength,
            latents=torch.randn(shape, generator=noise, dtype=dtype), **more,
        )  # fmt: skip
        return finished(made.audios)
