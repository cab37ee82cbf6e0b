"""Run a plan: look up what is known, run what is not, keep going round what fails.

The loop is `Run.run`, and it is all there is: advance what is ready, wait for the first result, repeat.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from nawgraph.hints import KnobError
from nawgraph.interface import over_of
from nawgraph.runtime import events
from nawgraph.runtime.cache import Cache, Row
from nawgraph.runtime.engines import Engine
from nawgraph.runtime.keys import Keys
from nawgraph.runtime.models import Residency
from nawgraph.runtime.plan import Constant, Plan, Step, list_digest
from nawgraph.runtime.schedule import Schedule
from nawgraph.runtime.work import Failed, Job, Missing, Outcome, Ran, RunContext, perform
from nawgraph.values import Digest, digest

GRACE = 0.8
"""Seconds that running nodes have to obey a cancel before they are left behind."""


class Run:
    """One run of one document.

    Args:
        plan: of the document.
        targets: step ids to make.
        emit: called with every event, from any thread.
        document: name under which the keys of this run are remembered, "" for none.
        provenance: node id → the document to embed in what that sink writes.
    """

    def __init__(
        self,
        plan: Plan,
        targets: Iterable[str],
        *,
        cache: Cache,
        engine: Engine,
        keys: Keys,
        residency: Residency,
        emit: Callable[[events.Event], None],
        document: str = "",
        provenance: Callable[[str], str] = lambda node: "",
    ) -> None:
        self.plan = plan
        self.targets = dict.fromkeys(targets)
        self.schedule = Schedule()
        self.states: dict[str, events.StepEvent] = {}
        self.files: list[str] = []
        self._cache = cache
        self._engine = engine
        self._keys = keys
        self._residency = residency
        self._emit = emit
        self._provenance = provenance
        self._document = document
        self._before = cache.recall(document) if document else {}
        self._done: SimpleQueue[tuple[Step, Digest, Outcome] | None] = SimpleQueue()
        self._running: dict[str, float] = {}
        self._chosen: set[str] = set()
        self._held: dict[str, int] = {}
        self._claims: dict[str, str] = {}
        self._told: dict[str, float] = {}
        self._cancelled = threading.Event()

    # --------------------------------------------------------------------------- the loop

    def run(self) -> str:
        """Make the targets; "ok", "failed" (some could not be made) or "cancelled"."""
        start = time.perf_counter()
        self._lost(self.schedule.add(self.plan.demand(self.targets)))
        self._emit(events.Started(tuple(self.plan.steps)))
        while not self._cancelled.is_set():
            while self.schedule and not self._cancelled.is_set():
                self._advance(self.schedule.pop())
            if not self._running:
                break
            finished = self._done.get()
            if finished is not None:
                self._finish(*finished)
        if self._cancelled.is_set():
            self._wind_down()
        self._cache.unpin(d for id in self._held for d in self.schedule.outputs.get(id, ()))
        status = "cancelled" if self._cancelled.is_set() else "failed" if self.schedule.lost else "ok"
        self._emit(events.Finished(status, time.perf_counter() - start, tuple(self.files)))  # type: ignore[arg-type]
        return status

    def cancel(self) -> None:
        """Stop as soon as the running nodes answer, at most after `GRACE` seconds. From any thread."""
        self._cancelled.set()
        self._done.put(None)

    def _advance(self, step: Step) -> None:
        """A step whose inputs are known: choose, expand, find in the cache, or start."""
        if step.id in self.schedule.lost:
            return
        try:
            if step.kind == "call":
                self._call(step)
            elif step.kind == "collect":
                self._collect(step)
            elif step.kind == "forward":
                self._forward(step)
            elif step.kind == "map":
                self._open_map(step)
            elif step.kind == "frozen":
                self._thaw(step)
            else:
                self._fail(step, Failed(f"node type {step.node.type!r} is not installed"))
        except _GoneError as gone:
            self._revive(step, gone.digest)
        except (KnobError, ValueError) as error:
            self._fail(step, Failed(str(error)))

    def _finish(self, step: Step, key: Digest, outcome: Outcome) -> None:
        """A step came back from the engine."""
        self._running.pop(step.id, None)
        if isinstance(outcome, Ran):
            self._engine.took(step.spec, outcome.row.seconds)
            if step.spec.pure:
                self._cache.record(key, outcome.row)
            self._know(step, outcome.row, "ran")
        elif isinstance(outcome, Missing):
            self._revive(step, outcome.digest)
        elif isinstance(outcome, Failed):
            self._fail(step, outcome)

    # ---------------------------------------------------------------------- kinds of steps

    def _call(self, step: Step) -> None:
        """An ordinary node: from the cache, or to a worker."""
        if step.spec.wants is not None and step.id not in self._chosen and not self._want(step):
            return
        inputs = {name: self.schedule.digests(sources) for name, sources in step.inputs.items()}
        key = self._keys.key(step, inputs)
        self._remember(step, key, inputs)
        row = self._cache.action(key) if step.spec.pure and step.id not in self.schedule.forced else None
        if row is not None and self._intact(row) and self._claim(step, row):
            self._know(step, row, "cached")
        else:
            self._start(step, key)

    def _forward(self, step: Step) -> None:
        """A switch: its result is that of the input it chooses, which is only now asked for."""
        assert step.spec.forwards is not None
        if step.id not in self._chosen:
            port, index = step.spec.forwards(self._eager_values(step))
            sources = step.inputs.get(port, ())
            if not 0 <= index < len(sources):
                raise ValueError(f"{port} has {len(sources)} wires, there is no number {index}")
            step.inputs = {port: (sources[index],)}
            if not self._ask(step):
                return
        outputs = self.schedule.digests(next(iter(step.inputs.values())))
        self._know(step, Row(outputs, (), 0.0), "cached")

    def _want(self, step: Step) -> bool:
        """Ask for the lazy inputs that a node wants; True if they are all known already."""
        assert step.spec.wants is not None
        wanted = set(step.spec.wants(self._eager_values(step)))
        lazy = step.spec.lazy
        step.inputs = {name: s for name, s in step.inputs.items() if name not in lazy or name in wanted}
        return self._ask(step)

    def _ask(self, step: Step) -> bool:
        """Demand what a step has chosen to need; True if it is all known already."""
        self._chosen.add(step.id)
        sources = [s for group in step.inputs.values() for s in group if not isinstance(s, Constant)]
        self._lost(self.schedule.add(self.plan.demand(s[0] for s in sources)))
        if all(s[0] in self.schedule.outputs for s in sources):
            return True
        self._lost(self.schedule.wait(step, sources))
        return False

    def _open_map(self, step: Step) -> None:
        """A map whose lists are known: open the subgraph once an item, then wait for all of them."""
        lists: dict[str, list[Constant]] = {}
        over = set(over_of(step.node))
        for name in over & set(step.inputs):
            values = [self._value(d) for d in self.schedule.digests(step.inputs[name])]
            items = values[0] if len(values) == 1 and isinstance(values[0], tuple) else tuple(values)
            lists[name] = [Constant(item, digest(item)) for item in items]
        self._lost(self.schedule.add(self.plan.open_items(step, lists)))
        self._lost(self.schedule.wait(step, step.eager()))

    def _collect(self, step: Step) -> None:
        """A map whose items are all known: their results, as lists."""
        groups = [step.inputs.get(p.name, ()) for p in step.spec.outputs]
        outputs = tuple(list_digest(self.schedule.digests(group)) for group in groups)
        if step.id in self.schedule.forced or not all(d in self._cache for d in outputs):
            for name, group in zip(outputs, groups, strict=True):
                values = [
                    s.value if isinstance(s, Constant) else self._value(self.schedule.digests([s])[0]) for s in group
                ]
                self._cache.put(name, tuple(values), 0.0)
        self._know(step, Row(outputs, (), 0.0), "cached")

    def _thaw(self, step: Step) -> None:
        """A frozen node: its result is what the document says, wherever it came from."""
        outputs = tuple(bytes.fromhex(step.node.frozen.get(p.name, "")) for p in step.spec.outputs)
        if all(name in self._cache for name in outputs):
            self._know(step, Row(outputs, (), 0.0), "cached")
        else:
            self._fail(
                step,
                Failed("the frozen result is not in the cache of this machine: unfreeze the node to make it again"),
            )

    # ----------------------------------------------------------------------------- results

    def _start(self, step: Step, key: Digest) -> None:
        fed = {n: self.schedule.feeds(sources) for n, sources in step.inputs.items()}
        spec, keys = step.spec, self._keys
        provenance = self._provenance(step.id) if spec.is_sink else ""
        job = Job(step.id, key, spec, fed, step.several, step.knobs, keys.base, keys.out_dir, provenance)
        context = RunContext(job, self._cancelled.is_set, self._report, self._show, self._residency.lend, self._claims)
        self._emit(events.StepEvent(step.id, "running"))
        if self._engine.quick(step.spec, alone=not self.schedule and not self._running):
            self._finish(step, key, perform(job, self._cache, context))
            return
        self._running[step.id] = time.perf_counter()
        self._engine.submit(step.spec.needs, lambda: self._done.put((step, key, perform(job, self._cache, context))))

    def _know(self, step: Step, row: Row, state: events.State) -> None:
        again = step.id in self.states and step.id in self.schedule.forced
        self._tell(events.StepEvent(step.id, state, row.seconds, outputs=row.outputs, warnings=row.warnings))
        if not again:
            self.files += [name for name, *_ in row.files]
        readers = self.schedule.know(step, row.outputs)
        if state == "ran" and (readers or step.id in self.targets) and step.id not in self._held:
            self._cache.pin(row.outputs)
            self._held[step.id] = readers
        self._release(step)

    def _release(self, reader: Step) -> None:
        """A step is through with its inputs: values that nobody else waits for may leave the memory."""
        for id in {s[0] for group in reader.inputs.values() for s in group if not isinstance(s, Constant)}:
            if id in self._held:
                self._held[id] -= 1
                if self._held[id] <= 0 and id not in self.targets:
                    del self._held[id]
                    self._cache.unpin(self.schedule.outputs[id])

    def _fail(self, step: Step, failure: Failed) -> None:
        first, *rest = self.schedule.lose(step)
        self._release(step)
        self._tell(events.StepEvent(first.id, "failed", error=failure.error, detail=failure.detail))
        self._lost(rest)

    def _lost(self, steps: Iterable[Step]) -> None:
        for step in steps:
            self._release(step)
            self._tell(events.StepEvent(step.id, "blocked"))

    def _revive(self, step: Step, gone: Digest) -> None:
        """An input's value is in no cache any more: run the step that makes it, then try again."""
        producer = self.plan.steps.get(self.schedule.producer.get(gone, ""))
        if producer is None:
            self._fail(step, Failed("an input's value is no longer in the cache and nothing here makes it: run again"))
            return
        if producer.id not in self.schedule.forced:
            self.schedule.forced.add(producer.id)
            if producer.id not in self._running:
                self.schedule.push(producer)
        self._lost(self.schedule.wait(step, [(producer.id, 0)]))

    def _wind_down(self) -> None:
        """Give running nodes a moment to obey, then leave them behind; what they finish is kept."""
        deadline = time.perf_counter() + GRACE
        while self._running and (left := deadline - time.perf_counter()) > 0:
            try:
                finished = self._done.get(timeout=left)
            except Exception:
                break
            if finished is not None:
                self._finish(*finished)
        for id in self._running:
            self._tell(events.StepEvent(id, "cancelled"))

    # ----------------------------------------------------------------------------- helpers

    def _eager_values(self, step: Step) -> dict[str, Any]:
        """Values of a step's knobs and eager inputs, for `wants` and `forwards`."""
        lazy = step.spec.lazy
        values = dict(step.knobs)
        for name, sources in step.inputs.items():
            if name in lazy:
                values[name] = len(sources)
                continue
            value = self._value(self.schedule.digests(sources)[0])
            knob = step.spec.knob(name)
            values[name] = knob.coerce(value) if knob else value
        return values

    def _value(self, name: Digest) -> Any:
        try:
            return self._cache.get(name)
        except KeyError:
            raise _GoneError(name) from None

    def _claim(self, step: Step, row: Row) -> bool:
        """Whether the files of a cached sink are its own in this run; if not, running it will say whose they are."""
        return all(self._claims.setdefault(name, step.id) == step.id for name, *_ in row.files)

    def _intact(self, row: Row) -> bool:
        """Whether the files that a sink wrote are still there, unchanged."""
        files = self._keys.files
        for name, size, mtime, content in row.files:
            try:
                stat = Path(name).stat()
            except OSError:
                return False
            if (stat.st_size, stat.st_mtime_ns) != (size, mtime) and files.of(name).hex() != content:
                return False
        return True

    def _remember(self, step: Step, key: Digest, inputs: Mapping[str, tuple[Digest, ...]]) -> None:
        if self._document:
            before = self._before.get(step.id)
            if before is None or before[0] != key:
                self._cache.remember(self._document, step.id, key, self._keys.parts(step, inputs), time.time())

    def _tell(self, event: events.StepEvent) -> None:
        self.states[event.id] = event
        self._emit(event)

    def _report(self, id: str, done: int, total: int, label: str) -> None:
        """Progress of a node, at most ten a second and step, so that traffic stays linear in the steps."""
        now = time.perf_counter()
        if done == total or now - self._told.get(id, 0.0) > 0.1:
            self._told[id] = now
            self._emit(events.Progress(id, done, total, label))

    def _show(self, id: str, value: Any) -> None:
        name = digest(value)
        self._cache.put(name, value, 0.0)
        self._emit(events.Preview(id, name))


class _GoneError(Exception):
    """A value that the scheduler itself needs is in no cache any more."""

    def __init__(self, name: Digest) -> None:
        self.digest = name


__all__ = ["GRACE", "Run"]
