"""What nodes see of a codec: sounds to tokens or latents and back, in pieces of bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from nawgraph.audio.check import signal
from nawgraph.audio.resample import fit, resample
from nawgraph.models.codecs import dac, encodec
from nawgraph.models.codecs.ops import Op, Span, lengths, needs, run
from nawgraph.models.codecs.tiles import alone, through
from nawgraph.models.codecs.weights import Taker
from nawgraph.values import Audio, Latents, Tokens

F32 = npt.NDArray[np.float32]
Progress = Callable[[int, int, str], None]
Stages = tuple[tuple[Op, ...], ...]

PIECE = 10.0
"""Seconds that are worked on at once."""


def _quiet(done: int, total: int, label: str) -> None:
    """Progress that nobody watches."""


class Codec:
    """Sounds to tokens or latents and back. Any number of threads may use one.

    Attributes:
        name: for people.
        space: id of the representation: only a codec of the same space reads it.
        rate: sample rate, Hz.
        channels: 1 where every channel is coded by itself, 2 where two are coded together.
        hop: samples a frame.
        frame_rate: frames a second.
        books: codebooks, 0 for a codec of latents only.
        size: codes in a codebook.
    """

    name: str
    space: str
    rate: int
    channels: int
    hop: int
    frame_rate: float
    books: int
    size: int

    def encode(self, sounds: Mapping[str, Audio], books: int = 0, progress: Progress = _quiet) -> Tokens:
        """Tokens of sounds of any rate and length; stems of one length.

        Args:
            sounds: name → sound, finite.
            books: codebooks to use, 0 for all.
            progress: told how far it is; may raise to give up.

        Raises:
            ValueError: no tokens in this codec, a number that is not finite, too many channels, no sample.
        """
        if not self.books:
            raise ValueError(f"{self.name} has latents and no tokens: use codec.latents")
        if not 0 <= books <= self.books:
            raise ValueError(f"{self.name} has {self.books} codebooks, {books} were asked for")
        ready = self._ready(sounds)
        codes, scales = [], []
        for name, x in ready.items():
            work = partial(self._encode, torch.from_numpy(x), books or self.books, _part(progress, name))
            found, scale = alone(work)
            codes.append(found.cpu().numpy().astype(np.int32))
            scales.append(scale.cpu().numpy().astype(np.float32))
        samples = next(iter(ready.values())).shape[2]
        return Tokens(tuple(ready), np.stack(codes), self.frame_rate, self.space, np.stack(scales), samples)

    def decode(self, tokens: Tokens, progress: Progress = _quiet) -> dict[str, Audio]:
        """Sounds of tokens, at this codec's rate.

        Raises:
            ValueError: tokens of another space, or numbers that are no codes.
        """
        self._own(tokens.space, "tokens")
        used = tokens.codes.shape[2]
        if not 1 <= used <= self.books:
            raise ValueError(f"{self.name} has {self.books} codebooks, these tokens have {used}")
        if tokens.codes.size == 0:
            raise ValueError("the tokens are empty: nothing can be decoded")
        if tokens.codes.min() < 0 or tokens.codes.max() >= self.size:
            raise ValueError(f"a token lies outside 0 to {self.size - 1}: {self.name} has no such code")
        made = {}
        for index, name in enumerate(tokens.names):
            codes = torch.from_numpy(tokens.codes[index].astype(np.int64))
            scale = torch.from_numpy(np.array(tokens.scale[index]))
            x = alone(partial(self._decode, codes, scale, tokens.samples, _part(progress, name)))
            made[name] = self._sound(x, tokens.samples)
        return made

    def latents(self, sounds: Mapping[str, Audio], progress: Progress = _quiet) -> Latents:
        """What the encoder makes of sounds before it is quantised; channels coded apart stand one after another.

        Raises:
            ValueError: as `encode`; this codec has no latents for a whole sound.
        """
        data = []
        ready = self._ready(sounds)
        for name, x in ready.items():
            found = alone(partial(self._latents, torch.from_numpy(x), _part(progress, name)))
            data.append(found.flatten(0, 1).float().cpu().numpy())
        return Latents(tuple(ready), tuple(data), self.frame_rate, self.space)

    def from_latents(self, latents: Latents, progress: Progress = _quiet) -> dict[str, Audio]:
        """Sounds of latents, whole frames long.

        Raises:
            ValueError: latents of another space or size.
        """
        self._own(latents.space, "latents")
        made = {}
        for name, data in zip(latents.names, latents.data, strict=True):
            if not np.isfinite(data).all():
                raise ValueError(f"the latents of {name} are not finite: make them anew")
            if data.shape[0] % self.width or not data.size:
                raise ValueError(
                    f"latents of {self.name} have {self.width} channels for each sound, got {data.shape[0]}"
                )
            x = torch.from_numpy(np.array(data)).reshape(-1, self.width, data.shape[1])
            made[name] = self._sound(alone(partial(self._sounded, x, _part(progress, name))), 0)
        return made

    width: int
    """Channels of the latents of one sound."""

    def _ready(self, sounds: Mapping[str, Audio]) -> dict[str, F32]:
        """Sounds as the network takes them, [batch, channels, frames]."""
        if not sounds:
            raise ValueError("there is no sound to encode")
        most = max(a.channels for a in sounds.values())
        if self.channels == 2 and most > 2:
            raise ValueError(f"{self.name} codes mono and stereo, the sound has {most} channels")
        made = {}
        for name, audio in sounds.items():
            if audio.frames == 0:
                raise ValueError("the sound is empty: give it at least one sample")
            x = resample(signal(audio.samples, audio.rate), audio.rate, self.rate)
            wanted = self.channels if self.channels == 2 else most
            if x.shape[0] != wanted:
                if x.shape[0] != 1:
                    raise ValueError(f"{name} has {x.shape[0]} channels and another stem {wanted}: make them alike")
                x = np.repeat(x, wanted, axis=0)
            made[name] = np.array(x[None] if self.channels == 2 else x[:, None], np.float32)
        return made

    def _sound(self, x: Tensor, samples: int) -> Audio:
        y = x.flatten(0, 1).float().cpu().numpy()
        return Audio(fit(y, samples) if samples else y, self.rate)

    def _own(self, space: str, what: str) -> None:
        if space != self.space:
            raise ValueError(
                f"these {what} are of {space}, and {self.name} reads those of {self.space}: wire their codec"
            )

    def _encode(self, x: Tensor, books: int, progress: Progress) -> tuple[Tensor, Tensor]:
        """Codes [B, books, frames] and scales [B, chunks]."""
        raise NotImplementedError

    def _decode(self, codes: Tensor, scale: Tensor, samples: int, progress: Progress) -> Tensor:
        """Sound [B, channels, T]."""
        raise NotImplementedError

    def _latents(self, x: Tensor, progress: Progress) -> Tensor:
        """Latents [B, C, frames]."""
        raise NotImplementedError

    def _sounded(self, x: Tensor, progress: Progress) -> Tensor:
        """Sound [B, channels, T] of latents."""
        raise NotImplementedError


class _Loaded(Codec):
    """A codec from a checkpoint."""

    def __init__(self, name: str, space: str, tensors: Mapping[str, Tensor], shape: Any, kind: Any) -> None:
        self.name, self.space = name, space
        self._tensors, self._kind = dict(tensors), kind
        self.shape = shape
        self.network = kind(Taker(self._tensors), shape)
        self.rate, self.channels, self.hop = shape.rate, shape.channels, shape.hop
        self.books, self.size, self.width = shape.books, shape.size, shape.latent
        self.frame_rate = self.rate / self.hop
        self.piece = PIECE
        self.device = "cpu"

    @property
    def nbytes(self) -> int:
        """Bytes in memory; on the CPU, wide layers keep their weights in a second form (`filters`)."""
        return sum(t.nbytes for t in self._tensors.values()) * (2 if self.device == "cpu" else 1)

    def to(self, device: str) -> None:
        """Move the network to a device."""
        self._tensors = {k: v.to(device) for k, v in self._tensors.items()}
        self.network, self.device = self._kind(Taker(self._tensors), self.shape), device

    def _spans(self, frames: int) -> list[Span]:
        """Pieces, in frames."""
        size = max(1, int(self.piece * self.frame_rate))
        return [(a, min(a + size, frames)) for a in range(0, frames, size)]


class Convolutional(_Loaded):
    """DAC or Oobleck: layers that look a little to both sides, so that every piece is made by itself."""

    network: dac.Network

    def _encode(self, x: Tensor, books: int, progress: Progress) -> tuple[Tensor, Tensor]:
        found = [dac.quantised(self.network.quantiser, part, books) for part in self._encoded(x, progress)]
        return torch.cat(found, dim=2), torch.zeros(len(x), 0)

    def _latents(self, x: Tensor, progress: Progress) -> Tensor:
        return torch.cat([part[:, : self.width] for part in self._encoded(x, progress)], dim=2)

    def _encoded(self, x: Tensor, progress: Progress) -> Iterator[Tensor]:
        x = torch.nn.functional.pad(x, (0, -x.shape[2] % self.hop)).to(self.device)
        layers = [op for stage in self.network.encoder for op in stage]
        frames, total = lengths(layers, x.shape[2])[-1], x.shape[2]
        for span in self._spans(frames):
            low, high = needs(layers, span, total)
            watch = _watch(progress, span[0], frames, "encode")
            yield through(self.network.encoder, x[..., low:high], low, total, span, watch)
        progress(frames, frames, "encode")

    def _decode(self, codes: Tensor, scale: Tensor, samples: int, progress: Progress) -> Tensor:
        codes = codes.to(self.device)
        return self._decoded(
            codes.shape[2], lambda a, b: dac.restored(self.network.quantiser, codes[..., a:b]), progress
        )

    def _sounded(self, x: Tensor, progress: Progress) -> Tensor:
        x = x.to(self.device)
        return self._decoded(x.shape[2], lambda a, b: x[..., a:b], progress)

    def _decoded(self, frames: int, latents: Callable[[int, int], Tensor], progress: Progress) -> Tensor:
        layers = [op for stage in self.network.decoder for op in stage]
        total, parts = lengths(layers, frames)[-1], []
        for a, b in self._spans(frames):
            span = a * self.hop, min(b * self.hop, total)
            if span[0] >= span[1]:
                break
            low, high = needs(layers, span, frames)
            watch = _watch(progress, a, frames, "decode")
            parts.append(through(self.network.decoder, latents(low, high), low, frames, span, watch).cpu())
        progress(frames, frames, "decode")
        return torch.cat(parts, dim=2)


class Recurrent(_Loaded):
    """EnCodec: between its convolutions lies a memory that takes the frames in order."""

    network: encodec.Network

    def __init__(self, name: str, space: str, tensors: Mapping[str, Tensor], shape: Any, kind: Any) -> None:
        super().__init__(name, space, tensors, shape, kind)
        if shape.chunk:
            self.frame_rate = -(-shape.chunk // self.hop) / shape.stride * self.rate

    def _encode(self, x: Tensor, books: int, progress: Progress) -> tuple[Tensor, Tensor]:
        s = self.shape
        codes: list[Tensor] = []
        scales: list[Tensor] = []
        chunks = range(0, x.shape[2], s.stride) if s.chunk else [0]
        for number, start in enumerate(chunks):
            part = x[..., start : start + s.chunk] if s.chunk else x
            if s.loud:
                size = part.mean(dim=1, keepdim=True).pow(2).mean(dim=2, keepdim=True).sqrt() + 1e-8
                part, scales = part / size, [*scales, size[:, :, 0]]
            watch = _within(progress, number, len(chunks))
            found = torch.cat([dac.quantised(self.network.quantiser, y, books) for y in self._encoded(part, watch)], 2)
            if codes:  # the last chunk may be shorter: all stand in one array
                found = torch.nn.functional.pad(found, (0, codes[0].shape[2] - found.shape[2]))
            codes.append(found)
        return torch.cat(codes, dim=2), torch.cat(scales, dim=1) if scales else torch.zeros(len(x), 0)

    def _decode(self, codes: Tensor, scale: Tensor, samples: int, progress: Progress) -> Tensor:
        if not self.shape.chunk:
            return self._decoded(codes, progress)
        s = self.shape
        size = -(-s.chunk // s.hop)
        count = -(-codes.shape[2] // size)
        if s.loud and scale.shape[1] != count:
            raise ValueError(f"{self.name} needs one scale for each of {count} pieces, got {scale.shape[1]}")
        parts = []
        for number in range(count):
            rest = -(-(samples - number * s.stride) // s.hop) if samples else size
            part = codes[..., number * size : number * size + max(1, min(size, rest))]
            y = self._decoded(part, _within(progress, number, count))
            parts.append(y * scale[:, number, None, None] if s.loud else y)
        return _overlapped(parts, s.stride)

    def _latents(self, x: Tensor, progress: Progress) -> Tensor:
        if self.shape.chunk:
            raise ValueError(
                f"{self.name} codes pieces of a loudness each, and has no latents of a whole sound: use tokens"
            )
        return torch.cat(list(self._encoded(x, progress)), dim=2)

    def _sounded(self, x: Tensor, progress: Progress) -> Tensor:
        if self.shape.chunk:
            raise ValueError(f"{self.name} has no latents of a whole sound: use tokens")
        return self._restored(x.shape[2], lambda a, b: x[..., a:b], progress)

    def _encoded(self, x: Tensor, progress: Progress) -> Iterator[Tensor]:
        n, state = self.network, None
        x = x.to(self.device)
        layers = [op for stage in n.before for op in stage]
        total = x.shape[2]
        frames = lengths(layers, total)[-1]

        def remembered(a: int, b: int) -> Tensor:
            nonlocal state
            low, high = needs(layers, (a, b), total)
            watch = _watch(progress, a, frames, "encode")
            y, state = n.remember(self._through(n.before, x[..., low:high], low, total, (a, b), watch), state)
            return y

        yield from self._rolling(n.after, frames, remembered, 1)

    def _decoded(self, codes: Tensor, progress: Progress) -> Tensor:
        codes = codes.to(self.device)
        return self._restored(
            codes.shape[2], lambda a, b: dac.restored(self.network.quantiser, codes[..., a:b]), progress
        )

    def _restored(self, frames: int, latents: Callable[[int, int], Tensor], progress: Progress) -> Tensor:
        n, state = self.network, None
        first = n.first[0]

        def recalled(a: int, b: int) -> Tensor:
            nonlocal state
            low, high = needs(first, (a, b), frames)
            _watch(progress, a, frames, "decode")()
            y, state = n.recall(run(first, latents(low, high), low, frames, (a, b)), state)
            return y

        return torch.cat([part.cpu() for part in self._rolling(n.last, frames, recalled, self.hop)], dim=2)

    def _rolling(self, stages: Stages, frames: int, make: Callable[[int, int], Tensor], scale: int) -> Iterator[Tensor]:
        """Layers over frames that are made piece by piece and in order; `scale` outputs a frame."""
        layers = [op for stage in stages for op in stage]
        held, begin, done = torch.empty(0), 0, 0
        for a, b in self._spans(frames):
            made = make(a, b)
            held = torch.cat([held, made], dim=2) if held.numel() else made
            end = b
            while end > done and needs(layers, (done * scale, end * scale), frames)[1] > b:
                end -= 1
            if end == done:
                continue
            yield self._through(stages, held, begin, frames, (done * scale, end * scale), lambda: None)
            done = end
            # What is left is looked back upon; at the end also what is mirrored there.
            keep = max(begin, min(needs(layers, (done * scale, done * scale + 1), frames)[0], done) - 64)
            held, begin = held[..., keep - begin :], keep

    def _through(
        self, stages: Stages, x: Tensor, begin: int, total: int, span: Span, watch: Callable[[], None]
    ) -> Tensor:
        if self.shape.norm:  # every layer needs its whole input: tiles would be made again and again
            watch()
            return run([op for stage in stages for op in stage], x, begin, total, span)
        return through(stages, x, begin, total, span, watch)


def _overlapped(parts: list[Tensor], stride: int) -> Tensor:
    """Pieces faded into each other by triangles, as EnCodec has it."""
    length = parts[0].shape[2]
    ramp = torch.linspace(0, 1, length + 2)[1:-1]
    weight = 0.5 - (ramp - 0.5).abs()
    total = torch.zeros(*parts[0].shape[:2], stride * (len(parts) - 1) + parts[-1].shape[2])
    sums = torch.zeros(total.shape[2])
    for number, part in enumerate(parts):
        size, at = part.shape[2], number * stride
        total[..., at : at + size] += weight[:size] * part
        sums[at : at + size] += weight[:size]
    return total / sums.clamp(min=1e-9)


def _part(progress: Progress, name: str) -> Progress:
    return lambda done, total, label: progress(done, total, f"{label} {name}")


def _watch(progress: Progress, done: int, total: int, label: str) -> Callable[[], None]:
    return lambda: progress(done, total, label)


def _within(progress: Progress, number: int, count: int) -> Progress:
    return (lambda done, total, label: progress(number, count, label)) if count > 1 else progress
