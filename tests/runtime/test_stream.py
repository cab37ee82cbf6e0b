"""Chains that stream leave what the same nodes leave one by one, and can be heard and stopped on the way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from immutables import Map
from lab import Lab, graph, n, states, turned

from nawgraph.graph import Graph
from nawgraph.library import Library, standard
from nawgraph.node import node
from nawgraph.runtime import events, stream
from nawgraph.runtime.local import Runtime
from nawgraph.runtime.result import Result
from nawgraph.values import Audio

# ------------------------------------------------------------------------------------ nodes that stream


def _shifted(audio: Audio, frames: int) -> Audio:
    return Audio(np.concatenate([np.zeros((audio.channels, frames), np.float32), audio.samples], axis=1), audio.rate)


def _delay_step(chunk: Audio | None, state: Any, *, frames: int) -> tuple[Audio | None, Any]:
    """The state is what is held back; at the end it comes out as the tail."""
    if chunk is None:
        return (None if state is None else Audio(state[0], state[1])), None
    held = np.zeros((chunk.channels, frames), np.float32) if state is None else state[0]
    row = np.concatenate([held, chunk.samples], axis=1)
    split = row.shape[1] - frames
    return Audio(row[:, :split].copy(), chunk.rate), (row[:, split:].copy(), chunk.rate)


@node("q.delay", step=_delay_step)
def delay(audio: Audio, *, frames: int = 100) -> Audio:
    """Later by some frames, and longer by as many."""
    return _shifted(audio, frames)


def _late_step(chunk: Audio | None, state: Any) -> tuple[Audio | None, Any]:
    """Gives nothing before the end: the extreme of looking ahead."""
    if chunk is not None:
        return None, [*(state or []), chunk]
    return Audio(np.concatenate([c.samples for c in state], axis=1), state[0].rate), None


@node("q.late", step=_late_step)
def late(audio: Audio) -> Audio:
    """Unchanged."""
    return audio


def _half_step(chunk: Audio | None, state: Any) -> tuple[Audio | None, Any]:
    """Every second frame; the state is the parity of the frames so far."""
    if chunk is None:
        return None, state
    seen = state or 0
    return Audio(chunk.samples[:, seen % 2 :: 2].copy(), chunk.rate // 2), seen + chunk.frames


@node("q.half", step=_half_step)
def half(audio: Audio) -> Audio:
    """Every second frame, at half the rate."""
    return Audio(audio.samples[:, ::2].copy(), audio.rate // 2)


def _picky_step(chunk: Audio | None, state: Any, *, limit: float) -> tuple[Audio | None, Any]:
    return (None if chunk is None else picky(chunk, limit=limit)), state


@node("q.picky", step=_picky_step)
def picky(audio: Audio, *, limit: float = 0.5) -> Audio:
    """Refuses loud sounds."""
    if audio.frames and float(np.abs(audio.samples).max()) > limit:
        raise ValueError(f"the sound is louder than {limit:g}: turn it down")
    return audio


@node("q.source")
def source(*, frames: int = 1000, channels: int = 1, seed: int = 0, level: float = 1.0) -> Audio:
    """Noise."""
    noise = np.random.default_rng(seed).uniform(-level, level, (channels, frames))
    return Audio(noise.astype(np.float32), 44_100)


NODES = (delay, late, half, picky, source)
KINDS: list[tuple[str, dict[str, Any]]] = [
    ("audio.gain", {"db": -3.0}),
    ("audio.gain", {"db": 0.0}),
    ("audio.highpass", {"hz": 500.0}),
    ("q.delay", {"frames": 77}),
    ("q.delay", {"frames": 0}),
    ("q.late", {}),
    ("q.half", {}),
]


def library() -> Library:
    made = Library(standard().specs())
    for function in NODES:
        made.add(function)
    return made


def row(*kinds: tuple[str, dict[str, Any]], **knobs: Any) -> Graph:
    """source → n0 → n1 → …"""
    nodes = {"source": n("q.source", **knobs)}
    for i, (type, own) in enumerate(kinds):
        nodes[f"n{i}"] = n(type, audio=f"@{f'n{i - 1}' if i else 'source'}.audio", **own)
    return graph(**nodes)


def run(document: Graph, name: str, heard: list[Any] | None = None) -> Result:
    """A run from nothing. Only a document with a name may stream: of others nobody knows whether they ever ran."""
    with Runtime(library(), None, device="cpu") as runtime:
        result = runtime.run(document, document=name, emit=(heard if heard is not None else []).append)
        result.outputs()
        return result


def fused(heard: list[Any]) -> bool:
    """Whether several steps were running at once: a chain starts all its members together."""
    running = most = 0
    for event in heard:
        if isinstance(event, events.StepEvent):
            running += 1 if event.state == "running" else -1
            most = max(most, running)
    return most > 1


@pytest.fixture
def streaming(lab: Lab) -> Lab:
    for function in NODES:
        lab.library.add(function)
    return lab


# -------------------------------------------------------------------------------------------- equality


@settings(max_examples=40)
@given(
    kinds=st.lists(st.sampled_from(KINDS), min_size=2, max_size=5),
    frames=st.integers(0, 3000),
    channels=st.integers(1, 3),
    chunk=st.integers(1, 4000),
    seed=st.integers(0, 99),
)
def test_every_member_has_the_digest_that_it_has_alone(
    kinds: list[tuple[str, dict[str, Any]]], frames: int, channels: int, chunk: int, seed: int
) -> None:
    document = row(*kinds, frames=frames, channels=channels, seed=seed)
    chunk = max(chunk, frames // 50)  # at most 50 chunks: the many small ones are only slow
    heard: list[Any] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stream, "CHUNK", chunk)
        together = run(document, "song", heard)
    assert together.status == "ok", together.errors()
    assert together.outputs() == run(document, "").outputs()
    assert fused(heard)


def test_the_high_pass_streams_bit_for_bit(streaming: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "CHUNK", 1000)
    document = row(("audio.highpass", {"hz": 200.0}), ("audio.highpass", {"hz": 2000.0, "q": 4.0}), frames=30_000)
    result = streaming.run(document, document="song")
    with Runtime(library(), None, device="cpu") as alone:
        assert np.array_equal(result["n1"].samples, alone.run(document)["n1"].samples)


def test_members_are_cached_as_if_they_had_run_alone(streaming: Lab) -> None:
    document = row(KINDS[0], KINDS[2], KINDS[3], frames=5000)
    assert states(streaming.run(document, document="song"), "ran") == {"source", "n0", "n1", "n2"}
    assert fused(streaming.events)
    streaming.restart()
    assert states(streaming.run(document, document="another"), "cached") == {"source", "n0", "n1", "n2"}
    result = streaming.run(turned(document, "n1", hz=900.0), document="song")
    assert states(result, "ran") == {"n1", "n2"} and not fused(streaming.events)


# ------------------------------------------------------------------------------------ what is fused


def test_what_ran_before_is_not_fused_so_that_an_unchanged_result_still_stops_the_rerun(streaming: Lab) -> None:
    document = row(KINDS[0], KINDS[2], KINDS[3], frames=5000, level=0.0)
    streaming.run(document, document="song")
    result = streaming.run(turned(document, "n0", db=-9.0), document="song")  # silence stays silence
    assert states(result, "ran") == {"n0"} and states(result, "cached") == {"source", "n1", "n2"}


def test_a_second_reader_ends_a_chain(streaming: Lab) -> None:
    document = row(KINDS[0], KINDS[2], frames=5000)
    document = replace(document, nodes=document.nodes.set("side", n("q.delay", audio="@n0.audio")))
    result = streaming.run(document, document="song")
    first = [e.state for e in streaming.events if isinstance(e, events.StepEvent) and e.id == "n0"]
    order = [(e.id, e.state) for e in streaming.events if isinstance(e, events.StepEvent)]
    assert result.status == "ok" and first == ["running", "ran"]
    assert order.index(("n0", "ran")) < order.index(("n1", "running"))


def test_wired_knobs_travel_with_their_member(streaming: Lab) -> None:
    document = row(KINDS[0], KINDS[0], frames=5000)
    nodes = document.nodes.set("db", n("t.num", value=-20.0))
    nodes = nodes.set("n1", replace(nodes["n1"], inputs=nodes["n1"].inputs.set("db", "db.value"), knobs=Map()))
    result = streaming.run(replace(document, nodes=nodes), document="song")
    expected = run(row(KINDS[0], ("audio.gain", {"db": -20.0}), frames=5000), "")
    assert result.outputs()["n1.audio"] == expected.outputs()["n1.audio"]


# ----------------------------------------------------------------------------------- on the way


def test_a_failing_member_fails_alone_and_says_so_itself(streaming: Lab) -> None:
    document = row(KINDS[0], KINDS[2], ("q.picky", {"limit": 0.01}), KINDS[0], frames=5000)
    result = streaming.run(document, document="song")
    assert result.errors() == {"n2": "the sound is louder than 0.01: turn it down"}
    assert states(result, "ran") == {"source", "n0", "n1"} and states(result, "blocked") == {"n3"}


def test_the_last_member_is_heard_before_the_chain_is_through(streaming: Lab) -> None:
    document = row(KINDS[0], KINDS[2], frames=400_000, channels=2)
    result = streaming.run(document, document="song")
    shown = [i for i, e in enumerate(streaming.events) if isinstance(e, events.Preview)]
    ended = next(i for i, e in enumerate(streaming.events) if isinstance(e, events.StepEvent) and e.state == "ran"
                 and e.id == "n0")  # fmt: skip
    assert len(shown) == 1 and shown[0] < ended
    preview = streaming.events[shown[0]]
    beginning = streaming.runtime.cache.get(preview.digest)
    assert preview.id == "n1" and beginning.seconds == stream.PREVIEW
    assert np.array_equal(beginning.samples, result["n1"].samples[:, : beginning.frames])


def test_a_cancel_takes_effect_between_two_chunks(streaming: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "CHUNK", 100)
    chunks = 0

    def step(chunk: Audio | None, state: Any) -> tuple[Audio | None, Any]:
        nonlocal chunks
        chunks += 1
        if chunks == 7:
            streaming.runtime.cancel()
        return chunk, state

    @node("q.stop", step=step)
    def stop(audio: Audio) -> Audio:
        """Cancels the run that it is in."""
        return audio

    streaming.library.add(stop)
    result = streaming.run(row(KINDS[0], ("q.stop", {}), frames=100_000), document="song")
    assert result.status == "cancelled" and chunks == 7
    assert states(result, "cancelled") == {"n0", "n1"}


def test_a_value_that_was_evicted_is_made_again_for_a_chain(streaming: Lab, tmp_path: Path) -> None:
    streaming.run(row(frames=50_000), document="song")
    streaming.lose_values()
    result = streaming.run(row(KINDS[0], KINDS[2], frames=50_000), document="song")
    assert result.status == "ok" and states(result, "ran") == {"source", "n0", "n1"}
