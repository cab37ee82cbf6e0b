"""A process that fills a cache is killed at random moments: ``python benchmarks/cache_kill.py [--kills 50]``.

After each kill the cache must verify clean, hold no unfinished file, and give or make again the right
values. Exit status 1 otherwise.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from nawgraph.runtime.cache import Cache

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "runtime"))
import cache_workers


def kill(folder: Path, seed: int, moment: float) -> list[str]:
    """Let a process fill the cache for `moment` seconds, kill it, and look at what is left."""
    command = [sys.executable, cache_workers.__file__, "fill", str(folder), str(seed)]
    worker = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert worker.stdout is not None
    worker.stdout.readline()
    time.sleep(moment)
    worker.kill()
    faults = worker.communicate()[0].splitlines()
    with Cache(folder, warn=faults.append) as cache:
        faults += cache.verify()
        faults += [f"{file} was left" for file in (folder / "tmp").iterdir()]
        faults += filter(None, (cache_workers.use(cache, number) for number in range(100)))
    return faults


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    arguments = parser.parse_args()
    rng = np.random.default_rng(0)
    faults: list[str] = []
    with tempfile.TemporaryDirectory() as place:
        for seed in range(arguments.kills):
            faults += kill(Path(place), seed, float(rng.uniform(0.0, 0.6)))
    print(f"{arguments.kills} kills: {len(faults)} faults")
    print("\n".join(faults[:20]), end="\n" if faults else "")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
