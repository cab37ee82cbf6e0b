"""``nawgraph check``, ``plan`` and ``explain``: look at a document without running it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from nawgraph.cli import common
from nawgraph.cli.common import OK, USAGE, Commands, Stop

if TYPE_CHECKING:
    from nawgraph.graph import Problem


def register(commands: Commands) -> None:
    """Add the commands."""
    check_parser = commands.add_parser("check", help="list everything that is wrong with a document")
    check_parser.add_argument("file", metavar="FILE")
    check_parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    check_parser.set_defaults(action=check)


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
