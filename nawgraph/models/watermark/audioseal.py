"""AudioSeal (San Roman et al. 2024): one network adds a faint sound that carries a message, another finds it again.

Both have the layers of EnCodec without its codebooks; names of weights are those of the package audioseal, of any age.
All sizes follow from the weights, since the published files lie without a config.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from nawgraph.models.codecs import encodec
from nawgraph.models.codecs.codec import Recurrent
from nawgraph.models.codecs.tiles import alone
from nawgraph.models.codecs.weights import Taker
from nawgraph.values.signal import Float

RATE = 16_000
"""Hz, of every published AudioSeal."""

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Shape:
    """Sizes of a network.

    Attributes:
        layers: those of EnCodec.
        bits: of a message.
        output: width of what the reader makes of its frames; 0 for a writer.
    """

    layers: encodec.Shape
    bits: int
    output: int = 0
    rate: int = RATE
    channels: int = 1
    books: int = 0
    size: int = 0
    chunk: int = 0
    norm: bool = False

    @property
    def hop(self) -> int:
        """Samples a frame."""
        return self.layers.hop

    @property
    def latent(self) -> int:
        """Width of a frame."""
        return self.layers.latent


def renamed(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Folded weights under EnCodec's names."""
    made = {}
    for name, value in tensors.items():
        plain = re.sub(r"\.(conv|convtr)\.\1\.", ".conv.", name.replace(".inner_conv.", "."))
        plain = re.sub(r"^detector\.0\.model\.", "encoder.layers.", plain)
        made[re.sub(r"^(encoder|decoder)\.model\.", r"\1.layers.", plain)] = value
    return made


def shape_of(sizes: Mapping[str, Sequence[int]], config: Mapping[str, Any]) -> Shape:
    """From the shapes of renamed weights; a config may say that the convolutions are causal.

    Raises:
        KeyError, TypeError, ValueError: they are of no AudioSeal that can be run here.
    """
    within = config.get("seanet")
    told: Mapping[str, Any] = within if isinstance(within, Mapping) else config
    growth = told.get("dilation_base")
    if config.get("normalizer"):
        raise ValueError("an AudioSeal with a normalizer of loudness is not run here")

    def size(name: str, rank: int = 3) -> Sequence[int]:
        if name not in sizes or len(sizes[name]) != rank:
            raise ValueError(f"{name} is missing")
        return sizes[name]

    numbers = [int(n) for name in sizes if (n := _between(name, "encoder.layers.", ".conv.weight"))]
    numbers.sort()
    blocks = sum(name.startswith("encoder.layers.") and name.endswith(".block.1.conv.weight") for name in sizes)
    if len(numbers) < 3 or numbers[0]:
        raise ValueError("encoder.layers.0.conv.weight or the layers after it are missing")
    filters, channels, kernel = size("encoder.layers.0.conv.weight")
    down = [size(f"encoder.layers.{n}.conv.weight")[2] for n in numbers[1:-1]]
    latent, _, last = size(f"encoder.layers.{numbers[-1]}.conv.weight")
    if channels != 1 or any(k % 2 for k in down) or blocks % len(down):
        raise ValueError(f"its convolutions ({channels} channel, kernels {down}) are of no AudioSeal")
    hidden, _, inner = size("encoder.layers.1.block.1.conv.weight") if blocks else (filters, filters, 3)
    layers = encodec.Shape(
        rate=RATE, channels=1, filters=filters, rates=tuple(k // 2 for k in reversed(down)), latent=latent, books=0,
        size=0, residuals=blocks // len(down), kernel=kernel, last_kernel=last, residual_kernel=inner,
        growth=growth if isinstance(growth, int) and growth > 0 else 2, compress=max(1, filters // hidden),
        lstm_layers=sum("encoder.layers." in name and ".lstm.weight_ih_l" in name for name in sizes),
        causal=told.get("causal") is True, reflect=False, trim=1.0,
        shortcut=any(".shortcut." in name for name in sizes), norm=False, loud=False,
    )  # fmt: skip
    if "detector.1.weight" in sizes:
        width = size("detector.1.weight")[0]
        return Shape(layers, width - 2, size("detector.0.reverse_convolution.weight")[1])
    return Shape(layers, size("msg_processor.msg_processor.weight", 2)[0] // 2)


def _between(name: str, before: str, after: str) -> str:
    inner = name.removeprefix(before).removesuffix(after)
    return inner if name == before + inner + after and inner.isdigit() else ""


class WriterNetwork:
    """Sound to latents and back, and a vector for either value of every bit.

    Attributes:
        bits: [bits, 2, C].
    """

    def __init__(self, take: Taker, shape: Shape) -> None:
        make = encodec.Maker(take, shape.layers)
        self.before, self.remember, self.after = make.encoder()
        self.first, self.recall, self.last = make.decoder()
        table = take("msg_processor.msg_processor.weight", 2 * shape.bits, shape.latent)
        self.bits = table.reshape(shape.bits, 2, shape.latent)


class ReaderNetwork:
    """Sound to latents, and those to logits for every sample: none, some, and one for every bit."""

    def __init__(self, take: Taker, shape: Shape) -> None:
        make = encodec.Maker(take, shape.layers)
        self.before, self.remember, self.after = make.encoder()
        name = "detector.0.reverse_convolution"
        self.spread = take(f"{name}.weight", shape.latent, shape.output, shape.hop), take(f"{name}.bias", shape.output)
        self.told = (
            take("detector.1.weight", 2 + shape.bits, shape.output, 1),
            take("detector.1.bias", 2 + shape.bits),
        )


class Writer(Recurrent):
    """Makes watermarks. Any number of threads may use one."""

    shape: Shape
    network: Any

    @property
    def bits(self) -> int:
        """Of a message."""
        return self.shape.bits

    def watermark(self, sound: Float, message: Sequence[int], progress: Progress) -> Float:
        """What is to be added to a sound.

        Args:
            sound: float32 [1, frames] at 16 kHz.
            message: zeros and ones, as many as `bits`.
            progress: told how far it is; may raise to give up.

        Returns:
            Float32 [1, frames].
        """
        x = torch.from_numpy(sound)[None]
        made: Float = alone(partial(self._made, x, message, progress)).numpy()
        return made

    def _made(self, x: Tensor, message: Sequence[int], progress: Progress) -> Tensor:
        latents = torch.cat(list(self._encoded(x, progress)), dim=2)
        latents = latents + self.network.bits[range(self.bits), list(message)].sum(dim=0)[:, None]
        return self._restored(latents.shape[2], lambda a, b: latents[..., a:b], progress)[0, :, : x.shape[2]]


class Reader(Recurrent):
    """Finds watermarks. Any number of threads may use one."""

    shape: Shape
    network: Any

    @property
    def bits(self) -> int:
        """Of a message."""
        return self.shape.bits

    def read(self, sound: Float, progress: Progress) -> tuple[float, list[float]]:
        """Whether a sound is marked, and with what.

        Args:
            sound: float32 [1, frames] at 16 kHz, at least one frame.
            progress: told how far it is; may raise to give up.

        Returns:
            The share of samples that are more likely marked than not, 0–1, and for every bit how likely it is a one.
        """
        x = torch.from_numpy(sound)[None]
        return alone(partial(self._read, x, progress))

    def _read(self, x: Tensor, progress: Progress) -> tuple[float, list[float]]:
        total, done, marked = x.shape[2], 0, 0
        sums = torch.zeros(self.bits, dtype=torch.float64)
        for part in self._encoded(x, progress):
            spread = functional.conv_transpose1d(part, self.network.spread[0], self.network.spread[1], stride=self.hop)
            logits = functional.conv1d(spread, *self.network.told)[0, :, : total - done]
            marked += int((logits[1] > logits[0]).sum())
            sums += logits[2:].double().sum(dim=1).cpu()
            done += logits.shape[1]
        return marked / total, torch.sigmoid(sums / total).tolist()
