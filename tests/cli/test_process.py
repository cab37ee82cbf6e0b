"""The program as a process: signals, pipes, start-up. Few, since each costs a start."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

NODES = """
import time
from pathlib import Path
import nawgraph as ng

@ng.node("mine.quick")
def quick(*, a: float = 1.0) -> float:
    return a

@ng.node("mine.polite")
def polite(*, a: float = 1.0, ctx: ng.Context) -> float:
    Path("started").touch()
    for _ in ctx.steps(3000, "wait"):
        time.sleep(0.01)
    return a

@ng.node("mine.stubborn", needs="io")
def stubborn(*, a: float = 1.0, ctx: ng.Context) -> None:
    import os
    path = ctx.claim("Half.wav")
    path.with_name(f".Half.wav.{os.getpid()}.00.tmp").write_text("half")
    Path("started").touch()
    time.sleep(30)
"""


def start(place: Path, *words: str, **variables: str) -> subprocess.Popen[str]:
    (place / "slow_nodes.py").write_text(NODES)
    env = os.environ | {"NAWGRAPH_NODES": "slow_nodes.py"} | variables
    command = [sys.executable, "-m", "nawgraph", *words]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, cwd=place, env=env)


def started(place: Path, process: subprocess.Popen[str]) -> None:
    for _ in range(3000):
        if (place / "started").exists():
            return
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    pytest.fail("the node never started")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupt_keeps_what_is_finished(
    place: Path, document: Any, cli: Any, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    path = document({"quick": ("mine.quick",), "slow": ("mine.polite", {}, {"a": "quick.value"})})
    process = start(place, "run", path, "--json")
    started(place, process)
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in err
    found = json.loads(out)
    assert found["status"] == "cancelled"
    assert found["nodes"]["quick"]["state"] == "ran"
    assert found["nodes"]["slow"] == {"state": "skipped", "seconds": 0.0, "error": "cancelled before it was done"}
    monkeypatch.setenv("NAWGRAPH_NODES", "slow_nodes.py")
    again = json.loads(cli("run", path, "--target", "quick", "--json")[1])
    assert again["nodes"]["quick"]["state"] == "cached"


def test_a_node_that_does_not_answer_is_left_behind_and_tidied_up(place: Path, document: Any) -> None:
    process = start(place, "run", document({"slow": ("mine.stubborn",)}))
    started(place, process)
    before = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert time.monotonic() - before < 15  # the node itself sleeps for 30
    assert process.returncode == 130
    assert "Traceback" not in err
    assert list((place / "out").iterdir()) == []


def test_a_second_interrupt_ends_at_once(place: Path, document: Any) -> None:
    process = start(place, "run", document({"slow": ("mine.stubborn",)}))
    started(place, process)
    process.send_signal(signal.SIGINT)
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert list((place / "out").iterdir()) == []


def test_a_closed_pipe_is_quiet(place: Path) -> None:
    command = f"{sys.executable} -m nawgraph nodes --json | head -c 1"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=place, capture_output=True, text=True)
    assert done.stdout == "{"
    assert done.stderr == ""
    assert done.returncode == 0


def test_help_imports_nothing_heavy(place: Path) -> None:
    code = (
        "import sys\nfrom nawgraph.cli import main\nmain(['--help'])\n"
        "print([m for m in ('numpy', 'msgspec', 'rich', 'scipy', 'sqlite3') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=place, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_import_nawgraph_is_light_and_complete(place: Path) -> None:
    code = (
        "import sys, nawgraph as ng\nassert 'numpy' not in sys.modules\n"
        "import nawgraph.node\nassert ng.node is sys.modules['nawgraph.node'].node\n"
        "assert all(getattr(ng, name) is not None for name in ng.__all__)\n"
        "from nawgraph import *\nassert Audio is ng.Audio and node is ng.node\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=place, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_progress_bars_only_on_a_terminal(place: Path, document: Any) -> None:
    """`script` gives the program a terminal; the bars are drawn there and taken away."""
    import pty

    path = document({"slow": ("mine.polite",)})
    master, slave = pty.openpty()
    (place / "slow_nodes.py").write_text(NODES.replace("range(3000)", "range(40)").replace("3000", "40"))
    env = os.environ | {"NAWGRAPH_NODES": "slow_nodes.py", "TERM": "xterm", "NO_COLOR": "1"}
    command = [sys.executable, "-m", "nawgraph", "run", path]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=slave, text=True, cwd=place, env=env)
    os.close(slave)
    drawn = b""
    try:
        while chunk := os.read(master, 65536):
            drawn += chunk
    except OSError:  # the other end is closed
        pass
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert out.splitlines()[0] == "slow.value = 1.0"
    assert b"all nodes" in drawn
    assert b"slow wait" in drawn
    assert b"/40" in drawn
    assert b"\x1b[3" not in drawn  # no colour
