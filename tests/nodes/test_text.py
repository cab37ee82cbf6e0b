"""Text: joined, filled in, taken apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nawgraph.nodes import text


def test_joining_leaves_out_what_is_empty():
    assert text.join(["a", "", "b"]) == "a, b" and text.join([], separator="-") == ""


def test_filling_in():
    assert text.fill(template="{a}, {b} bpm {x}", a="house", b="120") == "house, 120 bpm {x}"


def test_what_is_filled_in_is_not_read_as_a_template():
    assert text.fill(template="{a}{b}", a="{b}", b="x") == "{b}x"


def test_replacing():
    assert text.replace(text="aXbX", find="X", put="-") == "a-b-" and text.replace(text="ab", find="", put="-") == "ab"


@pytest.mark.parametrize(
    ("value", "digits", "shown"),
    [
        (84.0, 2, "84"),
        (0.125, 2, "0.12"),
        (1.5, 3, "1.5"),
        (100.0, 0, "100"),
        (-0.5, 1, "-0.5"),
        (-0.0, 2, "0"),
        (-0.001, 2, "0"),
    ],
)
def test_numbers_as_people_write_them(value: float, digits: int, shown: str):
    assert text.number(value=value, digits=digits) == shown


@given(st.integers(-(10**9), 10**9), st.integers(0, 12))
def test_whole_numbers_stay_whole(value: int, digits: int):
    assert text.number(value=float(value), digits=digits) == str(value)


def test_lines():
    assert text.lines(text=" a \n\n b\r\nc ") == ["a", "b", "c"] and text.lines(text="") == []


@given(st.text(max_size=20))
def test_length_counts_characters(x: str):
    assert text.length(text=x) == len(x)
