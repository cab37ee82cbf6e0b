"""New parts for a song that is there: its grid, form, keys and chords stay, the players are others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from nawgraph.music.blueprint import MAX_BARS, Blueprint, Hint, chords_of, grid_of, keys_of
from nawgraph.music.cast import main_style
from nawgraph.music.numerals import numeral_of
from nawgraph.music.prompt import read
from nawgraph.music.realise import realise
from nawgraph.music.theory import MODES
from nawgraph.values import STEMS, Chord, Grid, Key, Prompt, Score, Section

_PLAIN = 8
"""Bars of a section where the song has no form."""


def cover(
    song: Score, prompt: Prompt, seed: int, stems: Sequence[str] = STEMS, *, humanise: float = 1.0, title: str = ""
) -> Score:
    """Write new parts on a song's grid, form, keys and chords; what it lacks of these is composed.

    Where all stems are new, the style's swing is too; else the song's stays, since its other stems play it.

    Args:
        song: its parts are ignored.
        prompt: style, instruments, density and mood of the new parts; its tempo, meter, key and form are not used.
        seed: of every choice.
        stems: which are written.
        humanise: how loosely they are played, 0 exactly on the grid, 1 as the style has it.
        title: of the score.

    Raises:
        ValueError: a song of more than 1000 bars, no stems.
    """
    if not stems:
        raise ValueError("choose at least one stem to write")
    if song.grid.bars > MAX_BARS:
        raise ValueError(f"the song has {song.grid.bars:,} bars; parts can be written for {MAX_BARS:,}: cut it")
    brief = replace(read(prompt.text), without=tuple(stem for stem in STEMS if stem not in stems))
    style = main_style(brief, seed)
    grid = song.grid
    if set(stems) == set(STEMS):
        own = grid_of(brief, style, 1, seed)
        grid = replace(grid, swing=own.swing, swing_unit=own.swing_unit)
    sections = _cut(song.sections or _plain(grid), grid)
    known = tuple(k for k in song.keys if k.mode in MODES)
    keys = known if known and known[0].bar == 0 else keys_of(brief, style, sections, seed)
    hints = tuple(_silent_before_the_first_bar(section, grid) for section in sections)
    plan = Blueprint(grid, keys, sections, (), (brief,) * len(sections), style, hints)
    chords = _filled(song.chords, plan) if song.chords else chords_of(plan, seed)
    made = realise(replace(plan, chords=chords), seed, humanise=humanise, title=title or song.title)
    return replace(made, parts=tuple(p for p in made.parts if p.stem in stems))


def _plain(grid: Grid) -> tuple[Section, ...]:
    """A form for a song whose form nobody knows: sections of eight bars, equally strong."""
    starts = [*range(0, grid.bars, _PLAIN), grid.bars]
    return tuple(Section(a, b - a, "theme", "A", 0.7) for a, b in pairwise(starts))


def _cut(sections: Sequence[Section], grid: Grid) -> tuple[Section, ...]:
    """The form with a cut at every change of meter: a section is written in one."""
    marks = [meter.bar for meter in grid.meters]
    found = []
    for section in sections:
        cuts = [section.bar, *(m for m in marks if section.bar < m < section.end), section.end]
        found += [replace(section, bar=a, bars=b - a) for a, b in pairwise(cuts)]
    return tuple(found)


def _silent_before_the_first_bar(section: Section, grid: Grid) -> Mapping[str, Hint]:
    """Nobody plays in a short bar that holds what comes before the first downbeat."""
    short = section.bar == 0 and section.bars == 1 and len(grid.meters) > 1
    if short and grid.bar_ticks(0) < grid.bar_ticks(min(1, grid.bars - 1)):
        return {stem: Hint(silent=True) for stem in STEMS}
    return {}


def _filled(chords: Sequence[Chord], plan: Blueprint) -> tuple[Chord, ...]:
    """Chords without gaps from the first tick to the last, cut at sections, with their numerals."""
    end = plan.grid.ticks
    starts = [0, *(c.start for c in chords[1:])]
    stops = [*starts[1:], end]
    borders = [plan.grid.bar_start(s.bar) for s in plan.sections[1:]]
    found = []
    for chord, start, stop in zip(chords, starts, stops, strict=True):
        cuts = [start, *(b for b in borders if start < b < stop), min(stop, end)]
        for a, b in pairwise(cuts):
            if b > a:
                key: Key = plan.key_at(plan.grid.bar_at(a)[0])
                found.append(replace(chord, start=a, length=b - a, numeral=numeral_of(chord, key)))
    return tuple(found)
