"""`check`, `diff`, `merge`, `extract`, and what bad documents get from every command that reads one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

BAD = {
    "missing.nawgraph": None,
    "empty.nawgraph": b"",
    "garbage.nawgraph": bytes(range(256)) * 20,
    "truncated.nawgraph": b'{"nawgraph": 1, "nodes": {"a": {"type": "val',
    "list.nawgraph": b"[1, 2]",
    "future.nawgraph": b'{"nawgraph": 99, "nodes": {}}',
    "deep.nawgraph": b'{"nawgraph": 1, "meta": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    "doubled.nawgraph": b'{"nawgraph": 1, "nodes": {}, "nodes": {}}',
    "nan.nawgraph": b'{"nawgraph": 1, "nodes": {"a": {"type": "value.float", "version": 1, "knobs": {"value": NaN}}}}',
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("command", ["run", "check", "plan", "explain", "diff"])
def test_a_bad_file_gets_one_sentence(cli: Any, place: Path, command: str, name: str) -> None:
    if BAD[name] is not None:
        (place / name).write_bytes(BAD[name])
    status, out, err = cli(command, name, *{"explain": ["a"], "diff": [name]}.get(command, []))
    assert status == 2
    assert out == ""
    assert err.startswith(f"nawgraph: {name}: ")
    assert err.count("\n") == 1


def test_a_huge_file_and_a_folder_are_refused_unread(cli: Any, place: Path) -> None:
    with (place / "huge.nawgraph").open("wb") as file:
        file.truncate(1 << 30)
    (place / "folder.nawgraph").mkdir()
    assert cli("check", "huge.nawgraph")[0] == 2
    assert "is a folder" in cli("check", "folder.nawgraph")[2]


def test_check_lists_all_problems(cli: Any, document: Any) -> None:
    path = document(
        {
            "a": ("audio.gain", {"db": 1e9, "bd": 1}, {"audio": "b.audio"}),
            "b": ("audio.gain", {}, {"audio": "a.audio"}),
            "c": ("made.up", {}),
        }
    )
    status, out, _ = cli("check", path, "--json")
    assert status == 2
    problems = json.loads(out)["problems"]
    assert all(set(p) == {"severity", "node", "field", "message"} for p in problems)
    found = {(p["severity"], p["node"], p["field"]) for p in problems}
    assert {("error", "a", "db"), ("warning", "a", "bd"), ("warning", "c", None)} <= found
    assert any("wired in a circle" in p["message"] for p in problems)
    status, out, _ = cli("check", path)
    assert status == 2
    assert out.splitlines()[-1] == "2 errors, 2 warnings"


def test_check_of_a_good_document_and_of_an_unreadable_one(cli: Any, song: str) -> None:
    assert cli("check", song) == (0, "no problems\n", "")
    status, out, _ = cli("check", "missing.nawgraph", "--json")
    assert status == 2
    (problem,) = json.loads(out)["problems"]
    assert problem["node"] is None
    assert "does not exist" in problem["message"]


def test_warnings_alone_are_no_error(cli: Any, document: Any) -> None:
    assert cli("check", document({"c": ("made.up",)}))[0] == 0


def test_cycle_and_missing_input_stop_a_run(cli: Any, document: Any) -> None:
    path = document({"a": ("audio.gain", {}, {"audio": "b.audio"}), "b": ("audio.gain", {}, {"audio": "a.audio"})})
    status, _, err = cli("run", path, "--target", "a")
    assert status == 2
    assert "wired in a circle" in err
    status, _, err = cli("run", document({"export": ("export.mix",)}))
    assert status == 2
    assert err == "nawgraph: export.audio: input audio (Audio) is not connected\n"


def test_diff(cli: Any, document: Any) -> None:
    a = document({"a": ("value.float", {"value": 1.0})}, "a.nawgraph")
    b = document({"a": ("value.float", {"value": 2.0}), "n": ("value.int",)}, "b.nawgraph")
    assert cli("diff", a, a) == (0, "no difference\n", "")
    status, out, _ = cli("diff", a, b)
    assert status == 0
    assert out.splitlines() == ["a: knob value changed from 1.0 to 2.0", "n: added (value.int)"]


def test_merge(cli: Any, document: Any, place: Path) -> None:
    base = document({"x": ("value.float", {"value": 1.0}), "y": ("value.float", {"value": 1.0})}, "base.nawgraph")
    a = document({"x": ("value.float", {"value": 2.0}), "y": ("value.float", {"value": 1.0})}, "a.nawgraph")
    b = document({"x": ("value.float", {"value": 1.0}), "y": ("value.float", {"value": 3.0})}, "b.nawgraph")
    status, out, err = cli("merge", base, a, b)
    assert (status, err) == (0, "")
    knobs = {id: n["knobs"]["value"] for id, n in json.loads(out)["nodes"].items()}
    assert knobs == {"x": 2.0, "y": 3.0}
    c = document({"x": ("value.float", {"value": 5.0}), "y": ("value.float", {"value": 1.0})}, "c.nawgraph")
    status, out, err = cli("merge", base, a, c, "-o", "merged.nawgraph")
    assert status == 1
    assert out == ""
    assert err.startswith("conflict: nodes.x.knobs.value: ")
    assert json.loads((place / "merged.nawgraph").read_text())["nodes"]["x"]["knobs"]["value"] == 2.0


@pytest.mark.parametrize("format", ["wav", "flac", "ogg", "mp3"])
def test_extract_gives_back_what_made_a_sound(cli: Any, song: str, place: Path, format: str) -> None:
    assert cli("run", song, "--set", f"export.format={format}", "--set", "gain.db=-9")[0] == 0
    status, out, _ = cli("extract", f"out/Song_Mix.{format}")
    assert status == 0
    nodes = json.loads(out)["nodes"]
    assert set(nodes) == {"tone", "gain", "export"}
    assert nodes["gain"]["knobs"] == {"db": -9.0}
    assert cli("extract", f"out/Song_Mix.{format}", "-o", "again.nawgraph") == (0, "", "")
    assert (place / "again.nawgraph").read_text(encoding="utf-8") == out
    assert cli("run", "again.nawgraph", "--json")[0] == 0


def test_extract_from_what_holds_nothing(cli: Any, song: str) -> None:
    assert cli("extract", "missing.wav")[2] == "nawgraph: missing.wav does not exist\n"
    status, _, err = cli("extract", song)
    assert status == 2
    assert err == f"nawgraph: {song}: no nawgraph document is embedded in it\n"
