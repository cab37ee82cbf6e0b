"""Checkpoints of vocoders as models: what `ctx.borrow` lends for a reference of kind vocoder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nawgraph.models.checkpoints import Layout
from nawgraph.models.loaders import loader
from nawgraph.values import ModelRef


def vocos(tensors: Mapping[str, Any], config: Mapping[str, Any], name: str, space: str) -> Any:
    """A Vocos. Raises KeyError, TypeError, ValueError."""
    from nawgraph.models.vocoders.vocos import Network, shape_of

    return _made(tensors, shape_of(config), Network, name)


def bigvgan(tensors: Mapping[str, Any], config: Mapping[str, Any], name: str, space: str) -> Any:
    """A BigVGAN. Raises KeyError, TypeError, ValueError."""
    from nawgraph.models.vocoders.bigvgan import Network, shape_of

    return _made(tensors, shape_of(config), Network, name)


def discoder(tensors: Mapping[str, Any], config: Mapping[str, Any], name: str, space: str) -> Any:
    """A DisCoder. Raises KeyError, TypeError, ValueError."""
    from nawgraph.models.codecs.weights import folded
    from nawgraph.models.vocoders.discoder import Network, renamed, shape_of

    ready = renamed(folded(tensors))
    return _made(ready, shape_of(config, {k: tuple(v.shape) for k, v in ready.items()}), Network, name)


def _made(tensors: Mapping[str, Any], shape: Any, network: Any, name: str) -> Any:
    """A vocoder of which every weight is there, has its shape, and belongs to a layer."""
    from nawgraph.models.codecs.weights import Taker, folded, nothing_left
    from nawgraph.models.vocoders.vocoder import Vocoder

    ready = folded(tensors)
    take = Taker(ready)
    network(take, shape)
    nothing_left(take)
    return Vocoder(name, shape.recipe.space, ready, shape, network)


def _vocos_rate(config: Mapping[str, Any]) -> int:
    try:
        return int(config["feature_extractor"]["init_args"]["sample_rate"])
    except (KeyError, TypeError, ValueError):
        return 0


def _rate(config: Mapping[str, Any]) -> int:
    return int(config.get("sampling_rate") or config.get("sample_rate") or 0)


LAYOUTS = {
    "vocos": Layout("vocoder", ("backbone.convnext.", "head.out."), vocos, _vocos_rate, ("config.yaml",)),
    "bigvgan": Layout("vocoder", ("conv_pre.", "ups.0.0.", "resblocks.0.convs1."), bigvgan, _rate),
    "discoder": Layout("vocoder", ("encoder.init_conv.", "decoder.dac_decoder."), discoder, _rate),
}


def _ours(ref: ModelRef) -> bool:
    from pathlib import Path

    from nawgraph.models.own_weights import is_own
    from nawgraph.models.render import house

    return ref.name == house.HOUSE or is_own(Path(ref.name), "render")


def _size(ref: ModelRef) -> int:
    from nawgraph.models.installed import path_of
    from nawgraph.models.render import house

    if _ours(ref):
        return house.size(ref)
    path = path_of(ref)
    return path.stat().st_size if path.is_file() else 0


@loader("vocoder", estimate=_size)
def load_vocoder(ref: ModelRef) -> Any:
    """The house vocoder, one that `nawgraph train vocoder` made, or a published one. Raises LookupError, ValueError."""
    from nawgraph.models.installed import load
    from nawgraph.models.render import house

    return house.load_vocoder(ref) if _ours(ref) else load(ref, "vocoder")
