"""Another editor: a process that does something and then waits to be told or killed."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from immutables import Map

from nawgraph.graph import Graph, Node

ROOT = Path(__file__).parents[3]


def numbers(count: int, value: float = 1.0) -> Graph:
    """A document of so many nodes."""
    return Graph(nodes=Map({f"n{i}": Node("value.float", knobs=Map({"value": value + i})) for i in range(count)}))


@contextmanager
def other_editor(code: str) -> Iterator[subprocess.Popen[str]]:
    """Run code in another process, which says "ready" when it is through and waits; it is killed at the end."""
    head = f"import sys; sys.path[:0] = [{str(ROOT)!r}, {str(Path(__file__).parent)!r}]\n"
    body = textwrap.dedent(code) + "\nprint('ready', flush=True); sys.stdin.readline()\n"
    process = subprocess.Popen(
        [sys.executable, "-c", head + body], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
