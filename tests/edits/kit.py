"""A small library of node types, a document to edit, and what every edited document has to be."""

from __future__ import annotations

from typing import Annotated, NamedTuple, TypeVar

from immutables import Map

from nawgraph.files import dumps, loads
from nawgraph.graph import INSIDE, Graph, Node, source_node, valid_id
from nawgraph.hints import Choice, Range, Seed
from nawgraph.library import Library
from nawgraph.nesting import definitions_in, used
from nawgraph.node import node
from nawgraph.problems import cycle
from nawgraph.values import Audio, Score

T = TypeVar("T")


class Sides(NamedTuple):
    left: Audio
    right: Audio


@node("test.tone")
def tone(*, level: Annotated[float, Range(-60, 0, unit="dB")] = -6.0, seed: Annotated[int, Seed()] = 0) -> Audio:
    return Audio.silence(1, 10, 100) if level < seed else Audio.silence(2, 10, 100)


@node("test.gain", version=2, aliases=("volume",))
def gain(audio: Audio, *, db: Annotated[float, Range(-60, 24)] = 0.0) -> Audio:
    return audio


@node("test.louder")
def louder(sound: Audio, side: Audio | None = None, *, db: Annotated[float, Range(0, 12)] = 0.0) -> Audio:
    return sound


@node("test.mix")
def mix(audios: list[Audio], *, trim: float = 0.0) -> Audio:
    return audios[0]


@node("test.split")
def split(audio: Audio) -> Sides:
    return Sides(audio, audio)


@node("test.value")
def value(*, value: float = 0.0) -> float:
    return value


@node("test.same")
def same(x: T) -> T:
    return x


@node("test.shape")
def shape_(audio: Audio, *, kind: Annotated[str, Choice("hall", "room")] = "hall", taps: list[float] = []) -> Audio:  # noqa: B006
    return audio


@node("test.score")
def score(*, bars: int = 4) -> Score:
    return Score()


@node("test.write")
def write(audio: Audio, *, name: str = "song") -> None:
    assert name


LIBRARY = Library()
for function in (tone, gain, louder, mix, split, value, same, shape_, score, write):
    LIBRARY.add(function)


def chain() -> Graph:
    """tone → gain → split → mix (both sides) → write, with a value into the gain's knob."""
    return Graph(
        nodes=Map(
            tone=Node("test.tone"),
            level=Node("test.value", knobs=Map(value=-3.0)),
            gain=Node("test.gain", 2, Map(audio="tone.audio", db="level.value"), Map(db=1.0)),
            split=Node("test.split", inputs=Map(audio="gain.audio")),
            mix=Node("test.mix", inputs=Map(audios=("split.left", "split.right"))),
            write=Node("test.write", inputs=Map(audio="mix.audio")),
        ),
        form=(Map(node="gain", knob="db", label="Level"), Map(node="tone", knob="level")),
        ui=Map(
            nodes=Map(
                tone=(0, 0),
                level=(0, 100),
                gain=(100, 0),
                split=Map(at=(200, 0), size=(80, 60)),
                mix=(300, 0),
                write=(400, 0),
            ),
            frames=Map(f=Map(at=(90, -20), size=(200, 100), nodes=("gain", "split"))),
            reroutes=Map(r=Map(at=(350, 20), source="mix.audio", targets=("write.audio",))),
        ),
    )


def check_sound(graph: Graph) -> None:
    """Every promise that edits make about a document."""
    for name in ("", *graph.subgraphs):
        scope = graph.scope(name)
        assert all(map(valid_id, scope.nodes)), "ids are valid"
        assert not cycle(scope.nodes), "nothing is wired in a circle"
        for id, made in scope.nodes.items():
            for port, source in made.wires():
                feeder, _, output = source.partition(".")
                inside = feeder == INSIDE and name and output in graph.subgraphs[name].inputs
                assert inside or feeder in scope.nodes, f"{name}/{id}.{port} reads {source}, which is not there"
            assert all(wire for wire in made.inputs.values()), "no port has an empty list of wires"
        assert set(scope.ui.get("nodes", ())) <= set(scope.nodes), "places are of nodes"
        for frame in scope.ui.get("frames", Map()).values():
            assert set(frame.get("nodes", ())) <= set(scope.nodes), "frames hold nodes"
        for reroute in scope.ui.get("reroutes", Map()).values():
            for end in reroute["targets"]:
                id, _, port = end.partition(".")
                wire = scope.nodes[id].inputs[port]
                assert reroute["source"] in ((wire,) if isinstance(wire, str) else wire), "reroutes are on wires"
        assert definitions_in(scope.nodes) <= set(graph.subgraphs), "instances have definitions"
        assert not name or name not in used(graph.subgraphs, definitions_in(scope.nodes)), "no definition holds itself"
    for definition in graph.subgraphs.values():
        for end in (*definition.outputs.values(), *definition.knobs.values()):
            id = source_node(end)
            assert id in definition.nodes or (id == INSIDE and end.partition(".")[2] in definition.inputs), end
    assert all(entry["node"] in graph.nodes for entry in graph.form), "the form shows nodes"
    text = dumps(graph)
    again = loads(text)
    assert again == graph
    assert dumps(again) == text


def wrong(graph: Graph) -> list[str]:
    """Faults that no edit may bring about: wires of wrong types or to ports that are not there.

    Behind a node whose output type follows its input, a new wire may change what others get; the checker
    reports that, and edits do not forbid it.
    """
    follows = any(n.type == "test.same" for name in ("", *graph.subgraphs) for n in graph.scope(name).nodes.values())
    messages = (str(problem) for problem in graph.problems(LIBRARY) if problem.severity == "error")
    words = (
        *(() if follows else ("wants",)),
        "takes one wire",
        "has no output",
        "has no input",
        "does not exist",
        "contains itself",
        "circle",
    )
    return [message for message in messages if any(word in message for word in words)]
