"""Prompt nodes: any text is taken, and what was not understood or settled is said in a short sentence."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lab import Lab, graph, n

from nawgraph.context import Context
from nawgraph.music.prompt import read
from nawgraph.nodes.prompt import join, text, timeline
from nawgraph.values import Keyframe, Prompt


def warnings_of(words: str) -> list[str]:
    ctx = Context()
    assert text(text=words, ctx=ctx) == Prompt.of(words)
    return ctx.warnings


def test_a_clear_prompt_needs_no_remark() -> None:
    assert warnings_of("techno, 130 bpm, A minor, dark, acid bass, no vocals") == []


@pytest.mark.parametrize(
    ("words", "remark"),
    [
        ("", "the prompt is empty"),
        (" \n\t", "the prompt is empty"),
        ("200 bpm ambient", "usually 56 to 92 bpm; the explicit 200 bpm wins"),
        ("techno, tempo 5", "outside 20 to 400: 20 bpm is used"),
        ("techno at 900 bpm", "outside 20 to 400: 400 bpm is used"),
        ("house, 120 bpm, then 128 bpm", "the first, 120 bpm, holds"),
        ("0 bars of funk", "0 bars became 1"),
        ("rock, 100000 bars", "100,000 bars became 1,000"),
        ("jazz in H sharp minor", "Not understood"),
        ("jazz in Q minor", "no key “q minor”"),
        ("waltz in 9/0", "9/0 is no meter"),
        ("no drums, loud drums", "both asked for and ruled out"),
        ("instrumental with a singer", "the song is instrumental"),
        ("happy sad song", "pull towards major and minor"),
        ("техно, 130 bpm, ля минор", "Not understood and left out: техно, ля, минор."),
        ("夜 84 bpm lofi", "夜"),
        ("🎹 funk 🕺", "🎹, 🕺"),
    ],
)
def test_what_is_odd_is_said(words: str, remark: str) -> None:
    assert any(remark in warning for warning in warnings_of(words))


def test_numbers_are_read_in_any_language_around_them() -> None:
    brief = read("夜のローファイ、84 bpm、D minor")
    assert brief.bpm == 84 and brief.key is not None and (brief.key.tonic, brief.key.mode) == (2, "minor")
    brief = read("Techno mit 132 bpm in h-Moll, ohne Gesang")
    assert brief.bpm == 132 and brief.key is not None and (brief.key.tonic, brief.key.mode) == (11, "minor")


@pytest.mark.parametrize("words", ["x" * 10_000, "lorem ipsum " * 800, "9" * 10_000, "🎛" * 5_000])
def test_ten_thousand_characters_give_short_remarks(words: str) -> None:
    remarks = warnings_of(words)
    assert remarks and all(len(remark) <= 300 for remark in remarks)


def test_more_than_the_limit_is_a_problem_of_the_document(lab: Lab) -> None:
    problems = graph(p=n("prompt.text", text="x" * 10_001)).problems(lab.library)
    assert [p.node for p in problems if "text" in str(p)] == ["p"]


@given(st.text(max_size=200))
def test_remarks_are_one_printable_line(words: str) -> None:
    assert all(remark.isprintable() and len(remark) <= 300 for remark in warnings_of(words))


def test_a_timeline_sorts_its_keyframes() -> None:
    made = timeline(texts=["techno", "ambient"], bars=[8.0, 0.0], weights=[0.5, 1.0], ctx=Context())
    assert made.keyframes == (Keyframe(0.0, "ambient", 1.0), Keyframe(8.0, "techno", 0.5))


@pytest.mark.parametrize(
    ("knobs", "reason"),
    [
        ({"texts": ["a"], "bars": [0.0, 4.0]}, "1 texts and 2 bars"),
        ({"texts": [], "bars": []}, "0 texts"),
        ({"texts": ["a", "b"], "bars": [4.0, 4.0]}, "different numbers"),
        ({"texts": ["a", "b"], "bars": [0.0, -1.0]}, "from 0 on"),
        ({"texts": ["a", "b"], "bars": [0.0, math.nan]}, "from 0 on"),
        ({"texts": ["a", "b"], "bars": [0.0, math.inf]}, "from 0 on"),
        ({"texts": ["a", "b"], "bars": [0.0, 1e6]}, "from 0 on"),
        ({"texts": ["a", "b"], "bars": [0.0, 1.0], "weights": [1.0]}, "2 texts, 1 weights"),
        ({"texts": ["a", "b"], "bars": [0.0, 1.0], "weights": [1.0, 1.5]}, "between 0 and 1"),
        ({"texts": ["a", "b"], "bars": [0.0, 1.0], "weights": [1.0, math.nan]}, "between 0 and 1"),
    ],
)
def test_a_timeline_that_does_not_fit_together_is_refused(knobs: dict[str, object], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        timeline(**knobs, ctx=Context())


def test_every_text_of_a_timeline_is_reported_on() -> None:
    ctx = Context()
    timeline(texts=["techno", "flurb", ""], bars=[0.0, 1.0, 2.0], ctx=ctx)
    assert len(ctx.warnings) == 2 and "flurb" in ctx.warnings[0] and "empty" in ctx.warnings[1]


def test_join_adds_words_to_every_keyframe() -> None:
    both = Prompt((Keyframe(0.0, "techno"), Keyframe(4.0, "")))
    assert [k.text for k in join(both, text="A minor").keyframes] == ["techno, A minor", "A minor"]
    assert join(both, text="") == both
