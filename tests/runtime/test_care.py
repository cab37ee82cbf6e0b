"""The record of who is at work must be readable after the process that wrote it is gone."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest
from lab import Lab, graph, n, states

from nawgraph.runtime.care import Care, Flight, in_flight

ROOT = Path(__file__).parents[2]


def test_steps_are_recorded_while_they_are_worked_on(tmp_path: Path) -> None:
    flight = Flight(tmp_path / "flight")
    with flight(["b", "a/ä[3]"]):
        with flight(["c"]):
            assert in_flight(tmp_path / "flight") == ["a/ä[3]", "b", "c"]
        assert in_flight(tmp_path / "flight") == ["a/ä[3]", "b"]
    with pytest.raises(ValueError, match="broke"), flight(["d"]):
        raise ValueError("it broke")
    assert in_flight(tmp_path / "flight") == [] == in_flight(tmp_path / "no such file")


def test_what_fits_no_slot_is_left_out_and_slots_are_used_again(tmp_path: Path) -> None:
    flight = Flight(tmp_path / "flight")
    with flight(["x" * 5000, "short"]):
        assert in_flight(tmp_path / "flight") == ["short"]
    for _ in range(1000):
        with flight(["again", "and again"]):
            pass
    with flight([f"n{i}" for i in range(1000)]):
        assert len(in_flight(tmp_path / "flight")) == 256
    assert in_flight(tmp_path / "flight") == []


def test_the_record_survives_the_death_of_its_process(tmp_path: Path) -> None:
    code = """
        import os, signal
        from pathlib import Path
        from nawgraph.runtime.care import Flight
        with Flight(Path("flight"))(["guilty"]):
            os.kill(os.getpid(), signal.SIGKILL)
    """
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], cwd=tmp_path, env=environment, check=False)
    assert in_flight(tmp_path / "flight") == ["guilty"]


def test_barred_steps_fail_with_their_sentence_and_are_not_called(lab: Lab) -> None:
    document = graph(a=n("t.num"), b=n("t.next", x="@a.value"), c=n("t.add", a=3.0))
    result = lab.run(document, care=Care(barred={"a": ("it did something bad", "line 1")}))
    assert result.errors() == {"a": "it did something bad"} and lab.calls["t.num"] == 0
    assert states(result, "blocked") == {"b"} and result["c"] == 3.0


def test_solo_steps_run_while_nothing_else_does(lab: Lab) -> None:
    at_work: set[str] = set()
    together: dict[str, set[str]] = {}
    meeting = threading.Barrier(2)

    @lab.node("t.busy", needs="io")
    def busy(*, name: str = "", met: bool = False) -> str:
        """Notes who else is at work."""
        at_work.add(name)
        if met:
            meeting.wait(30)  # so that these two are surely at work together
        together[name] = set(at_work)
        if met:
            meeting.wait(30)
        at_work.discard(name)
        return name

    names = [f"n{i}" for i in range(6)]
    document = graph(**{name: n("t.busy", name=name, met=name in ("n4", "n5")) for name in names})
    result = lab.run(document, care=Care(solo=frozenset(names[:4])))
    assert result.status == "ok" and states(result, "ran") == set(names)
    assert all(together[name] == {name} for name in names[:4])
    assert together["n4"] == together["n5"] == {"n4", "n5"}
