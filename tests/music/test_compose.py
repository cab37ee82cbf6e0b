import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nawgraph.audio.key import key_similarity, keys
from nawgraph.music import rules
from nawgraph.music.compose import compose
from nawgraph.music.lyrics import SYLLABLES
from nawgraph.music.prompt import read
from nawgraph.music.styles import STYLES
from nawgraph.music.theory import pitch_classes
from nawgraph.values import STEMS, Keyframe, Prompt, digest
from nawgraph.values.score import SECTION_KINDS

EVERY = pytest.mark.parametrize("style", list(STYLES))
_KNOWN = """
kit.techno kit.house kit.dnb kit.dubstep kit.trap kit.lofi kit.hiphop kit.jazz kit.funk kit.rock kit.ambient
kit.orchestral kit.synthwave kit.disco bass.sub bass.saw bass.acid bass.fm bass.reese bass.finger bass.upright
bass.808 bass.wobble voice.soprano voice.tenor voice.choir keys.epiano keys.organ keys.piano pluck.synth
pluck.guitar guitar.electric guitar.nylon pad.warm pad.glass strings.ensemble strings.pizz brass.section
brass.stab lead.saw lead.square lead.flute mallet.vibes bell.fm
"""
INSTRUMENTS = frozenset(_KNOWN.split())


@EVERY
def test_musical_rules(style):
    for seed in range(2):
        score = compose(f"{style}, vocals", 40, seed)
        assert rules.bass_roots(score) >= 0.95
        assert rules.melody_in_chord(score) >= 0.9
        assert max(rules.leaps(score), default=0) <= 12
        assert not rules.overlaps(score) and not rules.stuck(score)
        assert rules.in_key(score) >= 0.95
        assert not rules.verbatim_repeats(score) > 0


@EVERY
def test_songs_of_a_style_share_no_passage(style):
    assert rules.shared_passages(compose(f"{style} in A minor", 32, seed) for seed in range(6)) == []


@EVERY
def test_a_song_is_complete_and_playable(style):
    score = compose(style, 32, 11)
    assert score.style == style and score.grid.bars == 32 and score.sections[-1].end == 32
    assert {p.stem for p in score.parts} >= {"bass", "other"}
    assert {p.instrument for p in score.parts} <= INSTRUMENTS
    stems = [STEMS.index(p.stem) for p in score.parts]
    assert stems == sorted(stems)
    assert score.chords[0].start == 0 and score.chords[-1].end == score.grid.ticks
    assert all(a.end == b.start for a, b in pairwise(score.chords))
    for part in score.of_stem("vocals"):
        assert all(n.syllable in SYLLABLES for n in part.notes)


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(list(STYLES)),
    st.integers(1, 70),
    st.integers(0, 2**40),
    st.sampled_from(["", "7/8", "3/4", "6/8", "5/4"]),
)
def test_any_length_meter_and_seed(style, bars, seed, meter):
    score = compose(f"{style} {meter}", bars, seed)
    assert score.grid.bars == bars
    assert not rules.overlaps(score) and not rules.stuck(score)
    assert math.isnan(rules.bass_roots(score)) or rules.bass_roots(score) >= 0.95
    assert any(p.notes for p in score.parts)


@EVERY
def test_the_notes_alone_tell_the_key(style):
    found = []
    for seed, (tonic, mode) in enumerate([("C", "minor"), ("A", "minor"), ("Eb", "major"), ("G", "major")]):
        score = compose(f"{style} in {tonic} {mode}", 16, seed)
        chroma = np.zeros(12)
        for part in score.parts:
            for note in part.notes if part.stem != "drums" else ():
                chroma[note.pitch % 12] += note.length * note.velocity
        best = keys(chroma)[0]
        found.append(key_similarity((best.tonic, best.mode), (score.keys[0].tonic, mode)))
    assert np.mean(found) >= 0.9


def test_pads_hold_the_root_under_every_chord():
    score = compose("ambient in D minor, warm pad", 32, 6)
    pad = next(p for p in score.parts if p.name == "pad")
    lowest = [min(n.pitch for n in pad.notes if n.start <= c.start < n.end) for c in score.chords]
    assert [p % 12 for p in lowest] == [c.lowest for c in score.chords]


@pytest.mark.parametrize("style", ["rock", "jazz", "house"])
def test_melodies_come_to_rest_on_the_first_or_fifth_degree(style):
    for seed in range(3):
        score = compose(f"{style} song in C minor, vocals", 32, seed)
        sung = score.of_stem("vocals")[0].notes
        for section in score.sections:
            end = score.grid.bar_start(section.end)
            last = [n for n in sung if score.grid.bar_start(section.bar) <= n.start < end][-1:]
            for note in last:
                own = pitch_classes(score.chord_at(note.start))
                assert note.pitch % 12 in (own & {0, 7} or own)


@EVERY
@pytest.mark.parametrize("meter", ["3/4", "6/8", "5/4", "7/8"])
def test_the_pulse_is_the_beat_of_the_meter(style, meter):
    for seed in range(2):
        score = compose(f"{style}, {meter}, energetic", 16, seed)
        kit = [n for p in score.of_stem("drums") for n in p.notes if score.grid.bar_at(n.start)[0] % 4 != 3]
        weight = dict.fromkeys(range(0, score.grid.bar_ticks(0), 240), 0)
        for note in kit:
            at = score.grid.bar_at(note.start)[1]
            weight[at - at % 240] += note.velocity
        beats = score.grid.meters[0].pulses
        assert min(weight[b] for b in beats) > 0.7 * max(w for at, w in weight.items() if at not in beats)
        bars = {score.grid.bar_at(n.start)[0] for n in kit if n.pitch in (36, 45)}
        low = [score.grid.bar_at(n.start)[1] for n in kit if n.pitch in (36, 45)]
        assert low.count(0) >= 0.9 * len(bars)


@EVERY
@pytest.mark.parametrize(("meter", "beats"), [("3/4", {0, 960, 1920}), ("6/8", {0, 1440}), ("9/8", {0, 1440, 2880})])
def test_chords_are_struck_on_the_beats_of_the_meter(style, meter, beats):
    score = compose(f"{style}, {meter}, energetic", 16, 5)
    names = {layer.name for layer in STYLES[style].layers if layer.role == "comp"}
    for part in score.parts:
        if part.name in names:
            at = [score.grid.bar_at(n.start)[1] for n in part.notes]
            assert sum(t in beats for t in at) >= 0.5 * len(at) and max(beats) in at


def test_a_thousand_bars():
    score = compose("ambient", 1000, 1)
    assert score.grid.bars == 1000 and score.sections[-1].end == 1000


def test_same_seed_same_song_other_seed_other_song():
    songs = {digest(compose("funk", 16, seed)) for seed in (1, 2, 3)}
    assert len(songs) == 3
    assert digest(compose("funk", 16, 2)) in songs


def test_one_decision_does_not_reshuffle_the_others():
    plain, sung = compose("house, no vocals", 32, 5), compose("house, vocals", 32, 5)
    for stem in ("drums", "bass"):
        assert plain.of_stem(stem) == sung.of_stem(stem)
    assert plain.chords == sung.chords and not plain.of_stem("vocals") and sung.of_stem("vocals")


def test_humanising_moves_notes_in_time_only():
    exact, loose = compose("lo-fi", 16, 3, humanise=0), compose("lo-fi", 16, 3, humanise=1)
    assert all(n.shift == 0 for p in exact.parts for n in p.notes)
    assert any(n.shift for p in loose.parts for n in p.notes)
    for a, b in zip(exact.parts, loose.parts, strict=True):
        assert (a.table[:, :4] == b.table[:, :4]).all()


@pytest.mark.parametrize(
    "text",
    ["ambient at 60 bpm in F# lydian", "rock, 7/8, 101.5 bpm, C minor", "jazz waltz in B♭ major, swing 66%, 24 bars"],
)
def test_the_brief_is_followed(text):
    brief, score = read(text), compose(text, seed=4)
    assert brief.bpm is None or score.bpm == brief.bpm
    assert (score.keys[0].tonic, score.keys[0].mode) == (brief.key.tonic, brief.key.mode)
    meter = score.grid.meters[0]
    assert brief.meter in (None, (meter.beats, meter.unit))
    assert score.grid.bars == (brief.bars or 32)
    assert brief.swing is None or score.grid.swing == brief.swing


@EVERY
def test_instruments_and_silence_are_followed(style):
    score = compose(f"{style} with piano and a flute, acid bass, no drums, no vocals", 32, 2)
    played = {p.instrument for p in score.parts}
    assert {"keys.piano", "lead.flute", "bass.acid"} <= played
    assert not score.of_stem("drums") and not score.of_stem("vocals")


def test_modulation_by_section():
    score = compose("rock: verse in C minor, then E♭ major for the chorus", 48, 1)
    for section in score.sections:
        expected = (3, "major") if section.kind == "chorus" else (0, "minor")
        key = score.key_at(section.bar)
        assert section.kind not in ("verse", "chorus") or (key.tonic, key.mode) == expected


def test_density_and_energy_are_heard():
    def notes(text):
        return sum(len(p.notes) for p in compose(f"house, no vocals, {text}", 32, 3).parts)

    assert notes("density 0.1, energy 0.2") < 0.8 * notes("density 0.5") < notes("density 0.95, energy 0.95")


def test_a_prompt_over_time_changes_style_key_and_tempo():
    prompt = Prompt((Keyframe(0, "techno in C minor at 130 bpm"), Keyframe(16, "jazz in D major at 140 bpm")))
    score = compose(prompt, 32, 1)
    assert [(k.bar, k.tonic, k.mode) for k in score.keys] == [(0, 0, "minor"), (16, 2, "major")]
    assert [(t.tick, t.milli_bpm) for t in score.grid.tempi] == [(0, 130_000), (score.grid.bar_start(16), 140_000)]
    assert any(s.bar == 16 for s in score.sections)
    kits = {p.instrument: p for p in score.of_stem("drums")}
    assert set(kits) == {"kit.techno", "kit.jazz"}
    assert max(n.start for n in kits["kit.techno"].notes) < score.grid.bar_start(16)


@pytest.mark.parametrize("style", ["drum and bass", "hip hop", "trap", "bossa nova", "lo-fi", "jazz"])
def test_the_bass_locks_with_the_kick(style):
    assert np.mean([rules.locked(compose(style, 32, seed)) for seed in range(5)]) > 0.5


def test_energy_builds_over_the_form():
    score = compose("house song", 64, 9)
    level = np.zeros(64)
    for part in score.parts:
        for note in part.notes:
            level[score.grid.bar_at(note.start)[0]] += note.velocity
    by_kind = {
        k: np.mean([level[s.bar : s.end].mean() for s in score.sections if s.kind == k] or [0]) for k in SECTION_KINDS
    }
    assert by_kind["intro"] < by_kind["verse"] < by_kind["chorus"] > by_kind["outro"]


def test_form_is_heard_in_the_score():
    heard = [rules.form_heard(compose(style, 40, 2)) for style in STYLES]
    assert np.mean(heard) > 0.6 and min(heard) > 0.3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"bars": 0}, "1 to 1,000 bars"),
        ({"bars": 100_000}, "1 to 1,000 bars"),
        ({"bars": 2.5}, "1 to 1,000 bars"),
        ({"seed": -1}, "seed"),
        ({"seed": True}, "seed"),
        ({"humanise": 5}, "humanise"),
        ({"humanise": float("nan")}, "humanise"),
    ],
)
def test_impossible_wishes_are_refused_in_one_sentence(arguments, words):
    with pytest.raises(ValueError, match=words):
        compose("techno", **arguments)


@pytest.mark.parametrize("text", ["", "🎵🎵🎵", "qwertz asdf", "ein trauriges Lied", "x" * 10_000])
def test_any_words_make_a_song(text):
    assert any(p.notes for p in compose(text, 4, 1).parts)
