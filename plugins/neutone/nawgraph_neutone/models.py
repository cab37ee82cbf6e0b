"""Load a model, run it over a whole sound, say what it is."""

from __future__ import annotations

import functools
import importlib
import importlib.machinery
import math
import sys
import types
import warnings
from pathlib import Path
from typing import Any

import numpy as np

import nawgraph as ng

BLOCK = 2048
"""Frames that are handed to a model at once, as an audio program would."""

_LETTERS = "abcd"


def loaded(path: str) -> tuple[Any, dict[str, Any]]:
    """The model in a file, and what it says of itself.

    Raises:
        ValueError: there is no such file, or it is no real-time model.
    """
    if not path:
        raise ValueError("model names no file: choose a .nm file")
    if not Path(path).is_file():
        raise ValueError(f"model: {Path(path).name} does not exist")
    utils = sdk("utils")
    try:
        model, about = utils.load_neutone_model(path)
    except Exception as error:
        last = str(error).strip().splitlines()[-1:] or [type(error).__name__]
        raise ValueError(f"model: {Path(path).name} is no Neutone model ({last[0][:120]})") from None
    if not model.realtime:
        raise ValueError(f"model: {Path(path).name} is not a real-time model, and only those are run here")
    return model, about


@functools.cache
def sdk(name: str) -> Any:
    """A module of neutone_sdk, also where the compiled part of torchaudio, which it does not use, wants CUDA."""
    warnings.filterwarnings("ignore", category=UserWarning)
    try:
        importlib.import_module("torchaudio")
    except (OSError, ImportError):
        for module in [m for m in sys.modules if m.partition(".")[0] == "torchaudio"]:
            del sys.modules[module]
        stand_in: Any = types.ModuleType("torchaudio._extension")
        stand_in.__spec__ = importlib.machinery.ModuleSpec("torchaudio._extension", None)
        stand_in._IS_TORCHAUDIO_EXT_AVAILABLE = stand_in._IS_ALIGN_AVAILABLE = False
        stand_in.fail_if_no_align = lambda function: function
        sys.modules["torchaudio._extension"] = stand_in
        importlib.import_module("torchaudio")
    return importlib.import_module(f"neutone_sdk.{name}")


def rendered(model: Any, audio: ng.Audio, knobs: tuple[float, ...] | None, mix: float, ctx: ng.Context) -> ng.Audio:
    """A sound through a model, block by block, without the model's delay.

    The SDK's own `forward_offline` drops the padding, which is the delay only if that is a whole number of blocks.
    """
    import torch

    with torch.inference_mode():
        model.set_daw_sample_rate_and_buffer_size(audio.rate, BLOCK)
        model.reset()
        delay = int(model.calc_buffering_delay_samples() + model.calc_model_delay_samples())
        stereo = audio.channels == 2 or not model.is_output_mono()
        dry = np.broadcast_to(audio.samples, (2 if stereo else 1, audio.frames))
        blocks = math.ceil((audio.frames + delay) / BLOCK)
        padded = torch.from_numpy(np.pad(dry, ((0, 0), (0, blocks * BLOCK - audio.frames))))
        given = None if knobs is None else torch.tensor(knobs)[:, None].repeat(1, BLOCK)
        made = []
        for number in ctx.steps(blocks, "blocks"):
            block = padded[:, number * BLOCK : (number + 1) * BLOCK].clone()
            made.append(model.forward(block, given).clone())
        wet = torch.cat(made, dim=1)[:, delay : delay + audio.frames].numpy()
    return ng.Audio((dry * (1 - mix) + wet * mix).astype(np.float32), audio.rate)


def described(about: dict[str, Any]) -> str:
    """A model's metadata as text for people."""
    lines = [f"{about['model_name']} {about['model_version']}, by {', '.join(about['model_authors'])}"]
    lines += [about["model_short_description"], about["model_long_description"]]
    knobs = [k for k in about["neutone_parameters"].values() if k.get("used", True)]
    for letter, knob in zip(_LETTERS, knobs, strict=False):
        lines.append(f"{letter}: {knob['name']} ({knob['default_value']:g}): {knob['description']}")
    rates = ", ".join(f"{rate} Hz" for rate in about["native_sample_rates"]) or "any rate"
    return "\n".join([*filter(None, lines), f"made for {rates}"])
