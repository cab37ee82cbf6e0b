"""New parts on a song that is there, and what was heard as a score."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from nawgraph.music.compose import compose
from nawgraph.music.cover import cover
from nawgraph.music.heard import bar_marks, beat_marks, by_bar, with_form, with_harmony
from nawgraph.music.styles import STYLES
from nawgraph.music.tracked import grid_of
from nawgraph.values import STEMS, Chord, Grid, Key, Meter, Prompt, Score


@dataclass(frozen=True)
class Heard:
    begin: int
    end: int
    root: int = 0
    quality: str = "maj"
    label: str = "A"
    energy: float = 0.5


def recorded(beats: int = 4) -> Grid:
    """A grid with a short bar at the beginning and a tempo that drifts."""
    times = [0.8]
    while times[-1] < 40:
        times.append(times[-1] + 60 / (112 * (1 + 0.05 * np.sin(times[-1] / 4))))
    return grid_of(times, [n % beats for n in range(len(times))], beats, 41.0)


@pytest.mark.parametrize("style", STYLES)
def test_every_style_covers_a_song_of_another(style: str) -> None:
    song = compose("lo-fi, D minor, in 3/4 time", 16, 3)
    made = cover(song, Prompt.of(style), 1)
    assert (made.grid.tempi, made.grid.meters, made.grid.bars) == (song.grid.tempi, song.grid.meters, song.grid.bars)
    assert (made.keys, made.style) == (song.keys, style)
    assert [(c.start, c.root, c.quality) for c in made.chords] == [(c.start, c.root, c.quality) for c in song.chords]
    assert made.parts and all(n.start < made.grid.ticks for p in made.parts for n in p.notes)
    assert made == cover(song, Prompt.of(style), 1) != cover(song, Prompt.of(style), 2)


@pytest.mark.parametrize("beats", [2, 3, 4, 5, 7])
def test_drums_on_a_recording_begin_with_its_first_bar(beats: int) -> None:
    grid = recorded(beats)
    made = cover(Score(grid), Prompt.of("rock drums"), 0, ["drums"], humanise=0)
    assert {p.stem for p in made.parts} == {"drums"}
    starts = {n.start for n in made.parts[0].notes}
    first = grid.bar_start(1)
    assert min(starts) == first and made.grid == grid
    firsts = [grid.bar_start(bar) for bar in range(1, grid.bars)]
    assert sum(tick in starts for tick in firsts) >= 0.8 * len(firsts)


def test_meters_may_change_and_chords_may_have_gaps() -> None:
    grid = Grid(meters=(Meter(0, 4, 4), Meter(5, 2, 4), Meter(6, 4, 4)), bars=12)
    song = Score(grid, keys=(Key(0, 0, "major"),), chords=(Chord(100, 3000, 0), Chord(9000, 2000, 5)))
    made = cover(song, Prompt.of("funk"), 0)
    assert made.chords[0].start == 0 and made.chords[-1].end == grid.ticks
    assert all(a.end == b.start for a, b in zip(made.chords, made.chords[1:], strict=False))
    assert [s.bar for s in made.sections] == [0, 5, 6, 8]


def test_a_cover_of_all_swings_as_its_style_and_drums_as_the_song() -> None:
    song = compose("jazz, swing", 8, 1)
    assert cover(song, Prompt.of("techno"), 0).grid.swing == 500 < song.grid.swing
    assert cover(song, Prompt.of("techno"), 0, ["drums"]).grid.swing == song.grid.swing


def test_what_cannot_be_covered_is_said() -> None:
    with pytest.raises(ValueError, match="at least one stem"):
        cover(Score(), Prompt.of("jazz"), 0, [])
    with pytest.raises(ValueError, match="1,001 bars"):
        cover(Score(Grid(bars=1001)), Prompt.of("jazz"), 0)


def test_what_was_heard_becomes_a_score() -> None:
    grid = recorded()
    ticks, places, marks = beat_marks(grid)
    assert len(marks) == len(ticks) + 1 == len(places) + 1
    assert len(bar_marks(grid)) == grid.bars + 1
    assert np.allclose(by_bar(np.ones((len(ticks), 12)), ticks, grid), 1)
    keys = [(2, "minor")] * 10 + [(5, "major")] * (grid.bars - 10)
    score = with_harmony(grid, keys, [Heard(0, 9, 2, "min"), Heard(9, len(ticks), 9, "7")])
    assert [(k.bar, k.tonic, k.mode) for k in score.keys] == [(0, 2, "minor"), (10, 5, "major")]
    assert [c.numeral for c in score.chords] == ["i", "V7"]
    assert (score.chords[0].start, score.chords[-1].end) == (0, grid.ticks)
    form = [("A", 0, 3, 0.3), ("B", 3, 9, 0.6), ("C", 9, 14, 0.9), ("D", 14, 16, 0.2), ("C", 16, grid.bars, 0.95)]
    whole = with_form(score, [Heard(a, b, label=label, energy=e) for label, a, b, e in form])
    assert [s.kind for s in whole.sections] == ["intro", "verse", "chorus", "break", "chorus"]
    assert with_form(score, []).sections == ()
    made = cover(replace(whole), Prompt.of("synthwave"), 4)
    assert {p.stem for p in made.parts} <= set(STEMS)
