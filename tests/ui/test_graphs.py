"""The example graphs look tidy when they are opened."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest

from nawgraph import files
from nawgraph.interface import Interfaces
from nawgraph.library import standard
from nawgraph.ui.geometry import scene_of

GRAPHS = sorted((Path(__file__).parents[2] / "graphs").glob("*.nawgraph"))


@pytest.mark.parametrize("path", GRAPHS, ids=lambda path: path.stem)
def test_no_node_lies_on_another(path: Path) -> None:
    graph = files.load(path)
    scene = scene_of(graph, Interfaces(graph, standard()))
    boxes = {id: (*scene.position(id), scene.shapes[id].width, scene.shapes[id].height) for id in graph.nodes}
    for a, b in combinations(boxes, 2):
        (x, y, w, h), (u, v, p, q) = boxes[a], boxes[b]
        apart = x >= u + p or u >= x + w or y >= v + q or v >= y + h
        assert apart, f"{a} and {b} overlap in {path.name}"
