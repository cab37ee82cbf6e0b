"""Random graphs and random edits: the executor agrees with a direct evaluation, and never runs more than is dirty."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from lab import Lab, n, swapped

from nawgraph.graph import Graph

KINDS = ("t.add", "t.mul", "t.sign", "t.total")
numbers = st.integers(-3, 3).map(float)


def wired(kind: str, first: str, second: str, number: float) -> Any:
    """A node of a kind that reads one or two others."""
    if kind == "t.sign":
        return n(kind, x=f"@{first}.value")
    if kind == "t.total":
        return n(kind, xs=[f"@{first}.value", f"@{second}.value"])
    return n(kind, a=f"@{first}.value", b=number if first == second else f"@{second}.value")


def evaluate(document: Graph) -> dict[str, float]:
    """The values of all nodes, worked out without the engine. Ids are in topological order."""
    values: dict[str, float] = {}
    for id in sorted(document.nodes):
        node = document.nodes[id]
        if node.type == "t.num":
            values[id] = node.knobs["value"]
            continue
        given = [values[source.partition(".")[0]] for port, source in sorted(node.wires())]
        a, b = given[0], given[1] if len(given) > 1 else node.knobs.get("b", 0.0)
        values[id] = {"t.add": a + b, "t.mul": a * b, "t.sign": float((a > 0) - (a < 0)), "t.total": a + b}[node.type]
    return values


def dirty(document: Graph, changed: set[str]) -> set[str]:
    """The changed nodes and everything below them."""
    found = set(changed)
    for id in sorted(document.nodes):
        if document.nodes[id].sources & found:
            found.add(id)
    return found


class Editing(RuleBasedStateMachine):
    """A user who edits a graph and looks at the results in between."""

    @initialize(data=st.data(), count=st.integers(2, 12))
    def begin(self, data: st.DataObject, count: int) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.lab = Lab(Path(self.folder.name), ram_bytes=2000)
        self.document = Graph()
        self.changed: set[str] = set()
        for _ in range(count):
            self._add(data)

    def _add(self, data: st.DataObject) -> None:
        self._put(f"n{len(self.document.nodes):03}", data)

    def _put(self, id: str, data: st.DataObject) -> None:
        before = sorted(i for i in self.document.nodes if i < id)
        if not before or data.draw(st.integers(0, 3)) == 0:
            new = n("t.num", value=data.draw(numbers))
        else:
            pick = st.sampled_from(before)
            new = wired(data.draw(st.sampled_from(KINDS)), data.draw(pick), data.draw(pick), data.draw(numbers))
        self.document = swapped(self.document, id, new)
        self.changed.add(id)

    @rule(data=st.data())
    @precondition(lambda self: len(self.document.nodes) < 20)
    def add(self, data: st.DataObject) -> None:
        self._add(data)

    @rule(data=st.data())
    def rewire(self, data: st.DataObject) -> None:
        self._put(data.draw(st.sampled_from(sorted(self.document.nodes))), data)

    @rule()
    def restart(self) -> None:
        self.lab.restart()

    @rule()
    def run_twice(self) -> None:
        """Running twice runs nothing the second time."""
        self.lab.run(self.document, *self.document.nodes)
        self.changed = set()
        self.lab.run(self.document, *self.document.nodes)
        assert not self.lab.calls

    @rule()
    def evict(self) -> None:
        self.lab.run(self.document, *self.document.nodes)
        self.changed = set(self.document.nodes)
        self.lab.lose_values()

    @invariant()
    def agrees(self) -> None:
        result = self.lab.run(self.document, *self.document.nodes)
        assert {id: result[f"{id}.value"] for id in self.document.nodes} == evaluate(self.document)
        assert sum(self.lab.calls.values()) <= len(dirty(self.document, self.changed))
        self.changed = set()

    def teardown(self) -> None:
        self.lab.close()
        self.folder.cleanup()


TestEditing = Editing.TestCase
TestEditing.settings = settings(max_examples=20, stateful_step_count=10, deadline=None)
