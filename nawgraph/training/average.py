"""The mean of several trainings of one network (Wortsman et al. 2022: it is often better than each of them)."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np


def mean(files: Sequence[Path], path: Path, say: Callable[[str], None] = print) -> None:
    """Write the mean of weights; a renderer's levels are measured anew.

    Raises:
        ValueError: the files are no weights of one and the same network.
    """
    from safetensors import SafetensorError, safe_open
    from safetensors.numpy import load_file, save_file

    from nawgraph.training.render.levels import calibrate

    found, facts = [], []
    for file in files:
        try:
            with safe_open(file, "numpy") as opened:
                facts.append(opened.metadata() or {})
            found.append(load_file(file))
        except SafetensorError:
            raise ValueError(f"{file} is not a safetensors file, or cut short") from None
        first = found[0]
        for name in sorted({*first, *found[-1]}):
            if name not in first or name not in found[-1] or first[name].shape != found[-1][name].shape:
                raise ValueError(f"{file} and {files[0]} are not of one network: {name} differs")
            if first[name].dtype.kind != "f" and not np.array_equal(first[name], found[-1][name]):
                raise ValueError(f"{file} and {files[0]} hold whole numbers in {name}, which have no mean")
    mixed = {
        name: np.mean([t[name] for t in found], axis=0, dtype=np.float64).astype(first.dtype)
        if first.dtype.kind == "f"
        else first
        for name, first in found[0].items()
    }
    save_file(mixed, path, facts[0])
    if json.loads(facts[0].get("render", "{}")).get("kind") == "renderer":
        calibrate(path, say=say)
