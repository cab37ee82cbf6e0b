"""Scenes: how each label of a song is arranged, the same way each time it comes, so that its form is heard.

What tells sections apart is who plays, in which register, how densely and how hard. A scene settles this for a label;
what the label's repeats then vary are notes and ornaments.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from nawgraph.music.streams import stream
from nawgraph.values import Section

T = TypeVar("T")

SHIFTS = {"pad": (-3, 5), "comp": (-3, 4), "arp": (-4, 8), "riff": (-4, 8), "line": (-3, 3)}
"""Semitones by which the weakest and the strongest label move the register of a role."""


@dataclass(frozen=True)
class Scene:
    """The arrangement of one label.

    Attributes:
        order: which label of the song it is, by first appearance.
        level: energy by which its arrangement is chosen, 0–1: the mean of its sections.
        height: its place among the labels' energies, 0 the weakest to 1 the strongest; 0.5 in a song of one label.
        alone: the song has no other label to be told from, so that nobody rests.
    """

    order: int = 0
    level: float = 0.5
    height: float = 0.5
    alone: bool = True

    def shift(self, role: str) -> int:
        """Semitones by which the scene moves a part of this role."""
        low, high = SHIFTS.get(role, (0, 0))
        lean = 2 * self.height - 1
        return round(high * lean if lean > 0 else -low * lean)

    def resting(self, players: Sequence[T], seed: int, *names: object) -> set[T]:
        """Which of the players rest, so that strong labels are full and weak ones thin, and no two the same: none at
        the strongest label, up to a half at the weakest, each label beginning elsewhere in one order of the song's.
        """
        count = len(players)
        rest = 0 if self.alone else int((1 - self.height) * count / 2 + 0.25)
        order = stream(seed, "rest", *names).permutation(count)
        return {players[int(order[(self.order + i) % count])] for i in range(rest)}

    def choose(self, items: Sequence[T], seed: int, *names: object) -> T:
        """One of the items: labels that choose from the same ones under the same name choose different ones, as long
        as there are enough."""
        order = stream(seed, "scene", *names).permutation(len(items))
        return items[int(order[self.order % len(items)])]


def scenes(sections: Sequence[Section]) -> dict[str, Scene]:
    """A scene for every label of a form."""
    labels = list(dict.fromkeys(section.label for section in sections))
    levels = {}
    for label in labels:
        own = [section for section in sections if section.label == label]
        levels[label] = sum(s.energy * s.bars for s in own) / sum(s.bars for s in own)
    low, high = min(levels.values()), max(levels.values())
    width = high - low
    return {
        label: Scene(order, levels[label], (levels[label] - low) / width if width > 0 else 0.5, len(labels) == 1)
        for order, label in enumerate(labels)
    }
