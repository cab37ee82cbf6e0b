import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nawgraph.files import FormatError, dumps, loads
from nawgraph.shape import MAX_BYTES, MAX_STRING

GOLDEN = Path(__file__).parent.parent / "golden"


def document(**fields: Any) -> str:
    return json.dumps({"nawgraph": 1} | fields)


def node(**fields: Any) -> str:
    return document(nodes={"n": {"type": "t"} | fields})


REFUSED = {
    "empty": ("", "is empty"),
    "only space": (" \n\t", "is empty"),
    "no json": ("hello", "not valid JSON: expecting value in line 1, column 1"),
    "a list": ("[]", "not a nawgraph document"),
    "null": ("null", "not a nawgraph document"),
    "no version": ("{}", 'the field "nawgraph" .* is missing'),
    "version of a wrong kind": ('{"nawgraph": true}', "must be the version of the format, got true"),
    "version that never was": ('{"nawgraph": -1}', "must be the version"),
    "newer": ('{"nawgraph": 2}', "format 2.* update nawgraph"),
    "truncated": ('{"nawgraph": 1, "nodes": {"a": {"ty', "cut off"),
    "two documents": ('{"nawgraph": 1} {"nawgraph": 1}', "more than one JSON value"),
    "not UTF-8": (b'{"nawgraph": 1, "meta": {"title": "\xe9"}}', "not UTF-8 text \\(line 1"),
    "UTF-16": ('{"nawgraph": 1}'.encode("utf-16"), "not UTF-8"),
    "NaN": ('{"nawgraph": 1, "meta": {"x": NaN}}', "NaN, which is not a JSON number"),
    "infinity": ('{"nawgraph": 1, "meta": {"x": -Infinity}}', "Infinity"),
    "overflow": ('{"nawgraph": 1, "meta": {"x": 1e400}}', "1e400, which is too large"),
    "digits": ('{"nawgraph": 1, "meta": {"x": ' + "9" * 5000 + "}}", "5,000 digits"),
    "deep": ('{"nawgraph": 1, "x": ' + "[" * 10_000 + "]" * 10_000 + "}", "more than 64 levels deep"),
    "deep, unclosed": ("[" * 10_000, "more than 64 levels deep"),
    "doubled key": ('{"nawgraph": 1, "nodes": {"a": {"type": "x", "type": "y"}}}', 'key "type" twice in nodes.a'),
    "doubled node": ('{"nawgraph": 1, "nodes": {"a": {"type": "x"}, "a": {"type": "x"}}}', 'key "a" twice in nodes'),
    "doubled inside doubled": ('{"a": {"x": 1, "x": 2}, "a": 1}', 'key "a" twice at the top level'),
    "doubled in a list": ('{"nawgraph": 1, "form": [{}, {"b": 1, "b": 2}]}', r'key "b" twice in form\[1\]'),
    "surrogate": ('{"nawgraph": 1, "meta": {"title": "\\ud800"}}', "half of a surrogate pair"),
    "surrogate in a key": ('{"nawgraph": 1, "\\ud800": 1}', "half of a surrogate pair"),
    "surrogate in a text": ("\ud800", "half of a surrogate pair"),
    "long text": (document(meta={"x": "a" * (MAX_STRING + 1)}), "at most 1,048,576 characters"),
    "nodes": (document(nodes=[]), r"nodes must be an object \{…\}, got \[\]"),
    "bad id": (document(nodes={"9 lives": {"type": "t"}}), 'cannot be called "9 lives"'),
    "taken id": (document(nodes={"in": {"type": "t"}}), 'cannot be called "in"'),
    "node": (document(nodes={"n": 3}), 'node "n" must be an object'),
    "no type": (document(nodes={"n": {}}), 'node "n": the field "type" must be text, got null'),
    "empty type": (node(type=""), 'node "n": the field "type" must be a name'),
    "version": (node(version=True), 'node "n": the field "version" must be a whole number from 1, got true'),
    "version 0": (node(version=0), 'the field "version"'),
    "title": (node(title=3), 'node "n": the field "title" must be text'),
    "mode": (node(mode="solo"), 'node "n": the field "mode" must be bypass, mute or freeze, got "solo"'),
    "mode of a wrong kind": (node(mode=[]), 'the field "mode"'),
    "inputs": (node(inputs=[]), 'node "n": the field "inputs" must be an object'),
    "wire": (node(inputs={"a": "b"}), 'node "n": inputs: "a" must be "node.output", got "b"'),
    "wire to a bad id": (node(inputs={"a": "b c.d"}), '"a" must be "node.output"'),
    "wire in a list": (node(inputs={"a": ["b.c", 4]}), '"a" must be "node.output", got 4'),
    "knobs": (node(knobs=4), 'node "n": the field "knobs" must be an object'),
    "frozen": (node(frozen={"a": "XYZ"}), 'node "n": frozen: "a" must be a digest'),
    "subgraph": (document(subgraphs={"s": {"inputs": {"a": 1}}}), 'subgraph "s": inputs: "a" must be text'),
    "node of a subgraph": (document(subgraphs={"s": {"nodes": {"n": {}}}}), 'node "s/n": the field "type"'),
    "form": (document(form={}), "form must be a list"),
    "form entry": (document(form=[{"node": "a"}]), 'form entry 1: the field "knob"'),
    "presets": (document(presets={"t": {"p": 1}}), 'preset "p" must be an object'),
    "seeds": (document(lock={"seeds": {"a": 1.5}}), 'the seed of "a" must be a whole number'),
    "position": (document(ui={"nodes": {"a": [1]}}), r'nodes: "a" must be two numbers \[x, y\], got \[1\]'),
    "position of text": (document(ui={"nodes": {"a": ["1", "2"]}}), "must be two numbers"),
    "frame": (document(ui={"frames": {"f": {}}}), 'frames: "f": the field "at"'),
    "zoom": (document(ui={"view": {"zoom": 0}}), 'view: the field "zoom" must be a number above 0'),
    "nested definitions": (
        document(subgraphs={f"s{i}": {"nodes": {"n": {"type": f"subgraph.s{i + 1}"}}} for i in range(500)}),
        "nested more than 32 deep",
    ),
    "a circle of definitions": (
        document(subgraphs={f"s{i}": {"nodes": {"n": {"type": f"subgraph.s{(i + 1) % 500}"}}} for i in range(500)}),
        "nested more than 32 deep",
    ),
    "prototype without ids": ('{"nawgraph": 0, "nodes": [{}]}', 'node 1 of the list must be an object with an "id"'),
    "prototype with doubled ids": (
        '{"nawgraph": 0, "nodes": [{"id": "a", "type": "t"}, {"id": "a", "type": "t"}]}',
        'two nodes are called "a"',
    ),
    "prototype link": ('{"nawgraph": 0, "links": [["a.b"]]}', "link 1 must be"),
    "prototype link to nowhere": ('{"nawgraph": 0, "links": [["a.b", "c.d"]]}', 'no node "c"'),
    "prototype nodes": ('{"nawgraph": 0, "nodes": {}}', "nodes must be a list"),
}


@pytest.mark.parametrize("data, message", REFUSED.values(), ids=REFUSED.keys())
def test_bad_documents_get_one_sentence(data: str | bytes, message: str) -> None:
    with pytest.raises(FormatError, match=message) as caught:
        loads(data, "song.nawgraph")
    assert caught.value.path == "song.nawgraph"
    assert str(caught.value) == f"song.nawgraph: {caught.value.reason}"
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 250


def test_limits_of_size_and_count_are_checked_before_parsing() -> None:
    for data, message in (
        (b"[" * (MAX_BYTES + 1), "larger than 64 MiB"),
        (b'{"nawgraph": 1, "x": [' + b"0," * 1_000_000 + b"0]}", "1,000,004 values; 1,000,000"),
        (document(nodes=dict.fromkeys((f"n{i}" for i in range(100_001)), 0)), "100,001 nodes; 100,000"),
    ):
        with pytest.raises(FormatError, match=message):
            loads(data)


def test_brackets_and_quotes_inside_texts_are_no_structure() -> None:
    title = '[[{"\\' * 1000 + "\\"
    graph = loads(document(meta={"title": title}))
    assert graph.meta["title"] == title
    assert loads(dumps(graph)) == graph


@given(st.text(alphabet='"\\[]{},:a ', max_size=40))
def test_nothing_but_json_is_read(text: str) -> None:
    try:
        loads(text)
    except FormatError:
        return
    raise AssertionError("a document without a version was read")


def test_a_byte_order_mark_is_skipped() -> None:
    assert dumps(loads(b"\xef\xbb\xbf" + document().encode())) == '{\n  "nawgraph": 1\n}\n'


def test_unknown_types_and_fields_are_kept() -> None:
    text = (GOLDEN / "everything.nawgraph").read_text(encoding="utf-8")
    graph = loads(text)
    strange = graph.nodes["Übergang-2"]
    assert strange.type == "someone.granular"
    assert strange.extra["x-pack"]["colour"] == "teal"
    assert graph.extra["a-later-field"]["kept"] == (True, None, "as it is")
    assert graph.subgraphs["voice"].extra["x-note"] == "kept"


def test_everything_is_where_it_belongs() -> None:
    graph = loads((GOLDEN / "everything.nawgraph").read_bytes())
    assert graph.nodes["mix"].inputs["audios"] == ("choose.value", "gain.audio", "hall.audio")
    assert graph.nodes["hall"].mode == "freeze"
    assert len(graph.nodes["hall"].frozen["audio"]) == 40
    assert graph.subgraphs["voice"].knobs["seed"] == "synth.seed"
    assert [entry["node"] for entry in graph.form] == ["prompt", "plan", "voice_1"]
    assert graph.presets["audio.gain"]["quiet"]["db"] == -20.0
    assert graph.lock["seeds"]["voice_1/synth"] == 4
    assert graph.ui["reroutes"]["r2"]["after"] == "r1"


def test_opening_imports_nothing() -> None:
    program = (
        "import sys; from nawgraph.files import loads; before = set(sys.modules);"
        f"loads(open({str(GOLDEN / 'everything.nawgraph')!r}, 'rb').read());"
        "print([name for name in set(sys.modules) - before if name.startswith('nawgraph')])"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "[]\n"
