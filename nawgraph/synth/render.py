"""Score in, stems out: every part on its instrument, every onset on the sample the grid says."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from nawgraph.synth.catalogue import INSTRUMENTS, instrument_id
from nawgraph.synth.envelopes import faded
from nawgraph.synth.instrument import CHOKE, Desk, Phrase, Tone
from nawgraph.values import PPQ, STEMS, Audio, Part, Score, Stems

F32 = npt.NDArray[np.float32]

TAIL_SECONDS = 3
"""Seconds after the last bar that a rendering with a tail keeps; the last second of them fades to silence."""

HEADROOM = -6.0
"""dB that every stem is lowered by, so that a full arrangement stays below full scale."""


class Span(NamedTuple):
    """Frames from `begin` to before `end`."""

    begin: int
    end: int


def render(
    score: Score, rate: int = 44100, *, seed: int = 0, tail: bool = True, span: tuple[int, int] | None = None
) -> Stems:
    """Play a score.

    A note begins on ``grid.samples(note.start, rate)`` plus its shift, and the stems are exactly
    ``grid.frames(rate)`` frames long, plus ``TAIL_SECONDS · rate`` with a tail. Without one they fade
    over the last 6 ms. Notes that would begin before the song begin with it.

    Args:
        score: what to play.
        rate: Hz, 8,000 to 384,000.
        seed: of all that chance decides (noise, phases, takes); the same seed gives the same bits.
        tail: keep what sounds after the last bar.
        span: (first bar, number of bars), counted from 0: only these bars, sample for sample as they are in the
            whole song, with whatever still sounds of the notes before them. A span has no tail of its own.

    Returns:
        Stereo stems drums, bass, vocals, other; empty ones are silent.

    Raises:
        ValueError: an unknown stem or instrument, a span outside the song, an odd rate.
    """
    if not 8_000 <= rate <= 384_000:
        raise ValueError(f"rate must be between 8,000 and 384,000 Hz, got {rate!r}")
    strange = next((part for part in score.parts if part.stem not in STEMS), None)
    if strange is not None:
        raise ValueError(f"the part {strange.name!r} has the stem {strange.stem!r}; stems are {', '.join(STEMS)}")
    whole = score.grid.frames(rate) + (TAIL_SECONDS * rate if tail else 0)
    window = Span(0, whole) if span is None else _window(score, span, rate)
    mixed = {name: np.zeros((2, window.end - window.begin), np.float32) for name in STEMS}
    for part in score.parts:
        _play(part, score, window, mixed[part.stem], rate, seed)
    for sound in mixed.values():
        _close(sound, window, whole, rate if tail else round(CHOKE * rate))
    return Stems.of({name: Audio(sound, rate) for name, sound in mixed.items()})


def tones_of(part: Part, score: Score, rate: int) -> list[Tone]:
    """The notes of a part in samples, sorted by start and pitch."""
    if not part.notes:
        return []
    starts = np.array([note.start for note in part.notes], np.int64)
    ends = np.array([note.end for note in part.notes], np.int64)
    shifts = np.array([note.shift for note in part.notes], np.int64)
    shift = (shifts * rate + 500_000) // 1_000_000
    begin = np.maximum(score.grid.samples(starts, rate) + shift, 0)
    length = np.maximum(score.grid.samples(ends, rate) + shift - begin, 1)
    straight = starts // PPQ * PPQ
    beat = score.grid.samples(straight + PPQ, rate) - score.grid.samples(straight, rate)
    top = 127 if part.stem == "drums" else highest(rate)
    tones = [
        Tone(int(begin[i]), int(length[i]), _folded(note.pitch, top), note.velocity, i, note.syllable, int(beat[i]))
        for i, note in enumerate(part.notes)
    ]
    return sorted(tones, key=lambda tone: (tone.start, tone.pitch))


def highest(rate: int) -> int:
    """The highest pitch that instruments play at a sample rate: its fundamental is at most 0.3 of the rate.

    All of MIDI from 41.9 kHz on. Above it a string has no whole delay and a filter no stable place.
    """
    return min(127, math.floor(69 + 12 * math.log2(0.3 * rate / 440)))


def _folded(pitch: int, top: int) -> int:
    """A pitch, down by as many octaves as bring it below `top`."""
    return pitch if pitch <= top else pitch - 12 * -((top - pitch) // 12)


def _window(score: Score, span: tuple[int, int], rate: int) -> Span:
    first, bars = span
    if first < 0 or bars < 1 or first + bars > score.grid.bars:
        raise ValueError(f"span must lie within the {score.grid.bars} bars of the song, got {bars} from bar {first}")
    begin, end = (score.grid.samples(score.grid.bar_start(bar), rate) for bar in (first, first + bars))
    return Span(begin, end)


def _play(part: Part, score: Score, window: Span, out: F32, rate: int, seed: int) -> None:
    """Add a part to its stem. Phrases are added in their order, so that a span has the bits of the whole."""
    from nawgraph.synth import kernels

    instrument = INSTRUMENTS[instrument_id(part, score.style)]
    desk = Desk(rate, (seed, part.stem, part.name))
    gain = 10 ** ((instrument.level + part.gain + HEADROOM) / 20)
    angle = math.pi / 4 * (1 + min(max(part.pan, -1), 1))
    left, right = (gain * math.sqrt(2) * side for side in (math.cos(angle), math.sin(angle)))
    for phrase in instrument.phrases(tones_of(part, score, rate), rate):
        if phrase.start < window.end and _last(phrase, instrument.tail(rate)) > window.begin:
            sound = instrument.play(phrase, desk)
            if phrase.stop is not None:
                sound = faded(sound, phrase.stop - phrase.start, round(CHOKE * rate))
            kernels.place(sound, left, right, phrase.start - window.begin, out)


def _last(phrase: Phrase, tail: int) -> int:
    """Frame after which a phrase is silent."""
    return phrase.end + tail if phrase.stop is None else min(phrase.stop, phrase.end + tail)


def _close(sound: F32, window: Span, whole: int, fade: int) -> None:
    """Fade the last `fade` frames of the song to silence, as far as the window shows them."""
    begin = max(window.begin, whole - fade)
    if begin < window.end:
        left = np.arange(whole - begin, whole - window.end, -1) - 1
        sound[:, begin - window.begin :] *= (np.sin(np.pi / 2 * left / fade) ** 2).astype(np.float32)
