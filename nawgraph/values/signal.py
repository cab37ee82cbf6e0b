"""Values made of samples or frames: audio, stems, latents, tokens, curves, masks, embeddings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from nawgraph.values.core import Value, freeze, value

Float = npt.NDArray[np.float32]
Int = npt.NDArray[np.int32]

STEMS = ("drums", "bass", "vocals", "other")
"""The standard four, in the order in which they are always shown, written and mixed."""


def _rate(rate: Any, what: str, low: float, high: float) -> None:
    if not isinstance(rate, (int, float)) or isinstance(rate, bool) or not low <= rate <= high:
        raise ValueError(f"{what} must be between {low:g} and {high:g} Hz, got {rate!r}")


@value
@dataclass(frozen=True, eq=False)
class Audio(Value):
    """Sampled sound.

    Attributes:
        samples: float32 [channels, frames], full scale ±1 (beyond is allowed until it is exported).
        rate: sample rate in Hz, 1,000 to 768,000.

    Raises:
        ValueError: not two-dimensional, no or more than 64 channels, not a plausible rate.
    """

    samples: Float
    rate: int = 44100
    time_axis: ClassVar[int | None] = -1

    def __post_init__(self) -> None:
        object.__setattr__(self, "samples", freeze(self.samples, np.float32, 2, "audio [channels, frames]"))
        if not 1 <= self.channels <= 64:
            raise ValueError(f"audio needs 1 to 64 channels, got {self.channels} (shape is [channels, frames])")
        _rate(self.rate, "a sample rate", 1_000, 768_000)
        object.__setattr__(self, "rate", int(self.rate))

    @property
    def channels(self) -> int:
        return int(self.samples.shape[0])

    @property
    def frames(self) -> int:
        return int(self.samples.shape[1])

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return self.frames / self.rate


@value
@dataclass(frozen=True, eq=False)
class Stems(Value):
    """Aligned tracks of one song: same start, same rate, same number of frames.

    Attributes:
        names: in order, unique. The standard four are `STEMS`; a separator may add its own.
        audios: one Audio a name.

    Raises:
        ValueError: no or repeated names, different rates or lengths.
    """

    names: tuple[str, ...]
    audios: tuple[Audio, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(self.names))
        object.__setattr__(self, "audios", tuple(self.audios))
        if not self.names or len(set(self.names)) != len(self.names) or len(self.names) != len(self.audios):
            raise ValueError(f"stems need one distinct name for each audio, got {list(self.names)}")
        if len({(a.rate, a.frames) for a in self.audios}) != 1:
            shapes = ", ".join(f"{n}: {a.frames} frames at {a.rate} Hz" for n, a in self)
            raise ValueError(f"stems must have one rate and length ({shapes})")

    @classmethod
    def of(cls, audios: Mapping[str, Audio]) -> Stems:
        """Stems from a mapping, in its order."""
        return cls(tuple(audios), tuple(audios.values()))

    def __iter__(self) -> Iterator[tuple[str, Audio]]:
        return iter(zip(self.names, self.audios, strict=True))

    def __getitem__(self, name: str) -> Audio:
        if name not in self.names:
            raise KeyError(f"no stem {name!r} here, only {', '.join(self.names)}")
        return self.audios[self.names.index(name)]

    @property
    def rate(self) -> int:
        return self.audios[0].rate

    @property
    def frames(self) -> int:
        return self.audios[0].frames

    @property
    def seconds(self) -> float:
        return self.audios[0].seconds


@value
@dataclass(frozen=True, eq=False)
class Latents(Value):
    """Continuous representation of stems.

    Attributes:
        names: stem names.
        data: one float32 [channels, frames] a stem; the number of channels may differ, frames may not.
        frame_rate: frames a second.
        space: id and revision of the representation (``dac-44k/1``); only its own decoder reads it.
    """

    names: tuple[str, ...]
    data: tuple[Float, ...]
    frame_rate: float
    space: str
    time_axis: ClassVar[int | None] = -1

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(self.names))
        object.__setattr__(
            self, "data", tuple(freeze(d, np.float32, 2, "a latent [channels, frames]") for d in self.data)
        )
        _rate(self.frame_rate, "a frame rate", 0.01, 100_000)
        if len(self.names) != len(self.data) or len({d.shape[1] for d in self.data}) != 1:
            raise ValueError("latents need one array a stem, all of one length")


@value
@dataclass(frozen=True, eq=False)
class Tokens(Value):
    """Discrete codes of a codec.

    Attributes:
        names: stem names.
        codes: int32 [stem, channel, codebook, frame].
        frame_rate: frames a second.
        space: id and revision of the codec.
        scale: float32 [stem, channel, chunk], per-chunk gain of codecs that normalise, else of size 0.
        samples: samples of the sound at the codec's rate; 0 for as many as the frames have.
    """

    names: tuple[str, ...]
    codes: Int
    frame_rate: float
    space: str
    scale: Float
    samples: int = 0
    time_axis: ClassVar[int | None] = -1

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(self.names))
        object.__setattr__(self, "codes", freeze(self.codes, np.int32, 4, "codes [stem, channel, codebook, frame]"))
        object.__setattr__(self, "scale", freeze(self.scale, np.float32, 3, "scale [stem, channel, chunk]"))
        _rate(self.frame_rate, "a frame rate", 0.01, 100_000)
        if len(self.names) != self.codes.shape[0]:
            raise ValueError(f"{len(self.names)} names for {self.codes.shape[0]} stems of codes")


@value
@dataclass(frozen=True, eq=False)
class Curve(Value):
    """A control signal over time.

    Attributes:
        kind: melody, onsets, dynamics, timbre or harmony, or a pack's own word.
        data: float32 [dimension, frame]; onsets and dynamics have one dimension, harmony 12.
        frame_rate: frames a second.
    """

    kind: str
    data: Float
    frame_rate: float
    time_axis: ClassVar[int | None] = -1

    def __post_init__(self) -> None:
        object.__setattr__(self, "data", freeze(self.data, np.float32, 2, "a curve [dimension, frame]"))
        _rate(self.frame_rate, "a frame rate", 0.01, 100_000)


@value
@dataclass(frozen=True, eq=False)
class Mask(Value):
    """What to make anew (1) and what to keep (0), by stem, band and time.

    Attributes:
        names: stem names.
        data: float32 [stem, band, frame], 0 to 1. One band means all frequencies.
        frame_rate: frames a second.
        edges: band edges in Hz, one more than bands; empty for one band.
    """

    names: tuple[str, ...]
    data: Float
    frame_rate: float
    edges: tuple[float, ...] = ()
    time_axis: ClassVar[int | None] = -1

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(self.names))
        object.__setattr__(self, "edges", tuple(float(e) for e in self.edges))
        object.__setattr__(self, "data", freeze(self.data, np.float32, 3, "a mask [stem, band, frame]"))
        _rate(self.frame_rate, "a frame rate", 0.01, 100_000)
        bands = self.data.shape[1]
        if len(self.names) != self.data.shape[0] or ((bands > 1 or self.edges) and len(self.edges) != bands + 1):
            raise ValueError("a mask needs one name a stem and one more edge than bands")
        if self.data.size and not (self.data.min() >= 0 and self.data.max() <= 1):
            raise ValueError("a mask lies between 0 and 1")


@value
@dataclass(frozen=True, eq=False)
class Embedding(Value):
    """A vector that stands for a text or a sound.

    Attributes:
        vector: float32 [dimension].
        space: id and revision of the model whose space this is.
    """

    vector: Float
    space: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "vector", freeze(self.vector, np.float32, 1, "an embedding [dimension]"))
