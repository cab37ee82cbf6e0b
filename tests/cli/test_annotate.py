"""`nawgraph train annotate`: a line a file, resumed after an interruption, bad files in a sentence; search in it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nawgraph.audio.annotations import known, lines
from nawgraph.audio.files import write
from nawgraph.cli import main
from nawgraph.context import Context
from nawgraph.models import loaders
from nawgraph.music.compose import compose
from nawgraph.nodes import annotate, clap
from nawgraph.synth.render import render
from nawgraph.training import annotate as annotating
from nawgraph.values import Audio, Embedding, ModelRef, Prompt

load = lru_cache(loaders.load)


@contextmanager
def lend(ref: ModelRef) -> Iterator[Any]:
    yield load(ref)


def watch() -> Context:
    return Context(lend=lend)


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("music")
    (folder / "more").mkdir()
    (folder / ".hidden").mkdir()
    for name, prompt, seed in (
        ("techno.ogg", "techno, 132 bpm, A minor", 3),
        ("more/rock.wav", "rock, 126 bpm, E minor", 4),
    ):
        stems = render(compose(prompt, 6, seed), 22_050, seed=seed, tail=False)
        mix = np.sum([a.samples for a in stems.audios], axis=0)
        write(folder / name, Audio((mix * 0.5 / np.abs(mix).max()).astype(np.float32), 22_050))
    write(folder / "silent.flac", Audio(np.zeros((1, 30_000), np.float32), 8_000))
    (folder / "broken.mp3").write_bytes(b"no sound at all" * 40)
    (folder / ".hidden" / "x.wav").write_bytes(b"not looked at")
    (folder / "notes.txt").write_text("not a sound")
    return folder


@pytest.fixture(scope="module")
def made(music: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out") / "a.jsonl"
    assert main(["train", "annotate", str(music), "--out", str(out)]) == 1
    return out


def rows(path: Path) -> dict[str, dict[str, Any]]:
    return {line.data["file"]: line.data for line in lines(path.read_bytes())}


def test_every_file_has_a_line_and_says_what_it_is(made: Path) -> None:
    found = rows(made)
    assert list(found) == ["broken.mp3", "more/rock.wav", "silent.flac", "techno.ogg"]
    techno = found["techno.ogg"]
    assert techno["tempo"] == pytest.approx(132, rel=0.01) and techno["meter"] == "4/4"
    assert techno["key"] in ("A minor", "C major")
    assert techno["chords"] and techno["sections"][0]["at"] == 0 and len(techno["bars"]) >= 6
    assert "techno" in techno["caption"] and "132 bpm" in techno["caption"]
    assert len(techno["tags"]) == annotating.TAGS and techno["notes"] == []
    assert len(techno["embedding"]) > 8 and techno["space"].startswith("house-clap/")
    assert techno["lufs"] < 0
    assert "broken.mp3 is not readable" in found["broken.mp3"]["error"]
    silent = found["silent.flac"]
    assert (silent["tempo"], silent["key"], silent["caption"], silent["lufs"]) == (None, None, None, None)
    assert any("silent" in note for note in silent["notes"])


def test_what_is_there_is_not_heard_again(
    music: Path, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "b.jsonl"
    whole = made.read_bytes()
    torn = list(lines(whole))[1].end + 25
    out.write_bytes(whole[:torn])  # as a run leaves it that ended in the middle of the third file
    heard: list[str] = []

    def hear(path: Path) -> Audio:
        heard.append(path.name)
        return Audio(np.zeros((1, 100), np.float32), 8_000)

    monkeypatch.setattr(annotating, "read", hear)
    assert main(["train", "annotate", str(music), "--out", str(out)]) == 0
    assert heard == ["silent.flac", "techno.ogg"]
    assert "2 annotated, 2 as before, 0 not readable" in capsys.readouterr().err
    assert list(rows(out)) == list(rows(made))
    assert rows(out)["more/rock.wav"] == rows(made)["more/rock.wav"]
    os.utime(music / "techno.ogg", (1, 1))
    heard.clear()
    assert main(["train", "annotate", str(music), "--out", str(out)]) == 0
    assert heard == ["techno.ogg"] and len(rows(out)) == 4


def test_folders_and_files_that_cannot_be_used_are_said(
    tmp_path: Path, music: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.txt"
    other.write_text("a poem\nof two lines\n")
    for arguments, says in (
        ([str(tmp_path / "none")], "is no folder"),
        ([str(tmp_path)], "holds no sound files"),
        ([str(music), "--out", str(other)], "holds something else than annotations"),
        ([str(music), "--out", str(tmp_path / "no" / "a.jsonl")], "cannot be written"),
    ):
        assert main(["train", "annotate", *arguments]) == 2
        assert says in capsys.readouterr().err
    assert other.read_text() == "a poem\nof two lines\n"


def test_a_collection_is_searched_by_words_and_by_sound(made: Path) -> None:
    words = clap.text(Prompt.of("techno, 132 bpm, A minor"), ctx=watch())
    found = annotate.search(words, file=str(made), count=1)
    assert found.files == ["techno.ogg"] and "techno" in found.captions[0] and "techno.ogg" in found.table
    like = known(made, words.space)[0]
    again = annotate.search(Embedding(like.vector, words.space), file=str(made))
    assert again.files[0] == like.file and len(again.files) == 2


def test_tags_are_ranked(made: Path) -> None:
    row = rows(made)["techno.ogg"]
    embedding = Embedding(np.array(row["embedding"], np.float32), row["space"])
    found = annotate.tags(embedding, tags=["jazz", "techno", "bossa nova"], count=2, ctx=watch())
    assert found.items[0] == "techno" and len(found.items) == 2
    assert found.table.splitlines()[0].endswith("techno")
    with pytest.raises(ValueError, match="the embedding is of other"):
        annotate.tags(Embedding(embedding.vector, "other"), ctx=watch())
    with pytest.raises(ValueError, match=r"as clap\.model gives"):
        annotate.tags(embedding, ModelRef("planner", "house"), ctx=watch())


def test_what_cannot_be_searched_is_said(made: Path, tmp_path: Path) -> None:
    one = Embedding(np.ones(4, np.float32), "mine")
    with pytest.raises(ValueError, match="file is empty"):
        annotate.search(one)
    with pytest.raises(ValueError, match="cannot be read"):
        annotate.search(one, file=str(tmp_path / "none"))
    with pytest.raises(ValueError, match="not of mine: annotate anew"):
        annotate.search(one, file=str(made))
    (tmp_path / "x.jsonl").write_text("nothing\n")
    with pytest.raises(ValueError, match="holds no annotations"):
        annotate.search(one, file=str(tmp_path / "x.jsonl"))
    (tmp_path / "y.jsonl").write_text(json.dumps({"file": "a", "space": "mine", "embedding": [1.0]}) + "\n")
    with pytest.raises(ValueError, match="another size"):
        annotate.search(one, file=str(tmp_path / "y.jsonl"))
    with pytest.raises(ValueError, match="empty or not finite"):
        annotate.search(Embedding(np.zeros(1, np.float32), "mine"), file=str(tmp_path / "y.jsonl"))
