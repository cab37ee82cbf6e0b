"""Styles differ to the ear, seeds differ, and the form is heard. The large samples are in ``benchmarks/songs.py``."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from form import heard
from prompts import PROMPTS

from nawgraph.music.compose import compose
from nawgraph.music.rules import shared_passages
from nawgraph.synth.render import render
from nawgraph.training.listener import Listener, features
from nawgraph.values import Audio, Score

RATE = 22050
STYLES = list(dict.fromkeys(wanted.style for wanted in PROMPTS))


def played(score: Score) -> Audio:
    """All stems together, without a mixer."""
    return Audio(np.sum([audio.samples for _, audio in render(score, RATE, seed=score.seed)], axis=0), RATE)


def sounds_like(text: str, seed: int) -> npt.NDArray[np.float64]:
    score = compose(text, 8, seed)
    meter = score.grid.meters[0]
    return features(played(score), score.bpm, 4 * meter.beats / meter.unit)


def test_a_listener_who_knows_other_seeds_names_the_style() -> None:
    known = [style for seed in range(100, 106) for style in STYLES]
    listener = Listener(np.array([sounds_like(style, 100 + i // 12) for i, style in enumerate(known)]), known)
    asked = [PROMPTS[i] for i in range(1, 60, 5)]
    named = [listener.name(sounds_like(wanted.text, 7)) for wanted in asked]
    right = [name == wanted.style for name, wanted in zip(named, asked, strict=True)]
    assert sum(right) >= 10, [(w.text, name) for w, name, good in zip(asked, named, right, strict=True) if not good]


def test_a_listener_who_learned_noise_names_nothing() -> None:
    """The figure above is no artefact: with shuffled names it falls to chance."""
    rng = np.random.default_rng(0)
    examples = rng.standard_normal((48, 100))
    names = [STYLES[i % 12] for i in range(48)]
    listener = Listener(examples, names)
    right = sum(listener.name(rng.standard_normal(100)) == STYLES[i % 12] for i in range(120))
    assert right < 25


def test_no_two_seeds_share_a_passage() -> None:
    for style in STYLES:
        assert shared_passages(compose(style, 8, seed) for seed in range(30)) == []


def test_the_form_is_heard() -> None:
    """Bars that the plan says are alike sound alike, and those in random order do not; other songs: the benchmark's."""
    figures = [heard(played(score), score) for score in (compose(style, 32, 9) for style in STYLES)]
    assert all(found - null > 0.65 for found, null in figures), figures
    assert np.mean([found - null for found, null in figures]) >= 0.85
