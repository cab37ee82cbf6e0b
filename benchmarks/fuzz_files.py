"""Mutate document files N times (10,000 by default) and read them: refused in a sentence, or read and checked.

    python benchmarks/fuzz_files.py [N] [SEED]

Prints how many were refused and read and the slowest time; exits with 1 at the first file that raised anything
but `FormatError`, took 2 s or more, or was not written back as it was read.
"""

from __future__ import annotations

import copy
import json
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nawgraph.files import FormatError, dumps, loads
from nawgraph.graph import Library

GOLDEN = Path(__file__).parent.parent / "tests" / "golden"
SLOW = 2.0
NASTY: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        0,
        -1,
        1,
        1.5,
        -0.0,
        1e308,
        2**63,
        10**400,
        "",
        "a",
        "a.b",
        "in.audio",
        "in",
        ".",
        "a.",
        "\x00",
    ),
    *(
        "é" * 300,
        "\u202e",
        [],
        {},
        [[]],
        [[0, 1]],
        {"": {}},
        {"nawgraph": 1},
        ["a.b", "a.b"],
        "subgraph.voice",
        "map.voice",
    ),
)


@dataclass
class Tally:
    """What became of the files."""

    read: int = 0
    refused: int = 0
    slowest: float = 0.0


def fuzz(count: int, seed: int, library: Library) -> Tally:
    """Read `count` mutated documents.

    Raises:
        AssertionError: one of them broke a promise; the message holds it.
    """
    rng = random.Random(seed)
    originals = [path.read_bytes() for path in sorted(GOLDEN.glob("*.nawgraph"))]
    tally = Tally()
    for number in range(count):
        data = rng.choice(originals)
        for _ in range(rng.choice((1, 1, 1, 2, 4))):
            data = rng.choice(MUTATIONS)(rng, data)
        began = time.perf_counter()
        try:
            outcome = attempt(data, library)
        except Exception as error:
            raise AssertionError(f"file {number}: {type(error).__name__}: {error}\n{data[:4000]!r}") from error
        seconds = time.perf_counter() - began
        assert seconds < SLOW, f"file {number} took {seconds:.1f} s\n{data[:4000]!r}"
        tally.slowest = max(tally.slowest, seconds)
        tally.read += outcome
        tally.refused += not outcome
    return tally


def attempt(data: bytes, library: Library) -> bool:
    """Read and check one file; whether it was a document."""
    try:
        graph = loads(data, "fuzz.nawgraph")
    except FormatError as error:
        assert "\n" not in str(error), error
        return False
    text = dumps(graph)
    assert dumps(loads(text)) == text, "is not written back as it was read"
    assert all(problem.message for problem in graph.problems(library))
    return True


def _flip(rng: random.Random, data: bytes) -> bytes:
    made = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        if made:
            made[rng.randrange(len(made))] ^= 1 << rng.randrange(8)
    return bytes(made)


def _truncate(rng: random.Random, data: bytes) -> bytes:
    return data[: rng.randint(0, len(data))]


def _splice(rng: random.Random, data: bytes) -> bytes:
    """A piece of the file again, somewhere else."""
    start, to = rng.randint(0, len(data)), rng.randint(0, len(data))
    return data[:to] + data[start : start + rng.randint(0, 200)] + data[to:]


def _cut(rng: random.Random, data: bytes) -> bytes:
    start = rng.randint(0, len(data))
    return data[:start] + data[start + rng.randint(1, 60) :]


def _insert(rng: random.Random, data: bytes) -> bytes:
    at = rng.randint(0, len(data))
    words = (b"NaN", b"Infinity", b"1e400", b"\xff\xfe", b"[" * 5000, b"{" * 70, b'"', b"\\ud800", b"\x00", b"9" * 5000)
    return data[:at] + rng.choice(words) + data[at:]


def _structure(change: Callable[[random.Random, Any, Any], None]) -> Callable[[random.Random, bytes], bytes]:
    """A mutation of the parsed document; a file that is too broken stays as it is."""

    def mutate(rng: random.Random, data: bytes) -> bytes:
        try:
            document = json.loads(data)
            places = _containers(document)
            if places:
                change(rng, rng.choice(places), document)
            return json.dumps(document, ensure_ascii=rng.random() < 0.5).encode("utf-8", "replace")
        except (ValueError, RecursionError):  # what earlier mutations broke too much for Python's own parser
            return data

    return mutate


def _containers(document: Any) -> list[Any]:
    found, todo = [], [document]
    while todo:
        value = todo.pop()
        if isinstance(value, (dict, list)) and value:
            found.append(value)
            todo += value.values() if isinstance(value, dict) else value
    return found


def _key(rng: random.Random, place: Any) -> Any:
    return rng.choice(list(place)) if isinstance(place, dict) else rng.randrange(len(place))


def _replace(rng: random.Random, place: Any, document: Any) -> None:
    place[_key(rng, place)] = copy.deepcopy(rng.choice(NASTY))


def _remove(rng: random.Random, place: Any, document: Any) -> None:
    del place[_key(rng, place)]


def _transplant(rng: random.Random, place: Any, document: Any) -> None:
    """A part of the document in the place of another, so that types of fields change."""
    donor = rng.choice(_containers(document))
    place[_key(rng, place)] = copy.deepcopy(donor[_key(rng, donor)])


def _rename(rng: random.Random, place: Any, document: Any) -> None:
    if isinstance(place, dict):
        word = rng.choice([word for word in NASTY if isinstance(word, str)])
        place[word] = place.pop(_key(rng, place))


def _deepen(rng: random.Random, place: Any, document: Any) -> None:
    key = _key(rng, place)
    value = place[key]
    for _ in range(rng.choice((3, 40, 70, 500))):
        value = [value] if rng.random() < 0.5 else {"a": value}
    place[key] = value


def _nest_definitions(rng: random.Random, place: Any, document: Any) -> None:
    """Definitions inside definitions, in a chain or a circle."""
    if isinstance(document, dict):
        depth = rng.choice((3, 30, 33, 2000))
        chain = {
            f"d{i}": {"nodes": {"n": {"type": f"subgraph.d{i + 1}"}}, "outputs": {"x": "n.x"}} for i in range(depth)
        }
        if rng.random() < 0.3:
            chain[f"d{depth}"] = {"nodes": {"n": {"type": "subgraph.d0"}}, "outputs": {"x": "n.x"}}
        document["subgraphs"] = chain


MUTATIONS = (
    *(_flip, _truncate, _splice, _cut, _insert),
    *(
        _structure(c)
        for c in (_replace, _replace, _remove, _transplant, _transplant, _rename, _deepen, _nest_definitions)
    ),
)


if __name__ == "__main__":
    from nawgraph.library import standard

    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    began = time.perf_counter()
    result = fuzz(wanted, int(sys.argv[2]) if len(sys.argv) > 2 else 0, standard())
    print(
        f"{wanted:,} mutated files: {result.refused:,} refused, {result.read:,} read, 0 failed; "
        f"slowest {result.slowest * 1000:.0f} ms, {time.perf_counter() - began:.0f} s in all"
    )
