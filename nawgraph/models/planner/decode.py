"""From tokens back to a score: notes for the players of the plan's styles.

What tokens do not say is played by rule: loudness of pitched notes by beat and energy of the section, inner voices of
chords in close position below the top that is written, the length of drum hits, and the looseness of the style.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from nawgraph.models.planner.players import Player, cast
from nawgraph.models.planner.vocabulary import (
    CHORDAL,
    FIRST,
    HANDS,
    HOLD,
    INDEX,
    KIT,
    LEVELS,
    PEDAL,
    SHAKER,
    STEP,
    STREAMS,
    TOMS,
    TOPS,
    Stream,
    Tokens,
    centred,
    steps_a_bar,
)  # fmt: skip
from nawgraph.music.blueprint import Blueprint
from nawgraph.music.cast import bass_instrument, kit, role_styles
from nawgraph.music.drums import VOICES
from nawgraph.music.lyrics import SYLLABLES
from nawgraph.music.numerals import numeral_of
from nawgraph.music.passage import Raw, loud
from nawgraph.music.patterns import strong_ticks
from nawgraph.music.realise import Sheets, Slot, gathered
from nawgraph.music.streams import stream
from nawgraph.music.styles import Style
from nawgraph.music.theory import is_home
from nawgraph.music.voicing import power, voices
from nawgraph.values import Chord, Score
from nawgraph.values.score import QUALITIES

Tonics = npt.NDArray[np.int64]
_PAD_HOLDS = 4
"""Bars after which a pad strikes a note again that chords share."""


@dataclass(frozen=True)
class _Place:
    """A section while its notes are made: steps from `begin` to before `end`."""

    begin: int
    end: int
    index: int
    energy: float
    roles: Mapping[str, Style]
    players: Mapping[str, Player]


def decode(tokens: Tokens, plan: Blueprint, singer: str, seed: int, *, humanise: float = 1.0, title: str = "") -> Score:
    """The score that tokens stand for.

    Args:
        tokens: int16 [steps, streams].
        plan: grid, form, keys and briefs; its chords are not looked at.
        singer: the voice's instrument; the lead style's first where it is empty and somebody sings all the same.
        seed: of what the briefs leave open, of small differences in loudness, and of the timing.
        humanise: how loosely it is played, 0 exactly on the grid.
        title: of the song.
    """
    tonic = tonics_of(plan)
    chords = chords_of(tokens, plan, tonic)
    sheets = Sheets()
    for place in _places(plan, seed):
        _play(place, plan, tokens, tonic, chords, singer, seed, sheets)
    parts = gathered(sheets, plan.grid.ticks, seed, humanise)
    return Score(plan.grid, parts, plan.keys, chords, plan.sections, plan.style.name, title, seed)


def tonics_of(plan: Blueprint) -> Tonics:
    """The centred tonic of every step, int64 [steps]."""
    size = steps_a_bar(plan.grid.meters[0])
    return np.repeat([centred(plan.key_at(bar).tonic) for bar in range(plan.grid.bars)], size)


def chords_of(tokens: Tokens, plan: Blueprint, tonic: Tonics) -> tuple[Chord, ...]:
    """The harmony: one chord for every run of a token within a section."""
    column = tokens[:, INDEX["chord"]]
    size = steps_a_bar(plan.grid.meters[0])
    borders = {section.bar * size for section in plan.sections}
    found, begin = [], 0
    for step in range(1, len(column) + 1):
        if step < len(column) and column[step] == column[begin] and step not in borders:
            continue
        if column[begin]:
            root, quality = divmod(int(column[begin]) - 1, len(QUALITIES))
            key = plan.key_at(begin // size)
            chord = Chord(begin * STEP, (step - begin) * STEP, (root + int(tonic[begin])) % 12, QUALITIES[quality])
            found.append(replace(chord, numeral=numeral_of(chord, key)))
        begin = step
    return tuple(found)


def _places(plan: Blueprint, seed: int) -> Iterator[_Place]:
    size = steps_a_bar(plan.grid.meters[0])
    for index, section in enumerate(plan.sections):
        roles = role_styles(plan.briefs[index], plan.style, seed)
        players = cast(plan.briefs[index], roles, seed)
        yield _Place(section.bar * size, section.end * size, index, section.energy, roles, players)


def _play(
    place: _Place, plan: Blueprint, tokens: Tokens, tonic: Tonics, chords: tuple[Chord, ...], singer: str, seed: int,
    sheets: Sheets,
) -> None:  # fmt: skip
    brief, span = plan.briefs[place.index], slice(place.begin, place.end)
    harmony = _harmony(chords, len(tokens))
    touch = _Touch(plan, place, seed)
    drums, bass = place.roles["drums"], place.roles["bass"]
    sheets.add(Slot("drums", "drums", kit(brief, drums), drums), list(_hits(tokens, place)))
    for stream_ in STREAMS:
        if not stream_.pitched or not (tokens[span, INDEX[stream_.name]] >= FIRST).any():
            continue
        events = list(_events(tokens[:, INDEX[stream_.name]], stream_, tonic, place))
        if stream_.group == "bass":
            slot = Slot("bass", "bass", bass_instrument(brief, bass, seed), bass)
        elif stream_.group == "vocals":
            name = singer or place.roles["lead"].voices[0]
            slot = Slot("vocals", name.removeprefix("voice."), name, place.roles["lead"])
            _sing(events, tokens, sheets)
        elif stream_.name in place.players:
            player = place.players[stream_.name]
            slot = Slot("other", player.layer.name, player.instrument, player.style, player.layer)
            if stream_.name in CHORDAL:
                sheets.add(slot, _struck(events, stream_.name, player, harmony, plan, touch))
                continue
        else:
            continue
        sheets.add(slot, [(s * STEP, n * STEP - STEP // 8, p, touch(s)) for s, n, p in events])


class _Touch:
    """Loudness of pitched notes: by beat and energy, never quite the same."""

    def __init__(self, plan: Blueprint, place: _Place, seed: int) -> None:
        self._rng = stream(seed, "touch", place.index)
        self._energy = place.energy
        self._meter = plan.grid.meters[0]
        self._strong = set(strong_ticks(self._meter))

    def __call__(self, step: int, base: int = 0) -> int:
        tick = step * STEP % self._meter.bar_ticks
        accent = 96 if tick in self._strong else 90 if tick in self._meter.pulses else 83
        return loud(base or accent, self._energy, self._rng)


def _events(column: Tokens, stream_: Stream, tonic: Tonics, place: _Place) -> Iterator[tuple[int, int, int]]:
    """(step, steps, pitch) of the notes that begin in a section; they may ring on into the next."""
    for step in range(place.begin, place.end):
        token = int(column[step])
        if token < FIRST:
            continue
        end = step + 1
        while end < len(column) and column[end] == HOLD:
            end += 1
        yield step, end - step, max(0, min(127, token - FIRST + stream_.low + int(tonic[step])))


def _sing(events: list[tuple[int, int, int]], tokens: Tokens, sheets: Sheets) -> None:
    for step, _, _ in events:
        word = int(tokens[step, INDEX["syllable"]])
        sheets.text[step * STEP] = SYLLABLES[max(0, min(word, len(SYLLABLES)) - 1)]


def _harmony(chords: tuple[Chord, ...], steps: int) -> list[Chord | None]:
    found: list[Chord | None] = [None] * steps
    for chord in chords:
        for step in range(chord.start // STEP, min(steps, chord.end // STEP)):
            found[step] = chord
    return found


def _struck(
    events: list[tuple[int, int, int]], name: str, player: Player, harmony: list[Chord | None], plan: Blueprint,
    touch: _Touch,
) -> list[Raw]:  # fmt: skip
    """Chords below the tops that are written; a pad holds on to notes that its chords share."""
    notes: list[Raw] = []
    sounding: dict[int, Raw] = {}
    limit = _PAD_HOLDS * plan.grid.meters[0].bar_ticks
    for step, length, top in events:
        tick, ticks = step * STEP, length * STEP
        pitches = _below(top, harmony[step], name, player, plan, step)
        if name != "pad":
            notes += [(tick, ticks - STEP // 4, pitch, touch(step, 88)) for pitch in pitches]
            continue
        held = {p: n for p, n in sounding.items() if n[0] + n[1] == tick and p in pitches and tick < n[0] + limit}
        notes += [note for pitch, note in sounding.items() if pitch not in held]
        sounding = {p: (tick, ticks, p, touch(step, 76)) for p in pitches}
        sounding |= {p: (n[0], tick + ticks - n[0], p, n[3]) for p, n in held.items()}
    return notes + list(sounding.values())


def _below(top: int, chord: Chord | None, name: str, player: Player, plan: Blueprint, step: int) -> tuple[int, ...]:
    """A chord in close position whose highest note is `top`; a pad has its bass note beneath."""
    if chord is None:
        return (top,)
    if player.powered:
        return power(chord, player.layer.low)
    key = plan.key_at(step * STEP // plan.grid.meters[0].bar_ticks)
    steps = voices(chord.quality, is_home(chord, key), rootless=name != "pad")
    found = {top - (top - chord.root - above) % 12 for above in steps} | {top}
    if name == "pad":
        below = player.layer.low - 12
        found.add(below + (chord.lowest - below) % 12)
    return tuple(sorted(found))


def _hits(tokens: Tokens, place: _Place) -> Iterator[Raw]:
    for step in range(place.begin, place.end):
        kit_, percussion, dynamics = (int(tokens[step, INDEX[n]]) for n in ("kit", "percussion", "dynamics"))
        struck = [voice for bit, voice in enumerate(KIT) if kit_ >> bit & 1]
        struck += [v for v in (HANDS[percussion % 8], TOMS[percussion // 8 % 4]) if v]
        struck += [PEDAL] * (percussion >> 5 & 1) + [SHAKER] * (percussion >> 6 & 1)
        body, tops, hits = dynamics % 6, dynamics // 6 % 6, dynamics // 36 + 1
        rolled = VOICES["hat"] if VOICES["hat"] in struck else next(iter(struck), 0)
        for voice in struck:
            velocity = LEVELS[tops if voice in TOPS else body] or LEVELS[3]
            for hit in range(hits if voice == rolled else 1):
                yield (step * STEP + hit * STEP // hits, STEP // 2, voice, velocity)
