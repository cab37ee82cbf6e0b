"""The neural planner's nodes: with the shipped weights through the runtime, and what they say of bad input."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from lab import Lab, graph, n, states

from nawgraph.context import Context
from nawgraph.models import loaders
from nawgraph.nodes.plan import compose, continue_, generate, infill, model
from nawgraph.values import ModelRef, Prompt, Score

PROMPT = Prompt.of("house, 124 bpm, A minor, female vocals")


@contextmanager
def lend(ref: ModelRef) -> Iterator[Any]:
    yield loaders.load(ref)


class Watch(Context):
    """Lends models as the runtime does, and remembers the progress."""

    def __init__(self) -> None:
        super().__init__(lend=lend)
        self.told: list[tuple[int, int]] = []

    def progress(self, done: int, total: int, label: str = "") -> None:
        self.told.append((done, total))


def test_a_song_from_a_prompt() -> None:
    ctx = Watch()
    score = generate(PROMPT, bars=8, seed=3, title="Night", ctx=ctx)
    assert (score.style, score.bpm, score.bars, score.title, score.seed) == ("house", 124, 8, "Night", 3)
    assert {part.stem for part in score.parts} == {"drums", "bass", "vocals", "other"}
    assert ctx.told == [(i, 8) for i in range(9)]
    assert generate(PROMPT, bars=8, seed=3, title="Night", ctx=Watch()).digest() == score.digest()
    assert generate(PROMPT, bars=8, seed=4, title="Night", ctx=Watch()).digest() != score.digest()


def test_the_nodes_in_a_graph(lab: Lab) -> None:
    document = graph(
        p=n("prompt.text", text="house, 124 bpm, A minor"),
        g=n("plan.generate", prompt="@p.prompt", bars=4),
        c=n("plan.continue", score="@g.score", bars=2),
        i=n("plan.infill", score="@c.score", stems=["drums", "bass"], first=1, bars=2),
    )
    result = lab.run(document, "i")
    assert states(result, "ran") == {"p", "g", "c", "i"}
    assert result["i"].bars == 6
    again = lab.run(document, "i")
    assert states(again, "ran") == set()


@pytest.mark.parametrize(
    "words", ["", "🎹🔥", "tempo 5, 2 bars", "900 bpm, 2 bars", "Z minor", "x" * 10_000, "200 bpm ambient techno waltz"]
)
def test_any_prompt_becomes_a_song(words: str) -> None:
    score = generate(Prompt.of(words), bars=2, ctx=Watch())
    assert 20 <= score.bpm <= 400 and score.bars == 2


def test_bars_0_leaves_the_length_to_the_prompt() -> None:
    assert generate(Prompt.of("funk, 6 bars"), ctx=Watch()).bars == 6


@pytest.mark.parametrize(
    ("type", "knobs", "sentence"),
    [
        ("plan.generate", {"bars": 10_000}, "bars must be between 0 and 1000 bars, got 10000"),
        ("plan.generate", {"bars": -1}, "bars must be between 0 and 1000"),
        ("plan.generate", {"temperature": 3.0}, "temperature must be between 0 and 2, got 3"),
        ("plan.generate", {"guidance": 0.5}, "guidance must be between 1 and 6"),
        ("plan.generate", {"top_p": 0.0}, "top_p must be between 0.05 and 1"),
        ("plan.infill", {"stems": ["piano"]}, r"stems\[0\] must be one of drums, bass, vocals, other, chords"),
    ],
)
def test_impossible_knobs_are_found_before_anything_runs(
    lab: Lab, type: str, knobs: dict[str, Any], sentence: str
) -> None:
    made = n(type, prompt="@p.prompt", **knobs) if type == "plan.generate" else n(type, score="@s.score", **knobs)
    document = graph(p=n("prompt.text"), s=n("plan.compose", prompt="@p.prompt", bars=2), x=made)
    import re

    assert any(re.search(sentence, str(problem)) for problem in document.problems(lab.library))


def test_meters_that_are_not_covered(lab: Lab) -> None:
    document = graph(p=n("prompt.text", text="rock in 7/8"), g=n("plan.generate", prompt="@p.prompt", bars=2))
    assert "writes 4/4, 3/4, 6/8, not 7/8" in lab.run(document, "g").errors()["g"]


@pytest.mark.parametrize(
    ("content", "sentence"), [(None, "cannot be read"), (b"no weights", "damaged or no safetensors file")]
)
def test_weights_that_cannot_be_used(lab: Lab, tmp_path: Path, content: bytes | None, sentence: str) -> None:
    path = tmp_path / "own.safetensors"
    if content is not None:
        path.write_bytes(content)
    document = graph(
        p=n("prompt.text", text="rock"),
        m=n("plan.model", file=str(path)),
        g=n("plan.generate", prompt="@p.prompt", model="@m.modelref", bars=2),
    )
    errors = lab.run(document, "g").errors()
    assert sentence in next(iter(errors.values())) and "Traceback" not in str(errors)


def test_a_model_of_another_kind() -> None:
    with pytest.raises(ValueError, match="model is a codec: wire a planner"):
        generate(PROMPT, ModelRef("codec", "x"), bars=2, ctx=Watch())


def test_own_weights_take_part_in_the_key(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1")
    first = model(file=str(tmp_path / "a"))
    (tmp_path / "a").write_bytes(b"2")
    assert first.digest() != model(file=str(tmp_path / "a")).digest()
    assert model().name == "house"


# ------------------------------------------------------------------------------------- music, with the shipped weights


def test_drums_fit_the_bass_that_is_given() -> None:
    """Kick and bass agree more than with the bass of another song of that style."""
    from dataclasses import replace

    from nawgraph.training.measures import kick_with_bass, total

    own, other = [], []
    for style in ("funk", "disco", "rock", "hip hop"):
        songs = [compose(Prompt.of(style), bars=16, seed=seed, humanise=0.0) for seed in range(6)]
        bare = [replace(song, parts=tuple(p for p in song.parts if p.stem != "drums")) for song in songs]
        drums = [infill(b, stems=["drums"], seed=i, humanise=0.0, ctx=Watch()) for i, b in enumerate(bare)]
        own += [kick_with_bass(drums[i], song) for i, song in enumerate(songs)]
        other += [kick_with_bass(drums[i - 1], song) for i, song in enumerate(songs)]
    assert total(own) > total(other)


def test_harmony_and_bass_agree() -> None:
    from nawgraph.training.measures import bass_on_root, melody_in_chord, total

    scores: list[Score] = [generate(PROMPT, bars=16, seed=s, humanise=0.0, ctx=Watch()) for s in range(4)]
    assert total(bass_on_root(s) for s in scores) > 0.85
    assert total(melody_in_chord(s) for s in scores) > 0.8


def test_continue_goes_on_in_the_key() -> None:
    song = compose(PROMPT, bars=8, seed=1, humanise=0.0)
    longer = continue_(song, bars=8, ctx=Watch())
    assert longer.bars == 16 and longer.keys == song.keys
    assert {part.stem for part in longer.parts} == {part.stem for part in song.parts}
