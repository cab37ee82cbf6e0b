"""How near the codec comes to sounds of the test split, beside Opus at the same rate and chance.

Distances are those by which codecs are judged, measured on the sound that comes out; the decoder was trained on
magnitudes of one transform. Opus gets at least the bits that the codec has, its container included.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import soundfile

from nawgraph.audio.resample import resample
from nawgraph.models.codec.house import HouseCodec
from nawgraph.models.codec.spectra import RATE
from nawgraph.training.codec.sounds import I16
from nawgraph.values import Audio

F32 = npt.NDArray[np.float32]

WINDOWS = (32, 64, 128, 256, 512, 1024, 2048)
MELS = (5, 10, 20, 40, 80, 160, 320)
"""The seven resolutions of the mel distance of Kumar et al. 2023."""


@dataclass(frozen=True)
class Row:
    """A figure of the codec, its first two codebooks, unrounded latents, Opus, another sound, and the target."""

    name: str
    codec: float
    structure: float | None = None
    continuous: float | None = None
    opus: float | None = None
    chance: float | None = None
    target: str = ""
    met: bool | None = None


def evaluate(codec: HouseCodec, sounds: Sequence[I16], say: Callable[[str], None] = print) -> Iterator[Row]:
    """The table, row by row. Args: the codec, test sounds, who is told what is being done."""
    names = ("codec", "structure", "continuous", "opus", "chance")
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    rates: list[tuple[float, float]] = []
    used = np.zeros((codec.books, codec.size))
    for index, sound in enumerate(sounds):
        x = _floats(sound)
        other = np.resize(_floats(sounds[index - 1]), len(x))
        audio = {"sound": Audio(x[None], RATE)}
        tokens, first = codec.encode(audio), codec.encode(audio, 2)
        for book in range(codec.books):
            used[book] += np.bincount(tokens.codes[0, 0, book], minlength=codec.size)
        bits = tokens.codes[0].size * np.log2(codec.size)
        ogg, spent = opus(x[None], bits)
        rates.append((bits / len(x) * RATE / 1000, spent / len(x) * RATE / 1000))
        made = {
            "codec": codec.decode(tokens)["sound"].samples[0],
            "structure": codec.decode(first)["sound"].samples[0],
            "continuous": codec.from_latents(codec.latents(audio))["sound"].samples[0, : len(x)],
            "opus": ogg[0],
            "chance": other,
        }
        for name, y in made.items():
            found[name].append((mel_distance(x, y), stft_distance(x, y)))
        say(f"{index + 1} of {len(sounds)} sounds")
    for place, name in enumerate(("mel distance, seven windows", "STFT distance, two windows")):
        values = [float(np.mean([pair[place] for pair in found[kind]])) for kind in names]
        codec_, structure, continuous, opus_, chance = values
        yield Row(name, codec_, structure, continuous, opus_, chance, "below Opus", codec_ < opus_)
    kbps = [float(np.mean(column)) for column in zip(*rates, strict=True)]
    yield Row("kbit/s", kbps[0], opus=kbps[1], target="≤ 8", met=kbps[0] <= 8.0 and kbps[0] <= kbps[1])
    share = used / used.sum(axis=1, keepdims=True)
    entropy = -(share * np.log(np.maximum(share, 1e-12))).sum(axis=1)
    yield Row(f"perplexity of the least used codebook, of {codec.size}", float(np.exp(entropy.min())))


def _floats(sound: I16) -> F32:
    return np.asarray(np.asarray(sound, np.float32) / 32767, np.float32)


def opus(x: F32, bits: float, rate: int = RATE) -> tuple[F32, float]:
    """A sound [channels, frames] through Opus at the lowest setting that spends at least so many bits, and those."""
    level = 1.0 - max(0.0, bits / x.size * rate - 6000) / 250_000
    wide = resample(x, rate, 48_000).T
    while True:
        file = io.BytesIO()
        soundfile.write(file, wide, 48_000, format="OGG", subtype="OPUS", compression_level=max(level, 0.0))
        spent = float(8 * file.tell())
        if spent >= bits or level <= 0:
            break
        level -= 0.002
    file.seek(0)
    heard, found = soundfile.read(file, dtype="float32", always_2d=True)
    made = np.asarray(resample(heard.T, found, rate), np.float32)
    return np.pad(made, ((0, 0), (0, max(0, x.shape[1] - made.shape[1]))))[:, : x.shape[1]], spent


def _magnitudes(x: F32, size: int) -> F32:
    """STFT magnitudes [frames, bins], Hann window, a quarter of it between frames."""
    padded = np.pad(x, (size // 2, size + size // 2))
    rows = np.lib.stride_tricks.sliding_window_view(padded, size)[:: max(1, size // 4)]
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)).astype(np.float32)
    return np.asarray(np.abs(np.fft.rfft(rows * window, axis=1)), np.float32)


def mel_distance(a: F32, b: F32) -> float:
    """Sum over seven windows of the mean distance of log10 mel magnitudes."""
    total = 0.0
    for size, count in zip(WINDOWS, MELS, strict=True):
        bank = _mel(size, count)
        logs = [np.log10(np.maximum(_magnitudes(x, size) @ bank, 1e-5)) for x in (a, b)]
        total += float(np.abs(logs[0] - logs[1]).mean())
    return total


def stft_distance(a: F32, b: F32) -> float:
    """Sum over two windows of the mean distances of log10 powers and of magnitudes."""
    total = 0.0
    for size in (2048, 512):
        p, q = _magnitudes(a, size), _magnitudes(b, size)
        logs = 2 * np.abs(np.log10(np.maximum(p, 1e-5)) - np.log10(np.maximum(q, 1e-5)))
        total += float(logs.mean() + np.abs(p - q).mean())
    return total


def _mel(size: int, count: int) -> F32:
    """Triangles of the mel scale (HTK) of equal areas, float32 [bins, count]."""
    top = 2595 * np.log10(1 + RATE / 2 / 700)
    edges = 700 * (10 ** (np.linspace(0, top, count + 2) / 2595) - 1)
    bins = np.arange(size // 2 + 1)[:, None] * RATE / size
    rise, fall = (bins - edges[:-2]) / np.diff(edges)[:-1], (edges[2:] - bins) / np.diff(edges)[1:]
    return np.asarray(np.maximum(0, np.minimum(rise, fall)) * (2 / (edges[2:] - edges[:-2])), np.float32)
