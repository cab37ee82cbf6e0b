"""Documents on the disk: opened from files and sounds, saved without harm to anybody's work."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from immutables import Map
from other_editor import ROOT, numbers

import nawgraph as ng
from nawgraph import files
from nawgraph.audio.embed import embed
from nawgraph.audio.encode import FORMATS, encode
from nawgraph.graph import Graph, Node
from nawgraph.ui.documents import (
    ChangedOnDiskError,
    FormatError,
    Stamp,
    changed,
    open_document,
    read_version,
    save_document,
    versions,
)
from nawgraph.values import Audio


def test_what_is_saved_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "Lied – 歌.nawgraph"
    stamp = save_document(numbers(3), path)
    opened = open_document(path)
    assert opened.graph == numbers(3) and opened.path == path and opened.base == tmp_path
    assert opened.stamp == stamp and not opened.sentences and changed(path, stamp) == ""
    again = save_document(numbers(4), path, opened.stamp)
    assert open_document(path).graph == numbers(4) and changed(path, stamp) == "changed"
    assert changed(path, again) == ""


@pytest.mark.parametrize("form", FORMATS)
def test_a_sound_gives_back_its_graph_untitled(tmp_path: Path, form: str) -> None:
    sound = encode(Audio(np.zeros((2, 4410), np.float32)), form)
    path = tmp_path / f"song.{form}"
    path.write_bytes(embed(sound, files.dumps(numbers(2))))
    opened = open_document(path)
    assert opened.graph == numbers(2) and opened.path is None and opened.stamp is None
    path.write_bytes(sound)
    with pytest.raises(FormatError, match="carries no graph"):
        open_document(path)


def test_what_an_exporter_wrote_is_opened(tmp_path: Path) -> None:
    song = ng.load(ROOT / "graphs" / "hello.nawgraph")
    result = ng.run(song, out=tmp_path / "out", cache=None, progress=False)
    wave = next(file for file in result.files if file.endswith(".wav"))
    opened = open_document(wave)
    assert opened.path is None and set(opened.graph.nodes) <= set(song.graph.nodes) and opened.graph.nodes


def test_older_nodes_are_brought_up_to_date_with_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.nawgraph"
    files.save(Graph(nodes=Map(x=Node("audio.gain", version=999))), path)
    (sentence,) = open_document(path).sentences
    assert sentence.startswith("x: was saved by version 999")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe{\x00}\x00", b'{"nawgraph": 99}', b"RIFF1234WAVE", b"ID3"])
def test_what_is_no_document_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    for name in ("a.nawgraph", "a.wav", "a"):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(FormatError) as caught:
            open_document(path)
        assert str(caught.value).startswith(str(path)) or "the document in" in str(caught.value)
        assert "\n" not in str(caught.value)


def test_places_that_hold_no_document(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    for path, reason in (
        (tmp_path, "is a folder"),
        (tmp_path / "no", "does not exist"),
        (tmp_path / "pipe.wav", "regular"),
    ):
        with pytest.raises(FormatError, match=reason):
            open_document(path)


def test_somebody_elses_change_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "a.nawgraph"
    stamp = save_document(numbers(1), path)
    before = path.stat()
    path.write_text(files.dumps(numbers(1, 2.0)))  # the same size …
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))  # … and time
    assert changed(path, stamp) == "changed"
    with pytest.raises(ChangedOnDiskError, match=r"a\.nawgraph: was changed by another program"):
        save_document(numbers(5), path, stamp)
    assert files.load(path) == numbers(1, 2.0)
    opened = open_document(path)
    save_document(numbers(5), path, opened.stamp)
    assert files.load(path) == numbers(5)


def test_a_touched_file_is_not_a_changed_one(tmp_path: Path) -> None:
    path = tmp_path / "a.nawgraph"
    stamp = save_document(numbers(1), path)
    os.utime(path, (1, 1))
    assert changed(path, stamp) == ""
    save_document(numbers(2), path, stamp)


def test_a_file_that_is_gone_is_written_again(tmp_path: Path) -> None:
    path = tmp_path / "a.nawgraph"
    stamp = save_document(numbers(1), path)
    path.unlink()
    assert changed(path, stamp) == "gone"
    save_document(numbers(2), path, stamp)
    assert files.load(path) == numbers(2)


def test_a_folder_that_is_gone_is_said(tmp_path: Path) -> None:
    path = tmp_path / "stick" / "a.nawgraph"
    path.parent.mkdir()
    stamp = save_document(numbers(1), path)
    path.unlink()
    path.parent.rmdir()
    with pytest.raises(FormatError, match=r"the folder .*stick does not exist"):
        save_document(numbers(2), path, stamp)


def test_save_as_keeps_what_it_replaces(tmp_path: Path) -> None:
    path = tmp_path / "a.nawgraph"
    files.save(numbers(7), path)
    save_document(numbers(1), path)
    newest, replaced = versions(path)
    assert (newest.label, newest.nodes, replaced.label) == ("saved", 1, "before it was replaced")
    assert read_version(path, replaced) == numbers(7)


def test_a_home_that_cannot_be_written_never_fails_a_save(tmp_path: Path, editor_home: Path) -> None:
    editor_home.write_text("a file where the folder should be")
    stamp = save_document(numbers(1), tmp_path / "a.nawgraph")
    assert save_document(numbers(2), tmp_path / "a.nawgraph", stamp) and versions(tmp_path / "a.nawgraph") == []


def test_a_full_disk_is_one_sentence_and_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.nawgraph"
    save_document(numbers(1), path)
    code = f"""
import resource, signal, sys
sys.path[:0] = [{str(ROOT)!r}, {str(Path(__file__).parent)!r}]
from other_editor import numbers
from nawgraph.ui.documents import FormatError, save_document
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
try:
    save_document(numbers(500), {str(path)!r})
except FormatError as error:
    print(error)
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.startswith(f"{path}: cannot be written") and said.stdout.count("\n") == 1
    assert files.load(path) == numbers(1)


def test_a_stamp_of_nothing_seen_asks_the_content(tmp_path: Path) -> None:
    path = tmp_path / "a.nawgraph"
    stamp = save_document(numbers(1), path)
    assert changed(path, Stamp(stamp.digest)) == ""
    assert changed(path, replace(stamp, digest=b"", state=(-1, -1, -1, -1))) == "changed"
