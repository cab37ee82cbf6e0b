"""Every example document is sound, canonical, laid out, and runs."""

from __future__ import annotations

from pathlib import Path

import pytest

import nawgraph as ng
from nawgraph import files
from nawgraph.graph import Graph, Subgraph

GRAPHS = sorted((Path(__file__).parents[1] / "graphs").glob("*.nawgraph"))


SHORTER = {"plan.compose": 4, "plan.generate": 4, "map.take": 1, "map.style": 1}
"""Bars that are enough to see that every node of an example works; whole songs are measured in tests/songs."""


def shorter(path: Path) -> ng.Song:
    """An example with fewer bars."""
    song = ng.load(path)
    for id, node in song.graph.nodes.items():
        if node.type in SHORTER:
            song.set(f"{id}.bars", SHORTER[node.type])
    return song


@pytest.mark.parametrize("path", GRAPHS, ids=lambda path: path.stem)
def test_example_runs(path: Path, tmp_path: Path) -> None:
    result = ng.run(shorter(path), out=tmp_path / "out", cache=None)
    assert result.errors() == {}
    assert result.status == "ok"
    assert result.files
    for file in result.files:
        assert Path(file).stat().st_size > 100


@pytest.mark.parametrize("path", GRAPHS, ids=lambda path: path.stem)
def test_example_is_tidy(path: Path) -> None:
    song = ng.load(path)
    assert song.problems() == []
    assert files.dumps(files.load(path)) == path.read_text(encoding="utf-8")
    assert song.graph.meta["title"]
    scopes: list[Graph | Subgraph] = [song.graph, *song.graph.subgraphs.values()]
    for scope in scopes:
        assert set(scope.ui["nodes"]) == set(scope.nodes)
