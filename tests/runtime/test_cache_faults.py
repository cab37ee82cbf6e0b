"""The cache on bad days: damaged files, a strange index, no right to write, a full disk: a miss, never an error."""

from __future__ import annotations

import os
import resource
import sqlite3
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nawgraph import values
from nawgraph.runtime.cache import Cache, DamagedError, Row, read_file, write_file
from nawgraph.values import Audio, Stems

ROOT = Path(__file__).parents[2]


def sound(seed: int, frames: int = 5_000) -> Audio:
    return Audio(np.random.default_rng(seed).standard_normal((2, frames)).astype(np.float32))


def filled(folder: Path) -> dict[bytes, Audio]:
    """Three sounds, a number and an action in a closed cache."""
    with Cache(folder, warn=pytest.fail) as cache:
        sounds = {values.digest(s): s for s in map(sound, range(3))}
        for digest, audio in sounds.items():
            cache.put(digest, audio, 1.0)
        cache.put(values.digest(5), 5, 1.0)
        cache.record(b"key", Row((values.digest(5),), ("int",), 1.0))
    return sounds


def run_as_program(code: str, **options: object) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-c", textwrap.dedent(code)]
    return subprocess.run(program, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False, **options)  # type: ignore[call-overload,no-any-return]


# --------------------------------------------------------------------------------- object files


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_damage_to_a_file_gives_a_wrong_value(data: st.DataObject, tmp_path: Path) -> None:
    path = tmp_path / "value"
    value = Stems.of({"drums": sound(1, 300), "bass": sound(2, 300)})
    write_file(path, value)
    raw = bytearray(path.read_bytes())
    if data.draw(st.booleans(), "cut"):
        raw = raw[: data.draw(st.integers(0, len(raw) - 1), "length")]
    else:
        for _ in range(data.draw(st.integers(1, 3), "flips")):
            raw[data.draw(st.integers(0, len(raw) - 1), "byte")] ^= 1 << data.draw(st.integers(0, 7), "bit")
    path.write_bytes(raw)
    try:
        found = read_file(path)
    except DamagedError:
        return
    assert values.digest(found) == values.digest(value)  # the damage hit padding only


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=st.binary(max_size=200))
def test_any_other_file_is_refused(raw: bytes, tmp_path: Path) -> None:
    path = tmp_path / "value"
    path.write_bytes(raw)
    with pytest.raises(DamagedError):
        read_file(path)


def test_a_mapped_file_is_the_same_value_without_a_copy(tmp_path: Path) -> None:
    path = tmp_path / "value"
    write_file(path, sound(1))
    found = read_file(path, mapped=True)
    np.testing.assert_array_equal(found.samples, sound(1).samples)
    assert found.samples.ctypes.data % 64 == 0
    assert not found.samples.flags.writeable
    assert values.digest(found) == values.digest(sound(1))


@pytest.mark.parametrize("damage", ["cut", "flip", "other", "empty", "gone"])
def test_a_damaged_object_is_a_miss_and_can_be_made_again(tmp_path: Path, damage: str) -> None:
    sounds = filled(tmp_path)
    victim, other, untouched = sounds
    with Cache(tmp_path, warn=pytest.fail) as cache:
        path = cache.path(victim)
        assert path is not None
        raw = path.read_bytes()
        middle = len(raw) // 2
        flipped = raw[:middle] + bytes([raw[middle] ^ 1]) + raw[middle + 1 :]
        other_path = cache.path(other)
        assert other_path is not None
        new = {"cut": raw[:-1], "flip": flipped, "other": other_path.read_bytes(), "empty": b"", "gone": b""}[damage]
        path.write_bytes(new)
        if damage == "gone":
            path.unlink()
        with pytest.raises(KeyError):
            cache.get(victim)
        assert victim not in cache
        assert cache.path(victim) is None
        cache.put(victim, sounds[victim], 1.0)
    with Cache(tmp_path, warn=pytest.fail) as cache:
        assert values.digest(cache.get(victim)) == victim
        assert values.digest(cache.get(untouched)) == untouched
        assert cache.verify() == []


def test_verify_names_what_is_wrong_and_repairs_it(tmp_path: Path) -> None:
    victim, *_ = sounds = filled(tmp_path)
    with Cache(tmp_path, warn=pytest.fail) as cache:
        path = cache.path(victim)
        assert path is not None
        path.write_bytes(path.read_bytes()[:-5])
        (tmp_path / "objects" / "zz").mkdir()
        (tmp_path / "objects" / "zz" / "notes.txt").write_text("mine")
        with sqlite3.connect(tmp_path / "index.sqlite") as db:
            db.execute("UPDATE objects SET blob = x'c0' WHERE blob IS NOT NULL")
            db.execute("UPDATE actions SET row = x'01'")
        db.close()
        wrong = cache.verify(repair=False)
        assert len(wrong) == 4
        assert sum(victim.hex() in text for text in wrong) == 1
        assert sum("notes.txt" in text for text in wrong) == 1
        assert cache.verify() == wrong
        assert cache.verify() == []
        assert values.digest(5) not in cache
        assert cache.action(b"key") is None
        assert sum(digest in cache for digest in sounds) == 2


def test_files_that_the_index_does_not_know_are_adopted(tmp_path: Path) -> None:
    sounds = filled(tmp_path)
    with sqlite3.connect(tmp_path / "index.sqlite") as db:
        db.execute("DELETE FROM objects")
    db.close()
    with Cache(tmp_path, warn=pytest.fail) as cache:
        assert all(digest in cache for digest in sounds)
        assert cache.verify() == []
        assert cache.info().objects == 3
        assert cache.info().disk_used > 3 * 40_000


def test_unfinished_files_of_dead_processes_are_swept(tmp_path: Path) -> None:
    filled(tmp_path)
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    dead = tmp_path / "tmp" / f"{child.pid}-0.tmp"
    alive = tmp_path / "tmp" / f"{os.getppid()}-0.tmp"
    for file in (dead, alive):
        file.write_bytes(b"half")
    with Cache(tmp_path, warn=pytest.fail) as cache:
        assert not dead.exists()
        assert alive.exists()
        assert cache.verify() == []


# ---------------------------------------------------------------------------------------- index


@pytest.mark.parametrize("kind", ["garbage", "foreign", "newer"])
def test_a_strange_index_is_set_aside_and_made_anew_from_the_files(tmp_path: Path, kind: str) -> None:
    sounds = filled(tmp_path)
    index = tmp_path / "index.sqlite"
    if kind == "garbage":
        index.write_bytes(b"not a database at all, and long enough to be noticed" * 100)
    else:
        with sqlite3.connect(index) as db:
            db.execute("PRAGMA user_version = 99" if kind == "newer" else "PRAGMA application_id = 7")
        db.close()
    warnings: list[str] = []
    with Cache(tmp_path, warn=warnings.append) as cache:
        assert len(warnings) == 1
        assert "set aside" in warnings[0]
        assert cache.action(b"key") is None
        for digest in sounds:
            assert values.digest(cache.get(digest)) == digest
        assert cache.info().objects == 3
        cache.record(b"key", Row((), (), 0.0))
    assert list(tmp_path.glob("index.sqlite.damaged-*"))
    with Cache(tmp_path, warn=pytest.fail) as cache:
        assert cache.action(b"key") is not None
        assert cache.verify() == []


def test_an_index_that_is_damaged_in_the_middle_of_a_run_costs_one_warning(tmp_path: Path) -> None:
    sounds = filled(tmp_path)
    index = tmp_path / "index.sqlite"
    raw = bytearray(index.read_bytes())
    raw[4096:] = bytes(len(raw) - 4096)  # the schema is sound, every table is zeros
    index.write_bytes(raw)
    warnings: list[str] = []
    with Cache(tmp_path, warn=warnings.append) as cache:
        assert cache.action(b"key") is None
        cache.record(b"new", Row((), (), 0.0))
        cache.flush()
        for digest in sounds:
            assert values.digest(cache.get(digest)) == digest
    assert len(warnings) == 1
    with Cache(tmp_path, warn=pytest.fail) as cache:
        assert cache.verify() == []


# --------------------------------------------------------------------------------------- folder


def test_a_folder_that_cannot_be_created_costs_one_warning(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    warnings: list[str] = []
    with Cache(tmp_path / "file" / "cache", warn=warnings.append) as cache:
        digest = values.digest(sound(1))
        cache.put(digest, sound(1), 1.0)
        cache.flush()
        assert values.digest(cache.get(digest)) == digest
    assert len(warnings) == 1
    assert str(tmp_path / "file" / "cache") in warnings[0]


def test_a_read_only_folder_is_read_and_costs_one_warning(tmp_path: Path) -> None:
    """In a process that drops root's rights, which would let it write in any case."""
    sounds = filled(tmp_path)
    for folder, _, files in os.walk(tmp_path):
        Path(folder).chmod(0o555)
        for file in files:
            (Path(folder) / file).chmod(0o444)
    for parent in tmp_path.parents:
        if parent.stat().st_uid == os.geteuid() and parent != Path("/"):
            parent.chmod(parent.stat().st_mode | 0o111)
    code = f"""
        import os, sys
        from pathlib import Path
        from nawgraph import values
        from nawgraph.runtime.cache import Cache, Row
        if os.geteuid() == 0:
            os.setgroups([]); os.setgid(65534); os.setuid(65534)
        with Cache(Path({str(tmp_path)!r}), warn=print) as cache:
            assert cache.action(b"key") is not None
            for digest in map(bytes.fromhex, {[d.hex() for d in sounds]!r}):
                assert values.digest(cache.get(digest)) == digest
            cache.put(values.digest("new"), "new", 1.0)
            cache.record(b"new", Row((), (), 0.0))
            cache.remember("song", "a", b"k", b"p", 1.0)
            cache.flush()
            assert cache.get(values.digest("new")) == "new"
            assert cache.recall("song") == {{"a": (b"k", b"p", 1.0)}}
            assert cache.verify() == []
    """
    done = run_as_program(code)
    tmp_path.chmod(0o755)
    for folder in tmp_path.rglob("*/"):
        folder.chmod(0o755)
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 1
    assert "cannot be written" in done.stdout


def test_a_full_disk_costs_one_warning_and_leaves_no_half_file(tmp_path: Path) -> None:
    """A limit on the size of files stands for the full disk: the write of a large value fails half-way."""
    code = f"""
        import numpy as np
        from pathlib import Path
        from nawgraph import values
        from nawgraph.runtime.cache import Cache
        from nawgraph.values import Audio
        with Cache(Path({str(tmp_path)!r}), warn=print) as cache:
            for i in range(3):
                audio = Audio(np.full((2, 500_000), i, np.float32))
                cache.put(values.digest(audio), audio, 1.0)
                assert values.digest(cache.get(values.digest(audio))) == values.digest(audio)
            cache.flush()
    """

    def limit() -> None:
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))

    done = run_as_program(code, preexec_fn=limit)
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 1
    assert "cannot be written" in done.stdout
    assert not [f for f in tmp_path.rglob("*") if f.is_file() and f.name != "index.sqlite"]
    with Cache(tmp_path, warn=pytest.fail) as cache:
        assert cache.verify() == []


def test_a_cache_that_another_process_is_creating_is_waited_for(tmp_path: Path) -> None:
    creator = sqlite3.connect(tmp_path / "index.sqlite", isolation_level=None, check_same_thread=False)
    creator.execute("BEGIN IMMEDIATE")
    waiting = threading.Timer(0.3, creator.rollback)
    waiting.start()
    with Cache(tmp_path, warn=pytest.fail) as cache:
        cache.put(values.digest(5), 5, 1.0)
    waiting.join()
    creator.close()
    with Cache(tmp_path, warn=pytest.fail) as cache:
        assert cache.get(values.digest(5)) == 5
