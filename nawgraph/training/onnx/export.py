"""Write a house model as ONNX, in float32 and with weights in INT8, and say how well the files do what it does.

INT8 weights have a scale a row (or output channel) and are widened where they are used, so that activations stay
float32: a file a quarter as large that errs by the rounding of its weights alone.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch

from nawgraph.models.int8 import SMALLEST, rounded
from nawgraph.training.onnx.parts import PARTS, Part

LENGTHS = (2, 3, 5)
"""Of the examples: two to find out what may be of any length, a third to check that it may."""


@dataclass(frozen=True)
class Written:
    """A network's two files.

    Attributes:
        name: of the network.
        file, small: in float32 and INT8.
        bytes, small_bytes: their sizes.
        error, small_error: largest difference from the network in PyTorch, over the largest number that it gives.
    """

    name: str
    file: str
    small: str
    bytes: int
    small_bytes: int
    error: float
    small_error: float

    @property
    def ratio(self) -> float:
        """How many times smaller INT8 is."""
        return self.bytes / self.small_bytes


def export(kind: str, model: Any, folder: Path) -> Iterator[Written]:
    """Write every network of a model, one after the other.

    Args:
        kind: of the model.
        model: as it is loaded, on the processor.
        folder: to write to; it is made.

    Raises:
        LookupError: onnx, onnxscript or onnxruntime is not installed, or the kind has no networks.
    """
    try:
        onnx = import_module("onnx")
        import_module("onnxscript")
        runtime = import_module("onnxruntime")
    except ImportError as error:
        raise LookupError(f"ONNX files need {error.name}: install nawgraph[onnx]") from None
    if kind not in PARTS:
        raise LookupError(f"a {kind} cannot be written as ONNX; {', '.join(PARTS)} can")
    folder.mkdir(parents=True, exist_ok=True)
    for part in PARTS[kind](model):
        part.network.eval()
        path, small = folder / f"{part.name}.onnx", folder / f"{part.name}-int8.onnx"
        with _quiet():
            _written(part, path)
        found = onnx.load(path)
        _bare(found)
        onnx.save(found, path)
        shrink(found, onnx)
        onnx.save(found, small)
        errors = [
            _error(part, runtime.InferenceSession(str(p), providers=["CPUExecutionProvider"])) for p in (path, small)
        ]
        yield Written(part.name, str(path), str(small), path.stat().st_size, small.stat().st_size, *errors)


def _written(part: Part, path: Path) -> None:
    one, other = (part.example(length) for length in LENGTHS[:2])
    free = tuple(
        {axis: torch.export.Dim.AUTO for axis, (m, n) in enumerate(zip(a.shape, b.shape, strict=True)) if m != n}
        for a, b in zip(one, other, strict=True)
    )
    star = len(part.inputs) > 2 and part.name == "renderer"
    shapes = (*free[:2], free[2:]) if star else free
    with torch.no_grad():
        torch.onnx.export(
            part.network, one, path, input_names=part.inputs, output_names=part.outputs, dynamo=True, verbose=False,
            dynamic_shapes=shapes, external_data=False,
        )  # fmt: skip


def shrink(model: Any, onnx: Any) -> None:
    """Weights of an ONNX model to INT8, in place: tensors of two axes or more and `SMALLEST` numbers."""
    graph = model.graph
    kept, nodes = [], []
    for tensor in graph.initializer:
        if tensor.data_type != onnx.TensorProto.FLOAT or len(tensor.dims) < 2 or int(np.prod(tensor.dims)) < SMALLEST:
            kept.append(tensor)
            continue
        name, values = tensor.name, onnx.numpy_helper.to_array(tensor)
        whole, scale, axis = rounded(values)
        kept.append(onnx.numpy_helper.from_array(whole, f"{name}.int8"))
        kept.append(onnx.numpy_helper.from_array(scale, f"{name}.scale"))
        nodes.append(onnx.helper.make_node("DequantizeLinear", [f"{name}.int8", f"{name}.scale"], [name], axis=axis))
    nodes += graph.node
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(kept)
    graph.node.extend(nodes)


def _bare(model: Any) -> None:
    """Without what the exporter notes about where each node comes from."""
    del model.graph.value_info[:], model.graph.metadata_props[:], model.metadata_props[:]
    for node in model.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]


def _error(part: Part, session: Any) -> float:
    worst = 0.0
    for length in LENGTHS:
        given = part.example(length)
        with torch.no_grad():
            wanted = part.network(*given)
        wanted = wanted if isinstance(wanted, tuple) else (wanted,)
        names = [i.name for i in session.get_inputs()]
        made = session.run(None, {n: t.numpy() for n, t in zip(part.inputs, given, strict=True) if n in names})
        for a, b in zip(wanted, made, strict=True):
            worst = max(worst, float(np.abs(a.numpy() - b).max() / np.abs(a.numpy()).max()))
    return worst


@contextmanager
def _quiet() -> Iterator[None]:
    """The exporter's remarks are for its developers."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)
