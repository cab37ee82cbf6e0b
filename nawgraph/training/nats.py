"""Likelihood: how well a planner foretells songs, with and without what is fixed around them. Needs torch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from nawgraph.models.planner.network import Network
from nawgraph.models.planner.weights import Packed
from nawgraph.training.crops import Crops
from nawgraph.training.data import Song
from nawgraph.training.evaluate import Row
from nawgraph.training.planner import loss_of


def network_of(weights: Packed) -> Network:
    """The network in torch with the weights of a file."""
    network = Network(weights.config)
    network.load_state_dict({name: torch.from_numpy(weights.plain(name)) for name, _ in network.named_parameters()})
    return network


def nats(network: Network, songs: Sequence[Song], batches: int = 8, size: int = 16) -> float:
    """Mean nats a grid step on crops of songs, nothing fixed."""
    crops = Crops(songs, network.config.window, size, 1)
    with torch.no_grad():
        return float(
            np.mean([float(loss_of(network, crops.batch(i, plain=True))) for i in range(min(batches, crops.batches))])
        )


def rows(weights: Packed, train: Sequence[Song], validation: Sequence[Song]) -> list[Row]:
    """How much better the training songs are foretold than the validation songs, and what looking ahead is worth."""
    network = network_of(weights)
    seen, unseen = nats(network, train), nats(network, validation)
    gap = unseen - seen
    both, past = (between(network, validation, ahead=ahead) for ahead in (True, False))
    return [
        Row("nats a grid step, validation songs", unseen, None, None),
        Row("validation − training songs, nats a grid step", gap, None, None, "< 0.05", gap < 0.05),
        Row(
            "4 bars between known bars, nats a grid step (chance: future hidden)",
            both,
            None,
            past,
            "below",
            both < past,
        ),
    ]


def between(network: Network, songs: Sequence[Song], *, ahead: bool, bars: int = 4, count: int = 96) -> float:
    """Mean nats a grid step of bars in the middle of a crop whose other bars are fixed; those to come may be hidden."""
    crops = Crops(songs, network.config.window, 16, 2)
    found, steps = 0.0, 0.0
    for i in range(min(count // 16, crops.batches)):
        batch = crops.between(i, bars, ahead=ahead)
        with torch.no_grad():
            weight = float(batch.weight.sum()) / batch.weight.shape[2]
            found += float(loss_of(network, batch)) * weight
            steps += weight
    return found / steps
