import json
from pathlib import Path

import pytest
from documents import Maker
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from nawgraph.files import FormatError, dumps, loads
from nawgraph.files.reader import GRAPH_FIELDS, NODE_FIELDS, SUBGRAPH_FIELDS

ROOT = Path(__file__).parent.parent.parent
SCHEMA = json.loads((ROOT / "docs" / "nawgraph.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)


def test_the_schema_is_one_and_names_every_field_that_the_reader_knows() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert set(SCHEMA["properties"]) == set(GRAPH_FIELDS)
    assert set(SCHEMA["$defs"]["node"]["properties"]) == set(NODE_FIELDS)
    assert set(SCHEMA["$defs"]["subgraph"]["properties"]) == set(SUBGRAPH_FIELDS)


@pytest.mark.parametrize("name", ["first", "everything", "prototype.upgraded"])
def test_golden_files_are_valid(name: str) -> None:
    VALIDATOR.validate(json.loads((ROOT / "tests" / "golden" / f"{name}.nawgraph").read_bytes()))


@given(st.integers(0, 2**32))
def test_what_is_written_is_valid(seed: int) -> None:
    VALIDATOR.validate(json.loads(dumps(Maker(seed).graph())))


@pytest.mark.parametrize(
    "part",
    [
        {"nodes": {"9": {"type": "t"}}},
        {"nodes": {"in": {"type": "t"}}},
        {"nodes": {"n": {}}},
        {"nodes": {"n": {"type": "t", "version": 0}}},
        {"nodes": {"n": {"type": "t", "mode": "solo"}}},
        {"nodes": {"n": {"type": "t", "inputs": {"a": "b"}}}},
        {"nodes": {"n": {"type": "t", "frozen": {"a": "XYZ"}}}},
        {"subgraphs": {"s": {"inputs": {"a": 1}}}},
        {"form": [{"node": "a"}]},
        {"presets": {"t": {"p": 1}}},
        {"lock": {"seeds": {"a": 1.5}}},
        {"ui": {"nodes": {"a": [1]}}},
        {"ui": {"frames": {"f": {}}}},
        {"ui": {"view": {"zoom": 0}}},
    ],
)
def test_schema_and_reader_refuse_the_same(part: dict) -> None:
    document = {"nawgraph": 1} | part
    assert not VALIDATOR.is_valid(document)
    with pytest.raises(FormatError):
        loads(json.dumps(document))
