"""Playing a score: length, rate, seed, and where the first notes begin."""

from __future__ import annotations

import numpy as np
import pytest

from nawgraph.nodes.plan import compose
from nawgraph.nodes.synth import render
from nawgraph.values import PPQ, STEMS, Grid, Note, Part, Prompt, Score, Tempo

RATE = 22050
SONG = compose(Prompt.of("funk, 110 bpm, E minor, singer"), bars=2, seed=4, humanise=0.0)


def test_four_stereo_stems_of_the_songs_length() -> None:
    stems = render(SONG, rate=RATE)
    assert stems.names == STEMS and stems.rate == RATE
    assert {(audio.channels, audio.frames) for audio in stems.audios} == {(2, SONG.grid.frames(RATE) + 3 * RATE)}
    assert all(np.isfinite(a.samples).all() and np.abs(a.samples).max() <= 1 for a in stems.audios)
    sounding = {part.stem for part in SONG.parts if part.notes}
    assert {name for name, audio in stems if audio.samples.any()} == sounding >= {"drums", "bass", "other"}


def test_the_same_seed_gives_the_same_bits() -> None:
    first, again, other = (render(SONG, rate=RATE, seed=seed) for seed in (1, 1, 2))
    assert all(np.array_equal(a.samples, b.samples) for a, b in zip(first.audios, again.audios, strict=True))
    assert not np.array_equal(first["drums"].samples, other["drums"].samples)


@pytest.mark.parametrize("bpm", [20, 87.3, 400])
def test_a_note_begins_on_the_sample_of_the_grid(bpm: float) -> None:
    grid = Grid((Tempo(0, round(bpm * 1000)),), bars=1)
    notes = (Note(PPQ, PPQ // 4, 36), Note(3 * PPQ, PPQ // 4, 36))
    sound = np.abs(render(Score(grid, (Part("drums", "kit", "kit.house", notes),)), rate=RATE)["drums"].samples).max(
        axis=0
    )
    first, second = (int(x) for x in grid.samples(np.array([PPQ, 3 * PPQ]), RATE))
    assert not sound[:first].any()
    assert sound[first : first + RATE // 500].max() > 0.05 * sound.max()
    if bpm == 20:  # the first hit has died away, and the second comes out of silence as well
        assert sound[second - RATE // 100 : second].max() < 1e-3 * sound.max()
        assert sound[second : second + RATE // 500].max() > 0.05 * sound.max()


def test_a_score_without_notes_is_silence() -> None:
    stems = render(Score(), rate=RATE)
    assert not any(audio.samples.any() for audio in stems.audios)


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        (
            Part("drums", "kit", "kit.house2", (Note(0, 10, 36),)),
            "unknown instrument 'kit.house2'. Did you mean kit.house",
        ),
        (Part("choir", "all", "", (Note(0, 10, 60),)), "has the stem 'choir'; stems are drums, bass, vocals, other"),
    ],
)
def test_what_cannot_be_played_is_told(part: Part, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        render(Score(parts=(part,)), rate=RATE)


@pytest.mark.parametrize("pitch", [0, 127])
def test_the_ends_of_midi_are_played(pitch: int) -> None:
    parts = tuple(Part(s, s, "", (Note(0, PPQ, pitch),)) for s in STEMS)
    stems = render(Score(Grid(bars=1), parts))
    assert all(np.isfinite(audio.samples).all() for audio in stems.audios)
