import json
from dataclasses import replace
from pathlib import Path

import pytest
from documents import Maker
from hypothesis import given, settings
from hypothesis import strategies as st
from immutables import Map

from nawgraph.files import FormatError, dumps, loads
from nawgraph.files.diff import same
from nawgraph.files.printer import to_json
from nawgraph.graph import Graph, Node

GOLDEN = Path(__file__).parent.parent / "golden"
SEEDS = st.integers(0, 2**32)
COORDINATES = st.one_of(st.integers(-(10**9), 10**9), st.floats(-1e9, 1e9))


@pytest.mark.parametrize("name", ["first", "everything", "prototype.upgraded"])
def test_golden_files_come_out_byte_for_byte(name: str) -> None:
    text = (GOLDEN / f"{name}.nawgraph").read_bytes().decode()
    assert dumps(loads(text)) == text


def test_the_example_in_the_documentation_is_canonical() -> None:
    page = (GOLDEN.parent.parent / "docs" / "format.md").read_text(encoding="utf-8")
    example = page.split("```json\n")[1].split("```")[0]
    assert example == (GOLDEN / "first.nawgraph").read_text(encoding="utf-8")


@settings(max_examples=300)
@given(SEEDS)
def test_save_load_save_is_byte_identical(seed: int) -> None:
    graph = Maker(seed).graph()
    text = dumps(graph)
    again = loads(text)
    assert again == graph
    assert dumps(again) == text
    assert same(to_json(graph), json.loads(text)), "the text says what the graph holds, kinds of numbers included"


@settings(max_examples=100)
@given(SEEDS, st.tuples(COORDINATES, COORDINATES))
def test_moving_a_node_changes_one_line(seed: int, to: tuple[float, float]) -> None:
    graph = Maker(seed).graph()
    graph = replace(graph, nodes=graph.nodes.set("probe", Node("a.b")))
    places = dict.fromkeys(graph.nodes, (0, 0))
    id = sorted(places)[seed % len(places)]
    before = dumps(replace(graph, ui=Map(nodes=Map(places)))).splitlines()
    after = dumps(replace(graph, ui=Map(nodes=Map(places | {id: to})))).splitlines()
    assert len(before) == len(after)
    assert sum(a != b for a, b in zip(before, after, strict=True)) == (not same(to, (0, 0)))


@given(SEEDS)
def test_adding_a_node_only_adds_lines(seed: int) -> None:
    graph = loads((GOLDEN / "first.nawgraph").read_bytes())
    maker = Maker(seed)
    more = replace(graph, nodes=graph.nodes.set(f"{maker.id()}-new", maker.node()))
    old = [line.rstrip(",") for line in dumps(graph).splitlines()]
    new = iter([line.rstrip(",") for line in dumps(more).splitlines()])
    assert all(line in new for line in old), "the old lines are there, in their order"


def test_equal_numbers_of_different_kinds_stay_apart() -> None:
    knobs = {"a": 1, "b": 1.0, "c": True, "d": 0.0, "e": -0.0, "f": 1e-7, "g": 10**40, "h": 5e-324}
    text = dumps(Graph(nodes=Map(n=Node("t", knobs=Map(knobs)))))
    assert '"a": 1, "b": 1.0, "c": true, "d": 0.0, "e": -0.0, "f": 1e-07, "g": 1000' in " ".join(text.split())
    assert {k: repr(v) for k, v in loads(text).nodes["n"].knobs.items()} == {k: repr(v) for k, v in knobs.items()}


def test_an_entry_breaks_beyond_120_columns() -> None:
    def lines(length: int) -> int:
        graph = Graph(nodes=Map(n=Node("t", knobs=Map(k="x" * length))))
        return len(dumps(graph).splitlines())

    fixed = len('"n": {"type": "t", "version": 1, "knobs": {"k": ""}}')
    assert lines(120 - fixed) == 6
    assert lines(121 - fixed) == 10


def test_an_empty_document_is_three_lines() -> None:
    assert dumps(Graph()) == '{\n  "nawgraph": 1\n}\n'


BAD = {"nan": float("nan"), "inf": float("inf"), "object": object(), "surrogate": "\ud800", "digits": 10**5000}


@pytest.mark.parametrize("value", BAD.values(), ids=BAD.keys())
def test_what_json_cannot_hold_is_refused_by_name(value: object) -> None:
    graph = Graph(nodes=Map(n=Node("t", knobs=Map(k=value))))
    with pytest.raises(FormatError, match='node "n": knob "k"'):
        dumps(graph)
