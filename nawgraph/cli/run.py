"""``nawgraph run``: make what a document describes."""

from __future__ import annotations

import argparse
import math
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from nawgraph.cli import common
from nawgraph.cli.common import FAILED, INTERRUPTED, OK, Commands, Stop

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nawgraph.library import Library
    from nawgraph.runtime.local import Runtime
    from nawgraph.runtime.result import NodeResult, Result
    from nawgraph.watch import AbandonedError, Display, Emit

STATUS = {"ok": OK, "failed": FAILED, "cancelled": INTERRUPTED}
CANCELLED = "cancelled before it was done"


def register(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser("run", help="run a document; only what changed runs again")
    parser.add_argument("file", metavar="FILE")
    common.add_run_options(parser)
    parser.add_argument("--no-cache", action="store_true", help="keep nothing on disk, run everything")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    parser.add_argument("--yes", action="store_true", help="do not ask before a stranger's document is first run")
    parser.set_defaults(action=run)


def run(options: argparse.Namespace) -> int:
    """Run a document and report; the exit status."""
    start = time.perf_counter()
    try:
        with _terminated_like_interrupted(), common.sentences():
            return _run(options, start)
    except Stop as stop:
        if options.json:
            problems = getattr(stop.__cause__, "problems", ())
            common.print_json(_object("failed", start, {}) | {"error": str(stop), "problems": _problems(problems)})
        raise


def _run(options: argparse.Namespace, start: float) -> int:
    from nawgraph.watch import AbandonedError, watch

    library = common.library()
    graph = common.prepared(library, options)
    if not _agreed(library, options):
        return OK
    runtime = common.make_runtime(library, options, None if options.no_cache else common.cache_folder(options))

    def work(emit: Emit) -> Result:
        name = common.document_name(options.file)
        base = Path(options.file).parent
        return runtime.run(graph, options.targets, out_dir=options.out, base=base, document=name, emit=emit)

    try:
        result = watch(runtime, work, _display(options.json))
    except AbandonedError as error:
        return _abandoned(error, runtime, options, start)
    except KeyboardInterrupt:  # the second one: end at once
        sweep(options.out)
        raise
    _report(result, options, start)
    with suppress(OSError):
        runtime.close()
    if result.status == "cancelled":
        sweep(options.out)
    return STATUS[result.status]


def _agreed(library: Library, options: argparse.Namespace) -> bool:
    """Whether it may run: a person at a terminal is asked once about a stranger's document that reaches out."""
    if options.yes or options.json or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return True
    from nawgraph.sharing import known

    graph, _ = common.open_document(options.file, library)  # as it lies there: settings of this run are the user's own
    found = known.question(graph, library)
    if found is None:
        return True
    common.say(f"{options.file} came from elsewhere. It would use:")
    for line in known.lines(found):
        print(f"  {line}", file=sys.stderr)
    print("Run it? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        common.say("not run")
        return False
    known.remember(graph)
    return True


def _display(as_json: bool) -> Display | None:
    """Bars, if somebody can see them."""
    if as_json or not sys.stderr.isatty():
        return None
    from nawgraph.progress import Bars

    return Bars(sys.stderr)


@contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """SIGTERM ends a run in the same orderly way as Ctrl-C."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


# ------------------------------------------------------------------------------------- reports


def _report(result: Result, options: argparse.Namespace, start: float) -> None:
    nodes = result.nodes
    outer = _outer(nodes)
    for id, node in nodes.items():
        for warning in node.warnings:
            print(f"warning: {id}: {warning}", file=sys.stderr)
        if node.state == "failed" and id not in outer:
            print(f"error: {id}: {node.error}", file=sys.stderr)
    values = result.scalars()
    if options.json:
        states = {id: _state(n.state, n.seconds, n.error) for id, n in nodes.items()}
        shown = {"files": list(dict.fromkeys(result.files)), "values": {k: _finite(v) for k, v in values.items()}}
        common.print_json(_object(result.status, start, states) | shown)
        return
    for file in dict.fromkeys(result.files):
        print(file)
    for name, value in values.items():
        print(f"{name} = {value}")
    print(_summary(result, outer, time.perf_counter() - start))


def _outer(nodes: Mapping[str, NodeResult]) -> set[str]:
    """Ids of subgraphs and maps, which fare as the steps inside them do."""
    return {id[:i] for id in nodes for i, c in enumerate(id) if c in "/["}


def _summary(result: Result, outer: set[str], seconds: float) -> str:
    states = [n.state for id, n in result.nodes.items() if id not in outer]
    rest = [f"{states.count(state)} {state}" for state in ("failed", "blocked", "cancelled") if state in states]
    return ", ".join([f"{states.count('ran')} ran", f"{states.count('cached')} cached", *rest, f"{seconds:.2f} s"])


def _object(status: str, start: float, nodes: dict[str, Any]) -> dict[str, Any]:
    seconds = round(time.perf_counter() - start, 6)
    return {"status": status, "seconds": seconds, "nodes": nodes, "files": [], "values": {}}


def _state(state: str, seconds: float, error: str | None) -> dict[str, Any]:
    """A node's entry. The contract has no state for what a cancel cut off: it was not made, and says why."""
    if state in ("cancelled", "running"):
        return {"state": "skipped", "seconds": 0.0, "error": CANCELLED}
    return {"state": state, "seconds": round(seconds, 6), "error": error or None}


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _problems(problems: Any) -> list[dict[str, Any]]:
    from nawgraph.cli.inspect import problem_json

    return [problem_json(p) for p in problems]


# ------------------------------------------------------------------------------------ cancelling


def _abandoned(error: AbandonedError, runtime: Runtime, options: argparse.Namespace, start: float) -> int:
    """A node did not obey: keep what is finished, tidy up, and leave it behind."""
    keeping = threading.Thread(target=runtime.cache.flush, daemon=True)
    keeping.start()
    sweep(options.out)
    if options.json:
        states = {id: _state(e.state, e.seconds, e.error) for id, e in error.states.items()}
        common.print_json(_object("cancelled", start, states))
    else:
        common.say("interrupted; a node did not stop in time and was left behind")
    keeping.join(0.1)
    return INTERRUPTED


def sweep(folder: Path) -> None:
    """Remove the unfinished files of this process from an output folder (``.NAME.PID.RANDOM.tmp``)."""
    with suppress(OSError):
        for file in folder.glob(f".*.{os.getpid()}.*.tmp"):
            with suppress(OSError):
                file.unlink()
