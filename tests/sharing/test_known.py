"""Which documents a person is asked about before they are first run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from immutables import Map

from nawgraph import files
from nawgraph.graph import Graph
from nawgraph.library import standard
from nawgraph.sharing import known


def document(**nodes: Any) -> Graph:
    return files.loads(json.dumps({"nawgraph": 1, "nodes": nodes}))


HARMLESS = {
    "load": {"type": "audio.load", "knobs": {"file": "loop.wav"}},
    "mix": {"type": "export.mix", "inputs": {"audio": "load.audio"}},
}
REACHING = {
    "a file outside": {"load": {"type": "audio.load", "knobs": {"file": "../secret.wav"}}},
    "a file of the home": {"load": {"type": "audio.load", "knobs": {"file": "~/secret.wav"}}},
    "a folder outside": {"list": {"type": "list.files", "knobs": {"folder": "/home"}}},
    "a pattern that leads out": {"list": {"type": "list.files", "knobs": {"pattern": "../*"}}},
    "the network": {"llm": {"type": "plan.llm", "knobs": {"endpoint": "https://example.org/v1"}}},
    "a pack": {"blue": {"type": "blue.thing"}},
}


@pytest.mark.parametrize("what", REACHING)
def test_what_reaches_out_is_asked_about_once(what: str, place: Path) -> None:
    graph = document(**REACHING[what])
    assert known.question(graph, standard()) is not None
    known.remember(graph)
    assert known.question(graph, standard()) is None
    moved = replace(graph, ui=Map({"nodes": Map({"load": (10.0, 20.0)})}), lock=Map({"dtype": "float32"}))
    assert known.question(moved, standard()) is None
    other = document(**REACHING[what], more={"type": "audio.tone"})
    assert known.question(other, standard()) is not None


def test_what_stays_in_its_folder_is_not_asked_about(place: Path) -> None:
    assert known.question(document(**HARMLESS), standard()) is None
    assert not (place / "home" / "trusted").exists()


def test_the_oldest_are_forgotten(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known, "MOST", 3)
    graphs = [document(tone={"type": "audio.tone", "knobs": {"seconds": float(n + 1)}}) for n in range(5)]
    for number, graph in enumerate(graphs):
        known.remember(graph)
        os.utime(known._folder() / known.fingerprint(graph), (number, number))
    known.remember(graphs[-1])
    assert [known.is_known(graph) for graph in graphs] == [False, False, True, True, True]


def test_a_home_that_cannot_be_written_only_asks_again(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "file").write_text("")
    monkeypatch.setenv("NAWGRAPH_HOME", str(place / "file"))
    graph = document(**REACHING["a pack"])
    known.remember(graph)
    assert known.question(graph, standard()) is not None


def test_a_person_at_a_terminal_is_asked(place: Path) -> None:
    import pty

    files.save(
        document(list={"type": "list.files", "knobs": {"folder": "/", "pattern": "none*"}}), place / "s.nawgraph"
    )

    def run(answer: bytes) -> tuple[int, str]:
        master, slave = pty.openpty()
        os.write(master, answer)
        command = [sys.executable, "-m", "nawgraph", "run", "s.nawgraph", "--target", "list"]
        process = subprocess.Popen(command, stdin=slave, stderr=slave, stdout=subprocess.DEVNULL, cwd=place)
        os.close(slave)
        said = b""
        while True:
            try:
                found = os.read(master, 4096)
            except OSError:  # nobody writes there any more
                break
            if not found:
                break
            said += found
        os.close(master)
        return process.wait(60), said.decode()

    status, said = run(b"\n")
    assert status == 0
    assert "outside   /: not in the document's folder" in said and "not run" in said
    status, said = run(b"y\n")
    assert status == 0 and "Run it?" in said and "not run" not in said
    status, said = run(b"n\n")
    assert status == 0 and "Run it?" not in said
