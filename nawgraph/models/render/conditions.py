"""What the renderer hears of a score: notes turned into what their sound could look like.

A network that is told only pitch numbers must learn where each pitch lies in the spectrum. So every part comes as a
*template*: the harmonics of its notes in the bands of the render space, once as long as the notes are held and once
ringing on. What is left to learn is the instrument. Drums come as strokes a voice, four to a frame.

A part is a slot. Slots of one stem are heard by one encoder and added up, so that a stem may have any number of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from nawgraph.models.render.space import HOP, RATE, TONAL_BANDS, TONAL_SIZE, edges_of
from nawgraph.values import STEMS, Part, Score

F32 = npt.NDArray[np.float32]

HARMONICS = 40
RINGS = 0.6
"""Seconds in which a ringing template falls by 8.7 dB (to 1/e)."""

VOICES = (36, 38, 37, 39, 42, 46, 45, 50, 49, 51, 82, 75, 63, 54, 81, 56)
"""Percussion numbers that the drum slot tells apart: kick, snare, stick, clap, hats, toms, cymbals, small ones."""

_VOICE_OF = {
    35: 36, 40: 38, 44: 42, 41: 45, 43: 45, 47: 45, 48: 50, 52: 49, 55: 49, 57: 49, 53: 51, 59: 51, 69: 82, 70: 82,
    76: 75, 77: 75, 60: 63, 61: 63, 62: 63, 64: 63, 65: 63, 66: 63, 80: 81, 31: 37, 67: 56, 68: 56,
}  # fmt: skip

VOWELS = "aeiou"
TONAL_WIDTH = 2 * TONAL_BANDS + 3 + len(VOWELS) + 2
"""Numbers a frame of a tonal slot: two templates, onsets, level, pitch, vowel of the syllable, consonant, silence."""

DRUM_WIDTH = 4 * len(VOICES) + len(VOICES)
"""Numbers a frame of the drum slot: strokes in four quarters of the frame, and how much still rings, a voice."""

SILENT = 1e-6


@dataclass(frozen=True)
class Slot:
    """One part as the network hears it.

    Attributes:
        stem: name of its stem.
        instrument: id in the synthesiser's catalogue.
        frames: float32 [frames, TONAL_WIDTH or DRUM_WIDTH].
    """

    stem: str
    instrument: str
    frames: F32


@lru_cache(maxsize=1)
def note_bands() -> F32:
    """Power of a note's harmonics (1/h in amplitude) in each band, float32 [128 pitches, 128 bands].

    A harmonic leaks into the bins beside its own as the Hann window has it.
    """
    edges = edges_of("other")
    table = np.zeros((128, TONAL_BANDS))
    band = np.clip(np.searchsorted(edges, np.arange(TONAL_SIZE // 2 + 1), side="right") - 1, 0, TONAL_BANDS - 1)
    for pitch in range(128):
        first = 440 * 2 ** ((pitch - 69) / 12)
        numbers = np.arange(1, HARMONICS + 1)
        hertz = first * numbers
        numbers, hertz = numbers[hertz < 19_000], hertz[hertz < 19_000]
        places = hertz / RATE * TONAL_SIZE
        for offset in (-2, -1, 0, 1, 2):
            bins = np.round(places).astype(np.int64) + offset
            lobe = _hann_lobe(bins - places)
            ok = (bins >= 0) & (bins <= TONAL_SIZE // 2)
            np.add.at(table[pitch], band[bins[ok]], (lobe[ok] / numbers[ok]) ** 2)
    return table.astype(np.float32)


def _hann_lobe(distance: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Response of the Hann window at a distance in bins, 1 in the middle."""
    near = np.abs(1 - distance**2) < 1e-6
    value = np.sinc(distance) / np.where(near, 1.0, 1 - distance**2)
    return np.where(near, 0.5, value)


@dataclass(frozen=True)
class Notes:
    """Notes of a part in samples at 44.1 kHz.

    Attributes:
        rows: float64 [notes, 5]: first sample, sample of the end, pitch, level (0–1), syllable (0 none, 1–5 vowel,
            + 10 with a consonant).
    """

    stem: str
    instrument: str
    rows: npt.NDArray[np.float64]


def notes_of(part: Part, score: Score) -> Notes:
    """A part's notes as the renderer needs them, swing and shifts included."""
    from nawgraph.synth.catalogue import instrument_id

    spans = part.spans(score.grid, RATE)
    level = 10 ** (part.gain / 20)
    rows = np.array(
        [
            (a, b, n.pitch, level * (n.velocity / 127) ** 1.5, _syllable(n.syllable))
            for (a, b), n in zip(spans, part.notes, strict=True)
        ],
        np.float64,
    ).reshape(-1, 5)
    return Notes(part.stem, instrument_id(part, score.style), rows)


def _syllable(text: str) -> int:
    vowel = next((VOWELS.index(c) + 1 for c in text.lower() if c in VOWELS), 0)
    return vowel + (10 if vowel and text[0].lower() not in VOWELS else 0)


def slots(notes: Sequence[Notes], begin: int, frames: int) -> list[Slot]:
    """Slots of the parts that sound within `frames` frames from frame `begin` on."""
    found = []
    for part in notes:
        rows = _near(part.rows, begin, frames, 6.0 if part.stem == "drums" else 4.0)
        if len(rows):
            made = _drums(rows, begin, frames) if part.stem == "drums" else _tonal(rows, begin, frames)
            found.append(Slot(part.stem, part.instrument, made))
    return sorted(found, key=lambda slot: STEMS.index(slot.stem))


def _near(rows: Any, begin: int, frames: int, ring: float) -> Any:
    """Notes that sound in a window, or did within `ring` seconds before it."""
    first, last = (begin - 2) * HOP, (begin + frames + 2) * HOP
    return rows[(rows[:, 0] < last) & (rows[:, 1] > first - ring * RATE)]


def _tonal(rows: Any, begin: int, frames: int) -> F32:
    centre = (begin + np.arange(frames)) * float(HOP)
    held, rung = np.zeros((frames, TONAL_BANDS), np.float32), np.zeros((frames, TONAL_BANDS), np.float32)
    rest = np.zeros((frames, TONAL_WIDTH - 2 * TONAL_BANDS), np.float32)
    onset, level, pitch, vowel, consonant, silent = rest[:, 0], rest[:, 1], rest[:, 2], rest[:, 3:8], 8, 9
    half = TONAL_SIZE / 4
    table = note_bands()
    for start, end, number, gain, syllable in rows:
        low = max(int((start - 2 * half) // HOP) - begin, 0)
        high = min(int((max(end, start) + 3 * RATE) // HOP) + 2 - begin, frames)
        if high <= low:
            continue
        at = centre[low:high]
        rise = np.clip((at - start) / (2 * half) + 0.5, 0, 1) ** 2
        fall = np.clip((end - at) / (2 * half) + 0.5, 0, 1) ** 2
        power = table[int(number)] * np.float32(gain * gain)
        held[low:high] += (rise * fall).astype(np.float32)[:, None] * power
        ring = rise * np.exp(-2 * np.maximum(at - start, 0) / (RINGS * RATE))
        rung[low:high] += ring.astype(np.float32)[:, None] * power
        onset[low:high] += (gain * np.maximum(1 - np.abs(at - start) / HOP, 0)).astype(np.float32)
        now = (at >= start - HOP) & (at < end)
        level[low:high] = np.where(now, np.maximum(level[low:high], gain), level[low:high])
        pitch[low:high] = np.where(now, (number - 60) / 24, pitch[low:high])
        if syllable:
            sung = np.eye(len(VOWELS), dtype=np.float32)[int(syllable) % 10 - 1]
            vowel[low:high] = np.where(now[:, None], sung, vowel[low:high])
            if syllable > 10:
                rest[low:high, consonant] += np.maximum(1 - np.abs(at - start) / (2 * HOP), 0).astype(np.float32)
    rest[:, silent] = level == 0
    logs = [np.log10(t + SILENT) / 2 + 2 for t in (held, rung)]
    return np.concatenate([*logs, rest], axis=1).astype(np.float32)


def _drums(rows: Any, begin: int, frames: int) -> F32:
    made = np.zeros((frames, 5, len(VOICES)), np.float32)
    quarters = ((begin + np.arange(frames))[:, None] * HOP + np.arange(4) * (HOP // 4)).astype(np.float64)
    for start, _, number, gain, _ in rows:
        pitch = int(number)
        voice = VOICES.index(_VOICE_OF.get(pitch, pitch)) if _VOICE_OF.get(pitch, pitch) in VOICES else 2
        low = max(int(start // HOP) - 2 - begin, 0)
        if low >= frames:
            continue
        near = slice(low, min(low + 5, frames))
        made[near, :4, voice] += gain * np.maximum(1 - np.abs(quarters[near] - start) / (HOP / 4), 0)
        after = slice(low, min(int((start + 5 * RATE) // HOP) - begin, frames))
        age = quarters[after, 0] - start
        made[after, 4, voice] += np.where(age >= 0, gain * np.exp(-age / (0.5 * RATE)), 0)
    return made.reshape(frames, -1)
