"""The Python API: building, changing and running songs; own functions as nodes."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import nawgraph as ng
from nawgraph import api
from nawgraph.own_nodes import own


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NAWGRAPH_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("NAWGRAPH_NODES", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Halves(NamedTuple):
    left: float
    right: float


@ng.node("mine.halves")
def halves(*, a: float = 1.0) -> Halves:
    """Half of a number, twice."""
    return Halves(a / 2, a / 2)


def states(result: ng.Result) -> dict[str, str]:
    return {id: node.state for id, node in result.nodes.items()}


def test_build_run_and_read() -> None:
    song = ng.Song()
    tone = song.add("audio.tone", frequency=100, seconds=0.01)
    gain = song.add("audio.gain", tone, db=-20)
    result = ng.run(song)
    assert result.status == "ok"
    audio = result["gain.audio"]
    np.testing.assert_allclose(audio.samples, result_of_tone(song) * np.float32(0.1), rtol=1e-6)
    assert not audio.samples.flags.writeable
    assert gain.id in result.nodes
    assert set(states(ng.run(song)).values()) == {"cached"}


def result_of_tone(song: ng.Song) -> Any:
    return ng.run(song, ["tone"])["tone"].samples


def test_ids_are_numbered_and_can_be_chosen() -> None:
    song = ng.Song()
    ids = [song.add("audio.tone").id, song.add("audio.tone").id, song.add("audio.tone", id="bell").id]
    assert ids == ["tone", "tone_2", "bell"]
    with pytest.raises(ValueError, match="bell"):
        song.add("audio.gain", id="bell")


def test_handles_outputs_lists_and_wired_knobs() -> None:
    song = ng.Song()
    two = song.add(halves, a=8)
    total = song.add("math.add", a=two.left, b=two.right)
    listed = song.add("list.make", [total, two.left])
    song.add("list.length", listed)
    result = ng.run(song, cache=None)
    assert result["halves.left"] == 4.0
    assert result["add"] == 8.0
    assert result["make"] == (8.0, 4.0)
    assert result["length"] == 2
    with pytest.raises(ValueError, match=r"halves has 2 outputs: say which, such as halves\.left"):
        song.add("math.add", a=two)
    with pytest.raises(AttributeError, match=r"no output 'lift' \(did you mean 'left'\?\)"):
        _ = two.lift


def test_set_rewires_and_refuses_circles() -> None:
    song = ng.Song()
    a, b = song.add("value.float", value=1, id="a"), song.add("value.float", value=2, id="b")
    total = song.add("math.add", a=a)
    assert ng.run(song, cache=None)["add"] == 1.0
    song.set("add.a", b)
    assert ng.run(song, cache=None)["add"] == 2.0
    total.set(b=10.0)
    assert ng.run(song, cache=None)["add"] == 12.0
    again = song.add("math.mul", a=total)
    before = song.graph
    with pytest.raises(ValueError, match="circle"):
        total.set(b=again)
    assert song.graph is before


def test_a_failed_add_leaves_the_song_as_it_was() -> None:
    song = ng.Song()
    song.add("audio.tone")
    before = song.graph
    for call in (
        lambda: song.add("audio.gian"),
        lambda: song.add("audio.gain", "tone"),
        lambda: song.add("audio.gain", db=1000),
        lambda: song.add("audio.gain", loudness=1),
        lambda: song.add("audio.tone", song["tone"]),
        lambda: song.add("math.add", a=song["tone"]),
        lambda: song.add("audio.gain", ng.Song().add("audio.tone", id="other")),
        lambda: song.add(len),
    ):
        with pytest.raises((ValueError, TypeError)):
            call()
        assert song.graph == before


def test_a_value_for_a_wired_knob_warns() -> None:
    song = ng.Song()
    song.add("math.add", a=song.add("value.float"))
    with pytest.warns(UserWarning, match="the wire wins"):
        song.set("add.a", 3)


def test_copies_do_not_share_changes() -> None:
    song = ng.Song()
    song.add("value.float", value=1.0)
    other = song.copy()
    other.set("float.value", 2.0)
    assert (song.get("float.value"), other.get("float.value")) == (1.0, 2.0)


def test_saved_songs_load_again(place: Path) -> None:
    song = ng.Song()
    song.add("audio.trim", song.add("audio.tone", seconds=0.2), length=0.1)
    song.save("made.nawgraph")
    again = ng.load("made.nawgraph")
    assert again.graph == song.graph
    assert ng.run("made.nawgraph", cache=None)["trim"].frames == 4410
    assert again["trim"].set(length=0.05).id == "trim"
    with pytest.raises(ng.FormatError, match="does not exist"):
        ng.load("missing.nawgraph")


def test_new_nodes_are_laid_out_in_columns() -> None:
    song = ng.Song()
    a = song.add("value.float")
    song.add("value.float")
    song.add("math.add", a=a)
    places = song.graph.ui["nodes"]
    assert {id: tuple(places[id]) for id in places} == {"float": (40, 80), "float_2": (40, 240), "add": (280, 80)}


def test_a_changed_function_runs_again() -> None:
    def make(factor: str) -> Any:
        names: dict[str, Any] = {"ng": ng, "__name__": "__main__"}
        exec(f"@ng.node('mine.times')\ndef times(*, a: float = 1.0) -> float:\n    return a * {factor}\n", names)
        return names["times"]

    results = []
    for factor in ("2", "3", "2"):
        song = ng.Song()
        song.add(make(factor), a=5)
        result = ng.run(song)
        results.append((result["times"], states(result)["times"]))
    assert results == [(10.0, "ran"), (15.0, "ran"), (10.0, "cached")]


def test_redefining_a_function_replaces_it_in_the_song() -> None:
    def first(*, a: float = 1.0) -> float:
        return a + 1

    def second(*, a: float = 1.0) -> float:
        return a + 2

    song = ng.Song()
    song.add(ng.node("mine.plus")(first))
    song.add(ng.node("mine.plus")(second))
    result = ng.run(song, cache=None)
    assert result["plus"] == result["plus_2"] == 3.0


def test_own_nodes_cannot_take_the_place_of_others() -> None:
    def gain(*, a: float = 1.0) -> float:
        return a

    with pytest.raises(ValueError, match=r"audio\.gain"):
        ng.Song().add(ng.node("audio.gain")(gain))


def test_the_fingerprint_does_not_depend_on_where_the_code_stands() -> None:
    source = "def f(*, a: float = 1.0) -> float:\n    return a if a in {1.0, 2.0} else sum(x for x in (a,))\n"
    specs = []
    for text in (source, "\n\n\n" + source, source.replace("2.0", "4.0")):
        names: dict[str, Any] = {}
        exec(compile(text, f"file{len(specs)}.py", "exec", dont_inherit=True), names)
        specs.append(own(ng.node("mine.f")(names["f"])).pack_version)
    assert specs[0] == specs[1] != specs[2]


def test_failures_do_not_raise_and_invalid_songs_do() -> None:
    song = ng.Song()
    song.add("audio.load", file="none.wav", id="bad")
    song.add("value.int", value=3, id="good")
    result = ng.run(song, cache=None)
    assert result.status == "failed"
    assert list(result.errors()) == ["bad"]
    assert result["good"] == 3
    song.add("audio.gain")
    with pytest.raises(ng.InvalidGraphError, match="not connected"):
        ng.run(song, cache=None)
    assert [p.node for p in song.problems()] == ["gain"]
    with pytest.raises(ValueError, match=r"no node 'gian' \(did you mean 'gain'\?\)"):
        ng.run(song, ["gian"], cache=None)


def test_seeds() -> None:
    song = ng.Song()
    song.add("value.seed", id="a")
    song.add("value.seed", id="b")
    one, two = (ng.run(song, seed=n, cache=None) for n in (1, 2))
    assert len({one["a"], one["b"], two["a"], two["b"]}) == 4
    assert ng.run(song, cache=None)["a"] == 0  # in that run only
    song.seed(1)
    assert song.get("a.value") == one["a"]


def test_one_runtime_for_a_folder(place: Path) -> None:
    first = api._Shared.of("cache", "cpu")
    assert api._Shared.of(place / "cache", "cpu") is first
    assert api._Shared.of(None, "cpu") is not first


def test_runs_from_several_threads_take_turns() -> None:
    results: list[float] = []

    def work(value: float) -> None:
        song = ng.Song()
        song.add("math.add", a=value, b=1.0)
        results.append(ng.run(song, cache=None)["add"])

    threads = [threading.Thread(target=work, args=(float(n),)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [float(n + 1) for n in range(8)]


def test_nested_promoted_seeds_differ_by_instance() -> None:
    from nawgraph import files
    from nawgraph.library import standard
    from nawgraph.overrides import node_seed, with_seed

    noise = '{"type": "audio.tone", "version": 1}'
    text = f"""{{"nawgraph": 1, "subgraphs": {{
        "inner": {{"knobs": {{"seed": "noise.seed"}}, "nodes": {{"noise": {noise}, "fixed": {noise}}}}},
        "outer": {{"knobs": {{"take": "deep.seed"}}, "nodes": {{"deep": {{"type": "subgraph.inner"}}}}}}}},
      "nodes": {{"x": {{"type": "subgraph.outer"}}, "y": {{"type": "subgraph.outer"}}}}}}"""
    made = with_seed(files.loads(text), standard(), 3)
    assert made.nodes["x"].knobs["take"] == node_seed(3, "x/deep/noise")
    assert made.nodes["y"].knobs["take"] == node_seed(3, "y/deep/noise")
    assert made.subgraphs["inner"].nodes["fixed"].knobs["seed"] == node_seed(3, "inner/fixed")
    assert all(0 <= node_seed(n, "x") < 2**63 for n in range(100))


def test_the_seed_hash_is_as_documented() -> None:
    from nawgraph.overrides import node_seed

    assert node_seed(1, "plan") == 0x1175E12731CF906B >> 1


def test_a_run_that_does_not_answer_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Ctrl-C and a node that never looks at its context: the next run is not kept waiting."""
    from nawgraph import watch

    def abandoned(*arguments: Any) -> None:
        raise watch.AbandonedError({})

    song = ng.Song()
    song.add("value.int", value=7)
    before = api._Shared.of("cache", "auto")
    with monkeypatch.context() as patch:
        patch.setattr("nawgraph.watch.watch", abandoned)
        with pytest.raises(KeyboardInterrupt):
            ng.run(song, cache="cache")
    assert ng.run(song, cache="cache")["int"] == 7
    assert api._Shared.of("cache", "auto") is not before


def test_handles_of_loaded_nodes(place: Path) -> None:
    import copy

    song = ng.Song()
    song.add("value.int", value=1)
    assert copy.copy(song["int"]).id == "int"
    with pytest.raises(KeyError, match=r"no node 'imt' \(did you mean 'int'\?\)"):
        _ = song["imt"]
    (place / "odd.nawgraph").write_text('{"nawgraph": 1, "nodes": {"a": {"type": "made.up"}}}')
    with pytest.raises(KeyError, match=r"'made\.up' is not installed"):
        _ = ng.load("odd.nawgraph")["a"]
