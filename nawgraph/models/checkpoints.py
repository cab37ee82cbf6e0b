"""Files of published weights: read, recognised by the names in them, and checked against the network they belong to."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PICKLES = (".pth", ".pt", ".bin", ".ckpt", ".th")
LARGEST_CONFIG = 1 << 20


@dataclass(frozen=True)
class Checkpoint:
    """Weights as they are in a file.

    Attributes:
        tensors: name → torch tensor.
        config: what describes the network.
        layout: whose names they have.
    """

    tensors: dict[str, Any]
    config: dict[str, Any]
    layout: str


@dataclass(frozen=True)
class Layout:
    """One way of naming the weights of one kind of network.

    Attributes:
        kind: of the model, as a `ModelRef` says it.
        marks: beginnings of names, one of which every such file has.
        build: network of tensors and config; raises ValueError with the first name or shape that differs.
        rate: sample rate that a config states.
        beside: further files beside the weights that belong to them; the config's "files" says where they lie.
    """

    kind: str
    marks: tuple[str, ...]
    build: Callable[[Mapping[str, Any], Mapping[str, Any], str, str], Any]
    rate: Callable[[Mapping[str, Any]], int] = field(default=lambda config: 0)
    beside: tuple[str, ...] = ()


def layouts() -> dict[str, Layout]:
    """All layouts that can be read."""
    from nawgraph.models.clap import load as clap
    from nawgraph.models.codecs import load as codecs
    from nawgraph.models.separator import demucs
    from nawgraph.models.vocoders import load as vocoders
    from nawgraph.models.watermark import load as watermark

    return {**codecs.LAYOUTS, **clap.LAYOUTS, **demucs.LAYOUTS, **vocoders.LAYOUTS, **watermark.LAYOUTS}


def beside() -> tuple[str, ...]:
    """Names of all files that may belong to weights, besides their config."""
    return tuple(dict.fromkeys(name for layout in layouts().values() for name in layout.beside))


def read(path: Path) -> Checkpoint:
    """The weights of a safetensors file, or of the folder around it, with the config beside it or in its metadata.

    Raises:
        LookupError: no such file.
        ValueError: damaged, a pickle, or of no network that is known here; the message says which.
    """
    if path.is_dir():
        path = weights_in(path)
    if not path.is_file():
        raise LookupError(f"{path} does not exist")
    if path.suffix in PICKLES:
        raise ValueError(
            f"{path.name} is a pickle, which could run code: convert it once, with nawgraph models add {path} --convert"
        )
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    except (SafetensorError, OSError, ValueError, EOFError) as error:
        first = " ".join(str(error).split())
        raise ValueError(
            f"{path.name} is damaged, cut short or no safetensors file ({first}): fetch it again"
        ) from None
    layout = recognised(tensors, path.name)
    config = _config(path, metadata)
    config["files"] = {n: str(f) for n in layouts()[layout].beside if (f := path.with_name(n)).is_file()}
    return Checkpoint(tensors, config, layout)


def recognised(tensors: Mapping[str, Any], name: str) -> str:
    """Whose names these are.

    Raises:
        ValueError: nobody's that is known here.
    """
    for layout, known in layouts().items():
        if all(any(key.startswith(mark) for key in tensors) for mark in known.marks):
            return layout
    first = next(iter(sorted(tensors)), "nothing")
    raise ValueError(f"{name} belongs to no network that nawgraph runs (its first weight is {first})")


def build(checkpoint: Checkpoint, name: str, space: str) -> Any:
    """The model of a checkpoint.

    Raises:
        ValueError: weights and config do not fit; the first name or shape that differs is named.
    """
    try:
        return layouts()[checkpoint.layout].build(checkpoint.tensors, checkpoint.config, name, space)
    except KeyError as error:
        raise ValueError(f"the config says nothing of {error.args[0]}: it must lie beside the weights") from None
    except (TypeError, AttributeError, ZeroDivisionError) as error:
        raise ValueError(f"the config does not describe this network ({error})") from None


def weights_in(folder: Path) -> Path:
    """The file of weights in a folder: safetensors first.

    Raises:
        LookupError: there is none.
    """
    for name in ("model.safetensors", "diffusion_pytorch_model.safetensors", "vae/diffusion_pytorch_model.safetensors"):
        if (folder / name).is_file():
            return folder / name
    bags = [p for p in sorted(folder.glob("*.yaml")) if b"models:" in p.read_bytes()[:4096]]
    if len(bags) == 1:
        return bags[0]
    found = sorted(p for p in folder.iterdir() if p.suffix == ".safetensors")
    found = found or sorted(p for p in folder.iterdir() if p.suffix in PICKLES)
    if not found:
        raise LookupError(f"{folder} holds no file of weights (.safetensors, {', '.join(PICKLES)})")
    return found[0]


def _config(path: Path, metadata: Mapping[str, str]) -> dict[str, Any]:
    beside = path.with_name("config.json")
    try:
        if beside.is_file() and beside.stat().st_size <= LARGEST_CONFIG:
            found = json.loads(beside.read_text("utf-8"))
        else:
            found = json.loads(metadata.get("config", "{}")) or _inside(metadata)
    except (ValueError, OSError):
        raise ValueError(f"{beside} is damaged: it is no JSON") from None
    if not isinstance(found, dict):
        raise ValueError(f"{beside} describes no network")
    return found or _told(path.with_name("config.yaml"))


def _told(path: Path) -> dict[str, Any]:
    """What a config in YAML says, as Vocos has it; nothing where there is none."""
    if not path.is_file() or path.stat().st_size > LARGEST_CONFIG:
        return {}
    try:
        import yaml
    except ImportError:
        raise LookupError(f"{path.name} needs PyYAML to be read: install nawgraph[hub]") from None
    try:
        found = yaml.safe_load(path.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError):
        raise ValueError(f"{path} is damaged: it is no YAML") from None
    if not isinstance(found, dict):
        raise ValueError(f"{path} describes no network")
    return found


def _inside(metadata: Mapping[str, str]) -> dict[str, Any]:
    """What a file says of its network where it has no config: a class and its arguments, as Demucs has them."""
    if "klass" not in metadata:
        return {}
    told = {key: json.loads(metadata[key]) for key in ("args", "kwargs") if key in metadata}
    return {"klass": metadata["klass"], **told}
