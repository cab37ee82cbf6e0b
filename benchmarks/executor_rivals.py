"""Dask and Hamilton on the same graphs in the same process: cold, and once more with nothing changed,
in processor milliseconds.

Both are used as their documentation shows it: ``dask.delayed`` with the threaded scheduler, which remembers
nothing between two calls; Hamilton with functions that are wired by name, without and with its disk cache.
"""

from __future__ import annotations

import contextlib
import io
import logging
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from executor_graphs import Wires, cpu_seconds, leaves

Timing = tuple[str, str]
"""Cold and unchanged, in words: milliseconds, or why there are none."""

ABSENT = "not installed"


def dask(wires: Wires) -> Timing:
    """`dask.delayed` on threads."""
    try:
        from dask import compute, delayed
    except ImportError:
        return ABSENT, ABSENT
    step = delayed(_step, pure=False)

    def work() -> None:
        made: dict[str, Any] = {}
        for id, feeders in wires.items():
            made[id] = step(*(made[f] for f in feeders)) if feeders else delayed(1.0)
        compute(*(made[id] for id in leaves(wires)), scheduler="threads")

    return _timed(work), _timed(work)


def hamilton(wires: Wires) -> Timing:
    """Hamilton without a cache."""
    return _hamilton(wires, cached=False)


def hamilton_cached(wires: Wires) -> Timing:
    """Hamilton with the cache of its own."""
    return _hamilton(wires, cached=True)


def _hamilton(wires: Wires, cached: bool) -> Timing:
    try:
        from hamilton import ad_hoc_utils, driver
    except ImportError:
        return ABSENT, ABSENT
    logging.getLogger("hamilton").setLevel(logging.CRITICAL)
    module = ad_hoc_utils.create_temporary_module(*_functions(wires))  # the document; ours is not counted either
    with tempfile.TemporaryDirectory() as folder:

        def work() -> None:
            builder = driver.Builder().with_modules(module)
            built = (builder.with_cache(path=Path(folder)) if cached else builder).build()
            built.execute(leaves(wires))

        cold = _timed(work)
        return cold, cold if cold.endswith("Error") else _timed(work)


def _functions(wires: Wires) -> list[Callable[..., float]]:
    """A function a node, whose parameters name what it reads."""
    lines = []
    for id, feeders in wires.items():
        names = list(dict.fromkeys(feeders))
        parameters = ", ".join(f"{name}: float" for name in names)
        body = f"_step({', '.join(feeders)})" if feeders else "1.0"
        lines.append(f"def {id}({parameters}) -> float:\n    return {body}\n")
    space: dict[str, Any] = {"_step": _step}
    exec("\n".join(lines), space)  # Hamilton takes modules of functions; these are written here
    return [space[id] for id in wires]


def _step(a: float, b: float = 0.0) -> float:
    return (0.5 * a + 0.25 * b + 1.0) % 1000.0


def _timed(work: Callable[[], None]) -> str:
    try:
        with contextlib.redirect_stderr(io.StringIO()):  # Hamilton invites to its chat
            return f"{cpu_seconds(work) * 1000:,.0f}"
    except RecursionError:
        return "RecursionError"
    except Exception as error:
        return type(error).__name__


def versions() -> str:
    """What is installed of the two."""
    from importlib.metadata import PackageNotFoundError, version

    found = []
    for name, packages in (("Dask", ("dask",)), ("Hamilton", ("apache-hamilton", "sf-hamilton"))):
        for package in packages:
            try:
                found.append(f"{name} {version(package)}")
                break
            except PackageNotFoundError:
                continue
        else:
            print(f"{name} is not installed: pip install 'nawgraph[bench]' measures it too.", file=sys.stderr)
    return ", ".join(found)
