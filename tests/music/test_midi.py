import io
from dataclasses import replace

import mido
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nawgraph.music.compose import compose
from nawgraph.music.midi import from_midi, to_midi
from nawgraph.music.styles import STYLES
from nawgraph.music.theory import MODES
from nawgraph.values import Chord, Grid, Key, Meter, Note, Part, Score, Section, Tempo
from nawgraph.values.score import QUALITIES


def unshifted(score):
    parts = tuple(replace(p, notes=tuple(replace(n, shift=0) for n in p.notes)) for p in score.parts)
    return replace(score, parts=parts)


@pytest.mark.parametrize("text", [*list(STYLES)[::4], "rock, 7/8, 123.457 bpm, vocals", "C minor then E♭ major"])
def test_a_song_comes_back_as_it_was(text):
    score = compose(text, 12, 3, title="Tést ♪")
    assert from_midi(to_midi(score)) == unshifted(score)


def strictly(values):
    return sorted(set(values))


@st.composite
def scores(draw):
    bars = draw(st.integers(1, 9))
    meters = [Meter(0, *draw(st.sampled_from([(4, 4), (7, 8), (3, 4)])))]
    meters += [Meter(b, 5, 8, (2, 3)) for b in strictly(draw(st.lists(st.integers(1, 8), max_size=2)))]
    ticks = strictly(draw(st.lists(st.integers(1, 20_000), max_size=2)))
    tempi = [Tempo(t, draw(st.integers(4_000, 1_000_000))) for t in [0, *ticks]]
    grid = Grid(tuple(tempi), tuple(meters), bars, draw(st.integers(500, 750)), draw(st.sampled_from([8, 16])))
    parts = []
    for i, stem in enumerate(
        draw(st.lists(st.sampled_from(["drums", "bass", "vocals", "other"]), max_size=3, unique=True))
    ):
        notes, at = [], 0
        for _ in range(draw(st.integers(1, 5))):
            at += draw(st.integers(0, 500))
            length = draw(st.integers(1, 900))
            words = draw(st.sampled_from(["", "la", "öh"])) if stem == "vocals" else ""
            notes.append(Note(at, length, draw(st.integers(0, 127)), draw(st.integers(1, 127)), words))
            at += length
        pan, gain = draw(st.sampled_from([-1.0, 0.0, 0.3])), draw(st.sampled_from([-6.0, 0.0, 1.5]))
        parts.append(Part(stem, f"part {i}", draw(st.sampled_from(["", "keys.piano"])), tuple(notes), pan, gain))
    order = ["drums", "bass", "vocals", "other"]
    parts.sort(key=lambda p: order.index(p.stem))
    keys = (Key(0, draw(st.integers(0, 11)), draw(st.sampled_from(list(MODES)))),)
    chord = Chord(draw(st.integers(0, 99)), 480, draw(st.integers(0, 11)), draw(st.sampled_from(QUALITIES)), 3, "iv7")
    sections = (Section(0, bars, "verse", "A", draw(st.floats(0, 1))),)
    return Score(grid, tuple(parts), keys, (chord,), sections, "jazz", "title", draw(st.integers(-1, 2**40)))


@settings(max_examples=60, deadline=None)
@given(scores())
def test_any_score_comes_back(score):
    assert from_midi(to_midi(score)) == score


def test_performed_times_are_those_of_the_audio():
    grid = Grid.of(120, 1, swing=600)
    score = Score(grid, (Part("other", "a", notes=(Note(480, 480, 60, shift=10_417),)),))
    file = mido.MidiFile(file=io.BytesIO(to_midi(score, performed=True)))
    on = next(m for m in file.tracks[1] if m.type == "note_on")
    assert on.time == 576 + 20


def foreign(tracks, division=480, kind=1):
    file = mido.MidiFile(type=kind, ticks_per_beat=division)
    for messages in tracks:
        file.tracks.append(mido.MidiTrack(messages))
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()


def test_foreign_files_get_stems_and_tidy_notes():
    on, off, meta = mido.Message, mido.Message, mido.MetaMessage
    drums = [on("note_on", channel=9, note=36, velocity=100), off("note_off", channel=9, note=36, time=240)]
    bass = [on("program_change", channel=1, program=33), on("note_on", channel=1, note=40, velocity=80)]
    bass += [
        on("note_on", channel=1, note=40, velocity=90, time=480),
        on("note_on", channel=1, note=40, velocity=0, time=240),
    ]
    lead = [meta("track_name", name="Melody"), on("note_on", channel=2, note=72, velocity=70)]
    lead += [meta("end_of_track", time=960)]
    song = [
        meta("time_signature", numerator=3, denominator=4),
        meta("set_tempo", tempo=600_000),
        meta("marker", text="Chorus"),
    ]
    score = from_midi(foreign([[*song], drums, bass, lead]))
    assert [(p.stem, p.name) for p in score.parts] == [("drums", "drums"), ("bass", "bass"), ("other", "Melody")]
    assert [(n.start, n.length) for n in score.parts[1].notes] == [(0, 960), (960, 480)]
    assert score.parts[2].notes[0].length == 1920
    assert score.bpm == 100 and score.grid.meters[0].beats == 3 and score.grid.bars == 1
    assert score.sections == (Section(0, 1, "chorus", "C"),)


GOOD = to_midi(compose("house", 2, 1))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not a MIDI file"),
        (b"RIFF....WAVE", "not a MIDI file"),
        (GOOD[:20], "broken or cut off"),
        (GOOD[: len(GOOD) // 2], "broken or cut off"),
        (b"MThd" + b"\0" * (9 << 20), "9 MiB"),
        (foreign([[]]), "no notes"),
        (GOOD[:12] + b"\xe7\x28" + GOOD[14:], "SMPTE"),
        (GOOD[:8] + b"\0\2" + GOOD[10:], "type 2"),
    ],
)
def test_broken_files_get_one_sentence(data, words):
    with pytest.raises(ValueError, match=words) as error:
        from_midi(data)
    assert "\n" not in str(error.value)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255), st.integers(0, 40))
def test_damaged_files_are_read_or_refused(at, byte, cut):
    data = GOOD[:at] + bytes([byte]) + GOOD[at + 1 : len(GOOD) - cut]
    try:
        from_midi(data)
    except ValueError as error:
        assert "\n" not in str(error)
