"""The cache by its promises: what was put comes back, also after a restart; what is damaged never does."""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nawgraph import values
from nawgraph.runtime.cache import Cache, Row
from nawgraph.runtime.cache.device import device_bytes, host_bytes, to_host
from nawgraph.runtime.cache.index import Index
from nawgraph.values import Audio, Latents, Stems


@pytest.fixture
def warnings() -> list[str]:
    return []


@pytest.fixture
def cache(tmp_path: Path, warnings: list[str]) -> Iterator[Cache]:
    with Cache(tmp_path / "cache", warn=warnings.append) as made:
        yield made
    assert warnings == []


def reopened(cache: Cache, **budgets: int) -> Cache:
    """The same folder as a new process would see it."""
    cache.close()
    return Cache(cache.folder, warn=pytest.fail, **budgets)


def sound(seed: int, frames: int = 50_000) -> Audio:
    return Audio(np.random.default_rng(seed).standard_normal((2, frames)).astype(np.float32))


def put(cache: Cache, value: object, seconds: float = 1.0) -> bytes:
    digest = values.digest(value)
    cache.put(digest, value, seconds)
    return digest


def test_a_row_comes_back_in_full_after_a_restart(cache: Cache) -> None:
    row = Row((b"a" * 20, b"b" * 20), ("Audio", "list[int]"), 1.5, (("/tmp/x.wav", 5, 7, "ff"),), ("too loud",))
    cache.record(b"key", row)
    assert cache.action(b"key") == row
    assert cache.action(b"other") is None
    with reopened(cache) as again:
        assert again.action(b"key") == row


def test_a_row_recorded_anew_replaces_the_old_one(cache: Cache) -> None:
    cache.record(b"key", Row((b"a" * 20,), ("int",), 1.0))
    cache.flush()
    newer = Row((b"b" * 20,), ("int",), 2.0)
    cache.record(b"key", newer)
    with reopened(cache) as again:
        assert again.action(b"key") == newer


scalars = st.one_of(
    st.integers(-(2**63), 2**64 - 1), st.floats(), st.booleans(), st.text(st.characters(codec="utf-8"), max_size=50)
)


@settings(max_examples=40, deadline=None)
@given(value=st.one_of(scalars, st.lists(scalars, max_size=5).map(tuple)))
def test_any_plain_value_survives_a_restart_with_its_type(
    value: object, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("plain")
    with Cache(folder, warn=pytest.fail) as cache:
        digest = put(cache, value)
    with Cache(folder, warn=pytest.fail) as cache:
        found = cache.get(digest)
    assert type(found) is type(value)
    assert values.digest(found) == digest


def test_structured_values_survive_a_restart_bit_by_bit_and_read_only(cache: Cache) -> None:
    stems = Stems.of({"drums": sound(1), "bass": sound(2)})
    tiny = Audio(np.zeros((1, 3), np.float32), 8000)
    empty = Audio(np.zeros((2, 0), np.float32))
    large = sound(3, 400_000)
    digests = [put(cache, value) for value in (stems, tiny, empty, large)]
    with reopened(cache) as again:
        found = [again.get(digest) for digest in digests]
    np.testing.assert_array_equal(found[0]["bass"].samples, stems["bass"].samples)
    np.testing.assert_array_equal(found[3].samples, large.samples)
    assert (found[1].rate, found[2].frames) == (8000, 0)
    for audio in (found[0]["bass"], found[1], found[3]):
        with pytest.raises(ValueError, match="read-only"):
            audio.samples[0, 0] = 1


def test_a_derived_digest_names_a_value_whose_content_is_verified_all_the_same(cache: Cache) -> None:
    large, small = b"L" * 20, b"S" * 20
    cache.put(large, sound(1), 1.0, verify=False)
    cache.put(small, 0.5, 1.0, verify=False)
    cache.put(b"T" * 20, (sound(2), sound(3)), 1.0, verify=False)
    with reopened(cache) as again:
        assert again.get(small) == 0.5
        assert values.digest(again.get(large)) == values.digest(sound(1))
        assert values.digest(again.get(b"T" * 20)) == values.digest((sound(2), sound(3)))
        assert again.verify() == []


def test_contains_and_get_agree(cache: Cache) -> None:
    present = [put(cache, v) for v in (1, sound(1), (sound(2), sound(3)), "text")]
    assert all(d in cache for d in present)
    assert b"x" * 20 not in cache
    with pytest.raises(KeyError):
        cache.get(b"x" * 20)
    with reopened(cache) as again:
        assert all(d in again for d in present)
        assert b"x" * 20 not in again


def test_lists_of_large_values_share_their_elements(cache: Cache) -> None:
    a, b, c = sound(1), sound(2), sound(3)
    first, second = put(cache, (a, b)), put(cache, (b, c))
    assert cache.elements(first) == (values.digest(a), values.digest(b))
    cache.flush()
    assert cache.folder is not None
    assert len(list((cache.folder / "objects").glob("*/*"))) == 3
    with reopened(cache) as again:
        assert again.elements(second) == (values.digest(b), values.digest(c))
        assert again.info().ram_used < 10_000  # no element was loaded for that
        np.testing.assert_array_equal(again.get(second)[1].samples, c.samples)


def test_elements_of_small_lists_and_of_what_is_no_list(cache: Cache) -> None:
    assert cache.elements(put(cache, (1, 2.0))) is None  # small ones are kept in the list itself
    assert cache.elements(put(cache, 5)) is None
    assert cache.elements(b"x" * 20) is None


def test_a_list_is_a_miss_when_one_element_is_gone(cache: Cache) -> None:
    digest = put(cache, (sound(1), sound(2)))
    with reopened(cache) as again:
        path = again.path(values.digest(sound(2)))
        assert path is not None
        path.unlink()
        assert digest not in again
        with pytest.raises(KeyError):
            again.get(digest)


def test_runs_are_recalled_by_document(cache: Cache) -> None:
    cache.remember("song", "a", b"k1", b"p1", 1.0)
    cache.remember("song", "b", b"k2", b"p2", 2.0)
    cache.remember("other", "a", b"k3", b"p3", 3.0)
    cache.flush()
    cache.remember("song", "a", b"k4", b"p4", 4.0)
    wanted = {"a": (b"k4", b"p4", 4.0), "b": (b"k2", b"p2", 2.0)}
    assert cache.recall("song") == wanted
    with reopened(cache) as again:
        assert again.recall("song") == wanted
        assert again.recall("none") == {}


def test_clear_forgets_everything(cache: Cache) -> None:
    digest = put(cache, sound(1))
    cache.record(b"key", Row((digest,), ("Audio",), 1.0))
    cache.remember("song", "a", b"k", b"p", 1.0)
    cache.flush()
    cache.clear()
    assert digest not in cache
    assert cache.action(b"key") is None
    assert cache.recall("song") == {}
    info = cache.info()
    assert (info.objects, info.disk_used, info.ram_used) == (0, 0, 0)


def test_in_memory_only_it_works_the_same() -> None:
    with Cache(None, warn=pytest.fail) as cache:
        digest = put(cache, (sound(1), sound(2)))
        cache.record(b"key", Row((digest,), ("list[Audio]",), 1.0))
        cache.remember("song", "a", b"k", b"p", 1.0)
        assert cache.action(b"key") is not None
        assert len(cache.get(digest)) == 2
        assert cache.recall("song") == {"a": (b"k", b"p", 1.0)}
        assert cache.verify() == []
        assert cache.path(digest) is None
        assert cache.info().folder is None


def test_ram_keeps_its_budget_and_the_rest_comes_from_disk(tmp_path: Path) -> None:
    with Cache(tmp_path, ram_bytes=2_000_000, warn=pytest.fail) as cache:
        digests = [put(cache, sound(i)) for i in range(12)]  # 400 kB each
        assert cache.info().ram_used <= 2_000_000
        for i, digest in enumerate(digests):
            np.testing.assert_array_equal(cache.get(digest).samples, sound(i).samples)
            assert cache.info().ram_used <= 2_000_000


def test_pinned_values_stay_where_there_is_no_disk() -> None:
    with Cache(None, ram_bytes=1_000_000, warn=pytest.fail) as cache:
        wanted, late = values.digest(sound(0)), values.digest((sound(1), sound(2)))
        cache.pin([wanted, wanted, late])
        put(cache, sound(0))
        put(cache, (sound(1), sound(2)))
        others = [put(cache, sound(i)) for i in range(3, 9)]
        assert wanted in cache
        assert len(cache.get(late)) == 2
        cache.unpin([wanted])
        put(cache, sound(20))
        assert wanted in cache  # pinned twice
        cache.unpin([wanted, late])
        for i in range(30, 36):
            put(cache, sound(i))
        assert wanted not in cache
        assert late not in cache
        assert cache.info().ram_used <= 1_000_000
        assert len(others) == 6


def test_pinned_values_leave_ram_where_they_are_on_disk(tmp_path: Path) -> None:
    with Cache(tmp_path, ram_bytes=1_000_000, warn=pytest.fail) as cache:
        digests = [put(cache, sound(i)) for i in range(6)]
        cache.pin(digests)
        for i in range(6, 12):
            put(cache, sound(i))
        assert cache.info().ram_used <= 1_000_000
        assert all(digest in cache for digest in digests)


def test_the_disk_keeps_its_budget_and_what_was_dear(tmp_path: Path) -> None:
    with Cache(tmp_path, disk_bytes=4_000_000, ram_bytes=500_000, warn=pytest.fail) as cache:
        dear = put(cache, sound(100), seconds=100.0)
        pinned = put(cache, sound(101), seconds=0.0)
        cache.pin([pinned])
        for i in range(30):
            put(cache, sound(i), seconds=0.01)
            cache.flush()
            assert cache.info().disk_used <= 4_000_000
        files = sum(f.stat().st_size for f in (tmp_path / "objects").glob("*/*"))
        assert 2_000_000 < files <= 4_000_000
        assert dear in cache
        assert pinned in cache
        assert cache.verify() == []


def test_old_actions_are_forgotten_beyond_their_limit(cache: Cache) -> None:
    for i in range(50):
        cache.record(b"%d" % i, Row((), (), 0.0))
    cache.close()
    assert cache.folder is not None
    index = Index(cache.folder / "index.sqlite", pytest.fail, lambda index: None)
    index.trim(20)
    assert index.counts()[0] == 20
    index.close()


def test_threads_share_one_cache(cache: Cache) -> None:
    wrong: list[str] = []

    def work(seed: int) -> None:
        rng = np.random.default_rng(seed)
        for number in rng.integers(0, 40, 150).tolist():
            key = values.digest(f"key {number}")
            row = cache.action(key)
            if row is None:
                digest = put(cache, sound(number, 2_000) if number % 2 else number)
                cache.record(key, Row((digest,), ("any",), 0.1))
            elif values.digest(cache.get(row.outputs[0])) != row.outputs[0]:
                wrong.append(f"{number}")

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert cache.verify() == []
    assert cache.info().actions == 40


def test_a_value_without_tensors_is_at_home() -> None:
    latents = Latents(("drums",), (np.ones((4, 2000), np.float32),), 86.0, "test/1")
    assert to_host(latents) is latents
    assert device_bytes(latents) == 0
    assert 32_000 <= host_bytes(latents) <= 33_000


if importlib.util.find_spec("torch"):

    def test_tensors_come_home_as_arrays(cache: Cache) -> None:
        import torch

        latents = Latents(("drums",), (np.ones((4, 2000), np.float32),), 86.0, "test/1")
        object.__setattr__(latents, "data", (torch.ones(4, 2000), torch.full((2,), 0.5, dtype=torch.bfloat16)))
        assert device_bytes(latents) == 0
        assert host_bytes(latents) >= 32_004
        digest = b"G" * 20
        cache.put(digest, latents, 1.0, verify=False)
        with reopened(cache) as again:
            found = again.get(digest)
        np.testing.assert_array_equal(found.data[0], np.ones((4, 2000), np.float32))
        np.testing.assert_array_equal(found.data[1], np.full(2, 0.5, np.float32))
        assert not found.data[0].flags.writeable
