"""Real graphs through a real engine, as the editor sees it."""

from __future__ import annotations

import gc
import os
import signal
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from engine import Frames, chain, session
from lab import graph, n, sub, turned

from nawgraph.library import Library
from nawgraph.runtime import events
from nawgraph.runtime.session import Session
from nawgraph.ui.runs import (
    Notice,
    PlanReady,
    QueueChanged,
    RunEnded,
    Runs,
    RunStarted,
    StepChanged,
    ValueReady,
)


def wait_for(file: Path) -> None:
    deadline = time.monotonic() + 60
    while not file.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert file.exists()


def test_a_run_from_submit_to_its_sound(frames: Frames, tmp_path: Path) -> None:
    document = graph(
        tone=n("audio.tone", seconds=0.1),
        loud=n("audio.gain", audio="@tone.audio", db=-6.0),
        mix=n("export.mix", audio="@loud.audio", name="Song"),
    )
    ticket = frames.runs.submit(document, base=tmp_path, document="song", tab="7", label="all")
    assert frames.runs.current == ticket and frames.runs.waiting == ()
    ended = frames.ended(ticket)
    assert ended.status == "ok" and ended.seconds > 0 and ended.error == ""
    assert [Path(f).parent for f in ended.files] == [tmp_path / "out"]
    started = frames.until(lambda m: m.ticket == ticket, RunStarted)
    assert started.steps == ("tone", "loud", "mix")
    loud = frames.step("loud", "ran", ticket)
    assert (loud.tab, loud.nodes, loud.cached, loud.outputs) == ("7", ("loud",), False, (ended.outputs["loud.audio"],))
    entry = frames.runs.history[0]
    assert entry.ticket == ticket and entry.graph is document and entry.files == ended.files and entry.status == "ok"
    ((name, digest),) = entry.sounds
    assert name == "loud.audio"
    handle = frames.runs.value(digest)
    answer = frames.until(lambda m: m.handle == handle, ValueReady)
    assert answer.error == "" and answer.value.frames == 4410 and np.abs(answer.value.samples).max() > 0.1
    assert frames.runs.at_hand(digest) is answer.value
    again = frames.runs.submit(document, base=tmp_path, document="song", tab="7")
    assert frames.ended(again).status == "ok"
    assert frames.step("loud", "cached", again).cached and frames.runs.current is None


def test_runs_go_one_at_a_time_and_the_queue_can_be_changed(frames: Frames, tmp_path: Path) -> None:
    log = tmp_path / "log"
    first = frames.runs.submit(graph(a=n("s.polite", log=str(log))), label="first")
    waiting = [frames.runs.submit(chain(2, start=float(i)), tab=str(i)) for i in range(4)]
    wait_for(log)
    assert frames.runs.current == first and frames.runs.waiting == tuple(waiting)
    frames.runs.move(waiting[3], 0)
    frames.runs.remove(waiting[1])
    frames.runs.move(waiting[1], 0)  # gone: nothing happens
    frames.runs.remove(first)  # at work: goes on
    assert frames.runs.waiting == (waiting[3], waiting[0], waiting[2])
    told = frames.until(lambda m: len(m.waiting) == 3, QueueChanged)
    assert told.current == first and told.waiting == frames.runs.waiting
    frames.runs.cancel(waiting[0])
    frames.runs.cancel()
    assert (
        frames.ended(first).status == frames.ended(waiting[1]).status == frames.ended(waiting[0]).status == "cancelled"
    )
    assert frames.ended(waiting[2]).status == "ok"
    order = [m.ticket for m in frames.of(RunEnded)]
    assert order.index(waiting[3]) < order.index(waiting[2])
    assert [e.ticket for e in frames.runs.history[:3]] == [waiting[2], waiting[3], first]  # what ran, newest first


def test_cancelling_one_tab_leaves_the_others(frames: Frames, tmp_path: Path) -> None:
    log = tmp_path / "log"
    mine = frames.runs.submit(graph(a=n("s.polite", log=str(log))), tab="mine")
    other = frames.runs.submit(chain(3), tab="other")
    more = frames.runs.submit(chain(4), tab="mine")
    wait_for(log)
    frames.runs.cancel_all("mine")
    assert frames.ended(mine).status == frames.ended(more).status == "cancelled" and frames.ended(other).status == "ok"
    log.unlink()
    tickets = [frames.runs.submit(graph(a=n("s.polite", log=str(log), seconds=99.0))), frames.runs.submit(chain(1))]
    wait_for(log)
    frames.runs.cancel_all()
    assert [frames.ended(t).status for t in tickets] == ["cancelled", "cancelled"] and frames.runs.waiting == ()


def test_progress_and_what_it_will_take(frames: Frames) -> None:
    document = graph(a=n("s.polite", seconds=0.4))
    first = frames.runs.submit(document, document="slow")
    half = frames.until(lambda m: m.run == first.id and m.progress and m.progress > 0.4, StepChanged)
    assert half.state == "running" and half.label == "waiting" and half.eta is not None
    assert 0 < half.seconds < 10 and half.eta <= half.seconds * 1.6
    cost = frames.step("a", "ran", first).seconds
    second = frames.runs.submit(turned(document, "a", seconds=0.41), document="slow")
    begun = frames.until(lambda m: m.run == second.id and m.state == "running", StepChanged)
    assert begun.eta is not None and (begun.progress is not None or abs(begun.eta + begun.seconds - cost) < 1e-6)
    frames.ended(second)


def test_steps_inside_subgraphs_and_maps_name_their_nodes(frames: Frames) -> None:
    document = graph(
        voice=sub(inputs={"x": "float"}, outputs={"value": "add.value"}, add=n("math.add", a="@in.x", b=1.0)),
        one=n("subgraph.voice", x="@start.value"),
        start=n("value.float", value=2.0),
        all=n("map.voice", x="@list.items", over=["x"]),
        list=n("s.numbers"),
    )
    ticket = frames.runs.submit(document, ["one", "all"])
    assert frames.ended(ticket).error == "" and frames.ended(ticket).status == "ok"
    steps = {m.step: m.nodes for m in frames.of(StepChanged) if m.run == ticket.id}
    assert steps["one/add"] == ("one", "add") and steps["all[1]/add"] == ("all", "add") and steps["start"] == ("start",)


def test_failures_are_sentences(frames: Frames) -> None:
    document = graph(a=n("s.die", how="exit"), b=n("s.next", x="@a.value"))
    ticket = frames.runs.submit(document)
    ended = frames.ended(ticket)
    assert ended.status == "failed" and ended.error == ""
    assert frames.step("a", "failed", ticket).error.startswith("the node ended the engine process (exit status 3)")
    assert frames.step("b", "blocked", ticket)
    assert frames.of(Notice)[-1].text.startswith("The engine process ended (exit status 3) and was started anew")
    ticket = frames.runs.submit(graph(a=n("s.next", x="@nobody.value")))
    ended = frames.ended(ticket)
    assert ended.status == "failed" and "nobody" in ended.error
    assert frames.runs.history[0].error == ended.error


def test_a_killed_engine_costs_a_notice_only(frames: Frames, tmp_path: Path) -> None:
    log = tmp_path / "log"
    document = graph(a=n("s.sleep", seconds=0.5, value=3.0, log=str(log)), b=n("s.next", x="@a.value"))
    ticket = frames.runs.submit(document)
    wait_for(log)
    assert frames.runs._session is not None
    os.kill(frames.runs._session.pid, signal.SIGKILL)
    ended = frames.ended(ticket)
    assert ended.status == "ok" and "killed" in frames.of(Notice)[-1].text
    handle = frames.runs.value(ended.outputs["b.value"])
    assert frames.until(lambda m: m.handle == handle, ValueReady).value == 4.0


def test_values_that_are_gone_are_said(frames: Frames) -> None:
    handles = [frames.runs.value(b"\1" * 20), frames.runs.value(b"\1" * 20)]
    for handle in handles:
        answer = frames.until(lambda m, handle=handle: m.handle == handle, ValueReady)
        assert answer.value is None and answer.error == "this value is no longer in the cache: run its node again"


def test_a_plan_says_what_why_and_how_long(frames: Frames) -> None:
    document = graph(a=n("s.next", by=31.0), b=n("s.next", x="@a.value"), big=n("s.big", megabytes=2))
    handle = frames.runs.plan(document, document="planned", tab="p")
    plan = frames.until(lambda m: m.handle == handle, PlanReady).plan
    assert plan is not None and (plan.cached, plan.to_run, plan.maybe, plan.blocked) == (0, 3, 0, 0)
    assert (plan.seconds, plan.unknown, plan.bytes) == (0.0, 3, 2_000_000)
    frames.ended(frames.runs.submit(document, document="planned"))
    changed = turned(document, "a", by=32.0)
    handle = frames.runs.plan(changed, document="planned")
    answer = frames.until(lambda m: m.handle == handle, PlanReady)
    plan = answer.plan
    assert plan is not None and (plan.cached, plan.to_run, plan.maybe, plan.unknown, plan.bytes) == (1, 1, 1, 0, 0)
    rows = {row.step: row for row in plan.rows}
    assert rows["a"].reason.startswith("knob by changed from 31 to 32 since ") and rows["a"].verdict == "run"
    assert rows["b"].feeders == ("a",) and rows["big"].reason == "its result is known" and rows["big"].seconds == 0.0
    assert plan.seconds == (rows["a"].seconds or 0) + (rows["b"].seconds or 0) > 0
    handle = frames.runs.plan(document, ["nobody"])
    answer = frames.until(lambda m: m.handle == handle, PlanReady)
    assert answer.plan is None and "nobody" in answer.error and "\n" not in answer.error


def test_only_the_newest_question_of_a_tab_is_sure_of_an_answer(frames: Frames) -> None:
    handles = [frames.runs.plan(chain(3, start=float(i)), tab="t") for i in range(30)]
    frames.until(lambda m: m.handle == handles[-1], PlanReady)
    answered = [m.handle for m in frames.of(PlanReady) if m.handle in handles]
    assert answered == sorted(answered) and answered[-1] == handles[-1]


# --------------------------------------------------------------------------------- no engine to be had


def test_an_engine_that_cannot_start_is_said_once_and_tried_again(tmp_path: Path, library: Library) -> None:
    broken = [True]

    def opened() -> Session:
        if broken[0]:
            raise OSError(28, "No space left on device", "/tmp/x")
        return session(tmp_path)

    runs = Runs(opened, library=library)
    frames = Frames(runs)
    assert not runs.start()
    tickets = [runs.submit(chain(1)), runs.submit(chain(2))]
    assert [frames.ended(t).status for t in tickets] == ["failed", "failed"]
    handle, asked = runs.value(b"\1" * 20), runs.plan(chain(1))
    sentence = "the engine cannot be started: the disk is full: free some space and run again (/tmp/x)"
    assert frames.until(lambda m: m.handle == handle, ValueReady).error == sentence
    assert frames.until(lambda m: m.handle == asked, PlanReady).error == sentence
    assert [m.text for m in frames.of(Notice)] == [sentence]
    broken[0] = False
    assert frames.ended(runs.submit(chain(2))).status == "ok"
    runs.close()


def test_a_node_module_that_is_missing_fails_the_run_with_a_sentence(tmp_path: Path, library: Library) -> None:
    runs = Runs(lambda: Session(tmp_path / "cache", nodes=("no_such_module",), scratch=tmp_path), library=library)
    ended = Frames(runs).ended(runs.submit(chain(1)))
    assert ended.status == "failed" and "no_such_module" in ended.error
    runs.close()


@pytest.mark.parametrize("type", ["s.polite", "s.sleep", "s.hang"])
def test_closing_while_running_ends_soon(tmp_path: Path, library: Library, type: str) -> None:
    log = tmp_path / "log"
    runs = Runs(lambda: session(tmp_path), library=library)
    runs.submit(graph(a=n(type, log=str(log))))
    runs.submit(chain(3))
    wait_for(log)
    start = time.monotonic()
    runs.close()
    runs.close()
    assert time.monotonic() - start < 10  # promised: 1.5 s; the figure is in the report of the benchmark
    late = runs.submit(chain(1))
    assert any(isinstance(m, RunEnded) and m.ticket == late and m.status == "failed" for m in runs.poll())


# ------------------------------------------------------------------------------------------- what it costs


class Burst:
    """A session that says everything at once: the worst frame there can be."""

    def __init__(self, steps: int) -> None:
        ids = [f"n{i:04}" for i in range(steps)]
        self.said: list[tuple[int, events.Event]] = [(1, events.Started(tuple(ids)))]
        for id in ids:
            self.said.append((1, events.StepEvent(id, "running")))
            self.said.append((1, events.StepEvent(id, "ran", 0.001, outputs=(id.encode() * 4,))))

    def run(self, *args: object, **options: object) -> int:
        return 1

    def events(self) -> list[tuple[int, events.Event]]:
        found, self.said = self.said, []
        return found

    def outputs(self, run: int) -> dict[str, bytes]:
        return {}


def burst(steps: int) -> float:
    """CPU seconds of a frame in which so many steps begin and end."""
    runs = Runs(lambda: Burst(steps))  # type: ignore[arg-type, return-value]
    runs.submit(chain(1))
    gc.collect()
    start = time.thread_time()
    messages = runs.poll()
    spent = time.thread_time() - start
    assert sum(isinstance(m, StepChanged) for m in messages) == steps
    return spent


def test_a_burst_costs_one_message_a_step_and_little_time() -> None:
    # CPU time of this thread: 2 ms are promised for 1,000 steps; a loaded machine is given four times that.
    assert statistics.median(burst(1000) for _ in range(15)) < 0.008


def test_a_thousand_nodes_live(frames: Frames) -> None:
    frames.frames.clear()
    ticket = frames.runs.submit(chain(1000, start=77.0), document="thousand")
    frames.ended(ticket)
    for frame in frames.frames:
        steps = [m.step for m in frame if isinstance(m, StepChanged) and m.run == ticket.id]
        assert len(steps) == len(set(steps))
    last = {m.step: m.state for m in frames.of(StepChanged) if m.run == ticket.id}
    assert len(last) == 1000 and set(last.values()) == {"ran"}


@pytest.fixture
def small(tmp_path: Path, library: Library) -> Iterator[Frames]:
    runs = Runs(lambda: session(tmp_path), library=library, history=3, value_bytes=400_000)
    yield Frames(runs)
    runs.close()


def test_history_and_values_are_bounded(small: Frames) -> None:
    runs = small.runs
    tickets = [runs.submit(graph(s=n("s.sound", level=i / 10), c=n("s.next"))) for i in range(5)]
    ends = [small.ended(ticket) for ticket in tickets]
    assert [e.ticket for e in runs.history] == tickets[:1:-1]
    assert runs.history[0].outputs["c.value"] is runs.history[1].outputs["c.value"]  # kept once
    for end in ends:  # 160 kB each
        handle = runs.value(end.outputs["s.audio"])
        assert small.until(lambda m, handle=handle: m.handle == handle, ValueReady).error == ""
    held = [runs.at_hand(end.outputs["s.audio"]) is not None for end in ends]
    assert held == [False, False, False, True, True] and runs._fetcher.size <= 400_000
