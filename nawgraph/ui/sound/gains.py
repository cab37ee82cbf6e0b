"""Gains that never jump: what each track is turned to, and how it gets there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from nawgraph.ui.sound.tape import Gain

SLEW = 0.01
"""Seconds from silence to full level."""


@dataclass(frozen=True)
class Mix:
    """How the tracks of stems are heard. A track that is not named plays at full level.

    Attributes:
        gains: factor by track name.
        muted: names of silent tracks.
        soloed: where any are named, only these are heard.
    """

    gains: Mapping[str, float] = field(default_factory=dict)
    muted: frozenset[str] = frozenset()
    soloed: frozenset[str] = frozenset()

    def gain(self, name: str) -> float:
        """The factor of a track. Solo goes before mute; sound that is no stems has no name and always plays."""
        if not name:
            return 1.0
        heard = name in self.soloed if self.soloed else name not in self.muted
        return self.gains.get(name, 1.0) if heard else 0.0

    def toggle_mute(self, name: str) -> Mix:
        """The same with a track muted, or heard again."""
        return replace(self, muted=self.muted ^ {name})

    def toggle_solo(self, name: str) -> Mix:
        """The same with a track soloed, or no longer."""
        return replace(self, soloed=self.soloed ^ {name})

    def turned(self, name: str, gain: float) -> Mix:
        """The same with a track at another factor."""
        return replace(self, gains={**self.gains, name: gain})


class Slew:
    """A gain on its way: at most full scale in `SLEW` seconds, the same for every size of block."""

    def __init__(self, rate: int, value: float = 1.0) -> None:
        self.value = value
        self._step = 1 / max(SLEW * rate, 1)

    def towards(self, target: float, frames: int) -> Gain:
        """The factor of the next frames: one where it stands, else float32 [frames]."""
        if self.value == target:
            return np.float32(target)
        way = self._step * np.arange(1, frames + 1)
        curve = np.minimum(self.value + way, target) if target > self.value else np.maximum(self.value - way, target)
        self.value = float(curve[-1])
        return np.asarray(curve, np.float32)
