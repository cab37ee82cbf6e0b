"""Parts of scipy are imported by one thread at a time, whichever nodes a run begins with."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "nawgraph"

SCRIPT = """
import threading
import numpy as np
from nawgraph.audio import chroma, filters, key, onsets, spectrum, tempo
from nawgraph.synth import saturation

sound = np.random.default_rng(0).normal(0, 0.1, (1, 44_100)).astype(np.float32)
first = [
    lambda: key.key(sound, 44_100),
    lambda: chroma.constant_q(sound, 44_100),
    lambda: onsets.onsets(sound, 44_100),
    lambda: tempo.tempo(sound, 44_100),
] * 2
together = threading.Barrier(len(first))
wrong = []

def call(function):
    together.wait()
    try:
        function()
    except ValueError:
        pass  # noise has no tempo
    except Exception as error:
        wrong.append(repr(error))

threads = [threading.Thread(target=call, args=(function,)) for function in first]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(wrong)
"""


def unlocked(tree: ast.AST) -> Iterator[int]:
    """Lines of imports of scipy, or of numba which imports scipy, that no `with importing` holds."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            if any(name.partition(".")[0] in ("scipy", "numba") for name in names):
                yield node.lineno
        elif not (isinstance(node, ast.With) and ast.unparse(node.items[0]) == "importing"):
            yield from unlocked(node)


def test_every_import_of_scipy_and_numba_holds_the_lock():
    assert list(unlocked(ast.parse("import scipy.fft"))) == [1]
    assert list(unlocked(ast.parse("with importing:\n    import scipy.fft"))) == []
    found = {str(file): list(unlocked(ast.parse(file.read_text("utf-8")))) for file in PACKAGE.rglob("*.py")}
    assert {file: lines for file, lines in found.items() if lines} == {}


def test_nodes_that_begin_together_find_scipy_whole():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr
