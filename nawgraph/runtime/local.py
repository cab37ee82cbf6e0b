"""The runtime in this process: one cache, one pool of workers, one owner of models, any number of runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import TracebackType

from immutables import Map

from nawgraph.files import dumps
from nawgraph.graph import Graph, Library, Node, Problem, definition_of
from nawgraph.nesting import used
from nawgraph.problems import cycle
from nawgraph.runtime import events
from nawgraph.runtime.cache import Cache
from nawgraph.runtime.care import Care
from nawgraph.runtime.collector import collector_paused
from nawgraph.runtime.engines import Engine, LocalEngine
from nawgraph.runtime.executor import Run
from nawgraph.runtime.keys import FileDigests, Keys
from nawgraph.runtime.models import Residency
from nawgraph.runtime.plan import Constant, Plan
from nawgraph.runtime.result import NodeResult, Result
from nawgraph.values import Digest
from nawgraph.values.core import digest_bytes

RAM = 1 << 30
DISK = 20 << 30
MODELS = 4 << 30


class InvalidGraphError(ValueError):
    """A document whose targets cannot be made; `problems` says why."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("; ".join(str(p) for p in problems))


class Runtime:
    """Runs documents, keeps what they made.

    Args:
        library: node types.
        cache_dir: folder of the disk cache, None for memory only.
        ram_bytes, disk_bytes: budgets.
        device: "auto", "cpu" or "cuda", part of the keys of GPU nodes.
        embed: how much of the document exports carry: "full", "id" (its digest only) or "none".
        warn: called with sentences about the cache ("the cache folder is read-only …").
    """

    def __init__(
        self,
        library: Library,
        cache_dir: Path | None,
        *,
        ram_bytes: int = RAM,
        disk_bytes: int = DISK,
        device: str = "auto",
        embed: str = "full",
        engine: Engine | None = None,
        warn: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        self.library = library
        self.cache = Cache(cache_dir, ram_bytes=ram_bytes, disk_bytes=disk_bytes, warn=warn)
        self.engine = engine or LocalEngine()
        self.residency = Residency(MODELS, device=lambda: execution_class(self.device))
        self.device = device
        self.embed = embed
        self.files = FileDigests()
        self._current: Run | None = None
        self._cancelled = threading.Event()

    def __enter__(self) -> Runtime:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Write what is pending and let the workers go."""
        self.engine.close()
        self.cache.close()

    def run(
        self,
        graph: Graph,
        targets: Iterable[str] | None = None,
        *,
        out_dir: Path = Path("out"),
        base: Path = Path(),
        document: str = "",
        emit: Callable[[events.Event], None] = lambda event: None,
        care: Care | None = None,
    ) -> Result:
        """Make targets: the given nodes, else all sinks, else all leaves.

        Args:
            graph: the document.
            targets: ids of nodes.
            out_dir: where exporters write.
            base: folder of relative file knobs.
            document: name under which `explain` remembers this run.
            emit: called with every event, from any thread.
            care: precautions of a supervisor.

        Raises:
            InvalidGraphError: an error in what the targets need; nothing was run.
            KeyError: a target that does not exist.
        """
        start = time.perf_counter()
        self._cancelled.clear()
        plan = Plan(graph, self.library)
        names = _targets(plan, targets)
        self.check(graph, names, plan.nodes)
        steps = [step for name in names for step in plan.targets_of(name)]
        run = Run(
            plan,
            steps,
            cache=self.cache,
            engine=self.engine,
            keys=self.keys(base, out_dir),
            residency=self.residency,
            emit=emit,
            document=document,
            provenance=lambda node: _provenance(graph, node, self.embed),
            care=care,
        )
        self._current = run
        if self._cancelled.is_set():  # while it was planned
            run.cancel()
        try:
            status = run.run()
        finally:
            self._current = None
            self.cache.flush()
        nodes = _node_results(plan, run)
        return Result(
            status,
            time.perf_counter() - start,
            nodes,
            run.files,
            lambda: _outputs(plan, run, names),
            names,
            self.cache,
        )

    def cancel(self) -> None:
        """Cancel the current run, from any thread.

        A node that does not answer (no `ctx.check`, a long call into C) is left behind and keeps its thread until it
        ends; `Session` runs nodes in a process of their own, which it replaces.
        """
        self._cancelled.set()
        run = self._current
        if run is not None:
            run.cancel()

    def keys(self, base: Path, out_dir: Path) -> Keys:
        """The key maker for runs with these folders."""
        return Keys(base, out_dir, execution_class(self.device), self.files, self.embed)

    def targets(self, graph: Graph, wanted: Iterable[str] | None) -> list[str]:
        """Ids of the nodes to make.

        Raises:
            KeyError: one of them does not exist; the message suggests the nearest.
        """
        return _targets(Plan(graph, self.library), wanted)

    @collector_paused()
    def check(self, graph: Graph, targets: Iterable[str], nodes: dict[str, Node] | None = None) -> None:
        """Raise `InvalidGraphError` if the targets or what they need have errors. `nodes`: as for `problems.find`."""
        errors = [p for p in graph.problems(self.library, nodes) if p.severity == "error"]
        if not errors:
            return
        needed = ancestors(graph, targets)
        instances = (definition_of(graph.nodes[id].type) for id in needed)
        definitions = used(graph.subgraphs, [found[1] for found in instances if found])
        concerned = [p for p in errors if _place(p) in needed or _place(p) in definitions or p.node is p.field is None]
        circle = cycle(graph.nodes)  # a circle has no last node, so it is nobody's ancestor: it is wrong wherever it is
        concerned += [p for p in errors if circle and p.node == circle[0] and p not in concerned]
        if concerned:
            raise InvalidGraphError(concerned)


def _targets(plan: Plan, wanted: Iterable[str] | None) -> list[str]:
    if wanted is None:
        return plan.targets()
    names = list(dict.fromkeys(wanted))
    for name in names:
        plan.graph.node(name)
    return names


def _place(problem: Problem) -> str:
    """The node or definition that a problem lies in."""
    return (problem.node or problem.field or "").partition("/")[0]


def ancestors(graph: Graph, targets: Iterable[str]) -> set[str]:
    """The targets and everything they need, by id."""
    found: set[str] = set()
    todo = [t for t in targets if t in graph.nodes]
    while todo:
        id = todo.pop()
        if id not in found:
            found.add(id)
            todo += [s for s in graph.nodes[id].sources if s in graph.nodes]
    return found


def execution_class(device: str) -> str:
    """Device class, as far as it changes bits: "cpu" or "cuda"; "auto" is cuda where torch sees one."""
    if device == "cpu":
        return "cpu"
    try:
        import torch
    except ImportError:
        if device == "cuda":
            raise ValueError("--device cuda needs PyTorch: install nawgraph[neural]") from None
        return "cpu"
    if torch.cuda.is_available():
        return "cuda"
    if device == "cuda":
        raise ValueError("--device cuda: no CUDA device was found here; use --device cpu")
    return "cpu"


def _outputs(plan: Plan, run: Run, targets: list[str]) -> dict[str, Digest]:
    """``node.output`` → digest, for every known output of the document's own nodes."""
    known = run.schedule.outputs
    found: dict[str, Digest] = {}
    for id, node in plan.nodes.items():
        spec = plan.interfaces.of(node)
        for index, port in enumerate(spec.outputs if spec else ()):
            if id in known:
                found[f"{id}.{port.name}"] = known[id][index]
            elif id in targets:
                for source in plan.resolve("", [f"{id}.{port.name}"])[:1]:
                    if isinstance(source, Constant):
                        found[f"{id}.{port.name}"] = source.digest
                    elif source[0] in known:
                        found[f"{id}.{port.name}"] = known[source[0]][source[1]]
    return found


def _provenance(graph: Graph, node: str, embed: str) -> str:
    """What an exporter embeds: the document, a document with nothing but its digest, or nothing."""
    if embed == "none":
        return ""
    from nawgraph.files import canonical_for_embedding

    text = canonical_for_embedding(graph, [node.partition("/")[0].partition("[")[0]])
    return text if embed == "full" else dumps(Graph(meta=Map({"id": digest_bytes(text.encode()).hex()})))


def _node_results(plan: Plan, run: Run) -> dict[str, NodeResult]:
    """State of every step, and of the document's nodes that are no steps themselves (subgraphs, unneeded ones)."""
    made: dict[str, NodeResult] = {}
    inside: dict[str, list[NodeResult]] = {}
    for id in plan.steps:
        event = run.states.get(id)
        state = event.state if event else "cancelled" if run._cancelled.is_set() else "skipped"
        result = NodeResult(
            state,
            event.seconds if event else 0.0,
            (event.error or None) if event else None,
            event.warnings if event else (),
        )
        made[id] = result
        if "/" in id:
            inside.setdefault(id.partition("/")[0], []).append(result)
    for id in plan.nodes:
        if id not in made:
            made[id] = NodeResult.together(inside.get(id, []))
    return made
