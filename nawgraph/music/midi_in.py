"""Reading Standard MIDI files; see `midi_out` for what the text events of our own files mean."""

# mypy: disable-error-code="no-untyped-call"
# (mido has no annotations)

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, TypeVar

from nawgraph.music.theory import MODES, parse_key
from nawgraph.values import PPQ, STEMS, Chord, Grid, Key, Meter, Note, Part, Score, Section, Tempo
from nawgraph.values.score import SECTION_KINDS

MAX_BYTES = 8 << 20
MAX_NOTES = 400_000
MAX_BARS = 10_000
T = TypeVar("T")


@dataclass
class _Track:
    """One track while it is read: notes by channel, and the names found."""

    notes: dict[int, list[Note]] = field(default_factory=dict)
    programs: dict[int, int] = field(default_factory=dict)
    name: str = ""
    instrument: str = ""
    header: str = ""
    lyrics: dict[int, str] = field(default_factory=dict)


@dataclass
class _Conductor:
    """Tempo, meter, keys, markers and text of all tracks, by tick."""

    tempi: dict[int, int] = field(default_factory=dict)
    meters: dict[int, tuple[int, int]] = field(default_factory=dict)
    keys: dict[int, str] = field(default_factory=dict)
    markers: dict[int, str] = field(default_factory=dict)
    text: list[tuple[int, str, str]] = field(default_factory=list)
    end: int = 0
    title: str = ""

    def said(self, name: str) -> list[tuple[int, str]]:
        """Text events ``name=value`` as (tick, value)."""
        return [(tick, value) for tick, key, value in self.text if key == name]

    def numbers(self, name: str, default: tuple[int, int]) -> tuple[int, int]:
        """The two whole numbers of a text event, the default where it is missing or damaged."""
        for _, value in self.said(name):
            found = re.fullmatch(r"(-?\d{1,18}) (\d{1,6})", value)
            if found:
                return int(found[1]), int(found[2])
        return default


def from_midi(data: bytes) -> Score:
    """The score of a MIDI file.

    Tracks become parts; a track with several channels (type 0) becomes one part a channel. The stem is our own text
    event's, else drums for channel 10, vocals for tracks with lyrics or a voice's name or program, bass for low
    programs and names, and other for the rest. Notes that overlap themselves are cut, notes that never end are ended.

    Args:
        data: the file's bytes, at most 8 MiB.

    Raises:
        ValueError: not a MIDI file, broken, empty, SMPTE time, or more than 400,000 notes or 10,000 bars.
    """
    file = _parse(data)
    conductor, tracks = _Conductor(), []
    for index, track in enumerate(file.tracks):
        tracks.append(_read_track(track, file.ticks_per_beat, conductor, index == 0))
        if sum(len(n) for t in tracks for n in t.notes.values()) > MAX_NOTES:
            raise ValueError(f"the MIDI file has more than {MAX_NOTES:,} notes: split it into shorter ones")
    parts = _parts(tracks)
    if not parts and not conductor.said("nawgraph"):
        raise ValueError("the MIDI file has no notes")
    grid = _grid(conductor, max([conductor.end, *(p.end for p in parts)]))
    seed, _ = conductor.numbers("nawgraph", (-1, 0))
    style = next((v for _, v in conductor.said("style")), "")
    keys, chords = _keys(conductor, grid), _chords(conductor)
    return Score(grid, parts, keys, chords, _sections(conductor, grid), style, conductor.title, seed)


def _parse(data: bytes) -> Any:
    import mido

    if len(data) > MAX_BYTES:
        raise ValueError(f"the MIDI file has {len(data) / 2**20:.0f} MiB; at most {MAX_BYTES >> 20} can be read")
    if data[:4] != b"MThd":
        raise ValueError("this is not a MIDI file: it does not begin with MThd")
    try:
        file = mido.MidiFile(file=io.BytesIO(data), charset="utf-8", clip=True)
    except UnicodeDecodeError:
        file = _parse_latin(data)
    except Exception as error:  # mido raises whatever a damaged byte leads it into
        raise ValueError(f"the MIDI file is broken or cut off ({type(error).__name__})") from None
    if file.type == 2:
        raise ValueError("the MIDI file is of type 2 (independent patterns): save it as type 0 or 1")
    if not 1 <= file.ticks_per_beat <= 32767:
        raise ValueError("the MIDI file counts in SMPTE time code: save it with ticks a quarter note")
    return file


def _parse_latin(data: bytes) -> Any:
    import mido

    try:
        return mido.MidiFile(file=io.BytesIO(data), charset="latin-1", clip=True)
    except Exception as error:
        raise ValueError(f"the MIDI file is broken or cut off ({type(error).__name__})") from None


def _read_track(track: Iterable[Any], division: int, conductor: _Conductor, first: bool) -> _Track:
    found, now, at = _Track(), 0, 0
    open_notes: dict[tuple[int, int], tuple[int, int]] = {}
    for message in track:
        now += message.time
        at = (now * PPQ * 2 + division) // (2 * division)
        if message.type in ("note_on", "note_off"):
            key = (message.channel, message.note)
            if key in open_notes:
                start, velocity = open_notes.pop(key)
                _add(found, key, start, at, velocity)
            if message.type == "note_on" and message.velocity:
                open_notes[key] = (at, message.velocity)
        elif message.type == "program_change":
            found.programs.setdefault(message.channel, message.program)
        elif message.is_meta:
            _read_meta(message, at, found, conductor, first)
    for key, (start, velocity) in open_notes.items():
        _add(found, key, start, at, velocity)
    conductor.end = max(conductor.end, at)
    return found


def _add(track: _Track, key: tuple[int, int], start: int, end: int, velocity: int) -> None:
    note = Note(start, max(1, end - start), key[1], velocity)
    track.notes.setdefault(key[0], []).append(note)


def _read_meta(message: Any, at: int, track: _Track, conductor: _Conductor, first: bool) -> None:
    kind = message.type
    if kind == "set_tempo":
        conductor.tempi[at] = message.tempo
    elif kind == "time_signature":
        conductor.meters[at] = (message.numerator, message.denominator)
    elif kind == "key_signature":
        conductor.keys[at] = message.key
    elif kind == "marker":
        conductor.markers[at] = message.text
    elif kind == "lyrics":
        track.lyrics[at] = message.text.strip()
    elif kind == "instrument_name":
        track.instrument = message.name
    elif kind == "track_name":
        track.name = message.name
        conductor.title = message.name if first else conductor.title
    elif kind == "text" and "=" in message.text:
        name, value = message.text.split("=", 1)
        if name == "part":
            track.header = value
        else:
            conductor.text.append((at, name, value))


# --------------------------------------------------------------------------------- parts


def _parts(tracks: list[_Track]) -> tuple[Part, ...]:
    parts: list[Part] = []
    for track in tracks:
        for channel, notes in sorted(track.notes.items()):
            part = _own(track) or _foreign(track, channel)
            sung = {n.start: n for n in notes} if track.lyrics else {}
            words = {at: text for at, text in track.lyrics.items() if at in sung}
            if words:
                notes = [replace(n, syllable=words.get(n.start, "")) for n in notes]
            parts.append(replace(part, name=_fresh(part, parts), notes=tuple(notes)))
    order = {stem: i for i, stem in enumerate(STEMS)}
    return tuple(sorted(parts, key=lambda p: order.get(p.stem, len(STEMS))))


def _own(track: _Track) -> Part | None:
    """The part as our own text event describes it."""
    try:
        stem, pan, gain, name = track.header.split(" ", 3)
        return Part(stem, name, track.instrument, (), float(pan), float(gain))
    except ValueError:
        return None


def _foreign(track: _Track, channel: int) -> Part:
    name, program = track.name.lower(), track.programs.get(channel, -1)
    if channel == 9:
        stem = "drums"
    elif track.lyrics or program in (52, 53, 54, 85, 91) or any(w in name for w in ("vocal", "voice", "vox", "choir")):
        stem = "vocals"
    elif 32 <= program <= 39 or "bass" in name:
        stem = "bass"
    else:
        stem = "other"
    return Part(stem, track.name.strip() or stem)


def _fresh(part: Part, others: list[Part]) -> str:
    taken = {p.name for p in others if p.stem == part.stem}
    name, count = part.name, 2
    while name in taken:
        name, count = f"{part.name} {count}", count + 1
    return name


# ---------------------------------------------------------------------------------- grid


def _grid(conductor: _Conductor, end: int) -> Grid:
    exact = {tick: int(value) for tick, value in conductor.said("tempo") if re.fullmatch(r"\d{1,9}", value)}
    tempi = {0: 120_000}
    for tick, micros in sorted(conductor.tempi.items()):
        own = exact.get(tick, 0)
        milli = own if own and round(60_000_000_000 / own) == micros else round(60_000_000_000 / max(1, micros))
        tempi[tick] = min(1_000_000, max(1_000, milli))
    meters = _meters(conductor)
    swing = conductor.numbers("swing", (500, 8))
    swing = swing if 500 <= swing[0] <= 750 and swing[1] in (8, 16) else (500, 8)
    grid = Grid(tuple(Tempo(t, m) for t, m in sorted(tempi.items())), meters, 1, *swing)
    _, bars = conductor.numbers("nawgraph", (-1, 0))
    if not bars:
        last, rest = grid.bar_at(max(0, end))
        bars = max(1, last + (rest > 0))
    if bars > MAX_BARS:
        raise ValueError(f"the MIDI file has {bars:,} bars; at most {MAX_BARS:,} can be read")
    return replace(grid, bars=bars)


def _meters(conductor: _Conductor) -> tuple[Meter, ...]:
    """Meters by bar; one that comes in the middle of a bar counts from the next one on."""
    groups = dict(conductor.said("groups"))
    meters = [Meter(0, 4, 4)]
    for tick, (beats, unit) in sorted(conductor.meters.items()):
        if unit > 32 or not 1 <= beats <= 64:
            raise ValueError(f"the MIDI file has a meter that cannot be played: {beats}/{unit}")
        bar, rest = Grid(meters=tuple(meters)).bar_at(tick)
        split = tuple(int(g) for g in groups.get(tick, "").split() if g.isdigit())
        split = split if sum(split) == beats and 0 not in split else ()
        meter = Meter(bar + (rest > 0), beats, unit, split)
        meters = [m for m in meters if m.bar < meter.bar] + [meter]
    return tuple(meters)


def _keys(conductor: _Conductor, grid: Grid) -> tuple[Key, ...]:
    found: dict[int, Key] = {}
    for tick, name in sorted(conductor.keys.items()):
        found[grid.bar_at(tick)[0]] = replace(parse_key(name), bar=grid.bar_at(tick)[0])
    for tick, value in conductor.said("key"):
        tonic, _, mode = value.partition(" ")
        if mode in MODES and tonic.isdigit() and int(tonic) < 12:
            found[grid.bar_at(tick)[0]] = Key(grid.bar_at(tick)[0], int(tonic), mode)
    keys = [found[bar] for bar in sorted(found)]
    if keys and keys[0].bar:
        keys[0] = replace(keys[0], bar=0)
    return tuple(keys)


def _chords(conductor: _Conductor) -> tuple[Chord, ...]:
    return _tolerant(conductor.said("chord"), _chord, lambda a, b: a.end <= b.start)


def _chord(tick: int, value: str) -> Chord:
    length, root, quality, bass, numeral = [*value.split(" "), ""][:5]
    return Chord(tick, int(length), int(root), quality, int(bass), numeral)


def _tolerant(
    rows: list[tuple[int, str]], make: Callable[[int, str], T], fits: Callable[[T, T], bool]
) -> tuple[T, ...]:
    """What can be made of text events that another program may have moved or cut; the rest is left out."""
    found: list[T] = []
    for tick, value in sorted(rows):
        try:
            item = make(tick, value)
        except ValueError:
            continue
        if not found or fits(found[-1], item):
            found.append(item)
    return tuple(found)


def _sections(conductor: _Conductor, grid: Grid) -> tuple[Section, ...]:
    """The form: our own text events where they still cover the song, else markers that name sections."""

    def own(tick: int, value: str) -> Section:
        bars, energy, kind, label = [*value.split(" "), ""][:4]
        return Section(grid.bar_at(tick)[0], int(bars), kind, label, float(energy))

    sections = _tolerant(conductor.said("section"), own, lambda a, b: a.end == b.bar)
    if sections and sections[0].bar == 0 and sections[-1].end == grid.bars:
        return sections
    marks = {grid.bar_at(tick)[0]: text for tick, text in sorted(conductor.markers.items())}
    starts = [b for b in sorted(marks) if b < grid.bars]
    if not starts:
        return ()
    marks.setdefault(0, "intro")
    starts = sorted({0, *starts})
    return tuple(_marked(a, b - a, marks[a]) for a, b in pairwise([*starts, grid.bars]))


def _marked(bar: int, bars: int, text: str) -> Section:
    words = text.lower().replace("-", "").split()
    kind = next((k for k in SECTION_KINDS if any(w.startswith(k) for w in words)), "theme")
    return Section(bar, bars, kind, text.split()[-1][:8] if len(words) > 1 else kind[:1].upper())
