"""What several commands need: options, opening a document, saying things."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from nawgraph.graph import Graph, Problem
    from nawgraph.library import Library
    from nawgraph.runtime.local import Runtime

OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130
"""Exit statuses."""

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


class Stop(Exception):  # noqa: N818 - an end, not an error of the program
    """End the command with a sentence on stderr."""

    def __init__(self, sentence: str, status: int = USAGE) -> None:
        super().__init__(sentence)
        self.status = status


def say(sentence: str) -> None:
    """One sentence on stderr."""
    print(f"nawgraph: {sentence}", file=sys.stderr)


def positive(options: argparse.Namespace, *names: str) -> None:
    """See that options which count something, where they are given, are 1 or more.

    Raises:
        Stop: one is not.
    """
    for name in names:
        value = getattr(options, name)
        if value is not None and value < 1:
            raise Stop(f"--{name.replace('_', '-')} must be 1 or more, got {value}")


def print_json(data: Any) -> None:
    """One JSON object on stdout."""
    print(json.dumps(data, allow_nan=False))


@contextmanager
def sentences() -> Iterator[None]:
    """Refusals of the layers below end the command with their sentence."""
    if os.environ.get("NAWGRAPH_DEBUG"):
        yield
        return
    try:
        yield
    except (BrokenPipeError, InterruptedError):
        raise
    except LookupError as error:
        if isinstance(error, IndexError):
            raise
        raise Stop(str(error.args[0]) if error.args else "not found") from None
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise Stop(f"{where}{error.strerror or error}") from None
    except ValueError as error:
        problems = getattr(error, "problems", None)
        raise Stop(_first(problems) if problems else " ".join(str(error).split())) from error


def _first(problems: Sequence[Problem]) -> str:
    """The problems of a document in one sentence, the first five of many."""
    shown = "; ".join(str(p) for p in problems[:5])
    more = len(problems) - 5
    return f"{shown}; and {more} more (nawgraph check lists all)" if more > 0 else shown


def add_cache_options(parser: argparse.ArgumentParser) -> None:
    """``--cache-dir``."""
    parser.add_argument("--cache-dir", metavar="DIR", type=Path, help="folder of the cache")


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """What changes a run, and so what `plan` and `explain` foretell."""
    parser.add_argument(
        "--set", metavar="NODE.KNOB=VALUE", action="append", default=[], dest="sets", help="set a knob for this run"
    )
    parser.add_argument(
        "--target", metavar="NODE", action="append", dest="targets", help="make this node (default: all sinks)"
    )
    parser.add_argument("--out", metavar="DIR", type=Path, default=Path("out"), help="where exports go (default: out)")
    parser.add_argument("--seed", metavar="N", type=int, help="set every unwired seed to a number that follows from N")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="where GPU nodes run")
    parser.add_argument(
        "--embed", choices=("full", "id", "none"), default="full", help="how much of the document exports carry"
    )
    add_cache_options(parser)


def library() -> Library:
    """All node types that can be used here."""
    from nawgraph.own_nodes import library

    with sentences():
        return library()


def open_document(path: str, library: Library) -> tuple[Graph, list[str]]:
    """The document in a file, brought up to date, and a sentence about each node that had to be."""
    from nawgraph import files

    with sentences():
        return files.upgrade_nodes(files.load(path), library)


def prepared(library: Library, options: argparse.Namespace) -> Graph:
    """The document as the options ask for it, its targets checked."""
    graph, notes = open_document(options.file, library)
    for note in notes:
        say(note)
    graph = adjusted(graph, library, options)
    checked_targets(graph, options.targets)
    return graph


def adjusted(graph: Graph, library: Library, options: argparse.Namespace) -> Graph:
    """The document with ``--seed`` and ``--set`` applied; an explicit setting wins over the seed."""
    from nawgraph.overrides import knob_of, parse, set_knob, with_seed

    with sentences():
        if options.seed is not None:
            graph = with_seed(graph, library, options.seed)
        for text in options.sets:
            target, equals, value = text.partition("=")
            if not equals:
                raise Stop(f"--set {text}: write --set NODE.KNOB=VALUE, such as --set gain.db=-3")
            id, node, knob = knob_of(graph, library, target.strip())
            graph = set_knob(graph, library, target.strip(), parse(value, knob))
            if knob.name in node.inputs:
                say(f"{id}.{knob.name} is wired, so the value has no effect: the wire wins")
        return graph


def checked_targets(graph: Graph, names: list[str] | None) -> None:
    """End the command if a target does not exist."""
    from nawgraph.problems import nearest

    for name in names or ():
        if name not in graph.nodes:
            raise Stop(f"--target {name}: there is no such node{nearest(name, list(graph.nodes))}")


def make_runtime(library: Library, options: argparse.Namespace, folder: Path | None) -> Runtime:
    """The runtime that the options ask for."""
    from nawgraph.packs import provide
    from nawgraph.runtime.collector import calm_collector
    from nawgraph.runtime.local import Runtime, execution_class

    calm_collector()
    with sentences():
        execution_class(options.device)
        return Runtime(library, folder, device=options.device, embed=options.embed, engine=provide.engine(), warn=say)


def cache_folder(options: argparse.Namespace) -> Path:
    """The folder that ``--cache-dir`` names, or the user's own."""
    from nawgraph import home

    return options.cache_dir or home.cache_folder()


def document_name(path: str) -> str:
    """Under which the runs of a document are remembered."""
    return str(Path(path).absolute())
