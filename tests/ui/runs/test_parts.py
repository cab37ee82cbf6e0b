"""The pure parts: auto-run, what differs, seeds, sounds, ids."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from immutables import Map
from lab import graph, n, sub, turned

from nawgraph.edits import Group, Move, SetTitle
from nawgraph.library import standard
from nawgraph.ui.runs import QUIET, AutoRun, differs, nodes_of, seeds, sounds

SONG = graph(
    plan=n("plan.compose", prompt="@text.prompt", seed=7),
    text=n("prompt.text", text="lo-fi"),
    play=n("synth.render", score="@plan.score"),
    mixer=n("mix.mixer", score="@plan.score", stems="@play.stems"),
    tone=n("audio.tone", seconds=1.0),
    mix=n("export.mix", audio="@mixer.mix"),
    also=n("export.mix", audio="@tone.audio", mode="mute"),
)


def test_what_makes_no_difference() -> None:
    library = standard()
    moved = Move({"plan": (10.0, 20.0)}).apply(SONG, library)
    titled = SetTitle("plan", "Composer").apply(moved, library)
    assert titled != SONG and not differs(SONG, titled)
    assert not differs(SONG, replace(titled, meta=Map(title="x"), form=(Map(node="plan", knob="seed"),)))
    assert differs(SONG, turned(SONG, "plan", seed=8)) and not differs(SONG, turned(SONG, "plan", seed=7))
    assert differs(SONG, replace(SONG, nodes=SONG.nodes.delete("tone")))
    assert differs(SONG, replace(SONG, nodes=SONG.nodes.set("tone", replace(SONG.nodes["tone"], mode="mute"))))
    grouped = Group(("play", "mixer"), "band").apply(SONG, library)
    (name,) = grouped.subgraphs
    assert differs(SONG, grouped)
    assert not differs(grouped, SetTitle("play", "Band", scope=name).apply(grouped, library))
    inner = replace(grouped.subgraphs[name], nodes=turned(grouped.subgraphs[name], "play", gain=1.0).nodes)  # type: ignore[arg-type]
    assert differs(grouped, replace(grouped, subgraphs=grouped.subgraphs.set(name, inner)))


def test_auto_run_waits_for_quiet_and_for_a_reason() -> None:
    auto = AutoRun().edited(SONG, 10.0)
    assert not auto.due(10.0 + QUIET / 2) and auto.due(10.0 + QUIET)
    auto = auto.started(SONG)
    assert not auto.due(99.0)
    auto = auto.edited(Move({"plan": (1.0, 2.0)}).apply(SONG, standard()), 20.0)
    assert not auto.due(99.0)  # only moved
    louder = turned(SONG, "tone", level=-3.0)
    auto = auto.edited(louder, 30.0).edited(turned(louder, "tone", level=-4.0), 30.2)
    assert not auto.due(30.2 + QUIET - 0.01) and auto.due(30.2 + QUIET)
    assert not auto.edited(SONG, 31.0).due(99.0)  # back to what ran
    assert not AutoRun().due(99.0)  # nothing there


@given(st.lists(st.tuples(st.floats(0.0, 1.0), st.integers(0, 3)), max_size=30))
def test_auto_run_is_due_once_for_each_change(steps: list[tuple[float, int]]) -> None:
    states = [turned(SONG, "plan", seed=seed) for seed in range(4)]
    auto, now, ran = AutoRun().edited(states[0], 0.0).started(states[0]), 0.0, 0
    present = 0
    for wait, seed in steps:
        now += wait
        if auto.due(now):
            assert present != ran
            auto, ran = auto.started(auto.graph), present
        auto, present = auto.edited(states[seed], now), seed
        assert not auto.due(now) or present == present != ran
    assert auto.due(now + 2 * QUIET) is (present != ran)


def test_seeds_and_sounds() -> None:
    assert seeds(SONG, standard()).items() >= {"plan.seed": 7}.items()
    wired = graph(a=n("plan.compose", seed="@b.value"), b=n("value.int"))
    assert "a.seed" not in seeds(wired, standard())
    inside = graph(v=sub(c=n("plan.compose", seed=3)), one=n("subgraph.v"))
    assert seeds(inside, standard())["v/c.seed"] == 3
    assert sounds(SONG, standard()) == [
        "mixer.mix",
        "mixer.premaster",
        "tone.audio",
    ]
    two = graph(a=n("audio.tone"), b=n("audio.gain", audio="@a.audio"), t=n("subgraph.gone"), u=n("no.such"))
    assert sounds(two, standard()) == ["b.audio"]


@pytest.mark.parametrize(
    ("step", "nodes"),
    [("a", ("a",)), ("a/b", ("a", "b")), ("a[12]/b/c[0]/d", ("a", "b", "c", "d")), ("a[3]", ("a",))],
)
def test_steps_stand_in_nodes(step: str, nodes: tuple[str, ...]) -> None:
    assert nodes_of(step) == nodes
