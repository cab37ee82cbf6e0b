"""Score nodes: MIDI files of all sorts, and changes of a score."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nawgraph.music.midi import to_midi
from nawgraph.nodes import score as nodes
from nawgraph.nodes.plan import compose
from nawgraph.values import Grid, Note, Part, Prompt, Score, Tempo

SONG = compose(Prompt.of("house, 124 bpm, A minor, female vocals"), bars=4, seed=2)


def loaded(tmp_path: Path, data: bytes) -> Score:
    file = tmp_path / "song.mid"
    file.write_bytes(data)
    return nodes.from_midi(file=str(file))


def test_what_was_exported_comes_back(tmp_path: Path) -> None:
    back = loaded(tmp_path, to_midi(SONG, performed=False))
    assert (back.bpm, back.bars) == (124, 4)
    for stem in ("drums", "bass", "vocals", "other"):
        before, after = (
            sorted((note.start, note.pitch) for part in s.of_stem(stem) for note in part.notes) for s in (SONG, back)
        )
        assert before == after


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not a MIDI file"),
        (b"RIFF....WAVE", "not a MIDI file"),
        (b"<!doctype html>" * 50, "not a MIDI file"),
        (b"MThd", "MIDI file"),
        (b"MThd\0\0\0\6\0\1\0\1\0\x60", "MIDI file"),
        (b"MThd\0\0\0\6\0\1\0\1\0\x60MTrk\0\0\0\4\0\xff\x2f\0", "no notes"),
        (b"MThd\0\0\0\6\0\1\0\1\0\0MTrk\0\0\0\4\0\xff\x2f\0", "MIDI file"),
    ],
)
def test_what_is_no_song_is_refused_with_its_path(tmp_path: Path, data: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as error:
        loaded(tmp_path, data)
    assert str(error.value).startswith(str(tmp_path / "song.mid")) and "\n" not in str(error.value)


@settings(max_examples=60)
@given(data=st.data())
def test_damaged_files_are_read_or_refused_in_a_sentence(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    whole = bytearray(to_midi(SONG))
    for _ in range(data.draw(st.integers(1, 8))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    file = tmp_path_factory.mktemp("midi") / "damaged.mid"
    file.write_bytes(bytes(whole[: data.draw(st.integers(0, len(whole)))]))
    try:
        score = nodes.from_midi(file=str(file))
    except ValueError as error:
        assert str(error).startswith(str(file))
    else:
        assert any(part.notes for part in score.parts)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="file is empty: choose a MIDI file"):
        nodes.from_midi()
    with pytest.raises(ValueError, match=r"none\.mid cannot be read: No such file"):
        nodes.from_midi(file=str(tmp_path / "none.mid"))
    with pytest.raises(ValueError, match="cannot be read: Is a directory"):
        nodes.from_midi(file=str(tmp_path))


def test_a_huge_file_is_not_even_opened(tmp_path: Path) -> None:
    file = tmp_path / "huge.mid"
    with file.open("wb") as out:
        out.truncate(40 << 20)
    with pytest.raises(ValueError, match="has 40 MiB; a MIDI file of at most 32 MiB"):
        nodes.from_midi(file=str(file))


def test_transpose_leaves_drums_and_stays_within_midi() -> None:
    up = nodes.transpose(SONG, semitones=2)
    assert up.of_stem("drums") == SONG.of_stem("drums") and up.keys[0].tonic == 11
    before, after = ([note.pitch for p in s.of_stem("bass") for note in p.notes] for s in (SONG, up))
    assert after == [pitch + 2 for pitch in before]
    for semitones in (-48, 48):
        far = nodes.transpose(SONG, semitones=semitones)
        assert all(0 <= note.pitch <= 127 for part in far.parts for note in part.notes)


def test_one_stem_alone_is_transposed() -> None:
    up = nodes.transpose(SONG, semitones=12, stem="bass")
    assert up.of_stem("other") == SONG.of_stem("other") and up.of_stem("bass") != SONG.of_stem("bass")


def test_quantise_pulls_to_the_grid() -> None:
    notes = (Note(1, 100, 60), Note(245, 100, 62))
    loose = Score(Grid((Tempo(0, 120_000),)), (Part("bass", "b", notes=notes),))
    tight = nodes.quantise(loose, division=16)
    assert all(note.start % 240 == 0 for note in tight.parts[0].notes)
    assert nodes.quantise(loose, strength=0.0).parts[0].notes == notes


def test_humanise_is_a_matter_of_the_seed() -> None:
    a, b = (nodes.humanise(SONG, seed=seed) for seed in (1, 2))
    assert a == nodes.humanise(SONG, seed=1) and a != b
    shifts = np.array([note.shift for part in a.parts for note in part.notes])
    assert 4000 < shifts.std() < 13_000  # microseconds, about the 8 ms asked for and the composer's own
    assert nodes.humanise(SONG, timing=0.0, velocity=0.0) == SONG


def test_without_and_merge_exchange_a_stem() -> None:
    other = compose(Prompt.of("techno, 124 bpm, A minor"), bars=4, seed=9)
    assert nodes.without(SONG, stem="drums").of_stem("drums") == ()
    merged = nodes.merge(SONG, other, stem="drums")
    assert merged.of_stem("drums") == other.of_stem("drums") and merged.of_stem("bass") == SONG.of_stem("bass")


def test_scores_on_different_grids_are_not_merged() -> None:
    with pytest.raises(ValueError, match="different tempo, meter or length"):
        nodes.merge(SONG, compose(Prompt.of("techno, 130 bpm"), bars=4))
