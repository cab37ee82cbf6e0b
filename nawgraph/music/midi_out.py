"""Writing Standard MIDI files (type 1), by mido; `midi_in` reads them.

What MIDI has a place for is written there: tempo, meter, key, section markers, lyrics, instrument names, programs,
volume, pan. What it has no place for (stem, chords, energy, modes, swing, exact tempo) goes into text events of the
form ``name=value`` that other programs ignore, at the ticks they belong to.
"""

# mypy: disable-error-code="no-untyped-call"
# (mido has no annotations)

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import mido

from nawgraph.music.theory import is_minor, note_name, uses_flats
from nawgraph.values import PPQ, Grid, Key, Note, Part, Score

PROGRAMS = {
    "bass.acid": 38, "bass.saw": 38, "bass.fm": 38, "bass.sub": 39, "bass.reese": 39, "bass.808": 39, "bass.wobble": 39,
    "bass.finger": 33, "bass.upright": 32, "voice.soprano": 53, "voice.tenor": 53, "voice.choir": 52,
    "keys.epiano": 4, "keys.organ": 16, "keys.piano": 0, "pluck.synth": 84, "pluck.guitar": 25, "guitar.electric": 27,
    "guitar.nylon": 24, "pad.warm": 89, "pad.glass": 92, "strings.ensemble": 48, "strings.pizz": 45,
    "brass.section": 61, "brass.stab": 62, "lead.saw": 81, "lead.square": 80, "lead.flute": 73, "mallet.vibes": 11,
    "bell.fm": 14,
}  # fmt: skip
"""General MIDI program (from 0) nearest to each instrument, for players other than nawgraph."""

DRUM_CHANNEL = 9
_SPELLED = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_MINOR_SPELLED = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")
Event = tuple[int, int, Any]
"""Tick, rank among events of one tick, message."""


def to_midi(score: Score, performed: bool = False) -> bytes:
    """A score as a type 1 MIDI file of 960 ticks a quarter note, a conductor track first, then one track a part.

    Args:
        score: what to write.
        performed: write swing and humanising into the note times, as the audio sounds. Otherwise notes stand on the
            straight grid (swing as a text event, humanising left out), and reading the file gives the score back.
    """
    file = mido.MidiFile(type=1, ticks_per_beat=PPQ, charset="utf-8")
    file.tracks.append(_track(_conductor(score, performed), score.grid.ticks))
    melodic = 0
    for part in score.parts:
        channel = DRUM_CHANNEL if part.stem == "drums" else [c for c in range(16) if c != DRUM_CHANNEL][melodic % 15]
        melodic += part.stem != "drums"
        file.tracks.append(_track(_part_events(part, channel, score.grid, performed), score.grid.ticks))
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()


def _track(events: Iterator[Event], end: int) -> Any:
    track = mido.MidiTrack()
    now = 0
    for tick, _, message in sorted(events, key=lambda e: e[:2]):
        track.append(message.copy(time=tick - now))
        now = tick
    track.append(mido.MetaMessage("end_of_track", time=max(0, end - now)))
    return track


def _text(name: str, *values: object) -> Any:
    return mido.MetaMessage("text", text=f"{name}=" + " ".join(str(v) for v in values))


def _conductor(score: Score, performed: bool) -> Iterator[Event]:
    grid = score.grid
    yield 0, 0, mido.MetaMessage("track_name", name=score.title)
    yield 0, 1, _text("nawgraph", score.seed, grid.bars)
    yield 0, 1, _text("style", score.style)
    if not performed:
        yield 0, 1, _text("swing", grid.swing, grid.swing_unit)
    for meter in grid.meters:
        tick = grid.bar_start(meter.bar)
        yield tick, 2, mido.MetaMessage("time_signature", numerator=meter.beats, denominator=meter.unit)
        if meter.groups:
            yield tick, 3, _text("groups", *meter.groups)
    for tempo in grid.tempi:
        yield tempo.tick, 2, mido.MetaMessage("set_tempo", tempo=round(60_000_000_000 / tempo.milli_bpm))
        yield tempo.tick, 3, _text("tempo", tempo.milli_bpm)
    for key in score.keys:
        tick = grid.bar_start(key.bar)
        yield tick, 2, mido.MetaMessage("key_signature", key=_signature(key))
        yield tick, 3, _text("key", key.tonic, key.mode)
    for section in score.sections:
        tick = grid.bar_start(section.bar)
        yield tick, 2, mido.MetaMessage("marker", text=f"{section.kind} {section.label}".strip())
        yield tick, 3, _text("section", section.bars, section.energy, section.kind, section.label)
    for c in score.chords:
        yield c.start, 4, _text("chord", c.length, c.root, c.quality, c.bass, c.numeral)


def _signature(key: Key) -> str:
    """The key signature nearest to a key: MIDI knows major and minor only."""
    if is_minor(key.mode):
        name = note_name(key.tonic, uses_flats(key))
        return (name if name in _MINOR_SPELLED else _MINOR_SPELLED[key.tonic]) + "m"
    name = note_name(key.tonic, uses_flats(key))
    return name if name in _SPELLED else _SPELLED[key.tonic]


def _part_events(part: Part, channel: int, grid: Grid, performed: bool) -> Iterator[Event]:
    yield 0, 0, mido.MetaMessage("track_name", name=part.name)
    yield 0, 1, _text("part", part.stem, part.pan, part.gain, part.name)
    if part.instrument:
        yield 0, 1, mido.MetaMessage("instrument_name", name=part.instrument)
    if channel != DRUM_CHANNEL:
        program = PROGRAMS.get(part.instrument, 0)
        yield 0, 2, mido.Message("program_change", channel=channel, program=program)
    volume = max(0, min(127, round(100 * 10 ** (part.gain / 40))))  # CC 7 is squared by General MIDI players
    yield 0, 2, mido.Message("control_change", channel=channel, control=7, value=volume)
    pan = max(0, min(127, round(64 + 63 * part.pan)))
    yield 0, 2, mido.Message("control_change", channel=channel, control=10, value=pan)
    for note in part.notes:
        start, end = _times(note, grid) if performed else (note.start, note.end)
        if note.syllable:
            yield start, 3, mido.MetaMessage("lyrics", text=note.syllable)
        yield start, 4, mido.Message("note_on", channel=channel, note=note.pitch, velocity=note.velocity)
        # a note's end sorts before the next one's start at the same tick, and after its own start
        yield end, 2, mido.Message("note_off", channel=channel, note=note.pitch, velocity=64)


def _times(note: Note, grid: Grid) -> tuple[int, int]:
    """Where a note is heard, in ticks: swung, and shifted at the tempo that holds there."""
    start, end = (int(t) for t in grid.swung([note.start, note.end]))
    bpm = next(t.bpm for t in reversed(grid.tempi) if t.tick <= note.start)
    moved = round(note.shift * bpm * PPQ / 60e6)
    return max(0, start + moved), max(1, max(0, start + moved) + 1, end + moved)
