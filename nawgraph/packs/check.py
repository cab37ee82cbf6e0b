"""``nawgraph pack test``: what a pack promises, tried on its code in processes of its own, with nothing granted.

A node is called with its defaults at 44,100 Hz. One that says in a sentence that it cannot work with these (it wants a
file, or another rate) is called as the pack's examples set it, and at 48,000 Hz.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nawgraph import files
from nawgraph.context import Cancelled, Context
from nawgraph.files import FormatError
from nawgraph.hints import Seed
from nawgraph.node import NodeSpec
from nawgraph.packs import samples, source
from nawgraph.packs.engine import PackEngine
from nawgraph.packs.lab import RATES, Lab, Nowhere, is_sentence
from nawgraph.packs.process import PackError
from nawgraph.runtime.local import InvalidGraphError, Runtime
from nawgraph.values import Audio, Value, digest, frozen

LONG = 60
"""Seconds of the sound with which a cancel is tried."""

PATIENCE = 1.0
"""Seconds within which a node must obey a cancel, or be done."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; `sentence` says what is wrong, or what could not be tried."""

    name: str
    passed: bool
    sentence: str = ""


def run(folder: Path) -> Iterator[Check]:
    """Check an author's folder.

    Raises:
        ManifestError, PackError: it is no pack, or its code cannot be imported.
    """
    found = source.find(folder)
    different = source.difference(found.stated(), source.described(found))
    yield Check("catalogue agrees with the code", not different, different and f"{different}; run nawgraph pack build")
    if different:
        return
    with tempfile.TemporaryDirectory(prefix="nawgraph-check-") as scratch:
        lab = Lab(found, Path(scratch))
        try:
            for spec in lab.specs:
                yield from _node(lab, spec)
            for name in found.manifest.examples:
                yield _example(lab, name)
        finally:
            lab.close()


# ------------------------------------------------------------------------------------- a node


def _node(lab: Lab, spec: NodeSpec) -> Iterator[Check]:
    if samples.arguments(spec) is None:
        kinds = ", ".join(sorted({str(p.type) for p in spec.inputs if samples.sample(p.type) is None}))
        yield Check(f"{spec.id}: runs", True, f"not tried: there is no sample of {kinds}; your own tests must")
        return
    try:
        first = _digest(lab.settle(spec))
    except PackError as error:
        yield Check(f"{spec.id}: runs", False, _explained(lab, error))
        return
    yield Check(f"{spec.id}: runs", True)
    given = lab.given(spec)
    if spec.pure:
        same = _digest(lab.call(spec, given)) == first
        yield Check(f"{spec.id}: is deterministic", same, "" if same else "two calls with the same inputs differ")
        pure = _digest(lab.call(spec, given, lab.other)) == first
        words = "its result depends on something that is in no key: hash order, time zone, locale or folder"
        yield Check(f"{spec.id}: depends on its key only", pure, "" if pure else words)
    yield from _seeds(lab, spec, given, first)
    if any(p.type.name == "Audio" for p in spec.inputs):
        yield _short(lab, spec)
        if [p.type.name for p in spec.outputs] == ["Audio"]:
            yield _rates(lab, spec)
            yield _length(lab, spec)
    yield _cancel(lab, spec)
    yield from _migrations(spec)


def _explained(lab: Lab, error: PackError) -> str:
    asked = ", ".join(lab.source.manifest.permissions)
    return f"{error}{f' (nothing is granted in this test; the manifest asks for {asked})' if asked else ''}"


def _digest(result: Any) -> list[str]:
    made = result if isinstance(result, tuple) else (result,)
    return [
        digest(value).hex() if isinstance(value, Value) else repr(frozen(value)) for value in made if value is not None
    ]


def _seeds(lab: Lab, spec: NodeSpec, given: dict[str, Any], first: list[str]) -> Iterator[Check]:
    for knob in spec.knobs:
        if isinstance(knob.hint, Seed):
            back = _digest(lab.call(spec, {**given, knob.name: 12345}))
            again = _digest(lab.call(spec, {**given, knob.name: 12345}))
            back_again = _digest(lab.call(spec, given))
            fine = back == again and back_again == first
            yield Check(f"{spec.id}: {knob.name} decides", fine, "" if fine else "the same seed gave two results")


def _short(lab: Lab, spec: NodeSpec) -> Check:
    """Sounds of no and of one frame: a result, or a sentence."""
    for frames in (0, 1):
        try:
            lab.call(spec, lab.given(spec, frames=frames))
        except PackError as error:
            if not is_sentence(error):
                return Check(f"{spec.id}: short sounds", False, f"a sound of {frames} frames gives: {error}")
    return Check(f"{spec.id}: short sounds", True)


def _rates(lab: Lab, spec: NodeSpec) -> Check:
    name = f"{spec.id}: keeps the sample rate"
    if any(knob.name in ("rate", "sample_rate") for knob in spec.knobs):
        return Check(name, True, "not asked: it has a knob for it")
    for rate in RATES:
        try:
            made = lab.call(spec, lab.given(spec, rate=rate, frames=rate // 2))
        except PackError as error:
            if not is_sentence(error):
                return Check(name, False, f"a sound at {rate} Hz gives: {error}")
            continue
        if isinstance(made, Audio) and made.rate != rate:
            return Check(name, False, f"{rate} Hz became {made.rate} Hz")
    return Check(name, True)


def _length(lab: Lab, spec: NodeSpec) -> Check:
    """The same length, a tail of always the same length, or in proportion."""
    name = f"{spec.id}: length follows from the input's"
    a, b, c = (lab.call(spec, lab.given(spec, frames=frames)).frames for frames in (20_000, 40_000, 80_000))
    tail = b - a == 20_000 and c - b == 40_000
    proportional = abs(b - 2 * a) <= 2 and abs(c - 4 * a) <= 4
    fine = tail or proportional or a == b == c
    return Check(name, fine, "" if fine else f"20,000, 40,000 and 80,000 frames became {a:,}, {b:,} and {c:,}")


class _Impatient(Context):
    """A context of a user who gives up after a moment."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.since = time.monotonic() + 0.1

    def check(self) -> None:
        if time.monotonic() > self.since:
            raise Cancelled


def _cancel(lab: Lab, spec: NodeSpec) -> Check:
    name = f"{spec.id}: obeys a cancel"
    given = lab.given(spec, frames=LONG * samples.RATE)
    lab.call(spec, lab.given(spec))  # whatever is loaded first is loaded
    ctx = _Impatient(lab.scratch / "out")
    try:
        lab.engine.call(spec, given, ctx, Nowhere())
    except Cancelled:
        if lab.engine.state(spec.pack) is None:
            words = f"{LONG} s of sound could not be interrupted within {PATIENCE:g} s: use ctx.steps or ctx.check"
            return Check(name, False, words)
        return Check(name, True, f"after {max(0.0, time.monotonic() - ctx.since):.2f} s")
    except PackError as error:
        return Check(name, False, str(error))
    took = time.monotonic() - ctx.since + 0.1
    return Check(name, True, f"{LONG} s of sound took {took:.2f} s")


def _migrations(spec: NodeSpec) -> Iterator[Check]:
    """Old knobs become knobs that exist."""
    for version in range(1, spec.version):
        step = spec.migrations.get(version)
        if step is None:
            yield Check(f"{spec.id}: version {version} can be opened", False, "the manifest has no migration for it")
            continue
        knobs: dict[str, Any] = {}
        for later in range(version, spec.version):
            knobs = spec.migrations[later](knobs) if later in spec.migrations else knobs
        unknown = [knob for knob in knobs if spec.knob(knob) is None]
        words = f"the migration leaves the knob {unknown[0]}, which there is not" if unknown else ""
        yield Check(f"{spec.id}: version {version} can be opened", not unknown, words)


# --------------------------------------------------------------------------------- an example


def _example(lab: Lab, name: str) -> Check:
    library = lab.library
    path = lab.source.package / name
    try:
        graph, _ = files.upgrade_nodes(files.load(path), library)
        problems = [p for p in graph.problems(library) if p.node is not None]
        if problems:
            return Check(f"example {name}", False, str(problems[0]))
        with Runtime(library, None, engine=_Lent(lab.engine)) as runtime:
            result = runtime.run(graph, out_dir=lab.scratch / "out", base=path.parent)
        errors = [f"{id}: {node.error}" for id, node in result.nodes.items() if node.error]
        return Check(f"example {name}", result.status == "ok", "; ".join(errors))
    except (FormatError, InvalidGraphError) as error:
        return Check(f"example {name}", False, str(error))


class _Lent(PackEngine):
    """Another's engine, which stays when a runtime closes."""

    def __init__(self, engine: PackEngine) -> None:
        super().__init__(lambda id: (_ for _ in ()).throw(LookupError(id)))
        self.call = engine.call  # type: ignore[method-assign]
