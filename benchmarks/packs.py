"""What an isolated node costs, and what 200 installed packs cost: ``python benchmarks/packs.py``.

Wall times, since two processes take part; medians. The exit status is 1 if a target is missed.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from executor_report import Figure, machine, table

from nawgraph import values
from nawgraph.context import Context
from nawgraph.library import standard
from nawgraph.node import NodeSpec
from nawgraph.packs import catalogue, manifest, provide
from nawgraph.packs.engine import PackEngine
from nawgraph.packs.process import PackProcess
from nawgraph.packs.store import Installed, Pack, Store
from nawgraph.runtime.cache import write_file
from nawgraph.values import Audio, Digest

PACKS = 200

MANIFEST = 'id = "{id}"\nversion = "1.0"\nlicence = "MIT"\napi = ">=0.1"\nmodule = "{id}"\n'

CODE = '''
import numpy as np
import nawgraph as ng

@ng.node("bench.add")
def add(a: float, b: float) -> float:
    """A sum."""
    return a + b

@ng.node("bench.first")
def first(audio: ng.Audio) -> float:
    """The first sample."""
    return float(audio.samples[0, 0])

@ng.node("bench.total")
def total(audio: ng.Audio) -> float:
    """Looks at every sample."""
    return float(audio.samples.sum())

@ng.node("bench.same")
def same(audio: ng.Audio) -> ng.Audio:
    """Gives back what it got."""
    return audio
'''


class Lender:
    """A cache that has one value as a file, or nothing."""

    def __init__(self, file: Path | None = None) -> None:
        self.file = file

    def path(self, digest: Digest) -> Path | None:
        return self.file

    def pin(self, digests: Iterable[Digest]) -> None: ...

    def get(self, digest: Digest) -> Any:
        raise KeyError(digest)

    def put(self, digest: Digest, value: Any, seconds: float, *, verify: bool = True) -> None: ...


def pack(folder: Path) -> tuple[PackEngine, dict[str, NodeSpec]]:
    """A pack in a folder behind an engine, sandboxed as an installed one, and its nodes."""
    module = folder / "source" / "bench"
    module.mkdir(parents=True)
    (module / "__init__.py").write_text(CODE)
    made = manifest.parse(MANIFEST.format(id="bench").encode())
    how = provide.launch(made, Store(folder / "store"), module.parent, (), folder / "data")
    process = PackProcess(how)
    nodes = {spec.id: spec for spec in provide.specs(made, process.describe())}
    process.end()
    return PackEngine(lambda id: how), nodes


def median(what: Callable[[], object], times: int) -> float:
    """Seconds, after two calls that do not count."""
    found = []
    for number in range(times + 2):
        start = time.perf_counter()
        what()
        found.append(time.perf_counter() - start)
        if number < 2:
            found.clear()
    return statistics.median(found)


def calls(folder: Path) -> list[Figure]:
    """A call, and 100 MB there and back."""
    engine, nodes = pack(folder)
    ctx = Context(folder / "out")

    def call(node: str, values: Lender, **given: Any) -> Any:
        return engine.call(nodes[f"bench.{node}"], given, ctx, values)

    nothing = Lender()
    started = time.perf_counter()
    call("add", nothing, a=1.0, b=2.0)
    started = time.perf_counter() - started
    one = median(lambda: call("add", nothing, a=1.0, b=2.0), 2000)

    sound = Audio(np.random.default_rng(0).standard_normal((2, 12_500_000)).astype(np.float32))
    values.digest(sound)  # as the engine has it by then
    write_file(folder / "value", sound)
    cached = Lender(folder / "value")
    assert call("first", cached, audio=sound) == call("first", nothing, audio=sound) == float(sound.samples[0, 0])
    lent = median(lambda: call("first", cached, audio=sound), 50)
    copied = median(lambda: call("first", nothing, audio=sound), 30)
    looked = median(lambda: call("total", cached, audio=sound), 30)
    here = median(lambda: float(sound.samples.sum()), 30)
    back = median(lambda: call("same", cached, audio=sound), 20)
    engine.close()
    return [
        Figure("a call of an isolated node", f"{one * 1e3:.3f} ms", "≤ 1 ms", one <= 1e-3),
        Figure("… the first, which starts the process", f"{started * 1e3:.0f} ms"),
        Figure("100 MB across, which the cache has", f"{lent * 1e3:.2f} ms", "≤ 10 ms", lent <= 10e-3),
        Figure("… and every sample looked at (in this process)", f"{looked * 1e3:.1f} ms ({here * 1e3:.1f} ms)"),
        Figure("100 MB across, which is only in memory: one copy", f"{copied * 1e3:.1f} ms"),
        Figure("100 MB across and 100 MB back: two copies", f"{back * 1e3:.1f} ms"),
    ]


def many(home: Path) -> list[Figure]:
    """`nawgraph nodes` with 200 packs of five nodes."""
    store = Store(home / "packs")
    gain = standard().get("audio.gain")
    assert isinstance(gain, NodeSpec)
    plain = catalogue.entry(gain)
    packs = {}
    for number in range(PACKS):
        id = f"pack_{number}"
        packs[id] = Pack("1.0", id, id, "", "")
        folder = store.packages(packs[id]) / id
        folder.mkdir(parents=True)
        (folder / manifest.FILE).write_text(MANIFEST.format(id=id))
        entries = [_renamed(plain, f"{id}.gain_{letter}") for letter in "abcde"]
        (folder / manifest.CATALOGUE).write_text(catalogue.dumps(entries))
    store.write(Installed(packs=packs))
    environment = {**os.environ, "NAWGRAPH_HOME": str(home)}

    def nodes() -> str:
        command = [sys.executable, "-m", "nawgraph", "nodes"]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

    start = time.perf_counter()
    listed = nodes()
    first = time.perf_counter() - start
    assert listed.count("gain_") == 5 * PACKS
    again = median(nodes, 7)
    return [
        Figure(f"nawgraph nodes, {PACKS} packs of 5 nodes", f"{again:.2f} s", "≤ 0.5 s", again <= 0.5),
        Figure("… the first time after a change", f"{first:.2f} s"),
    ]


def _renamed(entry: catalogue.Entry, id: str) -> catalogue.Entry:
    return msgspec.structs.replace(entry, id=id)


def main() -> int:
    figures: list[Figure] = []
    for measure in (calls, many):
        with tempfile.TemporaryDirectory(prefix="nawgraph-bench-") as place:
            figures += measure(Path(place))
    print(machine(), end="\n\n")
    marks = {None: "", True: "pass", False: "FAIL"}
    print(table(["figure", "measured", "target", ""], [[f.name, f.measured, f.target, marks[f.ok]] for f in figures]))
    return int(any(f.ok is False for f in figures))


if __name__ == "__main__":
    sys.exit(main())
