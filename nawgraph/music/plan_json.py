"""The symbolic plan: what a language model (or a person) may write in place of the harmony grammar.

```json
{"title": "Night Drive", "style": "synthwave", "key": "A minor", "bpm": 104, "meter": "4/4", "swing": 50,
 "sections": [
   {"kind": "intro", "bars": 4, "energy": 0.3, "chords": ["i", "VI", "III", "VII"]},
   {"kind": "chorus", "bars": 8, "energy": 0.9, "key": "C major", "chords": ["I", "V", "vi", "IV"],
    "stems": {"drums": {"density": 0.8}, "vocals": "none", "other": {"style": "disco"}}}]}
```
Everything but ``sections`` with ``kind`` may be left out. Chords share a section's bars equally; too few for one a bar
go round, more than one a bar are split. Common slips are repaired and reported: prose or a fence around the JSON,
trailing commas, ``"120 bpm"``, ``Verse 1``, bars as text, chord names in place of numerals. What cannot be repaired is
refused in one sentence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from nawgraph.music.blueprint import MAX_BARS, Blueprint, Hint, chords_of
from nawgraph.music.brief import Brief
from nawgraph.music.form import ENERGY, LABELS
from nawgraph.music.harmony import coloured, spelled
from nawgraph.music.json_repair import Desk, number, read_object
from nawgraph.music.numerals import numeral_of, parse_numeral
from nawgraph.music.patterns import STEP, strong_ticks
from nawgraph.music.streams import stream
from nawgraph.music.styles import STYLES, Style, style_named
from nawgraph.music.theory import CHORDS, parse_key, parse_note
from nawgraph.values import STEMS, Chord, Grid, Key, Meter, Section, Tempo

SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["sections"],
    "properties": {
        "title": {"type": "string"},
        "style": {"type": "string", "enum": list(STYLES)},
        "key": {"type": "string", "description": "C minor, E♭ major, F# dorian"},
        "bpm": {"type": "number", "minimum": 20, "maximum": 400},
        "meter": {"type": "string", "pattern": "^[0-9]+/(2|4|8|16)$"},
        "swing": {"type": "number", "minimum": 50, "maximum": 75, "description": "percent, 50 is straight"},
        "vocals": {"type": "boolean"},
        "sections": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["kind"],
                "properties": {
                    "kind": {"type": "string", "enum": list(LABELS)},
                    "label": {"type": "string"},
                    "bars": {"type": "integer", "minimum": 1},
                    "energy": {"type": "number", "minimum": 0, "maximum": 1},
                    "key": {"type": "string"},
                    "chords": {"type": "array", "items": {"type": "string", "description": "Roman numeral"}},
                    "stems": {"type": "object", "description": "stem: none, or {style, density 0–1}"},
                },
            },
        },
    },
}
"""JSON schema of a plan, to be shown to a language model."""

_KINDS = {
    "pre-chorus": "prechorus", "refrain": "chorus", "hook": "chorus", "breakdown": "break", "buildup": "build",
    "build-up": "build", "ending": "outro", "coda": "outro", "introduction": "intro", "main": "theme",
}  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """A plan that was read.

    Attributes:
        blueprint: what `compose` takes.
        title: of the song.
        repairs: what was put right, a sentence each.
    """

    blueprint: Blueprint
    title: str
    repairs: tuple[str, ...]


def parse_plan(text: str, seed: int = 0, default: Brief | None = None) -> Plan:
    """Read a symbolic plan.

    Args:
        text: JSON, possibly wrapped in prose or a code fence.
        seed: of the chords' colours and everything the plan leaves open.
        default: what holds where the plan says nothing (the prompt that was given to the model).

    Raises:
        ValueError: no JSON object in it, no sections, or a field that cannot be understood.
    """
    desk = Desk()
    data = read_object(text, desk)
    brief = default or Brief()
    style = _style(data.get("style"), brief, desk)
    sections, rows = _sections(data, desk)
    home = _key(data.get("key"), desk) or brief.key or Key(0, 9, "minor")
    grid = _grid(data, brief, style, sections[-1].end, desk)
    keys = _keys(rows, sections, home, desk)
    hints = tuple(_hints(row.get("stems"), desk) for row in rows)
    vocals = data.get("vocals")
    brief = replace(brief, styles=((style.name, 1.0),), vocals=vocals if isinstance(vocals, bool) else brief.vocals)
    plan = Blueprint(grid, keys, sections, (), (brief,) * len(sections), style, hints)
    plan = replace(plan, chords=_chords(plan, rows, seed, desk))
    title = data.get("title")
    return Plan(plan, title[:200] if isinstance(title, str) else "", tuple(desk.repairs))


# ------------------------------------------------------------------------- style, grid, keys


def _style(value: Any, brief: Brief, desk: Desk) -> Style:
    if isinstance(value, str) and value.strip():
        try:
            return style_named(value)
        except ValueError:
            desk.fix(f"There is no style {value[:40]!r}.")
    return STYLES[max(brief.styles, key=lambda s: s[1])[0]] if brief.styles else STYLES["house"]


def _key(value: Any, desk: Desk) -> Key | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError("a key must be text such as C minor")
    return parse_key(value.replace("_", " "))


def _grid(data: Mapping[str, Any], brief: Brief, style: Style, bars: int, desk: Desk) -> Grid:
    bpm = number(data.get("bpm", data.get("tempo")), "bpm", 20, 400, desk) or brief.bpm or style.bpm[1]
    meter = brief.meter or style.meters[0]
    given = data.get("meter", data.get("time_signature"))
    if given is not None:
        found = re.fullmatch(r"\s*(\d{1,2})\s*/\s*(2|4|8|16)\s*", str(given))
        if not found or not 1 <= int(found[1]) <= 32:
            raise ValueError(f"meter must be like 4/4 or 7/8, got {str(given)[:40]!r}")
        meter = (int(found[1]), int(found[2]))
    percent = number(data.get("swing"), "swing", 0, 75, desk)
    if percent is not None and percent <= 1:
        percent = 50 + 25 * percent  # models like to give swing as an amount from 0 to 1
    swing = round(max(50.0, percent) * 10) if percent is not None else brief.swing or style.swing[0]
    return Grid((Tempo(0, round(bpm * 1000)),), (Meter(0, *meter),), bars, swing, style.swing_unit)


def _sections(data: Mapping[str, Any], desk: Desk) -> tuple[tuple[Section, ...], list[Mapping[str, Any]]]:
    rows = data.get("sections")
    if not isinstance(rows, list) or not rows:
        raise ValueError("the plan has no sections: it needs a list of at least one")
    if len(rows) > 200:
        raise ValueError(f"the plan has {len(rows)} sections; at most 200 are read")
    sections: list[Section] = []
    kept: list[Mapping[str, Any]] = []
    at = 0
    for place, row in enumerate(rows, 1):
        row = {"kind": row} if isinstance(row, str) else row
        if not isinstance(row, dict):
            raise ValueError(f"section {place} must be an object with a kind")
        kind = _kind(row, place, desk)
        bars = round(number(row.get("bars", row.get("length")), f"bars of section {place}", 1, MAX_BARS, desk) or 8)
        energy = number(row.get("energy"), f"energy of section {place}", 0, 10, desk)
        energy = ENERGY[kind] if energy is None else energy / 10 if energy > 1 else energy
        label = row.get("label")
        sections.append(
            Section(at, bars, kind, label[:12] if isinstance(label, str) and label else LABELS[kind], energy)
        )
        kept.append(row)
        at += bars
    if at > MAX_BARS:
        raise ValueError(f"the plan has {at:,} bars; a song has at most {MAX_BARS:,}")
    return tuple(sections), kept


def _kind(row: Mapping[str, Any], number: int, desk: Desk) -> str:
    name = row.get("kind", row.get("name", row.get("type", row.get("section"))))
    if not isinstance(name, str):
        raise ValueError(f"section {number} has no kind: use one of {', '.join(LABELS)}")
    plain = re.sub(r"[\s\d_#.:()]+", " ", name.lower()).strip()
    for word in (plain, plain.replace(" ", ""), *plain.split()):
        kind = _KINDS.get(word, word)
        if kind in LABELS:
            if kind != name:
                desk.fix(f"The section {name[:40]!r} is read as {kind}.")
            return kind
    raise ValueError(f"section {number} has the unknown kind {name[:40]!r}: use one of {', '.join(LABELS)}")


def _keys(rows: list[Mapping[str, Any]], sections: tuple[Section, ...], home: Key, desk: Desk) -> tuple[Key, ...]:
    keys: list[Key] = []
    for row, section in zip(rows, sections, strict=True):
        key = replace(_key(row.get("key"), desk) or home, bar=section.bar)
        if not keys or (key.tonic, key.mode) != (keys[-1].tonic, keys[-1].mode):
            keys.append(key)
    return tuple(keys)


# -------------------------------------------------------------------------------- chords


def _chords(plan: Blueprint, rows: list[Mapping[str, Any]], seed: int, desk: Desk) -> tuple[Chord, ...]:
    """The plan's chords; sections without any get the grammar's."""
    written: list[Chord] = []
    derived = chords_of(plan, seed)
    for row, section in zip(rows, plan.sections, strict=True):
        begin, end = plan.grid.bar_start(section.bar), plan.grid.bar_start(section.end)
        names = row.get("chords", row.get("progression"))
        names = re.split(r"[\s,|–-]+", names.strip()) if isinstance(names, str) else names
        if not names:
            written += [c for c in derived if begin <= c.start < end]
            continue
        if not isinstance(names, list) or not all(isinstance(n, str) for n in names):
            raise ValueError(f"the chords of the {section.kind} must be a list of Roman numerals")
        key = plan.key_at(section.bar)
        numerals = [_numeral(n, key, desk) for n in names[:256] if n.strip()]
        rng = stream(seed, "colour", section.label)
        tints = [int(rng.integers(1 << 30)) for _ in numerals]
        for i, (start, length) in enumerate(_spread(plan.grid, section, len(numerals))):
            chord = spelled(numerals[i % len(numerals)], key, start, length)
            written.append(coloured(chord, key, plan.style, stream(tints[i % len(numerals)], "tint")))
    return tuple(written)


def _numeral(name: str, key: Key, desk: Desk) -> str:
    """A Roman numeral as written, or the one of a chord name such as ``Am7``."""
    name = name.strip()
    try:
        parse_numeral(name, key)
    except ValueError:
        found = re.fullmatch(r"([A-Ga-g][#♯b♭]?)\s*(.*?)(?:/[A-G][#b]?)?", name)
        quality = _QUALITIES.get(found[2].strip()) if found else None
        if not found or quality is None:
            raise ValueError(f"{name[:40]!r} is no Roman numeral: write for example ii7, V7/V, bVI") from None
        numeral = numeral_of(Chord(0, 1, parse_note(found[1]), quality), key)
        desk.fix(f"The chord {name} is read as {numeral}.")
        return numeral
    return name


_QUALITIES = {q: q for q in CHORDS} | {
    "": "maj", "M": "maj", "m": "min", "-": "min", "m7": "min7", "-7": "min7", "M7": "maj7", "Δ": "maj7", "m9": "min9",
    "dim": "dim", "°": "dim", "o": "dim", "aug": "aug", "+": "aug", "ø": "m7b5", "ø7": "m7b5", "m6": "min6",
    "sus": "sus4", "°7": "dim7", "add9": "maj", "M9": "maj9",
}  # fmt: skip


def _spread(grid: Grid, section: Section, count: int) -> list[tuple[int, int]]:
    """Start and length of each chord: whole bars where one a bar or fewer, else shares of the section by sixteenths."""
    meter, begin = grid.meter_at(section.bar), grid.bar_start(section.bar)
    size, end = meter.bar_ticks, grid.bar_start(section.end)
    if count <= section.bars:
        each = section.bars // count if section.bars % count == 0 and section.bars // count <= 4 else 1
        cuts = list(range(begin, end, each * size))
    elif count <= 2 * section.bars and len(strong_ticks(meter)) == 2:
        cuts = [begin + bar * size + t for bar in range(section.bars) for t in strong_ticks(meter)]
    else:
        total = (end - begin) // STEP
        cuts = sorted({begin + i * total // count * STEP for i in range(min(count, total))})
    return [(a, b - a) for a, b in zip(cuts, [*cuts[1:], end], strict=True)]


def _hints(value: Any, desk: Desk) -> Mapping[str, Hint]:
    """Wishes for single stems."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ValueError("stems must be an object: stem → none, or {style, density}")
    found = {}
    for stem, wish in value.items():
        if stem not in STEMS:
            desk.fix(f"There is no stem {str(stem)[:40]!r}.")
        elif (
            wish is None
            or wish is False
            or (isinstance(wish, str) and wish.lower() in ("none", "off", "silent", "mute"))
        ):
            found[stem] = Hint(silent=True)
        elif isinstance(wish, dict):
            density = number(wish.get("density"), f"density of {stem}", 0, 1, desk)
            found[stem] = Hint(_hint_style(wish.get("style"), desk), density)
        elif isinstance(wish, str):
            found[stem] = Hint(_hint_style(wish, desk))
    return found


def _hint_style(value: Any, desk: Desk) -> str:
    if not isinstance(value, str) or not value.strip():
        return ""
    try:
        return style_named(value).name
    except ValueError:
        desk.fix(f"There is no style {value[:40]!r}.")
        return ""
