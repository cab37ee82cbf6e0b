"""What a document needs and does not find: named, suggested, pointed to another place."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import pytest
from immutables import Map
from lab import graph, n, sub

from nawgraph.edits import EditError
from nawgraph.graph import Graph
from nawgraph.hints import File
from nawgraph.library import Library, standard
from nawgraph.node import node
from nawgraph.ui.documents import file_knobs, missing, relink, same_folder
from nawgraph.values import Audio


@node("test.many")
def many(*, files: Annotated[list[str], File(("wav",))] = ()) -> Audio:  # type: ignore[assignment]
    """Reads several files."""
    return Audio(np.zeros((1, 10), np.float32))


@pytest.fixture
def library() -> Library:
    made = Library(standard().specs())
    made.add(many)
    return made


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_nothing_is_missing_where_all_is_there(tmp_path: Path, library: Library) -> None:
    touch(tmp_path / "a.wav")
    document = graph(a=n("audio.load", file="a.wav"), b=n("audio.load"), c=n("audio.load", file="@t.text"))
    assert missing(document, library, tmp_path) == []


def test_types_files_and_models(tmp_path: Path, library: Library) -> None:
    touch(tmp_path / "kick1.wav")
    document = graph(
        a=n("audio.gian"),
        b=n("audio.load", file="kick.wav"),
        c=n("subgraph.voice"),
        d=n("subgraph.gone"),
        voice=sub(x=n("pack.thing"), y=n("audio.load", file="/nowhere/x.wav")),
    )
    document = Graph(document.nodes, document.subgraphs, lock=Map(models=Map({"codec-large": Map(revision="1")})))
    found = missing(document, library, tmp_path, ["codec-small"])
    assert [(m.kind, m.scope, m.node, m.name) for m in found] == [
        ("type", "", "a", "audio.gian"),
        ("type", "", "d", "subgraph.gone"),
        ("type", "voice", "x", "pack.thing"),
        ("file", "", "b", "kick.wav"),
        ("file", "voice", "y", "/nowhere/x.wav"),
        ("model", "", "", "codec-large"),
    ]
    assert found[0].near[0] == "audio.gain" and found[3].near == ("kick1.wav",) and found[5].near == ("codec-small",)
    assert found[0].sentence == (
        "a: node type audio.gian is not installed (did you mean audio.gain?); it is kept as it is"
    )
    assert found[4].sentence == "voice/y.file: /nowhere/x.wav is not there: the folder /nowhere is gone"
    assert missing(document, library, tmp_path)[-1].kind == "model"  # there is no folder of models


def test_one_file_is_found_again(tmp_path: Path, library: Library) -> None:
    touch(tmp_path / "new" / "b.wav", tmp_path.parent / "far.wav")
    document = graph(a=n("audio.load", file="old/a.wav"), other=n("audio.load", file="old/a.wav"))
    lost = missing(document, library, tmp_path)
    edit = relink(document, library, lost, tmp_path / "new" / "b.wav", tmp_path)
    made = edit.apply(document, library)
    assert {node.knobs["file"] for node in made.nodes.values()} == {"new/b.wav"}
    assert edit.label == "find old/a.wav" and missing(made, library, tmp_path) == []
    one = relink(document, library, lost[:1], tmp_path.parent / "far.wav", tmp_path).apply(document, library)
    assert one.nodes["a"].knobs["file"] == str(tmp_path.parent / "far.wav")  # outside the folder: the full path
    assert one.nodes["other"].knobs["file"] == "old/a.wav"


def test_a_whole_folder_is_found_again(tmp_path: Path, library: Library) -> None:
    place = tmp_path / "samples"
    touch(place / "kick.wav", place / "snare.wav", place / "loud" / "hat.wav", place / "hat.wav")
    document = graph(
        k=n("audio.load", file="/gone/kick.wav"),
        s=n("subgraph.voice", file="/gone/snare.wav"),
        h=n("audio.load", file="/gone/loud/hat.wav"),
        m=n("test.many", files=["/gone/kick.wav", "/gone/lost.wav"]),
        voice=sub(promoted={"file": "load.file"}, outputs={"audio": "load.audio"}, load=n("audio.load")),
    )
    lost = missing(document, library, tmp_path)
    assert len(lost) == 5 and len(same_folder(lost, lost[1])) == 4
    edit = relink(document, library, lost, place, tmp_path)
    made = edit.apply(document, library)
    assert edit.label == "find 3 files"
    assert made.nodes["k"].knobs["file"] == "samples/kick.wav"
    assert made.nodes["s"].knobs["file"] == "samples/snare.wav"
    assert made.nodes["h"].knobs["file"] == "samples/loud/hat.wav"  # the longest end of its path
    assert made.nodes["m"].knobs["files"] == ("samples/kick.wav", "/gone/lost.wav")
    assert [m.name for m in missing(made, library, tmp_path)] == ["/gone/lost.wav"]


def test_what_cannot_be_found(tmp_path: Path, library: Library) -> None:
    touch(tmp_path / "x" / "other.wav")
    document = graph(a=n("audio.load", file="a.wav"), b=n("audio.load", file="b.wav"))
    lost = missing(document, library, tmp_path)
    for place, reason in (
        (tmp_path / "x", "none of the 2 missing files is in"),
        (tmp_path / "x" / "other.wav", "cannot stand for 2 files"),
        (tmp_path / "y", "does not exist"),
    ):
        with pytest.raises(EditError, match=reason):
            relink(document, library, lost, place, tmp_path)
    with pytest.raises(EditError, match="no missing file"):
        relink(document, library, [], tmp_path, tmp_path)


def test_odd_names_do_no_harm(tmp_path: Path, library: Library) -> None:
    document = graph(
        a=n("audio.load", file="nul\0byte"), b=n("audio.load", file="x" * 5000), c=n("audio.load", file="..")
    )
    assert {m.node for m in missing(document, library, tmp_path)} == {"a", "b"}
    assert [k.knob for k in file_knobs(document, library)] == ["file"] * 3
