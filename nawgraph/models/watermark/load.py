"""Checkpoints of watermarks as models: what `ctx.borrow` lends for a reference of kind watermark."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nawgraph.models.checkpoints import Layout
from nawgraph.models.loaders import loader
from nawgraph.values import ModelRef


def writer(tensors: Mapping[str, Any], config: Mapping[str, Any], name: str, space: str) -> Any:
    """The generator of AudioSeal. Raises TypeError, ValueError."""
    from nawgraph.models.watermark.audioseal import Writer, WriterNetwork

    return _made(tensors, config, name, space, Writer, WriterNetwork)


def reader(tensors: Mapping[str, Any], config: Mapping[str, Any], name: str, space: str) -> Any:
    """The detector of AudioSeal. Raises TypeError, ValueError."""
    from nawgraph.models.watermark.audioseal import Reader, ReaderNetwork

    return _made(tensors, config, name, space, Reader, ReaderNetwork)


def _made(tensors: Any, config: Mapping[str, Any], name: str, space: str, kind: Any, network: Any) -> Any:
    """A model of which every weight is there, has its shape, and belongs to a layer."""
    from nawgraph.models.codecs.weights import Taker, folded, nothing_left
    from nawgraph.models.watermark.audioseal import renamed, shape_of

    ready = renamed(folded(tensors))
    shape = shape_of({key: tuple(value.shape) for key, value in ready.items()}, config)
    take = Taker(ready)
    network(take, shape)
    nothing_left(take)
    return kind(name, space, ready, shape, network)


def _rate(config: Mapping[str, Any]) -> int:
    return 16_000


LAYOUTS = {
    "audioseal": Layout("watermark", ("encoder.model.0.", "msg_processor."), writer, _rate),
    "audioseal-detector": Layout("watermark", ("detector.0.model.0.", "detector.1."), reader, _rate),
}


def _size(ref: ModelRef) -> int:
    from nawgraph.models.installed import path_of

    path = path_of(ref)
    return path.stat().st_size if path.is_file() else 0


@loader("watermark", estimate=_size)
def load_watermark(ref: ModelRef) -> Any:
    """A published generator or detector. Raises LookupError, ValueError."""
    from nawgraph.models.installed import load

    return load(ref, "watermark")
