"""The house separator as nodes see it: a recording in, four stems of the same length out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nawgraph.audio import large
from nawgraph.audio.levels import rms
from nawgraph.models import own_weights
from nawgraph.models.separator.bands import HOP, RATE, SIZE
from nawgraph.values import STEMS, ModelRef
from nawgraph.values.signal import Float

if TYPE_CHECKING:
    from torch import Tensor

F32 = npt.NDArray[np.float32]

HOUSE = "house"
WEIGHTS = Path(__file__).parents[1] / "weights" / "separator.safetensors"
REVISION = "1"
"""Of the weights that come with nawgraph; raised with them, and with it the version of the nodes that use them."""

SEGMENT = 512
"""Frames that are worked on at once: 12 s."""

SILENT = 1e-6
"""RMS below which there is nothing to take apart: −120 dBFS."""


class HouseSeparator:
    """Takes sound apart. Any number of threads may use one."""

    names = STEMS
    rate = RATE

    def __init__(self, tensors: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
        import torch

        from nawgraph.models.separator.network import Separator, Shape

        shape = dict(facts["shape"])
        self.network = Separator(Shape(**{**shape, "dilations": tuple(shape["dilations"])}))
        self.network.load_state_dict({k: torch.from_numpy(np.array(v, np.float32)) for k, v in tensors.items()})
        self.network.eval()

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""
        return sum(p.numel() * p.element_size() for p in self.network.parameters())

    def to(self, device: str) -> None:
        """Move the network to a device; transforms are made there too."""
        self.network.to(device)

    def separate(
        self, mixture: Float, steps: Callable[[int, str], Iterable[int]] | None = None, segment: int = SEGMENT
    ) -> F32:
        """The stems of a mixture, float32 [4, 2, samples], which add up to it but for rounding.

        Worked on in segments that see as much around them as the network looks, so that their length changes nothing
        but the memory needed: about 250 bytes a sample of a segment, besides the stems.

        Args:
            mixture: [2, samples] at 44.1 kHz, finite.
            steps: iterates over a number of steps with a label, showing progress.
            segment: frames, 8 or more.
        """
        import torch

        length = mixture.shape[1]
        frames = 1 + -(-length // HOP)
        stems = large.zeros(len(STEMS), 2, length)
        level = rms(mixture)
        if level < SILENT:
            stems[-1] = mixture
            return stems
        starts = range(0, frames, segment)
        device = next(self.network.parameters()).device
        for index in steps(len(starts), "separate") if steps else range(len(starts)):
            span = range(starts[index], min(starts[index] + segment, frames))
            with torch.no_grad():
                made = self._segment(mixture, span, frames, level, device)
            _added(made.cpu().numpy(), span.start, stems)
        _levelled(stems, frames)
        return large.done(stems)

    def _segment(self, mixture: Float, span: range, frames: int, level: float, device: Any) -> Tensor:
        """Windowed frames of the stems, [4, 2, frames of the span, SIZE], not yet added up."""
        import torch

        from nawgraph.models.separator.spectra import seen, spread

        reach = self.network.shape.reach
        first, last = max(0, span.start - reach), min(frames, span.stop + reach)
        sound = torch.from_numpy(_cut(mixture, first, last)).to(device)
        window = torch.hann_window(SIZE, device=device)
        spectra = torch.stft(sound, SIZE, HOP, window=window, center=False, return_complex=True)
        own, other = self.network(seen(spectra[None]) / level)
        spectra = spectra[:, :, span.start - first : span.stop - first]
        keep = slice(span.start - first, span.stop - first)
        made = []
        for stem in range(len(STEMS)):
            m, n = (spread(part[0, keep, :, stem].permute(1, 2, 0)) for part in (own, other))
            back = torch.fft.irfft(m * spectra + n * spectra.flip(0), n=SIZE, dim=1)
            made.append((back * window[:, None]).transpose(1, 2))
        return torch.stack(made)


def _cut(mixture: Float, first: int, last: int) -> F32:
    """The samples under frames `first` to before `last`, silence outside the song."""
    begin, end = first * HOP - SIZE // 2, (last - 1) * HOP + SIZE // 2
    inside = mixture[:, max(begin, 0) : max(end, 0)]
    return np.pad(inside, ((0, 0), (max(-begin, 0), end - max(begin, 0) - inside.shape[1])))


def _added(blocks: F32, first: int, stems: F32) -> None:
    """Add windowed frames [4, 2, frames, SIZE], the first of which is frame `first` of the song, in their places."""
    count, parts = blocks.shape[2], SIZE // HOP
    quarters = blocks.reshape(*blocks.shape[:3], parts, HOP)
    total = np.zeros((*blocks.shape[:2], count + parts - 1, HOP), np.float32)
    for part in range(parts):
        total[:, :, part : part + count] += quarters[:, :, :, part]
    flat = total.reshape(*blocks.shape[:2], -1)
    begin = first * HOP - SIZE // 2
    skipped = max(-begin, 0)
    target = stems[:, :, begin + skipped : begin + flat.shape[2]]
    target += flat[:, :, skipped : skipped + target.shape[2]]


def _levelled(stems: F32, frames: int) -> None:
    """Divide by the sum of the squared windows over each sample, which is 1.5 but near the ends."""
    length = stems.shape[2]
    square = np.hanning(SIZE + 1)[:-1] ** 2
    edge = min(SIZE, length)
    for begin, end in ((0, edge), (max(length - SIZE, edge), length)):
        weight = np.zeros(end - begin)
        for frame in range(max(begin // HOP - 3, 0), min(end // HOP + 4, frames)):
            at = np.arange(begin, end) - (frame * HOP - SIZE // 2)
            inside = (at >= 0) & (at < SIZE)
            weight[inside] += square[at[inside]]
        stems[:, :, begin:end] /= weight.astype(np.float32)
    stems[:, :, edge : max(length - SIZE, edge)] /= np.float32(1.5)


def save(path: Path, tensors: Mapping[str, Any], facts: Mapping[str, Any]) -> int:
    """Write weights in fp16, whole or not at all; bytes of the file."""
    arrays = {name: np.ascontiguousarray(tensor, np.float16) for name, tensor in tensors.items()}
    told = {"kind": "separator", "licence": "MIT", "stems": list(STEMS), **facts}
    return own_weights.write(path, arrays, {"separator": json.dumps(told)})


def read(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Tensors and facts of a file of weights. Raises LookupError, ValueError, as `own_weights.read` does."""
    return own_weights.read(path, "separator")


def path_of(ref: ModelRef) -> Path:
    """The file of a reference: the house's own, or the path that it names."""
    return WEIGHTS if ref.name == HOUSE else Path(ref.name)


def load(ref: ModelRef) -> HouseSeparator:
    """The house separator, or one that `nawgraph train separator` made. Raises LookupError, ValueError."""
    path = path_of(ref)
    tensors, facts = read(path)
    return own_weights.made(path, lambda: HouseSeparator(tensors, facts))
