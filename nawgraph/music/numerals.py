"""Roman numerals: chords relative to a key, with applied dominants and borrowed chords.

``ii7 V7 Imaj7``, ``V7/V``, ``viio7/ii``, ``bVI``, ``iv`` in major, ``V/3`` (third in the bass), ``Vsus4``, ``I5``.

Degrees count in the key's own scale: ``VI`` in C minor is A♭, in C major A (with its accidental a numeral counts from
the *major* scale: ``bVI`` is A♭ in both). Upper case has a major third, lower case a minor one; ``o`` or ``°``
diminished, ``ø`` half-diminished, ``+`` augmented; ``viio`` in minor keys stands on the raised leading note. ``6`` is
an added sixth, never a figured bass; ``♮VI`` is the sixth degree of the major scale in any key.
"""

from __future__ import annotations

import re

from nawgraph.music.theory import CHORDS, MODES, is_minor
from nawgraph.values import Chord, Key

DEGREES = ("I", "II", "III", "IV", "V", "VI", "VII")
_NUMERAL = re.compile(
    r"(?P<sign>[b#♭♯♮]?)(?P<degree>VII|VI|IV|V|III|II|I|vii|vi|iv|v|iii|ii|i)"
    r"(?P<form>°|ø|o|0|\+|dim|aug)?(?P<ext>maj7|maj9|M7|M9|m7b5|7|9|6|sus2|sus4|5)?"
    r"(?:/(?P<bass>[357]))?(?:/(?P<of>[b#♭♯♮]?[iIvV]+))?"
)
_BASS_STEP = {"3": 1, "5": 2, "7": 3}
_EXTENDED = {
    ("maj", "7"): "7", ("maj", "9"): "9", ("maj", "6"): "6", ("min", "7"): "min7", ("min", "9"): "min9",
    ("min", "6"): "min6", ("dim", "7"): "dim7", ("half", "7"): "m7b5", ("half", ""): "m7b5", ("aug", ""): "aug",
}  # fmt: skip
_SIGNS = {"b": -1, "♭": -1, "♮": 0, "#": 1, "♯": 1}
_FORMS = {"dim": "°", "dim7": "°7", "m7b5": "ø7", "aug": "+"}


def parse_numeral(numeral: str, key: Key, start: int = 0, length: int = 1) -> Chord:
    """The chord that a Roman numeral stands for in a key.

    Args:
        numeral: as in the module's examples.
        key: the key it is read in.
        start: tick of the chord.
        length: its ticks.

    Raises:
        ValueError: not a Roman numeral, or a chord that nawgraph has no quality for.
    """
    found = _NUMERAL.fullmatch(numeral.strip())
    if not found:
        raise ValueError(f"{numeral!r} is no Roman numeral: write for example ii7, V7/V, bVI or I/3")
    home = key
    if found["of"]:
        target = parse_numeral(found["of"], key)
        home = Key(key.bar, target.root, "minor" if target.quality.startswith(("min", "m7")) else "major")
    root = _root(found, home)
    quality = _quality(found, numeral)
    bass = -1
    if found["bass"]:
        tones = CHORDS[quality]
        step = _BASS_STEP[found["bass"]]
        if step >= len(tones):
            raise ValueError(f"{numeral!r} asks for a seventh in the bass, but the chord has none")
        bass = (root + tones[step]) % 12
    return Chord(start, length, root, quality, bass, numeral.strip())


def _root(found: re.Match[str], key: Key) -> int:
    degree = DEGREES.index(found["degree"].upper())
    sign = found["sign"]
    if sign:
        return (key.tonic + MODES["major"][degree] + _SIGNS[sign]) % 12
    leading = degree == 6 and found["form"] in ("°", "o", "dim") and is_minor(key.mode)
    return (key.tonic + (11 if leading else MODES[key.mode][degree])) % 12


def _quality(found: re.Match[str], numeral: str) -> str:
    form, ext = found["form"] or "", (found["ext"] or "").replace("M", "maj")
    if ext in ("sus2", "sus4", "5", "m7b5"):
        return ext
    if form in ("°", "o", "dim"):
        triad = "dim"
    elif form in ("ø", "0"):
        triad = "half"
    elif form in ("+", "aug"):
        triad = "aug"
    else:
        triad = "maj" if found["degree"].isupper() else "min"
    if ext in ("maj7", "maj9") and triad == "maj":
        return ext
    quality = _EXTENDED.get((triad, ext), triad if not ext else "")
    if not quality:
        raise ValueError(f"{numeral!r} is a chord without a name here; use one of {', '.join(CHORDS)}")
    return quality


def numeral_of(chord: Chord, key: Key) -> str:
    """The Roman numeral of a chord in a key: the way back, for people. Foreign roots get an accidental."""
    step = (chord.root - key.tonic) % 12
    form = _FORMS.get(chord.quality)
    tail = form if form else ("" if chord.quality == "maj" else chord.quality.removeprefix("min"))
    name = _degree_name(step, key.mode, form in ("°", "°7"))
    return (name.lower() if chord.quality.startswith(("min", "dim", "m7")) else name) + tail


def _degree_name(step: int, mode: str, diminished: bool) -> str:
    own, major = MODES[mode], MODES["major"]
    if diminished and is_minor(mode) and step in (10, 11):
        return "VII" if step == 11 else "bVII"
    if step in own:
        return DEGREES[own.index(step)]
    if step in major:
        return "♮" + DEGREES[major.index(step)]
    return "b" + DEGREES[major.index((step + 1) % 12)]
