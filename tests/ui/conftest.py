"""A home of its own for every test of the editor."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def editor_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NAWGRAPH_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("NAWGRAPH_NODES", raising=False)
    return tmp_path / "home"
