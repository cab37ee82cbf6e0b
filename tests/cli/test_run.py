"""`nawgraph run`: the contract's object, statuses and options."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest


def run_json(cli: Any, *words: str, status: int = 0) -> dict[str, Any]:
    code, out, _ = cli("run", *words, "--json")
    assert code == status
    assert out.count("\n") == 1
    return json.loads(out)


def test_the_object_is_as_the_contract_says(cli: Any, song: str, place: Path) -> None:
    found = run_json(cli, song)
    assert list(found) == ["status", "seconds", "nodes", "files", "values"]
    assert found["status"] == "ok"
    assert {id: n["state"] for id, n in found["nodes"].items()} == {
        "tone": "ran", "gain": "ran", "export": "ran", "sum": "skipped"
    }  # fmt: skip
    assert all(set(n) == {"state", "seconds", "error"} for n in found["nodes"].values())
    assert found["files"] == [str(place / "out" / "Song_Mix.wav")]
    assert Path(found["files"][0]).stat().st_size > 4000


def test_nothing_runs_twice_also_after_a_restart(cli: Any, song: str) -> None:
    first = run_json(cli, song)
    second = run_json(cli, song)
    assert {n["state"] for n in second["nodes"].values()} == {"cached", "skipped"}
    assert second["files"] == first["files"]


def test_one_knob_reruns_what_depends_on_it(cli: Any, song: str) -> None:
    run_json(cli, song)
    states = {id: n["state"] for id, n in run_json(cli, song, "--set", "gain.db=-3")["nodes"].items()}
    assert states == {"tone": "cached", "gain": "ran", "export": "ran", "sum": "skipped"}


def test_values_are_the_scalars_of_the_targets(cli: Any, song: str) -> None:
    found = run_json(cli, song, "--target", "sum", "--target", "gain", "--set", "sum.b=5")
    assert found["values"] == {"sum.value": 6.0}
    assert found["files"] == []
    assert found["nodes"]["export"]["state"] == "skipped"


def test_without_sinks_the_leaves_are_made(cli: Any, document: Any) -> None:
    path = document({"a": ("value.int", {"value": 4}), "b": ("math.mul", {"b": 2.5}, {"a": "a.value"})})
    assert run_json(cli, path)["values"] == {"b.value": 10.0}


def test_text_summary(cli: Any, song: str) -> None:
    status, out, err = cli("run", song, "--out", "mine", "--target", "export", "--target", "sum")
    assert status == 0
    assert err == ""
    file, value, summary = out.splitlines()
    assert file.endswith("mine/Song_Mix.wav")
    assert value == "sum.value = 3.0"
    assert summary.startswith("4 ran, 0 cached, ")


def test_a_failing_node_blocks_only_what_needs_it(cli: Any, document: Any) -> None:
    nodes = {
        "bad": ("audio.load", {"file": "missing.wav"}),
        "after": ("audio.gain", {}, {"audio": "bad.audio"}),
        "good": ("audio.tone", {"seconds": 0.01}),
    }
    path = document(nodes)
    found = run_json(cli, path, status=1)
    assert found["status"] == "failed"
    assert {id: n["state"] for id, n in found["nodes"].items()} == {"bad": "failed", "after": "blocked", "good": "ran"}
    assert "missing.wav" in found["nodes"]["bad"]["error"]
    status, _, err = cli("run", path)
    assert status == 1
    assert err.startswith("error: bad: ")
    assert "missing.wav does not exist" in err


def test_invalid_document_is_status_2_and_still_one_object(cli: Any, document: Any) -> None:
    path = document({"export": ("export.mix", {"quality": 7.0})})
    found = run_json(cli, path, status=2)
    assert found["status"] == "failed"
    assert found["nodes"] == {}
    assert {p["field"] for p in found["problems"]} == {"audio", "quality"}
    assert "not connected" in found["error"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--set", "gian.db=1"], "there is no node 'gian' (did you mean 'gain'?)"),
        (["--set", "tone.frequncy=1"], "tone (audio.tone) has no knob 'frequncy' (did you mean 'frequency'?)"),
        (["--set", "gain.loudness=1"], "gain (audio.gain) has no knob 'loudness': it has db"),
        (["--set", "gain.db"], "write --set NODE.KNOB=VALUE"),
        (["--set", "db=3"], "'db' does not name a knob"),
        (["--set", "gain.audio=3"], "gain.audio is an input"),
        (["--set", "gain.db=200"], "gain.db must be between -120 and 60 dB, got 200"),
        (["--set", "gain.db=NaN"], "gain.db must be a finite number, got nan"),
        (["--set", "gain.db=loud"], "gain.db wants a number, got 'loud'"),
        (["--set", "tone.rate=44100.5"], "tone.rate wants a whole number"),
        (["--set", "tone.shape=square"], "tone.shape must be one of sine, noise, click"),
        (["--set", "tone.seed=" + "9" * 30], "tone.seed"),
        (["--target", "exprot"], "--target exprot: there is no such node (did you mean 'export'?)"),
    ],
)
def test_bad_words_get_one_sentence(cli: Any, song: str, words: list[str], sentence: str) -> None:
    status, out, err = cli("run", song, *words)
    assert status == 2
    assert out == ""
    assert err.startswith("nawgraph: ")
    assert err.count("\n") == 1
    assert sentence in err


def test_values_are_typed_by_the_knob(cli: Any, document: Any) -> None:
    path = document(
        {
            "n": ("value.int"  ,),
            "t": ("value.text",),
            "b": ("value.bool",),
            "l": ("list.numbers",),
            "count": ("list.length", {}, {"items": "l.items"}),
        }
    )  # fmt: skip
    sets = ["n.value=3", "t.value=12", "b.value=true", "l.values=[1, 2.5, -3]"]
    words = [w for s in sets for w in ("--set", s)] + [w for t in ("n", "t", "b", "count") for w in ("--target", t)]
    assert run_json(cli, path, *words)["values"] == {"n.value": 3, "t.value": "12", "b.value": True, "count.value": 3}
    status, _, err = cli("run", path, "--set", "l.values=1,2")
    assert status == 2
    assert "wants a list such as [1, 2]" in err


def test_the_wire_wins_over_set_and_says_so(cli: Any, document: Any) -> None:
    path = document({"a": ("value.float", {"value": 2.0}), "b": ("math.mul", {"b": 3.0}, {"a": "a.value"})})
    status, out, err = cli("run", path, "--set", "b.a=100")
    assert status == 0
    assert "b.value = 6.0" in out
    assert "b.a is wired, so the value has no effect: the wire wins" in err


def test_promoted_knobs_can_be_set(cli: Any, place: Path, graphs: Path) -> None:
    found = run_json(cli, str(graphs / "subgraph.nawgraph"), "--set", "root.frequency=110", "--target", "root")
    assert found["status"] == "ok"
    status, _, err = cli("run", str(graphs / "subgraph.nawgraph"), "--set", "root.frequncy=110")
    assert status == 2
    assert "did you mean 'frequency'?" in err
    status, _, err = cli("run", str(graphs / "subgraph.nawgraph"), "--set", "voice/tone.seconds=1")
    assert status == 2
    assert "promote the knob" in err


def test_seed_sets_unwired_seeds_from_the_node_id(cli: Any, document: Any) -> None:
    from nawgraph.overrides import node_seed

    path = document(
        {
            "one": ("value.seed",),
            "two": ("value.seed",),
            "wired": ("value.seed", {}, {"value": "one.value"}),
        }
    )
    values = run_json(cli, path, "--seed", "5", "--target", "one", "--target", "two", "--target", "wired")["values"]
    assert values["one.value"] == node_seed(5, "one") != values["two.value"]
    assert values["wired.value"] == values["one.value"]
    explicit = run_json(cli, path, "--seed", "5", "--set", "one.value=9", "--target", "one")["values"]
    assert explicit == {"one.value": 9}


def test_no_cache_leaves_no_cache(cli: Any, song: str, place: Path) -> None:
    run_json(cli, song, "--no-cache")
    assert not (place / "home").exists()
    assert run_json(cli, song, "--no-cache")["nodes"]["tone"]["state"] == "ran"


def test_another_cache_folder(cli: Any, song: str, place: Path) -> None:
    run_json(cli, song, "--cache-dir", "elsewhere")
    assert (place / "elsewhere").is_dir()
    assert not (place / "home").exists()


def test_a_cache_folder_that_is_a_file_costs_a_warning_only(cli: Any, song: str, place: Path) -> None:
    (place / "elsewhere").write_text("I am a file")
    status, _, err = cli("run", song, "--cache-dir", "elsewhere")
    assert status == 0
    assert err.startswith("nawgraph: The cache at ")
    assert (place / "elsewhere").read_text() == "I am a file"


def test_an_output_folder_that_cannot_be_written(cli: Any, song: str, place: Path) -> None:
    (place / "taken").write_text("I am a file")
    status, _, err = cli("run", song, "--out", "taken/deeper")
    assert status == 1
    assert "error: export: the output folder" in err


def test_device_cuda_without_one(cli: Any, song: str) -> None:
    status, _, err = cli("run", song, "--device", "cuda")
    assert status == 2
    assert "--device cuda" in err


def test_warnings_of_nodes_are_shown(cli: Any, document: Any, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "warning_nodes.py").write_text(
        "import nawgraph as ng\n"
        "@ng.node('mine.careful')\n"
        "def careful(*, a: float = 1.0, ctx: ng.Context) -> float:\n"
        "    ctx.warn('a is rather small')\n"
        "    return a\n"
    )
    monkeypatch.setenv("NAWGRAPH_NODES", "warning_nodes.py")
    path = document({"careful": ("mine.careful",)})
    for _ in range(2):  # also when the result is cached
        status, out, err = cli("run", path)
        assert (status, err) == (0, "warning: careful: a is rather small\n")
        assert "careful.value = 1.0" in out
