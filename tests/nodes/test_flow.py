"""The switches' own rules; what they do in a run is tested with the executor."""

from __future__ import annotations

import pytest

from nawgraph.library import standard
from nawgraph.nodes import flow


def test_called_as_functions_they_choose():
    assert flow.switch(["a", "b"], index=1) == "b"
    assert flow.if_(1, 2, condition=True) == 1 and flow.if_(1, 2, condition=False) == 2


@pytest.mark.parametrize("index", [2, 100])
def test_an_index_beyond_the_wires_is_a_sentence(index: int):
    spec = standard().get("switch")
    assert spec is not None and spec.forwards is not None
    assert spec.forwards({"index": 1, "items": 2}) == ("items", 1)
    with pytest.raises(ValueError, match=f"index is {index}, but there are 2 wires"):
        spec.forwards({"index": index, "items": 2})
    with pytest.raises(ValueError, match="there are 0 wires"):
        spec.forwards({"index": 0})


def test_their_branches_are_lazy():
    for name in ("switch", "switch.if"):
        spec = standard().get(name)
        assert spec is not None and all(p.lazy for p in spec.inputs) and spec.outputs[0].name == "value"
