"""Bags of Demucs: a YAML file names several networks and how their stems are averaged; installed, they are one file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nawgraph.models.checkpoints import PICKLES
from nawgraph.models.separator.demucs import BAG

KINDS = (".yaml", ".yml")


def read(file: Path) -> dict[str, Any]:
    """What a YAML file says of a bag; empty if it is of something else.

    Raises:
        LookupError: PyYAML, which comes with the package demucs, is not installed.
        ValueError: it is no YAML.
    """
    try:
        import yaml
    except ImportError:
        raise LookupError(f"{file.name} needs the package of Demucs to be read: install nawgraph[demucs]") from None
    try:
        found = yaml.safe_load(file.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError):
        raise ValueError(f"{file.name} is damaged: it is no YAML") from None
    models = found.get("models") if isinstance(found, dict) else None
    return dict(found) if isinstance(models, list) and models and all(isinstance(m, str) for m in models) else {}


def pack(file: Path, target: Path, convert: bool) -> dict[str, Any]:
    """Write the networks of a bag into one file of weights; its config.

    Raises:
        LookupError: a network of the bag does not lie beside the file.
        ValueError: it describes no bag, or holds pickles that may not be converted, or damaged weights.
    """
    from safetensors.torch import save_file

    from nawgraph.models import checkpoints, pickles

    told = read(file)
    if not told:
        raise ValueError(f"{file.name} names no networks: a bag of Demucs lists them under 'models'")
    tensors: dict[str, Any] = {}
    models = []
    for index, name in enumerate(told["models"]):
        part = _part(file, name)
        if part.suffix in PICKLES:
            if not convert:
                raise ValueError(
                    f"{part.name} is a pickle, which could run code: --convert reads it once in a process of its own "
                    "(tensors and plain data only) and keeps safetensors"
                )
            whole = target.with_name(f"part-{index}.safetensors")
            config = pickles.convert(part, whole)
            found = checkpoints.read(whole)
            whole.unlink()
        else:
            found = checkpoints.read(part)
            config = {k: v for k, v in found.config.items() if k in ("klass", "args", "kwargs")}
        models.append(config)
        tensors.update({f"{BAG}{index}.{key}": value for key, value in found.tensors.items()})
    save_file(tensors, target)
    return {"models": models, "weights": told.get("weights"), "segment": told.get("segment")}


def _part(file: Path, name: str) -> Path:
    """The file of a network of a bag, whose name may go on with a checksum. Raises LookupError."""
    for suffix in (".safetensors", *PICKLES):
        found = sorted(p for p in file.parent.glob(f"*{suffix}") if p.stem == name or p.stem.startswith(f"{name}-"))
        if found:
            return found[0]
    raise LookupError(f"{file.name} names the network {name}, which does not lie beside it")
