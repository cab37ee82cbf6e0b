"""A home of its own for every test of packs."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NAWGRAPH_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("NAWGRAPH_SANDBOX", raising=False)
    monkeypatch.delenv("NAWGRAPH_PACK_INDEX", raising=False)
    monkeypatch.delenv("NAWGRAPH_NODES", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"
