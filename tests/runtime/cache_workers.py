"""What the processes of the cache tests do; also run by `benchmarks/cache_hammer.py` and `cache_kill.py`.

``python cache_workers.py hammer FOLDER SEED SECONDS`` and ``… fill FOLDER SEED``.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

from nawgraph import values
from nawgraph.runtime.cache import Cache, Row
from nawgraph.values import Audio, Value

KINDS = 60


def made(number: int) -> float | Audio | tuple[Value, ...]:
    """A value that is the same in every process: a number, a sound of 80 to 800 kB, or a list of two sounds."""
    kind = number % 3
    if kind == 0:
        return float(number)
    if kind == 1:
        rng = np.random.default_rng(number)
        return Audio(rng.standard_normal((2, 10_000 * (1 + number % 10))).astype(np.float32))
    first, second = made(3 * number + 1), made(3 * number + 4)
    assert isinstance(first, Audio)
    assert isinstance(second, Audio)
    return (first, second)


def key_of(number: int) -> bytes:
    return values.digest(f"action {number}")


def use(cache: Cache, number: int) -> str:
    """Look an action up, or make it; says what was wrong with the value that came back, "" if nothing."""
    key = key_of(number)
    row = cache.action(key)
    if row is not None:
        try:
            value = cache.get(row.outputs[0])
        except KeyError:
            pass
        else:
            return "" if values.digest(value) == values.digest(made(number)) else f"value {number} is wrong"
    value = made(number)
    digest = values.digest(value)
    cache.put(digest, value, 0.01)
    cache.record(key, Row((digest,), (values.type_name(value),), 0.01))
    return ""


def hammer(folder: Path, seed: int, seconds: float) -> int:
    """Use one cache as hard as possible; prints the number of uses, then every fault."""
    rng = np.random.default_rng(seed)
    faults: list[str] = []
    end = time.monotonic() + seconds
    uses = 0
    while time.monotonic() < end:
        # small tiers, so that values come from disk and are evicted while the other process wants them
        with Cache(folder, ram_bytes=1 << 20, disk_bytes=12 << 20, warn=faults.append) as cache:
            for number in rng.integers(0, KINDS, 100).tolist():
                fault = use(cache, number)
                faults += [fault] if fault else []
                uses += 1
                if number == 7 and rng.random() < 0.1:
                    faults += cache.verify()
    print(uses)
    print("\n".join(faults), end="")
    return 1 if faults else 0


def fill(folder: Path, seed: int) -> int:
    """Fill a cache until killed."""
    numbers = np.random.default_rng(seed)
    with Cache(folder, ram_bytes=1 << 20, disk_bytes=40 << 20, warn=lambda text: print(text, flush=True)) as cache:
        print("ready", flush=True)
        while True:
            use(cache, int(numbers.integers(0, 100 * KINDS)))
            if numbers.random() < 0.05:
                cache.flush()


if __name__ == "__main__":
    what, folder, seed, *rest = sys.argv[1:]
    sys.exit(hammer(Path(folder), int(seed), float(rest[0])) if what == "hammer" else fill(Path(folder), int(seed)))
