"""Melodies: motifs set to harmony in phrases, with answers, varied repeats and cadences.

A period is built of units of two bars: statement, answer, statement again (varied), close. Notes on strong beats are
chord tones, notes between them fill the way in scale steps (passing and neighbour notes), as in species counterpoint.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Set
from itertools import pairwise

import numpy as np

from nawgraph.music.motif import Tone, motif, varied
from nawgraph.music.passage import Passage, Raw, loud
from nawgraph.music.patterns import STEP
from nawgraph.music.streams import chance, pick, stream
from nawgraph.music.theory import pitch_classes, scale
from nawgraph.values import Chord, Key

_PLANS = {"chorus": ("aaab", "abab", "aabc"), "": ("abac", "abcd", "aabc", "abab")}
_MAX_LEAP = 9
_ATTRACTION = 1.5
"""Semitones further that the melody goes for the first or fifth degree."""


def melody(passage: Passage, low: int, high: int, busy: float, who: str) -> list[Raw]:
    """The melody of a passage within `low`–`high`.

    Args:
        passage: its harmony and form.
        low: lowest pitch of the singer or instrument.
        high: highest.
        busy: 0 long notes to 1 a note a sixteenth.
        who: name of the stream: the same name on the same label gives the same motifs.
    """
    tones = _line(passage, busy, who)
    live = stream(passage.seed, "melody pitch", who, passage.label, passage.section.kind == "solo" and passage.index)
    touch = stream(passage.seed, "melody touch", who, passage.index)
    lift = {"chorus": 2.0, "drop": 2.0, "bridge": 1.0, "verse": -1.0, "solo": 1.0}.get(passage.section.kind, 0.0)
    pitches = _pitched(passage, tones, low, high, lift, live)
    notes = []
    for tone, pitch in zip(tones, pitches, strict=True):
        start = passage.start + tone.tick
        length = _until_clash(passage, start, tone.length, pitch)
        accent = (98, 92, 84)[2 - tone.anchor]
        notes.append((start, max(STEP // 2, length - STEP // 8), pitch, loud(accent, passage.energy, touch)))
    return notes


def _line(passage: Passage, busy: float, who: str) -> list[Tone]:
    """The motifs of a passage in their order, from the passage's first tick on."""
    solo = passage.section.kind == "solo"
    name = (who, passage.label, passage.index) if solo else (who, passage.label)
    rng = stream(passage.seed, "motifs", *name)
    plan = pick(rng, _PLANS["chorus" if passage.section.kind in ("chorus", "drop") else ""])
    size = 1 if passage.bars == 1 else 2
    made = {letter: motif(passage.meter, size, busy, letter in "cd", rng) for letter in "abcd"}
    vary = stream(passage.seed, "variation", who, passage.index)
    line: list[Tone] = []
    seen: set[str] = set()
    units = -(-passage.bars // size)
    for unit in range(units):
        letter = "c" if unit == units - 1 and units > 1 else plan[unit % 4]
        tones = made[letter]
        if letter in seen or passage.repeat:
            tones = varied(tones, 0.25 if letter not in seen else 0.4, vary)
        seen.add(letter)
        at = unit * size * passage.meter.bar_ticks
        line += [tone._replace(tick=tone.tick + at) for tone in tones]
    limit = passage.end - passage.start
    return [t._replace(length=min(t.length, limit - t.tick)) for t in line if t.tick < limit]


def ladder(key: Key, chord: Chord, low: int, high: int) -> list[int]:
    """Pitches that fit a chord in a key: the scale, with the chord's own notes in place of their neighbours."""
    tones = set(scale(key))
    own = pitch_classes(chord)
    for foreign in own - tones:
        tones -= {(foreign - 1) % 12, (foreign + 1) % 12} - own
        tones.add(foreign)
    return [p for p in range(low, high + 1) if p % 12 in tones]


def _pitched(
    passage: Passage, tones: list[Tone], low: int, high: int, lift: float, rng: np.random.Generator
) -> list[int]:
    """Pitches for tones: anchors on chord tones near the contour, the others on the way between them.

    A phrase comes to rest on the first or fifth degree wherever its chord has one of them.
    """
    rest = {scale(passage.key)[0], scale(passage.key)[4]}
    ends = _phrase_ends(passage, tones)
    rungs = {c: ladder(passage.key, c, low, high) for c in passage.chords}
    chords = [passage.chord_at(passage.start + tone.tick) for tone in tones]
    middle = 0.45 + 0.1 * rng.random()
    pitches = [0] * len(tones)
    last = -1
    for i, tone in enumerate(tones):
        if tone.anchor == 0 and i not in ends and i:
            continue
        steps = rungs[chords[i]]
        goal = steps[max(0, min(len(steps) - 1, round(len(steps) * middle + tone.height + lift)))]
        suspended = tone.anchor == 1 and chance(rng, 0.12) and not passage.is_strong(passage.start + tone.tick)
        own = pitch_classes(chords[i])
        wanted = own & rest or own if i in ends else set(range(12)) if suspended else own
        pitches[i] = _nearest(wanted, rest, steps, goal, pitches[last] if last >= 0 else goal)
        _fill(tones, pitches, chords, rungs, last, i, rng)
        last = i
    return pitches


def _phrase_ends(passage: Passage, tones: list[Tone]) -> set[int]:
    """The last tone of every phrase of four bars, and of the passage."""
    phrase = 4 * passage.meter.bar_ticks
    return {i for i, (a, b) in enumerate(pairwise(tones)) if a.tick // phrase < b.tick // phrase} | {len(tones) - 1}


def _nearest(wanted: Set[int], stable: Set[int], steps: list[int], goal: int, previous: int) -> int:
    """The pitch of the wanted classes nearest to the goal within a singable leap; repeats cost a bit, and stable
    classes attract (tonal hierarchy: Krumhansl, "Cognitive Foundations of Musical Pitch", 1990)."""
    options = [p for p in steps if p % 12 in wanted]
    near = [p for p in options if abs(p - previous) <= _MAX_LEAP] or options

    def cost(p: int) -> float:
        unstable = 0.0 if p % 12 in stable else _ATTRACTION
        return abs(p - goal) + 0.3 * abs(p - previous) + (0.8 if p == previous else 0) + unstable

    return min(near, key=lambda p: (cost(p), p))


def _fill(
    tones: list[Tone], pitches: list[int], chords: list[Chord], rungs: dict[Chord, list[int]], a: int, b: int,
    rng: np.random.Generator,
) -> None:  # fmt: skip
    """Weak notes between the anchors `a` and `b`: scale steps towards the goal, neighbours where it stands still."""
    count = b - a - 1
    if a < 0 or count < 1:
        return
    for k in range(1, count + 1):
        steps = rungs[chords[a + k]]
        i, j = (min(bisect_left(steps, pitches[x]), len(steps) - 1) for x in (a, b))
        at = i + round((j - i) * k / (count + 1))
        if steps[at] == pitches[a + k - 1]:
            side = 1 if j > i or (j == i and rng.random() < 0.5) else -1
            at = max(0, min(len(steps) - 1, at + side))
        pitches[a + k] = steps[at]


def _until_clash(passage: Passage, start: int, length: int, pitch: int) -> int:
    """How long a note may last: to the end, or to the chord that it does not belong to."""
    for chord in passage.chords:
        if start < chord.start < start + length and pitch % 12 not in pitch_classes(chord):
            return chord.start - start
    return length


def singable(notes: list[Raw]) -> list[Raw]:
    """The line with every leap of more than an octave folded back by octaves, towards the note before."""
    found: list[Raw] = []
    for start, length, pitch, velocity in notes:
        while found and pitch - found[-1][2] > 12:
            pitch -= 12
        while found and found[-1][2] - pitch > 12:
            pitch += 12
        found.append((start, length, pitch, velocity))
    return found


def answers(passage: Passage, sung: list[Raw], low: int, high: int) -> list[Raw]:
    """What an instrument plays while the singer breathes: short figures on chord tones in gaps of a beat and more."""
    rng = stream(passage.seed, "answers", passage.label)
    notes: list[Raw] = []
    spans = [(s, s + n) for s, n, _, _ in sung]
    for (_, free), (taken, _) in zip(spans, [*spans[1:], (passage.end, 0)], strict=True):
        begin = -(-(free - passage.start) // (2 * STEP)) * 2 * STEP + passage.start
        room = (taken - begin) // (2 * STEP)
        if room < 2 or not chance(rng, 0.75):
            continue
        chord = passage.chord_at(begin)
        steps = [p for p in ladder(passage.key, chord, low, high) if p % 12 in pitch_classes(chord)]
        at = int(rng.random() * max(1, len(steps) - 3)) + 1
        for k in range(min(room, 4)):
            tick = begin + 2 * k * STEP
            if passage.chord_at(tick) != chord:
                break
            at = max(0, min(len(steps) - 1, at + pick(rng, (-1, 1, 1))))
            notes.append((tick, 2 * STEP - STEP // 4, steps[at], loud(80, passage.energy, rng)))
    return notes
