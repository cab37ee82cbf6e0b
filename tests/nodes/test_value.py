"""Constants, lists and text: small nodes, called as the functions that they are."""

from __future__ import annotations

import pytest
from lab import Lab, graph, n, turned

from nawgraph.nodes import value


@pytest.mark.parametrize(
    ("kind", "given", "made"),
    [
        ("float", 2, 2.0),
        ("int", 3.0, 3),
        ("text", "é 🎵", "é 🎵"),
        ("bool", True, True),
        ("seed", 2**63 - 1, 2**63 - 1),
    ],
)
def test_a_constant_gives_its_knob(lab: Lab, kind: str, given: object, made: object):
    result = lab.run(graph(x=n(f"value.{kind}", value=given)))
    assert result["x"] == made and type(result["x"]) is type(made)


def test_constants_share_their_number_with_several_knobs(lab: Lab):
    document = graph(s=n("value.seed", value=5), a=n("list.seeds", seed="@s.value"), b=n("list.seeds", seed="@s.value"))
    result = lab.run(document)
    assert result["a"] == result["b"] != lab.run(turned(document, "s", value=6))["a"]


def test_they_are_plain_functions():
    assert value.float_(value=1.5) == 1.5 and value.bool_() is False
