"""Local history: bounded, thinned by age, equal contents once."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from other_editor import numbers

from nawgraph import files
from nawgraph.ui.documents import FormatError, Version, editor_folder, read_version, save_document, versions
from nawgraph.ui.documents.local_history import MOST, keep, thinned


def contents() -> list[Path]:
    return sorted((editor_folder() / "history").rglob("*.z"))


def test_every_save_is_kept_and_equal_ones_cost_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.nawgraph"
    stamp = None
    for count in (1, 2, 2, 1):
        stamp = save_document(numbers(count), path, stamp)
    found = versions(path)
    assert [v.nodes for v in found] == [1, 2, 1] and len(contents()) == 2
    assert found[0].time >= found[1].time >= found[2].time and {v.label for v in found} == {"saved"}
    assert [len(read_version(path, v).nodes) for v in found] == [1, 2, 1]
    assert versions(tmp_path / "other.nawgraph") == []


def test_it_is_bounded_and_drops_contents_with_their_versions(tmp_path: Path) -> None:
    path = tmp_path / "a.nawgraph"
    for count in range(MOST + 15):
        kept = keep(path, files.dumps(numbers(1, float(count))).encode(), "saved", 1, now=1000.0 + 60 * count)
    assert len(kept) == MOST == len(contents())
    assert kept[-1].time == 1000.0 and kept[0].time == 1000.0 + 60 * (MOST + 14)
    for version in kept:
        read_version(path, version)


times = st.lists(st.floats(0, 1e8), min_size=1, max_size=120).map(sorted)


@given(times, st.integers(2, 60))
def test_thinning_keeps_both_ends_and_the_bound(found: list[float], most: int) -> None:
    log = [Version(t, "", 0, "") for t in found]
    kept = thinned(log, found[-1], most)
    assert len(kept) == min(len(log), most)
    assert kept[-1].time == found[-1] and kept[0].time == found[0]
    assert all(v in log for v in kept)


def test_the_newer_the_denser() -> None:
    log: list[Version] = []
    for minute in range(3000):  # two days of saves, one a minute
        log = thinned([*log, Version(60.0 * minute, "", 0, "")], 60.0 * minute, 50)
    gaps = [b.time - a.time for a, b in pairwise(log)]
    assert max(gaps[-10:]) <= 300 and gaps[0] > 3600  # minutes of the last ones, hours of the first


def test_what_is_damaged_or_gone_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.nawgraph"
    save_document(numbers(1), path)
    (version,) = versions(path)
    (content,) = contents()
    content.write_bytes(b"rubbish")
    with pytest.raises(FormatError, match="no longer in the local history"):
        read_version(path, version)
    content.unlink()
    with pytest.raises(FormatError, match="no longer in the local history"):
        read_version(path, version)
    (content.parent / "log.json").write_text('{"versions": [1, {"digest": "../../x"}, {}]}')
    assert versions(path) == []
    (content.parent / "log.json").write_text("{")
    assert versions(path) == []
    save_document(numbers(2), path)
    assert [v.nodes for v in versions(path)] == [2, -1]  # begins anew, with what the file held
