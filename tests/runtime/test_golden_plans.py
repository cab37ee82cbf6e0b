"""Documents of every released format give the plan that was recorded for them (`tests/golden/plans.json`)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from nawgraph import files
from nawgraph.library import standard
from nawgraph.runtime.plan import Constant, Plan

GOLDEN = Path(__file__).parents[1] / "golden"
PLANS = json.loads((GOLDEN / "plans.json").read_text(encoding="utf-8"))


def plan_of(name: str) -> dict[str, Any]:
    """Step → type, kind, knobs with their defaults, where each input comes from; in the order of the plan.

    Not the version of the type: an old node is brought to the one that is installed.
    """
    library = standard()
    graph, _ = files.upgrade_nodes(files.load(GOLDEN / name), library)
    plan = Plan(graph, library)
    todo, made = sorted(graph.nodes), {}
    for step in plan.demand(todo):
        sources = {
            port: [s.value if isinstance(s, Constant) else ".".join(map(str, s)) for s in found]
            for port, found in sorted(step.inputs.items())
        }
        made[step.id] = [step.spec.id, step.kind, dict(sorted(step.knobs.items())), sources]
    return json.loads(json.dumps(made, default=str))


@pytest.mark.parametrize("name", sorted(PLANS))
def test_golden_documents_give_the_recorded_plan(name: str) -> None:
    found = plan_of(name)
    assert list(found) == list(PLANS[name])
    assert found == PLANS[name]


def test_every_format_is_among_them() -> None:
    formats = {json.loads((GOLDEN / name).read_text(encoding="utf-8")).get("nawgraph", 0) for name in PLANS}
    assert formats == set(range(files.upgrade.VERSION + 1))
