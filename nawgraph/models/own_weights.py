"""Files of weights that nawgraph's own training wrote: read, refused in a sentence, made into networks.

A file is safetensors whose metadata has an entry with facts as JSON, of which ``kind`` says what it is. One entry,
since more would be written in any order. (The planner's file, whose matrices are int8, is read by `planner.weights`.)
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

T = TypeVar("T")
Tensors = dict[str, Any]
Facts = dict[str, Any]


def read(path: Path, kind: str, *, entry: str = "", called: str = "", torch: bool = True) -> tuple[Tensors, Facts]:
    """Tensors and facts of a file of weights.

    Args:
        path: of the file.
        kind: that its facts must state.
        entry: of the metadata that holds the facts; by default as the kind.
        called: what people call such a network; by default as the kind.
        torch: whether the network needs PyTorch.

    Raises:
        LookupError: there is no such file, or PyTorch is not installed.
        ValueError: it is damaged, or of something else.
    """
    from importlib.util import find_spec

    from safetensors import SafetensorError, safe_open

    called = called or kind
    if torch and find_spec("torch") is None:
        raise LookupError(f"the {called} needs PyTorch: install nawgraph[neural]")
    if not path.is_file():
        raise LookupError(
            f"the weights {path} of the {called} are missing: install nawgraph again, or choose another file"
        )
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    except (SafetensorError, OSError, ValueError) as error:
        raise ValueError(f"{path} is damaged or no safetensors file ({error}): fetch or train it anew") from None
    facts = json.loads(metadata.get(entry or kind, "{}"))
    if facts.get("kind") != kind:
        raise ValueError(f"{path} holds no {called}: choose weights that 'nawgraph train {kind}' made")
    if not all(np.isfinite(t).all() for t in tensors.values()):
        raise ValueError(f"{path} holds numbers that are not finite: fetch or train it anew")
    return tensors, facts


def is_own(path: Path, entry: str) -> bool:
    """Whether nawgraph's training wrote a file: its metadata has the entry; damaged and missing ones have not."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            return entry in (file.metadata() or {})
    except (SafetensorError, OSError, ValueError):
        return False


def made(path: Path, build: Callable[[], T]) -> T:
    """What `build` makes of a file's tensors.

    Raises:
        ValueError: they do not fit: the file is of another version.
    """
    try:
        return build()
    except (KeyError, TypeError, RuntimeError, ValueError) as error:
        first = str(error).strip().splitlines()[0]
        raise ValueError(f"{path} is of another version of nawgraph ({first}): fetch or train it anew") from None


def write(path: Path, arrays: Mapping[str, Any], metadata: dict[str, str]) -> int:
    """Write a file whole or not at all; its bytes."""
    from safetensors.numpy import save

    data = save(dict(arrays), metadata)
    part = path.with_name(f".{path.name}.tmp")
    part.write_bytes(data)
    part.replace(path)
    return len(data)
