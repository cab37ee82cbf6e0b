"""`plan` and `explain`: what would happen, in words and numbers, without anything happening."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nawgraph.audio.files import write
from nawgraph.runtime.cache import Cache
from nawgraph.values import Audio


def states(cli: Any, *words: str) -> dict[str, str]:
    status, out, _ = cli("plan", *words, "--json")
    assert status == 0
    return {id: n["state"] for id, n in json.loads(out)["nodes"].items()}


def explain(cli: Any, *words: str) -> list[str]:
    status, out, err = cli("explain", *words)
    assert (status, err) == (0, "")
    return out.splitlines()


def test_plan_before_and_after_a_run(cli: Any, song: str) -> None:
    assert states(cli, song) == {"tone": "run", "gain": "run", "export": "run"}
    cli("run", song)
    assert states(cli, song) == {"tone": "cached", "gain": "cached", "export": "cached"}
    assert states(cli, song, "--set", "gain.db=-3") == {"tone": "cached", "gain": "run", "export": "maybe"}


def test_plan_counts_and_estimates(cli: Any, song: str) -> None:
    cli("run", song)
    found = json.loads(cli("plan", song, "--set", "gain.db=-3", "--json")[1])
    assert set(found) == {"counts", "seconds", "unknown", "nodes"}
    assert found["counts"] == {"run": 1, "maybe": 1, "cached": 1, "fail": 0, "blocked": 0}
    assert 0 < found["seconds"] < 60
    assert found["unknown"] == 0
    out = cli("plan", song, "--set", "gain.db=-3")[1].splitlines()
    assert out[0].split() == ["cached", "tone"]
    assert "knob db changed from −6 to −3 dB since" in out[1]
    assert out[-1].startswith("1 would run, 1 may run, 1 cached, at most about ")


def test_what_the_plan_says_is_what_the_run_does(cli: Any, song: str) -> None:
    cli("run", song)
    changes = ["--set", "gain.db=-3", "--target", "export", "--target", "sum"]
    foretold = states(cli, song, *changes)
    done = json.loads(cli("run", song, *changes, "--json")[1])["nodes"]
    assert foretold["sum"] == "run"
    for id, state in foretold.items():
        expected = {"run": {"ran"}, "cached": {"cached"}, "maybe": {"ran", "cached"}}[state]
        assert done[id]["state"] in expected


def test_plan_writes_and_runs_nothing(cli: Any, song: str, place: Path) -> None:
    states(cli, song)
    assert sorted(p.name for p in place.iterdir()) == [song]


def test_explain_never_ran(cli: Any, song: str) -> None:
    assert explain(cli, song, "tone") == ["tone would run: it never ran here."]


def test_explain_follows_a_change_to_its_root(cli: Any, song: str) -> None:
    cli("run", song)
    assert explain(cli, song, "export") == ["export would not run: its result is known."]
    first, second = explain(cli, song, "export", "--set", "gain.db=0")
    assert first == "export may run: input audio, which comes from gain, may change."
    assert second.startswith("  gain would run: knob db changed from −6 to 0 dB since ")
    assert second.endswith(" today.")


def test_explain_toggled_back(cli: Any, song: str) -> None:
    cli("run", song)
    cli("run", song, "--set", "gain.db=0")
    (line,) = explain(cli, song, "gain")
    assert line.startswith("gain would not run: its result is known (knob db changed from 0 to −6 dB since ")


def test_explain_a_changed_file(cli: Any, document: Any, place: Path) -> None:
    write(place / "drums.wav", Audio(np.zeros((1, 100), np.float32), 44100))
    path = document(
        {"load": ("audio.load", {"file": "drums.wav"}), "gain": ("audio.gain", {}, {"audio": "load.audio"})}
    )
    cli("run", path)
    write(place / "drums.wav", Audio(np.ones((1, 200), np.float32) / 2, 44100))
    first, second = explain(cli, path, "gain")
    assert first == "gain may run: input audio, which comes from load, may change."
    assert second == "  load would run: the file drums.wav changed."


def test_explain_a_missing_export(cli: Any, song: str, place: Path) -> None:
    cli("run", song)
    (place / "out" / "Song_Mix.wav").unlink()
    (line,) = explain(cli, song, "export")
    assert line == f"export would run: the exported file {place}/out/Song_Mix.wav is gone."
    (line,) = explain(cli, song, "export", "--out", "other")
    assert line == f"export would run: the output folder changed from {place}/out to {place}/other."


def test_explain_an_evicted_value(cli: Any, song: str, place: Path) -> None:
    cli("run", song)
    for folder, _, files in os.walk(place / "home" / "cache"):
        for name in files:
            if not name.startswith("index") and (Path(folder) / name).stat().st_size > 4096:
                (Path(folder) / name).unlink()
    (line,) = explain(cli, song, "tone", "--set", "gain.db=1")
    assert line == "tone would run: its result was removed from the cache to make room, and gain needs it."


def test_explain_wires_and_versions(cli: Any, document: Any, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        "import nawgraph as ng\n@ng.node('mine.half', version={})\ndef half(*, a: float = 1.0) -> float: return a / 2\n"
    )
    (place / "half_one.py").write_text(code.format(1))
    (place / "half_two.py").write_text(code.format(2))
    nodes = {"n": ("value.float", {"value": 3.0}), "half": ("mine.half", {"a": 2.0})}
    path = document(nodes)
    monkeypatch.setenv("NAWGRAPH_NODES", "half_one.py")
    cli("run", path)
    monkeypatch.setenv("NAWGRAPH_NODES", "half_two.py")
    status, out, err = cli("explain", path, "half")
    assert (status, out) == (0, "half would run: version of the node changed from 1 to 2.\n")
    assert err == "nawgraph: half: brought from version 1 to 2 of mine.half\n"
    document({**nodes, "half": ("mine.half", {"a": 2.0}, {"a": "n.value"})})
    assert "knob a is wired now" in cli("explain", path, "half")[1]


def test_explain_a_failed_and_an_impure_node(cli: Any, document: Any) -> None:
    path = document({"bad": ("audio.load", {"file": "no.wav"}), "files": ("list.files",)})
    assert cli("run", path)[0] == 1
    (line,) = explain(cli, path, "bad")
    assert line.startswith("bad would run: it left no result when it ran (")
    (line,) = explain(cli, path, "files")
    assert line == "files would run: it is not pure: its result may change by itself, so it runs every time."


def test_explain_inside_subgraphs_and_maps(cli: Any, graphs: Path) -> None:
    sweep, chord = str(graphs / "seed_sweep.nawgraph"), str(graphs / "subgraph.nawgraph")
    cli("run", sweep)
    cli("run", chord)
    (line,) = explain(cli, chord, "root")
    assert line == "root would not run: the results of all steps inside it are known."
    lines = explain(cli, chord, "root", "--set", "root.frequency=200")
    assert lines[0].startswith("root/tone would run: knob frequency changed from 220 to 200 Hz since ")
    lines = explain(cli, sweep, "row", "--set", "seeds.seed=8")
    assert lines[-1].strip().startswith("seeds would run: knob seed changed from 7 to 8 since ")


def test_explain_what_no_run_needs(cli: Any, song: str) -> None:
    first, second = explain(cli, song, "sum")
    assert first.startswith("sum is not needed by what a run makes")
    assert second == "sum would run: it never ran here."


def test_explain_a_wrong_name(cli: Any, song: str) -> None:
    status, _, err = cli("explain", song, "gian")
    assert status == 2
    assert err == "nawgraph: there is no node 'gian' (did you mean 'gain'?)\n"


def test_a_switch_whose_choice_is_known_needs_only_that(cli: Any, graphs: Path) -> None:
    assert states(cli, str(graphs / "switch.nawgraph")) == {"soft": "run", "choice": "maybe", "export": "run"}


def test_unknown_costs_are_said_to_be_unknown(cli: Any, song: str) -> None:
    assert cli("plan", song)[1].splitlines()[-1] == "3 would run, 3 of unknown cost"


def test_a_plan_reads_the_cache_that_a_run_wrote(cli: Any, song: str, place: Path) -> None:
    cli("run", song)
    with Cache(place / "home" / "cache", warn=print) as cache:
        assert set(cache.recall(str(place / song))) == {"tone", "gain", "export"}


def test_a_long_chain_is_explained_by_its_root(cli: Any, document: Any) -> None:
    nodes: dict[str, Any] = {"c0": ("math.add", {"a": 1.0})}
    nodes |= {f"c{n}": ("math.add", {"b": 1.0}, {"a": f"c{n - 1}.value"}) for n in range(1, 300)}
    path = document(nodes)
    cli("run", path)
    lines = explain(cli, path, "c299", "--set", "c0.a=2")
    assert len(lines) < 20
    assert lines[0] == "c299 may run: input a, which comes from c298, may change."
    assert lines[-2] == "… and 289 more, because:"
    assert lines[-1].startswith("c0 would run: knob a changed from 1 to 2 since ")
