"""Pickles of weights become safetensors once, on request, in a process that may do nothing else.

A pickle can run code when it is read. ``weights_only=True`` admits tensors and plain data and refuses all else; a
process of its own is the second fence: it has no environment, and what it says comes back as files that are checked.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

_WAIT = 1800  # seconds

_WITHIN = ("state_dict", "model_state_dict", "model", "generator", "best_state", "state")
NAMED = (
    "demucs.htdemucs.HTDemucs",
    "demucs.hdemucs.HDemucs",
    "omegaconf.base.ContainerMetadata",
    "omegaconf.base.Metadata",
    "omegaconf.dictconfig.DictConfig",
    "omegaconf.listconfig.ListConfig",
    "omegaconf.nodes.AnyNode",
    "typing.Any",
)
"""Classes that a pickle may name; stand-ins are put there for them, none of their code is run.

Those of omegaconf hold the config of AudioSeal's official files.
"""

_PARALLEL = "module."
"""Before each name where the network was trained on several devices."""


def convert(source: Path, target: Path) -> dict[str, Any]:
    """Write the tensors of a pickle as safetensors; the plain data that lay beside them.

    Raises:
        ValueError: it holds more than tensors and plain data, is damaged, or holds no tensors.
    """
    told = target.with_suffix(".json")
    command = [sys.executable, "-I", "-c", _CHILD, str(source.resolve()), str(target.resolve()), str(told.resolve())]
    kept = {k: v for k, v in os.environ.items() if k == "SYSTEMROOT"}  # without it, Windows starts no Python
    paths = json.dumps([p for p in sys.path if p])
    try:
        done = subprocess.run(
            command, input=paths, capture_output=True, text=True, timeout=_WAIT, env=kept, check=False
        )
    except subprocess.TimeoutExpired:
        raise ValueError(f"{source.name} could not be read within {_WAIT} s") from None
    if done.returncode or not target.is_file():
        reason = " ".join(done.stderr.strip().splitlines()[-1:])[:200] or "no reason given"
        raise ValueError(f"{source.name} was refused: it is damaged, or holds more than weights ({reason})")
    found = json.loads(told.read_text("utf-8"))
    told.unlink()
    return dict(found)


def plain(data: Any, depth: int = 0) -> Any:
    """What of `data` JSON can say."""
    if isinstance(data, Mapping) and depth < 6:
        return {str(k): plain(v, depth + 1) for k, v in data.items()}
    if isinstance(data, Fraction):
        return {"_type": "fraction", "numerator": data.numerator, "denominator": data.denominator}
    inner = getattr(data, "__dict__", {}) if type(data).__module__.startswith("omegaconf.") else {}
    if "_content" in inner or "_val" in inner:  # a stand-in for a node of omegaconf
        return plain(inner["_content"] if "_content" in inner else inner["_val"], depth)
    if isinstance(data, type):
        return f"{data.__module__}.{data.__qualname__}"
    if isinstance(data, (list, tuple)) and depth < 6:
        return [plain(v, depth + 1) for v in data]
    return data if isinstance(data, (str, int, float, bool)) or data is None else None


def tensors_of(found: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The tensors in what a pickle held, and the config beside them.

    Raises:
        ValueError: there are none.
    """
    import torch

    config: Any = {}
    while isinstance(found, Mapping):
        inner = {str(k): v for k, v in found.items() if isinstance(v, torch.Tensor)}
        if inner:
            if all(k.startswith(_PARALLEL) for k in inner):
                inner = {k.removeprefix(_PARALLEL): v for k, v in inner.items()}
            return {k: v.detach().contiguous().clone() for k, v in inner.items()}, told if isinstance(
                told := plain(config), dict
            ) else {}
        if "klass" in found:  # of Demucs: a class and its arguments
            config = {key: found[key] for key in ("klass", "args", "kwargs") if key in found}
        metadata = found.get("metadata")
        config = (
            metadata.get("kwargs", metadata)
            if isinstance(metadata, Mapping)
            else found.get("config", found.get("xp.cfg", config))
        )
        found = next((found[k] for k in _WITHIN if k in found), None)
    raise ValueError("there are no weights in it")


_CHILD = """
import collections, fractions, json, sys
sys.path[:] = json.load(sys.stdin)
import torch
from safetensors.torch import save_file
from nawgraph.models.pickles import NAMED, tensors_of
source, target, told = sys.argv[1:]
import numpy
scalar = numpy.float64(0).__reduce__()[0]  # numbers of numpy beside the weights are data too
dtypes = [type(numpy.dtype(t)) for t in (numpy.float32, numpy.float64, numpy.int32, numpy.int64, numpy.bool_)]
allowed = [scalar, (scalar, "numpy.core.multiarray.scalar"), numpy.dtype, *dtypes, fractions.Fraction]
allowed += [list, dict, int, collections.defaultdict]  # plain data too
for name in NAMED:  # classes that a file names without there being anything of them in it
    module, _, short = name.rpartition(".")
    allowed.append((type(short, (), {"__module__": module}), name))
with torch.serialization.safe_globals(allowed):
    held = torch.load(source, map_location="cpu", weights_only=True)
tensors, config = tensors_of(held)
save_file(tensors, target)
with open(told, "w", encoding="utf-8") as file:
    json.dump(config, file)
"""
