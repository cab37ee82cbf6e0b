"""What runs again and what does not: the promise that nawgraph exists for."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
from immutables import Map
from lab import Lab, graph, n, states, swapped, turned

from nawgraph.context import Context
from nawgraph.graph import Graph
from nawgraph.node import NodeSpec
from nawgraph.runtime import events


class Parts(NamedTuple):
    whole: int
    rest: float


def diamond() -> Graph:
    """src → left, right → join → end."""
    return graph(
        src=n("t.num", value=2.0),
        left=n("t.add", a="@src.value", b=1.0),
        right=n("t.mul", a="@src.value", b=10.0),
        join=n("t.add", a="@left.value", b="@right.value"),
        end=n("t.next", x="@join.value"),
    )


def test_a_run_gives_values_and_says_what_ran(lab: Lab):
    result = lab.run(diamond())
    assert result.status == "ok"
    assert result["end.value"] == result["end"] == 24.0
    assert states(result, "ran") == {"src", "left", "right", "join", "end"}
    assert result.scalars() == {"end.value": 24.0}


def test_nothing_changed_nothing_runs(lab: Lab):
    lab.run(diamond())
    again = lab.run(diamond())
    assert not lab.calls and states(again, "ran") == set() and again["end"] == 24.0


def test_a_knob_reruns_its_descendants_and_nothing_else(lab: Lab):
    lab.run(diamond())
    result = lab.run(turned(diamond(), "left", b=5.0))
    assert states(result, "ran") == {"left", "join", "end"}
    assert sum(lab.calls.values()) == 3 and result["end"] == 28.0


def test_an_unchanged_result_stops_the_rerun(lab: Lab):
    document = graph(
        src=n("t.num", value=2.0),
        sign=n("t.sign", x="@src.value"),
        **{f"n{i}": n("t.next", x=f"@n{i - 1}.value" if i else "@sign.value") for i in range(10)},
    )
    lab.run(document)
    result = lab.run(turned(document, "src", value=3.0))
    assert states(result, "ran") == {"src", "sign"} and result["n9"] == 11.0


def test_there_and_back_again_reruns_nothing(lab: Lab):
    a, b = diamond(), turned(diamond(), "src", value=7.0)
    first = lab.run(a)["end"]
    lab.run(b)
    assert lab.run(a)["end"] == first and not lab.calls
    assert lab.run(b)["end"] == 79.0 and not lab.calls


def test_a_restart_reruns_nothing(lab: Lab):
    first = lab.run(diamond())
    lab.restart()
    again = lab.run(diamond())
    assert not lab.calls and again["end"] == first["end"]


def test_layout_titles_and_ids_do_not_matter(lab: Lab):
    lab.run(diamond())
    moved = replace(diamond(), ui=Map(nodes=Map(src=(10, 20))), meta=Map(title="Other"))
    moved = swapped(moved, "src", replace(moved.nodes["src"], title="Source", extra=Map(colour="red")))
    lab.run(moved)
    assert not lab.calls
    renamed = graph(other=n("t.num", value=2.0), next=n("t.add", a="@other.value", b=1.0))
    lab.run(renamed)
    assert not lab.calls


def test_equal_nodes_share_work_in_one_run(lab: Lab):
    document = graph(
        **{f"s{i}": n("t.sound", level=0.5) for i in range(4)},
        **{f"p{i}": n("t.peak", audio=f"@s{i}.audio") for i in range(4)},
        sum=n("t.total", xs=[f"@p{i}.value" for i in range(4)]),
    )
    assert lab.run(document)["sum"] == 2.0
    assert lab.calls == {"t.sound": 1, "t.peak": 1, "t.total": 1}


def test_only_what_the_targets_need_runs(lab: Lab):
    result = lab.run(diamond(), "left")
    assert states(result, "ran") == {"src", "left"} and states(result, "skipped") == {"right", "join", "end"}
    assert "end.value" not in result
    with pytest.raises(KeyError, match="left"):
        result["end"]


def test_without_sinks_all_leaves_are_targets_and_with_sinks_only_these(lab: Lab):
    leaves = graph(a=n("t.num", value=1.0), b=n("t.num", value=2.0), c=n("t.next", x="@a.value"))
    assert set(lab.run(leaves).scalars()) == {"b.value", "c.value"}
    result = lab.run(swapped(leaves, "w", n("t.write", x="@a.value")))
    assert states(result, "skipped") == {"b", "c"}


def test_an_unknown_target_is_named_with_a_suggestion(lab: Lab):
    with pytest.raises(KeyError, match="lefd"):
        lab.run(diamond(), "lefd")


# ------------------------------------------------------------------------------------- sinks


def test_an_exporter_whose_file_is_there_is_cached(lab: Lab):
    document = graph(a=n("t.num", value=1.5), w=n("t.write", x="@a.value", name="one"))
    first = lab.run(document)
    file = lab.out / "one.txt"
    assert file.read_text() == "1.5" and first.files == [str(file.absolute())]
    lab.restart()
    again = lab.run(document)
    assert not lab.calls and again.files == first.files and states(again, "cached") >= {"w"}


@pytest.mark.parametrize("harm", ["deleted", "edited", "replaced"])
def test_a_file_that_is_gone_or_changed_is_written_again(lab: Lab, harm: str):
    document = graph(a=n("t.num", value=1.5), w=n("t.write", x="@a.value", name="one"))
    lab.run(document)
    file = lab.out / "one.txt"
    if harm == "deleted":
        file.unlink()
    elif harm == "edited":
        file.write_text("1.5 or so")
    else:
        file.write_text("9.9")  # as long as the original
    result = lab.run(document)
    assert lab.calls == {"t.write": 1} and file.read_text() == "1.5" and states(result, "ran") == {"w"}


def test_a_touched_file_of_the_same_content_is_not_written_again(lab: Lab):
    document = graph(a=n("t.num", value=1.5), w=n("t.write", x="@a.value"))
    lab.run(document)
    os.utime(lab.out / "x.txt", (1, 1))
    lab.run(document)
    assert not lab.calls


def test_another_output_folder_is_another_action(lab: Lab, tmp_path: Path):
    document = graph(a=n("t.num", value=1.5), w=n("t.write", x="@a.value"))
    lab.run(document)
    lab.run(document, out_dir=tmp_path / "elsewhere")
    assert lab.calls == {"t.write": 1} and (tmp_path / "elsewhere" / "x.txt").read_text() == "1.5"


# --------------------------------------------------------------------------------- file knobs


def test_a_file_knob_follows_the_content_of_the_file(lab: Lab):
    file = lab.folder / "words.txt"
    file.write_text("one")
    document = graph(r=n("t.read", file="words.txt"), size=n("text.length", text="@r.value"))
    assert lab.run(document)["size"] == 3
    os.utime(file, (1, 1))
    lab.run(document)
    assert not lab.calls
    file.write_text("three")
    assert lab.run(document)["size"] == 5 and lab.calls == {"t.read": 1}


def test_a_wired_file_knob_follows_the_content_too(lab: Lab):
    file = lab.folder / "words.txt"
    file.write_text("one")
    document = graph(path=n("value.text", value="words.txt"), r=n("t.read", file="@path.value"))
    assert lab.run(document)["r"] == "one"
    file.write_text("two!")
    assert lab.run(document)["r"] == "two!"


def test_a_missing_file_is_a_sentence_and_is_found_when_it_appears(lab: Lab):
    document = graph(r=n("t.read", file="later.txt"))
    result = lab.run(document)
    assert result.status == "failed" and "later.txt" in (result.nodes["r"].error or "")
    (lab.folder / "later.txt").write_text("here")
    assert lab.run(document)["r"] == "here"


# ------------------------------------------------------------------------------ failing parts


def test_a_failing_branch_leaves_the_others_finished(lab: Lab):
    document = graph(
        src=n("t.num", value=1.0),
        bad=n("t.fail", x="@src.value"),
        after=n("t.next", x="@bad.value"),
        both=n("t.add", a="@after.value", b="@good.value"),
        good=n("t.next", x="@src.value"),
        fine=n("t.next", x="@good.value"),
    )
    result = lab.run(document)
    assert result.status == "failed"
    assert {id: r.state for id, r in result.nodes.items()} == {
        "src": "ran", "bad": "failed", "after": "blocked", "both": "blocked", "good": "ran", "fine": "ran",
    }  # fmt: skip
    assert result["fine"] == 3.0 and result.errors() == {"bad": "it broke"}


def test_a_failure_is_not_remembered(lab: Lab):
    document = graph(bad=n("t.fail"))
    lab.run(document)
    lab.run(document)
    assert lab.calls["t.fail"] == 1


def test_an_unknown_node_type_blocks_only_its_branch(lab: Lab):
    document = graph(
        src=n("t.num", value=1.0),
        alien=n("someone.elses", x="@src.value"),
        after=n("t.next", x="@alien.value"),
        good=n("t.next", x="@src.value"),
    )
    result = lab.run(document)
    assert result.nodes["alien"].state == "failed" and "someone.elses" in (result.nodes["alien"].error or "")
    assert result.nodes["after"].state == "blocked" and result["good"] == 2.0


# --------------------------------------------------------------------------- deep and in modes


def chain(length: int) -> Graph:
    nodes = {"n0": n("t.num", value=1.0)}
    for i in range(1, length):
        nodes[f"n{i}"] = n("t.next", x=f"@n{i - 1}.value")
    return graph(**nodes)


def test_a_chain_of_ten_thousand_nodes_runs(lab: Lab):
    document = chain(10_000)
    assert lab.run(document)["n9999"] == 10_000.0
    lab.run(document)
    assert not lab.calls


def test_a_deep_chain_of_bypassed_nodes_passes_its_input_on(lab: Lab):
    document = chain(3000)
    for i in range(1, 2999):
        document = swapped(document, f"n{i}", replace(document.nodes[f"n{i}"], mode="bypass"))
    assert lab.run(document)["n2999"] == 2.0
    assert lab.calls == {"t.num": 1, "t.next": 1}


def test_a_bypassed_target_gives_what_it_passes_on(lab: Lab):
    document = graph(a=n("t.num", value=4.0), b=n("t.next", "bypass", x="@a.value"))
    assert lab.run(document)["b.value"] == 4.0 and lab.calls == {"t.num": 1}


def test_a_bypassed_list_node_passes_on_its_first_wire(lab: Lab):
    document = graph(
        a=n("t.num", value=4.0),
        b=n("t.num", value=5.0),
        mix=n("t.total", "bypass", xs=["@a.value", "@b.value"]),
        end=n("t.next", x="@mix.value"),
    )
    assert lab.run(document)["end"] == 5.0


def test_a_muted_input_of_a_list_is_left_out(lab: Lab):
    document = graph(
        a=n("t.num", value=1.0),
        b=n("t.num", "mute", value=2.0),
        c=n("t.num", value=4.0),
        sum=n("t.total", xs=["@a.value", "@b.value", "@c.value"]),
    )
    assert lab.run(document)["sum"] == 5.0
    assert lab.calls == {"t.num": 2, "t.total": 1}


def test_a_muted_source_of_an_optional_input_or_a_knob_counts_as_unwired(lab: Lab):
    document = graph(
        a=n("t.num", "mute", value=1.0),
        x=n("t.maybe", x="@a.value", otherwise=7.0),
        y=n("t.add", a="@a.value", b=2.0),
    )
    result = lab.run(document)
    assert result["x"] == 7.0 and result["y"] == 2.0


def test_a_muted_source_of_a_required_input_is_a_sentence(lab: Lab):
    result = lab.run(graph(a=n("t.num", "mute"), x=n("t.next", x="@a.value")))
    assert result.status == "failed" and result.nodes["x"].state == "failed"
    error = result.nodes["x"].error or ""
    assert "x" in error and "muted" in error


# -------------------------------------------------------------------------------------- freeze


def test_a_frozen_node_keeps_its_result_whatever_comes_in(lab: Lab):
    document = diamond()
    kept = lab.run(document).digest("left.value")
    frozen = swapped(document, "left", n("t.add", "freeze", {"value": kept}, a="@src.value", b=1.0))
    result = lab.run(turned(frozen, "src", value=100.0))
    assert result["left"] == 3.0 and result["end"] == 3.0 + 1000.0 + 1
    assert states(result, "ran") == {"src", "right", "join", "end"}


def test_freezing_cuts_off_what_only_fed_the_frozen_node(lab: Lab):
    document = graph(src=n("t.num", value=2.0), x=n("t.next", x="@src.value"), y=n("t.next", x="@x.value"))
    kept = lab.run(document).digest("x.value")
    frozen = swapped(document, "x", n("t.next", "freeze", {"value": kept}, x="@src.value"))
    lab.restart()
    result = lab.run(turned(frozen, "src", value=9.0))
    assert not lab.calls and result["y"] == 4.0


def test_a_frozen_result_that_is_not_here_is_a_sentence(lab: Lab):
    document = graph(x=n("t.num", "freeze", {"value": "ab" * 20}), y=n("t.next", x="@x.value"))
    result = lab.run(document)
    assert "unfreeze" in (result.nodes["x"].error or "") and result.nodes["y"].state == "blocked"


# ------------------------------------------------------------------------- kinds of node types


def test_an_impure_node_runs_each_time_but_dirties_nothing_if_it_says_the_same(lab: Lab):
    said = [5.0]

    @lab.node("t.clock", pure=False)
    def clock() -> float:
        return said[0]

    document = graph(c=n("t.clock"), x=n("t.next", x="@c.value"))
    lab.run(document)
    assert lab.run(document)["x"] == 6.0 and lab.calls == {"t.clock": 1}
    said[0] = 8.0
    assert lab.run(document)["x"] == 9.0 and lab.calls == {"t.clock": 1, "t.next": 1}


def test_without_cutoff_the_digest_follows_the_key(lab: Lab):
    @lab.node("t.big", cutoff=False)
    def big(*, seed: int = 0) -> float:
        return 1.0

    document = graph(b=n("t.big", seed=1), x=n("t.next", x="@b.value"))
    assert lab.run(document)["x"] == 2.0
    lab.run(document)
    assert not lab.calls
    assert lab.run(turned(document, "b", seed=2))["x"] == 2.0
    assert lab.calls == {"t.big": 1, "t.next": 1}  # the result is equal, but nobody looked
    lab.restart()
    assert lab.run(document)["b"] == 1.0 and not lab.calls


def test_a_new_version_of_a_node_runs_again(lab: Lab):
    lab.run(diamond())
    old: NodeSpec = lab.library.get("t.mul")  # type: ignore[assignment]
    lab.library._specs["t.mul"] = replace(old, version=2)
    lab.restart()
    result = lab.run(diamond())
    assert states(result, "ran") == {"right"}  # its result is the old one, so nothing follows


def test_warnings_are_told_again_when_the_result_comes_from_the_cache(lab: Lab):
    @lab.node("t.warn")
    def warn(*, ctx: Context) -> float:
        ctx.warn("the tempo was guessed")
        return 1.0

    for _ in range(2):
        result = lab.run(graph(w=n("t.warn")))
        assert result.nodes["w"].warnings == ("the tempo was guessed",)
    lab.restart()
    assert lab.run(graph(w=n("t.warn"))).nodes["w"].warnings == ("the tempo was guessed",)


def test_several_outputs_are_told_apart(lab: Lab):
    @lab.node("t.split")
    def split(*, x: float = 0.0) -> Parts:
        return Parts(int(x), x % 1)

    document = graph(s=n("t.split", x=2.25), a=n("t.add", a="@s.rest", b="@s.whole"))
    result = lab.run(document)
    assert result["s.whole"] == 2 and result["s.rest"] == 0.25 and result["a"] == 2.25
    with pytest.raises(KeyError, match=r"s\.whole"):
        result["s"]


# ------------------------------------------------------------------------------- at the same time


def test_blocking_branches_run_at_the_same_time(lab: Lab):
    meeting = threading.Barrier(4, timeout=20)

    @lab.node("t.wait", needs="io")
    def wait(*, who: int = 0) -> float:
        meeting.wait()  # passes only if all four are inside at once
        return float(who)

    document = graph(**{f"w{i}": n("t.wait", who=i) for i in range(4)})
    assert lab.run(document).status == "ok"


def test_traffic_is_linear_in_the_nodes(lab: Lab):
    counts = {}
    for length in (50, 500):
        lab.restart(cache_dir=lab.folder / f"cache{length}")
        lab.run(chain(length))
        cold = len(lab.events)
        lab.run(chain(length))
        counts[length] = cold, len(lab.events)
    for cold, warm in counts.values():
        assert cold > 0 and warm > 0
    (a, b), (c, d) = counts[50], counts[500]
    assert c <= 2 * 500 + 10 and (c - 10) <= 10 * a and d <= 500 + 10 and (d - 10) <= 10 * b


def test_progress_of_a_busy_node_is_throttled(lab: Lab):
    @lab.node("t.busy")
    def busy(*, ctx: Context) -> int:
        return sum(1 for _ in ctx.steps(100_000, "count"))

    assert lab.run(graph(b=n("t.busy")))["b"] == 100_000
    told = [e for e in lab.events if isinstance(e, events.Progress)]
    assert 0 < len(told) < 200 and told[-1].done == told[-1].total == 100_000


def test_events_tell_the_whole_story(lab: Lab):
    lab.run(diamond())
    assert isinstance(lab.events[0], events.Started) and isinstance(lab.events[-1], events.Finished)
    assert set(lab.events[0].steps) == set(diamond().nodes)
    story = [e.state for e in lab.events if isinstance(e, events.StepEvent) and e.id == "join"]
    assert story == ["running", "ran"]
