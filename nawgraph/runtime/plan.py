"""From a document to steps: subgraphs opened, bypasses bridged, only what the targets need, in order.

Planning is staged. A plan begins with the steps that the targets surely need; `demand` adds those that turn
out to be needed while it runs: the branch that a `switch` chose, the inputs that a lazy node asked for, the
items of a `map` once its list is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from nawgraph.graph import INSIDE, Graph, Library, Link, Node, Subgraph, definition_of
from nawgraph.interface import Interfaces, pass_through, settings
from nawgraph.nesting import used
from nawgraph.node import NodeSpec
from nawgraph.runtime.collector import collector_paused
from nawgraph.values import Digest
from nawgraph.values.core import digest_bytes

LATER = object()


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that is known without running anything: an item of a list that is mapped over.

    Attributes:
        value: the value, or `LATER`: to be fetched by its digest when it is needed (a large item).
    """

    value: Any
    digest: Digest


Source = tuple[str, int] | Constant
"""Where an input comes from: (step id, output index), or a constant."""


NONE: frozenset[str] = frozenset()


class Step:
    """One node to be run: an instance after subgraphs and maps are opened.

    Attributes:
        id: ``node``, ``subgraph/node`` or ``map[3]/node``.
        node: the node of the document.
        spec: its type.
        inputs: port or knob → sources.
        several: ports whose wires make a list, even if there is only one.
        knobs: name → value for the knobs that no wire feeds, coerced, defaults filled in.
        knob_digests: their digests, in order of the type's knobs; of a wired one there is the default's.
        order: position in the plan, which settles every tie.
        waits: how many of the steps that it waits for are not known yet (the schedule's).
        first: the sources that must be known before anything can be said of it.
        chosen: whether it has said which of its lazy inputs it needs.
        kind: "call" an ordinary node, "forward" a switch, "map", "collect", "frozen" or "missing".
    """

    __slots__ = (
        "chosen", "first", "id", "inputs", "kind", "knob_digests", "knobs", "node", "order", "several", "spec", "waits",
    )  # fmt: skip

    def __init__(self, id: str, node: Node, spec: NodeSpec, kind: str) -> None:
        self.id = id
        self.node = node
        self.spec = spec
        self.kind = kind
        self.inputs: dict[str, tuple[Source, ...]] = {}
        self.knobs: Mapping[str, Any] = {}
        self.knob_digests: tuple[Digest, ...] = ()
        self.order = -1
        self.waits = 0
        self.chosen = False
        self.first: Sequence[Source] = ()
        self.several: frozenset[str] = NONE

    def eager(self) -> Sequence[Source]:
        """Sources that must be known before anything can be said of this step."""
        lazy = self.spec.lazy
        if len(self.inputs) == 1 and not lazy:
            return next(iter(self.inputs.values()))
        return [s for name, sources in self.inputs.items() if name not in lazy for s in sources]

    def without_value(self) -> str:
        """Name of an input that must have a value and has none (its source is muted), or ""."""
        return next((name for name in self.spec.required if name not in self.inputs), "")


Feed = tuple[tuple[str, str], ...] | Constant
"""Wires as (prefix of the scope they are written in, ``node.output``), or a constant."""


class _Scope:
    """An opened set of nodes: the document's own, or a subgraph's for one instance."""

    __slots__ = ("bound", "definition", "knobs", "nodes")

    def __init__(self, nodes: Mapping[str, Node]) -> None:
        self.nodes = nodes
        self.definition: Subgraph | None = None
        self.bound: dict[str, Feed] = {}
        """input → what feeds it from outside."""
        self.knobs: dict[tuple[str, str], Feed | _Value] = {}
        """(inner node, inner knob) → what the instance puts there."""


@dataclass(frozen=True, slots=True)
class _Value:
    value: Any


class Plan:
    """The steps that some targets of a document need.

    Attributes:
        nodes: the document's own, in order of id.
        steps: in order of execution.
    """

    def __init__(self, graph: Graph, library: Library) -> None:
        self.graph = graph
        self.nodes = dict(sorted(graph.nodes.items()))
        self.interfaces = Interfaces(graph, library)
        self.steps: dict[str, Step] = {}
        self._scopes: dict[str, _Scope] = {"": _Scope(self.nodes)}
        self._writers: dict[str, bool] = {}

    # ------------------------------------------------------------------------------ demand

    @collector_paused()
    def demand(self, ids: Iterable[str]) -> list[Step]:
        """Add the steps `ids` and all they surely need; return the new ones in order.

        `ids` are step ids. The order is the same in every process: what a step needs comes before it, and one branch
        after the other, so that few results are waiting for their readers at a time.
        """
        opened: dict[str, Step] = {}
        added: list[Step] = []
        todo = list(ids)[::-1]
        while todo:
            id = todo[-1]
            step = opened.get(id)
            if id in self.steps:
                todo.pop()
            elif step is None:
                step = opened[id] = self._step(id)
                step.first = step.eager()
                todo += [s[0] for s in reversed(step.first) if not isinstance(s, Constant) and s[0] not in self.steps]
            else:
                todo.pop()
                step.order = len(self.steps)
                self.steps[id] = step
                added.append(step)
        return added

    def targets(self) -> list[str]:
        """The nodes to make if none are named: all sinks, else those that no other reads."""
        sinks, active, read = [], [], set()
        for id, node in self.nodes.items():  # once: a large document's nodes are far apart in memory
            if self.writes(node):
                sinks.append(id)
            if node.mode != "mute":
                active.append(id)
                read.update([feeder for _, feeder, _, _ in node.links])
        return sinks or [id for id in active if id not in read]

    def targets_of(self, node: str) -> list[str]:
        """The steps that give the outputs of a document's node: itself, or what a subgraph or bypass stands for."""
        found = self.nodes[node]
        if found.mode == "mute":
            return []
        spec = self.interfaces.of(found)
        wires = self.resolve("", [f"{node}.{port.name}" for port in spec.outputs]) if spec else ()
        makers = [s[0] for s in wires if not isinstance(s, Constant)]
        instance = definition_of(found.type)
        if instance and instance[0] == "subgraph" and instance[1] in self.graph.subgraphs and not found.mode:
            return self.sinks_in(self._open("", node, found, instance[1])) + makers
        return makers or ([] if found.mode == "bypass" else [node])

    # ----------------------------------------------------------------------------- resolve

    def _plainly(self, scope: _Scope, prefix: str, link: Link) -> tuple[Source, ...]:
        """What `resolve` gives for a single wire from an ordinary node, which most are; () for any other."""
        _, id, output, several = link
        feeder = scope.nodes.get(id)
        if several or feeder is None or feeder.mode or definition_of(feeder.type) is not None:
            return ()
        return (self._output(prefix + id, feeder, output),)

    def resolve(self, prefix: str, wires: Sequence[str]) -> tuple[Source, ...]:
        """Follow wires through subgraph borders, bypasses and decided switches to the steps that make the values.

        Muted nodes and unwired optional inputs give nothing. Iterative, since a document may bypass 10,000 in a row.
        """
        return self._follow([(prefix, wire) for wire in wires])

    def _follow(self, wires: Sequence[tuple[str, str]]) -> tuple[Source, ...]:
        found: list[Source] = []
        todo = list(reversed(wires))
        while todo:
            prefix, wire = todo.pop()
            id, _, output = wire.partition(".")
            scope = self._scopes[prefix]
            if id == INSIDE and scope.definition is not None:
                bound = scope.bound.get(output, ())
                if isinstance(bound, Constant):
                    found.append(bound)
                else:
                    todo += reversed(bound)
                continue
            node = scope.nodes.get(id)
            if node is None or node.mode == "mute":
                continue
            through = self._through(prefix, id, node, output)
            if through is None:
                found.append(self._output(prefix + id, node, output))
            else:
                todo += reversed(through)
        return tuple(found)

    def _output(self, id: str, node: Node, output: str) -> Source:
        spec = self.interfaces.of(node)
        return id, spec.output_index(output) if spec else 0

    def _through(self, prefix: str, id: str, node: Node, output: str) -> list[tuple[str, str]] | None:
        """Where an output really comes from if this node only passes it on, else None."""
        if node.mode == "freeze":
            return None
        if node.mode == "bypass":
            spec = self.interfaces.of(node)
            port = pass_through(spec, node, output) if spec else None
            wires = [(prefix, wire) for wire in _wires(node, port)] if port else []
            wanted = spec.output(output) if spec else None
            return wires if wanted and wanted.type.is_list else wires[:1]
        instance = definition_of(node.type)
        if instance and instance[0] == "subgraph" and instance[1] in self.graph.subgraphs:
            inner = self._open(prefix, id, node, instance[1])
            source = self.graph.subgraphs[instance[1]].outputs.get(output)
            return [(inner, source)] if source else []
        return None

    # ------------------------------------------------------------------------------ scopes

    def _open(self, prefix: str, id: str, node: Node, name: str, owner: str = "") -> str:
        """Open a subgraph for one instance; its prefix. `owner` is the map's id if `id` is that of one of its items."""
        inner = f"{prefix}{id}/"
        if inner not in self._scopes:
            definition = self.graph.subgraphs[name]
            scope = self._scopes[inner] = _Scope(definition.nodes)
            scope.definition = definition
            outside = self._scopes[prefix].knobs
            for port in definition.inputs:
                scope.bound[port] = tuple((prefix, wire) for wire in _wires(node, port))
            for knob, target in definition.knobs.items():
                from_above = outside.get((owner or id, knob))
                if from_above is not None:
                    scope.knobs[_pair(target)] = from_above
                elif knob in node.inputs:
                    scope.knobs[_pair(target)] = tuple((prefix, wire) for wire in _wires(node, knob))
                elif knob in node.knobs:
                    scope.knobs[_pair(target)] = _Value(node.knobs[knob])
        return inner

    def open_items(self, step: Step, items: Mapping[str, Sequence[Constant]]) -> list[Step]:
        """Open a map node's subgraph once an item; the new steps, and `step` then collects their outputs.

        Raises:
            ValueError: the lists differ in length.
        """
        lengths = {name: len(values) for name, values in sorted(items.items())}
        if len(set(lengths.values())) != 1:
            shown = ", ".join(f"{name} has {count}" for name, count in lengths.items()) or "none has a value"
            raise ValueError(f"the lists to map over must have one length, but {shown}")
        name = step.node.type.partition(".")[2]
        definition = self.graph.subgraphs[name]
        prefix, slash, id = step.id.rpartition("/")
        prefix += slash
        collected: dict[str, list[Source]] = {output: [] for output in sorted(definition.outputs)}
        sinks: list[str] = []
        for index in range(next(iter(lengths.values()))):
            inner = self._open(prefix, f"{id}[{index}]", step.node, name, owner=id)
            scope = self._scopes[inner]
            for over, values in items.items():
                if over in definition.inputs:
                    scope.bound[over] = values[index]
                else:
                    scope.knobs[_pair(definition.knobs[over])] = values[index]
            for output, sources in collected.items():
                sources += self.resolve(inner, [definition.outputs[output]])
            sinks += self.sinks_in(inner)
        step.inputs = {output: tuple(sources) for output, sources in collected.items()}
        if sinks:
            step.inputs[""] = tuple((sink, 0) for sink in sinks)
        step.kind = "collect"
        return self.demand(s[0] for s in step.eager() if not isinstance(s, Constant))

    def sinks_in(self, prefix: str) -> list[str]:
        """Step ids of the sinks in an opened scope and in the instances inside it, in order."""
        found: list[str] = []
        todo = [prefix]
        while todo:
            prefix = todo.pop()
            deeper: list[str] = []
            for id, node in sorted(self._scopes[prefix].nodes.items()):
                instance = definition_of(node.type)
                if node.mode or (instance and instance[1] not in self.graph.subgraphs):
                    continue
                if instance and instance[0] == "subgraph":
                    deeper.append(self._open(prefix, id, node, instance[1]))
                elif self.writes(node):
                    found.append(prefix + id)
            todo += reversed(deeper)
        return found

    def writes(self, node: Node) -> bool:
        """Whether a node is an exporter, or an instance of a subgraph that holds one somewhere."""
        if node.mode in ("mute", "bypass"):
            return False
        known = self._writers.get(node.type)
        if known is None:
            known = self._writers[node.type] = self._is_writer(node)
        return known

    def _is_writer(self, node: Node) -> bool:
        """The same of an active node; all of a type are alike."""
        instance = definition_of(node.type)
        if instance is None:
            spec = self.interfaces.of(node)
            return spec is not None and spec.is_sink
        return any(
            self.writes(inner)
            for name in sorted(used(self.graph.subgraphs, [instance[1]]))
            for inner in self.graph.subgraphs[name].nodes.values()
            if definition_of(inner.type) is None
        )

    # ------------------------------------------------------------------------------- steps

    def _step(self, id: str) -> Step:
        prefix, slash, name = id.rpartition("/")
        prefix += slash
        scope = self._scopes.get(prefix) or self._open_path(prefix)
        node = scope.nodes[name]
        spec = self.interfaces.of(node)
        if spec is None:
            return Step(id, node, NodeSpec(node.type), "missing")
        instance = definition_of(node.type)
        kind = "map" if instance else "forward" if spec.forwards else "call"
        if node.mode == "freeze":
            return Step(id, node, spec, "frozen")
        step = Step(id, node, spec, kind)
        if scope.knobs:
            node = self._with_outer_knobs(step, scope, name, node)
        done = ""
        for link in sorted(node.links) if len(node.links) > 1 else node.links:
            port, _, _, several = link
            if port == done:
                continue  # one of a list, which was resolved along with its first
            done = port
            sources = self._plainly(scope, prefix, link) or self.resolve(prefix, _wires(node, port))
            if sources:
                step.inputs[port] = sources
                if several or len(sources) > 1:
                    step.several |= {port}
        _, step.knobs, step.knob_digests = settings(node, spec)
        return step

    def _open_path(self, prefix: str) -> _Scope:
        """Open the instances along ``a/b/`` that no wire has led through yet (a sink inside a subgraph)."""
        outer = ""
        for name in prefix.split("/")[:-1]:
            node = self._scopes[outer].nodes[name]
            instance = definition_of(node.type)
            assert instance is not None
            outer = self._open(outer, name, node, instance[1])
        return self._scopes[outer]

    def _with_outer_knobs(self, step: Step, scope: _Scope, name: str, node: Node) -> Node:
        """The node with what its subgraph's instance puts into promoted knobs."""
        for (inner, knob), outer in scope.knobs.items():
            if inner != name:
                continue
            if isinstance(outer, _Value):
                node = replace(node, knobs=node.knobs.set(knob, outer.value))
            elif isinstance(outer, Constant):
                step.inputs[knob] = (outer,)
            else:
                step.inputs[knob] = self._follow(outer)
        return node


def _pair(target: str) -> tuple[str, str]:
    id, _, knob = target.partition(".")
    return id, knob


def _wires(node: Node, port: str) -> tuple[str, ...]:
    wire = node.inputs.get(port, ())
    return (wire,) if isinstance(wire, str) else wire


def list_digest(items: Sequence[Digest]) -> Digest:
    """Digest of a list from those of its items, the same as that of the tuple itself."""
    return digest_bytes(b"list", *items)
