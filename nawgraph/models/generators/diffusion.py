"""Stable Audio Open (Evans et al. 2024) by diffusers: words, and maybe a sound to begin with, to 47 s of stereo."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
Tell = Callable[[int, int, str], None]

SHOWN = 0.25
"""Share of the steps after which the unfinished sound is shown."""


class StableAudio:
    """A StableAudioPipeline of a folder.

    Raises:
        LookupError: diffusers or one of its needs is not installed.
        ValueError: weights and config do not fit.
    """

    def __init__(self, folder: Path) -> None:
        try:
            import torch
            import torchsde  # noqa: F401 - the published scheduler draws its noise with it

            diffusers: Any = import_module("diffusers")
        except ImportError as error:
            raise LookupError(
                f"Stable Audio needs diffusers and torchsde ({error}): install nawgraph[generators]"
            ) from None
        diffusers.logging.set_verbosity_error()
        diffusers.logging.disable_progress_bar()
        try:
            with torch.random.fork_rng(devices=[]):  # initial weights are drawn, though they are not needed
                self.pipeline = diffusers.StableAudioPipeline.from_pretrained(folder, local_files_only=True)
        except (OSError, RuntimeError, ValueError, KeyError, TypeError) as error:
            first = str(error).strip().splitlines()[0][:200]
            raise ValueError(f"{folder} does not fit: {first}") from None
        vae = self.pipeline.vae
        self.rate = int(vae.config.sampling_rate)
        self.channels = int(vae.config.audio_channels)
        self.longest = float(self.pipeline.transformer.config.sample_size * vae.hop_length / self.rate)

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""
        parts = (m for m in self.pipeline.components.values() if hasattr(m, "parameters"))
        return sum(p.numel() * p.element_size() for m in parts for p in m.parameters())

    def to(self, device: str) -> None:
        """Move the networks to a device, in half precision where that is no processor."""
        import torch

        self.pipeline.to(device, torch.float32 if device == "cpu" else torch.float16)

    def generate(
        self, text: str, seconds: float, *, negative: str = "", begin: F32 | None = None, steps: int = 100,
        strength: float = 0.5, guidance: float = 7.0, seed: int = 0, tell: Tell = lambda done, total, label: None,
        show: Callable[[F32], None] | None = None,
    ) -> F32:  # fmt: skip
        """Sound, float32 [channels, samples] at `rate`.

        Args:
            text: what is asked for.
            seconds: at most `longest`.
            negative: what is not wanted.
            begin: float32 [channels, samples] at `rate` that is varied.
            strength: how much noise is laid over `begin`, 0 to 1: from the least to the most that the scheduler knows,
                on a logarithmic scale.
            steps: of the scheduler.
            guidance: classifier-free guidance, 1 for none.
            seed: of all noise.
            tell: told steps made, steps in all, and a label; may raise to stop.
            show: given the unfinished sound now and then.
        """
        import torch

        every = max(1, round(SHOWN * steps))
        pipeline = self._own(strength if begin is not None else 1.0)

        def told(index: int, _time: Any, _latents: Any) -> None:
            tell(index + 1, steps, "denoise")
            believed = pipeline.scheduler.model_outputs[-1]  # what is left without its noise
            if show is not None and believed is not None and index and index % every == 0 and index + 1 < steps:
                with torch.no_grad():
                    unfinished = pipeline.vae.decode(believed).sample[0]
                show(_array(unfinished)[:, : round(seconds * self.rate)])

        more: dict[str, Any] = {}
        if begin is not None:
            more = {
                "initial_audio_waveforms": torch.tensor(begin[None]).to(pipeline.device, pipeline.dtype),
                "initial_audio_sampling_rate": self.rate,
            }
        tell(0, steps, "denoise")
        with torch.no_grad():
            made = pipeline(
                prompt=text, negative_prompt=negative or None, audio_end_in_s=seconds, num_inference_steps=steps,
                guidance_scale=guidance, generator=torch.Generator("cpu").manual_seed(seed), callback=told,
                callback_steps=1, **more,
            )  # fmt: skip
        return _array(made.audios[0])[:, : round(seconds * self.rate)]

    def _own(self, strength: float) -> Any:
        """A pipeline of the same networks with a scheduler of its own, which keeps the state of one run."""
        scheduler = self.pipeline.scheduler
        low, high = float(scheduler.config.sigma_min), float(scheduler.config.sigma_max)
        made = type(scheduler).from_config(scheduler.config, sigma_max=low * (high / low) ** strength)
        pipeline = type(self.pipeline)(**{**self.pipeline.components, "scheduler": made})
        pipeline.set_progress_bar_config(disable=True)
        return pipeline


def _array(sound: Any) -> F32:
    return np.asarray(sound.detach().float().cpu().numpy(), np.float32)
