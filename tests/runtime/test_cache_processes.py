"""The cache among processes: two that share it, some that are killed, one whose memory is counted."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import cache_workers
import numpy as np
import pytest

from nawgraph import values
from nawgraph.runtime.cache import Cache

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


def start(*arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, cache_workers.__file__, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=ENVIRONMENT)


def test_two_processes_hammer_one_cache(tmp_path: Path) -> None:
    workers = [start("hammer", tmp_path, seed, 4) for seed in (1, 2)]
    for worker in workers:
        output, _ = worker.communicate(timeout=60)
        uses, *faults = output.splitlines()
        assert faults == []
        assert int(uses) > 10  # thousands where the machine does nothing else
        assert worker.returncode == 0
    with Cache(tmp_path, warn=pytest.fail) as cache:
        assert cache.verify() == []


def test_a_cache_whose_process_is_killed_stays_sound(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    for kill in range(6):
        worker = start("fill", tmp_path, kill)
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
        time.sleep(float(rng.uniform(0.05, 0.5)))
        worker.kill()
        assert worker.communicate(timeout=60)[0] == ""
        with Cache(tmp_path, warn=pytest.fail) as cache:
            assert cache.verify() == []
            assert not list((tmp_path / "tmp").iterdir())
            for number in range(30):
                assert cache_workers.use(cache, number) == ""


def test_the_memory_budget_is_held_and_the_rest_is_served_from_disk(tmp_path: Path) -> None:
    """100 values of 10 MB with a budget of 256 MB: what the process grows by, in all, and what comes back."""
    code = f"""
        import threading, time
        import numpy as np, psutil
        from pathlib import Path
        from nawgraph import values
        from nawgraph.runtime.cache import Cache
        from nawgraph.values import Audio
        process = psutil.Process()
        before, peak, done = process.memory_info().rss, 0, False
        def watch():
            global peak
            while not done:
                peak = max(peak, process.memory_info().rss)
                time.sleep(0.002)
        watcher = threading.Thread(target=watch)
        watcher.start()
        made = lambda i: Audio(np.full((1, 2_500_000), i, np.float32))
        with Cache(Path({str(tmp_path)!r}), ram_bytes=256_000_000, warn=print) as cache:
            digests = []
            for i in range(100):
                value = made(i)
                digests.append(values.digest(value))
                cache.put(digests[-1], value, 0.1)
            del value
            assert cache.info().ram_used > 200_000_000
            for i, digest in enumerate(digests):
                assert cache.get(digest).samples[0, -1] == i
            assert cache.info().ram_used <= 256_000_000
        done = True
        watcher.join()
        print((peak - before) / 1e6)
    """
    program = [sys.executable, "-c", textwrap.dedent(code)]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.stderr == ""
    growth = float(done.stdout)
    assert 200 < growth <= 300


def test_large_values_are_shared_with_another_process_by_file(tmp_path: Path) -> None:
    value = cache_workers.made(1)
    with Cache(tmp_path, warn=pytest.fail) as cache:
        digest = values.digest(value)
        cache.put(digest, value, 1.0)
        path = cache.path(digest)
        code = (
            "import sys; from pathlib import Path; from nawgraph import values;"
            "from nawgraph.runtime.cache import read_file;"
            "print(values.digest(read_file(Path(sys.argv[1]), mapped=True)).hex())"
        )
        program = [sys.executable, "-c", code, str(path)]
        found = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert found.stdout.strip() == digest.hex()
