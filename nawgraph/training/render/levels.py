"""Levels of a trained renderer, set right on songs of the validation split.

A network that is trained on logarithms errs as often up as down in dB, and an error up adds more power than one down
takes away: its stems come out some dB too loud. How many is measured and kept beside the weights.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from nawgraph.audio.loudness import integrated
from nawgraph.models.render.house import HouseRenderer, HouseVocoder, read, save
from nawgraph.models.render.space import RATE
from nawgraph.models.render.vocoder import Magnitudes, quiet_arrays
from nawgraph.training.render.songs import SPLITS, Recipe, song
from nawgraph.values import STEMS


def calibrate(path: Path, songs: int = 16, *, say: Callable[[str], None] = print) -> dict[str, float]:
    """Measure and write the levels of a file of renderer weights; dB a stem that its stems are moved by.

    The vocoder is one that was not trained, since levels of bands are all that is needed of it.
    """
    tensors, facts = read(path, "renderer")
    facts["levels"] = {}
    renderer = HouseRenderer(tensors, facts)
    plain = {name: Magnitudes(name == "drums", 32) for name in ("tonal", "drums")}
    arrays = {k: v for name, network in plain.items() for k, v in quiet_arrays(network, name).items()}
    vocoder = HouseVocoder({**renderer.space.arrays(), **arrays}, {"widths": {"tonal": 32, "drums": 32}})
    gaps: dict[str, list[float]] = {stem: [] for stem in STEMS}
    for number in range(songs):
        score, truth = song(SPLITS["val"] + number, Recipe(bars=8))
        latents = renderer.render(score, seed=number, count=3, steps=lambda n, label: iter(range(n)))
        made, meant = (
            vocoder.decode(latents, length=truth.frames),
            vocoder.decode(vocoder.encode(truth), length=truth.frames),
        )
        for stem in STEMS:
            heard, wanted = (integrated(s[stem].samples, RATE) for s in (made, meant))
            if np.isfinite(heard) and np.isfinite(wanted):
                gaps[stem].append(wanted - heard)
        say(f"levels: {number + 1} of {songs} songs")
    facts["levels"] = {stem: round(float(np.median(found)), 2) if found else 0.0 for stem, found in gaps.items()}
    save(path, tensors, facts)
    return dict(facts["levels"])
