"""The scenario of acceptance: the first song from an empty canvas by pointer and keys; its samples are the engine's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from desk import Desk

from nawgraph import files
from nawgraph.graph import Graph

SONG = Path(__file__).parents[3] / "graphs" / "first_song.nawgraph"
BARS = 2


def essence(graph: Graph) -> tuple[Any, ...]:
    """A document but for its ids: types with their knobs, and wires between types."""
    types = {id: node.type for id, node in graph.nodes.items()}
    nodes = sorted((node.type, sorted(node.knobs.items())) for node in graph.nodes.values())
    wires = sorted(
        (types[source.partition(".")[0]], source.partition(".")[2], node.type, port)
        for node in graph.nodes.values()
        for port, source in node.wires()
    )
    return nodes, wires


def test_the_first_song_is_built_run_and_exported_by_hand(desk: Desk, tmp_path: Path) -> None:
    desk.new()
    desk.hand.to(*desk.at((400, 300)))
    desk.hand.wheel(-6)
    desk.until(lambda: desk.tab.view.zoom < 0.52)
    prompt = desk.add("text prompt", (-300, 0))
    plan = desk.add("compose", (0, 0))
    play = desk.add("play score", (300, 0))
    midi = desk.add("export midi", (300, 400))
    mixer = desk.add("mixer", (600, 0))
    stems = desk.add("export stems", (910, -150))
    mix = desk.add("export mix", (910, 330))
    for source, target in (
        (f"{prompt}.prompt", f"{plan}.prompt"),
        (f"{plan}.score", f"{play}.score"),
        (f"{plan}.score", f"{midi}.score"),
        (f"{plan}.score", f"{mixer}.score"),
        (f"{plan}.score", f"{stems}.score"),
        (f"{plan}.score", f"{mix}.score"),
        (f"{play}.stems", f"{mixer}.stems"),
        (f"{mixer}.stems", f"{stems}.stems"),
        (f"{mixer}.mix", f"{mix}.audio"),
    ):
        desk.wire(source, target)
    song = files.load(SONG)
    desk.write(prompt, "text", str(song.nodes["prompt"].knobs["text"]))
    desk.write(plan, "bars", "16")
    desk.write(plan, "seed", "7")
    desk.write(plan, "title", "First Song")
    assert essence(desk.save_as(tmp_path / "song.nawgraph")) == essence(song)

    desk.write(plan, "bars", str(BARS))
    desk.run()
    assert {badge.state for badge in desk.tab.badges.values()} <= {"ran", "cached"}, desk.said
    made = {path.name: path for path in (tmp_path / "out").rglob("*.*") if path.suffix in (".wav", ".mid")}
    assert len(made) == 6  # the mix, four stems, the notes

    words = [sys.executable, "-m", "nawgraph", "run", str(SONG), "--set", f"plan.bars={BARS}"]
    subprocess.run([*words, "--out", str(tmp_path / "again"), "--no-cache"], check=True, capture_output=True)
    for name, path in made.items():
        (other,) = (tmp_path / "again").rglob(name)
        if path.suffix == ".mid":
            assert other.read_bytes() == path.read_bytes(), name
        else:
            ours, theirs = (soundfile.read(file, dtype="int32")[0] for file in (path, other))
            assert np.array_equal(ours, theirs) and np.abs(ours).max() > 0, name
