"""Sounds for the player's tests."""

from __future__ import annotations

import numpy as np

from nawgraph.ui.sound import MemoryOutput, Player
from nawgraph.values import Audio, Stems
from nawgraph.values.signal import Float

RATE = 48_000


def noise(frames: int, seed: int = 0, channels: int = 2, level: float = 0.1) -> Float:
    return (level * np.random.default_rng(seed).standard_normal((channels, frames))).astype(np.float32)


def sine(frames: int, hertz: float = 220.0, rate: int = RATE, level: float = 0.5) -> Float:
    wave = level * np.sin(2 * np.pi * hertz / rate * np.arange(frames))
    return np.stack([wave, wave]).astype(np.float32)


def playing(
    sound: Audio | Stems, position: int = 0, rate: int = RATE, block: int = 512, loop: tuple[int, int] | None = None
) -> tuple[Player, MemoryOutput]:
    """A player that plays, fed by hand."""
    player = Player(rate)
    player.load(sound, position)
    player.set_loop(loop)
    player.play()
    return player, MemoryOutput(player, block)


def steps(sound: Float) -> float:
    """The largest step from one sample to the next."""
    return float(np.abs(np.diff(sound)).max(initial=0))
