"""Documents of every released format and of every version of every node type give the plan that was recorded
for them (`tests/golden/plans.json`)."""

from __future__ import annotations

import json

import pytest
from golden import GOLDEN, PLANS, missing, plan_of

from nawgraph import files


@pytest.mark.parametrize("name", sorted(PLANS))
def test_golden_documents_give_the_recorded_plan(name: str) -> None:
    found = plan_of(name)
    assert list(found) == list(PLANS[name])
    for id, (type, kind, knobs, sources) in PLANS[name].items():
        found_type, found_kind, found_knobs, found_sources = found[id]
        assert (found_type, found_kind, found_sources) == (type, kind, sources)
        # a knob that came later is not in the record: it has its default, which that node's own tests are about
        assert {knob: found_knobs.get(knob) for knob in knobs} == knobs


def test_every_format_is_among_them() -> None:
    formats = {json.loads((GOLDEN / name).read_text(encoding="utf-8")).get("nawgraph", 0) for name in PLANS}
    assert formats == set(range(files.upgrade.VERSION + 1))


def test_every_version_of_every_node_type_is_among_them() -> None:
    assert [(spec.id, version) for spec, version in missing()] == [], "run: python tests/runtime/golden.py"
