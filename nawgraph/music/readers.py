"""What `nawgraph.music.prompt` reads with: each reader takes the words of one subject out of the text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from nawgraph.music import words
from nawgraph.music.reading import Reading, first_of, one_of, word_of
from nawgraph.music.styles import STYLES
from nawgraph.music.theory import KEY, MODE_WORDS, key_name, key_of_match, parse_note
from nawgraph.values import Key

SLOWEST, FASTEST = 20.0, 400.0
MAX_BARS = 1000
_NUMBER = r"(?<![\w.])(\d{1,7}(?:[.,]\d{1,3})?)"
_NOT = r"(?:no|without|without any|minus|non|zero|not any|don't want|except)\s+(?:any\s+|the\s+)?"


def _float(text: str) -> float:
    return float(text.replace(",", "."))


# ------------------------------------------------------------------------------- numbers


def read_tempo(reading: Reading) -> None:
    """``120 bpm``, ``tempo 96``, ``at 174``, fast, slow."""
    found = reading.take(_NUMBER + r"\s*-?\s*(?:bpm|beats\s+(?:per|a)\s+minute|b\.p\.m\.?)")
    found += reading.take(r"(?:tempo|bpm)\s*(?:of|is|=|:|at)?\s*" + _NUMBER)
    if not found:
        found = reading.take(r"(?:^|,)\s*((?:[4-9]\d|1\d\d|2[0-4]\d))\s*(?=,|$)")
    found += reading.take(r"\bat\s+" + _NUMBER + r"(?!\s*(?:%|bars?|sec|min|s\b|/|:))")
    if not found:
        paces = reading.take(one_of(tuple(words.PACE)))
        if paces:
            reading.fields["pace"] = first_of(reading, paces, words.PACE, 0.0)
        return
    asked = [_float(match[1]) for match in found]
    if len(set(asked)) > 1:
        reading.note(f"Several tempi are named; the first, {asked[0]:g} bpm, holds.")
    bpm = min(FASTEST, max(SLOWEST, asked[0]))
    if bpm != asked[0]:
        reading.note(f"A tempo of {asked[0]:g} bpm is outside {SLOWEST:g} to {FASTEST:g}: {bpm:g} bpm is used.")
    reading.fields["bpm"] = bpm
    for match in reading.take(one_of(tuple(words.PACE))):
        pace = words.PACE[word_of(match[0], tuple(words.PACE))]
        if (pace > 0.5 and bpm < 80) or (pace < -0.5 and bpm > 130):
            reading.note(f"“{match[0]}” and {bpm:g} bpm contradict each other: the number wins.")


_SWING_FEEL = (
    r"\b(?:with|of|lazy|heavy|light|slight|hard|loose)\s+(?:an?\s+)?(?:lazy\s+|heavy\s+|light\s+)?swing\b"
    r"(?!\s+(?:band|music))"
)


def read_swing(reading: Reading) -> None:
    """``swing 62%``, swung, shuffle, straight."""
    for match in reading.take(r"\bswing\s*(?:of|=|:|at)?\s*(\d{1,3})\s*%?|(\d{1,3})\s*%\s*swing\b"):
        percent = int(match[1] or match[2])
        reading.fields["swing"] = min(750, max(500, percent * 10))
        if not 50 <= percent <= 75:
            reading.note(
                f"Swing lies between 50 % (straight) and 75 %: {percent} % became {reading.fields['swing'] / 10:g} %."
            )
    swung = reading.take(_SWING_FEEL) + reading.take(r"\b(?:swung|shuffled?)\b")
    if swung:
        reading.fields.setdefault("swing", 640)
    straight = reading.take(r"\b(?:straight|no swing|unswung|quantised|quantized)\b")
    if straight:
        reading.fields.setdefault("swing", 500)
    if straight and reading.fields["swing"] > 500:
        reading.note(f"Swing and “{straight[0][0]}” contradict each other: the song swings.")


def read_meter(reading: Reading) -> None:
    """``7/8``, ``in 3/4``, waltz."""
    for match in reading.take(r"(?<![\d/])(\d{1,2})\s?/\s?(\d{1,2})(?![\d/])"):
        beats, unit = int(match[1]), int(match[2])
        if not 1 <= beats <= 32 or unit not in (2, 4, 8, 16):
            reading.note(f"{beats}/{unit} is no meter that can be played: write for example 3/4, 6/8 or 7/8.")
        elif "meter" in reading.fields:
            reading.note(f"Several meters are named; {reading.fields['meter'][0]}/{reading.fields['meter'][1]} holds.")
        else:
            reading.fields["meter"] = (beats, unit)
    if reading.take(r"\bwaltz(?:es)?\b"):
        reading.fields.setdefault("meter", (3, 4))


def read_length(reading: Reading) -> None:
    """``16 bars``, ``90 seconds``, ``3 minutes``, ``2:30``."""
    counted = "|".join(sorted(map(re.escape, words.NUMBERS), key=len, reverse=True))
    for match in reading.take(rf"(?:{_NUMBER}|\b({counted}))[\s-]*(?:bars?|measures?|takte?)\b"):
        bars = round(_float(match[1])) if match[1] else round(words.NUMBERS[match[2]])
        kept = min(MAX_BARS, max(1, bars))
        if kept != bars:
            reading.note(f"A song has 1 to {MAX_BARS:,} bars: {bars:,} bars became {kept:,}.")
        reading.fields.setdefault("bars", kept)
    seconds = 0.0
    for match in reading.take(rf"(?:{_NUMBER}|\b({counted}))[\s-]*(seconds?|secs?|s|minutes?|mins?|m)\b(?!\w)"):
        amount = _float(match[1]) if match[1] else words.NUMBERS[match[2]]
        seconds += amount * (60 if match[3][0] == "m" else 1)
    for match in reading.take(r"(?<![\d:])(\d{1,2}):([0-5]\d)(?![\d:])"):
        seconds += int(match[1]) * 60 + int(match[2])
    if seconds:
        reading.fields["seconds"] = min(7200.0, max(1.0, seconds))
        if "bars" in reading.fields:
            reading.note(f"A length in bars and one in seconds are named: {reading.fields['bars']} bars hold.")


# ---------------------------------------------------------------------------------- keys


def read_keys(reading: Reading) -> None:
    """Keys in any spelling, two of them as a modulation, or only a mode; keys that do not exist are reported."""
    german = reading.take(r"(?<!\w)h[\s-]*(?P<mode>moll|dur)\b")
    keys = [(m.start(), Key(0, 11, MODE_WORDS[m["mode"]])) for m in german]
    keys += [
        (m.start(), key_of_match(m))
        for m in reading.take(re.compile(KEY.pattern + r"(?!\s+(?:third|lift|label))", KEY.flags))
    ]
    for match in reading.take(r"(?:\bkey\s+of|\bin\s+the\s+key\s+of)\s+([a-g])\s?([#♯b♭]?|sharp|flat)(?![\w#♯♭])"):
        sign = {"sharp": "#", "flat": "b"}.get(match[2], match[2])
        keys.append((match.start(), Key(0, parse_note(match[1] + sign), "major")))
    for match in reading.take(r"(?<!\w)in\s+([a-g])([#♯♭b]?)(?=\s*(?:[,.;]|$))"):
        keys.append((match.start(), Key(0, parse_note(match[1] + match[2]), "major")))
    for match in reading.take(r"(?<![\w#♯♭])([a-z][#♯b♭]{0,2})[\s-]+(minor|major|dorian|phrygian|lydian|mixolydian)\b"):
        reading.note(f"There is no key “{match[0]}”: the song chooses its own (notes are A to G, with ♯ or ♭).")
        reading.fields.setdefault("mode", match[2])
    _settle_keys(reading, [key for _, key in sorted(keys, key=lambda k: k[0])])


def _settle_keys(reading: Reading, keys: list[Key]) -> None:
    if keys:
        reading.fields["key"] = keys[0]
    elif reading.fields.get("section_keys"):
        reading.fields["key"] = reading.fields["section_keys"][0][1]
    others = [k for k in keys[1:] if k != keys[0]]
    if others:
        reading.fields["next_key"] = others[0]
        reading.note(f"Two keys are named: the song moves from {key_name(keys[0])} to {key_name(others[0])} half-way.")
    if len(others) > 1:
        reading.note("More than two keys are named: only the first two are used.")
    modes = tuple(w for w in MODE_WORDS if w not in ("m", "min", "maj"))
    for match in reading.take(one_of(modes)):
        mode = MODE_WORDS[word_of(match[0], modes)]
        key = reading.fields.get("key")
        held = key.mode if key else reading.fields.setdefault("mode", mode)
        if mode != held and not others and not reading.fields.get("section_keys"):
            name = key_name(key) if key else held
            reading.note(f"“{name}” and “{mode}” contradict each other: the first, “{name}”, holds.")


# ------------------------------------------------------------------------ styles and moods


@lru_cache(maxsize=1)
def _style_words() -> dict[str, str]:
    return {word: style.name for style in STYLES.values() for word in (style.name, *style.words)}


_MORE = re.compile(r"(mostly|mainly|primarily|predominantly)\s+(?:\w+\s+)?$")
_LESS = re.compile(
    r"(a\s+(?:little\s+|tiny\s+)?(?:bit|hint|touch|dash|pinch)\s+of|some|slightly|hints?\s+of)\s+(?:\w+\s+)?$"
)
_BEFORE = re.compile(r"(\d{1,3})\s*%\s*(?:of\s+)?$")
_AFTER = re.compile(r"^\s*(?:\(|at\s+|=|:)?\s*(\d{1,3})\s*%\)?")


def read_styles(reading: Reading) -> None:
    """Names of styles with their weights: ``70% techno 30% jazz``, ``mostly house with a bit of funk``."""
    vocabulary = tuple(_style_words())
    phrases = (*vocabulary, *(w for w in words.INSTRUMENTS if " " in w or "-" in w))  # an acid bass is no acid techno
    weights: dict[str, float] = {}
    avoid: list[str] = []
    spans = []
    leading = _percent_first(reading.text)
    for match in re.finditer(one_of(phrases), reading.text):
        word = word_of(match[0], phrases)
        if word not in _style_words():
            continue
        name = _style_words()[word]
        before, after = reading.text[: match.start()][-30:], reading.text[match.end() :][:12]
        if re.search(_NOT + "$", before):
            avoid.append(name)
        else:
            weight = _style_weight(before, after, leading) * (0.4 if word.endswith(("zy", "ky")) else 1.0)
            weights[name] = max(weights.get(name, 0.0), weight)
        percent = _BEFORE.search(before) if leading else _AFTER.search(after)
        width = len(percent[0]) if percent else 0
        spans.append((match.start() - width * leading, match.end() + width * (not leading)))
    for start, end in spans:
        reading.text = reading.text[:start] + " " * (end - start) + reading.text[end:]
    kept = {name: weight for name, weight in weights.items() if name not in avoid}
    reading.fields["avoid"] = tuple(dict.fromkeys(avoid))
    for name in reading.fields["avoid"]:
        if name in weights:
            reading.note(f"{name.capitalize()} is both asked for and ruled out: it stays out.")
    if kept:
        total = sum(kept.values())
        reading.fields["styles"] = tuple((n, round(w / total, 4)) for n, w in kept.items())


def _percent_first(text: str) -> bool:
    """Whether percentages stand before the styles they belong to."""
    style = re.search(one_of(tuple(_style_words())), text)
    percent = re.search(r"\d\s*%", text)
    return bool(style and percent and percent.start() < style.start())


def _style_weight(before: str, after: str, leading: bool) -> float:
    percent = _BEFORE.search(before) if leading else _AFTER.search(after)
    if percent:
        return max(1, min(100, int(percent[1]))) / 50
    return 2.5 if _MORE.search(before) else 0.4 if _LESS.search(before) else 1.0


def read_moods(reading: Reading) -> None:
    """Moods, density and energy, in words or numbers."""
    for name, table in (("energy", words.ENERGY), ("density", words.DENSITY)):
        number = reading.take(rf"\b{name}\s*(?:level)?\s*(?:of|is|=|:|at)?\s*(\d+(?:\.\d+)?)(\s*%|\s*/\s*10)?")
        number += reading.take(rf"(?<!\w)(\d+(?:\.\d+)?)(\s*%|\s*/\s*10)?\s*{name}\b")
        found = reading.take(one_of(tuple(table)))
        if number:
            reading.fields[name] = _unit(number[0])
        elif found:
            reading.fields[name] = first_of(reading, found, table, 0.5)
    vocabulary = tuple(dict.fromkeys([*words.MOODS, *(m for s in STYLES.values() for m in s.moods)]))
    moods = [word_of(m[0], vocabulary) for m in reading.take(one_of(vocabulary))]
    known = [words.MOODS[m] for m in moods if m in words.MOODS]
    if moods:
        reading.fields["moods"] = tuple(dict.fromkeys(moods))
    if known:
        _note_energies(reading, {m: words.MOODS[m][1] for m in moods if m in words.MOODS})
        reading.fields.setdefault("energy", round(sum(k[1] for k in known) / len(known), 3))
        reading.fields.setdefault("pace", round(sum(k[2] for k in known) / len(known), 3))
        modes = [k[0] for k in known if k[0]]
        if modes and "key" not in reading.fields:
            reading.fields.setdefault("mode", modes[0])
        if len(set(modes)) > 1:
            reading.note(f"The moods {', '.join(moods)} pull towards major and minor: {modes[0]} is chosen.")


def _note_energies(reading: Reading, moods: Mapping[str, float]) -> None:
    """Say how quiet and loud words are settled: a word for energy beats a mood, moods meet in the middle."""
    calm, lively = min(moods, key=lambda m: moods[m]), max(moods, key=lambda m: moods[m])
    energy = reading.fields.get("energy")
    if energy is not None and ((energy >= 0.75 and moods[calm] <= 0.3) or (energy <= 0.3 and moods[lively] >= 0.75)):
        mood = calm if energy > 0.5 else lively
        reading.note(f"“{mood}” and an energy of {energy:g} contradict each other: the energy holds.")
    elif energy is None and moods[calm] <= 0.3 and moods[lively] >= 0.75:
        reading.note(f"“{lively}” and “{calm}” contradict each other: the song keeps to the middle.")


def _unit(match: re.Match[str]) -> float:
    number, unit = float(match[1]), (match[2] or "").strip()
    scale = 100 if unit == "%" or number > 10 else 10 if unit or number > 1 else 1
    return min(1.0, number / scale)


# ------------------------------------------------------------------------------- players


def read_vocals(reading: Reading) -> None:
    """Who sings, if anybody."""
    vocal = r"(?:vocals?|voices?|singing|singers?|vox|lyrics)"
    none = reading.take(rf"\b{_NOT}{vocal}\b|\binstrumental\b|\b(?:vocal|voice)[\s-]?(?:less|free)\b")
    who = reading.take(rf"{one_of(tuple(words.VOICES))}(?:\s+{vocal})?")
    some = reading.take(rf"\b(?:(?:sung|sings|{vocal}))\b")
    if who:
        key = max((w for w in words.VOICES if w in who[0][0]), key=len)
        reading.fields["voice"] = words.VOICES[key]
    if none:
        reading.fields["vocals"] = False
        if who or some:
            reading.note("Vocals are both asked for and ruled out: the song is instrumental.")
            reading.fields.pop("voice", None)
    elif who or some:
        reading.fields["vocals"] = True


def read_players(reading: Reading) -> None:
    """Instruments that must be heard, and stems that must not."""
    stems = tuple(words.STEM_WORDS)
    without = [word_of(m[1], stems) for m in reading.take(rf"\b{_NOT}({one_of(stems)})")]
    reading.fields["without"] = tuple(dict.fromkeys(words.STEM_WORDS[w] for w in without))
    names = tuple(words.INSTRUMENTS)
    banned = {words.INSTRUMENTS[word_of(m[1], names)] for m in reading.take(rf"\b{_NOT}({one_of(names)})")}
    asked = [words.INSTRUMENTS[word_of(m[0], names)] for m in reading.take(one_of(names))]
    for name in banned & set(asked):
        reading.note(f"{name} is both asked for and ruled out: it stays out.")
    reading.fields["instruments"] = tuple(dict.fromkeys(i for i in asked if i not in banned))
    reading.fields["banned"] = tuple(sorted(banned))
    mentioned = {words.STEM_WORDS[word_of(m[0], stems)] for m in reading.take(one_of(stems))}
    for stem in mentioned & set(reading.fields["without"]):
        reading.note(f"{stem.capitalize()} are both asked for and ruled out: they stay out.")
