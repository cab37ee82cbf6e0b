"""Arithmetic: right, finite, and clear about what has no result."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lab import Lab, graph, n

from nawgraph.nodes import math as nodes

numbers = st.floats(allow_nan=False, allow_infinity=False)
TWO = [nodes.add, nodes.sub, nodes.mul, nodes.div, nodes.pow_, nodes.min_, nodes.max_, nodes.mod]


@pytest.mark.parametrize(
    ("node", "a", "b", "result"),
    [
        (nodes.add, 2, 3, 5),
        (nodes.sub, 2, 3, -1),
        (nodes.mul, 2, 3, 6),
        (nodes.div, 3, 2, 1.5),
        (nodes.min_, 2, 3, 2),
        (nodes.pow_, 2, 10, 1024),
        (nodes.pow_, 4, 0.5, 2),
        (nodes.max_, 2, 3, 3),
        (nodes.mod, 7, 3, 1),
        (nodes.mod, -1, 3, 2),
    ],
)
def test_results(node: Callable[..., float], a: float, b: float, result: float):
    assert node(a=a, b=b) == result


@pytest.mark.parametrize(
    ("node", "a", "b"),
    [
        (nodes.div, 1, 0), (nodes.mod, 1, 0), (nodes.pow_, 0, -1), (nodes.pow_, -8, 1 / 3), (nodes.pow_, 10, 400),
        (nodes.mul, 1e200, 1e200), (nodes.add, 1.7e308, 1.7e308), (nodes.div, 1e300, 1e-300),
    ],
)  # fmt: skip
def test_what_has_no_result_is_a_sentence(node: Callable[..., float], a: float, b: float):
    with pytest.raises(ValueError, match=r"result|exist|real number"):
        node(a=a, b=b)


@pytest.mark.parametrize("node", TWO)
@given(a=numbers, b=numbers)
def test_a_finite_number_or_a_sentence(node: Callable[..., float], a: float, b: float):
    try:
        assert math.isfinite(node(a=a, b=b))
    except ValueError as error:
        assert str(error)


@given(st.floats(-1e15, 1e15))
def test_rounding_gives_a_whole_number(a: float):
    assert abs(nodes.round_(a=a) - a) <= 0.5 and type(nodes.round_(a=a)) is int


def test_halves_round_to_even():
    assert [nodes.round_(a=x) for x in (0.5, 1.5, 2.5, -0.5)] == [0, 2, 2, 0]


@given(st.floats(-100, 100), st.floats(-100, 100), st.floats(-10, 10), st.floats(-10, 10))
def test_scaling_carries_ends_to_ends(low: float, high: float, to_low: float, to_high: float):
    if abs(high - low) < 1e-3:
        return
    assert nodes.scale(a=low, low=low, high=high, to_low=to_low, to_high=to_high) == to_low
    assert nodes.scale(a=high, low=low, high=high, to_low=to_low, to_high=to_high) == pytest.approx(to_high, abs=1e-9)


def test_an_empty_range_is_a_sentence():
    with pytest.raises(ValueError, match="no range"):
        nodes.scale(a=1, low=2, high=2)


def test_an_octave_doubles():
    assert [nodes.semitones(a=x) for x in (0, 12, -12, 24)] == [1, 2, 0.5, 4]


def test_a_number_too_large_to_round_is_a_sentence(lab: Lab):
    result = lab.run(graph(x=n("math.round", a=1e300)))
    assert result.status == "failed" and "Traceback" not in (result.nodes["x"].error or "")
