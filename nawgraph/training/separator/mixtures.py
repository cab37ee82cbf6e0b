"""Mixtures to learn from: stems of one song or of several, each with gain, place, colour, room and tempo of its own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from nawgraph.models.separator.bands import HOP, RATE
from nawgraph.training.render.songs import Example
from nawgraph.values import STEMS

F32 = npt.NDArray[np.float32]

TOGETHER, SILENT, SWAPPED, NARROWED, TINTED, ROOM, DRIVEN, BENT = 0.5, 0.08, 0.5, 0.2, 0.5, 0.12, 0.1, 0.25
"""Probabilities: all stems of one song; a stem is silent, has its sides swapped, its width changed, its colour changed,
a room, saturation, another speed."""

TRIES = 4
"""Moments tried for one at which a stem sounds."""


class Mixtures:
    """Draws mixtures. The n-th batch depends on the seed and n alone.

    Args:
        songs: with their sound.
        frames: length of a mixture in frames of the separator.
        seed: of all that is drawn.

    Raises:
        ValueError: no song is long enough.
    """

    def __init__(self, songs: Sequence[Example], frames: int, seed: int) -> None:
        self.length, self.seed = (frames - 1) * HOP, seed
        self.songs = [s for s in songs if s.facts["samples"] > 1.5 * self.length]
        if not self.songs:
            raise ValueError(f"no song is as long as {1.5 * self.length / RATE:.1f} s: make longer ones")

    def batch(self, number: int, size: int) -> F32:
        """Stems float32 [size, 4, 2, samples] of mixtures whose sum has the RMS 1 (0 where all are silent)."""
        rng = np.random.Generator(np.random.Philox(key=[self.seed, number]))
        return np.stack([self._mixture(rng) for _ in range(size)])

    def _mixture(self, rng: np.random.Generator) -> F32:
        together = rng.random() < TOGETHER
        song = self.songs[int(rng.integers(len(self.songs)))]
        speed = float(rng.uniform(0.88, 1.14)) if rng.random() < BENT else 1.0
        place = rng.random()
        stems = []
        for stem in STEMS:
            if not together:
                song = self.songs[int(rng.integers(len(self.songs)))]
                speed = float(rng.uniform(0.88, 1.14)) if rng.random() < BENT else 1.0
            sound = self._cut(song, stem, speed, place if together else None, rng)
            silent = rng.random() < SILENT
            stems.append(np.zeros_like(sound) if silent else varied(sound, rng, together))
        made = np.stack(stems)
        level = float(np.sqrt(np.mean(made.sum(axis=0) ** 2)))
        return np.asarray(made / level, np.float32) if level > 1e-5 else np.zeros_like(made)

    def _cut(self, song: Example, stem: str, speed: float, place: float | None, rng: np.random.Generator) -> F32:
        """A piece of a stem, [2, length]: at `place` (0 to 1), or where something sounds."""
        audio = song.audio(stem)
        wanted = int(self.length * speed) + 2
        for _ in range(1 if place is not None else TRIES):
            start = int((rng.random() if place is None else place) * (audio.shape[1] - wanted))
            piece = np.asarray(audio[:, start : start + wanted] / np.float32(32768), np.float32)
            if np.abs(piece).max() > 0.003:
                break
        if speed == 1.0:
            return np.ascontiguousarray(piece[:, : self.length])
        at = np.arange(self.length) * speed
        whole = at.astype(np.int64)
        part = (at - whole).astype(np.float32)
        return np.asarray(piece[:, whole] * (1 - part) + piece[:, whole + 1] * part, np.float32)


def varied(sound: F32, rng: np.random.Generator, gently: bool) -> F32:
    """A stem [2, samples] as another engineer would have it; `gently` keeps the level near the song's own."""
    x = sound
    if rng.random() < SWAPPED:
        x = x[::-1]
    if rng.random() < NARROWED:
        middle, side = (x[0] + x[1]) / 2, (x[0] - x[1]) / 2 * np.float32(rng.uniform(0, 1.5))
        x = np.stack([middle + side, middle - side])
    if rng.random() < DRIVEN:
        drive = np.float32(10 ** rng.uniform(0, 0.8) / max(float(np.abs(x).max()), 1e-3))
        x = np.tanh(x * drive) / drive
    if rng.random() < TINTED:
        x = _tinted(x, rng)
    if rng.random() < ROOM:
        x = _in_a_room(x, rng)
    spread = (-4, 4) if gently else (-9, 6)
    return np.ascontiguousarray(x * np.float32(10 ** (rng.uniform(*spread) / 20)), np.float32)


def _tinted(x: F32, rng: np.random.Generator) -> F32:
    """A smooth curve of ±6 dB over the octaves."""
    n = x.shape[1]
    octaves = np.log2(np.maximum(np.fft.rfftfreq(n, 1 / RATE), 20) / 20)
    curve = np.interp(octaves, np.linspace(0, 10, 6), np.clip(rng.normal(0, 3, 6), -6, 6))
    made = np.fft.irfft(np.fft.rfft(x, axis=1) * 10 ** (curve / 20), n, axis=1)
    return np.asarray(made, np.float32)


def _in_a_room(x: F32, rng: np.random.Generator) -> F32:
    """Noise that dies away in 0.2 to 1.2 s, apart for both sides, below the sound."""
    n = x.shape[1]
    seconds = rng.uniform(0.2, 1.2)
    length = int(seconds * RATE)
    tail = rng.normal(0, 1, (2, length)) * np.exp(-6.9 * np.arange(length) / length)
    tail *= 10 ** (rng.uniform(-18, -6) / 20) / np.sqrt(np.sum(tail**2, axis=1, keepdims=True))
    size = n + length
    wet = np.fft.irfft(np.fft.rfft(x, size, axis=1) * np.fft.rfft(tail, size, axis=1), size, axis=1)[:, :n]
    return np.asarray(x + wet, np.float32)
