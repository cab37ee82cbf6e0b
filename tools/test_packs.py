"""Install every pack of ``plugins/`` as its README says, and test each in its own environment.

``python tools/test_packs.py [NAME …]``. Packs are installed into ``build/packs``, not among the user's own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from nawgraph.packs.store import Store

ROOT = Path(__file__).parents[1]
HOME = ROOT / "build" / "packs"


def main(names: list[str]) -> int:
    """Test the packs that are named, or all: 0 if everything passed."""
    there = sorted(p.parent.name for p in (ROOT / "plugins").glob("*/pyproject.toml"))
    unknown = [name for name in names if name not in there]
    if unknown:
        print(f"there is no pack {unknown[0]!r} in plugins/; there are {', '.join(there)}", file=sys.stderr)
        return 2
    shutil.rmtree(HOME, ignore_errors=True)
    os.environ["NAWGRAPH_HOME"] = str(HOME)
    failed = [name for name in names or there if not tested(name)]
    print(f"{len(names or there)} packs tested, failed: {', '.join(failed) or 'none'}")
    return 1 if failed else 0


def tested(name: str) -> bool:
    """Install one, keep its promises, run its own tests by the Python of its environment, run its examples."""
    nawgraph = [sys.executable, "-m", "nawgraph"]
    folder = f"plugins/{name}"
    if not ran(name, "install", [*nawgraph, "pack", "install", folder, "--yes"]):
        return False
    store = Store()
    pack = store.load().packs[name]
    python = store.environments / pack.environment / "bin" / "python"
    pytest = ["pytest", "-q", "-W", "ignore", "-p", "no:cacheprovider", "--rootdir", folder, "-c", os.devnull]
    passed = ran(name, "its tests", [str(python), "-B", "-m", *pytest, f"{folder}/tests"])
    passed &= ran(name, "pack test", [*nawgraph, "pack", "test", folder])
    for example in sorted((ROOT / folder).glob("nawgraph_*/examples/*.nawgraph")):
        document = str(example.relative_to(ROOT))
        passed &= ran(name, f"run {example.name}", [*nawgraph, "run", document, "--out", str(HOME / "out")])
    return passed & ran(name, "doctor", [*nawgraph, "pack", "doctor", name])


def ran(pack: str, what: str, command: list[str]) -> bool:
    """Run a command; what it printed is shown if it failed."""
    start = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    state = "ok    " if done.returncode == 0 else "FAILED"
    print(f"{state} {pack}: {what}, {time.monotonic() - start:.1f} s", flush=True)
    if done.returncode:
        print(done.stdout, flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
