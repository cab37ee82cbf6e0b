"""Songs of others: the grid follows them, odd recordings get a sentence or a sane result."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drifting import Take, agreement, f_measure, heard_beats, take

from nawgraph.audio import harmony, memory
from nawgraph.audio.loudness import integrated
from nawgraph.context import Context
from nawgraph.models import loaders
from nawgraph.music.theory import is_minor
from nawgraph.nodes import song
from nawgraph.values import Audio, Grid, ModelRef, Score

load = lru_cache(loaders.load)
made = lru_cache(take)


@contextmanager
def lend(ref: ModelRef) -> Iterator[Any]:
    yield load(ref)


def watch() -> Context:
    """Lends models as the runtime does."""
    return Context(lend=lend)


STYLES = ("house", "funk", "rock", "lo-fi", "drum and bass", "reggae")


@pytest.mark.parametrize("drift", [0.0, 0.05])
def test_beats_of_songs_are_found_also_where_they_drift(drift: float) -> None:
    figures, late = [], []
    for seed, style in enumerate(STYLES):
        one: Take = made(style, 300 + seed, 12, drift)
        found = song.grid(one.audio, ctx=watch())
        beats, _ = heard_beats(found.grid, one.audio.seconds)
        figures.append(f_measure(one.beats, beats))
        late += [float(np.abs(beats - b).min()) for b in one.beats[one.beats > 5]]
        assert len(found.grid.tempi) <= 3 or drift
    assert np.mean(figures) >= 0.95
    assert np.percentile(late, 90) < 0.015


def test_bars_and_time_signature_are_found() -> None:
    one = made("rock, in 3/4 time", 320, 16, 0.0)
    found = song.grid(one.audio, ctx=watch())
    _, bars = heard_beats(found.grid, one.audio.seconds)
    assert found.grid.meter_at(8).beats == 3
    assert f_measure(one.bars, bars) > 0.95


def test_a_song_that_begins_late_has_its_grid_from_the_first_sample() -> None:
    one = made("house", 300, 12, 0.0)
    for gap in (0.113, 5.0):
        late = Audio(np.pad(one.audio.samples, ((0, 0), (round(gap * one.audio.rate), 0))), one.audio.rate)
        found = song.grid(late, ctx=watch())
        beats, _ = heard_beats(found.grid, late.seconds)
        assert f_measure(one.beats + gap, beats) > 0.97
        assert float(found.grid.duration) >= late.seconds - 0.05


@pytest.mark.parametrize(("rate", "channels"), [(8_000, 1), (48_000, 2), (96_000, 6)])
def test_any_rate_and_channels_will_do(rate: int, channels: int) -> None:
    from nawgraph.audio.resample import resample

    one = made("house", 300, 12, 0.0)
    x = np.repeat(resample(one.audio.samples[:1], one.audio.rate, rate), channels, axis=0)
    found = song.grid(Audio(x, rate), ctx=watch())
    beats, _ = heard_beats(found.grid, one.audio.seconds)
    assert f_measure(one.beats, beats) > 0.95


def test_odd_sounds_get_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    rate = 22_050
    nothing = [np.zeros((2, n)) for n in (0, 1, 500, 5 * rate)] + [np.full((1, 5 * rate), 0.5)]
    for samples in nothing:
        with pytest.raises(ValueError, match="no beat was found: the sound is silent, too short"):
            song.grid(Audio(samples.astype(np.float32), rate), ctx=watch())
    broken = made("house", 300, 12, 0.0).audio.samples.copy()
    broken[0, rate] = np.nan
    with pytest.raises(ValueError, match=r"the song is not a number or infinite at 1\.000 s"):
        song.grid(Audio(broken, rate), ctx=watch())
    with pytest.raises(ValueError, match=r"use song\.model"):
        song.grid(Audio(broken, rate), ModelRef("clap", "house"), ctx=watch())
    with pytest.raises(ValueError, match="low must be below high"):
        song.grid(Audio(broken, rate), low=120.0, high=100.0, ctx=watch())
    monkeypatch.setattr(memory, "available", lambda: 1 << 20)
    with pytest.raises(ValueError, match=r"following 180 minutes needs .* GiB of memory"):
        song.grid(Audio(np.zeros((1, 180 * 60 * 1000), np.float32), 1000), ctx=watch())


def test_where_nobody_keeps_time_the_user_is_told() -> None:
    rate, rng = 22_050, np.random.default_rng(3)
    t = np.arange(30 * rate) / rate
    swell = np.sin(2 * np.pi * 220 * t) * (0.5 + 0.5 * np.sin(2 * np.pi * t / 7.3)) + 0.01 * rng.standard_normal(len(t))
    ctx = watch()
    try:
        song.grid(Audio(swell[None].astype(np.float32), rate), ctx=ctx)
    except ValueError as error:
        assert "no beat was found" in str(error)
    else:
        assert any("the beat is uncertain" in w for w in ctx.warnings)


def test_choosing_weights(tmp_path: Path) -> None:
    assert song.model() == song.HOUSE
    with pytest.raises(ValueError, match="cannot be read"):
        song.model(file=str(tmp_path / "none"))
    (tmp_path / "a.safetensors").write_bytes(b"x")
    ref = song.model(file=str(tmp_path / "a.safetensors"))
    assert (ref.kind, bool(ref.revision)) == ("beats", True)


def test_chords_keys_and_sections_of_drifting_songs() -> None:
    right, keys = [], []
    for seed, style in ((300, "house"), (302, "rock"), (305, "reggae"), (301, "funk")):
        one = made(style, seed, 12, 0.05)
        found = song.grid(one.audio, ctx=watch())
        score = song.sections(one.audio, song.chords(one.audio, found.grid, ctx=watch()), ctx=watch())
        right.append(agreement(one, score))
        scales = [harmony.scale_of(k.tonic, "minor" if is_minor(k.mode) else "major") for k in (one.score.keys[0],)]
        keys.append(len(scales[0] & harmony.scale_of(score.keys[0].tonic, score.keys[0].mode)))
        assert score.sections[0].bar == 0 and score.sections[-1].end == found.grid.bars
        assert score.grid == found.grid
    assert np.mean(right) >= 0.7
    assert np.mean(keys) >= 6


def test_sound_without_pitch_has_no_chords() -> None:
    grid = Grid(bars=2)
    for samples in (np.zeros((1, 44_100)), np.full((2, 44_100), 0.3), np.zeros((1, 0))):
        with pytest.raises(ValueError, match="no chords were found: the sound is silent or has no pitch"):
            song.chords(Audio(samples.astype(np.float32), 44_100), grid, ctx=watch())
        made = song.sections(Audio(samples.astype(np.float32), 44_100), Score(grid), ctx=watch())
        assert made.sections[-1].end == 2


def test_a_stem_is_made_as_loud_as_another() -> None:
    rng = np.random.default_rng(0)
    loud, soft = (Audio(rng.normal(0, s, (2, 88_200)).astype(np.float32), 44_100) for s in (0.3, 0.01))
    silent = Audio(np.zeros((2, 88_200), np.float32), 44_100)
    same = song.match(loud, soft)
    assert integrated(same.samples, 44_100) == pytest.approx(integrated(soft.samples, 44_100), abs=0.01)
    more = song.match(loud, soft, offset=3.0)
    assert integrated(more.samples, 44_100) == pytest.approx(integrated(soft.samples, 44_100) + 3, abs=0.01)
    assert song.match(silent, loud) is silent
    assert not song.match(loud, silent).samples.any()
