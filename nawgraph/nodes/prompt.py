"""Prompts: what the song shall be, in words."""

from __future__ import annotations

from typing import Annotated

from nawgraph.context import Context
from nawgraph.hints import Range, Text
from nawgraph.node import node
from nawgraph.values import Keyframe, Prompt

Words = Annotated[str, Text(lines=3, limit=10_000)]
_LONGEST = 300
"""Characters of a warning: a note repeats the user's words, which may be very long."""


def _report(texts: list[str], ctx: Context) -> None:
    """Say what the reader did not understand or had to settle; nothing is swallowed."""
    from nawgraph.music.prompt import read

    for text in texts:
        if not text.strip():
            ctx.warn("the prompt is empty: style, tempo and key are chosen by the seed")
        for note in read(text).notes:
            shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in note)
            ctx.warn(shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 2]} …")


@node("prompt.text", title="Text prompt", aliases=("describe", "words", "style"))
def text(
    *,
    text: Words = "lo-fi hip hop, 84 bpm, D minor, mellow electric piano",
    weight: Annotated[float, Range(0, 1)] = 1.0,
    ctx: Context,
) -> Prompt:
    """Describe a song in free words: style, tempo, key, mood, instruments, form, length."""
    _report([text], ctx)
    return Prompt((Keyframe(0.0, text, weight),))


@node("prompt.timeline", title="Prompt timeline", aliases=("keyframes", "morph"))
def timeline(
    *,
    texts: list[str] = ["ambient, A minor, sparse", "techno, 126 bpm, driving"],  # noqa: B006 - never changed
    bars: list[float] = [0.0, 16.0],  # noqa: B006
    weights: list[float] = [],  # noqa: B006
    ctx: Context,
) -> Prompt:
    """Prompts at bars (counted from 0): style, density and energy change gradually from one to the next.

    `bars` has one number for each text; `weights` (0–1) may be left out.
    """
    if len(texts) != len(bars) or not texts:
        raise ValueError(f"bars needs one number for each text: there are {len(texts)} texts and {len(bars)} bars")
    if weights and len(weights) != len(texts):
        raise ValueError(f"weights needs one number for each text: {len(texts)} texts, {len(weights)} weights")
    if any(not 0 <= bar <= 100_000 for bar in bars) or len(set(bars)) != len(bars):
        raise ValueError("bars must be different numbers from 0 on")
    if any(not 0 <= weight <= 1 for weight in weights):
        raise ValueError("weights must lie between 0 and 1")
    _report(list(texts), ctx)
    strengths = weights or [1.0] * len(texts)
    return Prompt(tuple(Keyframe(b, t, w) for b, t, w in zip(bars, texts, strengths, strict=True)))


@node("prompt.join", title="Join prompts", aliases=("add words",))
def join(prompt: Prompt, *, text: Words = "") -> Prompt:
    """Add words to every keyframe of a prompt."""
    frames = (Keyframe(k.bar, ", ".join(t for t in (k.text, text) if t), k.weight) for k in prompt.keyframes)
    return Prompt(tuple(frames))
