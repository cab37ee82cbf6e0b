"""Import as a whole: a drifting song from a file, its drums replaced on its own beat; covers on what was heard."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from drifting import Take, take

import nawgraph as ng
from nawgraph.audio.files import write
from nawgraph.audio.loudness import integrated
from nawgraph.audio.onsets import onsets
from nawgraph.values import PPQ

GRAPHS = Path(__file__).parents[2] / "graphs"
made = lru_cache(take)


def imported(graph: str, one: Take, folder: Path, *read: str, suffix: str = "flac") -> ng.Result:
    """An example document run on a song; what nodes in `read` make stays in the memory."""
    song = ng.load(GRAPHS / f"{graph}.nawgraph")
    loud = ng.Audio(one.audio.samples * np.float32(0.5 / np.abs(one.audio.samples).max()), one.audio.rate)
    song.set("song.file", str(write(folder / f"song.{suffix}", loud)))
    return ng.run(song, read, out=folder / "out", cache=None)


@pytest.mark.parametrize(("style", "suffix"), [("funk", "flac"), ("house", "mp3")])
def test_new_drums_lie_on_the_beats_of_a_drifting_song(style: str, suffix: str, tmp_path: Path) -> None:
    one = made(style, 401, 16, 0.05)
    result = imported("replace_drums", one, tmp_path, "drums", "grid", "level", suffix=suffix)
    assert result.errors() == {}
    score, grid = result["drums.score"], result["grid.grid"]
    table = score.parts[0].table
    within = np.array([tick - grid.bar_start(grid.bar_at(int(tick))[0]) for tick in table[:, 0]])  # of the bar
    hits = table[within % PPQ == 0]
    times = np.array([float(grid.seconds(int(row[0]))) + row[4] / 1e6 for row in hits])
    times = times[(times > 5) & (times < one.beats[-1])]
    off = np.array([np.abs(one.beats - t).min() for t in times])
    assert len(times) > 20
    assert np.mean(off <= 0.015) >= 0.97
    # As heard, not as written: strokes on the beat are where the song's beats are.
    heard = onsets(result["level.audio"].samples, result["level.audio"].rate)
    strokes = [float(np.abs(heard - b).min()) for b in one.beats[one.beats > 5] if np.abs(times - b).min() < 0.02]
    assert np.mean(np.array(strokes) <= 0.015) >= 0.9


def test_the_song_keeps_its_length_and_the_new_drums_are_as_loud_as_the_old(tmp_path: Path) -> None:
    one = made("funk", 401, 16, 0.05)
    result = imported("replace_drums", one, tmp_path, "mixer", "swap", "old", "level", "apart")
    assert result["mixer.mix"].frames == one.audio.frames
    assert {a.frames for a in result["swap.stems"].audios} == {one.audio.frames}
    old, new = (integrated(result[name].samples, result[name].rate) for name in ("old.audio", "level.audio"))
    assert new == pytest.approx(old, abs=0.05)
    kept, before = result["swap.stems"], result["apart.stems"]
    assert np.allclose(kept["bass"].samples[0], before["bass"].samples[0], atol=1e-6)


def test_a_cover_keeps_grid_keys_and_chords(tmp_path: Path) -> None:
    one = made("rock", 403, 24, 0.0)
    result = imported("cover_style", one, tmp_path, "form", "cover")
    assert result.errors() == {}
    heard, cover = result["form.score"], result["cover.score"]
    assert cover.grid.tempi == heard.grid.tempi and cover.grid.bars == heard.grid.bars
    assert cover.style == "bossa nova" and len(cover.parts) >= 3
    assert cover.keys == heard.keys
    for bar in range(1, heard.grid.bars):
        tick = heard.grid.bar_start(bar)
        a, b = heard.chord_at(tick), cover.chord_at(tick)
        assert a is not None and b is not None and (a.root, a.quality) == (b.root, b.quality)
    sounded = {p.stem for p in cover.parts if p.notes}
    assert {"drums", "bass", "other"} <= sounded
