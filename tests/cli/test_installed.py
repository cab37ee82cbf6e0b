"""`nodes`, `models`, `cache`, and what the program says about itself."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

import nawgraph
from nawgraph.cli import PLAIN


def test_nodes(cli: Any) -> None:
    nodes = {n["type"]: n for n in json.loads(cli("nodes", "--json")[1])["nodes"]}
    keys = ["type", "version", "title", "category", "help", "inputs", "knobs", "outputs", "pack"]
    assert all(list(n) == keys for n in nodes.values())
    gain = nodes["audio.gain"]
    assert gain["inputs"] == [{"name": "audio", "type": "Audio", "optional": False, "lazy": False}]
    (knob,) = gain["knobs"]
    assert knob["name"] == "db"
    assert knob["hint"] == {"kind": "range", "low": -120, "high": 60, "unit": "dB", "step": 0.1, "log": False}
    assert gain["outputs"] == [{"name": "audio", "type": "Audio"}]
    assert nodes["value.float"]["knobs"][0]["name"] == "value"
    listed = cli("nodes")[1].splitlines()
    assert len(listed) == len(nodes)
    assert all(n["help"] for n in nodes.values())


def test_models(cli: Any) -> None:
    models = json.loads(cli("models", "list", "--json")[1])["models"]
    models = [m for m in models if m["source"] == "nawgraph"]
    assert [m["kind"] for m in models] == ["beats", "clap", "codec", "planner", "renderer", "vocoder", "separator"]
    assert all(m["state"] == "installed" and m["licence"] == "MIT" and m["bytes"] > 50_000 for m in models)
    assert len({m["digest"] for m in models}) == 7


def test_cache_info_verify_clear(cli: Any, song: str, place: Path) -> None:
    assert json.loads(cli("cache", "info", "--json")[1])["objects"] == 0
    cli("run", song)
    found = json.loads(cli("cache", "info", "--json")[1])
    assert found["folder"] == str(place / "home" / "cache")
    assert found["actions"] == 3
    assert found["objects"] == 2
    assert cli("cache", "verify")[:2] == (0, "clean: 2 values\n")
    assert cli("cache", "clear")[1].startswith("removed 2 values, ")
    assert json.loads(cli("cache", "info", "--json")[1])["actions"] == 0
    assert json.loads(cli("run", song, "--json")[1])["nodes"]["tone"]["state"] == "ran"


def test_cache_verify_repairs(cli: Any, song: str, place: Path) -> None:
    cli("run", song)
    files = [p for p in (place / "home" / "cache").rglob("*") if p.is_file() and not p.name.startswith("index")]
    large = max(files, key=lambda p: p.stat().st_size)
    data = bytearray(large.read_bytes())
    data[len(data) // 2] ^= 1
    large.chmod(0o644)
    large.write_bytes(data)
    status, out, _ = cli("cache", "verify")
    assert status == 1
    assert out.splitlines()[-1] == "1 damaged entry was removed and will be made again"
    assert cli("cache", "verify")[0] == 0
    assert cli("run", song)[0] == 0


def test_cache_folder_that_is_a_file(cli: Any, place: Path) -> None:
    (place / "file").write_text("")
    status, _, err = cli("cache", "info", "--cache-dir", "file")
    assert (status, err) == (2, "nawgraph: file is a file, not a cache folder\n")


@pytest.mark.parametrize("words", [[], ["edit", "song.nawgraph"]])
def test_the_editor_needs_a_display(cli: Any, words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    status, out, err = cli(*words)
    assert (status, out) == (2, "")
    assert err.startswith("nawgraph: the editor needs ") and err.count("\n") == 1


def test_help_and_version(cli: Any) -> None:
    status, out, _ = cli("--help")
    assert status == 0
    for command in ("edit", "run", "check", "plan", "explain", "diff", "merge", "extract", "nodes", "models", "cache"):
        assert f"\n    {command} " in out
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert cli("--version")[1] == f"nawgraph {project['version']}\n"
    assert nawgraph.__version__ == project["version"]


def test_bad_usage(cli: Any) -> None:
    for words in (["render"], ["run"], ["run", "a", "--device", "tpu"], ["cache"], ["run", "a", "--seed", "x"]):
        status, out, err = cli(*words)
        assert (status, out) == (2, "")
        assert err


def test_node_modules_that_cannot_be_used(cli: Any, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "broken_nodes.py").write_text("1 +")
    (place / "thief_nodes.py").write_text(
        "import nawgraph as ng\n@ng.node('audio.gain')\ndef gain(*, a: float = 0.0) -> float:\n    return a\n"
    )
    for value in ("broken_nodes.py", "missing_nodes.py", "no_such_module", "thief_nodes.py"):
        monkeypatch.setenv("NAWGRAPH_NODES", value)
        status, out, err = cli("nodes")
        assert (status, out) == (2, "")
        assert err.startswith("nawgraph: ")
        assert err.count("\n") == 1


def test_an_internal_error_is_a_sentence_too(cli: Any, song: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nawgraph.files.load", lambda path: 1 / 0)
    status, _, err = cli("check", song)
    assert status == 1
    assert err.startswith("nawgraph: something went wrong inside nawgraph (ZeroDivisionError: division by zero)")


def test_terminals_that_lack_a_sign_get_a_plain_one() -> None:
    assert "−6 to 0 “a” … 🎵".encode("cp1252", PLAIN) == b"-6 to 0 \x93a\x94 \x85 ?"
    assert "−6 “a” …\udcff".encode("ascii", PLAIN) == b'-6 "a" ...?'
