"""What may be wired to what."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nawgraph import types
from nawgraph.types import ANY, Type, accepts, of_annotation, parse, substitute
from nawgraph.values import Audio, CodecRef, ModelRef, Score

T = TypeVar("T")
names = st.sampled_from(["int", "float", "bool", "str", "Audio", "Score", "any", "T"])
kinds = st.recursive(st.builds(Type, names), lambda inner: st.builds(lambda i: Type("list", i), inner), max_leaves=4)


@given(kinds)
def test_a_type_is_written_as_it_is_read(kind: Type):
    assert parse(str(kind)) == kind


@pytest.mark.parametrize("text", ["", "list[", "a b", "list[]", "Audio]", "1x", "x" * 100, "list[list[]]"])
def test_what_is_no_type_is_refused_in_a_sentence(text: str):
    with pytest.raises(ValueError, match="is not a port type"):
        parse(text)


@pytest.mark.parametrize(
    ("annotation", "text", "optional"),
    [
        (int, "int", False),
        (Audio, "Audio", False),
        (Audio | None, "Audio", True),
        (list[Audio], "list[Audio]", False),
        (list[list[float]], "list[list[float]]", False),
        (Annotated[float, "hint"], "float", False),
        (Annotated[Score | None, "hint"], "Score", True),
        (Any, "any", False),
        (T, "T", False),
        (list[T], "list[T]", False),
    ],
)
def test_annotations_of_python_are_port_types(annotation: Any, text: str, optional: bool):
    assert of_annotation(annotation) == (parse(text), optional)


@pytest.mark.parametrize("annotation", [dict, dict[str, int], int | str, int | str | None, bytes, complex, object])
def test_what_no_wire_carries_is_refused(annotation: Any):
    with pytest.raises(TypeError):
        of_annotation(annotation)


@pytest.mark.parametrize(
    ("target", "source", "fits"),
    [
        ("float", "float", True),
        ("float", "int", True),
        ("int", "float", False),
        ("float", "bool", False),
        ("int", "bool", False),
        ("str", "int", False),
        ("Audio", "Score", False),
        ("ModelRef", "CodecRef", True),
        ("CodecRef", "ModelRef", False),
        ("list[float]", "list[int]", True),
        ("list[Audio]", "Audio", False),
        ("Audio", "list[Audio]", False),
        ("any", "list[Audio]", True),
        ("Audio", "any", True),
        ("list[any]", "list[Score]", True),
        ("T", "Score", True),
        ("Unknown", "Unknown", True),
        ("Unknown", "Other", False),
    ],
)
def test_accepts(target: str, source: str, fits: bool):
    assert accepts(parse(target), parse(source)) is fits
    assert issubclass(CodecRef, ModelRef)


def test_a_variable_stands_for_one_type_throughout_a_node():
    bound: dict[str, Type] = {}
    assert accepts(parse("T"), parse("Audio"), bound) and accepts(parse("list[T]"), parse("list[Audio]"), bound)
    assert not accepts(parse("T"), parse("Score"), bound)
    assert bound == {"T": parse("Audio")}


def test_a_variable_takes_int_and_float_in_either_order():
    for first, second in (("int", "float"), ("float", "int")):
        bound: dict[str, Type] = {}
        assert accepts(parse("T"), parse(first), bound) and accepts(parse("T"), parse(second), bound)


def test_substitute_puts_in_what_was_bound():
    assert substitute(parse("list[T]"), {"T": parse("Audio")}) == parse("list[Audio]")
    assert substitute(parse("T"), {}) == ANY and substitute(parse("float"), {"T": ANY}) == parse("float")


@given(kinds)
def test_every_type_fits_itself_and_any(kind: Type):
    assert accepts(kind, kind) and accepts(types.ANY, kind) and accepts(kind, types.ANY)
