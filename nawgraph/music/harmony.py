"""Chord progressions: loops that a style is known for, or phrases derived from harmonic functions.

The grammar follows the usual functional model (tonic → subdominant → dominant → tonic; Riemann, and for its use as a
generative grammar Rohrmeier, "Towards a generative syntax of tonal harmony", 2011): a phrase opens on the tonic, each
chord leads to one its function allows, an applied dominant may be put before a degree, and the end is a cadence.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from nawgraph.music.numerals import numeral_of, parse_numeral
from nawgraph.music.streams import chance, pick, stream, weighted
from nawgraph.music.styles import Style
from nawgraph.music.theory import is_home, is_minor, scale
from nawgraph.values import Chord, Key

FULL, HALF, PLAGAL, DECEPTIVE = "full", "half", "plagal", "deceptive"

_FUNCTIONS: dict[bool, dict[str, dict[str, float]]] = {
    False: {
        "I": {"IV": 3, "vi": 2.5, "ii": 2.5, "V": 1.5, "iii": 1, "V7/ii": 0.5, "V7/IV": 0.5},
        "ii": {"V": 5, "viio": 0.6, "V7/V": 0.5, "IV": 0.5},
        "iii": {"vi": 3, "IV": 2, "ii": 1},
        "IV": {"V": 3, "I": 1.5, "ii": 1.5, "iv": 0.7, "V7/V": 0.5},
        "iv": {"I": 2, "V": 1.5},
        "V": {"I": 4, "vi": 1.5, "IV": 0.4},
        "vi": {"ii": 2.5, "IV": 2.5, "V": 1, "iii": 0.7, "V7/V": 0.7},
        "viio": {"I": 3, "iii": 0.7},
        "V7/ii": {"ii": 1}, "V7/IV": {"IV": 1}, "V7/V": {"V": 1},
    },
    True: {
        "i": {"iv": 3, "VI": 2.5, "VII": 1.5, "iio": 1, "III": 1.2, "v": 0.8, "V7/iv": 0.5},
        "iio": {"V": 5, "VII": 0.7},
        "III": {"VI": 2.5, "iv": 1.5, "VII": 1.5},
        "iv": {"V": 2.5, "VII": 2, "i": 1.5, "iio": 0.7, "bII": 0.3},
        "v": {"VI": 2, "i": 1.5, "iv": 1},
        "V": {"i": 4, "VI": 1.5},
        "VI": {"iv": 2, "III": 1.5, "VII": 2, "iio": 1, "V": 0.7},
        "VII": {"III": 2.5, "i": 2, "VI": 1.2},
        "bII": {"V": 2, "i": 1}, "V7/iv": {"iv": 1},
    },
}  # fmt: skip
_CADENCES = {
    (False, FULL): ("ii V I", "IV V I", "V I"), (True, FULL): ("iio V i", "iv V i", "VI V i"),
    (False, HALF): ("IV V", "ii V", "vi V"), (True, HALF): ("iv V", "VI V", "i V"),
    (False, PLAGAL): ("IV I", "iv I"), (True, PLAGAL): ("iv i", "VII i"),
    (False, DECEPTIVE): ("V vi",), (True, DECEPTIVE): ("V VI",),
}  # fmt: skip


def phrase(minor: bool, chords: int, cadence: str, rng: np.random.Generator) -> list[str]:
    """Numerals of a phrase of `chords` chords by the grammar, from the tonic to the cadence."""
    ending = pick(rng, _CADENCES[minor, cadence]).split()[-max(1, chords - 1) :]
    table = _FUNCTIONS[minor]
    line = ["i" if minor else "I"]
    while len(line) < chords - len(ending):
        last = len(line) == chords - len(ending) - 1
        options = {
            name: weight
            for name, weight in table[line[-1]].items()
            if name != ending[0] and not (last and "/" in name and name.split("/")[1] != ending[0])
        }
        line.append(weighted(rng, options or table[line[-1]]))
    return (line + ending)[-chords:] if chords > 1 else line


def progression(style: Style, mode: str, chords: int, closing: str, order: int, seed: int, label: str) -> list[str]:
    """Numerals for a section: a loop of the style or a derived phrase, repeated to `chords` chords.

    Args:
        style: whose vocabulary.
        mode: of the key.
        chords: how many chords the section has.
        closing: cadence at the end of a derived phrase.
        order: which label of the song this is, 0 for the first: each takes another loop, so that sections differ.
        seed: of the song.
        label: of the section.
    """
    minor = is_minor(mode)
    rng = stream(seed, "harmony", label, minor, style.name)
    if not chance(rng, style.grammar):
        loops = style.minor if minor else style.major
        shuffled = stream(seed, "loops", minor, style.name).permutation(len(loops))
        loop = loops[int(shuffled[order % len(loops)])].split()
        return [loop[i % len(loop)] for i in range(chords)]
    length = 8 if chords % 8 == 0 and chance(rng, 0.5) else 4
    first = phrase(minor, length, HALF if chance(rng, 0.5) else DECEPTIVE, rng)
    opening = first[: length // 2]
    if "/" in opening[-1]:
        opening[-1] = "V"  # an applied dominant would not resolve where the answer turns back
    answer = [*opening, *phrase(minor, length - length // 2, closing, rng)]
    both = first + answer
    line = [both[i % len(both)] for i in range(chords)]
    if chords % len(both) and chords >= 2:
        line[-2:] = phrase(minor, 3, closing, rng)[-2:]
    return line


@lru_cache(maxsize=4096)
def _parsed(numeral: str, tonic: int, mode: str) -> Chord:
    return parse_numeral(numeral, Key(0, tonic, mode))


def spelled(numeral: str, key: Key, start: int, length: int) -> Chord:
    """The chord of a numeral in a key, placed in time."""
    chord = _parsed(numeral, key.tonic, key.mode)
    return Chord(start, length, chord.root, chord.quality, chord.bass, numeral)


_SEVENTHS = {"min": "min7", "dim": "m7b5"}
_NINTHS = {"maj7": "maj9", "min7": "min9", "7": "9"}


def coloured(chord: Chord, key: Key, style: Style, rng: np.random.Generator) -> Chord:
    """A triad with the sevenths and ninths that the style likes, its numeral rewritten.

    Dominants get a minor seventh, other major triads a major seventh where the scale has it. Ninths only where the
    scale has them (no phrygian ninths), never on applied chords. The tonic, a point of rest, gets less of both.
    """
    calm = (0.6, 0.3) if is_home(chord, key) else (1.0, 1.0)
    seventh, ninth = (chance(rng, wish * share) for wish, share in zip(style.colour, calm, strict=True))
    quality, tones = chord.quality, set(scale(key))
    if not seventh or quality not in ("maj", "min", "dim", "7"):
        return chord
    if quality == "maj":
        quality = "maj7" if (chord.root + 11) % 12 in tones else "7"
    else:
        quality = _SEVENTHS.get(quality, quality)
    if ninth and (chord.root + 2) % 12 in tones and "/" not in chord.numeral:
        quality = _NINTHS.get(quality, quality)
    if quality == chord.quality:
        return chord
    plain = Chord(chord.start, chord.length, chord.root, quality, chord.bass)
    return Chord(chord.start, chord.length, chord.root, quality, chord.bass, numeral_of(plain, key))
