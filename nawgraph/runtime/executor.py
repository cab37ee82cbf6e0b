"""Run a plan: look up what is known, run what is not, keep going round what fails.

The loop is `Run.run`, and it is all there is: advance what is ready, wait for the first result, repeat.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from queue import SimpleQueue
from typing import Any

from nawgraph.runtime import events, stages
from nawgraph.runtime.cache import Cache, Row
from nawgraph.runtime.care import GRACE, Care
from nawgraph.runtime.claims import Claims
from nawgraph.runtime.engines import Engine
from nawgraph.runtime.keys import NO_PATHS, Keys, broken_file
from nawgraph.runtime.models import Residency
from nawgraph.runtime.plan import Constant, Plan, Step
from nawgraph.runtime.schedule import Schedule
from nawgraph.runtime.stream import Streamed, Unfused, chain, perform_chain
from nawgraph.runtime.work import (
    Failed,
    GoneError,
    Job,
    Missing,
    Outcome,
    Ran,
    RunContext,
    Stopped,
    must_stay,
    perform,
    sentence,
)
from nawgraph.values import Digest, digest

REVIVALS = 1000
"""Times that the inputs of one step are made again before it is given up: far more than a step has inputs."""


class Run:
    """One run of one document.

    Args:
        plan: of the document.
        targets: step ids to make.
        emit: called with every event, from any thread.
        document: name under which the keys of this run are remembered, "" for none.
        provenance: node id → the document to embed in what that sink writes.
        care: precautions against nodes that end the process or do not answer.
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
        care: Care | None = None,
    ) -> None:
        self.plan = plan
        self.targets = dict.fromkeys(targets)
        self.schedule = Schedule()
        self.states: dict[str, events.StepEvent] = {}
        self.files: list[str] = []
        self.cache = cache
        self._engine = engine
        self._keys = keys
        self._residency = residency
        self._emit = emit
        self._provenance = provenance
        self._care = care or Care()
        self._document = document
        self._before = cache.recall(document) if document else {}
        self._done: SimpleQueue[tuple[Step, Digest, Outcome | Streamed | Unfused] | None] = SimpleQueue()
        self._running: dict[str, float] = {}
        self._twins: dict[Digest, list[Step]] = {}
        self._chains: dict[str, list[Step]] = {}
        self._unfused: set[str] = set()
        self._solo: list[tuple[Step, Digest]] = []
        self._held: dict[str, int] = {}
        self._claims = Claims()
        self._told: dict[str, float] = {}
        self._revivals: dict[str, int] = {}
        self._plain: RunContext | None = None
        self._cancelled = threading.Event()

    # --------------------------------------------------------------------------- the loop

    def run(self) -> str:
        """Make the targets; "ok", "failed" (some could not be made) or "cancelled"."""
        start = time.perf_counter()
        self.cache.refresh()
        self.lost(self.schedule.add(self.plan.demand(self.targets)))
        self._emit(events.Started(tuple(self.plan.steps)))
        try:
            while not self._cancelled.is_set():
                while self.schedule and not self._cancelled.is_set():
                    self._advance(self.schedule.pop())
                if self._running:
                    finished = self._done.get()
                    if finished is not None:
                        self._finish(*finished)
                elif self._solo:
                    self._start(*self._solo.pop(0))
                else:
                    break
        except KeyboardInterrupt:
            self._cancelled.set()
        if self._cancelled.is_set():
            self._wind_down()
        for id, error in self._claims.displaced.items():
            self.fail(self.plan.steps[id], Failed(error))
        self.files = list(dict.fromkeys(self.files))
        self.cache.unpin(d for id in self._held for d in self.schedule.outputs.get(id, ()))
        status = "cancelled" if self._cancelled.is_set() else "failed" if self.schedule.lost else "ok"
        self._emit(events.Finished(status, time.perf_counter() - start, tuple(self.files)))  # type: ignore[arg-type]
        return status

    def cancel(self) -> None:
        """Stop as soon as the running nodes answer, at most after `GRACE` seconds. From any thread."""
        self._cancelled.set()
        self._done.put(None)

    def _advance(self, step: Step) -> None:
        """A step whose inputs are known: choose, expand, find in the cache, or start."""
        known = step.id in self.schedule.outputs and step.id not in self.schedule.forced
        if known or step.id in self.schedule.lost:
            return
        try:
            if step.kind == "call":
                self._call(step)
            else:
                stages.advance(self, step)
        except GoneError as gone:
            self.revive(step, gone.digest)
        except Exception as error:
            self.fail(step, Failed(sentence(error), traceback.format_exc()))

    def _finish(self, step: Step, key: Digest, outcome: Outcome | Streamed | Unfused) -> None:
        """A step, or a chain of them, came back from the engine."""
        members = self._chains.pop(step.id, [step])
        for member in members:
            self._running.pop(member.id, None)
        for twin in self._twins.pop(key, ()):
            self.schedule.push(twin)
        if isinstance(outcome, Ran):
            self._engine.took(step.spec, outcome.row.seconds)
            if step.spec.pure:
                self.cache.record(key, outcome.row)
            self.know(step, outcome.row, "ran", pinned=must_stay(outcome.row.types))
        elif isinstance(outcome, Missing):
            self.revive(step, outcome.digest)
        elif isinstance(outcome, Failed):
            self.fail(step, outcome)
        elif isinstance(outcome, Streamed):
            for member, row in zip(members, outcome.rows, strict=True):
                self._finish(member, self._key(member), Ran(row))
        elif isinstance(outcome, Unfused):
            self._unfused.update(member.id for member in members)
            self.schedule.push(step)
        elif isinstance(outcome, Stopped):
            for member in members:
                self._tell(events.StepEvent(member.id, "cancelled"))

    # ---------------------------------------------------------------------- kinds of steps

    def _call(self, step: Step) -> None:
        """An ordinary node: from the cache, or to a worker."""
        if step.spec.wants is not None and not stages.want(self, step):
            return
        missing = step.without_value()
        if missing:
            raise ValueError(f"input {missing} has no value: what feeds it is muted or gives nothing")
        key = self._key(step)
        row = self.cache.action(key) if step.spec.pure and step.id not in self.schedule.forced else None
        if row is not None and self._usable(step, row):
            self.know(step, row, "cached")
        elif key in self._twins:
            self._twins[key].append(step)  # the same work is being done under another id: wait for its row
        else:
            self._start(step, key)

    # ----------------------------------------------------------------------------- results

    def _start(self, step: Step, key: Digest) -> None:
        """Run a step, together with those that stream what it makes."""
        busy = bool(self.schedule or self._running)
        if step.id in self._care.barred:
            return self.fail(step, Failed(*self._care.barred[step.id]))
        if step.id in self._care.solo and busy:
            return self._solo.append((step, key))
        members = chain(step, self.schedule, self._fusible) if step.spec.step and self._fusible(step) else [step]
        jobs = [self._job(member, key) for member in members]
        for member in members:
            self._emit(events.StepEvent(member.id, "running"))
        if len(members) > 1:
            self._chains[step.id] = members
        if self._engine.quick(step.spec, alone=not busy):
            return self._finish(step, key, self._work(jobs))
        if step.spec.pure and len(members) == 1:
            self._twins[key] = []
        self._running.update(dict.fromkeys([member.id for member in members], time.perf_counter()))
        return self._engine.submit(step.spec.needs, lambda: self._done.put((step, key, self._work(jobs))))

    def _work(self, jobs: list[Job]) -> Outcome | Streamed | Unfused:
        """What a thread does."""
        with self._care.flight([job.id for job in jobs]):
            if len(jobs) > 1:
                return perform_chain(jobs, self.cache, [self._own_context(job) for job in jobs])
            outcome = perform(jobs[0], self.cache, self._context(jobs[0]), self._engine)
        if jobs[0].spec.is_sink:
            self._claims.done(jobs[0].id)
        return outcome

    def _context(self, job: Job) -> RunContext:
        """A node's own context, or one for all nodes that take none, since nothing can be left in it."""
        if job.spec.takes_context:
            return self._own_context(job)
        if self._plain is None:
            self._plain = self._own_context(job)
        return self._plain

    def _own_context(self, job: Job) -> RunContext:
        return RunContext(job, self._cancelled.is_set, self._report, self._show, self._residency, self._claims)

    def _job(self, step: Step, key: Digest) -> Job:
        fed = self.schedule.feeds(step.inputs)
        keys = self._keys
        provenance = self._provenance(step.id) if step.spec.is_sink else ""
        return Job(
            step.id, step.order, key, step.spec, fed, step.several, step.knobs, keys.base, keys.out_dir, provenance
        )

    def _fusible(self, step: Step) -> bool:
        """Whether a step may run before its key is known: only if this document never ran it (see `stream`)."""
        never = bool(self._document) and step.id not in self._before and step.id not in self.schedule.forced
        return never and not (step.id in self._unfused or step.id in self._care.solo or step.id in self._care.barred)

    def know(self, step: Step, row: Row, state: events.State, *, pinned: bool = False) -> None:
        """A step's results are known. `pinned`: they were pinned when they were put, and stay so for their readers."""
        again = step.id in self.states and step.id in self.schedule.forced
        self._tell(events.StepEvent(step.id, state, row.seconds, outputs=row.outputs, warnings=row.warnings))
        if row.files and not again:
            self.files += [name for name, *_ in row.files]
        readers = self.schedule.know(step, row.outputs)
        if pinned and (readers or step.id in self.targets) and step.id not in self._held:
            self._held[step.id] = readers
        elif pinned:
            self.cache.unpin(row.outputs)
        self._release(step)

    def _release(self, reader: Step) -> None:
        """A step is through with its inputs: values that nobody else waits for may leave the memory."""
        if not self._held:
            return
        for id in {s[0] for group in reader.inputs.values() for s in group if not isinstance(s, Constant)}:
            if id in self._held:
                self._held[id] -= 1
                if self._held[id] <= 0 and id not in self.targets:
                    del self._held[id]
                    self.cache.unpin(self.schedule.outputs[id])

    def fail(self, step: Step, failure: Failed) -> None:
        """A step failed, and with it all that need it."""
        first, *rest = self.schedule.lose(step)
        self._release(step)
        self._tell(events.StepEvent(first.id, "failed", error=failure.error, detail=failure.detail))
        self.lost(rest)

    def lost(self, steps: Iterable[Step]) -> None:
        """Steps cannot run, since something above them failed."""
        for step in steps:
            self._release(step)
            self._tell(events.StepEvent(step.id, "blocked"))

    def revive(self, step: Step, gone: Digest) -> None:
        """An input's value is in no cache any more: run the step that makes it, then try again."""
        producer = self.plan.steps.get(self.schedule.maker(gone))
        self._revivals[step.id] = self._revivals.get(step.id, 0) + 1
        if producer is None:
            self.fail(step, Failed("an input's value is no longer in the cache and nothing here makes it: run again"))
            return
        if self._revivals[step.id] > REVIVALS:
            message = "its inputs do not fit into the cache together: raise the cache's budget, or free some disk space"
            self.fail(step, Failed(message))
            return
        if producer.id not in self.schedule.forced:
            self.schedule.forced.add(producer.id)
            if producer.id not in self._running:
                self.schedule.push(producer)
        self.lost(self.schedule.wait(step, [(producer.id, 0)]))

    def _wind_down(self) -> None:
        """Give running nodes a moment to obey, then leave them behind; what they finish is kept."""
        deadline = time.perf_counter() + self._care.grace
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

    def _claim(self, step: Step, row: Row) -> bool:
        """Whether the files of a cached sink are its own in this run; if not, running it will say whose they are."""
        return all(self._claims.keep(name, step.order, step.id) for name, *_ in row.files)

    def _usable(self, step: Step, row: Row) -> bool:
        """Whether a cached row spares the run: its files are there, and its values if the step is a target.

        Nobody else's values are asked for before they are needed.
        """
        if row.files and (broken_file(row, self._keys.files) or not self._claim(step, row)):
            return False
        return step.id not in self.targets or all(name in self.cache for name in row.outputs)

    def _key(self, step: Step) -> Digest:
        """Action key of a step whose inputs are known, remembered for the next run of this document."""
        inputs = {name: self.schedule.digests(sources) for name, sources in step.inputs.items()}
        wired = step.spec.file_knobs and self._keys.wired_files(step)
        paths = {name: stages.value(self, step.inputs[name][0]) for name in wired} if wired else NO_PATHS
        key = self._keys.key(step, inputs, paths)
        self._remember(step, key, inputs)
        return key

    def _remember(self, step: Step, key: Digest, inputs: Mapping[str, tuple[Digest, ...]]) -> None:
        if self._document:
            before = self._before.get(step.id)
            if before is None or before[0] != key:
                self.cache.remember(self._document, step.id, key, self._keys.parts(step, inputs), time.time())

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
        self.cache.put(name, value, 0.0)
        self._emit(events.Preview(id, name))


__all__ = ["GRACE", "Run"]
