"""`plugins/dsp`, as its README says: installed from its folder, its examples run, its promises kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nawgraph.cli import main

ROOT = Path(__file__).parents[2]
PLUGIN = ROOT / "plugins" / "dsp"


def test_it_installs_and_runs_by_its_readme(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    assert main(["pack", "install", "plugins/dsp", "--yes", "--no-index"]) == 0
    capsys.readouterr()
    for name in ("robot", "cloud"):
        example = f"plugins/dsp/nawgraph_dsp/examples/{name}.nawgraph"
        assert main(["run", example, "--out", str(home.parent / "out"), "--json"]) == 0
        (file,) = json.loads(capsys.readouterr().out)["files"]
        assert main(["verify", file]) == 0
        assert capsys.readouterr().out.startswith("bit-exact")


def test_it_keeps_what_a_pack_promises(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("nawgraph.packs.process.GRACE", 10.0)  # a busy machine is no fault of the pack
    assert main(["pack", "build", str(PLUGIN), "--check"]) == 0
    assert main(["pack", "test", str(PLUGIN)]) == 0
    assert ", 0 failed" in capsys.readouterr().out
