"""Nodes that misbehave, and runs that are cancelled: one clear sentence, and nothing else is harmed."""

from __future__ import annotations

import threading
from typing import Any, NamedTuple

import numpy as np
import pytest
from lab import Lab, graph, n, states, swapped

from nawgraph.context import Context
from nawgraph.runtime import events
from nawgraph.runtime.local import InvalidGraphError
from nawgraph.runtime.result import Result
from nawgraph.values import Audio


class Two(NamedTuple):
    first: float
    second: float


class UnspeakableError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


def _raise(error: BaseException) -> Any:
    raise error


BAD = {
    "text": (lambda: "loud", ("str", "float", "value")),
    "nothing": (lambda: None, ("value",)),
    "array": (lambda: np.zeros(3), ("ndarray", "value")),
    "object": (lambda: object(), ("object", "value")),
    "bool": (lambda: True, ("bool", "float")),
    "list": (lambda: [1.0, 2.0], ("list", "float")),
    "exit": (lambda: _raise(SystemExit(3)), ("end the program",)),
    "interrupt": (lambda: _raise(KeyboardInterrupt()), ("end the program",)),
    "empty": (lambda: _raise(AssertionError()), ("AssertionError",)),
    "unspeakable": (lambda: _raise(UnspeakableError()), ("UnspeakableError",)),
    "lines": (lambda: _raise(ValueError("one\n  two")), ("one two",)),
    "key": (lambda: _raise(KeyError("tempo")), ("tempo",)),
    "stop": (lambda: _raise(StopIteration()), ("StopIteration",)),
    "generator": (lambda: _raise(GeneratorExit()), ("GeneratorExit",)),
    "memory": (lambda: _raise(MemoryError()), ("memory",)),
    "file": (lambda: _raise(FileNotFoundError(2, "No such file or directory", "kick.wav")), ("kick.wav",)),
    "full": (lambda: _raise(OSError(28, "No space left on device", "x.wav")), ("disk is full",)),
}


@pytest.mark.timeout(30)
@pytest.mark.parametrize("threaded", [False, True])
@pytest.mark.parametrize("kind", list(BAD))
def test_a_node_that_misbehaves_fails_alone_and_says_so(lab: Lab, kind: str, threaded: bool):
    behave, words = BAD[kind]

    @lab.node("t.bad", needs="io" if threaded else "cpu")
    def bad() -> float:
        return behave()

    result = lab.run(graph(bad=n("t.bad"), after=n("t.next", x="@bad.value"), good=n("t.num", value=1.0)))
    error = result.nodes["bad"].error or ""
    assert result.nodes["bad"].state == "failed" and result.nodes["after"].state == "blocked"
    assert result["good"] == 1.0
    assert all(word in error for word in words), error
    assert "\n" not in error and "Traceback" not in error and "iterable" not in error


@pytest.mark.parametrize("made", [(1.0,), (1.0, 2.0, 3.0), 5.0, None])
def test_the_wrong_number_of_results_is_a_sentence(lab: Lab, made: Any):
    @lab.node("t.two")
    def two() -> Two:
        return made

    error = lab.run(graph(x=n("t.two"))).nodes["x"].error or ""
    assert "t.two" in error and "2 outputs" in error


@pytest.mark.parametrize(
    ("made", "value"),
    [(np.float64(1.5), 1.5), (np.float32(1.5), 1.5), (np.int64(2), 2.0), (3, 3.0), (np.array(4.0)[()], 4.0)],
)
def test_numbers_of_numpy_are_numbers(lab: Lab, made: Any, value: float):
    @lab.node("t.made")
    def give() -> float:
        return made

    result = lab.run(graph(x=n("t.made")))
    assert result["x"] == value and type(result["x"]) is float


def test_a_failure_carries_a_traceback_for_those_who_ask(lab: Lab):
    lab.run(graph(x=n("t.fail")))
    failed = next(e for e in lab.events if isinstance(e, events.StepEvent) and e.state == "failed")
    assert "Traceback" in failed.detail and "it broke" in failed.detail


def test_a_wired_knob_out_of_its_range_is_a_sentence_that_names_it(lab: Lab):
    result = lab.run(graph(f=n("value.int", value=0), s=n("t.sound", frames="@f.value")))
    assert "frames must be between" in (result.nodes["s"].error or "")


@pytest.mark.parametrize("name", ["../x", "a/b", "", "/tmp/x", ".."])
def test_an_exporter_may_only_claim_plain_names(lab: Lab, name: str):
    @lab.node("t.climb")
    def climb(*, ctx: Context) -> None:
        ctx.claim(name)

    assert "file name" in (lab.run(graph(x=n("t.climb"))).nodes["x"].error or "")


def test_an_output_folder_that_cannot_be_made_is_a_sentence(lab: Lab):
    (lab.folder / "file").write_text("in the way")
    result = lab.run(graph(a=n("t.num"), w=n("t.write", x="@a.value")), out_dir=lab.folder / "file" / "out")
    assert "output folder" in (result.nodes["w"].error or "")


def clash() -> Any:
    return graph(
        a=n("t.num", value=1.0),
        b=n("t.num", value=2.0),
        first=n("t.write", x="@a.value", name="same"),
        second=n("t.write", x="@b.value", name="same"),
    )


def test_two_exporters_may_not_write_one_file(lab: Lab):
    result = lab.run(clash())
    assert result.status == "failed" and len(states(result, "failed")) == 1 and len(states(result, "ran")) == 3
    assert "another name" in next(iter(result.errors().values()))


def test_it_is_always_the_same_one_of_two_that_loses(lab: Lab):
    losers = set()
    for round in range(4):
        losers |= states(lab.run(clash()), "failed")
        if round % 2:
            lab.restart()
    assert len(losers) == 1


def test_two_equal_exporters_may_not_write_one_file_either(lab: Lab):
    same = swapped(clash(), "second", n("t.write", x="@a.value", name="same"))
    result = lab.run(same)
    assert result.status == "failed" and len(states(result, "failed")) == 1


# -------------------------------------------------------------------------------------- cancel


def run_aside(lab: Lab, document: Any) -> tuple[threading.Thread, list[Result]]:
    results: list[Result] = []
    thread = threading.Thread(target=lambda: results.append(lab.run(document)))
    thread.start()
    return thread, results


def stepping(lab: Lab, needs: str) -> threading.Event:
    begun = threading.Event()

    @lab.node("t.steps", needs=needs)
    def steps(x: float, *, ctx: Context) -> float:
        pause = threading.Event()
        for _ in ctx.steps(10_000, "wait"):
            begun.set()
            pause.wait(0.01)
        return x

    return begun


@pytest.mark.timeout(30)
@pytest.mark.parametrize("needs", ["cpu", "io"])
def test_cancel_takes_effect_between_steps_and_finished_work_is_kept(lab: Lab, needs: str):
    begun = stepping(lab, needs)
    document = graph(a=n("t.num", value=2.0), slow=n("t.steps", x="@a.value"), after=n("t.next", x="@slow.value"))
    thread, results = run_aside(lab, document)
    assert begun.wait(10)
    lab.runtime.cancel()
    thread.join(10)  # the node itself would take 100 s
    assert not thread.is_alive() and results[0].status == "cancelled"
    assert results[0].nodes["a"].state == "ran" and results[0].nodes["slow"].state == "cancelled"
    assert "failed" not in {r.state for r in results[0].nodes.values()}
    lab.run(document, "a")
    assert not lab.calls


@pytest.mark.timeout(30)
@pytest.mark.parametrize("needs", ["cpu", "io"])
def test_a_node_that_does_not_answer_is_left_behind(lab: Lab, needs: str):
    begun, release = threading.Event(), threading.Event()

    @lab.node("t.deaf", needs=needs)
    def deaf() -> float:
        begun.set()
        release.wait(20)
        return 1.0

    document = graph(d=n("t.deaf"), other=n("t.num", value=3.0))
    thread, results = run_aside(lab, document)
    try:
        assert begun.wait(10)
        lab.runtime.cancel()
        thread.join(5)
        assert not thread.is_alive() and results[0].status == "cancelled"
    finally:
        release.set()
        thread.join(10)


@pytest.mark.timeout(30)
def test_a_new_run_after_a_cancel_is_whole(lab: Lab):
    begun = stepping(lab, "io")
    document = graph(a=n("t.num", value=2.0), slow=n("t.steps", x="@a.value"))
    thread, _ = run_aside(lab, document)
    assert begun.wait(10)
    lab.runtime.cancel()
    thread.join(10)
    assert lab.run(graph(a=n("t.num", value=2.0), b=n("t.next", x="@a.value")))["b"] == 3.0


def test_audio_of_a_pack_is_checked_like_ours(lab: Lab):
    @lab.node("t.flat")
    def flat() -> Audio:
        return Audio(np.zeros(10, np.float32), 44_100)

    assert "[channels, frames]" in (lab.run(graph(x=n("t.flat"))).nodes["x"].error or "")


def test_whole_numbers_in_a_list_of_numbers_become_numbers(lab: Lab):
    @lab.node("t.kinds")
    def kinds(xs: list[float]) -> str:
        return ",".join(type(x).__name__ for x in xs)

    @lab.node("t.whole")
    def whole() -> list[float]:
        return [1, 2]

    document = graph(
        i=n("value.int", value=1),
        r=n("list.range", count=2),
        wires=n("t.kinds", xs=["@i.value"]),
        list=n("t.kinds", xs="@r.items"),
        w=n("t.whole"),
    )
    result = lab.run(document, "wires", "list", "w")
    assert result["wires"] == "float" and result["list"] == "float,float"
    assert [type(x) for x in result["w"]] == [float, float]


def test_a_circle_is_refused_though_nothing_reads_it(lab: Lab):
    document = graph(a=n("t.next", x="@b.value"), b=n("t.next", x="@a.value"), c=n("t.num"))
    with pytest.raises(InvalidGraphError, match="circle"):
        lab.run(document)
    assert not lab.calls
