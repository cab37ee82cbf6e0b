"""``nawgraph check``, ``plan`` and ``explain``: look at a document without running it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nawgraph.cli import common
from nawgraph.cli.common import OK, USAGE, Commands, Stop

if TYPE_CHECKING:
    from nawgraph.graph import Graph, Problem
    from nawgraph.runtime.forecast import Forecast
    from nawgraph.runtime.local import Runtime

WORDS = {"run": "would run", "maybe": "may run", "cached": "cached", "fail": "cannot run", "blocked": "blocked"}


def register(commands: Commands) -> None:
    """Add the commands."""
    check_parser = commands.add_parser("check", help="list everything that is wrong with a document")
    check_parser.add_argument("file", metavar="FILE")
    check_parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    check_parser.set_defaults(action=check)
    plan_parser = commands.add_parser("plan", help="say what a run would do, and how long it would take")
    plan_parser.add_argument("file", metavar="FILE")
    common.add_run_options(plan_parser)
    plan_parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    plan_parser.set_defaults(action=plan)
    explain_parser = commands.add_parser("explain", help="say why a node would run or not")
    explain_parser.add_argument("file", metavar="FILE")
    explain_parser.add_argument("node", metavar="NODE")
    common.add_run_options(explain_parser)
    explain_parser.set_defaults(action=explain)


# ---------------------------------------------------------------------------------------- check


def check(options: argparse.Namespace) -> int:
    """List all problems; status 2 if one is an error."""
    from nawgraph.graph import Problem

    library = common.library()
    try:
        graph, notes = common.open_document(options.file, library)
        problems = graph.problems(library) + [Problem("warning", *_where(note)) for note in notes]
    except Stop as stop:
        if not options.json:
            raise
        problems = [Problem("error", None, None, str(stop))]
    if options.json:
        common.print_json({"problems": [problem_json(p) for p in problems]})
    else:
        for problem in problems:
            print(f"{problem.severity}: {problem}")
        print(_count(problems))
    return USAGE if any(p.severity == "error" for p in problems) else OK


def problem_json(problem: Problem) -> dict[str, Any]:
    """A problem as the contract has it."""
    return {
        "severity": problem.severity,
        "node": problem.node,
        "field": problem.field,
        "message": problem.message,
    }


def _where(note: str) -> tuple[str | None, None, str]:
    """Node and sentence of a note such as ``gain: brought from version 1 to 2``."""
    node, _, sentence = note.partition(": ")
    return node, None, sentence


def _count(problems: list[Problem]) -> str:
    errors = sum(p.severity == "error" for p in problems)
    warnings = len(problems) - errors
    if not problems:
        return "no problems"
    return f"{errors} error{'s' * (errors != 1)}, {warnings} warning{'s' * (warnings != 1)}"


# ------------------------------------------------------------------------------ plan and explain


def plan(options: argparse.Namespace) -> int:
    """Say of each step whether it would run."""
    from datetime import datetime

    from nawgraph.runtime.explain import causes_of

    now = datetime.now()
    graph, runtime = _opened(options)
    with common.sentences():
        forecast = _forecast(runtime, graph, options, options.targets)
    looks = forecast.outlooks
    why = {id: "; ".join(c.sentence for c in causes_of(forecast, id, now)) for id in looks}
    if options.json:
        common.print_json(_plan_json(forecast, why))
        return OK
    width = max((len(id) for id in looks), default=0)
    for id, outlook in looks.items():
        reason = why[id] if outlook.verdict != "cached" else ""
        print(f"{WORDS[outlook.verdict]:<10}  {id:<{width}}  {reason}".rstrip())
    print(_plan_summary(forecast))
    return OK


def _plan_json(forecast: Forecast, why: dict[str, str]) -> dict[str, Any]:
    looks = forecast.outlooks
    return {
        "counts": {word: sum(o.verdict == word for o in looks.values()) for word in WORDS},
        "seconds": round(sum(_costs(forecast)), 6),
        "unknown": sum(o.verdict in ("run", "maybe") and o.seconds is None for o in looks.values()),
        "nodes": {
            id: {"state": o.verdict, "why": why[id] or None, "seconds": o.seconds if o.verdict != "cached" else 0.0}
            for id, o in looks.items()
        },
    }


def _costs(forecast: Forecast) -> list[float]:
    """Recorded seconds of everything that would or may run."""
    return [o.seconds for o in forecast.outlooks.values() if o.verdict in ("run", "maybe") and o.seconds is not None]


def _plan_summary(forecast: Forecast) -> str:
    verdicts = [o.verdict for o in forecast.outlooks.values()]
    parts = [f"{verdicts.count(v)} {word}" for v, word in WORDS.items() if v in verdicts]
    unknown = sum(o.verdict in ("run", "maybe") and o.seconds is None for o in forecast.outlooks.values())
    if _costs(forecast):
        parts.append(f"at most about {sum(_costs(forecast)):.2g} s")
    if unknown:
        parts.append(f"{unknown} of unknown cost")
    return ", ".join(parts) or "nothing to do"


def explain(options: argparse.Namespace) -> int:
    """Say why a node would run."""
    from nawgraph.problems import nearest
    from nawgraph.runtime.explain import explain as words

    graph, runtime = _opened(options)
    node = options.node
    known = graph.nodes
    if node not in known and node.partition("/")[0].partition("[")[0] not in known:
        raise Stop(f"there is no node {node!r}{nearest(node, list(known))}")
    with common.sentences():
        lines = words(_forecast(runtime, graph, options, options.targets), node)
        if not lines and node in known:
            lines = words(_forecast(runtime, graph, options, [node]), node)
            lines.insert(0, f"{node} is not needed by what a run makes; with --target {node} it would be:")
    if len(lines) < 1:
        raise Stop(f"there is no step {node!r} in this run; nawgraph plan lists all")
    for line in lines:
        print(line)
    return OK


def _opened(options: argparse.Namespace) -> tuple[Graph, Runtime]:
    """The document and a runtime on the cache there is; none is made."""
    library = common.library()
    graph = common.prepared(library, options)
    folder = common.cache_folder(options)
    return graph, common.make_runtime(library, options, folder if folder.is_dir() else None)


def _forecast(runtime: Runtime, graph: Graph, options: argparse.Namespace, targets: list[str] | None) -> Forecast:
    from nawgraph.runtime.forecast import Forecast
    from nawgraph.runtime.plan import Plan

    names = runtime.targets(graph, targets)
    runtime.check(graph, names)
    opened = Plan(graph, runtime.library)
    return Forecast(
        opened,
        [step for name in names for step in opened.targets_of(name)],
        cache=runtime.cache,
        keys=runtime.keys(Path(options.file).parent, options.out),
        document=common.document_name(options.file),
    )
