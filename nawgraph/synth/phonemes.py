"""From a written syllable to what a vocal tract does: vowels as formants, consonants as noise, gaps and hums.

Formants of sung vowels are the measured ones of soprano and tenor that Csound's manual lists (appendix
D, after work at IRCAM); consonant bands follow K. Stevens, Acoustic Phonetics, 1998. Spelling is read
letter by letter, close enough to English, German, Spanish, Italian and nonsense syllables to be sung.
"""

from __future__ import annotations

from dataclasses import dataclass

Formants = tuple[tuple[float, float, float], ...]
"""Five of (Hz, dB, bandwidth in Hz)."""

VOWELS: dict[str, dict[str, Formants]] = {
    "soprano": {
        "a": ((800, 0, 80), (1150, -6, 90), (2900, -22, 120), (3900, -20, 130), (4950, -36, 140)),
        "e": ((400, 0, 70), (2000, -12, 100), (2800, -15, 120), (3600, -28, 150), (4950, -40, 200)),
        "i": ((320, 0, 70), (2140, -12, 90), (2950, -20, 100), (3900, -24, 120), (4950, -40, 130)),
        "o": ((450, 0, 70), (800, -9, 80), (2830, -22, 100), (3800, -24, 130), (4950, -40, 135)),
        "u": ((340, 0, 70), (700, -14, 70), (2700, -30, 170), (3800, -34, 180), (4950, -46, 200)),
    },
    "tenor": {
        "a": ((650, 0, 80), (1080, -6, 90), (2650, -9, 120), (2900, -11, 130), (3250, -20, 140)),
        "e": ((400, 0, 70), (1700, -12, 80), (2600, -12, 100), (3200, -15, 120), (3580, -20, 120)),
        "i": ((300, 0, 60), (1870, -14, 90), (2800, -16, 100), (3250, -18, 120), (3540, -28, 120)),
        "o": ((420, 0, 60), (800, -9, 80), (2600, -14, 100), (2800, -15, 120), (3000, -24, 120)),
        "u": ((350, 0, 60), (620, -16, 70), (2700, -19, 100), (2900, -18, 120), (3300, -26, 120)),
    },
}
"""Voice → vowel → five formants, each (Hz, dB, bandwidth in Hz)."""

HUMS: dict[str, Formants] = {
    "m": ((270, 0, 80), (1000, -26, 150), (2200, -34, 200), (3200, -40, 250), (4200, -50, 300)),
    "n": ((280, 0, 80), (1500, -24, 150), (2500, -32, 200), (3300, -40, 250), (4300, -50, 300)),
    "l": ((360, 0, 80), (1150, -14, 120), (2700, -22, 160), (3300, -34, 200), (4300, -46, 250)),
    "r": ((420, 0, 80), (1250, -10, 110), (1650, -14, 130), (3200, -36, 200), (4300, -46, 250)),
    "w": ((320, 0, 80), (650, -12, 90), (2400, -34, 180), (3300, -40, 220), (4300, -50, 280)),
    "y": ((290, 0, 70), (2150, -14, 100), (2950, -20, 120), (3600, -30, 180), (4500, -42, 230)),
}
"""Voiced consonants that a tract hums: formants as for vowels."""


@dataclass(frozen=True)
class Noise:
    """A consonant that is noise.

    Attributes:
        low, high: Hz of its band.
        seconds: how long it lasts at an easy tempo.
        level: against a vowel.
        gap: seconds of closure before it, as in p, t, k.
        voice: 0–1, how much the voice goes on meanwhile.
    """

    low: float
    high: float
    seconds: float
    level: float
    gap: float = 0.0
    voice: float = 0.0


NOISES = {
    "p": Noise(400, 2_200, 0.012, 0.16, 0.035),
    "t": Noise(2_800, 9_000, 0.014, 0.18, 0.03),
    "k": Noise(1_200, 4_200, 0.018, 0.18, 0.035),
    "b": Noise(300, 1_500, 0.008, 0.1, 0.025, 0.35),
    "d": Noise(2_000, 6_000, 0.009, 0.1, 0.022, 0.35),
    "g": Noise(900, 3_000, 0.011, 0.1, 0.025, 0.35),
    "s": Noise(4_800, 12_000, 0.07, 0.075),
    "S": Noise(2_200, 7_500, 0.07, 0.1),
    "C": Noise(2_400, 8_000, 0.045, 0.14, 0.03),
    "f": Noise(1_400, 10_000, 0.055, 0.035),
    "T": Noise(1_600, 9_000, 0.05, 0.03),
    "h": Noise(500, 4_500, 0.05, 0.06),
    "z": Noise(4_500, 11_000, 0.055, 0.04, 0.0, 0.6),
    "v": Noise(1_200, 8_000, 0.045, 0.025, 0.0, 0.7),
    "J": Noise(2_000, 7_000, 0.04, 0.08, 0.02, 0.5),
}
"""Consonants made of noise; capitals stand for sh, ch, th and the sound of j."""

_CLUSTERS = {
    "sch": "S", "sh": "S", "ch": "C", "th": "T", "ph": "f", "wh": "w", "ck": "k", "qu": "kw", "ng": "n", "kn": "n",
    "wr": "r", "x": "ks", "c": "k", "q": "k", "j": "J", "ñ": "ny", "ß": "s", "gh": "",
}  # fmt: skip
_VOWELS = {
    "igh": "ai", "eau": "o", "ou": "au", "ow": "au", "oo": "u", "ee": "i", "ea": "i", "ie": "i", "oe": "o", "oa": "o",
    "oh": "o", "ah": "a", "eh": "e", "uh": "a", "ay": "ei", "ai": "ai", "ei": "ei", "ey": "ei", "au": "au", "aw": "o",
    "oy": "oi", "oi": "oi", "ue": "u", "ui": "ui", "ö": "e", "ü": "i", "ä": "e", "y": "i",
}  # fmt: skip
_WORDS = {
    "you": "yu", "your": "yor", "through": "Tru", "heart": "hart", "the": "Ta", "yeah": "yea", "to": "tu", "do": "du",
    "i": "ai", "eye": "ai", "eyes": "aiz", "are": "ar", "hey": "hei", "whoa": "wo", "who": "hu", "one": "wan",
}  # fmt: skip
"""Words that are not sung as they are spelled."""


@dataclass(frozen=True)
class Sung:
    """A syllable as it is sung: consonants, one or two vowels, consonants."""

    onset: str
    vowels: str
    coda: str


def sung(syllable: str) -> Sung | None:
    """Read a syllable; None for one that only prolongs what is sung already (empty, ``-``, ``_`` or ``~``).

    A syllable without a vowel gets an open one; letters of other scripts are left out.
    """
    text = "".join(c for c in syllable.lower() if c.isalpha())
    if not text:
        return None
    sounds = _spell(text)
    first = next((i for i, s in enumerate(sounds) if s in "aeiou"), None)
    if first is None:
        return Sung("".join(sounds)[:2], "a", "")
    last = first
    while last + 1 < len(sounds) and sounds[last + 1] in "aeiou":
        last += 1
    coda = [s for s in sounds[last + 1 :] if s not in "aeiouhwy"]
    return Sung("".join(sounds[:first])[-3:], "".join(sounds[first : last + 1])[:2], "".join(coda)[:2])


def _spell(text: str) -> list[str]:
    """Sounds of letters: lower-case vowels and the keys of `HUMS` and `NOISES`."""
    if text in _WORDS:
        return list(_WORDS[text])
    text = text.translate(str.maketrans("áàâåéèêëíìîïóòôõúùû", "aaaaeeeeiiiioooouuu"))
    if len(text) > 2 and text[-1] == "e" and text[-2] not in "aeiouy" and text[-3] in "aeiou":
        text = text[:-3] + ("ai" if text[-3] == "i" else "ay" if text[-3] == "a" else text[-3]) + text[-2]
    elif text[-1] == "y" and not any(c in "aeiou" for c in text):
        text = text[:-1] + "ai"
    sounds: list[str] = []
    at = 0
    while at < len(text):
        for size in (3, 2, 1):
            part = text[at : at + size]
            if len(part) < size or (part == "y" and at == 0 and len(text) > 1):
                continue
            found = _VOWELS.get(part, _CLUSTERS.get(part))
            if found is not None:
                sounds.extend(found)
                at += size
                break
        else:
            letter = text[at]
            if letter in "aeiou" or letter in HUMS or letter in NOISES:
                sounds.append(letter)
            at += 1
    return [s for i, s in enumerate(sounds) if i == 0 or s != sounds[i - 1]]
