"""What the planner is told: features of every step that the form gives, and conditions of every section.

Features are always known. Conditions may be unknown, which is value 0 in all of them: training leaves each out now and
then, and classifier-free guidance compares the planner that knows with the one that does not.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from nawgraph.models.planner.players import cast
from nawgraph.models.planner.vocabulary import FIRST, INDEX, METERS, STREAMS, Tokens
from nawgraph.music.blueprint import Blueprint
from nawgraph.music.brief import Brief
from nawgraph.music.cast import role_styles, voice_instrument
from nawgraph.music.streams import chance, stream
from nawgraph.music.theory import MODES
from nawgraph.values import STEMS, Section
from nawgraph.values.score import SECTION_KINDS

Rows = npt.NDArray[np.int16]

FEATURES: dict[str, int] = {
    "step": 16, "bar": 8, "left": 17, "kind": len(SECTION_KINDS), "following": len(SECTION_KINDS) + 1, "repeat": 4,
    "energy": 8,
}  # fmt: skip
"""Step within the bar; bar within the section, modulo 8; bars left in it; its kind; the next one's; how often its label
was heard before; its energy."""

MAX_STYLES = 32
SLOTS = tuple(s.name for s in STREAMS if s.group == "other")
VOICES = ("voice.soprano", "voice.tenor", "voice.choir")
CONDITIONS: dict[str, int] = {
    "drums style": MAX_STYLES, "bass style": MAX_STYLES, "comp style": MAX_STYLES, "lead style": MAX_STYLES,
    "mode": 1 + len(MODES), "meter": 1 + len(METERS), "tonic": 13, "voice": 2 + len(VOICES), "swing": 5, "tempo": 11,
    "drums density": 6, "bass density": 6, "other density": 6, "vocals density": 6,
    "featured": 1 + 1 + len(SLOTS), "featured too": 1 + 1 + len(SLOTS),
}  # fmt: skip
"""Values of every condition, 0 unknown. Density: 1 silent, 2 sparse … 5 busy. Featured: 1 nothing, else a slot."""

NAMES = tuple(CONDITIONS)
AT = {name: i for i, name in enumerate(NAMES)}
STYLE_ROLES = ("drums", "bass", "comp", "lead")
_SWINGS = (505, 560, 610)
_TEMPI = (70, 82, 92, 102, 114, 126, 140, 160, 180)
_DENSITIES = {"drums": (5.0, 8.0, 11.5), "bass": (2.2, 4.2, 7.0), "other": (3.0, 6.5, 11.0), "vocals": (1.2, 2.2, 3.6)}
"""Onsets a bar from which on a stem counts as denser."""

NO_VOICE, SILENT = 1, 1
SINGING = 4
"""Density of a voice of which nothing else is known: left to itself, the planner at times forgets to sing."""


def features(sections: Sequence[Section], steps_a_bar: int) -> Rows:
    """What the form says about every step, int16 [steps, features]."""
    rows = []
    heard: dict[str, int] = {}
    for index, section in enumerate(sections):
        repeat = heard[section.label] = heard.get(section.label, -1) + 1
        following = 0
        if index + 1 < len(sections):
            following = 1 + SECTION_KINDS.index(sections[index + 1].kind)
        kind, energy = SECTION_KINDS.index(section.kind), min(7, int(section.energy * 8))
        for bar in range(section.bars):
            left = min(section.bars - bar, FEATURES["left"] - 1)
            rows += [(step, bar % 8, left, kind, following, min(repeat, 3), energy) for step in range(steps_a_bar)]
    return np.array(rows, np.int16)


def echoes(sections: Sequence[Section], steps_a_bar: int) -> npt.NDArray[np.int32]:
    """For every step the same step of the section before that has this section's label, −1 without one. [steps]"""
    found = np.full(sections[-1].end * steps_a_bar, -1, np.int32)
    last: dict[str, Section] = {}
    for section in sections:
        earlier = last.get(section.label)
        if earlier is not None and section.label:
            count = min(section.bars, earlier.bars) * steps_a_bar
            begin, source = section.bar * steps_a_bar, earlier.bar * steps_a_bar
            found[begin : begin + count] = np.arange(source, source + count)
        last[section.label] = section
    return found


def section_of_step(sections: Sequence[Section], steps_a_bar: int) -> npt.NDArray[np.int32]:
    """Index of the section of every step. [steps]"""
    return np.repeat(np.arange(len(sections), dtype=np.int32), [s.bars * steps_a_bar for s in sections])


def conditions(plan: Blueprint, seed: int, styles: Sequence[str]) -> Rows:
    """What is asked of every section, int16 [sections, conditions].

    Args:
        plan: grid, form, keys and briefs; its chords are not looked at.
        seed: of the choices that the briefs leave open (singer, instruments).
        styles: names of styles in the planner's order; others are unknown to it.
    """
    rows = np.zeros((len(plan.sections), len(NAMES)), np.int16)
    known = {name: 1 + i for i, name in enumerate(styles)}
    singer = voice(plan, seed)
    meter = (plan.grid.meters[0].beats, plan.grid.meters[0].unit)
    for index, (section, brief) in enumerate(zip(plan.sections, plan.briefs, strict=True)):
        row, key = rows[index], plan.key_at(section.bar)
        roles = role_styles(brief, plan.style, seed)
        for role in STYLE_ROLES:
            row[AT[f"{role} style"]] = known.get(roles[role].name, 0)
        row[AT["mode"]] = 1 + list(MODES).index(key.mode)
        row[AT["meter"]] = 1 + METERS.index(meter)
        row[AT["tonic"]] = 1 + key.tonic
        row[AT["voice"]] = 2 + VOICES.index(singer) if singer in VOICES else NO_VOICE
        row[AT["swing"]] = 1 + sum(plan.grid.swing >= end for end in _SWINGS)
        row[AT["tempo"]] = 1 + sum(plan.grid.tempi[0].bpm >= end for end in _TEMPI)
        featured = [1 + 1 + SLOTS.index(name) for name in featured_slots(brief, plan, index, seed)]
        row[AT["featured"]], row[AT["featured too"]] = (*featured[:2], 1, 1)[:2]
        _densities(row, brief)
        if singer and row[AT["vocals density"]] == 0:
            row[AT["vocals density"]] = SINGING
    return rows


def voice(plan: Blueprint, seed: int) -> str:
    """The singer's instrument, empty where nobody sings; asked for, else as often as the style has one."""
    brief = plan.briefs[0]
    sings = brief.vocals
    if sings is None:
        asked = any(name.startswith("voice.") for name in brief.instruments)
        sings = asked or chance(stream(seed, "vocals"), plan.style.vocals)
    if not sings or "vocals" in brief.without:
        return ""
    return voice_instrument(brief, role_styles(brief, plan.style, seed)["lead"], seed)


def featured_slots(brief: Brief, plan: Blueprint, section: int, seed: int) -> list[str]:
    """The slots of the stem other that play an instrument which the prompt names, from the first bar on."""
    roles = role_styles(plan.briefs[section], plan.style, seed)
    return [slot for slot, player in cast(brief, roles, seed).items() if player.featured]


def _densities(row: Rows, brief: Brief) -> None:
    for stem in STEMS:
        if stem in brief.without:
            row[AT[f"{stem} density"]] = SILENT
        elif brief.density is not None:
            row[AT[f"{stem} density"]] = 2 + min(3, int(brief.density * 4))


def measured(tokens: Tokens, bars: int) -> dict[str, int]:
    """The density condition of every stem, measured: onsets a bar, in buckets."""
    found = {}
    for stem in STEMS:
        onsets = _onsets(tokens, stem) / bars
        found[f"{stem} density"] = SILENT if onsets == 0 else 2 + sum(onsets >= end for end in _DENSITIES[stem])
    return found


def _onsets(tokens: Tokens, stem: str) -> int:
    if stem == "drums":
        return int(np.count_nonzero(tokens[:, INDEX["dynamics"]]))
    columns = [i for i, s in enumerate(STREAMS) if s.group == stem and s.pitched]
    return int(np.count_nonzero(tokens[:, columns] >= FIRST))
