"""What the pipelines of diffusers share: opening folders, schedulers and random numbers of one run, following it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
Tell = Callable[[int, int, str], None]

SHOWN = 0.25
"""Share of the steps after which the unfinished sound is shown."""

FADE = 0.01
"""Seconds beside a span made anew over which it goes over into the sound around it."""


def opened(name: str, folder: Path, what: str) -> Any:
    """The pipeline of a class of diffusers in a folder.

    Args:
        name: of the class.
        folder: as diffusers writes it.
        what: is opened, for the sentence if it cannot be.

    Raises:
        LookupError: diffusers or one of its needs is not installed, or too old for the class.
        ValueError: weights and config do not fit.
    """
    try:
        import torch

        diffusers: Any = import_module("diffusers")
        kind = getattr(diffusers, name)
    except (ImportError, AttributeError) as error:
        raise LookupError(f"{what} needs a newer diffusers ({error}): install nawgraph[generators]") from None
    diffusers.logging.set_verbosity_error()
    diffusers.logging.disable_progress_bar()
    try:
        with torch.random.fork_rng(devices=[]):  # initial weights are drawn, though they are not needed
            return kind.from_pretrained(folder, local_files_only=True)
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, AttributeError) as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise ValueError(f"{folder} does not fit: {first}") from None


def size(pipeline: Any) -> int:
    """Bytes of all networks in memory."""
    parts = (m for m in pipeline.components.values() if hasattr(m, "parameters"))
    return sum(p.numel() * p.element_size() for m in parts for p in m.parameters())


def own(pipeline: Any, kind: Any = None, **parts: Any) -> Any:
    """A pipeline of the same networks with a scheduler of its own, which keeps the state of one run.

    Args:
        pipeline: that the networks are of.
        kind: its class, where it is another one that takes the same parts.
        parts: that take the place of its own.
    """
    scheduler = pipeline.scheduler
    made = (kind or type(pipeline))(
        **{**pipeline.components, "scheduler": type(scheduler).from_config(scheduler.config), **parts}
    )
    made.set_progress_bar_config(disable=True)
    return made


def drawn(vae: Any, noise: Any) -> Any:
    """The same VAE, but what it encodes is drawn with random numbers of a generator, not with everybody's."""
    from diffusers.utils.torch_utils import randn_tensor

    def encode(sound: Any) -> Any:
        found = vae.encode(sound).latent_dist

        def sample() -> Any:
            mean = found.mean
            return mean + found.std * randn_tensor(mean.shape, generator=noise, device=mean.device, dtype=mean.dtype)

        return SimpleNamespace(latent_dist=SimpleNamespace(sample=sample))

    twin = copy.copy(vae)  # shares all weights
    twin.encode = encode
    return twin


def follow(scheduler: Any, steps: int, tell: Tell, show: Callable[[Any], None] | None) -> None:
    """Tell of every step of a flow, and now and then show what is believed to be left without its noise.

    Args:
        scheduler: of one run, whose latents are (1 − σ) sound + σ noise, and whose network tells noise − sound.
        steps: in all.
        tell: told steps made, steps in all, and a label; may raise to stop.
        show: given believed latents, at each quarter of the steps.
    """
    step, every = scheduler.step, max(1, round(SHOWN * steps))

    def told(velocity: Any, time: Any, latents: Any, **more: Any) -> Any:
        made = step(velocity, time, latents, **more)
        done = int(scheduler.step_index)
        tell(done, steps, "denoise")
        if show is not None and done % every == 0 and done < steps:
            sigma = float(scheduler.sigmas[done - 1])
            show((latents.float() - sigma * velocity.float()).to(velocity.dtype))
        return made

    scheduler.step = told
    tell(0, steps, "denoise")


def spliced(kept: F32, made: F32, start: int, end: int, fade: int) -> F32:
    """`kept` with the span from `start` to `end` of `made`, faded over `fade` samples outside of it; all [c, n]."""
    at = np.arange(made.shape[1], dtype=np.float32)
    share = np.clip(np.minimum(at - (start - fade), (end + fade) - at) / max(fade, 1), 0, 1).astype(np.float32)
    share[start:end] = 1
    return np.asarray(share * made + (1 - share) * kept, np.float32)


def array(sound: Any) -> F32:
    """A tensor as float32 of numpy."""
    return np.asarray(sound.detach().float().cpu().numpy(), np.float32)
