"""Pictures of the editor for the docs, made with the hand of its tests: `make pictures`."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "pictures"
GRAPHS = ROOT / "graphs"
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "ui" / "dpg")]

from driver import Driver, wait  # noqa: E402
from hand import Screen  # noqa: E402

from nawgraph import files  # noqa: E402
from nawgraph.edits import Group, SetUi  # noqa: E402
from nawgraph.graph import Graph  # noqa: E402
from nawgraph.library import standard  # noqa: E402

PROMPTS = ("lo-fi hip hop, 84 bpm", "ambient drone", "techno, 132 bpm", "bossa nova", "waltz in D", "funk, E minor")
COLOURS = ("#3f6fb5", "#3f8f63", "#7a5bb8", "#b9822d", "#2f8791", "#a94f83")


def take(driver: Driver, name: str) -> None:
    """Write what is seen."""
    from PIL import Image

    driver.hand.rest(0.6)
    Image.fromarray(driver.hand.picture()).save(FOLDER / f"editor_{name}.png", optimize=True)


def version(type: str) -> int:
    """The version of a node type that is installed, so that no note about old nodes is in the picture."""
    spec = standard().get(type)
    assert spec is not None, type
    return spec.version


def ran(driver: Driver, count: int) -> None:
    """Run all, until so many files are there and the nodes show their results."""
    driver.hand.to(300, 720)
    driver.hand.press("ctrl+Return")
    wait(lambda: len(list((driver.folder / "out").rglob("*.*"))) >= count, 120)
    driver.hand.rest(4.0)


def opened(driver: Driver, graph: Graph, name: str) -> None:
    """Start with a document."""
    files.save(graph, driver.folder / name)
    driver.start(name)
    driver.knows(graph)


def song() -> Graph:
    """The first song, as it is shipped."""
    return files.load(GRAPHS / "first_song.nawgraph")


# ------------------------------------------------------------------------------------------------ situations


def start(driver: Driver) -> None:
    """Nothing is open yet."""
    driver.start()
    driver.hand.rest(9.0)  # the word about the missing sound card goes
    take(driver, "start")


def first_song(driver: Driver) -> None:
    """The first song after a run, while it plays; and the palette over it."""
    opened(driver, song(), "first_song.nawgraph")
    ran(driver, 7)
    driver.hand.click(*driver.head("mixer"))
    driver.hand.press("l")
    driver.hand.rest(4.0)
    take(driver, "song")
    driver.hand.press("ctrl+shift+p")
    driver.hand.rest(0.4)
    driver.hand.type("se")
    take(driver, "palette")


def spectrogram(driver: Driver) -> None:
    """A large viewer: what the mixer made, by its frequencies."""
    graph = song()
    for id, at, size in (("mixer", (720, -60), (640, 690)), ("play", (380, -60), (300, 250))):
        graph = SetUi("nodes", id, {"at": at, "size": size, "viewer": "spectrogram"}).apply(graph, standard())
    for id, at in (
        ("plan", (130, -60)),
        ("prompt", (-120, -60)),
        ("midi", (420, 300)),
        ("stems", (1400, -60)),
        ("mix", (1400, 300)),
    ):
        graph = SetUi("nodes", id, {"at": at}).apply(graph, standard())  # fmt: skip
    opened(driver, graph, "first_song.nawgraph")
    ran(driver, 7)
    driver.hand.click(*driver.head("mixer"))
    take(driver, "spectrogram")


def inside(driver: Driver) -> None:
    """Inside a group, with the way out above the canvas."""
    graph = Group(("plan", "play", "mixer"), "band", "The band").apply(song(), standard())
    opened(driver, graph, "first_song.nawgraph")
    ran(driver, 7)
    driver.hand.double(*driver.head("band"))
    driver.hand.press("a")
    driver.hand.rest(4.0)
    driver.hand.to(300, 720)
    take(driver, "subgraph")


def far(driver: Driver) -> None:
    """Five hundred nodes, seen from afar."""
    opened(driver, many(62), "five_hundred.nawgraph")
    driver.hand.to(300, 820)
    take(driver, "far")


def many(count: int) -> Graph:
    """Variations of a song, eight nodes each, in frames; and four nodes that join some of them."""
    nodes: dict[str, Any] = {}
    places: dict[str, Any] = {}
    frames: dict[str, Any] = {}
    for i in range(count):
        x, y = i % 7 * 1420, i // 7 * 760
        for name, (type, inputs, knobs, at) in _VARIATION.items():
            wires = {
                port: f"{source.partition('.')[0]}_{i}.{source.partition('.')[2]}" for port, source in inputs.items()
            }
            nodes[f"{name}_{i}"] = {"type": type, "version": version(type), "inputs": wires, "knobs": {**knobs}}
            places[f"{name}_{i}"] = [x + at[0], y + at[1]]
        nodes[f"prompt_{i}"]["knobs"]["text"] = PROMPTS[i % len(PROMPTS)]
        frames[f"frame_{i}"] = {
            "at": [x - 40, y - 60], "size": [1350, 660], "title": f"{i + 1}  {PROMPTS[i % len(PROMPTS)]}",
            "colour": COLOURS[i % len(COLOURS)],
        }  # fmt: skip
    joined = [f"reverb_{i}.audio" for i in range(0, count, 7)]
    nodes["album"] = {"type": "audio.concat", "version": 1, "inputs": {"sounds": joined}, "knobs": {}}
    nodes["loud"] = {"type": "effect.normalise", "version": 1, "inputs": {"audio": "album.audio"}, "knobs": {}}
    nodes["limit"] = {"type": "effect.limit", "version": 1, "inputs": {"audio": "loud.audio"}, "knobs": {}}
    nodes["export"] = {"type": "export.mix", "version": 1, "inputs": {"audio": "limit.audio"}, "knobs": {}}
    for j, id in enumerate(("album", "loud", "limit", "export")):
        places[id] = [6 * 1420 + 300 * j - 40, 8 * 760 + 150]
    document = {"nawgraph": 1, "nodes": nodes, "ui": {"nodes": places, "frames": frames}}
    return files.loads(json.dumps(document))


_VARIATION: dict[str, tuple[str, dict[str, str], dict[str, Any], tuple[int, int]]] = {
    "prompt": ("prompt.text", {}, {}, (0, 0)),
    "plan": ("plan.compose", {"prompt": "prompt.prompt"}, {"bars": 8}, (260, 0)),
    "swing": ("score.humanise", {"score": "plan.score"}, {}, (260, 270)),
    "play": ("synth.render", {"score": "swing.score"}, {}, (520, 0)),
    "mixer": ("mix.mixer", {"stems": "play.stems", "score": "swing.score"}, {}, (780, 0)),
    "eq": ("effect.eq", {"audio": "mixer.mix"}, {}, (1040, 0)),
    "reverb": ("effect.reverb", {"audio": "eq.audio"}, {}, (1040, 240)),
    "midi": ("export.midi", {"score": "swing.score"}, {}, (520, 250)),
}


def failed(driver: Driver) -> None:
    """A node that failed, what it keeps from running, and what is said about it."""
    graph = files.loads(
        json.dumps(
            {
                "nawgraph": 1,
                "nodes": {
                    "voice": {"type": "audio.load", "version": 1, "knobs": {"file": "take_3.wav"}},
                    "eq": {"type": "effect.eq", "version": 1, "inputs": {"audio": "voice.audio"}},
                    "room": {"type": "effect.reverb", "version": 1, "inputs": {"audio": "eq.audio"}},
                    "mix": {"type": "export.mix", "version": 1, "inputs": {"audio": "room.audio"}},
                    "prompt": {"type": "prompt.text", "version": 1, "knobs": {"text": "slow waltz in D"}},
                    "plan": {
                        "type": "plan.compose",
                        "version": version("plan.compose"),
                        "inputs": {"prompt": "prompt.prompt"},
                    },
                    "midi": {"type": "export.midi", "version": 1, "inputs": {"score": "plan.score"}},
                },
                "ui": {
                    "nodes": {
                        "voice": [0, 0], "eq": [270, 0], "room": [540, 0], "mix": [810, 0],
                        "prompt": [0, 400], "plan": [270, 400], "midi": [540, 400],
                    }
                },
            }
        )
    )  # fmt: skip
    (driver.folder / "take_3.wav").write_bytes(b"RIFF this was cut off while it was copied")
    opened(driver, graph, "voice.nawgraph")
    ran(driver, 1)
    driver.hand.click(*driver.head("voice"))
    driver.hand.press("ctrl+shift+m")
    driver.hand.press("a")
    driver.hand.to(500, 780)
    take(driver, "error")


def missing(driver: Driver) -> None:
    """A document with nodes of a pack that is not installed."""
    document = json.loads(files.dumps(song()))
    document["nodes"]["cloud"] = {
        "type": "grains.cloud", "version": 2, "inputs": {"audio": "mixer.mix"}, "knobs": {"density": 40, "spread": 0.7},
    }  # fmt: skip
    document["nodes"]["tape"] = {
        "type": "grains.tape",
        "version": 2,
        "inputs": {"audio": "cloud.audio"},
        "knobs": {"wow": 0.2},
    }
    document["nodes"]["mix"]["inputs"]["audio"] = "tape.audio"
    places = document["ui"]["nodes"]
    places["cloud"], places["tape"], places["mix"], places["stems"] = [1180, 330], [1440, 330], [1700, 330], [1180, 40]
    opened(driver, files.loads(json.dumps(document)), "with_grains.nawgraph")
    driver.hand.to(300, 820)
    take(driver, "missing")


SITUATIONS: tuple[Callable[[Driver], None], ...] = (
    start, first_song, spectrogram, inside, far, failed, missing,
)  # fmt: skip


def main(names: list[str]) -> None:
    """Every situation, or those that are named."""
    for situation in SITUATIONS:
        if names and situation.__name__ not in names:
            continue
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            os.environ["NAWGRAPH_HOME"] = str(folder / "home")
            screen = Screen()
            driver = Driver(screen, folder / "home", folder)
            try:
                situation(driver)
            finally:
                driver.close()
                screen.close()


if __name__ == "__main__":
    main(sys.argv[1:])
