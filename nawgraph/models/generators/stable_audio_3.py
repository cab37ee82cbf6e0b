"""Stable Audio 3 (2026) by diffusers: words to sound, sounds varied, spans of them made anew, longer ones."""

from __future__ import annotations

import math
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from nawgraph.models.generators import pipelines
from nawgraph.models.generators.pipelines import F32, Tell

DISTILLED, PLAIN = 8, 100
"""Steps for weights that jump to the sound and back into noise, and for those that go straight."""


class StableAudio3:
    """A StableAudio3Pipeline of a folder.

    Attributes:
        rate: Hz.
        channels: of its sounds.
        reach: seconds that it knows.

    Raises:
        LookupError: diffusers is not installed, or too old.
        ValueError: weights and config do not fit.
    """

    def __init__(self, folder: Path) -> None:
        self.pipeline = pipelines.opened("StableAudio3Pipeline", folder, "Stable Audio 3")
        vae = self.pipeline.vae
        self.rate = int(vae.config.sampling_rate)
        self.channels = int(vae.config.audio_channels)
        self.reach = float(self.pipeline.duration_embedder.config.max_val)
        self._hop = int(vae.downsampling_ratio)

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""
        return pipelines.size(self.pipeline)

    def to(self, device: str) -> None:
        """Move the networks to a device, in half precision where that is no processor."""
        import torch

        self.pipeline.to(device, torch.float32 if device == "cpu" else torch.float16)

    def generate(
        self, text: str, seconds: float, *, negative: str = "", begin: F32 | None = None,
        span: tuple[float, float] | None = None, strength: float = 0.7, steps: int = 0, guidance: float = 1.0,
        seed: int = 0, tell: Tell = lambda done, total, label: None, show: Callable[[F32], None] | None = None,
    ) -> F32:  # fmt: skip
        """Sound, float32 [channels, samples] at `rate`, within ±1.

        Args:
            text: what is asked for.
            seconds: of the whole, at most `reach`.
            negative: what is not wanted, heard where there is guidance.
            begin: float32 [channels, samples] at `rate`: varied, or what lies around the span.
            span: seconds from and to which `begin` is made anew; None to vary it.
            strength: share of noise that a varied sound begins with, above 0 to 1.
            steps: of the scheduler, 0 for as many as the weights want.
            guidance: classifier-free guidance, 1 for none; of words alone.
            seed: of all noise.
            tell: told steps made, steps in all, and a label; may raise to stop.
            show: given the unfinished sound now and then.
        """
        import torch

        samples = round(seconds * self.rate)
        frames = math.ceil(seconds * self.rate / self._hop)
        steps = steps or (DISTILLED if self.pipeline.scheduler.config.stochastic_sampling else PLAIN)
        kept = np.zeros((self.channels, frames * self._hop), np.float32)
        name, more = "StableAudio3Pipeline", dict[str, Any]()
        if begin is None:
            more = {"guidance_scale": guidance, "negative_prompt": negative or None}
        else:
            kept[:, : min(begin.shape[1], samples)] = begin[:, :samples]
            more["audio"] = torch.from_numpy(kept[None])
            name = "StableAudio3AudioToAudioPipeline" if span is None else "StableAudio3InpaintPipeline"
        if span is not None:
            mask = torch.ones(1, 1, frames)  # 1 where it is kept
            mask[..., math.floor(span[0] * self.rate / self._hop) : math.ceil(span[1] * self.rate / self._hop)] = 0
            more["mask"] = mask
        elif begin is not None:
            more["init_noise_level"] = strength

        def finished(latents: Any) -> F32:
            with torch.no_grad():
                made = pipelines.array(self.pipeline.vae.decode(latents).sample[0])[:, :samples].clip(-1, 1)
            if span is None:
                return made
            start, end = (min(round(at * self.rate), samples) for at in span)
            return pipelines.spliced(kept[:, :samples], made, start, end, round(pipelines.FADE * self.rate))

        pipeline = pipelines.own(self.pipeline, getattr(import_module("diffusers"), name))
        pipelines.follow(
            pipeline.scheduler, steps, tell, None if show is None else lambda latents: show(finished(latents))
        )
        made = pipeline(
            prompt=text, duration=seconds, num_inference_steps=steps, output_type="latent",
            generator=torch.Generator("cpu").manual_seed(seed), **more,
        )  # fmt: skip
        return finished(made.audios)
