"""Values come and go; results stay right, and no more is made again than must be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from lab import Lab, graph, n, states, sub, swapped, turned

from nawgraph.graph import Graph
from nawgraph.values import Audio


def line() -> Graph:
    return graph(
        src=n("t.sound", level=0.25),
        a=n("t.louder", audio="@src.audio", by=2.0),
        b=n("t.louder", audio="@a.audio", by=2.0),
        end=n("t.peak", audio="@b.audio"),
    )


def objects(lab: Lab) -> list[Path]:
    return [f for f in (lab.folder / "cache" / "objects").rglob("*") if f.is_file()]


def test_an_evicted_middle_is_made_again_when_something_below_needs_it(lab: Lab):
    lab.run(line())
    lab.lose_values()
    result = lab.run(turned(line(), "b", by=4.0))
    assert result["end"] == 2.0
    assert lab.calls == {"t.sound": 1, "t.louder": 2, "t.peak": 1}


def test_evicted_values_dirty_nothing_that_need_not_run(lab: Lab):
    document = swapped(line(), "w", n("t.write", x="@end.value"))
    lab.run(document)
    lab.lose_values()
    result = lab.run(document)
    assert not lab.calls and states(result, "ran") == set()


def test_only_the_lost_values_are_made_again(lab: Lab):
    first = lab.run(line())
    lost = bytes.fromhex(first.digest("a.audio"))
    file = lab.runtime.cache.path(lost)
    assert file is not None
    lab.restart()
    file.unlink()
    result = lab.run(turned(line(), "b", by=4.0))
    assert result["end"] == 2.0
    assert lab.calls == {"t.louder": 2, "t.peak": 1} and "src" in states(result, "cached")


def test_a_target_whose_value_was_evicted_is_made_again(lab: Lab):
    lab.run(line())
    lab.lose_values()
    result = lab.run(line(), "b")
    assert float(result["b"].samples.max()) == 1.0
    assert lab.calls == {"t.sound": 1, "t.louder": 2}


def test_a_lost_value_that_a_switch_passes_on_is_made_again(lab: Lab):
    document = swapped(line(), "s", n("switch", items=["@a.audio", "@b.audio"], index=1))
    document = swapped(document, "end", n("t.peak", audio="@s.value"))
    lab.run(document)
    lab.lose_values()
    after = swapped(document, "more", n("t.louder", audio="@s.value", by=8.0))
    assert float(lab.run(after, "more")["more"].samples.max()) == 8.0


def test_a_switch_as_a_target_has_its_value_made_again(lab: Lab):
    document = graph(x=n("t.sound", level=0.5), s=n("switch", items=["@x.audio"]))
    lab.run(document)
    lab.lose_values()
    assert lab.run(document)["s"].frames == 5000 and lab.calls == {"t.sound": 1}


def test_lost_items_of_a_list_are_made_again(lab: Lab):
    document = graph(
        step=sub({"audio": "Audio"}, {"out": "l.audio"}, l=n("t.louder", audio="@in.audio")),
        **{f"s{i}": n("t.sound", level=2.0 * i + 1) for i in range(3)},
        m=n("map.step", audio=[f"@s{i}.audio" for i in range(3)], over=["audio"]),
        sum=n("audio.mix", sounds="@m.out"),
    )
    lab.run(document)
    lab.lose_values()
    result = lab.run(turned(document, "sum", db=20.0))
    assert float(result["sum"].samples.max()) == pytest.approx(180.0)
    assert lab.calls == {"t.sound": 3, "t.louder": 3}


def test_a_list_of_which_one_element_is_lost(lab: Lab):
    document = graph(
        **{f"s{i}": n("t.sound", level=float(i + 1)) for i in range(3)},
        all=n("list.make", items=[f"@s{i}.audio" for i in range(3)]),
        mix=n("audio.mix", sounds="@all.items"),
    )
    first = lab.run(document)
    file = lab.runtime.cache.path(bytes.fromhex(first.digest("s1.audio")))
    assert file is not None
    lab.restart()
    file.unlink()
    assert float(lab.run(turned(document, "mix", db=20.0))["mix"].samples.max()) == pytest.approx(60.0)
    assert lab.calls["t.sound"] <= 1


@pytest.mark.parametrize("harm", ["flipped", "cut", "empty", "foreign"])
def test_a_damaged_object_is_a_miss(lab: Lab, harm: str):
    lab.run(line())
    lab.restart()
    for file in objects(lab):
        data = bytearray(file.read_bytes())
        data[-1] ^= 1
        file.chmod(0o644)
        file.write_bytes({"flipped": bytes(data), "cut": data[:100], "empty": b"", "foreign": b"RIFF" * 30}[harm])
    result = lab.run(turned(line(), "b", by=4.0))
    assert result.status == "ok" and result["end"] == 2.0


def test_a_node_that_writes_into_its_input_fails_and_the_cache_stays_right(lab: Lab):
    @lab.node("t.rude")
    def rude(audio: Audio) -> Audio:
        audio.samples[:] = 0
        return audio

    document = swapped(line(), "rude", n("t.rude", audio="@a.audio"))
    result = lab.run(document)
    assert "in place" in (result.nodes["rude"].error or "") and result["end"] == 1.0
    lab.restart()
    result = lab.run(document)
    assert "in place" in (result.nodes["rude"].error or "")
    assert lab.run(turned(line(), "b", by=1.0))["end"] == 0.5


@pytest.fixture
def tight(tmp_path: Path):
    made = Lab(tmp_path, cache_dir=None, ram_bytes=30_000)  # one sound is 20 kB
    yield made
    made.close()


def wide(count: int = 12) -> Graph:
    """All sources are ready before the first reader: more than fits the budget waits in memory."""
    return graph(
        **{f"s{i}": n("t.sound", level=float(i)) for i in range(count)},
        **{f"l{i}": n("t.louder", audio=f"@s{i}.audio") for i in range(count)},
        mix=n("audio.mix", sounds=[f"@l{i}.audio" for i in range(count)]),
        peak=n("t.peak", audio="@mix.audio"),
    )


def test_memory_only_with_a_small_budget_keeps_what_is_still_needed(tight: Lab):
    result = tight.run(wide())
    assert result.status == "ok" and result["peak"] == 2.0 * sum(range(12))
    assert tight.calls == {"t.sound": 12, "t.louder": 12, "t.peak": 1}


def test_memory_only_releases_what_nobody_waits_for(tight: Lab):
    tight.run(wide())
    info = tight.runtime.cache.info()
    assert info.ram_used <= info.ram_budget


def test_memory_only_with_a_budget_below_one_value(tmp_path: Path):
    tiny = Lab(tmp_path, cache_dir=None, ram_bytes=1000)
    try:
        result = tiny.run(wide(4))
        assert result.status == "ok" and result["peak"] == 12.0
        assert tiny.run(turned(wide(4), "s1", level=5.0))["peak"] == 20.0
    finally:
        tiny.close()


def test_memory_only_maps_with_a_small_budget(tight: Lab):
    document = graph(
        step=sub({}, {"out": "l.audio"}, {"level": "s.level"}, s=n("t.sound"), l=n("t.louder", audio="@s.audio")),
        levels=n("list.numbers", values=[1.0, 2.0, 3.0, 4.0]),
        m=n("map.step", level="@levels.items", over=["level"]),
        mix=n("audio.mix", sounds="@m.out"),
        peak=n("t.peak", audio="@mix.audio"),
    )
    assert tight.run(document)["peak"] == 20.0


def test_a_small_disk_budget_still_gives_right_results(tmp_path: Path):
    small = Lab(tmp_path, ram_bytes=30_000, disk_bytes=200_000)
    try:
        for level in range(12):
            document = turned(wide(), "s3", level=float(level))
            assert small.run(document)["peak"] == 2.0 * (sum(range(12)) - 3 + level)
    finally:
        small.close()


def test_a_result_that_is_never_equal_ends_and_does_not_loop(lab: Lab):
    """A node that lies about being pure, and whose value is lost, is run once more, not for ever."""
    made = iter(range(1000))

    @lab.node("t.liar")
    def liar() -> Audio:
        return Audio(np.full((1, 5000), next(made), np.float32), 44_100)

    document = graph(x=n("t.liar"), y=n("t.louder", audio="@x.audio"))
    lab.run(document)
    lab.lose_values()
    result = lab.run(turned(document, "y", by=3.0))
    assert result.status == "ok" and lab.calls["t.liar"] == 1 and float(result["y"].samples.max()) == 3.0
