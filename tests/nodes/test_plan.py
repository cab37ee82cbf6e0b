"""The composer as a node: lengths, seeds, humanising, and what it says of a score."""

from __future__ import annotations

import pytest
from lab import Lab, graph, n

from nawgraph.context import Context
from nawgraph.nodes.plan import compose, describe
from nawgraph.nodes.prompt import timeline
from nawgraph.values import Keyframe, Prompt, Score

HOUSE = Prompt.of("house, 124 bpm, A minor")


def test_the_prompt_is_followed() -> None:
    score = compose(HOUSE, bars=8, seed=3, title="Night")
    assert (score.style, score.bpm, score.bars, score.title, score.seed) == ("house", 124, 8, "Night", 3)
    assert [(k.tonic, k.mode) for k in score.keys] == [(9, "minor")]
    assert {part.stem for part in score.parts} >= {"drums", "bass", "other"}


def test_the_seed_decides_and_nothing_else() -> None:
    assert compose(HOUSE, bars=4, seed=1).digest() == compose(HOUSE, bars=4, seed=1).digest()
    assert len({compose(HOUSE, bars=4, seed=seed).digest() for seed in range(8)}) == 8


def test_bars_0_leaves_the_length_to_the_prompt() -> None:
    assert compose(Prompt.of("funk, 12 bars")).bars == 12
    assert compose(Prompt.of("funk, 12 bars"), bars=5).bars == 5
    assert compose(Prompt.of("funk")).bars == 32


@pytest.mark.parametrize("bars", [1, 2, 3])
def test_a_song_may_be_very_short(bars: int) -> None:
    score = compose(Prompt.of("rock"), bars=bars)
    assert score.bars == bars and any(part.notes for part in score.parts)
    assert all(note.end <= score.grid.ticks for part in score.parts for note in part.notes)


@pytest.mark.parametrize("bars", [-1, 1001, 100_000])
def test_impossible_lengths_are_refused(bars: int) -> None:
    with pytest.raises(ValueError, match=rf"a song has 1 to 1,000 bars, got {bars}"):
        compose(HOUSE, bars=bars)


def test_the_document_says_so_before_anything_runs(lab: Lab) -> None:
    document = graph(p=n("prompt.text"), c=n("plan.compose", prompt="@p.prompt", bars=100_000))
    assert any("bars" in str(problem) for problem in document.problems(lab.library))


@pytest.mark.parametrize("words", ["", "🎹🔥", "tempo 5, 2 bars", "900 bpm, 2 bars", "Z minor, 2 bars", "x" * 10_000])
def test_any_prompt_becomes_a_song(words: str) -> None:
    score = compose(Prompt.of(words), bars=2)
    assert 20 <= score.bpm <= 400 and any(part.notes for part in score.parts)


def test_humanise_0_is_exactly_on_the_grid() -> None:
    stiff, loose = (compose(HOUSE, bars=4, seed=1, humanise=amount) for amount in (0.0, 2.0))
    assert {note.shift for part in stiff.parts for note in part.notes} == {0}
    assert len({note.shift for part in loose.parts for note in part.notes}) > 20


def test_keyframes_change_key_and_tempo_where_they_stand() -> None:
    frames = timeline(texts=["techno, A minor, 120 bpm", "techno, C minor, 140 bpm"], bars=[0.0, 4.0], ctx=Context())
    score = compose(frames, bars=8)
    assert [(k.bar, k.tonic) for k in score.keys] == [(0, 9), (4, 0)]
    assert [(score.grid.bar_at(t.tick)[0], t.bpm) for t in score.grid.tempi] == [(0, 120), (4, 140)]


def test_a_keyframe_after_the_end_is_no_harm() -> None:
    late = Prompt((Keyframe(0.0, "house"), Keyframe(600.0, "techno")))
    assert compose(late, bars=4).style == "house"


def test_describe_names_what_is_in_the_score() -> None:
    lines = describe(compose(HOUSE, bars=8, title="Night"), ctx=Context()).splitlines()
    assert lines[0] == "Night: house, 124 bpm, 8 bars"
    assert lines[1] == "keys: bar 1 A minor"
    assert any(line.startswith("drums/") for line in lines)


def test_describe_takes_an_empty_score() -> None:
    assert describe(Score(), ctx=Context()).startswith("Untitled: no style, 120 bpm")
