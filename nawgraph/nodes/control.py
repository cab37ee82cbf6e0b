"""Control curves: melody, onsets, dynamics, timbre and harmony of sounds and of scores."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from nawgraph.context import Context
from nawgraph.hints import Choice
from nawgraph.node import node
from nawgraph.nodes.render import VOCODER
from nawgraph.values import STEMS, Audio, Curve, Score, Stems


@node("control.melody", title="Melody of a sound", aliases=("pitch", "f0", "control curve"))
def melody(audio: Audio) -> Curve:
    """Follow the pitch of a single voice: MIDI notes with fractions (0 where none sounds), and how sure they are."""
    from nawgraph.audio.control import CURVE_RATE
    from nawgraph.audio.control import melody as follow

    return Curve("melody", follow(audio.samples, audio.rate), CURVE_RATE)


@node("control.onsets", title="Onsets of a sound", aliases=("attacks", "rhythm", "control curve"))
def onsets(audio: Audio) -> Curve:
    """Follow how much begins, 0 to 1."""
    from nawgraph.audio.control import CURVE_RATE, beginnings

    return Curve("onsets", beginnings(audio.samples, audio.rate), CURVE_RATE)


@node("control.harmony", title="Harmony of a sound", aliases=("chroma", "chords", "control curve"))
def harmony(audio: Audio) -> Curve:
    """Follow the pitch classes from C up, 0 to 1."""
    from nawgraph.audio.control import harmony as follow

    found, rate = follow(audio.samples, audio.rate)
    return Curve("harmony", found, rate)


@node(
    "control.dynamics",
    title="Dynamics of a sound",
    models={"vocoder": VOCODER},
    aliases=("level", "loudness", "envelope", "control curve"),
)
def dynamics(audio: Audio | None = None, stems: Stems | None = None, *, ctx: Context) -> Curve:
    """Follow how loud a sound is, or each of the four standard stems: 0 at −60 dB, 1 for a full-scale sine.

    `render.flow` takes such a curve and follows it.
    """
    return _of_renderer("dynamics", audio, stems, ctx)


@node(
    "control.timbre",
    title="Brightness of a sound",
    models={"vocoder": VOCODER},
    aliases=("timbre", "centroid", "control curve"),
)
def timbre(audio: Audio | None = None, stems: Stems | None = None, *, ctx: Context) -> Curve:
    """Follow how bright a sound is, or each of the four standard stems: 0 all in the bass, 1 all at the top."""
    return _of_renderer("timbre", audio, stems, ctx)


@node("control.score", title="Curve of a score", aliases=("melody", "onsets", "dynamics", "harmony", "control curve"))
def score(
    score: Score,
    *,
    kind: Annotated[str, Choice("melody", "onsets", "dynamics", "harmony")] = "melody",
    stem: Annotated[str, Choice(*STEMS)] = "vocals",
) -> Curve:
    """What is written for a stem, as a curve of the kind that the other control nodes find in sounds.

    A score does not say how bright it sounds: timbre is found in sounds alone. Dynamics are velocities here, 0 to 1.
    """
    from nawgraph.audio.control import CURVE_RATE
    from nawgraph.music import curves

    if stem == "drums" and kind in ("melody", "harmony"):
        raise ValueError(f"drums have no {kind}: choose another stem, or onsets or dynamics")
    return Curve(kind, getattr(curves, kind)(score, stem, CURVE_RATE), CURVE_RATE)


def _of_renderer(kind: str, audio: Audio | None, stems: Stems | None, ctx: Context) -> Curve:
    """A curve as the house renderer's space has it."""
    if (audio is None) == (stems is None):
        raise ValueError("wire either audio or stems")
    sounds = stems if stems is not None else Stems.of({"other": audio}) if audio is not None else None
    assert sounds is not None
    if sounds.rate != 44_100:
        raise ValueError(
            f"curves for the renderer are of 44,100 Hz, this sound has {sounds.rate:,} Hz: resample it first"
        )
    if not all(np.isfinite(a.samples).all() for _, a in sounds):
        raise ValueError("the sound holds a number that is not finite (NaN or infinity): make it anew")
    with ctx.borrow(VOCODER) as model:
        found, rate = model.controls(sounds)
    rows = found[:, 0 if kind == "dynamics" else 1]
    return Curve(kind, rows if stems is not None else rows[STEMS.index("other")][None], rate)
