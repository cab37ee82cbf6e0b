"""The CLAP's nodes with the shipped weights: words find sounds, blends lie between, bad input gets a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lab import Lab, graph, n, states

from nawgraph.context import Context
from nawgraph.models import loaders
from nawgraph.music.compose import compose
from nawgraph.music.prompt import read as understood
from nawgraph.nodes import clap
from nawgraph.nodes.plan import generate
from nawgraph.synth.render import render
from nawgraph.values import Audio, Embedding, Keyframe, ModelRef, Prompt

load = lru_cache(loaders.load)

SONGS = {
    "techno, 132 bpm, A minor": 3, "calm ambient, 64 bpm, D major, no drums": 5, "rock, 126 bpm, E minor": 4,
    "jazz, 140 bpm, F major": 6,
}  # fmt: skip
"""Prompts and seeds."""


@contextmanager
def lend(ref: ModelRef) -> Iterator[Any]:
    yield load(ref)


def watch() -> Context:
    """Lends models as the runtime does."""
    return Context(lend=lend)


@pytest.fixture(scope="module")
def songs() -> dict[str, Audio]:
    made = {}
    for text, seed in SONGS.items():
        stems = render(compose(text, 4, seed), seed=seed, tail=False)
        made[text] = Audio(np.sum([a.samples for _, a in stems], axis=0), stems.rate)
    return made


def words(text: str) -> Embedding:
    return clap.text(Prompt.of(text), ctx=watch())


def test_words_find_their_sounds(songs: dict[str, Audio]) -> None:
    heard = [clap.audio(audio, ctx=watch()) for audio in songs.values()]
    for index, text in enumerate(songs):
        found = clap.nearest(words(text), heard, names=list(songs))
        assert (found.best, found.name) == (index, text)
        assert found.table.splitlines()[0].endswith(text)
        likeness = clap.score(words(text), heard[index])
        assert likeness.value == pytest.approx(found.similarity)
        assert likeness.checkpoint == heard[index].space


def test_how_loud_how_long_and_at_what_rate_hardly_matters(songs: dict[str, Audio]) -> None:
    audio = songs["rock, 126 bpm, E minor"]
    whole = clap.audio(audio, ctx=watch())
    soft = clap.audio(Audio(audio.samples * 0.01, audio.rate), ctx=watch())
    left = clap.audio(Audio(audio.samples.mean(axis=0, keepdims=True), audio.rate), ctx=watch())
    twice = clap.audio(Audio(np.tile(audio.samples, 2), audio.rate), ctx=watch())
    assert clap.score(whole, soft).value > 0.999
    assert clap.score(whole, left).value > 0.999
    assert clap.score(whole, twice).value > 0.9
    assert clap.audio(audio, ctx=watch()).digest() == whole.digest()


def test_misspelt_and_unknown_words_degrade_gracefully() -> None:
    right = words("dark techno, 130 bpm, A minor")
    for text in (
        "dark tecno, 130 bpm, A minor",
        "DARK TECHNO!! 130bpm; a minor 🎵",
        "dark techno qwxzj, 130 bpm, A minor",
    ):
        assert clap.score(right, words(text)).value > clap.score(right, words("calm jazz, 90 bpm, F major")).value + 0.2
    for text in ("Ночь и дождь", "夜の雨", "🎵🎵", "x" * 10_000, "200 bpm ambient techno waltz"):
        assert np.isfinite(words(text).vector).all()


def test_an_empty_prompt_is_said() -> None:
    ctx = watch()
    made = clap.text(Prompt.of("  "), ctx=ctx)
    assert "prompt is empty" in ctx.warnings[0]
    assert np.linalg.norm(made.vector) == pytest.approx(1, abs=1e-5)


def test_keyframes_are_blended_by_their_weights() -> None:
    both = Prompt((Keyframe(0, "techno", 1.0), Keyframe(8, "jazz", 0.2)))
    made = clap.text(both, ctx=watch())
    assert clap.score(made, words("techno")).value > clap.score(made, words("jazz")).value
    none = Prompt((Keyframe(0, "techno", 0.0),))
    with pytest.raises(ValueError, match="weight 0"):
        clap.text(none, ctx=watch())


vectors = st.lists(st.floats(-1, 1, width=32), min_size=4, max_size=4).filter(lambda v: np.linalg.norm(v) > 0.1)


@given(vectors, vectors, st.floats(0.1, 4), st.floats(0, 4))
@settings(deadline=None)
def test_a_blend_lies_between(a: list[float], b: list[float], x: float, y: float) -> None:
    one, two = (Embedding(np.array(v, np.float32), "s") for v in (a, b))
    apart = clap.score(one, two).value
    assert apart == pytest.approx(clap.score(two, one).value)
    if apart > -0.9:
        made = clap.blend([one, two], weights=[x, y])
        assert np.linalg.norm(made.vector) == pytest.approx(1, abs=1e-4)
        assert clap.score(made, one).value >= apart - 1e-4
        assert clap.score(made, two).value >= apart - 1e-4
        assert clap.score(clap.blend([one, one], weights=[x, y]), one).value == pytest.approx(1)


def test_what_cannot_be_compared_or_blended_is_said() -> None:
    one, two = Embedding(np.ones(4, np.float32), "a/1"), Embedding(np.ones(4, np.float32), "b/2")
    for call in (lambda: clap.score(one, two), lambda: clap.blend([one, two]), lambda: clap.nearest(one, [two])):
        with pytest.raises(ValueError, match="different spaces"):
            call()
    with pytest.raises(ValueError, match="2 embeddings, 1 weights"):
        clap.blend([one, one], weights=[1.0])
    with pytest.raises(ValueError, match="cancel everything out"):
        clap.blend([one, one], weights=[1.0, -1.0])
    with pytest.raises(ValueError, match="1 items, 2 names"):
        clap.nearest(one, [one], names=["x", "y"])
    with pytest.raises(ValueError, match="different sizes"):
        clap.score(one, Embedding(np.ones(3, np.float32), "a/1"))
    with pytest.raises(ValueError, match="empty or not finite"):
        clap.score(one, Embedding(np.zeros(4, np.float32), "a/1"))
    with pytest.raises(ValueError, match="wire a CLAP"):
        clap.text(Prompt.of("techno"), ModelRef("planner", "house"), ctx=watch())
    with pytest.raises(ValueError, match="cannot be read"):
        clap.model(file="nowhere.safetensors", ctx=watch())
    with pytest.raises(ValueError, match="at least one"):
        clap.texts(texts=[], ctx=watch())
    with pytest.raises(ValueError, match="silent"):
        clap.audio(Audio(np.zeros((2, 44_100), np.float32)), ctx=watch())
    with pytest.raises(ValueError, match="same weights"):
        clap.prompt_(one, ctx=watch())


def test_an_embedding_in_words(songs: dict[str, Audio]) -> None:
    heard = clap.audio(songs["techno, 132 bpm, A minor"], ctx=watch())
    alone = understood(clap.prompt_(heard, ctx=watch()).text)
    assert dict(alone.styles).keys() & {"techno"}
    assert alone.bpm == pytest.approx(132, rel=0.05)
    assert alone.unread == ()
    made = clap.prompt_(heard, Prompt.of("jazz in F major with a choir"), ctx=watch()).text
    brief = understood(made)
    assert made.startswith("jazz in F major with a choir, ")
    assert dict(brief.styles) == {"jazz": 1.0}
    assert (brief.key.tonic if brief.key else None) == 5
    assert brief.voice == "voice.choir"
    assert brief.bpm == alone.bpm


def test_a_reference_decides_what_the_prompt_leaves_open(songs: dict[str, Audio]) -> None:
    heard = clap.audio(songs["techno, 132 bpm, A minor"], ctx=watch())
    score = generate(Prompt.of("E minor"), embedding=heard, bars=4, seed=1, ctx=watch())
    assert score.style == "techno"
    assert score.bpm == pytest.approx(132, rel=0.05)
    assert score.keys[0].tonic == 4
    named = generate(Prompt.of("jazz, 150 bpm, E minor"), embedding=heard, bars=4, seed=1, ctx=watch())
    assert (named.style, named.bpm) == ("jazz", 150)
    assert score.digest() != generate(Prompt.of("E minor"), bars=4, seed=1, ctx=watch()).digest()


def test_the_nodes_in_a_graph(lab: Lab, tmp_path: Path) -> None:
    file = tmp_path / "copy.safetensors"
    file.write_bytes((Path(loaders.__file__).parent / "weights" / "clap.safetensors").read_bytes())
    document = graph(
        p=n("prompt.text", text="techno"),
        m=n("clap.model", file=str(file)),
        t=n("clap.text", prompt="@p.prompt", model="@m.modelref"),
        h=n("clap.text", prompt="@p.prompt"),
        l=n("clap.texts", texts=["jazz", "techno"]),
        b=n("clap.blend", embeddings=["@t.embedding", "@h.embedding"], weights=[1.0, 2.0]),
        x=n("clap.nearest", embedding="@b.embedding", items="@l.items", names=["jazz", "techno"]),
    )
    result = lab.run(document, "x")
    assert result["x.name"] == "techno"
    assert states(lab.run(document, "x"), "ran") == {"m"}  # it looks whether the weights are still the same
