"""Published generators as models: what `ctx.borrow` lends for a reference of kind generator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nawgraph.home import models_folder
from nawgraph.models.generators import folders
from nawgraph.models.loaders import loader
from nawgraph.values import ModelRef


def folder_of(ref: ModelRef) -> Path:
    """The folder of a reference: of an installed model, else the path that it names."""
    installed = models_folder() / ref.name
    return installed if "/" not in ref.name and installed.is_dir() else Path(ref.name)


def build(folder: Path, layout: str) -> Any:
    """The generator in a folder. Raises LookupError, ValueError."""
    if layout == "stable-audio":
        from nawgraph.models.generators.diffusion import StableAudio

        return StableAudio(folder)
    if layout == "stable-audio-3":
        from nawgraph.models.generators.stable_audio_3 import StableAudio3

        return StableAudio3(folder)
    if layout == "ace-step":
        from nawgraph.models.generators.ace_step import AceStep

        return AceStep(folder)
    from nawgraph.models.generators.musicgen import MusicGen

    return MusicGen(folder, layout == "musicgen-melody")


def _size(ref: ModelRef) -> int:
    folder = folder_of(ref)
    return sum(p.stat().st_size for p in folder.rglob("*.safetensors")) if folder.is_dir() else 0


@loader("generator", estimate=_size)
def load_generator(ref: ModelRef) -> Any:
    """A generator of a folder.

    Raises:
        LookupError: it is not there or not whole, or a library is missing.
        ValueError: damaged, of another kind, or of another shape than it says.
    """
    from importlib.util import find_spec

    from nawgraph.models.installed import find

    if find_spec("torch") is None:
        raise LookupError(f"the generator {ref.name} needs PyTorch: install nawgraph[neural]")
    folder = folder_of(ref)
    if not folder.is_dir():
        if "/" not in ref.name:
            find("generator", ref.name)  # says what there is
        raise LookupError(f"{folder} does not exist")
    return build(folder, folders.check(folder))
