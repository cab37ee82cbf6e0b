"""A home, a cache and a working folder of their own for every test; documents from a few lines."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nawgraph.cli import main

Document = Callable[..., str]
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NAWGRAPH_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("NAWGRAPH_DEBUG", raising=False)
    monkeypatch.delenv("NAWGRAPH_NODES", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def document(place: Path) -> Document:
    """document({"tone": ("audio.tone", {"seconds": 0.1}), "gain": ("audio.gain", {}, {"audio": "tone.audio"})})."""

    def write(nodes: dict[str, tuple[Any, ...]], name: str = "song.nawgraph", **sections: Any) -> str:
        made = {}
        for id, (type, *rest) in nodes.items():
            knobs, inputs = (*rest, {}, {})[:2]
            made[id] = {"type": type, "version": 1, "knobs": knobs, "inputs": inputs}
        (place / name).write_text(json.dumps({"nawgraph": 1, "nodes": made, **sections}), encoding="utf-8")
        return name

    return write


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process: (exit status, stdout, stderr). It never prints a traceback."""

    def run(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        status = main(words)
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return status, out, err

    return run


@pytest.fixture
def song(document: Document) -> str:
    """tone → gain → export, and a sum beside it that no exporter needs."""
    return document(
        {
            "tone": ("audio.tone", {"seconds": 0.1}),
            "gain": ("audio.gain", {"db": -6.0}, {"audio": "tone.audio"}),
            "export": ("export.mix", {"name": "Song_Mix"}, {"audio": "gain.audio"}),
            "sum": ("math.add", {"a": 1.0, "b": 2.0}),
        }
    )


@pytest.fixture
def graphs() -> Path:
    """The folder of example documents."""
    return Path(__file__).parents[2] / "graphs"
