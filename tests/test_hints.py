"""Knobs: what is taken, what is converted, what is refused, and in which words."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nawgraph.hints import SEED_LIMIT, Choice, File, KnobError, Range, Seed, Text, coerce
from nawgraph.types import parse
from nawgraph.values import digest


def take(value: Any, kind: str, hint: Any = None) -> Any:
    return coerce(value, parse(kind), hint, "knob")


@pytest.mark.parametrize(
    ("value", "kind", "made"),
    [
        (1, "float", 1.0),
        (2.0, "int", 2),
        (True, "bool", True),
        ("x", "str", "x"),
        (-0.0, "float", -0.0),
        (2**53, "float", 2.0**53),
    ],
)
def test_numbers_become_the_type_that_is_declared(value: Any, kind: str, made: Any):
    result = take(value, kind)
    assert result == made and type(result) is type(made)


@pytest.mark.parametrize(
    ("value", "kind", "words"),
    [
        (True, "int", "a whole number"),
        (True, "float", "a number"),
        (1, "bool", "true or false"),
        (1.5, "int", "a whole number"),
        ("1", "float", "a number"),
        (1, "str", "text"),
        (None, "float", "a number"),
        ({}, "str", "text"),
        ([1.0], "float", "a number"),
        (math.nan, "float", "finite"),
        (math.inf, "float", "finite"),
        (-math.inf, "int", "finite"),
        (10**400, "float", "too large"),
        (2**63, "int", "too large"),
        (1e300, "int", "too large"),
        (1.0, "list[float]", "a list"),
        (["a"], "list[float]", "knob[0] wants a number"),
        ("\ud800", "str", "character"),
        (1.0, "Audio", "wire it"),
    ],
)
def test_everything_else_is_refused_in_a_sentence_that_names_the_knob(value: Any, kind: str, words: str):
    with pytest.raises(KnobError) as refusal:
        take(value, kind)
    assert words in str(refusal.value) and str(refusal.value).startswith("knob")


@pytest.mark.parametrize(
    ("value", "kind", "hint", "words"),
    [
        (25.0, "float", Range(-60, 24, unit="dB"), "between -60 and 24 dB, got 25"),
        (-1, "int", Seed(), "seed between 0"),
        ("flat", "str", Choice("sine", "noise"), "one of sine, noise"),
        ("x" * 11, "str", Text(limit=10), "at most 10 characters"),
        ([0.0, 9.0], "list[float]", Range(0, 1), "knob[1] must be between 0 and 1"),
    ],
)
def test_hints_are_checked(value: Any, kind: str, hint: Any, words: str):
    with pytest.raises(KnobError) as refusal:
        take(value, kind, hint)
    assert words in str(refusal.value)


def test_the_ends_of_a_range_belong_to_it():
    assert take(-60, "float", Range(-60, 24)) == -60.0 and take(24, "float", Range(-60, 24)) == 24.0
    assert take(SEED_LIMIT, "int", Seed()) == SEED_LIMIT


def test_a_long_value_is_cut_in_the_message():
    with pytest.raises(KnobError) as refusal:
        take("x" * 10_000, "float")
    assert len(str(refusal.value)) < 150


def test_a_list_becomes_a_tuple_of_the_declared_type():
    made = take([1, 2.5], "list[float]")
    assert made == (1.0, 2.5) and all(type(x) is float for x in made)
    assert take([[1], [2]], "list[list[int]]") == ((1,), (2,))
    assert take("any/path.wav", "str", File(("wav",))) == "any/path.wav"


scalars = st.one_of(st.integers(), st.floats(), st.text(max_size=5), st.booleans(), st.none())


@given(st.recursive(scalars, st.lists, max_leaves=5), st.sampled_from(["int", "float", "bool", "str", "list[float]"]))
def test_whatever_comes_a_value_of_the_type_or_a_sentence(value: Any, kind: str):
    try:
        made = take(value, kind)
    except KnobError as refusal:
        assert "knob" in str(refusal)
        return
    assert take(made, kind) == made
    digest(made)


@given(st.integers(-(2**53), 2**53))
def test_an_omitted_type_never_changes_a_number(value: int):
    assert take(value, "float") == value and take(float(value), "int") == value
