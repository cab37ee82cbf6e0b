"""What a run would do, without doing any of it: which steps run, which may, which are cached, and how long it takes.

The walk is the executor's, with one difference: a step that would run has no results yet. Its outputs are unknown
(unless they follow from its key), and what reads them may run or not, since a result may turn out unchanged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from nawgraph.interface import over_of
from nawgraph.runtime.cache import Cache
from nawgraph.runtime.keys import Keys, broken_file
from nawgraph.runtime.plan import Constant, Plan, Source, Step, list_digest
from nawgraph.runtime.schedule import Schedule
from nawgraph.values import Digest, digest
from nawgraph.values.core import digest_bytes

Verdict = Literal["run", "maybe", "cached", "fail", "blocked"]
UNKNOWN: Digest = b""
"""Stands for the digest of a result that is not made yet."""


@dataclass(slots=True)
class Outlook:
    """What is to be expected of a step.

    Attributes:
        verdict: "run" it will; "maybe": its inputs are not known yet; "cached"; "fail" it cannot run;
            "blocked": something above cannot.
        inputs: port or wired knob → digests, `UNKNOWN` where they are not made yet.
        seconds: what it cost when it last ran in this document, None if it never did.
        broken: the exported file that is gone or changed, "" if none.
        wanted_by: the step that needs its result, which is in no cache any more, "" if it is there.
        known: whether an action with its key was recorded.
        error: why it cannot run.
    """

    step: Step
    verdict: Verdict
    inputs: Mapping[str, tuple[Digest, ...]]
    seconds: float | None = None
    broken: str = ""
    wanted_by: str = ""
    known: bool = False
    error: str = ""


class _UnknownError(Exception):
    """A value that a choice depends on is not known."""


class Forecast:
    """Walks a plan. Nothing is run or stored.

    Attributes:
        outlooks: step id → what is to be expected, in plan order.
        before: step id → (key, parts, unix time) of its last run in this document.
    """

    def __init__(self, plan: Plan, targets: Iterable[str], *, cache: Cache, keys: Keys, document: str) -> None:
        self.plan = plan
        self.cache = cache
        self.keys = keys
        self.before = cache.recall(document) if document else {}
        self.outlooks: dict[str, Outlook] = {}
        self._targets = dict.fromkeys(targets)
        self._schedule = Schedule()
        self._blocked(self._schedule.add(plan.demand(self._targets)))
        while self._schedule:
            self._look(self._schedule.pop())
        self._reach_back()
        self.outlooks = {id: self.outlooks[id] for id in plan.steps if id in self.outlooks}

    # ------------------------------------------------------------------------------- the walk

    def _look(self, step: Step) -> None:
        if step.id in self._schedule.lost:
            return
        try:
            if step.kind == "call":
                self._call(step)
            elif step.kind == "forward":
                self._forward(step)
            elif step.kind == "map":
                self._open_map(step)
            elif step.kind == "collect":
                self._know(step, self._collected(step))
            elif step.kind == "frozen":
                self._thaw(step)
            else:
                self._fail(step, f"node type {step.node.type!r} is not installed")
        except _UnknownError:
            self._unknown(step)
        except ValueError as error:
            self._fail(step, str(error))

    def _call(self, step: Step) -> None:
        if step.spec.wants is not None and not step.chosen and not self._ask(step, step.spec.wants(self._values(step))):
            return None
        inputs = self._inputs(step)
        old = self.before.get(step.id)
        cost = self.cache.action(old[0]) if old else None
        outlook = Outlook(step, "maybe", inputs, cost.seconds if cost else None)
        outputs = (UNKNOWN,) * len(step.spec.outputs)
        if UNKNOWN in {d for digests in inputs.values() for d in digests}:
            outlook.verdict = "maybe" if old and step.spec.pure else "run"
            return self._know(step, outputs, outlook)
        paths = {name: self._value(step.inputs[name][0]) for name in self.keys.wired_files(step)}
        key = self.keys.key(step, inputs, paths)
        row = self.cache.action(key)
        outlook.known = row is not None
        outlook.broken = broken_file(row, self.keys.files) if row else ""
        if row and step.spec.pure and not outlook.broken:
            outlook.verdict, outlook.seconds = "cached", row.seconds
            return self._know(step, row.outputs, outlook)
        outlook.verdict = "run"
        if not step.spec.cutoff:
            outputs = tuple(digest_bytes(key, port.name.encode()) for port in step.spec.outputs)
        return self._know(step, outputs, outlook)

    def _forward(self, step: Step) -> None:
        """A switch gives on what it chooses, if that can be told."""
        assert step.spec.forwards is not None
        if not step.chosen:
            port, index = step.spec.forwards(self._values(step))
            sources = step.inputs.get(port, ())
            if not 0 <= index < len(sources):
                raise ValueError(f"{port} has {len(sources)} wires with a value, there is no number {index}")
            step.inputs = {port: (sources[index],)}
            if not self._ask(step, (port,)):
                return
        self._know(step, next(iter(self._inputs(step).values())))

    def _open_map(self, step: Step) -> None:
        lists: dict[str, list[Constant]] = {}
        for name in sorted(set(over_of(step.node))):
            values = [self._value(source) for source in step.inputs.get(name, ())]
            alone = len(values) == 1 and isinstance(values[0], tuple) and name not in step.several
            lists[name] = [Constant(item, digest(item)) for item in (values[0] if alone else values)]
        self._blocked(self._schedule.add(self.plan.open_items(step, lists)))
        self._blocked(self._schedule.wait(step, step.eager()))

    def _collected(self, step: Step) -> tuple[Digest, ...]:
        groups = [self._schedule.digests(step.inputs.get(port.name, ())) for port in step.spec.outputs]
        return tuple(UNKNOWN if UNKNOWN in group else list_digest(group) for group in groups)

    def _thaw(self, step: Step) -> None:
        outputs = tuple(bytes.fromhex(step.node.frozen.get(port.name, "")) for port in step.spec.outputs)
        if all(name in self.cache for name in outputs):
            self._know(step, outputs)
        else:
            self._fail(step, "the frozen result is not in the cache of this machine")

    def _ask(self, step: Step, names: Iterable[str]) -> bool:
        """Demand the lazy inputs `names`; True if all are looked at already, else the step waits for them."""
        step.chosen = True
        wanted = set(names)
        lazy = step.spec.lazy
        step.inputs = {n: sources for n, sources in step.inputs.items() if n not in lazy or n in wanted}
        sources = [s for group in step.inputs.values() for s in group if not isinstance(s, Constant)]
        self._blocked(self._schedule.add(self.plan.demand(s[0] for s in sources)))
        if all(s[0] in self._schedule.outputs for s in sources):
            return True
        self._blocked(self._schedule.wait(step, sources))
        return False

    # -------------------------------------------------------------------------------- results

    def _know(self, step: Step, outputs: tuple[Digest, ...], outlook: Outlook | None = None) -> None:
        """Enter what is known; a step without work of its own is as certain as what it passes on."""
        if outlook is None:
            inputs = self._inputs(step) if step.kind != "frozen" else {}
            outlook = Outlook(step, "maybe" if UNKNOWN in outputs else "cached", inputs, 0.0)
        self.outlooks[step.id] = outlook
        self._schedule.know(step, outputs)

    def _unknown(self, step: Step) -> None:
        """What it chooses or maps over is not known before something else has run."""
        verdict: Verdict = "maybe" if step.id in self.before or step.kind != "call" else "run"
        self._know(step, (UNKNOWN,) * len(step.spec.outputs), Outlook(step, verdict, self._inputs(step, known=True)))

    def _fail(self, step: Step, error: str) -> None:
        first, *rest = self._schedule.lose(step)
        self.outlooks[first.id] = Outlook(step, "fail", {}, error=error)
        self._blocked(rest)

    def _blocked(self, steps: Iterable[Step]) -> None:
        for step in steps:
            self.outlooks[step.id] = Outlook(step, "blocked", {})

    def _reach_back(self) -> None:
        """Cached steps whose values are in no cache any more run too, if something that runs needs them."""
        for id in self._targets:
            outlook = self.outlooks.get(id)
            if outlook and outlook.verdict == "cached" and not self._at_hand(self._schedule.outputs[id]):
                outlook.verdict, outlook.wanted_by = "run", id
        for id in reversed(self.plan.steps):
            outlook = self.outlooks.get(id)
            if outlook is None or outlook.verdict not in ("run", "maybe"):
                continue
            for source in {s for group in outlook.step.inputs.values() for s in group if not isinstance(s, Constant)}:
                feeder = self.outlooks.get(source[0])
                if feeder and feeder.verdict == "cached":
                    name = self._schedule.outputs[source[0]][source[1]]
                    if name not in self.cache:
                        feeder.verdict, feeder.wanted_by = outlook.verdict, id

    # -------------------------------------------------------------------------------- helpers

    def _at_hand(self, outputs: tuple[Digest, ...]) -> bool:
        return all(name in self.cache for name in outputs)

    def _inputs(self, step: Step, known: bool = False) -> dict[str, tuple[Digest, ...]]:
        """Digests of the inputs; `known`: of those that were looked at."""
        groups = step.inputs.items()
        if known:
            groups = {
                n: g for n, g in groups if all(isinstance(s, Constant) or s[0] in self._schedule.outputs for s in g)
            }.items()
        return {name: self._schedule.digests(sources) for name, sources in groups}

    def _values(self, step: Step) -> dict[str, Any]:
        """Knobs and eager inputs, as `wants` and `forwards` take them; for a lazy input the number of wires."""
        values = dict(step.knobs)
        for name, sources in step.inputs.items():
            if name in step.spec.lazy:
                values[name] = len(sources)
            elif sources:
                found = self._value(sources[0])
                knob = step.spec.knob(name)
                values[name] = knob.coerce(found) if knob else found
        return values

    def _value(self, source: Source) -> Any:
        if isinstance(source, Constant):
            return source.value
        name = self._schedule.digests([source])[0]
        try:
            if name != UNKNOWN:
                return self.cache.get(name)
        except KeyError:
            pass
        raise _UnknownError
