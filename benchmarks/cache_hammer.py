"""Two processes hammer one cache: ``python benchmarks/cache_hammer.py [--seconds 60] [--processes 2]``.

Small budgets, so that values are evicted while the other process wants them. Exit status 1 if a single
value came back wrong, anything raised, warned, or was left damaged.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from nawgraph.runtime.cache import Cache

WORKER = Path(__file__).parents[1] / "tests" / "runtime" / "cache_workers.py"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    faults: list[str] = []
    with tempfile.TemporaryDirectory() as place:
        commands = [
            [sys.executable, str(WORKER), "hammer", place, str(seed), str(arguments.seconds)]
            for seed in range(arguments.processes)
        ]
        workers = [
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            for command in commands
        ]
        uses = 0
        for worker in workers:
            output, _ = worker.communicate()
            first, *rest = output.splitlines() or [""]
            uses += int(first) if first.isdigit() else 0
            faults += rest if first.isdigit() else [first, *rest]
        with Cache(Path(place), warn=faults.append) as cache:
            faults += cache.verify()
    print(f"{arguments.processes} processes, {arguments.seconds:g} s, {uses:,} uses: {len(faults)} faults")
    print("\n".join(faults[:20]), end="\n" if faults else "")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
