import math
from dataclasses import replace

import numpy as np
import pytest

from nawgraph.music import rules
from nawgraph.music.compose import compose
from nawgraph.values import Chord, Grid, Key, Note, Part, Score, Section

BAR = 4 * 960


def song(bass=(36, 36), voice=(60, 64), bars=2, **more):
    """Two bars of C: one bass note and one sung note a bar."""
    chords = tuple(Chord(b * BAR, BAR, 0, "maj") for b in range(bars))
    low = tuple(Note(b * BAR, 960, p) for b, p in enumerate(bass))
    high = tuple(Note(b * BAR, 960, p) for b, p in enumerate(voice))
    parts = (Part("bass", "bass", notes=low), Part("vocals", "voice", notes=high))
    return Score(Grid(bars=bars), parts, (Key(0, 0, "major"),), chords, **more)


def test_bass_roots_are_counted():
    assert rules.bass_roots(song()) == 1
    assert rules.bass_roots(song(bass=(36, 43))) == 0.5
    assert math.isnan(rules.bass_roots(Score()))


def test_an_off_beat_bass_is_judged_by_its_first_note():
    off = Part("bass", "bass", notes=(Note(480, 240, 43), Note(1440, 240, 36)))
    assert rules.bass_roots(replace(song(), parts=(off,))) == 0


def test_a_written_bass_note_counts_as_root():
    score = song(bass=(40, 36))
    chords = (Chord(0, BAR, 0, "maj", 4), score.chords[1])
    assert rules.bass_roots(replace(score, chords=chords)) == 1


def test_melody_on_strong_beats():
    assert rules.melody_in_chord(song()) == 1
    assert rules.melody_in_chord(song(voice=(60, 65))) == 0.5
    weak = Part("vocals", "voice", notes=(Note(960, 240, 65), Note(1920, 240, 64)))
    assert rules.melody_in_chord(replace(song(), parts=(weak,))) == 1


def test_leaps_and_overlaps_and_stuck_notes():
    assert rules.leaps(song(voice=(60, 76))) == (16,)
    both = Part("other", "pad", notes=(Note(0, 2000, 60), Note(1000, 100, 60), Note(1000, 100, 64)))
    assert [(name, a.start, b.start) for name, a, b in rules.overlaps(Score(parts=(both,)))] == [("pad", 0, 1000)]
    duet = Part("vocals", "voice", notes=(Note(0, 2000, 60), Note(1000, 100, 64)))
    assert len(rules.overlaps(Score(parts=(duet,)))) == 1
    assert not rules.overlaps(song()) and not rules.stuck(song())
    assert rules.stuck(Score(Grid(bars=1), (Part("other", "pad", notes=(Note(0, BAR + 1, 60),)),)))
    assert rules.stuck(Score(Grid(bars=40), (Part("other", "pad", notes=(Note(0, 17 * BAR, 60),)),)))


def test_foreign_notes_are_counted():
    assert rules.in_key(song()) == 1
    assert rules.in_key(song(voice=(60, 61))) == 0.75


def test_kick_and_bass():
    kick = Part("drums", "drums", notes=(Note(0, 100, 36), Note(BAR + 960, 100, 36)))
    score = song()
    assert rules.locked(replace(score, parts=(kick, *score.parts))) == 0.5


def test_copied_passages_are_found_whatever_the_velocity():
    a, b = compose("rock", 16, 1), compose("rock", 16, 2)
    assert rules.shared_passages([a, b]) == []
    part = b.parts[1]
    louder = replace(part, notes=tuple(replace(n, velocity=127, shift=9) for n in part.notes))
    copy = replace(b, parts=(b.parts[0], louder, *b.parts[2:]))
    assert len(rules.shared_passages([a, b, copy])) == len(list(rules.passages(b)))


def test_a_passage_of_one_stem_is_no_song():
    score = compose("techno", 16, 1)
    alone = replace(score, parts=score.of_stem("drums"))
    assert list(rules.passages(alone)) == [] and list(rules.passages(alone, stems=1))


def test_verbatim_repeats_are_found():
    forms = (Section(0, 1, "verse", "A"), Section(1, 1, "verse", "A"))
    assert rules.verbatim_repeats(song(sections=forms, voice=(60, 60))) == 1
    assert rules.verbatim_repeats(song(sections=forms, voice=(60, 64))) == 0


def test_form_is_heard_only_where_it_is():
    score = compose("hip hop", 48, 4)
    order = np.random.default_rng(0).permutation(48)
    mixed = []
    for part in score.parts:
        notes = []
        for note in part.notes:
            bar, at = score.grid.bar_at(note.start)
            start = int(order[bar]) * BAR + at
            notes.append(replace(note, start=start, length=min(note.length, BAR - at)))
        mixed.append(replace(part, notes=tuple(notes)))
    shuffled = replace(score, parts=tuple(mixed))
    assert rules.form_heard(score) > 0.6 > 0.2 > rules.form_heard(shuffled)
    assert math.isnan(rules.form_heard(song()))


@pytest.mark.parametrize("matrix", [rules.planned_similarity, lambda s: rules.similarity(rules.bar_features(s))])
def test_similarity_is_symmetric_and_bounded(matrix):
    found = matrix(compose("funk", 12, 3))
    assert found.shape == (12, 12)
    np.testing.assert_allclose(found, found.T)
    assert found.max() <= 1 + 1e-9 and found.min() >= -1 - 1e-9
