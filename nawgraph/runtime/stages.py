"""The steps that decide what else is needed: switches, lazy inputs, maps; and frozen nodes, which need nothing.

Planning is staged: each of these is advanced once what it decides by is known, and the plan grows by what it chose.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nawgraph.interface import over_of
from nawgraph.runtime.cache import Row
from nawgraph.runtime.plan import LATER, Constant, Source, Step, list_digest
from nawgraph.runtime.work import Failed, GoneError
from nawgraph.values import digest

if TYPE_CHECKING:
    from nawgraph.runtime.executor import Run


def advance(run: Run, step: Step) -> None:
    """Advance a step that is not an ordinary call.

    Raises:
        ValueError: it cannot be done; the message says why.
        GoneError: a value that it decides by is in no cache any more.
    """
    if step.kind == "forward":
        _forward(run, step)
    elif step.kind == "map":
        _open_map(run, step)
    elif step.kind == "collect":
        _collect(run, step)
    elif step.kind == "frozen":
        _thaw(run, step)
    else:
        run.fail(step, Failed(f"node type {step.node.type!r} is not installed"))


def want(run: Run, step: Step) -> bool:
    """Ask a lazy node which inputs it wants; True if they are all known already, else it waits for them."""
    assert step.spec.wants is not None
    if step.chosen:
        return True
    wanted = set(step.spec.wants(_eager_values(run, step)))
    lazy = step.spec.lazy
    step.inputs = {name: sources for name, sources in step.inputs.items() if name not in lazy or name in wanted}
    return _ask(run, step)


def value(run: Run, source: Source) -> Any:
    """The value of a known source. Raises `GoneError`."""
    if isinstance(source, Constant) and source.value is not LATER:
        return source.value
    name = run.schedule.digests([source])[0]
    try:
        return run.cache.get(name)
    except KeyError:
        raise GoneError(name) from None


def _forward(run: Run, step: Step) -> None:
    """A switch: its result is that of the input it chooses, which is only now asked for."""
    assert step.spec.forwards is not None
    if not step.chosen:
        port, index = step.spec.forwards(_eager_values(run, step))
        sources = step.inputs.get(port, ())
        if not 0 <= index < len(sources):
            raise ValueError(f"{port} has {len(sources)} wires with a value, there is no number {index}")
        step.inputs = {port: (sources[index],)}
        if not _ask(run, step):
            return
    outputs = run.schedule.digests(next(iter(step.inputs.values())))
    if step.id in run.targets and outputs[0] not in run.cache:
        raise GoneError(outputs[0])  # whoever asks for a switch asks for what it passes on
    run.know(step, Row(outputs, (), 0.0), "cached")


def _ask(run: Run, step: Step) -> bool:
    """Demand what a step has chosen to need; True if it is all known already."""
    step.chosen = True
    sources = [s for group in step.inputs.values() for s in group if not isinstance(s, Constant)]
    run.lost(run.schedule.add(run.plan.demand(s[0] for s in sources)))
    if all(s[0] in run.schedule.outputs for s in sources):
        return True
    run.lost(run.schedule.wait(step, sources))
    return False


def _open_map(run: Run, step: Step) -> None:
    """A map whose lists are known: open the subgraph once an item, then wait for all of them."""
    lists: dict[str, list[Constant]] = {}
    for name in sorted(set(over_of(step.node))):
        sources = step.inputs.get(name, ())
        if not sources:
            raise ValueError(f"input {name} has no list to map over: what feeds it is muted or gives nothing")
        alone = len(sources) == 1 and name not in step.several
        lists[name] = _items(run, sources[0]) if alone else [_later(run, source) for source in sources]
    run.lost(run.schedule.add(run.plan.open_items(step, lists)))
    run.lost(run.schedule.wait(step, step.eager()))


def _items(run: Run, source: Source) -> list[Constant]:
    """Items of a list that one wire carries. Large ones stay where they are until they are needed."""
    name = run.schedule.digests([source])[0]
    elements = run.cache.elements(name)
    if elements is not None:
        run.schedule.taken_from(name, elements)
        return [Constant(LATER, element) for element in elements]
    found = value(run, source)
    return [Constant(item, digest(item)) for item in found] if isinstance(found, tuple) else [Constant(found, name)]


def _later(run: Run, source: Source) -> Constant:
    """One of several wires as an item."""
    return source if isinstance(source, Constant) else Constant(LATER, run.schedule.digests([source])[0])


def _collect(run: Run, step: Step) -> None:
    """A map whose items are all known: their results, as lists."""
    groups = [step.inputs.get(port.name, ()) for port in step.spec.outputs]
    outputs = tuple(list_digest(run.schedule.digests(group)) for group in groups)
    run.cache.pin(outputs)
    try:
        if step.id in run.schedule.forced or not all(name in run.cache for name in outputs):
            for name, group in zip(outputs, groups, strict=True):
                run.cache.put(name, tuple(value(run, source) for source in group), 0.0)
    except GoneError:
        run.cache.unpin(outputs)
        raise
    items = {s[0] for group in step.inputs.values() for s in group if not isinstance(s, Constant)}
    ran = any(run.states[id].state == "ran" for id in items if id in run.states)
    run.know(step, Row(outputs, (), 0.0), "ran" if ran else "cached", pinned=True)


def _thaw(run: Run, step: Step) -> None:
    """A frozen node: its result is what the document says, wherever it came from."""
    outputs = tuple(bytes.fromhex(step.node.frozen.get(port.name, "")) for port in step.spec.outputs)
    if all(name in run.cache for name in outputs):
        run.know(step, Row(outputs, (), 0.0), "cached")
    else:
        sentence = "the frozen result is not in the cache of this machine: unfreeze the node to make it again"
        run.fail(step, Failed(sentence))


def _eager_values(run: Run, step: Step) -> dict[str, Any]:
    """Values of a step's knobs and eager inputs; for a lazy input the number of its wires."""
    values = dict(step.knobs)
    for name, sources in step.inputs.items():
        if name in step.spec.lazy:
            values[name] = len(sources)
        elif sources:
            found = value(run, sources[0])
            knob = step.spec.knob(name)
            values[name] = knob.coerce(found) if knob else found
    return values
