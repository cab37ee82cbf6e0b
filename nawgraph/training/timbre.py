"""Whether the instrument that a prompt names is the one that is heard, told by a listener that knows the instruments.

The listener hears one part alone and reads its notes: the mean spectrum of the part and how much that moves, how strong
the harmonics of its notes are and how much lies between them, and how low, middle and high sounds of a stroke rise and
die away. It has learned from parts of composed songs that the instruments played, as they are and as the vocoder gives
them back, and has heard no planner and no renderer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from nawgraph.audio.onsets import onsets
from nawgraph.audio.resample import resample
from nawgraph.audio.spectrum import magnitudes, mel_bands
from nawgraph.music.compose import compose
from nawgraph.music.words import INSTRUMENTS
from nawgraph.synth.render import render
from nawgraph.training.listener import Listener
from nawgraph.training.whole import RATE, House, Row
from nawgraph.values import Audio, Score, Stems

Array = npt.NDArray[np.float64]

NAMED = (
    "piano", "electric piano", "organ", "nylon guitar", "electric guitar", "acoustic guitar", "synth pluck", "warm pad",
    "glass pad", "strings", "pizzicato strings", "brass", "saw lead", "square lead", "flute", "vibraphone", "bells",
    "acid bass", "reese bass", "upright bass", "sub bass", "808 bass",
)  # fmt: skip
"""Instruments that are asked for, one word each."""

_STYLES = ("house", "lo-fi", "funk", "orchestral", "ambient", "trap", "jazz", "techno")
_LOW = 22_050
_BANDS = 40
_AFTER = 12
"""Frames after a stroke whose level is looked at, 23 ms each."""

_NOTES = 48
"""Notes of a part that are looked at, at most."""

_HARMONICS = 12
_MOMENTS = (512, 4096)
"""Samples after a note's beginning at which its harmonics are looked at, 23 and 186 ms."""

_STROKE = (0, 1, 2, 3, 4, 6, 9, 14, 22, 30)
"""Steps of 12 ms from a note's beginning at which its level is looked at,"""

_REGIONS = (0, 800, 2500, 11_025)
"""Hz: of what lies between two of these."""


Way = tuple[Callable[[str, int], Score], Callable[[Score, int], Stems]]
"""From a prompt and a seed to a score, and from that to sound."""


def rows(house: House, a_name: int = 4, known: int = 12, say: Callable[[str], None] = print) -> Iterator[Row]:
    """The row of the table.

    Args:
        house: the networks.
        a_name: prompts for each of `NAMED`.
        known: parts of each that the listener learns from.
        say: told what is being done.
    """
    say("learning to tell instruments apart by ear")
    played: Way = (lambda text, seed: compose(text, 8, seed)), (lambda score, seed: render(score, RATE, seed=seed))
    through: Way = played[0], (lambda score, seed: _again(house, played[1](score, seed)))
    examples, names = [], []
    for word in NAMED:
        found = [x for way in (played, through) for i in range(known) if (x := _heard(way, word, 5000 + i)) is not None]
        examples += found
        names += [INSTRUMENTS[word]] * len(found)
    listener = Listener(np.array(examples), names, penalty=1.0)
    shares = []
    for way in ((house.write, house.paint), played):
        heard = [_heard(way, word, number) for word in NAMED for number in range(a_name)]
        wanted = [INSTRUMENTS[word] for word in NAMED for _ in range(a_name)]
        told = [x is not None and listener.name(x) == name for x, name in zip(heard, wanted, strict=True)]
        shares.append(float(np.mean(told)))
    name = f"instrument named in the prompt is the one heard, of {len(NAMED)}"
    yield Row(name, shares[0], shares[1], 1 / len(NAMED), "≥ 0.9", shares[0] >= 0.9)


def _again(house: House, stems: Stems) -> Stems:
    return house.vocoder.decode(house.vocoder.encode(stems), length=stems.frames)


def _heard(way: Way, word: str, number: int) -> Array | None:
    """Features of the named part of a song alone, None if there is none, or silence."""
    write, play = way
    score = write(f"{_STYLES[number % len(_STYLES)]}, {word}", number)
    parts = [p for p in score.parts if p.instrument == INSTRUMENTS[word] and p.notes]
    if not parts:
        return None
    most = max(parts, key=lambda p: len(p.notes))
    sound = play(replace(score, parts=(most,)), number)[most.stem]
    if np.abs(sound.samples).max(initial=0) <= 1e-4:
        return None
    starts = [start / RATE for start, _ in most.spans(score.grid, RATE)]
    return features(sound, list(zip(starts, (note.pitch for note in most.notes), strict=True)))


def features(sound: Audio, notes: Sequence[tuple[float, int]]) -> Array:
    """What is heard of one part, float64 [219]; its level makes no difference.

    Args:
        sound: the part alone.
        notes: when each of its notes begins, in seconds, and its pitch.
    """
    mono = resample(sound.samples, sound.rate, _LOW).mean(axis=0, keepdims=True)
    return np.concatenate([_colour(mono), _strokes(mono[0].astype(np.float64), notes)])


def _strokes(x: Array, notes: Sequence[tuple[float, int]]) -> Array:
    """Median and spread over notes of what `_stroke` hears, float64 [112]; zeros where there is no note to hear."""
    chosen = [notes[i] for i in np.unique(np.linspace(0, len(notes) - 1, min(len(notes), _NOTES)).astype(int))]
    silent, found = 1e-3 * np.abs(x).max(initial=0), []
    for seconds, pitch in chosen:
        part = x[max(round(seconds * _LOW) - 256, 0) :][:8448]
        if len(part) == 8448 and np.abs(part).max() > silent:
            found.append(_stroke(part, 440 * 2 ** ((pitch - 69) / 12)))
    if not found:
        return np.zeros(112)
    return np.concatenate([np.median(found, axis=0), np.std(found, axis=0)]) / 8


def _stroke(x: Array, pitch: float) -> Array:
    """One note, from 256 samples before it begins, float64 [56]: levels of its harmonics and of all that lies between
    them over that of the whole, in dB, at two moments; level of three regions at ten times over the highest, in dB."""
    heard: list[float] = []
    size, hertz = 2048, np.arange(2049) * _LOW / 4096
    for moment in _MOMENTS:
        spectrum = np.abs(np.fft.rfft(x[256 + moment : 256 + moment + size] * np.hanning(size), 4096))
        total = max(float(np.sqrt(np.square(spectrum).sum())), 1e-9)
        between = np.ones(len(spectrum), bool)
        for number in range(1, _HARMONICS + 1):
            near = np.abs(hertz - number * pitch) < max(0.02 * number * pitch, 16)
            between &= ~near
            heard.append(20 * np.log10(spectrum[near].max(initial=0) / total + 1e-3))
        heard.append(20 * np.log10(np.sqrt(np.square(spectrum[between]).sum()) / total + 1e-3))
    blocks = np.lib.stride_tricks.sliding_window_view(x, 512)[::256] * np.hanning(512)
    power = np.square(np.abs(np.fft.rfft(blocks, axis=1)))
    places = np.arange(257) * _LOW / 512
    for low, high in pairwise(_REGIONS):
        level = 10 * np.log10(power[:, (places >= low) & (places < high)].sum(axis=1) + 1e-9)
        heard += list(np.maximum(level - level.max(), -50)[list(_STROKE)])
    return np.array(heard)


def _colour(mono: npt.NDArray[np.float32]) -> Array:
    """What is heard without the notes, float64 [107]: the mean spectrum of the loud frames in 40 mel bands, how much
    each moves, its cepstrum, and the level after strokes, in frames of 23 ms and relative to the stroke's highest."""
    bands = mel_bands(_LOW, 1024, _BANDS) @ magnitudes(mono, _LOW, 1024, 512)
    top = max(float(bands.max()), 1e-9)
    level = 20 * np.log10(np.maximum(bands, 1e-4 * top))
    power = np.sqrt(np.square(bands).sum(axis=0))
    loud = power > 0.05 * power.max()
    spectrum, motion = level[:, loud].mean(axis=1), level[:, loud].std(axis=1)
    angles = np.pi * np.outer(np.arange(1, 16), (np.arange(_BANDS) + 0.5) / _BANDS)
    cepstrum = np.cos(angles) @ spectrum / _BANDS
    starts = np.round(onsets(mono, _LOW) * _LOW / 512).astype(int)
    strokes = [power[s : s + _AFTER] for s in starts if s + _AFTER <= len(power)]
    fall = [20 * np.log10(np.maximum(p / max(float(p.max()), 1e-9), 1e-2)) for p in strokes] or [np.zeros(_AFTER)]
    return np.concatenate([(spectrum - spectrum.mean()) / 6, motion / 6, cepstrum, np.mean(fall, axis=0) / 6])
