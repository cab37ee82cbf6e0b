"""Every fault of a document at once, in sentences that name the node and the field."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from immutables import Map
from lab import graph, n, sub

from nawgraph.graph import Graph, Problem, Subgraph
from nawgraph.library import standard
from nawgraph.problems import cycle, nearest


def found(document: Graph) -> list[Problem]:
    return document.problems(standard())


def one(document: Graph) -> Problem:
    problems = found(document)
    assert len(problems) == 1, [str(p) for p in problems]
    return problems[0]


TONE = n("audio.tone")
NUM = n("value.float", value=1.0)


def test_a_sound_document_has_none():
    document = graph(
        s=sub({"x": "Audio"}, {"y": "g.audio"}, {"db": "g.db"}, g=n("audio.gain", audio="@in.x")),
        t=TONE, i=n("subgraph.s", x="@t.audio", db=-3), m=n("audio.mix", sounds=["@t.audio", "@i.y"]),
        w=n("export.mix", audio="@m.audio", name="x"),
    )  # fmt: skip
    assert found(document) == []


@pytest.mark.parametrize(
    ("node", "field", "words"),
    [
        (n("audio.tone", seconds=-1), "seconds", "between 0.001 and 3600 s, got -1"),
        (n("audio.tone", seconds="long"), "seconds", "wants a number, got 'long'"),
        (n("audio.tone", seconds=float("nan")), "seconds", "finite"),
        (n("audio.tone", seconds=True), "seconds", "wants a number"),
        (n("audio.tone", rate=44100.5), "rate", "whole number"),
        (n("audio.tone", shape="saw"), "shape", "one of sine, noise, click"),
        (n("audio.tone", seed=-1), "seed", "seed"),
        (n("value.text", value="\ud800"), "value", "character"),
        (n("list.numbers", values=3), "values", "wants a list"),
        (n("list.numbers", values=[1.0, "x"]), "values", "values[1] wants a number"),
        (n("audio.gain"), "audio", "input audio (Audio) is not connected"),
        (n("audio.gain", audio="@nobody.audio"), "audio", "there is no node 'nobody'"),
        (n("audio.gain", audio="@num.sound"), "audio", "has no output 'sound' (it has: value)"),
        (n("audio.gain", audio="@num.value"), "audio", "wants Audio, but 'num.value' gives float"),
        (n("audio.gain", audio=["@tone.audio", "@tone.audio"]), "audio", "takes one wire, not 2"),
        (n("audio.gain", audio="@tone.audio", db="@tone.audio"), "db", "wants float"),
        (n("audio.gain", audio="@tone.audio", dbs="@num.value"), "dbs", "has no input 'dbs' (did you mean 'db'?)"),
        (n("audio.mix", sounds=["@tone.audio", "@num.value"]), "sounds", "wants Audio, but 'num.value' gives float"),
        (n("audio.tone", "bypass"), "audio", "is bypassed, but no wired input can stand for its output"),
        (n("audio.tone", "sideways"), "mode", "mode 'sideways' is unknown"),
        (n("subgraph.nothing"), None, "'nothing' is not defined"),
    ],
)  # fmt: skip
def test_a_fault_names_node_and_field(node: Any, field: str | None, words: str):
    problem = one(graph(it=node, tone=TONE, num=NUM))
    assert (problem.severity, problem.node, problem.field) == ("error", "it", field) or field is None
    assert words in problem.message and problem.node == "it"
    assert str(problem).startswith("it.") or field is None


def test_a_frozen_node_without_a_result():
    assert "unfreeze it" in one(graph(it=n("audio.tone", "freeze"))).message


@pytest.mark.parametrize("digest", ["", "xyz", "12", "zz" * 20])
def test_a_frozen_result_that_is_no_digest(digest: str):
    problem = one(graph(it=n("audio.tone", "freeze", {"audio": digest})))
    assert problem.severity == "error" and problem.node == "it" and "frozen" in problem.message


@pytest.mark.parametrize("id", ["in", "1x", "a.b", "a b", "", "x" * 65, "a/b"])
def test_an_id_that_cannot_be_used(id: str):
    assert any("id cannot be used" in p.message for p in found(graph(**{id: TONE})))


def test_warnings_stop_nothing():
    unknown = one(graph(it=n("audio.tonne")))
    assert unknown.severity == "warning" and "not installed (did you mean 'audio.tone'?)" in unknown.message
    knob = one(graph(it=n("audio.tone", secs=1)))
    assert (
        knob.severity == "warning" and (knob.node, knob.field) == ("it", "secs") and "kept and ignored" in knob.message
    )


def test_a_node_of_a_later_version():
    later = replace(TONE, version=99)
    assert "update nawgraph" in one(graph(it=later)).message


def test_a_circle_is_shown_with_its_path():
    document = graph(a=n("math.add", a="@c.value"), b=n("math.add", a="@a.value"), c=n("math.add", a="@b.value"), d=NUM)
    problem = one(document)
    assert "circle" in problem.message and all(id in problem.message for id in "abc")
    assert (
        "a → b → c → a" in problem.message or "b → c → a → b" in problem.message or "c → a → b → c" in problem.message
    )


def test_a_node_wired_to_itself_is_a_circle():
    assert "it → it" in one(graph(it=n("math.add", a="@it.value"))).message


def test_long_circles_are_found_without_recursion_and_cut_in_the_message():
    nodes = {f"n{i}": n("math.add", a=f"@n{(i + 1) % 5000}.value") for i in range(5000)}
    problem = one(graph(**nodes))
    assert "…" in problem.message and len(problem.message) < 300
    assert cycle(graph(a=NUM).nodes) == []


@pytest.mark.parametrize(
    ("definition", "field", "words"),
    [
        (sub({"x": "not a type"}, {}), "x", "is not a port type"),
        (sub({}, {"y": "nobody.value"}), "y", "no node 'nobody'"),
        (sub({}, {"y": "in.x"}), "y", "no input 'x'"),
        (sub({}, {}, {"k": "nobody.db"}), "k", "does not exist"),
        (sub({}, {}, {"k": "t.volume"}, t=TONE), "k", "does not exist"),
        (sub({}, {}, g=n("audio.gain", audio="@in.x")), "audio", "no input 'x'"),
    ],
)
def test_faults_of_a_definition(definition: Subgraph, field: str, words: str):
    problems = found(graph(s=definition))
    assert any(p.field == field and words in p.message and (p.node or "").startswith("s") for p in problems), problems


def test_definitions_that_contain_each_other():
    document = graph(a=sub({}, {}, i=n("subgraph.b")), b=sub({}, {}, i=n("map.a")))
    assert all("contains itself" in p.message for p in found(document)) and found(document)


def test_the_type_of_a_switch_is_that_of_its_branches():
    document = graph(t=TONE, s=n("switch", items=["@t.audio", "@t.audio"]), g=n("text.length", text="@s.value"))
    assert "wants str, but 's.value' gives Audio" in one(document).message
    mixed = graph(t=TONE, num=NUM, s=n("switch", items=["@t.audio", "@num.value"]))
    assert (one(mixed).node, one(mixed).field) == ("s", "items")


def test_wires_into_and_out_of_subgraphs_are_typed():
    s = sub({"x": "Audio"}, {"y": "g.audio"}, g=n("audio.gain", audio="@in.x"))
    assert one(graph(s=s, num=NUM, i=n("subgraph.s", x="@num.value"))).field == "x"
    assert "gives Audio" in one(graph(s=s, t=TONE, i=n("subgraph.s", x="@t.audio"), a=n("math.add", a="@i.y"))).message


def test_all_faults_are_found_at_once_in_the_same_order():
    nodes = {f"n{i}": n("audio.tone", seconds=-i - 1) for i in range(9)}
    problems = found(graph(**nodes))
    assert (
        [p.node for p in problems] == sorted(nodes) == [p.node for p in found(graph(**dict(reversed(nodes.items()))))]
    )


def test_faults_are_found_once_for_a_document_that_does_not_change():
    document = graph(it=n("audio.tone", seconds=-1))
    assert found(document) == found(document) and found(document) is not found(document)
    assert found(replace(document, nodes=document.nodes.set("it", TONE), extra=Map())) == []


def test_nearest():
    assert nearest("gian", ["gain", "trim"]) == " (did you mean 'gain'?)" and nearest("zzz", ["gain"]) == ""
