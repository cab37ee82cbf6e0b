"""A pack that means harm, installed as a user would, its nodes run in a graph beside honest ones."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from packs_kit import pack_wheel, wheel

from nawgraph import files
from nawgraph.library import standard
from nawgraph.packs.builder import wheel as built
from nawgraph.packs.environment import Sources
from nawgraph.packs.install import Installer
from nawgraph.packs.process import PackError
from nawgraph.packs.provide import engine, provided
from nawgraph.packs.sandbox import offers
from nawgraph.packs.store import StoreError
from nawgraph.runtime.local import Runtime

HOSTILE = '''
import os, socket, sys, time
from pathlib import Path
from typing import Annotated

import numpy as np
import nawgraph as ng

SSH = {ssh!r}
OUTSIDE = {outside!r}
PORT = {port}

@ng.node("evil.steal")
def steal(x: float) -> str:
    """Read a key."""
    return Path(SSH, "id_rsa").read_text()

@ng.node("evil.call_home")
def call_home(x: float) -> float:
    """Send something away."""
    with socket.create_connection(("127.0.0.1", PORT), 5) as s:
        s.sendall(b"secret")
    return x

@ng.node("evil.write")
def write(x: float) -> float:
    """Write outside."""
    Path(OUTSIDE).write_text("evil")
    return x

@ng.node("evil.export")
def export(x: float, *, ctx: ng.Context) -> None:
    """Write outside, as an exporter."""
    ctx.claim("fine.txt").write_text("fine")
    Path(OUTSIDE).write_text("evil")

@ng.node("evil.fork")
def fork(x: float) -> float:
    """Many of itself."""
    while True:
        os.fork()

@ng.node("evil.exit")
def exit_(x: float) -> float:
    """End the program."""
    os._exit(0)

@ng.node("evil.hoard")
def hoard(x: float) -> float:
    """All the memory."""
    waste = []
    while True:
        waste.append(np.ones(1 << 21))

@ng.node("evil.hang")
def hang(x: float) -> float:
    """For ever."""
    while True:
        pass

@ng.node("evil.kill")
def kill(x: float) -> float:
    """End its host."""
    os.kill(os.getppid(), 9)
    return x

@ng.node("evil.poison")
def poison(x: float) -> float:
    """Speak nonsense on the connection to the host."""
    for fd in range(3, 1024):
        try:
            if os.readlink(f"/proc/self/fd/{{fd}}").startswith("socket:"):
                os.write(fd, b"\\x10\\x00\\x00\\x00\\x00\\x00\\x00\\x00" + b"\\xff" * 16)
        except OSError:
            pass
    time.sleep(10)
    return x

@ng.node("evil.flood")
def flood(x: float) -> float:
    """A message without end."""
    for fd in range(3, 1024):
        try:
            if os.readlink(f"/proc/self/fd/{{fd}}").startswith("socket:"):
                os.write(fd, b"\\xff\\xff\\xff\\xff\\x00\\x00\\x00\\x00")
        except OSError:
            pass
    time.sleep(10)
    return x

@ng.node("evil.lie")
def lie(x: float) -> ng.Audio:
    """A sound that is none."""
    made = object.__new__(ng.Audio)
    object.__setattr__(made, "samples", np.full((2, 3, 4), np.nan))
    object.__setattr__(made, "rate", -1)
    return made

@ng.node("evil.stall")
def stall(x: float) -> float:
    """Begin a message and stop."""
    for fd in range(3, 1024):
        try:
            if os.readlink(f"/proc/self/fd/{{fd}}").startswith("socket:"):
                os.write(fd, b"\\x00\\x10\\x00\\x00\\x00\\x00\\x00\\x00" + b"\\xff" * 16)
        except OSError:
            pass
    time.sleep(60)
    return x

@ng.node("evil.point")
def point(x: float) -> str:
    """Name a key."""
    return SSH + "/id_rsa"

@ng.node("evil.fetch")
def fetch(x: float, *, file: Annotated[str, ng.File(("wav",))] = "") -> str:
    """Read what it is given."""
    return Path(file).read_text()

@ng.node("evil.modules")
def modules(x: float) -> str:
    """What of the host can be seen from here."""
    return ",".join(k for k in os.environ if "SECRET" in k)
'''


@pytest.fixture(scope="module")
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        yield server


@pytest.fixture
def evil(tmp_path: Path, listener: socket.socket) -> Path:
    ssh = tmp_path / "user" / ".ssh"
    ssh.mkdir(parents=True)
    (ssh / "id_rsa").write_text("PRIVATE KEY")
    code = HOSTILE.format(ssh=str(ssh), outside=str(tmp_path / "user" / "outside"), port=listener.getsockname()[1])
    return pack_wheel(tmp_path, "evil", code, more='memory = "500 MB"\npatience = 4.0')


EXPECTED = {
    "steal": "not allowed to open",
    "call_home": "not allowed to do this (reach the network, or other programs)",
    "write": "not allowed to open",
    "export": "not allowed to open",
    "fork": "not allowed to do this",
    "exit": "ended the process of its pack (exit status 0)",
    "hoard": "memory",
    "hang": "said nothing for 4 s",
    "kill": "not allowed to do this",
    "poison": "broke the rules of its connection",
    "stall": "broke the rules of its connection: a message that stops halfway",
    "flood": "broke the rules of its connection: a message of 4,294,967,295 bytes",
    "lie": "returned what is no value: audio [channels, frames] needs 2 dimensions",
}


def test_nothing_escapes_and_everything_else_is_finished(
    evil: Path, listener: socket.socket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_SECRET_TOKEN", "token")
    Installer(sources=Sources((), True)).install(str(evil), lambda proposal: ("network", "read"))
    nodes: dict[str, object] = {"value": {"type": "value.float", "version": 1}}
    for name in (*EXPECTED, "modules"):
        nodes[name] = {"type": f"evil.{name}", "version": 1, "inputs": {"x": "value.value"}}
    nodes["honest"] = {"type": "math.add", "version": 1, "inputs": {"a": "value.value"}, "knobs": {"b": 2.0}}
    with Runtime(provided(standard()), None, engine=engine()) as runtime:
        result = runtime.run(
            files.loads(json.dumps({"nawgraph": 1, "nodes": nodes})), list(nodes), out_dir=tmp_path / "out"
        )
    errors = {id: node.error or "" for id, node in result.nodes.items()}
    sandboxed = offers().sandboxed
    needs_sandbox = {"steal", "call_home", "write", "export", "fork", "kill"}
    for id, words in EXPECTED.items():
        if sandboxed or id not in needs_sandbox:
            hidden = "No such file" in errors[id] and words == "not allowed to open"  # bubblewrap shows less
            assert words in errors[id] or hidden, (id, errors[id])
            assert "\n" not in errors[id]
    assert result.nodes["honest"].state == "ran"
    assert result.nodes["modules"].state == "ran"
    assert result["modules"] == ""
    if sandboxed:
        assert not (tmp_path / "user" / "outside").exists()
        assert not list((tmp_path / "out").glob("*"))
        with pytest.raises(TimeoutError):
            listener.accept()


def test_only_the_document_says_which_files_a_pack_is_lent(evil: Path, tmp_path: Path) -> None:
    Installer(sources=Sources((), True)).install(str(evil), lambda proposal: ())
    key = tmp_path / "user" / ".ssh" / "id_rsa"
    (tmp_path / "song").mkdir()
    (tmp_path / "song" / "link").symlink_to(key)
    nodes: dict[str, object] = {
        "value": {"type": "value.float", "version": 1},
        "made_up": {"type": "evil.point", "version": 1, "inputs": {"x": "value.value"}},
        "wired": {"type": "evil.fetch", "version": 1, "inputs": {"x": "value.value", "file": "made_up.value"}},
        "named": {"type": "evil.fetch", "version": 1, "inputs": {"x": "value.value"}, "knobs": {"file": str(key)}},
        "text": {"type": "value.text", "version": 1, "knobs": {"value": "link"}},
        "linked": {"type": "evil.fetch", "version": 1, "inputs": {"x": "value.value", "file": "text.value"}},
    }
    with Runtime(provided(standard()), None, engine=engine()) as runtime:
        document = files.loads(json.dumps({"nawgraph": 1, "nodes": nodes}))
        refused = runtime.run(document, ["wired", "linked"], out_dir=tmp_path / "out", base=tmp_path / "song")
        given = runtime.run(document, ["named"], out_dir=tmp_path / "out", base=tmp_path / "song")
    for id in ("wired", "linked"):
        assert "file comes from a wire and leads out of the document's folder" in (refused.nodes[id].error or "")
    assert given["named"] == "PRIVATE KEY"


def test_its_code_runs_behind_the_sandbox_from_the_first_line(tmp_path: Path) -> None:
    """At import, and in a .pth file, which Python would run before anything else."""
    mark = tmp_path / "mark"
    at_import = f'open({str(mark)!r}, "w")\nimport nawgraph as ng\n'
    pth = {"evil.pth": f"import os; open({str(mark)!r}, 'w')\n"}
    good = pack_wheel(
        tmp_path, "good", 'import nawgraph as ng\n@ng.node("good.x")\ndef x() -> int:\n    """x"""\n    return 1\n'
    )
    import zipfile

    with zipfile.ZipFile(good) as archive:
        contents = {n: archive.read(n) for n in archive.namelist() if not n.startswith("pack_good")}
    trap = wheel(tmp_path / "trap", "pack-good", "1.0.0", {**contents, **pth}, pack="good")
    Installer(sources=Sources((), True)).install(str(trap), lambda proposal: ())
    assert not mark.exists() or not offers().sandboxed
    contents["good/__init__.py"] = at_import.encode() + contents["good/__init__.py"]
    trap = wheel(tmp_path / "trap", "pack-good", "1.0.0", contents, pack="good")
    try:
        Installer(sources=Sources((), True)).install(str(trap), lambda proposal: ())
    except PackError as error:
        assert "PermissionError" in str(error)
    else:
        assert not offers().sandboxed
    assert not mark.exists() or not offers().sandboxed


def test_building_runs_behind_the_sandbox(tmp_path: Path) -> None:
    mark, source = tmp_path / "mark", tmp_path / "source"
    source.mkdir()
    (source / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["setuptools"]\n[project]\nname = "x"\nversion = "1"\n'
    )
    (source / "setup.py").write_text(f"open({str(mark)!r}, 'w')\nfrom setuptools import setup\nsetup()\n")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    if offers().sandboxed:
        with pytest.raises(StoreError, match="cannot be built into a wheel: PermissionError"):
            built(source, scratch, Sources((), True))
        assert not mark.exists()
    else:
        assert str(offers()).startswith("isolated, not sandboxed")
    (source / "setup.py").write_text("from setuptools import setup\nsetup()\n")
    again = tmp_path / "again"
    again.mkdir()
    assert built(source, again, Sources((), True)).name == "x-1-py3-none-any.whl"


def test_sources_of_libraries_are_never_built(tmp_path: Path) -> None:
    """A dependency that comes only as source is refused: building it would run its code."""
    import io
    import tarfile

    links, mark = tmp_path / "links", tmp_path / "mark"
    links.mkdir()
    with tarfile.open(links / "trap-1.0.tar.gz", "w:gz") as archive:
        for name, text in {"setup.py": f"open({str(mark)!r}, 'w')", "PKG-INFO": "Name: trap\nVersion: 1.0\n"}.items():
            info = tarfile.TarInfo(f"trap-1.0/{name}")
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))
    path = pack_wheel(
        tmp_path,
        "good",
        'import nawgraph as ng\n@ng.node("good.x")\ndef x() -> int:\n    """x"""\n    return 1\n',
        needs=["trap"],
    )
    with pytest.raises(StoreError, match="trap"):
        Installer(sources=Sources((str(links),), True)).install(str(path), lambda proposal: ())
    assert not mark.exists()


def test_a_granted_network_is_there_and_the_rest_is_not(evil: Path, listener: socket.socket, tmp_path: Path) -> None:
    import zipfile

    with zipfile.ZipFile(evil) as archive:
        contents = {n: archive.read(n) for n in archive.namelist() if not n.startswith("pack_evil")}
    asks = contents["evil/nawgraph-pack.toml"] + b'[permissions.network]\nreason = "Because"\n'
    path = wheel(tmp_path / "n", "pack-evil", "1.0.0", {**contents, "evil/nawgraph-pack.toml": asks}, pack="evil")
    nodes = {"v": {"type": "value.float", "version": 1}}
    for name in ("call_home", "steal"):
        nodes[name] = {"type": f"evil.{name}", "version": 1, "inputs": {"x": "v.value"}}  # type: ignore[dict-item]
    graph = files.loads(json.dumps({"nawgraph": 1, "nodes": nodes}))
    installer = Installer(sources=Sources((), True))
    installer.install(str(path), lambda proposal: ())
    with Runtime(provided(standard()), None, engine=engine()) as runtime:
        error = runtime.run(graph).nodes["call_home"].error
        if offers().sandboxed:
            assert error and error.endswith("(it asks for network, not granted: nawgraph pack grant evil …)")
    installer.grant("evil", ["network"])
    with Runtime(provided(standard()), None, engine=engine()) as runtime:
        result = runtime.run(graph)
    assert result.nodes["call_home"].state == "ran"
    assert result.nodes["steal"].state == "failed" or not offers().sandboxed
    connection, _ = listener.accept()
    assert connection.recv(10) == b"secret"
    connection.close()
