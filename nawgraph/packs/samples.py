"""Values of every type for trying nodes: short, plain, always the same."""

from __future__ import annotations

from typing import Any

import numpy as np

from nawgraph.node import NodeSpec
from nawgraph.types import Type
from nawgraph.values import (
    STEMS,
    Audio,
    Curve,
    Embedding,
    Grid,
    Keyframe,
    Prompt,
    Score,
    Stems,
)

RATE = 44_100


def arguments(spec: NodeSpec, *, frames: int = RATE // 2, rate: int = RATE) -> dict[str, Any] | None:
    """Arguments for a call: sounds of so many frames, knobs at their defaults. None if an input cannot be made."""
    made: dict[str, Any] = {knob.name: _listed(knob.type, knob.default) for knob in spec.knobs}
    for port in spec.inputs:
        found = sample(port.type, frames, rate)
        if found is None and not port.optional:
            return None
        made[port.name] = found
    return made


def sample(kind: Type, frames: int = RATE // 2, rate: int = RATE) -> Any:
    """A value of a type, or None where there is no natural one."""
    if kind.item is not None:
        item = sample(kind.item, frames, rate)
        return None if item is None else [item, item]
    if kind.is_variable or kind.name in ("any", "Audio"):
        return sound(frames, rate)
    makers: dict[str, Any] = {
        "int": lambda: 3,
        "float": lambda: 0.5,
        "bool": lambda: True,
        "str": lambda: "text",
        "Stems": lambda: Stems(STEMS, tuple(sound(frames, rate) for _ in STEMS)),
        "Score": score,
        "Grid": Grid,
        "Prompt": lambda: Prompt((Keyframe(0, "lo-fi hip hop", 1.0),)),
        "Curve": lambda: Curve("dynamics", np.linspace(0, 1, 64, dtype=np.float32)[None], 50.0),
        "Embedding": lambda: Embedding(np.ones(8, np.float32) / np.sqrt(8), "sample"),
    }
    make = makers.get(kind.name)
    return None if make is None else make()


def sound(frames: int, rate: int) -> Audio:
    """Two channels: a tone with noise, another tone."""
    time = np.arange(frames) / rate
    noise = np.random.default_rng(1).standard_normal(frames) * 0.05
    left, right = 0.4 * np.sin(2 * np.pi * 220 * time) + noise, 0.3 * np.sin(2 * np.pi * 331 * time)
    return Audio(np.stack([left, right]).astype(np.float32), rate)


def score() -> Score:
    """Four bars of one part."""
    from nawgraph.music.compose import compose

    return compose("lo-fi hip hop, 84 bpm, D minor", bars=4, seed=1)


def _listed(kind: Type, value: Any) -> Any:
    return list(value) if kind.item is not None else value
