"""What is known of a score that is to be continued or partly rewritten: plan, conditions, form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from nawgraph.audio.key import keys as key_estimates
from nawgraph.models.planner.conditions import AT, NO_VOICE, VOICES, Rows, conditions, measured
from nawgraph.models.planner.vocabulary import Tokens
from nawgraph.music.blueprint import Blueprint
from nawgraph.music.brief import Brief
from nawgraph.music.cast import main_style
from nawgraph.music.prompt import interpolate
from nawgraph.music.styles import STYLES
from nawgraph.values import Key, Prompt, Score, Section

_DEFAULT_BARS = 8
_FRAME = ("intro", "outro")


def plan_of(score: Score, prompt: Prompt | None, seed: int) -> Blueprint:
    """The plan that a score could have been made from.

    A key that the score does not name is estimated from its notes, a form it lacks is one theme of eight bars after
    another, and what the prompt does not say is the score's: its style, and nothing else.
    """
    sections = score.sections or tuple(form_from(0, score.bars))
    briefs = tuple(_brief(score, prompt, section) for section in sections)
    keys = score.keys or (guessed_key(score),)
    return Blueprint(score.grid, keys, sections, (), briefs, main_style(briefs[0], seed))


def _brief(score: Score, prompt: Prompt | None, section: Section) -> Brief:
    brief = interpolate(prompt, section.bar + section.bars / 2) if prompt is not None else Brief()
    if not brief.styles and score.style in STYLES:
        brief = replace(brief, styles=((score.style, 1.0),))
    return brief


def guessed_key(score: Score) -> Key:
    """The key whose profile fits the pitch classes of a score best, weighted by length; C major without notes."""
    profile = np.zeros(12)
    for part in score.parts:
        if part.stem != "drums":
            for note in part.notes:
                profile[note.pitch % 12] += note.length
    found = key_estimates(profile)
    return Key(0, found[0].tonic, found[0].mode) if found else Key(0, 0, "major")


def form_from(bar: int, end: int) -> list[Section]:
    """Themes of eight bars that fill the bars from `bar` to `end`."""
    return [Section(at, min(_DEFAULT_BARS, end - at), "theme", "A", 0.6) for at in range(bar, end, _DEFAULT_BARS)]


def continued(sections: Sequence[Section], bars: int) -> tuple[Section, ...]:
    """A form and `bars` more: its body once more and again, from the section after the one that it ended on."""
    body = [s for s in sections if s.kind not in _FRAME] or list(sections)
    found, at = list(sections), sections[-1].end
    end, index = at + bars, 0
    while at < end:
        source = body[index % len(body)]
        count = min(source.bars, end - at)
        found.append(replace(source, bar=at, bars=count))
        at, index = at + count, index + 1
    return tuple(found)


def conditions_of(
    plan: Blueprint, score: Score, tokens: Tokens, redone: Sequence[str], styles: Sequence[str], seed: int
) -> Rows:
    """Conditions for rewriting the stems `redone`: what the prompt says of them, what the score shows of the others."""
    rows = conditions(plan, seed, styles)
    for name, value in measured(tokens, score.bars).items():
        stem = name.removesuffix(" density")
        if stem not in redone and score.of_stem(stem):
            rows[:, AT[name]] = value
    if "vocals" not in redone:
        singers = [part.instrument for part in score.of_stem("vocals")]
        known = singers and singers[0] in VOICES
        rows[:, AT["voice"]] = 2 + VOICES.index(singers[0]) if known else NO_VOICE if not singers else 0
        if not singers:
            rows[:, AT["vocals density"]] = 0
    return rows
