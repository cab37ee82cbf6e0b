"""Reading a prompt: free wording in, a `Brief` out, with everything that was not understood.

The reader takes what it knows out of the text, the most specific first (numbers with units, keys, sections, styles,
instruments, moods), and reports the words that are left. Where wishes contradict each other the more explicit one wins
(a number beats a word, a "no" beats a mention), and a note says so.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache

from nawgraph.music.brief import Brief
from nawgraph.music.form import Mention, mentions
from nawgraph.music.readers import (
    read_keys,
    read_length,
    read_meter,
    read_moods,
    read_players,
    read_styles,
    read_swing,
    read_tempo,
    read_vocals,
)
from nawgraph.music.reading import Reading
from nawgraph.music.styles import STYLES
from nawgraph.music.words import FILLERS
from nawgraph.values import Prompt

MAX_TEXT = 20_000
"""Characters that are read; what is longer is cut off with a note."""

_READERS: tuple[Callable[[Reading], None], ...] = (
    read_tempo, read_swing, read_meter, read_keys, read_styles, read_vocals, read_players, read_length, read_moods,
)  # fmt: skip


@lru_cache(maxsize=256)
def read(text: str) -> Brief:
    """The brief that a prompt stands for. Any text is read; nothing raises, an empty one leaves all choices open."""
    plain = unicodedata.normalize("NFC", text).lower()
    reading = Reading(plain[:MAX_TEXT])
    if len(plain) > MAX_TEXT:
        reading.note(f"Only the first {MAX_TEXT:,} characters were read.")
    found, reading.text = mentions(reading.text)
    _note_form(reading, found)
    for reader in _READERS:
        reader(reading)
    brief = Brief(**reading.fields, unread=_unread(reading.text))
    notes = reading.notes + _style_notes(brief)
    return replace(brief, notes=tuple(dict.fromkeys(notes)))


def _note_form(reading: Reading, found: Sequence[Mention]) -> None:
    keyed = [m for m in found if m.key is not None]
    distinct = {m.kind for m in found}
    if keyed:
        reading.fields["section_keys"] = tuple({m.kind: m.key for m in keyed}.items())
    if len(found) >= 3 or (len(distinct) >= 2 and not keyed):
        reading.fields["form"] = tuple(found[:64])
    elif found and not keyed:
        reading.fields["form"] = (found[0],)


def _unread(text: str) -> tuple[str, ...]:
    """Words that nobody read, in order, once each; signs of writing systems without spaces come in runs."""
    left = (w.strip("'’-") for w in re.findall(r"[^\s,.;:!?()\[\]{}\"“”„«»/|+*=<>~`_…–—%&]+", text))
    return tuple(dict.fromkeys(w for w in left if w and w not in FILLERS))


def _style_notes(brief: Brief) -> tuple[str, ...]:
    """What is unusual about the wishes, taken together."""
    notes = []
    if brief.styles and brief.bpm is not None:
        style = STYLES[max(brief.styles, key=lambda s: s[1])[0]]
        slow, _, fast = style.bpm
        if not 0.8 * slow <= brief.bpm <= 1.25 * fast:
            notes.append(
                f"{style.name.capitalize()} is usually {slow} to {fast} bpm; the explicit {brief.bpm:g} bpm wins."
            )
    if brief.unread:
        shown = ", ".join(brief.unread[:12]) + (" …" if len(brief.unread) > 12 else "")
        notes.append(f"Not understood and left out: {shown}.")
    return tuple(notes)


# ------------------------------------------------------------------------------ keyframes


def interpolate(prompt: Prompt, bar: float, named_until: float | None = None) -> Brief:
    """The brief that holds at a bar of a prompt with keyframes.

    Style weights, density, energy and pace move linearly from one keyframe to the next, each counting as much as its
    weight. A key and a tempo hold from the keyframe that names them. Length, form, meter, swing, singer and the like
    come from the first keyframe that says something about them.

    Args:
        prompt: the keyframes.
        bar: where to read it.
        named_until: keys and tempi of keyframes up to this bar count (default: `bar`).
    """
    frames = prompt.keyframes
    briefs = [read(frame.text) for frame in frames]
    after = next((i for i, frame in enumerate(frames) if frame.bar > bar), len(frames))
    a, b = max(0, after - 1), min(after, len(frames) - 1)
    gap = frames[b].bar - frames[a].bar
    t = min(1.0, max(0.0, (bar - frames[a].bar) / gap)) if gap else 0.0
    merged = briefs[0]
    for later in briefs[1:]:
        merged = _filled(merged, later)
    limit = (bar if named_until is None else named_until) + 1e-9
    named = [brief for frame, brief in zip(frames, briefs, strict=True) if frame.bar <= limit] or briefs[:1]
    return replace(
        merged,
        styles=_mixed(briefs[a], frames[a].weight * (1 - t), briefs[b], frames[b].weight * t) or merged.styles,
        key=next((b.key for b in reversed(named) if b.key), None),
        bpm=next((b.bpm for b in reversed(named) if b.bpm), None),
        density=_between(briefs[a].density, briefs[b].density, t),
        energy=_between(briefs[a].energy, briefs[b].energy, t),
        pace=_between(briefs[a].pace, briefs[b].pace, t),
    )


_FIRST_WINS = (
    "mode",
    "vocals",
    "voice",
    "form",
    "bars",
    "seconds",
    "meter",
    "swing",
    "instruments",
    "without",
    "banned",
)


def _filled(first: Brief, later: Brief) -> Brief:
    """The first brief with what only the later one says; unread words and notes of both."""
    gaps = {n: getattr(later, n) for n in _FIRST_WINS if getattr(first, n) in (None, "", ())}
    unread = tuple(dict.fromkeys(first.unread + later.unread))
    return replace(first, **gaps, unread=unread, notes=tuple(dict.fromkeys(first.notes + later.notes)))


def _between(a: float | None, b: float | None, t: float) -> float | None:
    if a is None and b is None:
        return None
    a, b = 0.5 if a is None else a, 0.5 if b is None else b
    return a + (b - a) * t


def _mixed(a: Brief, x: float, b: Brief, y: float) -> tuple[tuple[str, float], ...]:
    """Weighted sum of two briefs' styles, normalised; a brief that names none keeps the other's."""
    weights: dict[str, float] = {}
    for brief, other, amount in ((a, b, x), (b, a, y)):
        for name, weight in brief.styles or other.styles:
            weights[name] = weights.get(name, 0.0) + weight * amount
    total = sum(weights.values())
    return tuple((n, round(w / total, 4)) for n, w in sorted(weights.items()) if w > 0) if total else ()
