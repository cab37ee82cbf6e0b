"""Settings, recent files and presets: kept, shared, never fatal."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from immutables import Map
from other_editor import numbers, other_editor

from nawgraph.edits import EditError, History
from nawgraph.graph import Graph, Node
from nawgraph.library import Library, standard
from nawgraph.node import Knob, NodeSpec
from nawgraph.types import Type
from nawgraph.ui.documents import (
    Settings,
    apply_preset,
    editor_folder,
    forget,
    load_settings,
    recent,
    remember,
    remove_preset,
    save_document,
    save_settings,
    store_preset,
    user_presets,
)


def file(name: str) -> Path:
    editor_folder().mkdir(parents=True, exist_ok=True)
    return editor_folder() / name


def test_settings_come_back_and_unknown_ones_stay() -> None:
    assert load_settings() == (Settings(), [])
    made = Settings(ui_scale=1.5, keys={"edit.undo": "Ctrl+Z"}, window=(800, 600), window_place=(-5, 3), auto_run=True)
    save_settings(made)
    assert load_settings() == (made, [])
    data = json.loads(file("settings.json").read_text())
    file("settings.json").write_text(json.dumps({**data, "from_the_future": {"a": [1]}}))
    loaded, _ = load_settings()
    assert loaded.extra == {"from_the_future": {"a": [1]}}
    save_settings(msgspec.structs.replace(loaded, snap=8))
    assert json.loads(file("settings.json").read_text())["from_the_future"] == {"a": [1]}
    assert load_settings()[0].snap == 8


def test_a_field_that_cannot_be_gets_its_default() -> None:
    file("settings.json").write_text('{"ui_scale": -3, "device": "tpu", "window": [1], "snap": 4}')
    loaded, sentences = load_settings()
    assert loaded == Settings(snap=4) and len(sentences) == 3
    assert all("its default is used" in s and "\n" not in s and "`" not in s for s in sentences)


@pytest.mark.parametrize("content", [b"{", b"[1]", b"\xff", b"", b"[" * 100_000])
def test_a_broken_file_is_set_aside(content: bytes) -> None:
    file("settings.json").write_bytes(content)
    loaded, (sentence,) = load_settings()
    assert loaded == Settings() and "set aside" in sentence
    (aside,) = editor_folder().glob("settings.json.broken-*")
    assert aside.read_bytes() == content
    assert load_settings() == (Settings(), [])


def test_a_place_that_cannot_be_read_is_a_sentence() -> None:
    file("settings.json").mkdir()
    loaded, (sentence,) = load_settings()
    assert loaded == Settings() and "cannot be read" in sentence


def test_recent_files(tmp_path: Path) -> None:
    for number in range(40):
        remember(tmp_path / f"{number}.nawgraph", f"Song {number}", now=float(number))
    save_document(numbers(1), tmp_path / "5.nawgraph")
    remember(tmp_path / "x" / ".." / "39.nawgraph", "Renamed", now=50.0)
    remember(tmp_path / "5.nawgraph", "Five", now=60.0)
    found = recent()
    assert len(found) == 30 and [r.title for r in found[:3]] == ["Five", "Renamed", "Song 38"]
    assert [r.gone for r in found[:2]] == [False, True]
    forget(tmp_path / "5.nawgraph")
    assert recent()[0].title == "Renamed" and len(recent()) == 29
    file("recent.json").write_text('{"recent": [1, {"path": 3}]}')
    assert recent() == []


def test_two_editors_add_to_one_list(tmp_path: Path) -> None:
    code = f"from nawgraph.ui.documents import remember\nfor i in range(10): remember(f'{tmp_path}/b{{i}}')"
    with other_editor(code):
        for i in range(10):
            remember(tmp_path / f"a{i}")
    assert len(recent()) == 20


def gain(**knobs: float) -> Node:
    return Node("audio.gain", knobs=Map(knobs))


def test_presets_outlive_a_document() -> None:
    store_preset("loud", gain(db=6.0))
    store_preset("loud", gain(db=9.0))
    store_preset("plain", gain())
    assert [(p.name, dict(p.knobs)) for p in user_presets("audio.gain")] == [("loud", {"db": 9.0}), ("plain", {})]
    assert user_presets("audio.tone") == [] and len(user_presets()) == 2
    loud, plain = user_presets()
    history = History.of(Graph(nodes=Map(g=gain(db=-3.0), t=Node("audio.tone"))))
    history = history.apply(apply_preset(loud, history.graph, standard(), "g"), standard())
    assert history.graph.nodes["g"].knobs == Map(db=9.0)
    assert history.entries[-1].label == "preset loud on g"
    history = history.apply(apply_preset(plain, history.graph, standard(), "g"), standard())
    assert not history.graph.nodes["g"].knobs
    with pytest.raises(EditError, match=r"is for audio\.gain, and t is audio\.tone"):
        apply_preset(loud, history.graph, standard(), "t")
    remove_preset("audio.gain", "loud")
    remove_preset("audio.gain", "loud")
    assert [p.name for p in user_presets()] == ["plain"]


def test_a_preset_of_an_older_version_is_brought_up_to_date() -> None:
    store_preset("old", Node("test.it", version=1, knobs=Map(level=2.0, gone=1.0)))
    number = Type("float")
    spec = NodeSpec(
        "test.it",
        version=2,
        knobs=(Knob("volume", number, 0.0),),
        migrations={1: lambda knobs: {"volume": knobs.pop("level") * 10, **knobs}},
    )
    library = Library([spec])
    graph = Graph(nodes=Map(n=Node("test.it", version=2)))
    edit = apply_preset(user_presets()[0], graph, library, "n")
    assert edit.apply(graph, library).nodes["n"].knobs == Map(volume=20.0)


def test_presets_that_make_no_sense() -> None:
    with pytest.raises(ValueError, match="belongs to its document"):
        store_preset("x", Node("subgraph.voice"))
    with pytest.raises(ValueError):
        store_preset("", gain())
    file("presets.json").write_text('{"a": 1, "audio.gain": {"x": 2, "y": {"version": 1, "knobs": {"db": 1}}}}')
    assert [p.name for p in user_presets()] == ["y"]
