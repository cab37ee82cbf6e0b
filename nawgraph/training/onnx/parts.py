"""The house models as networks that take tensors and give tensors, each with examples of two lengths.

What differs between the examples may be of any length in the file; all else is fixed. A batch is always one song. The
samplers, spectra and phases around the networks stay with whoever uses the files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from nawgraph.models.beats.hearing import BANDS as BEAT_BANDS
from nawgraph.models.clap.hearing import BANDS, SEMITONES
from nawgraph.models.clap.network import TextEncoder
from nawgraph.models.clap.reading import bound, read
from nawgraph.models.codec.spectra import BANDS as CODEC_BANDS
from nawgraph.models.codec.spectra import STACK
from nawgraph.models.planner.config import CONDITION_OFFSETS, FEATURE_OFFSETS, READER_OFFSETS, TOKEN_OFFSETS
from nawgraph.models.planner.network import Network
from nawgraph.models.render.conditions import DRUM_WIDTH, TONAL_WIDTH
from nawgraph.models.render.network import CONTROLS, KEPT, Renderer, Scene
from nawgraph.models.render.space import TONAL_BANDS
from nawgraph.models.separator.bands import POSITIONS


@dataclass(frozen=True)
class Part:
    """A network of a house model.

    Attributes:
        name: of its files.
        network: takes `inputs` in their order.
        inputs, outputs: names.
        example: inputs of a length, 1 or more.
    """

    name: str
    network: nn.Module
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    example: Callable[[int], tuple[Tensor, ...]]


class _Rendering(nn.Module):
    """The renderer with a scene as tensors; there is at least one tonal part and one of drums."""

    def __init__(self, network: Renderer) -> None:
        super().__init__()
        self.network = network

    def forward(self, noisy: Tensor, time: Tensor, *scene: Tensor) -> Tensor:
        believed: Tensor = self.network(noisy, time, Scene(*scene))
        return believed


class _Reading(nn.Module):
    """The text encoder from rows of its table, how much each weighs, and the word that each belongs to."""

    def __init__(self, network: TextEncoder) -> None:
        super().__init__()
        self.network = network

    def forward(self, rows: Tensor, weights: Tensor, word: Tensor, there: Tensor) -> Tensor:
        pieces = self.network.table[rows] * weights[:, None]
        empty = torch.zeros(there.shape[0] * there.shape[1], pieces.shape[1], dtype=pieces.dtype)
        return self.network.of_words(empty.index_add(0, word, pieces), there)


class _Planning(nn.Module):
    """The planner on whole songs; with `reads` 0, what is fixed is not looked at."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(
        self, tokens: Tensor, features: Tensor, conditions: Tensor, position: Tensor, fixed: Tensor, reads: Tensor
    ) -> Tensor:
        told = self.network.read_all(features, position, fixed) * reads[:, None, None]
        return self.network.written(tokens, features, conditions, position, told)


class _Loud(nn.Module):
    """A vocoder's network without what it does not give."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, bands: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        logs, noise = self.network(bands)
        return logs if noise is None else (logs, noise)


def renderer(model: Any) -> Iterator[Part]:
    """The network of a `HouseRenderer`."""
    shape = model.network.shape

    def example(length: int) -> tuple[Tensor, ...]:
        draw, frames, parts = _draw(length), 64 * length, 1 + length
        kinds = [
            torch.tensor([[0, 1 + i % 3, i] for i in range(parts)]),
            torch.tensor([[0, 0, i] for i in range(parts)]),
        ]
        return (
            draw(1, frames, shape.latents), torch.full((1,), 0.3), draw(parts, frames, TONAL_WIDTH), kinds[0],
            draw(parts, frames, DRUM_WIDTH), kinds[1], torch.tensor([1]), torch.tensor([0.2]),
            draw(1, frames, shape.latents), (draw(1, frames, 4 * KEPT) > 0).float(),
            draw(1, frames, 4 * CONTROLS), (draw(1, 4 * CONTROLS) > 0).float(),
        )  # fmt: skip

    names = ("noisy", "time", *(f.name for f in fields(Scene)))
    yield Part("renderer", _Rendering(model.network), names, ("believed",), example)


def vocoder(model: Any) -> Iterator[Part]:
    """The two networks of a `HouseVocoder`."""
    for name, network in (("tonal", model.tonal), ("drums", model.drums)):
        outputs = ("magnitudes", "noise") if name == "drums" else ("magnitudes",)

        def example(length: int) -> tuple[Tensor, ...]:
            return (_draw(length)(1, 32 * length, TONAL_BANDS) - 3,)

        yield Part(f"vocoder-{name}", _Loud(network), ("bands",), outputs, example)


def clap(model: Any) -> Iterator[Part]:
    """The two encoders of a `HouseClap`."""

    def text(length: int) -> tuple[Tensor, ...]:
        pages = bound([read(" ".join(["dark techno with a slow bass, 128 bpm"] * length))])
        ends = np.append(pages.starts[1:], len(pages.rows))
        word = np.repeat(np.arange(len(pages.starts)), ends - pages.starts)
        return tuple(torch.from_numpy(a) for a in (pages.rows, pages.weights, word, pages.there))

    def sound(length: int) -> tuple[Tensor, ...]:
        draw = _draw(length)
        return draw(length, 944, BANDS) - 2, draw(length, 236, SEMITONES) - 2

    names = ("rows", "weights", "word", "there")
    yield Part("clap-text", _Reading(model.network.text), names, ("embedding",), text)
    yield Part("clap-sound", model.network.sound, ("bands", "pitches"), ("embeddings",), sound)


def codec(model: Any) -> Iterator[Part]:
    """The decoder of a `HouseCodec`; its encoder is a table of codes and no network."""

    def example(length: int) -> tuple[Tensor, ...]:
        return (_draw(length)(1, 16 * length, STACK * CODEC_BANDS) - 3,)

    yield Part("codec", model.network, ("rows",), ("magnitudes", "noise"), example)


def separator(model: Any) -> Iterator[Part]:
    """The network of a `HouseSeparator`."""

    def example(length: int) -> tuple[Tensor, ...]:
        return (_draw(length)(1, 24 * length, 2, POSITIONS).abs(),)

    yield Part("separator", model.network, ("magnitudes",), ("own", "other"), example)


def beats(model: Any) -> Iterator[Part]:
    """The network of a `HouseBeats`, with probabilities at its end."""
    from nawgraph.training.beats.train import Network as Convolutions

    network = Convolutions(model.shape)
    network.load_state_dict({name: torch.from_numpy(np.array(t)) for name, t in model.tensors.items()})

    def example(length: int) -> tuple[Tensor, ...]:
        return (_draw(length)(1, 2 * BEAT_BANDS, 800 * length),)

    yield Part("beats", nn.Sequential(network, nn.Sigmoid()), ("heard",), ("probabilities",), example)


def planner(model: Any) -> Iterator[Part]:
    """The networks of a `Planner` as they are trained: on whole songs, without the cache of the sampler."""
    from nawgraph.training.nats import network_of

    network = network_of(model.sampler.weights)

    def example(length: int) -> tuple[Tensor, ...]:
        rng, steps = np.random.default_rng(length), 32 * length

        def rows(offsets: Any, count: int) -> Tensor:
            return torch.from_numpy(rng.integers(0, int(offsets[-1]), (1, steps, count)))

        return (
            rows(TOKEN_OFFSETS, len(TOKEN_OFFSETS) - 1), rows(FEATURE_OFFSETS, len(FEATURE_OFFSETS) - 1),
            rows(CONDITION_OFFSETS, len(CONDITION_OFFSETS) - 1), torch.arange(steps)[None].float(),
            rows(READER_OFFSETS, len(READER_OFFSETS) - 1), torch.ones(1),
        )  # fmt: skip

    names = ("tokens", "features", "conditions", "position", "fixed", "reads")
    yield Part("planner", _Planning(network), names, ("logits",), example)


PARTS: dict[str, Callable[[Any], Iterator[Part]]] = {
    "planner": planner, "renderer": renderer, "vocoder": vocoder, "clap": clap, "codec": codec,
    "separator": separator, "beats": beats,
}  # fmt: skip
"""Kind of model → its networks."""


def _draw(seed: int) -> Callable[..., Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return lambda *shape: torch.randn(*shape, generator=generator)
