"""Retrieval: does a text find its own sound among others?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nawgraph.models.clap.house import HouseClap
from nawgraph.music.streams import stream
from nawgraph.training.clap.batches import cut
from nawgraph.training.clap.clips import Clip, Facts
from nawgraph.training.clap.words import HELD_OUT, TELLING, described

F32 = npt.NDArray[np.float32]


def telling(facts: Facts) -> str:
    """A description of a clip in sentences that training never used: style, tempo, key and some of the rest."""
    return described(facts, stream(facts.number, "description"), HELD_OUT, TELLING)


def prompted(facts: Facts) -> str:
    """The words that a clip was composed to."""
    return facts.prompt


@dataclass(frozen=True)
class Retrieval:
    """How often the right one is nearest (1 of N), is among the nearest five, and what chance would give."""

    found: float
    of_five: float
    chance: float


def sounds(clap: HouseClap, clips: Sequence[Clip]) -> F32:
    """Embeddings float32 [clips, dimension]: each the mean of the windows at a clip's beginning and end."""
    import torch

    device = clap.network.text.table.device
    total = np.zeros((len(clips), clap.network.shape.dimension))
    for place in (0.0, 1.0):
        heard = [cut(clip, place) for clip in clips]
        for first in range(0, len(clips), 32):
            part = heard[first : first + 32]
            bands, pitches = (torch.from_numpy(np.stack(p)).to(device) for p in zip(*part, strict=True))
            with torch.no_grad():
                total[first : first + 32] += clap.network.sound(bands, pitches).double().cpu().numpy()
    return np.asarray(total / np.linalg.norm(total, axis=1, keepdims=True), np.float32)


def retrieval(
    clap: HouseClap, clips: Sequence[Clip], among: int, words: Callable[[Facts], str] = telling,
    heard: F32 | None = None,
) -> Retrieval:  # fmt: skip
    """Texts that look for their sounds among `among` clips, over all groups of so many neighbours in the list.

    Args:
        clap: the network.
        clips: at least as many.
        among: size of a group.
        words: what is said of a clip.
        heard: their embeddings, if they are known already.
    """
    said = clap.texts([words(clip.facts) for clip in clips])
    heard = sounds(clap, clips) if heard is None else heard
    among = min(among, len(clips))
    ranks: list[int] = []
    for first in range(0, len(clips) - among + 1, among):
        group = slice(first, first + among)
        likeness = said[group] @ heard[group].T
        ranks += [int((row > row[i]).sum()) for i, row in enumerate(likeness)]
    places = np.array(ranks)
    return Retrieval(float((places == 0).mean()), float((places < 5).mean()), 1 / among)
