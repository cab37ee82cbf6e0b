"""Pitch on paper: note names, modes, chord qualities, keys as people write them. Roman numerals are in `numerals`.

Pitch classes count semitones from C (0) to B (11), MIDI pitches from C−1 (0) with 60 = middle C (C4).
Names use ASCII or the real signs: ``Eb`` = ``E♭``, ``F#`` = ``F♯``.
"""

from __future__ import annotations

import re

from nawgraph.values import Chord, Key

MODES: dict[str, tuple[int, ...]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "locrian": (0, 1, 3, 5, 6, 8, 10),
    "harmonic minor": (0, 2, 3, 5, 7, 8, 11),
    "melodic minor": (0, 2, 3, 5, 7, 9, 11),
    "phrygian dominant": (0, 1, 4, 5, 7, 8, 10),
}
"""Seven-note modes as semitones above the tonic."""

MODE_WORDS = {
    "maj": "major", "major": "major", "dur": "major", "ionian": "major", "min": "minor", "minor": "minor",
    "moll": "minor", "aeolian": "minor", "natural minor": "minor", "m": "minor",
} | {mode: mode for mode in MODES}  # fmt: skip
"""Words for modes, other spellings included."""

CHORDS: dict[str, tuple[int, ...]] = {
    "maj": (0, 4, 7), "min": (0, 3, 7), "dim": (0, 3, 6), "aug": (0, 4, 8), "7": (0, 4, 7, 10),
    "maj7": (0, 4, 7, 11), "min7": (0, 3, 7, 10), "m7b5": (0, 3, 6, 10), "dim7": (0, 3, 6, 9), "sus2": (0, 2, 7),
    "sus4": (0, 5, 7), "maj9": (0, 4, 7, 11, 14), "min9": (0, 3, 7, 10, 14), "9": (0, 4, 7, 10, 14),
    "6": (0, 4, 7, 9), "min6": (0, 3, 7, 9), "5": (0, 7),
}  # fmt: skip
"""Chord qualities as semitones above the root, ninths above the octave."""

SUFFIXES = {
    "maj": "", "min": "m", "dim": "°", "aug": "+", "7": "7", "maj7": "maj7", "min7": "m7", "m7b5": "ø7", "dim7": "°7",
    "sus2": "sus2", "sus4": "sus4", "maj9": "maj9", "min9": "m9", "9": "9", "6": "6", "min6": "m6", "5": "5",
}  # fmt: skip
"""What follows the root in a chord's name."""

SHARP_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
FLAT_NAMES = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
LETTERS = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}

_MODE_PATTERN = "|".join(sorted((w for w in MODE_WORDS if w != "m"), key=len, reverse=True))
KEY = re.compile(
    rf"(?<![\w#♯♭])(?P<letter>[A-Ga-g])(?:(?P<sign>[#♯b♭])|[\s-]?(?P<word>sharp|flat))?"
    rf"(?:(?P<m>m)(?![\w#♯♭])|[\s-]*(?P<mode>{_MODE_PATTERN})\b)",
    re.IGNORECASE,
)
"""A key in running text: a note name with ``m`` or a word for a mode: ``E♭ major``, ``Ebm``, ``f-sharp dorian``."""


def parse_note(name: str) -> int:
    """Pitch class of a note name: ``Eb`` → 3, ``B#`` → 0, ``F##`` → 7.

    Raises:
        ValueError: no note name.
    """
    found = re.fullmatch(r"([A-Ga-g])([#♯]{0,2}|[b♭]{0,2}|\s?sharp|\s?flat)", name.strip())
    if not found:
        raise ValueError(f"{name!r} is no note: write a letter from A to G, then # or b if needed")
    sign = {"sharp": "#", "flat": "b"}.get(found[2].strip(), found[2])
    shift = len(sign) * (1 if sign[:1] in "#♯" else -1)
    return (LETTERS[found[1].lower()] + shift) % 12


def parse_key(text: str, bar: int = 0) -> Key:
    """A key as people write it: ``E♭ major``, ``Ebm``, ``F# dorian``, ``C`` (major), ``c-moll``.

    Raises:
        ValueError: no such key.
    """
    text = text.strip()
    found = KEY.fullmatch(text)
    if found:
        return key_of_match(found, bar)
    try:
        return Key(bar, parse_note(text), "major")
    except ValueError:
        raise ValueError(f"there is no key {text!r}: write for example E♭ major, F#m or D dorian") from None


def key_of_match(found: re.Match[str], bar: int = 0) -> Key:
    """The key that a match of `KEY` names."""
    sign = found["sign"] or {"sharp": "#", "flat": "b", "": ""}[(found["word"] or "").lower()]
    mode = "minor" if found["m"] else MODE_WORDS[found["mode"].lower()]
    return Key(bar, parse_note(found["letter"] + sign.lower()), mode)


def scale(key: Key) -> tuple[int, ...]:
    """The seven pitch classes of a key, from its tonic up.

    Raises:
        ValueError: an unknown mode.
    """
    if key.mode not in MODES:
        raise ValueError(f"no mode {key.mode!r}; there are {', '.join(MODES)}")
    return tuple((key.tonic + step) % 12 for step in MODES[key.mode])


def is_minor(mode: str) -> bool:
    """Whether a mode has a minor third."""
    return 3 in MODES[mode]


def is_home(chord: Chord, key: Key) -> bool:
    """Whether a chord stands on the tonic with the key's own third (or none): I or i, whatever is added to it."""
    foreign = 4 if is_minor(key.mode) else 3
    return chord.root == key.tonic and foreign not in CHORDS[chord.quality]


def uses_flats(key: Key) -> bool:
    """Whether a key is written with flats: its relative major lies on the flat side of the circle of fifths."""
    brightness = {"lydian": 7, "major": 0, "mixolydian": 5, "dorian": 10, "phrygian": 8, "locrian": 1}
    major = (key.tonic + brightness.get(key.mode, 3 if is_minor(key.mode) else 0)) % 12
    return major in (5, 10, 3, 8, 1)


def note_name(pitch_class: int, flats: bool = False) -> str:
    """Name of a pitch class: 3 → ``D#``, with flats ``Eb``."""
    return (FLAT_NAMES if flats else SHARP_NAMES)[pitch_class % 12]


def pitch_name(pitch: int, flats: bool = False) -> str:
    """Name of a MIDI pitch: 60 → ``C4``."""
    return f"{note_name(pitch, flats)}{pitch // 12 - 1}"


def key_name(key: Key) -> str:
    """Name of a key: ``Eb major``, ``F# dorian``."""
    return f"{note_name(key.tonic, uses_flats(key))} {key.mode}"


def chord_name(chord: Chord, flats: bool = False) -> str:
    """Name of a chord: ``Cm7``, ``F/A``."""
    name = note_name(chord.root, flats) + SUFFIXES[chord.quality]
    return name if chord.bass in (-1, chord.root) else f"{name}/{note_name(chord.bass, flats)}"


def pitch_classes(chord: Chord) -> frozenset[int]:
    """Pitch classes of a chord, a foreign bass included."""
    tones = {(chord.root + step) % 12 for step in CHORDS[chord.quality]}
    return frozenset(tones | {chord.lowest})


def relative(key: Key) -> Key:
    """The relative minor of a key with a major third, the relative major of one with a minor third."""
    if is_minor(key.mode):
        return Key(key.bar, (key.tonic + 3) % 12, "major")
    return Key(key.bar, (key.tonic + 9) % 12, "minor")
