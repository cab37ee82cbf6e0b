"""From words to the plan of a song: style, grid, form, keys and harmony, also where the prompt changes over time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

from nawgraph.music.blueprint import Blueprint, chords_of, energised, grid_of, keys_of, sections_of
from nawgraph.music.brief import Brief
from nawgraph.music.cast import main_style
from nawgraph.music.prompt import interpolate, read
from nawgraph.values import Grid, Key, Prompt, Section, Tempo


def outline(source: str | Brief | Prompt, bars: int | None, seed: int) -> Blueprint:
    """Grid, form, keys and harmony of a song.

    Args:
        source: words, keyframes, or a brief read from them.
        bars: length, None for what the source says.
        seed: of every choice that the source leaves open.

    Raises:
        ValueError: bars outside 1 to 1000.
    """
    prompt = source if isinstance(source, Prompt) else None
    brief = source if isinstance(source, Brief) else read(source if isinstance(source, str) else source.text)
    style = main_style(brief, seed)
    grid = grid_of(brief, style, bars, seed)
    sections = sections_of(brief, style, grid.bars, seed)
    briefs: Sequence[Brief] = [brief] * len(sections)
    keys = keys_of(brief, style, sections, seed)
    if prompt is not None and len(prompt.keyframes) > 1:
        sections = _cut(sections, [round(k.bar) for k in prompt.keyframes])
        briefs = [interpolate(prompt, s.bar + s.bars / 2, named_until=s.bar) for s in sections]
        keys = _keys(keys, sections, briefs)
        grid = _tempi(grid, sections, briefs)
    sections = tuple(energised(s, b.energy) for s, b in zip(sections, briefs, strict=True))
    plan = Blueprint(grid, keys, sections, (), tuple(briefs), style)
    return replace(plan, chords=chords_of(plan, seed))


def _cut(sections: Iterable[Section], marks: Sequence[int]) -> tuple[Section, ...]:
    """The form with a cut at every keyframe, so that a change is heard where it was asked for."""
    found = []
    for section in sections:
        cuts = [section.bar, *(m for m in marks if section.bar < m < section.end), section.end]
        found += [replace(section, bar=a, bars=b - a) for a, b in pairwise(cuts)]
    return tuple(found)


def _keys(keys: Sequence[Key], sections: Sequence[Section], briefs: Sequence[Brief]) -> tuple[Key, ...]:
    """The keys that the keyframes name, each from its own section on; without any, those of the form."""
    if all(b.key == briefs[0].key for b in briefs):
        return tuple(keys)
    found = [keys[0]]
    for section, brief in zip(sections, briefs, strict=True):
        key = replace(brief.key or keys[0], bar=section.bar)
        if (key.tonic, key.mode) != (found[-1].tonic, found[-1].mode):
            found.append(key)
    return tuple(found)


def _tempi(grid: Grid, sections: Sequence[Section], briefs: Sequence[Brief]) -> Grid:
    """The grid with a tempo change wherever a keyframe names another tempo."""
    tempi = [grid.tempi[0]]
    for section, brief in zip(sections, briefs, strict=True):
        tempo = Tempo(grid.bar_start(section.bar), round((brief.bpm or tempi[-1].bpm) * 1000))
        if section.bar and tempo.milli_bpm != tempi[-1].milli_bpm:
            tempi.append(tempo)
    return replace(grid, tempi=tuple(tempi))
