"""Checkpoints of codecs as models: what `ctx.borrow` lends for a `CodecRef`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nawgraph.models.checkpoints import Layout
from nawgraph.models.loaders import loader
from nawgraph.values import ModelRef


def dac(tensors: Mapping[str, Any], config: Mapping[str, Any], name: str, space: str) -> Any:
    """A DAC, of either form. Raises KeyError, TypeError, ValueError."""
    from nawgraph.models.codecs.codec import Convolutional
    from nawgraph.models.codecs.dac import Network, renamed, shape_of_dac
    from nawgraph.models.codecs.weights import Taker, folded, nothing_left

    shape, ready = shape_of_dac(config), folded(tensors)
    if any(key.startswith("decoder.model.") for key in ready):
        ready = renamed(ready, len(shape.rates))
    _whole(Network, ready, shape, Taker, nothing_left)
    return Convolutional(name, space, ready, shape, Network)


def oobleck(tensors: Mapping[str, Any], config: Mapping[str, Any], name: str, space: str) -> Any:
    """An Oobleck. Raises KeyError, TypeError, ValueError."""
    from nawgraph.models.codecs.codec import Convolutional
    from nawgraph.models.codecs.dac import Network, shape_of_oobleck
    from nawgraph.models.codecs.weights import Taker, folded, nothing_left

    shape, ready = shape_of_oobleck(config), folded(tensors)
    _whole(Network, ready, shape, Taker, nothing_left)
    return Convolutional(name, space, ready, shape, Network)


def encodec(tensors: Mapping[str, Any], config: Mapping[str, Any], name: str, space: str) -> Any:
    """An EnCodec. Raises KeyError, TypeError, ValueError."""
    from nawgraph.models.codecs.codec import Recurrent
    from nawgraph.models.codecs.encodec import Network, ignored, shape_of
    from nawgraph.models.codecs.weights import Taker, folded, nothing_left

    shape = shape_of(config)
    ready = {key: value for key, value in folded(tensors).items() if not ignored(key)}
    _whole(Network, ready, shape, Taker, nothing_left)
    return Recurrent(name, space, ready, shape, Network)


def _whole(network: Any, tensors: Mapping[str, Any], shape: Any, taker: Any, nothing_left: Any) -> None:
    """Every weight is there, has its shape, and belongs to a layer."""
    take = taker(tensors)
    network(take, shape)
    nothing_left(take)


def _rate(config: Mapping[str, Any]) -> int:
    return int(config.get("sampling_rate") or config.get("sample_rate") or 0)


LAYOUTS = {
    "dac": Layout("codec", ("quantizer.quantizers.0.in_proj", "encoder.block."), dac, _rate),
    "encodec": Layout("codec", ("quantizer.layers.0.codebook", "encoder.layers."), encodec, _rate),
    "oobleck": Layout("codec", ("encoder.block.0.res_unit1.snake1.beta", "decoder.block."), oobleck, _rate),
}


def _size(ref: ModelRef) -> int:
    from nawgraph.models.codec import house
    from nawgraph.models.installed import path_of

    if ref.name == house.HOUSE:
        return 2 * house.WEIGHTS.stat().st_size if house.WEIGHTS.is_file() else 0
    path = path_of(ref)
    return path.stat().st_size if path.is_file() else 0


@loader("codec", estimate=_size)
def load_codec(ref: ModelRef) -> Any:
    """The house codec, one that `nawgraph train codec` made, or a published one. Raises LookupError, ValueError."""
    from nawgraph.models.codec import house
    from nawgraph.models.installed import load
    from nawgraph.models.own_weights import is_own

    path = house.path_of(ref)
    return house.read(path) if ref.name == house.HOUSE or is_own(path, "codec") else load(ref, "codec")
