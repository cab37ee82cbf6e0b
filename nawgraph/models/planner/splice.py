"""New notes into an old score, which stays as it is everywhere else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nawgraph.values import STEMS, Chord, Note, Part, Score

_ALONE = ("drums", "bass", "vocals")


def spliced(score: Score, written: Score, stems: Sequence[str], bars: tuple[int, int]) -> Score:
    """A score whose stems (and ``chords``) are the written ones in some bars, and its own everywhere else.

    Notes belong to the bar in which they begin. Old ones keep their length, new ones end with the last new bar.

    Args:
        score: the old one; its grid, keys and form are kept.
        written: of the same grid.
        stems: whose bars are new.
        bars: first new bar and the one after the last.
    """
    begin, end = (score.grid.bar_start(bar) for bar in bars)
    parts = list(score.parts)
    for stem in (s for s in STEMS if s in stems):
        fresh = {part: _between(part.notes, begin, end) for part in written.of_stem(stem)}
        parts = [_without(p, begin, end) if p.stem == stem else p for p in parts]
        for part, notes in fresh.items():
            if notes:
                _join(parts, replace(part, notes=notes))
    chords = score.chords
    if "chords" in stems or not chords:
        chords = _chords(score.chords, written.chords, (begin, end) if score.chords else (0, score.grid.ticks))
    kept = (p for p in parts if p.notes)
    return replace(
        score, parts=tuple(sorted(kept, key=lambda p: STEMS.index(p.stem) if p.stem in STEMS else 9)), chords=chords
    )


def _between(notes: Sequence[Note], begin: int, end: int) -> tuple[Note, ...]:
    inside = (n for n in notes if begin <= n.start < end)
    return tuple(replace(n, length=min(n.length, end - n.start)) for n in inside)


def _without(part: Part, begin: int, end: int) -> Part:
    return replace(part, notes=tuple(n for n in part.notes if not begin <= n.start < end))


def _join(parts: list[Part], part: Part) -> None:
    """Into the part of the same name (or the only one of a stem that has one part), else beside it."""
    mine = [i for i, p in enumerate(parts) if p.stem == part.stem]
    same = [i for i in mine if parts[i].name == part.name]
    if not same and part.stem in _ALONE and len(mine) == 1:
        same = mine
    if same:
        old = parts[same[0]]
        parts[same[0]] = replace(old, notes=(*old.notes, *part.notes))
    else:
        parts.append(part)


def _chords(old: Sequence[Chord], new: Sequence[Chord], span: tuple[int, int]) -> tuple[Chord, ...]:
    begin, end = span
    found = [*_clipped(old, 0, begin), *_clipped(new, begin, end), *_clipped(old, end, 1 << 62)]
    return tuple(sorted(found, key=lambda c: c.start))


def _clipped(chords: Sequence[Chord], begin: int, end: int) -> list[Chord]:
    """Chords as far as they lie between two ticks."""
    found = []
    for chord in chords:
        a, b = max(chord.start, begin), min(chord.end, end)
        if a < b:
            found.append(replace(chord, start=a, length=b - a))
    return found
