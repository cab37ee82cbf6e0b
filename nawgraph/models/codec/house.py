"""The house codec as nodes see it: sounds to tokens or latents and back, in pieces of bounded memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nawgraph.audio.check import signal
from nawgraph.audio.resample import resample
from nawgraph.models import own_weights
from nawgraph.models.codec import books as rvq
from nawgraph.models.codec.spectra import HOP, LATENTS, RATE, SIZE, STACK, STEP, features, frames_of
from nawgraph.values import Audio, Latents, ModelRef, Tokens

F32 = npt.NDArray[np.float32]
Progress = Callable[[int, int, str], None]

HOUSE = "house"
WEIGHTS = Path(__file__).parents[1] / "weights" / "codec.safetensors"
REVISION = "1"
"""Of the weights that come with nawgraph; raised with them, and with it the version of the nodes that use them."""

PIECE = 430
"""Frames of codes that are worked on at once: 10 s."""

LOUDEST = 1.0
"""Magnitude of a full-scale sine: phases are followed down to 80 dB below it, however loud the sound is."""

CALM, ROUGH = 0.45, 0.9
"""Expected errors, in nepers, at which a bin is taken for a tone and for noise."""


def _quiet(done: int, total: int, label: str) -> None:
    """Progress that nobody watches."""


class HouseCodec:
    """Sounds to tokens and back; what comes back sounds alike and has another waveform.

    Attributes:
        name, space: for people, and of the representation: only a codec of the same space reads it.
        rate, channels: 44.1 kHz, every channel by itself.
        hop, frame_rate: samples a frame of codes, frames a second.
        books, size: codebooks, and codes in each. The first two hold the structure.
        width: numbers in a frame of latents.
    """

    def __init__(self, tensors: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
        from nawgraph.models.codec.network import Decoder
        from nawgraph.models.render.vocoder import filled

        self.mean, self.matrix, self.table = (np.asarray(tensors[n], np.float32) for n in ("mean", "matrix", "books"))
        if self.matrix.shape[1] != LATENTS or self.table.shape[2] != LATENTS:
            raise ValueError(f"the codebooks are of {self.table.shape[2]} numbers, {LATENTS} are expected")
        self.network = filled(Decoder(int(facts["width"])), tensors, "decoder")
        self.name, self.space = "the house codec", str(facts["space"])
        self.rate, self.channels, self.hop = RATE, 1, STEP
        self.frame_rate, self.width = RATE / STEP, LATENTS
        self.books, self.size = self.table.shape[:2]

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""
        tables = self.mean.nbytes + self.matrix.nbytes + self.table.nbytes
        return tables + sum(p.numel() * p.element_size() for p in self.network.parameters())

    def to(self, device: str) -> None:
        """Move the network to a device; phases are made on the processor."""
        self.network.to(device)

    def encode(self, sounds: Mapping[str, Audio], books: int = 0, progress: Progress = _quiet) -> Tokens:
        """Tokens of sounds of any rate and length; stems of one length.

        Args:
            sounds: name → sound, finite.
            books: codebooks to use, 0 for all.
            progress: told what is done, of how much.

        Raises:
            ValueError: a number that is not finite, no sample, more codebooks than there are.
        """
        if not 0 <= books <= self.books:
            raise ValueError(f"{self.name} has {self.books} codebooks, {books} were asked for")
        used = self.table[: books or self.books]
        ready, codes = _ready(sounds), []
        for name, channels in ready.items():
            found = []
            for mono in channels:
                parts = [rvq.encode(p, used) for p in self._latents(mono, f"encode {name}", progress)]
                found.append(np.concatenate(parts).T)
            codes.append(np.stack(found))
        samples = next(iter(ready.values())).shape[1]
        return Tokens(
            tuple(ready),
            np.stack(codes),
            self.frame_rate,
            self.space,
            np.zeros((len(ready), 1, 0), np.float32),
            samples,
        )

    def decode(self, tokens: Tokens, progress: Progress = _quiet) -> dict[str, Audio]:
        """Sounds of tokens at 44.1 kHz.

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
        length = tokens.samples or tokens.codes.shape[3] * STEP
        made = {}
        for name, channels in zip(tokens.names, tokens.codes, strict=True):
            rows = [rvq.decode(codes.T, self.table) for codes in channels]
            made[name] = self._sound(rows, length, f"decode {name}", progress)
        return made

    def latents(self, sounds: Mapping[str, Audio], progress: Progress = _quiet) -> Latents:
        """What is rounded to tokens; the channels of a sound stand one after another. Raises as `encode`."""
        data = []
        ready = _ready(sounds)
        for name, channels in ready.items():
            rows = [np.concatenate(list(self._latents(mono, f"encode {name}", progress))).T for mono in channels]
            data.append(np.concatenate(rows))
        return Latents(tuple(ready), tuple(data), self.frame_rate, self.space)

    def from_latents(self, latents: Latents, progress: Progress = _quiet) -> dict[str, Audio]:
        """Sounds of latents, whole frames long. Raises ValueError: latents of another space or size, not finite."""
        self._own(latents.space, "latents")
        made = {}
        for name, data in zip(latents.names, latents.data, strict=True):
            if not np.isfinite(data).all():
                raise ValueError(f"the latents of {name} are not finite: make them anew")
            if data.shape[0] % LATENTS or not data.size:
                raise ValueError(f"latents of {self.name} have {LATENTS} channels for each sound, got {data.shape[0]}")
            rows = [np.ascontiguousarray(part.T) for part in np.split(data, data.shape[0] // LATENTS)]
            made[name] = self._sound(rows, data.shape[1] * STEP, f"decode {name}", progress)
        return made

    def _own(self, space: str, what: str) -> None:
        if space != self.space:
            raise ValueError(
                f"these {what} are of {space}, and {self.name} reads those of {self.space}: wire their codec"
            )

    def _latents(self, mono: F32, label: str, progress: Progress) -> Iterator[F32]:
        """Latents [frames, 80] of one channel, piece by piece: the same as of the whole."""
        total = frames_of(len(mono))
        for begin in range(0, total, PIECE):
            progress(begin, total, label)
            end = min(begin + PIECE, total)
            first = max(begin - 1, 0)
            rows = features(mono[first * STEP : (end + 1) * STEP], end - first + 1)[begin - first : -1]
            yield np.asarray((rows - self.mean) @ self.matrix, np.float32)
        progress(total, total, label)

    def _sound(self, channels: list[F32], length: int, label: str, progress: Progress) -> Audio:
        made = [self._mono(rows, length, label, progress) for rows in channels]
        return Audio(np.stack(made), RATE)

    def _mono(self, latents: F32, length: int, label: str, progress: Progress) -> F32:
        """Samples of latents [frames, 80]: pieces whose phases go on where those of the last piece ended."""
        from nawgraph.models.render.phase import inverse, phases

        total = len(latents) * STACK
        edge = SIZE // 2
        made = np.zeros(total * HOP + 2 * SIZE, np.float32)
        before: F32 | None = None
        for begin in range(0, total, PIECE * STACK):
            progress(begin, total, label)
            end = min(begin + PIECE * STACK, total)
            rng = np.random.Generator(np.random.Philox(key=[7, begin]))
            first, last = max(begin - 1, 0), min(end + 1, total)
            size, noise = self._magnitudes(latents, first, last)
            turn = phases(size, SIZE, HOP, rng, before=before, loudest=LOUDEST)[begin - first :]
            size, noise, turn = (part[: end - begin] for part in (size[begin - first :], noise[begin - first :], turn))
            before = turn[-1]
            share = np.clip((noise - CALM) / (ROUGH - CALM), 0, 1)
            turn = turn + share * rng.uniform(-np.pi, np.pi, turn.shape)
            block = inverse((size * np.exp(1j * turn)).astype(np.complex64), SIZE, HOP)
            made[begin * HOP : begin * HOP + len(block)] += block
        progress(total, total, label)
        return np.pad(made[edge:], (0, max(0, length - len(made) + edge)))[:length]

    def _magnitudes(self, latents: F32, first: int, last: int) -> tuple[F32, F32]:
        """Magnitudes and noisiness [frames, bins] of some frames of the transform; what is around is heard too."""
        import torch

        from nawgraph.models.codec.network import REACH

        low, high = max(first - REACH, 0) // STACK, -(-(last + REACH) // STACK)
        rows = latents[low:high] @ self.matrix.T + self.mean
        with torch.no_grad():
            device = next(self.network.parameters()).device
            logs, noise = self.network(torch.from_numpy(rows[None]).to(device))
        part = slice(first - low * STACK, last - low * STACK)
        from nawgraph.models.render.vocoder import QUIET

        return np.maximum(10 ** logs[0, part].cpu().numpy() - QUIET, 0), noise[0, part].cpu().numpy()


def _ready(sounds: Mapping[str, Audio]) -> dict[str, F32]:
    """Sounds at 44.1 kHz, [channels, samples]; mono stems as wide as the widest."""
    if not sounds:
        raise ValueError("there is no sound to encode")
    most = max(audio.channels for audio in sounds.values())
    made = {}
    for name, audio in sounds.items():
        if audio.frames == 0:
            raise ValueError("the sound is empty: give it at least one sample")
        x = np.asarray(resample(signal(audio.samples, audio.rate), audio.rate, RATE), np.float32)
        if x.shape[0] not in (1, most):
            raise ValueError(f"{name} has {x.shape[0]} channels and another stem {most}: make them alike")
        made[name] = np.repeat(x, most, axis=0) if x.shape[0] != most else x
    return made


def save(path: Path, tensors: Mapping[str, Any], facts: Mapping[str, Any]) -> int:
    """Write weights in fp16 (mean and components in float32), whole or not at all; bytes of the file."""
    from nawgraph.values import digest

    arrays = {
        k: np.ascontiguousarray(v, np.float32 if k in ("mean", "matrix") else np.float16) for k, v in tensors.items()
    }
    print_ = digest(tuple(arrays[k].tobytes().hex() for k in ("mean", "matrix", "books"))).hex()[:12]
    told = {"kind": "codec", "space": f"house-codec/{print_}", "licence": "MIT", **facts}
    return own_weights.write(path, arrays, {"codec": json.dumps(told)})


def read(path: Path) -> HouseCodec:
    """The codec of a file of weights. Raises LookupError, ValueError, as `own_weights` does."""
    tensors, facts = own_weights.read(path, "codec", called="house codec")
    return own_weights.made(path, lambda: HouseCodec(tensors, facts))


def path_of(ref: ModelRef) -> Path:
    """The file of a reference: the house's own, or the path that it names."""
    return WEIGHTS if ref.name == HOUSE else Path(ref.name)
