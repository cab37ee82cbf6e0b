"""As for packs: a home of its own."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "packs"))

import pytest


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NAWGRAPH_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("NAWGRAPH_NODES", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path
