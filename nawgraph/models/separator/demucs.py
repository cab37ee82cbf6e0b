"""Demucs (Rouard, Massa, Défossez 2023) behind the protocol of separators; its networks are those of its package.

A song goes through in overlapping segments, each with what is around it, faded into one another by triangles, as the
package does it; but the shifts come from a seed, every segment is a place to stop, and what the network sees at once
does not grow with the song. A bag is several networks whose stems are averaged with weights.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

from nawgraph.audio import large
from nawgraph.models.checkpoints import Layout
from nawgraph.values import STEMS
from nawgraph.values.signal import Float

F32 = npt.NDArray[np.float32]

BAG = "models."
"""Before the names of weights of a bag: ``models.0.``, ``models.1.`` …"""

KNOWN = {"demucs.htdemucs.HTDemucs": ("demucs.htdemucs", "HTDemucs"),
         "demucs.hdemucs.HDemucs": ("demucs.hdemucs", "HDemucs")}  # fmt: skip
"""Classes that a file may name. No other is imported, whatever it says."""

SHIFT = 0.5
"""Seconds by which a shift moves the song at most."""

SILENT = 1e-6
"""RMS below which there is nothing to take apart: −120 dBFS."""


@dataclass(frozen=True)
class Job:
    """A segment of a pass: which network, how the pass is moved, first sample in the song, samples, of so many."""

    index: int
    move: int | None
    begin: int
    length: int
    size: int

    @property
    def ramp(self) -> F32:
        """Weight of each sample: a triangle, cut where the song ends."""
        made = np.minimum(np.arange(1, self.size + 1), np.arange(self.size, 0, -1))
        return np.asarray(made[: self.length] / made.max(), np.float32)


class Demucs:
    """Takes sound apart by one network or a bag of them. Any number of threads may use one.

    Args:
        networks: of the package.
        weights: of each network's stems, [networks][stems].
        segment: seconds worked on at once; None for what the networks were trained with.

    Raises:
        ValueError: the networks do not belong together.
    """

    shifts = True
    """That `separate` can move the song."""

    def __init__(
        self, networks: Sequence[Any], weights: Sequence[Sequence[float]] | None, segment: float | None
    ) -> None:
        first = networks[0]
        self.sources = tuple(str(s) for s in first.sources)
        if any((n.sources, n.samplerate, n.audio_channels) != (first.sources, first.samplerate, first.audio_channels)
               for n in networks):  # fmt: skip
            raise ValueError("the networks of the bag have other stems, another rate or other channels")
        if first.audio_channels != 2:
            raise ValueError(f"the network hears {first.audio_channels} channels, and not 2")
        self.rate = int(first.samplerate)
        self.networks = [network.eval() for network in networks]
        table = np.ones((len(networks), len(self.sources))) if weights is None else np.asarray(weights, np.float64)
        if table.shape != (len(networks), len(self.sources)) or not (table.sum(axis=0) > 0).all():
            raise ValueError("the weights of the bag must be one row a network and one number a stem, none without any")
        self._weights = table / table.sum(axis=0)
        for network in networks:
            if segment is not None and segment <= network.segment:
                network.segment = segment
        self.names = tuple(s for s in STEMS if s in self.sources) + tuple(s for s in self.sources if s not in STEMS)

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""
        return sum(p.numel() * p.element_size() for n in self.networks for p in n.parameters())

    def to(self, device: str) -> None:
        """Move the networks to a device."""
        for network in self.networks:
            network.to(device)

    def separate(
        self, mixture: Float, steps: Callable[[int, str], Iterable[int]] | None = None, *, shifts: int = 0,
        overlap: float = 0.25, seed: int = 0,
    ) -> F32:  # fmt: skip
        """The stems of a mixture, float32 [stems, 2, samples], in the order of `names`.

        Args:
            mixture: [2, samples] at `rate`, finite.
            steps: iterates over a number of steps with a label, showing progress; a place to stop.
            shifts: how often it is done, moved in time by chance each time, and averaged; 0: once, not moved.
            overlap: share of a segment that the next one covers as well.
            seed: of the shifts.
        """
        order = [self.sources.index(name) for name in self.names]
        length = mixture.shape[1]
        mean, deviation = _spread(mixture)
        found = large.zeros(len(self.sources), 2, length)
        if deviation < SILENT:
            return found
        ready = large.zeros(2, length)
        for span in large.blocks(length):
            ready[:, span] = (mixture[:, span] - mean) / deviation
        passes = [(index, move) for index in range(len(self.networks)) for move in self._moves(shifts, seed)]
        jobs = [job for one in passes for job in self._jobs(*one, length, overlap)]
        at: tuple[int, int | None] | None = None
        for number in steps(len(jobs), "separate") if steps else range(len(jobs)):
            job = jobs[number]
            if at != (job.index, job.move):
                at, weights = (job.index, job.move), self._sums(job.index, job.move, length, overlap)
            share = (self._weights[job.index] * len(self.networks) / len(passes)).astype(np.float32)
            self._add(job, ready, weights, share, order, found)
        found *= np.float32(deviation)
        found += np.float32(mean)
        return large.done(found)

    def _moves(self, shifts: int, seed: int) -> list[int | None]:
        """Where each pass begins, in samples after half a second before the song; None: no pass is moved."""
        if not shifts:
            return [None]
        rng = np.random.Generator(np.random.Philox(key=[seed & (2**64 - 1), 41]))
        return [int(n) for n in rng.integers(0, self._most, shifts, endpoint=True)]

    @property
    def _most(self) -> int:
        """Samples that a pass is moved at most."""
        return int(SHIFT * self.rate)

    def _jobs(self, index: int, move: int | None, length: int, overlap: float) -> list[Job]:
        """The segments of a pass."""
        start = 0 if move is None else move - self._most
        size = int(self.rate * float(self.networks[index].segment))
        stride = max(1, int((1 - overlap) * size))
        every = (Job(index, move, b, min(size, length - b), size) for b in range(start, length, stride))
        return [job for job in every if job.begin + job.length > 0]

    def _sums(self, index: int, move: int | None, length: int, overlap: float) -> F32:
        """Sum of the weights of all segments of a pass, [samples of the song]."""
        made = large.zeros(length)
        for job in self._jobs(index, move, length, overlap):
            made[max(job.begin, 0) : job.begin + job.length] += job.ramp[max(-job.begin, 0) :]
        return made

    def _add(self, job: Job, song: F32, weights: F32, share: F32, order: list[int], found: F32) -> None:
        """Add what a network makes of a segment to the stems, in the order that is told, in place."""
        import torch

        network = self.networks[job.index]
        size = network.valid_length(job.length) if hasattr(network, "valid_length") else job.length
        heard = _cut(song, job.begin - (size - job.length) // 2, size)  # what is around the segment is heard, too
        device = next(network.parameters()).device
        with torch.no_grad():
            made = network(torch.from_numpy(heard[None]).to(device))[0].float().cpu().numpy()
        skip = (made.shape[2] - job.length) // 2 + max(-job.begin, 0)
        begin, end = max(job.begin, 0), job.begin + job.length
        ramp = job.ramp[max(-job.begin, 0) :] / weights[begin:end]
        found[:, :, begin:end] += (share[:, None, None] * (ramp * made[:, :, skip : skip + end - begin]))[order]


def _spread(mixture: Float) -> tuple[float, float]:
    """Mean and standard deviation of a mixture, folded down."""
    length = max(mixture.shape[1], 1)
    parts = list(large.blocks(mixture.shape[1]))
    mean = sum(float(mixture[:, s].mean(axis=0, dtype=np.float64).sum()) for s in parts) / length
    power = sum(float(((mixture[:, s].mean(axis=0, dtype=np.float64) - mean) ** 2).sum()) for s in parts)
    return mean, float(np.sqrt(power / length))


def _cut(song: F32, first: int, length: int) -> F32:
    """Samples of a song from `first` on, silence where it has none."""
    made = np.zeros((song.shape[0], length), np.float32)
    low, high = max(first, 0), min(first + length, song.shape[1])
    if high > low:
        made[:, low - first : high - first] = song[:, low:high]
    return made


# ------------------------------------------------------------------------------------------------ files


def decoded(data: Any) -> Any:
    """Arguments as JSON has them: fractions are written as mappings."""
    if isinstance(data, Mapping):
        if data.get("_type") == "fraction":
            return Fraction(int(data["numerator"]), int(data["denominator"]))
        return {str(k): decoded(v) for k, v in data.items()}
    return [decoded(v) for v in data] if isinstance(data, list) else data


def network_of(tensors: Mapping[str, Any], told: Mapping[str, Any]) -> Any:
    """A network of the package with weights.

    Args:
        tensors: by name.
        told: the class ("klass"), "args" and "kwargs" that made it.

    Raises:
        LookupError: the package demucs is not installed.
        ValueError: another class, or the first weight that is missing, too much or of another shape.
    """
    name = str(told["klass"])
    if name not in KNOWN:
        raise ValueError(f"it holds a {name}: nawgraph runs {', '.join(k.rpartition('.')[2] for k in KNOWN)}")
    try:
        klass = getattr(import_module(KNOWN[name][0]), KNOWN[name][1])
    except ImportError as error:
        raise LookupError(f"Demucs needs its package ({error}): install nawgraph[demucs]") from None
    import torch

    known = inspect.signature(klass).parameters
    args, kwargs = decoded(told.get("args", [])), decoded(told.get("kwargs", {}))
    with torch.random.fork_rng(devices=[]):  # initial weights are drawn, though they are not needed
        network = klass(*args, **{k: v for k, v in kwargs.items() if k in known})
    shapes = {key: list(value.shape) for key, value in network.state_dict().items()}
    for key, shape in shapes.items():
        if key not in tensors:
            raise ValueError(f"{key} is missing")
        if list(tensors[key].shape) != shape:
            raise ValueError(f"{key} is {list(tensors[key].shape)}, and not {shape}")
    extra = next((key for key in sorted(tensors) if key not in shapes), "")
    if extra:
        raise ValueError(f"{extra} belongs to no layer")
    network.load_state_dict({k: v.float() for k, v in tensors.items()})
    return network


def demucs(tensors: Mapping[str, Any], config: Mapping[str, Any], name: str, space: str) -> Demucs:
    """A Demucs of a file: one network, or a bag. Raises KeyError, TypeError, ValueError, LookupError."""
    del name, space
    bag = config.get("models")
    if bag is None:
        return Demucs([network_of(tensors, config)], None, None)
    parts = [
        {k.removeprefix(f"{BAG}{i}."): v for k, v in tensors.items() if k.startswith(f"{BAG}{i}.")}
        for i in range(len(bag))
    ]
    if sum(map(len, parts)) != len(tensors):
        raise ValueError(f"the config tells of {len(bag)} networks, and the file holds weights of others")
    return Demucs(
        [network_of(p, told) for p, told in zip(parts, bag, strict=True)], config.get("weights"), config.get("segment")
    )


def _rate(config: Mapping[str, Any]) -> int:
    first = config["models"][0] if "models" in config else config
    return int(first.get("kwargs", {}).get("samplerate", 44_100))


LAYOUTS = {
    "demucs": Layout("separator", ("tencoder.0.", "tdecoder.0."), demucs, _rate),
    "demucs-bag": Layout("separator", (f"{BAG}0.tencoder.0.", f"{BAG}0.tdecoder.0."), demucs, _rate),
}
