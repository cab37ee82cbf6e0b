from dataclasses import replace
from pathlib import Path

from documents import Maker
from hypothesis import given
from hypothesis import strategies as st
from immutables import Map

from nawgraph.files import diff, dumps, load
from nawgraph.graph import Graph, Node

EVERYTHING = load(Path(__file__).parent.parent / "golden" / "everything.nawgraph")
FIRST = load(Path(__file__).parent.parent / "golden" / "first.nawgraph")


def sentences(a: Graph, b: Graph) -> list[str]:
    return [str(change) for change in diff(a, b)]


@given(st.integers(0, 2**32), st.integers(0, 2**32))
def test_there_are_differences_exactly_where_the_texts_differ(a: int, b: int) -> None:
    one, other = Maker(a).graph(), Maker(b).graph()
    assert diff(one, one) == []
    assert diff(one, Maker(a).graph()) == []
    if one.ui != other.ui or dumps(replace(one, ui=Map())) != dumps(replace(other, ui=Map())):
        assert diff(one, replace(other, ui=Map())) or diff(replace(one, ui=Map()), other)


def test_each_kind_of_change_is_a_sentence() -> None:
    plan = FIRST.nodes["plan"]
    node = replace(plan, knobs=Map(bars=16, swing=0.5), inputs=Map(), title="Plan", mode="mute", version=2)
    nodes = FIRST.nodes.set("plan", node).set("gain", Node("audio.gain")).delete("prompt")
    b = replace(FIRST, nodes=nodes, meta=Map(title="Other"), ui=Map(nodes=Map(plan=(0, 0), gain=(1, 1))))
    assert sentences(FIRST, b) == [
        "gain: added (audio.gain)",
        "plan: version changed from 1 to 2",
        'plan: title set to "Plan"',
        'plan: mode set to "mute"',
        'plan: input prompt removed (was "prompt.prompt")',
        "plan: knob bars changed from 8 to 16",
        "plan: knob seed removed (was 7)",
        "plan: knob swing set to 0.5",
        "prompt: removed (prompt.text)",
        "plan: moved",
        'meta: title changed from "First song" to "Other"',
    ]


def test_numbers_of_different_kinds_differ() -> None:
    def with_knob(value: object) -> Graph:
        return Graph(nodes=Map(n=Node("t", knobs=Map(k=value))))

    assert sentences(with_knob(1), with_knob(True)) == ["n: knob k changed from 1 to true"]
    assert sentences(with_knob(1), with_knob(1.0)) == ["n: knob k changed from 1 to 1.0"]
    assert sentences(with_knob(0.0), with_knob(-0.0)) == ["n: knob k changed from 0.0 to -0.0"]
    assert sentences(with_knob(None), Graph(nodes=Map(n=Node("t")))) == ["n: knob k removed (was null)"]


def test_definitions_and_sections() -> None:
    voice = EVERYTHING.subgraphs["voice"]
    inner = voice.nodes["soft"]
    changed = replace(voice, title="Choir", nodes=voice.nodes.set("soft", replace(inner, knobs=Map(db=1.0))))
    b = replace(EVERYTHING, subgraphs=Map(voice=changed, more=voice), form=(), ui=EVERYTHING.ui.delete("view"))
    found = sentences(EVERYTHING, b)
    assert "subgraph level: removed (definition)" in found
    assert "subgraph more: added (definition)" in found
    assert "voice/soft: knob db set to 1.0" in found
    assert 'subgraph voice: title changed from "One voice" to "Choir"' in found
    assert any(sentence.startswith("form: ") for sentence in found)
    assert any(sentence.startswith("ui: view removed") for sentence in found)
