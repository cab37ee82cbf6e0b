"""Folders of published generators: recognised by their config, checked file by file, and digested whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MODELS = {"musicgen": "musicgen", "musicgen_melody": "musicgen-melody"}
"""Model type that a config of transformers names → layout."""

PIPELINES = {
    "StableAudioPipeline": "stable-audio",
    "StableAudio3Pipeline": "stable-audio-3",
    "AceStepPipeline": "ace-step",
}
"""Class that a folder of diffusers names → layout."""

LAYOUTS = (*MODELS.values(), *PIPELINES.values())

CONFIG, INDEX = "config.json", "model_index.json"

_WITHOUT_WEIGHTS = ("scheduler", "tokenizer")

KEPT = ("*.json", "*.safetensors", "*.model", "*.txt")
"""Patterns of the files that are fetched and kept: no pickles, no pictures, no code."""

_BLOCK = 1 << 22


def layout_of(folder: Path) -> str:
    """The layout of a folder, empty if it holds no generator. Raises ValueError: a damaged file."""
    if (folder / INDEX).is_file():
        return PIPELINES.get(str(_json(folder / INDEX).get("_class_name")), "")
    if (folder / CONFIG).is_file():
        return MODELS.get(str(_json(folder / CONFIG).get("model_type")), "")
    return ""


def patterns(layout: str) -> list[str]:
    """Patterns of the files of a repository of the hub that are kept."""
    return [INDEX, *(f"*/{pattern}" for pattern in KEPT)] if layout in PIPELINES.values() else list(KEPT)


def check(folder: Path) -> str:
    """The layout of a folder that is whole.

    Raises:
        LookupError: a file is missing; the first one is named.
        ValueError: no generator that is known here, a damaged file, or pickles in place of safetensors.
    """
    layout = layout_of(folder)
    if not layout:
        raise ValueError(f"{folder} holds no generator that nawgraph runs ({', '.join(LAYOUTS)})")
    if layout in MODELS.values():
        _weights(folder)
        _there(folder, ("tokenizer.json", "spiece.model"))
        return layout
    for name, told in _json(folder / INDEX).items():
        if name.startswith("_") or not isinstance(told, list) or told[:1] == [None]:
            continue
        part = folder / name
        if not part.is_dir():
            raise LookupError(f"{folder} is not whole: the folder {name} is missing")
        if name == "tokenizer":
            _there(part, ("tokenizer.json", "spiece.model", "tokenizer.model", "vocab.json"))
        elif name not in _WITHOUT_WEIGHTS:
            _there(part, (CONFIG,))
            _weights(part)
    return layout


def _there(folder: Path, names: tuple[str, ...]) -> None:
    if not any((folder / name).is_file() for name in names):
        raise LookupError(f"{folder} is not whole: {' or '.join(names)} is missing")


def _weights(folder: Path) -> None:
    """See that a component has its weights as safetensors, whole."""
    indices = sorted(folder.glob("*.safetensors.index.json"))
    files = sorted(folder.glob("*.safetensors"))
    if indices:
        names = sorted(set(_json(indices[0]).get("weight_map", {}).values()))
        missing = next((name for name in names if not (folder / name).is_file()), "")
        if missing:
            raise LookupError(f"{folder} is not whole: {missing} is missing")
        files = [folder / name for name in names]
    if not files:
        pickles = (
            [p.name for p in sorted(folder.iterdir()) if p.suffix in (".bin", ".pt", ".pth", ".ckpt")]
            if folder.is_dir()
            else []
        )
        if pickles:
            raise ValueError(
                f"{folder} has its weights as a pickle ({pickles[0]}), which could run code: fetch safetensors"
            )
        raise LookupError(f"{folder} is not whole: its weights (.safetensors) are missing")
    from safetensors import SafetensorError, safe_open

    for file in files:
        try:
            with safe_open(file, framework="numpy") as opened:
                opened.keys()
        except (SafetensorError, OSError) as error:
            raise ValueError(f"{file} is damaged or cut short ({error}): fetch it again") from None


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        raise ValueError(f"{path} is damaged: it is no JSON") from None
    return found if isinstance(found, dict) else {}


def files(folder: Path) -> Iterator[Path]:
    """The files of a folder that are kept, in the order of their names."""
    parts = (folder / INDEX).is_file()  # then what lies beside the index is the same once more, in another form
    for path in sorted(folder.rglob("*")):
        if parts and path.parent == folder and path.name != INDEX:
            continue
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.is_file() and not hidden and any(path.match(pattern) for pattern in KEPT):
            yield path


def digest(folder: Path) -> tuple[str, int]:
    """blake3 of all kept files with their names, 160 bit, hexadecimal; and their bytes. The note itself is left out."""
    from blake3 import blake3

    whole, size = blake3(), 0
    for path in files(folder):
        name = path.relative_to(folder).as_posix()
        if name == "nawgraph-model.json":
            continue
        hasher = blake3()
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                hasher.update(block)
                size += len(block)
        whole.update(f"{name}\0{hasher.hexdigest()}\n".encode())
    return whole.hexdigest(length=20), size
